//! The words of sightings: those of the plan, in one line.

use crate::model::{Behind, VarName};
use crate::plan::{Change, Glimpse};

/// So many names stand in a line.
const SHOWN: usize = 5;

/// Why it is in its class, and the fingerprints of both sides.
pub(super) fn change(change: &Change) -> String {
    let mut text = change.reason.words().to_owned();
    if let Some(detail) = &change.detail {
        text = format!("{text}, {detail}");
    }
    match (print(&change.before), print(&change.after)) {
        (Some(live), Some(desired)) => format!("{text}: live {live}, desired {desired}"),
        _ => text,
    }
}

/// A value of which something may be said.
fn print(glimpse: &Glimpse) -> Option<String> {
    match glimpse {
        Glimpse::Absent => Some("absent".to_owned()),
        Glimpse::Fingerprint(print) => Some(print.short()),
        Glimpse::Sealed => Some("sealed".to_owned()),
        Glimpse::Text(_) | Glimpse::Unknown => None,
    }
}

pub(super) fn not_running(behind: &Behind) -> String {
    let names: Vec<&str> = behind.names.iter().map(VarName::as_str).collect();
    let names = match names.is_empty() {
        true => String::new(),
        false => format!(" {}", listed(&names)),
    };
    let since = behind.since.map_or_else(String::new, |at| {
        format!(" since {}", at.strftime("%Y-%m-%d %H:%M UTC"))
    });
    let help = behind
        .help
        .as_ref()
        .map_or_else(String::new, |help| format!("; {help}"));
    format!("stored but not running{names}{since}: {}{help}", behind.why)
}

/// What of a target that was read is not known.
pub(super) fn unknown(changes: &[&Change]) -> String {
    let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    let why = changes.first().map(|change| match &change.detail {
        Some(detail) => format!("{}: {detail}", change.reason.words()),
        None => change.reason.words().to_owned(),
    });
    format!("{} {}", listed(&names), why.unwrap_or_default())
}

/// Names, the first ones.
pub(super) fn listed(names: &[&str]) -> String {
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// `n thing`, `n things`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// The same with a verb.
pub(super) fn and(names: &[&str], one: &str, several: &str) -> String {
    let verb = if names.len() == 1 { one } else { several };
    format!("{} {verb}", listed(names))
}
