//! Receipts for people, newest first.

use std::fmt::{self, Write};

use jiff::Timestamp;

use super::age;
use crate::model::Fingerprint;
use crate::reconcile::event::{HistoryAction, HistoryEntry, HistoryReport, HistoryVar};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes the receipts; `now` is for their ages.
pub fn render_history(
    out: &mut dyn Write,
    style: &Style,
    report: &HistoryReport,
    now: Timestamp,
) -> fmt::Result {
    for entry in &report.entries {
        receipt(out, style, entry, now)?;
    }
    let subject = escape::terminal(&report.subject);
    let mut text = match report.entries.len() {
        0 => format!("No receipts of {subject}"),
        count => format!("{} of {subject}", counted(count, "receipt")),
    };
    if report.older > 0 {
        text.push_str(&format!(", {} older left out", report.older));
    }
    let forged = report.entries.iter().filter(|e| !e.verified).count();
    if forged > 0 {
        text.push_str(&format!(", {forged} not verified: they count as no record"));
    }
    text.push('.');
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn receipt(
    out: &mut dyn Write,
    style: &Style,
    entry: &HistoryEntry,
    now: Timestamp,
) -> fmt::Result {
    let mut line = Line::new()
        .then(
            Role::Heading,
            format!(
                "{}  {}  {}",
                entry.receipt,
                entry.at.strftime("%Y-%m-%d %H:%M:%SZ"),
                entry.target
            ),
        )
        .then(
            Role::Plain,
            format!(
                "  {} by {}",
                escape::terminal(&entry.outcome),
                escape::terminal(&entry.who)
            ),
        )
        .then(Role::Dim, format!("  ({} ago)", age(now, entry.at)));
    if let Some(revision) = &entry.revision {
        let short: String = revision.chars().take(10).collect();
        line = line.then(Role::Dim, format!("  at {}", escape::terminal(&short)));
    }
    match &entry.activated {
        Some((how, true)) => {
            line = line.then(Role::Dim, format!("  {}: done", escape::terminal(how)));
        }
        Some((how, false)) => {
            line = line.then(
                Role::Drift,
                format!("  {}: not done", escape::terminal(how)),
            );
        }
        None => {}
    }
    if !entry.verified {
        line = line.then(Role::Bad, "  NOT VERIFIED");
    }
    line.write(out, style, 0, 4)?;
    entry
        .vars
        .iter()
        .try_for_each(|var| variable(out, style, var))
}

fn variable(out: &mut dyn Write, style: &Style, var: &HistoryVar) -> fmt::Result {
    let (sign, role) = match var.action {
        HistoryAction::Set if var.before.is_none() => ("+", Role::Good),
        HistoryAction::Set => ("~", Role::Change),
        HistoryAction::Delete => ("-", Role::Bad),
        HistoryAction::Record | HistoryAction::Adopt => ("=", Role::Dim),
    };
    let show = |one: &Option<Fingerprint>| one.as_ref().map(Fingerprint::short);
    let values = match (show(&var.before), show(&var.after)) {
        (Some(old), Some(new)) if old != new => format!("{old} {} {new}", style.arrow()),
        (_, Some(new)) => new,
        (Some(old), None) => format!("{old} {} absent", style.arrow()),
        (None, None) => String::new(),
    };
    let mut line = Line::new()
        .then(role, format!("{sign} {}", var.name))
        .then(Role::Plain, format!("  {values}"));
    if let Some(trouble) = &var.trouble {
        line = line.then(Role::Bad, format!("  {}", escape::terminal(trouble)));
    }
    line.write(out, style, 2, 4)
}
