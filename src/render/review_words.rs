//! The words of a review: one place, so that text and Markdown say the same.

use super::said::Said;
use super::style::Role;
use super::words::counted;
use crate::model::TargetName;
use crate::plan::Glimpse;
use crate::review::{
    Comparison, End, KeyFinding, MetaChange, Review, Sealing, Sight, State, Totals, UseChange,
    UseKind, ValueChange, VariableChange,
};

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

/// What happened to a variable, most important first.
pub(super) fn phrases(one: &VariableChange) -> Vec<Said> {
    let mut found = vec![];
    match one.state {
        State::Added => found.push(Said::new(format!("added, {}", kind(one)))),
        State::Removed => found.push(Said::new("removed")),
        State::Changed => {}
    }
    if let Some(was) = &one.was {
        found.push(Said::new("renamed from ").of(was.as_str()));
    }
    found.extend(value(one.value));
    if let Some(sealing) = &one.sealing {
        found.extend(held(one, sealing));
    }
    if let Some(earlier) = &one.earlier {
        let day = earlier.at.strftime("%Y-%m-%d");
        let back = Said::new("back to a value of before, last in ");
        found.push(
            back.of(short(&earlier.commit))
                .then(format!(" of {day}"))
                .loud(),
        );
    }
    found.extend(one.meta.iter().map(meta));
    found.extend(reach(one));
    found.extend(
        one.sealing
            .as_ref()
            .and_then(|sealing| sealed(one, sealing)),
    );
    found
}

fn kind(one: &VariableChange) -> &'static str {
    match (&one.after, &one.sealing) {
        (Glimpse::Text(text), _) if text.contains("${") => "a template",
        (Glimpse::Text(_), None) => "in clear",
        _ => "a secret",
    }
}

fn value(value: ValueChange) -> Option<Said> {
    let said = match value {
        ValueChange::BecameClear => Said::new(
            "was a secret and is in clear now: everybody who reads the repository reads it",
        )
        .loud(),
        ValueChange::BecameSecret { same: Some(true) } => Said::new(
            "became a secret, with the value that it had in clear: the history still shows it, so set a new one",
        )
        .loud(),
        ValueChange::BecameSecret { same: Some(false) } => {
            Said::new("became a secret, with another value")
        }
        ValueChange::BecameSecret { same: None } => {
            Said::new("became a secret: whether with another value is not known")
        }
        ValueChange::Changed => Said::new("another value"),
        ValueChange::SealedUnknown => {
            Said::new("sealed anew: whether with another value is not known")
        }
        ValueChange::SealedSame => Said::new("sealed anew, the same value"),
        ValueChange::Template => Said::new("another template"),
        ValueChange::Source => Said::new("made in another way: a value, or a template"),
        ValueChange::New | ValueChange::Same => return None,
    };
    Some(said)
}

/// What an apply would hold.
fn held(one: &VariableChange, sealing: &Sealing) -> Vec<Said> {
    let mut found = vec![];
    if sealing.unauthenticated {
        let waits = Said::new("written without the key: an apply holds it until a reader says ");
        found.push(waits.of(format!("driftlock accept {}", one.name)).loud());
    }
    if sealing.accepted {
        found.push(Said::new("accepted by a reader"));
    }
    if sealing.is_rollback() {
        let held = "sealed before the one that it replaces: an apply holds it (rollback)";
        found.push(Said::new(held).loud());
    }
    found
}

/// What the envelope says, for those who look closely.
fn sealed(one: &VariableChange, sealing: &Sealing) -> Option<Said> {
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
    told.then(|| Said::new(detail.join(", ")))
}

fn meta(meta: &MetaChange) -> Said {
    let said = Said::new(meta.what);
    let said = match (&meta.before, &meta.after) {
        (Some(before), Some(after)) => said.then(": ").of(before).then(" → ").of(after),
        // a switch, which the words tell already
        (Some(one), None) | (None, Some(one)) if one == "true" => said,
        (None, Some(after)) => said.then(": ").of(after),
        (Some(before), None) => said.then(": it was ").of(before),
        (None, None) => said,
    };
    let is_loud = matches!(
        meta.what,
        "no longer protected" | "expiry extended" | "expiry dropped" | "rotation dropped"
    );
    if is_loud { said.loud() } else { said }
}

/// Where it goes.
fn reach(one: &VariableChange) -> Option<Said> {
    let (gained, lost) = (&one.gained, &one.lost);
    let kept = |said: Said| match &one.kept[..] {
        [] => said,
        kept => said.then(", as before on ").of_all(kept),
    };
    let all = |words: &str, names: &[TargetName]| Said::new(words).of_all(names);
    Some(match (one.state, gained.is_empty(), lost.is_empty()) {
        (State::Added, false, _) => all("for ", gained),
        (State::Added, true, _) => Said::new("for no target"),
        (State::Removed, _, false) => all("it was on ", lost),
        (State::Removed, _, true) => return None,
        (_, false, false) => kept(all("moved from ", lost).then(" to ").of_all(gained)),
        (_, false, true) => kept(all("now also for ", gained)),
        (_, true, false) => kept(all("no longer on ", lost)),
        (_, true, true) if one.kept.is_empty() => Said::new("on no target"),
        _ => all("on ", &one.kept),
    })
}

