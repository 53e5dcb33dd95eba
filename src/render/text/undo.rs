//! What can be undone, for people, newest first.

use std::fmt::{self, Write};

use crate::reconcile::event::{UndoEntry, UndoKept, UndoList};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes the receipts that something is kept for.
pub fn render_undo(out: &mut dyn Write, style: &Style, report: &UndoList) -> fmt::Result {
    for entry in &report.entries {
        receipt(out, style, entry)?;
    }
    let manifest = escape::terminal(&report.manifest);
    let can = report.entries.iter().filter(|one| one.trouble.is_none());
    let text = match can.count() {
        0 => format!("Nothing of {manifest} can be undone here."),
        count => format!("{} of {manifest} can be undone.", counted(count, "receipt")),
    };
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn receipt(out: &mut dyn Write, style: &Style, entry: &UndoEntry) -> fmt::Result {
    const WHEN: &str = "%Y-%m-%d %H:%M:%SZ";
    let mut line = Line::new()
        .then(
            Role::Heading,
            format!(
                "{}  {}  {}",
                entry.receipt,
                entry.at.strftime(WHEN),
                entry.target
            ),
        )
        .then(
            Role::Dim,
            format!("  kept until {}", entry.until.strftime(WHEN)),
        );
    if let Some(who) = &entry.who {
        line = line.then(Role::Dim, format!(", applied by {}", escape::terminal(who)));
    }
    line.write(out, style, 0, 4)?;
    for var in &entry.vars {
        let (sign, role, text) = match var.kept {
            UndoKept::Value => ("~", Role::Change, "its former value".to_owned()),
            UndoKept::Absent => ("-", Role::Bad, "it was not there".to_owned()),
            UndoKept::Not => {
                let why = var.why.as_deref().unwrap_or("not known");
                ("?", Role::Unknown, format!("not kept: {why}"))
            }
        };
        Line::new()
            .then(role, format!("{sign} {}", var.name))
            .then(Role::Plain, format!("  {}", escape::terminal(&text)))
            .write(out, style, 2, 4)?;
    }
    if let Some(trouble) = &entry.trouble {
        Line::new()
            .then(Role::Bad, escape::terminal(trouble))
            .write(out, style, 2, 4)?;
    }
    Ok(())
}
