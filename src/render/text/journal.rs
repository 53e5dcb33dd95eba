//! Where the journal is, and what it holds of each manifest, for people.

use std::fmt::{self, Write};

use crate::reconcile::event::{JournalEntry, JournalReport};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes where it is, and a line for each manifest.
pub fn render_journal(out: &mut dyn Write, style: &Style, report: &JournalReport) -> fmt::Result {
    Line::new()
        .then(Role::Heading, escape::terminal(&report.place))
        .write(out, style, 0, 2)?;
    for entry in &report.manifests {
        manifest(out, style, entry)?;
    }
    Ok(())
}

fn manifest(out: &mut dyn Write, style: &Style, entry: &JournalEntry) -> fmt::Result {
    let count = usize::try_from(entry.receipts).unwrap_or(usize::MAX);
    let mut text = match count {
        0 => "no receipts".to_owned(),
        count => counted(count, "receipt"),
    };
    if let Some((at, who)) = &entry.newest {
        let at = at.strftime("%Y-%m-%d %H:%M:%SZ");
        text.push_str(&format!(
            ", the newest of {at} by {}",
            escape::terminal(who)
        ));
    }
    let mut line = Line::new()
        .then(Role::Heading, escape::terminal(&entry.manifest))
        .then(Role::Plain, format!(": {text}"));
    if let Some(holder) = &entry.holder {
        let holder = escape::terminal(holder);
        line = line.then(Role::Drift, format!("; the lease is held by {holder}"));
    }
    line.write(out, style, 2, 4)
}
