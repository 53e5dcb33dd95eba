//! The words of a review: one place, so that text and Markdown say the same. Nothing is escaped here.

use std::fmt::Write as _;

use crate::plan::Glimpse;
use crate::review::{
    Comparison, End, KeyFinding, Review, Sealing, Sight, State, Totals, UseChange, UseKind,
    ValueChange, VariableChange,
};

use super::style::Role;
use super::words::counted;

/// The sign of a variable and its colour.
pub(super) fn sign(one: &VariableChange) -> (&'static str, Role) {
    match (one.state, one.value) {
        (State::Added, _) => ("+", Role::Good),
        (State::Removed, _) => ("-", Role::Bad),
        (_, ValueChange::BecameClear) => ("!", Role::Bad),
        (_, ValueChange::SealedUnknown) => ("?", Role::Unknown),
        (_, ValueChange::SealedSame | ValueChange::Same | ValueChange::New) => ("=", Role::Dim),
        _ => ("~", Role::Change),
    }
}

/// The sign of what a target gets.
pub(super) const fn use_sign(kind: &UseKind) -> (&'static str, Role) {
    match kind {
        UseKind::Added { .. } => ("+", Role::Good),
        UseKind::Removed { .. } => ("-", Role::Bad),
        UseKind::Renamed => ("=", Role::Dim),
        UseKind::Changed => ("~", Role::Change),
        UseKind::Unknown => ("?", Role::Unknown),
    }
}

/// What happened to a variable, most important first. The flag says whether somebody must see it.
pub(super) fn phrases(one: &VariableChange) -> Vec<(bool, String)> {
    let mut found: Vec<(bool, String)> = vec![];
    let mut quiet = |text: String| found.push((false, text));
    match one.state {
        State::Added => quiet(format!("added, {}", kind(&one.after, one.sealing.as_ref()))),
        State::Removed => quiet("removed".to_owned()),
        State::Changed => {}
    }
    if let Some(was) = &one.was {
        quiet(format!("renamed from {was}"));
    }
    found.extend(value(one.value));
    found.extend(one.sealing.iter().flat_map(|sealing| held(one, sealing)));
    if let Some(earlier) = &one.earlier {
        let day = earlier.at.strftime("%Y-%m-%d");
        let commit = short(&earlier.commit);
        found.push((
            true,
            format!("back to a value of before, last in {commit} of {day}"),
        ));
    }
    for meta in &one.meta {
        let loud = matches!(
            meta.what,
            "no longer protected" | "expiry extended" | "expiry dropped" | "rotation dropped"
        );
        found.push((loud, meta_words(meta)));
    }
    found.extend(reach(one).map(|text| (false, text)));
    found.extend(
        one.sealing
            .as_ref()
            .and_then(|sealing| sealed(one, sealing)),
    );
    found
}

fn kind(after: &Glimpse, sealing: Option<&Sealing>) -> &'static str {
    match (after, sealing) {
        (Glimpse::Text(text), _) if text.contains("${") => "a template",
        (Glimpse::Text(_), None) => "in clear",
        _ => "a secret",
    }
}

fn value(value: ValueChange) -> Option<(bool, String)> {
    let (loud, text) = match value {
        ValueChange::BecameClear => (
            true,
            "was a secret and is in clear now: everybody who reads the repository reads it",
        ),
        ValueChange::BecameSecret { same: Some(true) } => (
            true,
            "became a secret, with the value that it had in clear: the history still shows it, so set a new one",
        ),
        ValueChange::BecameSecret { same: Some(false) } => {
            (false, "became a secret, with another value")
        }
        ValueChange::BecameSecret { same: None } => (
            false,
            "became a secret: whether with another value is not known",
        ),
        ValueChange::Changed => (false, "another value"),
        ValueChange::SealedUnknown => (
            false,
            "sealed anew: whether with another value is not known",
        ),
        ValueChange::SealedSame => (false, "sealed anew, the same value"),
        ValueChange::Template => (false, "another template"),
        ValueChange::Source => (false, "made in another way: a value, or a template"),
        ValueChange::New | ValueChange::Same => return None,
    };
    Some((loud, text.to_owned()))
}

