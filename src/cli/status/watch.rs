//! `status --watch`: looks again and again, until a signal ends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::screen::{Screen, cut};
use super::{Glance, StatusArgs, glance, unwritten};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::look::runtime;
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::manifest::format_duration;
use crate::reconcile::event::Source;
use crate::reconcile::stop::Stop;

pub(super) fn run(
    arguments: &StatusArgs,
    every: Duration,
    keyring: &mut Keyring,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let redraws = ui.terminal.output && can_redraw(context);
    if !arguments.json && !redraws {
        return Err(CommandError::usage(
            "--watch redraws a terminal, and standard output is none that can be redrawn",
        )
        .hint("driftlock status --from-journal prints it once")
        .hint("driftlock status --watch --json prints one document a line"));
    }
    // what is wrong from the start is said as it always is, and a passphrase can be asked for: signals
    // still do what they always do
    if !arguments.json {
        ui.hold();
    }
    let first = glance(arguments, None, keyring, global, context, ui);
    let said = ui.release();
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            ui.ask(&said);
            return Err(error);
        }
    };
    let signals = Signals::listen()?;
    let watch = Watch {
        arguments,
        every,
        signals: &signals,
        global,
        context,
    };
    match arguments.json {
        true => watch.lines(first, keyring, ui),
        false => watch.screen(first, said, keyring, ui),
    }
}

fn can_redraw(context: &Context) -> bool {
    context.text("TERM").is_some_and(|kind| kind != "dumb")
}

struct Watch<'a> {
    arguments: &'a StatusArgs,
    every: Duration,
    signals: &'a Signals,
    global: &'a Global,
    context: &'a Context,
}

impl Watch<'_> {
    fn glance(&self, keyring: &mut Keyring, ui: &mut Ui) -> Result<Glance, CommandError> {
        let stop = Some(&self.signals.stop);
        glance(self.arguments, stop, keyring, self.global, self.context, ui)
    }

    /// A document a line, for a program that reads them.
    fn lines(
        &self,
        first: Glance,
        keyring: &mut Keyring,
        ui: &mut Ui,
    ) -> Result<Exit, CommandError> {
        let runtime = runtime()?;
        let mut next = Ok(first);
        loop {
            match next {
                Ok(glance) => {
                    let line = serde_json::to_string(&glance.document());
                    ui.page(&format!("{}\n", line.map_err(|_| unwritten())?));
                }
                // the next one may be better: a manifest is being edited, a journal is not to be had
                Err(error) => {
                    ui.fail(&error);
                }
            }
            let woken = match ui.is_closed() {
                true => Woken::Stop,
                false => runtime.block_on(self.signals.wait(self.every)),
            };
            if let Woken::Stop = woken {
                return Ok(Exit::DONE);
            }
            next = self.glance(keyring, ui);
            if self.signals.stop.is_requested() {
                return Ok(Exit::DONE);
            }
        }
    }

    /// One page, drawn over and over.
    fn screen(
        &self,
        first: Glance,
        mut said: String,
        keyring: &mut Keyring,
        ui: &mut Ui,
    ) -> Result<Exit, CommandError> {
        let runtime = runtime()?;
        let mut shown = first;
        let mut screen = Screen::take(ui);
        let mut trouble = None;
        let mut looked_at = self.context.now();
        loop {
            self.draw(&mut screen, &shown, &said, trouble.as_ref(), looked_at)?;
            let why = runtime.block_on(self.signals.wait(self.every));
            match why {
                Woken::Stop => return Ok(Exit::DONE),
                Woken::Resized => continue,
                Woken::Time => {}
            }
            let ui = screen.ui();
            ui.hold();
            let next = self.glance(keyring, ui);
            said = ui.release();
            if self.signals.stop.is_requested() {
                return Ok(Exit::DONE);
            }
            match next {
                Ok(glance) => {
                    shown = glance;
                    trouble = None;
                    looked_at = self.context.now();
                }
                Err(error) => trouble = Some(error),
            }
            if screen.ui().is_closed() {
                return Ok(Exit::DONE);
            }
        }
    }

    fn draw(
        &self,
        screen: &mut Screen<'_>,
        shown: &Glance,
        said: &str,
        trouble: Option<&CommandError>,
        looked_at: jiff::Timestamp,
    ) -> Result<(), CommandError> {
        let rows = screen.fit();
        let ui = screen.ui();
        let mut page = String::new();
        if let Some(error) = trouble {
            page.push_str(&format!(
                "{} {error}\n  what follows is from {}\n",
                ui.style().error("error:"),
                looked_at.strftime("%H:%M:%S UTC")
            ));
        }
        page.push_str(said);
        shown
            .text(&mut page, self.arguments, self.context, ui)
            .map_err(|_| unwritten())?;
        let page = ui.scrub(&page);
        let source = match self.arguments.source() {
            Source::Journal => "from the journal",
            Source::Platforms => "from the platforms",
        };
        let head = format!(
            "driftlock status {source}, every {}, {}. Ctrl-C ends",
            format_duration(self.every),
            self.context.now().strftime("%H:%M:%S UTC"),
        );
        screen.draw(&head, &cut(&page, rows.saturating_sub(1)));
        Ok(())
    }
}

/// Why a wait was over.
enum Woken {
    Stop,
    Resized,
    Time,
}

/// Signals, heard on a thread of their own: the looks in between block this one.
struct Signals {
    stop: Stop,
    resized: Arc<Notify>,
}

impl Signals {
    fn listen() -> Result<Self, CommandError> {
        let runtime = runtime()?;
        let failed = |error: std::io::Error| {
            CommandError::error(format!("signals cannot be heard: {}", error.kind()))
        };
        let (mut ends, mut size) = {
            let _inside = runtime.enter();
            let ends = [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
                SignalKind::quit(),
            ];
            let ends: Result<Vec<_>, _> = ends.into_iter().map(signal).collect();
            let size = signal(SignalKind::window_change());
            (ends.map_err(failed)?, size.map_err(failed)?)
        };
        let signals = Self {
            stop: Stop::default(),
            resized: Arc::new(Notify::new()),
        };
        let (stop, resized) = (signals.stop.clone(), Arc::clone(&signals.resized));
        // it ends with the process
        let _own = std::thread::spawn(move || {
            runtime.block_on(async move {
                let [int, term, hup, quit] = &mut ends[..] else {
                    return;
                };
                loop {
                    tokio::select! {
                        _ = int.recv() => stop.request("a signal"),
                        _ = term.recv() => stop.request("a signal"),
                        _ = hup.recv() => stop.request("a signal"),
                        _ = quit.recv() => stop.request("a signal"),
                        // kept for whoever waits next
                        _ = size.recv() => resized.notify_one(),
                    }
                }
            });
        });
        Ok(signals)
    }

    async fn wait(&self, every: Duration) -> Woken {
        tokio::select! {
            biased;
            () = self.stop.requested() => Woken::Stop,
            () = self.resized.notified() => Woken::Resized,
            () = tokio::time::sleep(every) => Woken::Time,
        }
    }
}
