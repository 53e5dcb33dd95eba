//! One line on the terminal while a pass runs. It appears only when the pass takes long enough to
//! make somebody wonder, and leaves nothing behind.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::reconcile::event::Event;
use crate::render::escape;
use crate::render::layout::truncated;
use crate::render::style::Style;

/// Passes shorter than this draw nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts events; draws when asked. The caller decides whether there is a terminal.
#[derive(Debug, Default)]
pub struct Progress {
    reading: Count,
    writing: Count,
    failed: usize,
    /// What is being waited for behind the writes.
    doing: Option<String>,
    drawn: bool,
    done: bool,
}

#[derive(Debug, Default)]
struct Count {
    done: usize,
    of: usize,
}

impl Progress {
    /// Takes note of an event.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::ReadStarted { targets } => self.reading.of += targets,
            Event::TargetRead { readable, .. } => {
                self.reading.done += 1;
                self.failed += usize::from(!readable);
            }
            Event::ApplyStarted { targets } => self.writing.of += targets,
            Event::TargetFinished { complete, .. } => {
                self.writing.done += 1;
                self.failed += usize::from(!complete);
            }
            Event::Finished => {
                self.done = true;
                self.doing = None;
            }
            Event::ActivationStarted { what, .. } => self.doing = Some(what.clone()),
            Event::ProbeStarted { target } => self.doing = Some(format!("probe {target}")),
            Event::WriteStarted { .. } | Event::OperationDone { .. } | Event::ReadBack { .. } => {}
        }
    }

    /// Draws the line anew, `elapsed` after the beginning; wipes it when the pass is over.
    pub fn draw(&mut self, out: &mut dyn Write, style: &Style, elapsed: Duration) -> fmt::Result {
        if self.done {
            return self.clear(out);
        }
        if elapsed < PATIENCE {
            return Ok(());
        }
        self.drawn = true;
        let text = truncated(&self.text(), style.width.saturating_sub(1), style);
        write!(out, "\r\u{1b}[2K{text}")
    }

    /// Wipes the line, before anything else is written to the terminal.
    pub fn clear(&mut self, out: &mut dyn Write) -> fmt::Result {
        if std::mem::take(&mut self.drawn) {
            write!(out, "\r\u{1b}[2K")?;
        }
        Ok(())
    }

    fn text(&self) -> String {
        if let Some(doing) = &self.doing {
            return escape::terminal(doing);
        }
        let (verb, count) = if self.writing.of > 0 {
            ("written", &self.writing)
        } else {
            ("read", &self.reading)
        };
        let mut text = format!("{} of {} targets {verb}", count.done, count.of);
        if self.failed > 0 {
            text.push_str(&format!(", {} with problems", self.failed));
        }
        text
    }
}
