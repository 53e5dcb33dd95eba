//! The words for classes, reasons, actions and authority changes: one place, so that text, JSON and
//! Markdown say the same.

use super::escape;
use super::style::{Invocation, Role, Style};
use crate::model::{Behind, Fingerprint, PlatformKind, RailwayAddress, Verdict};
use crate::plan::{ActionKind, AuthorityKind, Change, Class, Glimpse, Reason, Summary, TargetPlan};

pub(crate) const fn class(class: Class) -> &'static str {
    match class {
        Class::InSync => "in sync",
        Class::Change => "change",
        Class::Drift => "drift",
        Class::Conflict => "conflict",
        Class::Unmanaged => "unmanaged",
        Class::Unknown => "unknown",
    }
}

pub(crate) const fn reason(reason: Reason) -> &'static str {
    reason.words()
}

pub(crate) const fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::None => "leave",
        ActionKind::Record => "record",
        ActionKind::Create => "create",
        ActionKind::Update => "update",
        ActionKind::Delete => "delete",
    }
}

pub(crate) const fn authority(kind: AuthorityKind) -> &'static str {
    match kind {
        AuthorityKind::RecipientAdded => "reader added",
        AuthorityKind::RecipientRemoved => "reader removed",
        AuthorityKind::TargetAdded => "target added",
        AuthorityKind::DestinationChanged => "destination changed",
        AuthorityKind::SecretEdgeAdded => "secret reaches one more target",
        AuthorityKind::RailsLoosened => "rails loosened",
        AuthorityKind::ProtectedDropped => "no longer protected",
        AuthorityKind::PruneEnabled => "pruning switched on",
        AuthorityKind::ReconcilingLoosened => "scheduled runs may do more",
        AuthorityKind::SecretBecameClear => "secret became clear",
        AuthorityKind::ActivationChanged => "activation changed",
        AuthorityKind::ProbeChanged => "probe changed",
        AuthorityKind::RecipeChanged => "recipe changed",
    }
}

/// The sign of a change and its colour.
pub(crate) const fn sign(change: &Change, style: &Style) -> (&'static str, Role) {
    match (change.class, change.action) {
        (Class::Unknown, _) => ("?", Role::Unknown),
        (Class::Conflict, _) => (style.sign("✗", "x"), Role::Bad),
        (Class::Drift, _) => ("!", Role::Drift),
        (_, ActionKind::Create) => ("+", Role::Good),
        (_, ActionKind::Update) => ("~", Role::Change),
        (_, ActionKind::Delete) => ("-", Role::Bad),
        (_, ActionKind::Record) => ("=", Role::Dim),
        (_, ActionKind::None) => (style.sign("·", "."), Role::Dim),
    }
}

/// Wrong side first: smaller is worse.
pub(crate) fn rank(change: &Change) -> u8 {
    if change.is_left_out() {
        return 7;
    }
    match (change.class, change.action) {
        (Class::Unknown, _) => 0,
        (Class::Conflict, _) => 1,
        (Class::Drift, _) => 2,
        (Class::Change, ActionKind::Delete) => 3,
        (Class::Change, ActionKind::Update) => 4,
        (Class::Change, ActionKind::Create) => 5,
        (Class::Change, _) => 6,
        (Class::InSync | Class::Unmanaged, _) => 7,
    }
}

/// Whether a report lists it: what is in sync and what was never ours is only counted, and of what
/// the run was not asked for nothing is said.
pub(crate) fn is_listed(change: &Change) -> bool {
    !matches!(change.class, Class::InSync | Class::Unmanaged) && !change.is_left_out()
}

/// What a widening waits for.
pub(crate) fn held_authority(call: &Invocation) -> &'static str {
    if call.saved.is_some() {
        "goes with the plan's id, or a yes"
    } else {
        "held"
    }
}

/// Which stored variables do not run, since when and why.
pub(crate) fn not_running(behind: &Behind) -> String {
    const SHOWN: usize = 5;
    let names: Vec<&str> = behind.names.iter().map(|name| name.as_str()).collect();
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    if let Some(since) = behind.since {
        text.push_str(&format!(" since {}", since.strftime("%Y-%m-%d %H:%M UTC")));
    }
    let gap = if text.is_empty() { "" } else { ": " };
    escape::terminal(&format!("{}{gap}{}", text.trim_start(), behind.why))
}