/// What an apply would hold.
fn held(one: &VariableChange, sealing: &Sealing) -> Vec<(bool, String)> {
    let mut found = vec![];
    if sealing.unauthenticated {
        let name = &one.name;
        found.push((
            true,
            format!("written without the key: an apply holds it until a reader says `driftlock accept {name}`"),
        ));
    }
    if sealing.accepted {
        found.push((false, "accepted by a reader".to_owned()));
    }
    if sealing.is_rollback() {
        found.push((
            true,
            "sealed before the one that it replaces: an apply holds it (rollback)".to_owned(),
        ));
    }
    found
}

/// What the envelope says, for those who look closely.
fn sealed(one: &VariableChange, sealing: &Sealing) -> Option<(bool, String)> {
    let mut detail = vec![];
    match &sealing.sequences {
        (Some(before), Some(after)) => detail.push(format!("sequence {before} → {after}")),
        (None, Some(after)) => detail.push(format!("sequence {after}")),
        _ => {}
    }
    match &sealing.keys {
        (Some(before), Some(after)) if before != after => {
            detail.push(format!("key {before} → {after}"));
        }
        // all that can be seen of it
        (_, Some(after)) if detail.is_empty() => detail.push(format!("under the key {after}")),
        _ => {}
    }
    if let Some(at) = sealing.sealed_at {
        detail.push(format!("sealed {}", at.strftime("%Y-%m-%d")));
    }
    let told = !detail.is_empty() && one.state != State::Removed;
    told.then(|| (false, detail.join(", ")))
}

fn meta_words(meta: &crate::review::MetaChange) -> String {
    match (&meta.before, &meta.after) {
        (Some(before), Some(after)) if before != "true" => {
            format!("{}: {before} → {after}", meta.what)
        }
        (None, Some(after)) if after != "true" => format!("{}: {after}", meta.what),
        (Some(before), None) if before != "true" => format!("{}: it was {before}", meta.what),
        _ => meta.what.to_owned(),
    }
}

/// Where it goes.
fn reach(one: &VariableChange) -> Option<String> {
    let list = |names: &[crate::model::TargetName]| {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        names.join(", ")
    };
    let (gained, lost) = (list(&one.gained), list(&one.lost));
    let kept = match &one.kept[..] {
        [] => String::new(),
        kept => format!(", as before on {}", list(kept)),
    };
    match (one.state, gained.is_empty(), lost.is_empty()) {
        (State::Added, false, _) => Some(format!("for {gained}")),
        (State::Added, true, _) => Some("for no target".to_owned()),
        (State::Removed, _, false) => Some(format!("it was on {lost}")),
        (State::Removed, _, true) => None,
        (_, false, false) => Some(format!("moved from {lost} to {gained}{kept}")),
        (_, false, true) => Some(format!("reaches {gained} now{kept}")),
        (_, true, false) => Some(format!("no longer on {lost}{kept}")),
        (_, true, true) if one.kept.is_empty() => Some("on no target".to_owned()),
        _ => Some(format!("on {}", list(&one.kept))),
    }
}

/// What happened to a name on a target beyond what its sign says.
pub(super) fn use_words(one: &UseChange) -> String {
    let mut text = match &one.kind {
        UseKind::Added { from: Some(from) } => format!("{from} had it before"),
        UseKind::Added { from: None } => String::new(),
        UseKind::Removed { to, pruned } => {
            let fate = match pruned {
                true => "apply deletes it there",
                false => "stays there: pruning is off",
            };
            match to {
                Some(to) => format!("{to} has it now; {fate}"),
                None => fate.to_owned(),
            }
        }
        UseKind::Renamed => match &one.was {
            Some(was) => format!("renamed from {was}"),
            None => "renamed".to_owned(),
        },
        UseKind::Changed => String::new(),
        UseKind::Unknown => "sealed anew".to_owned(),
    };
    let told: Vec<&str> = one.through.iter().map(|name| name.as_str()).collect();
    if !told.is_empty() && matches!(one.kind, UseKind::Changed | UseKind::Unknown) {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}by {}", told.join(", "));
    }
    text
}