/// What happened to a name on a target beyond what its sign says.
pub(super) fn use_words(one: &UseChange) -> Said {
    let said = match &one.kind {
        UseKind::Added { from: Some(from) } => {
            Said::default().of(from.as_str()).then(" had it before")
        }
        UseKind::Removed { to, pruned } => {
            let fate = match pruned {
                true => "apply deletes it there",
                false => "stays there: pruning is off",
            };
            match to {
                Some(to) => Said::default()
                    .of(to.as_str())
                    .then(format!(" has it now; {fate}")),
                None => Said::new(fate),
            }
        }
        UseKind::Renamed => {
            let was = one.was.iter().map(|was| was.as_str());
            Said::new("renamed from ").of_all(was)
        }
        UseKind::Unknown => Said::new("sealed anew"),
        UseKind::Added { from: None } | UseKind::Changed => Said::default(),
    };
    match (&one.through[..], &one.kind) {
        (through @ [_, ..], UseKind::Changed) => said.then("by ").of_all(through),
        (through @ [_, ..], UseKind::Unknown) => said.then(", by ").of_all(through),
        (through @ [_, ..], UseKind::Renamed) => {
            said.then(", and another value by ").of_all(through)
        }
        _ => said,
    }
}

/// What happened to the file key.
pub(super) fn key(one: &KeyFinding) -> Said {
    let said = match one {
        KeyFinding::Unsigned => Said::new(
            "the recipients list is not the one that a reader signed: somebody without the key \
             edited it, and an apply refuses it",
        ),
        KeyFinding::Rekeyed { from, to, vouched } => {
            let by = match vouched {
                Some(true) => "made by a reader of the former key",
                Some(false) => {
                    "not made by a reader of the former key, as far as can be seen: anybody with \
                     the public keys could have made it"
                }
                None => "by whom cannot be seen without an identity that opens both",
            };
            let (from, to) = (from.short(), to.short());
            Said::new(format!("new file key, {from} → {to}: {by}"))
        }
        KeyFinding::FirstKey(id) => Said::new(format!("first file key, {}", id.short())),
        KeyFinding::KeyDropped(id) => Said::new(format!(
            "the file key {} is gone: nothing in it is encrypted",
            id.short()
        )),
        KeyFinding::Rewrapped => Said::new("the same file key, wrapped anew for the recipients"),
    };
    if one.is_loud() { said.loud() } else { said }
}

/// How far the values were compared; `None` where all of them were.
pub(super) fn sight(review: &Review) -> Option<Said> {
    let why = |sight: &Option<Sight>| match sight {
        Some(Sight::Locked) => Some("no identity here opens it".to_owned()),
        Some(Sight::Sealed(why)) => Some(why.clone()),
        Some(Sight::Clear | Sight::Open) | None => None,
    };
    let said = Said::new("secrets were not compared: ");
    Some(match (why(&review.base), why(&review.head)) {
        (None, None) => return None,
        (Some(base), Some(head)) if base == head => {
            said.of(head).then("; what follows can be seen without")
        }
        (Some(base), None) => said.then("the former revision stays sealed: ").of(base),
        (None, Some(head)) => said.then("the later revision stays sealed: ").of(head),
        (Some(base), Some(head)) => said
            .then("the former revision stays sealed: ")
            .of(base)
            .then("; the later one too: ")
            .of(head),
    })
}

/// What happened to the manifest as a whole.
pub(super) fn whole(review: &Review) -> Vec<Said> {
    let mut found = vec![];
    match review.state {
        State::Added => found.push(Said::new("new manifest")),
        State::Removed => found.push(
            Said::new(
                "the manifest was removed: what it applied stays where it is, and nothing looks after it",
            )
            .loud(),
        ),
        State::Changed => {}
    }
    if let Some(was) = &review.was_path {
        let moved = Said::new("the file moved from ").of(was);
        let held = ": its records are under the former place, so where nobody is asked all of it waits for a yes";
        found.push(moved.then(held).loud());
    }
    if let Some(was) = &review.was_manifest {
        let named = Said::new("it was named ").of(was.as_str());
        let bound = ": its values are bound to the name, and its records are under the former one";
        found.push(named.then(bound).loud());
    }
    found
}

/// The last line of the text, and the first of a comment.
pub(super) fn summary(comparison: &Comparison) -> String {
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
    } = comparison.totals();
    let parts = [
        (authority, counted(authority, "authority change")),
        (added, format!("{added} added")),
        (changed, format!("{changed} changed")),
        (removed, format!("{removed} removed")),
        (renamed, format!("{renamed} renamed")),
        (unknown, format!("{unknown} sealed anew")),
        (
            resealed,
            format!("{resealed} sealed anew with the same value"),
        ),
        (other, format!("{other} otherwise")),
    ];
    let told = parts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(_, text)| text).collect();
    let mut text = if comparison.reviews.is_empty() {
        "No difference in the manifests".to_owned()
    } else if told.is_empty() {
        "No variable is another one".to_owned()
    } else {
        told.join(", ")
    };
    if targets > 0 {
        text.push_str(&format!(" · {} concerned", counted(targets, "target")));
    }
    if !comparison.unreadable.is_empty() {
        let files = counted(comparison.unreadable.len(), "file");
        text.push_str(&format!(" · {files} could not be read"));
    }
    text.push('.');
    text
}

/// One side, as people know it.
pub(super) fn end(end: &End) -> Said {
    match (&end.revision, &end.commit) {
        (Some(revision), Some(commit)) if !commit.starts_with(revision.as_str()) => {
            let said = Said::default().of(revision);
            said.then(" (").of(short(commit)).then(")")
        }
        (_, Some(commit)) => Said::default().of(short(commit)),
        _ => Said::new("the files here"),
    }
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