/// What a probe says, and how bad that is.
pub(crate) fn verdict(verdict: &Verdict) -> (Role, String) {
    match verdict {
        Verdict::Works => (Role::Good, "it works".to_owned()),
        Verdict::Open => (
            Role::Bad,
            "proves nothing: it is answered without the credential too".to_owned(),
        ),
        Verdict::Unauthorized => (
            Role::Bad,
            "401: the credential is not taken (missing, wrong or expired)".to_owned(),
        ),
        Verdict::Forbidden => (Role::Bad, "403: the credential may not do this".to_owned()),
        Verdict::Unexpected { what } => (
            Role::Bad,
            format!("answered otherwise: {}", escape::terminal(what)),
        ),
        Verdict::Unreachable { why } => (
            Role::Unknown,
            format!("nobody answered: {}", escape::terminal(why)),
        ),
        Verdict::NotTried { why } => (
            Role::Unknown,
            format!("not tried: {}", escape::terminal(why)),
        ),
    }
}

/// `n thing`, `n things`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// The last line of a plan, and the first of a comment.
pub(crate) fn summary(summary: &Summary, targets: usize) -> String {
    let Summary {
        create,
        update,
        delete,
        drift,
        conflict,
        unknown,
        held,
        in_sync,
        unmanaged,
        elsewhere,
        owed,
    } = *summary;
    let quiet = create + update + delete + drift + conflict + unknown + held == 0;
    let mut text = if quiet && owed > 0 {
        format!(
            "Nothing to write, {} to put in force. {} in sync",
            counted(owed, "target"),
            counted(in_sync, "variable"),
        )
    } else if quiet {
        let here = targets.saturating_sub(elsewhere);
        format!(
            "No changes. {} in sync on {}",
            counted(in_sync, "variable"),
            counted(here, "target")
        )
    } else {
        let mut text = format!(
            "Plan: {create} to create, {update} to change, {delete} to delete, {drift} drift, {}",
            counted(conflict, "conflict")
        );
        if unknown > 0 {
            text.push_str(&format!(", {unknown} unknown"));
        }
        if owed > 0 {
            text.push_str(&format!(", {owed} to put in force"));
        }
        text.push_str(&format!(", {held} held · {in_sync} in sync"));
        text
    };
    if unmanaged > 0 {
        text.push_str(&format!(", {unmanaged} unmanaged"));
    }
    if elsewhere > 0 {
        text.push_str(&format!(", {} elsewhere", counted(elsewhere, "target")));
    }
    text.push('.');
    text
}

/// A value that is not shown as text.
pub(crate) fn opaque(glimpse: &Glimpse) -> String {
    match glimpse {
        Glimpse::Absent => "absent".to_owned(),
        Glimpse::Text(_) => "text".to_owned(),
        Glimpse::Fingerprint(fingerprint) => Fingerprint::short(fingerprint),
        Glimpse::Sealed => "sealed".to_owned(),
        Glimpse::Unknown => "unknown".to_owned(),
    }
}

/// What lets an authority change go: on its target, or on all where it concerns them all.
pub(crate) fn authority_flag(change: &crate::plan::Authority) -> String {
    match &change.target {
        Some(target) => format!("--allow authority@{target}"),
        None => "--allow authority".to_owned(),
    }
}

/// Where a target is: platform, address and dialect, not escaped yet.
pub(crate) fn place(target: &TargetPlan) -> String {
    let format = target
        .format
        .as_ref()
        .map_or_else(String::new, |format| format!(" ({format})"));
    format!("{} {}{format}", target.platform, target.address)
}

/// Whether a write there is put in force elsewhere: in the services that refer to a shared variable.
pub(crate) fn deploys_others(target: &TargetPlan) -> bool {
    let last = target.address.rsplit('/').next();
    target.platform == PlatformKind::Railway && last == Some(RailwayAddress::SHARED)
}