/// What happened to the file key.
pub(super) fn key(one: &KeyFinding) -> String {
    match one {
        KeyFinding::Unsigned => {
            "the recipients list is not the one that a reader signed: somebody \
                                 without the key edited it, and an apply refuses it"
                .to_owned()
        }
        KeyFinding::Rekeyed { from, to, vouched } => {
            let by = match vouched {
                Some(true) => "made by a reader of the former key",
                Some(false) => {
                    "not made by a reader of the former key, as far as can be seen: anybody with the \
                     public keys could have made it"
                }
                None => "by whom cannot be seen without an identity that opens both",
            };
            format!("new file key, {} → {}: {by}", from.short(), to.short())
        }
        KeyFinding::FirstKey(id) => format!("first file key, {}", id.short()),
        KeyFinding::KeyDropped(id) => {
            format!(
                "the file key {} is gone: nothing in it is encrypted",
                id.short()
            )
        }
        KeyFinding::Rewrapped => "the same file key, wrapped anew for the recipients".to_owned(),
    }
}

/// How far the values were compared; `None` where all of them were.
pub(super) fn sight(review: &Review) -> Option<String> {
    const LOCKED: &str = "no identity here opens it";
    let why = |sight: &Option<Sight>| match sight {
        Some(Sight::Locked) => Some(LOCKED.to_owned()),
        Some(Sight::Sealed(why)) => Some(why.clone()),
        Some(Sight::Clear | Sight::Open) | None => None,
    };
    let text = match (why(&review.base), why(&review.head)) {
        (None, None) => return None,
        (Some(base), Some(head)) if base == head => {
            format!("{head}; what follows can be seen without")
        }
        (Some(base), None) => format!("the former revision stays sealed ({base})"),
        (None, Some(head)) => format!("the later revision stays sealed ({head})"),
        (Some(base), Some(head)) => {
            format!("the former revision stays sealed ({base}), and the later one too ({head})")
        }
    };
    Some(format!("secrets were not compared: {text}"))
}

/// What happened to the manifest as a whole.
pub(super) fn whole(review: &Review) -> Vec<String> {
    let mut found = vec![];
    match review.state {
        State::Added => found.push("new manifest".to_owned()),
        State::Removed => found.push(
            "the manifest was removed: what it applied stays where it is, and nothing looks after it"
                .to_owned(),
        ),
        State::Changed => {}
    }
    if let Some(was) = &review.was_path {
        found.push(format!(
            "the file moved from {was}: its records are under the former place, so the next apply takes it for a new one"
        ));
    }
    if let Some(was) = &review.was_manifest {
        found.push(format!(
            "it was named {was}: its values are bound to the name, and its records are under it"
        ));
    }
    found
}

/// The last line of the text, and the first of a comment.
pub(super) fn summary(comparison: &Comparison) -> String {
    let totals = comparison.totals();
    let Totals {
        changed,
        added,
        removed,
        renamed,
        resealed,
        unknown,
        other,
        targets,
        authority,
    } = totals;
    let mut parts = vec![];
    let mut part = |count: usize, text: String| {
        if count > 0 {
            parts.push(text);
        }
    };
    part(
        authority,
        counted(authority, "change").replace("change", "authority change"),
    );
    part(added, format!("{added} added"));
    part(changed, format!("{changed} changed"));
    part(removed, format!("{removed} removed"));
    part(renamed, format!("{renamed} renamed"));
    part(unknown, format!("{unknown} sealed anew"));
    part(
        resealed,
        format!("{resealed} sealed anew with the same value"),
    );
    part(other, format!("{other} otherwise"));
    let mut text = if comparison.reviews.is_empty() {
        "No difference in the manifests".to_owned()
    } else if parts.is_empty() {
        "No variable is another one".to_owned()
    } else {
        let on = match targets {
            0 => String::new(),
            count => format!(" · {} concerned", counted(count, "target")),
        };
        format!("{}{on}", parts.join(", "))
    };
    if !comparison.unreadable.is_empty() {
        let files = counted(comparison.unreadable.len(), "file");
        let _ = write!(text, " · {files} could not be read");
    }
    text.push('.');
    text
}

/// One side, as people know it.
pub(super) fn end(end: &End) -> String {
    match (&end.revision, &end.commit) {
        (Some(revision), Some(commit)) if !commit.starts_with(revision.as_str()) => {
            format!("{revision} ({})", short(commit))
        }
        (_, Some(commit)) => short(commit).to_owned(),
        _ => "the files here".to_owned(),
    }
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
