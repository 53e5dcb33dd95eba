//! Rails about the desired value: where it comes from, and what it looks like.

use crate::model::{DesiredVar, EXPIRED, LiveVar, Trust, shows_lint};
use crate::plan::change::{ActionKind, Change, Class, Glimpse};
use crate::plan::input::{DesiredState, PlanInput};
use crate::plan::site::{Site, hold, writes};

fn each<'a>(site: &mut Site<'a>, mut look: impl FnMut(&mut Change, &'a DesiredVar)) {
    let mut changes = std::mem::take(&mut site.plan.changes);
    for change in &mut changes {
        if let Some(desired) = site.desired(&change.name) {
            look(change, desired);
        }
    }
    site.plan.changes = changes;
}

/// The platform or the dialect cannot hold it.
pub(super) fn unrepresentable(site: &mut Site<'_>) {
    each(site, |change, desired| {
        if let Some(refusal) = &desired.refusal
            && writes(change)
        {
            hold(change, "unrepresentable", refusal.clone(), None);
        }
    });
}

/// Anybody with the public keys could have made it.
pub(super) fn unauthenticated(site: &mut Site<'_>) {
    each(site, |change, desired| {
        if desired.trust == Trust::Unauthenticated && change.action != ActionKind::None {
            let name = desired.declared.as_ref().unwrap_or(&change.name);
            let why = format!(
                "{name} was written without an identity: anybody with the public keys could have made it"
            );
            hold(
                change,
                "unauthenticated",
                why,
                Some(format!("driftlock accept {name}")),
            );
        }
    });
}

/// An older value than one that we applied. Where it is what we last recorded, an undo put it back:
/// somebody agreed to it, and nothing is written.
pub(super) fn rollback(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.input.target.name;
    if plan.overrides.allows("rollback", target, None) {
        return;
    }
    let sequences = &site.input.last.sequences;
    let recorded = &site.input.last.vars;
    each(site, |change, desired| {
        let name = desired.declared.as_ref().unwrap_or(&change.name);
        let put_back = change.action == ActionKind::Record
            && (recorded.get(&change.name))
                .is_some_and(|one| change.after == Glimpse::Fingerprint(one.fingerprint));
        if let (Some(now), Some(highest)) = (desired.sequence, sequences.get(name))
            && now < *highest
            && change.action != ActionKind::None
            && !put_back
        {
            let why = format!(
                "{name} is at sequence {now}, and {highest} was applied before: an older value was put back"
            );
            let release = format!("--allow rollback@{target}");
            hold(change, "rollback", why, Some(release));
        }
    });
}

/// The header's key is one that we have no reason to trust: not even recorded.
pub(super) fn new_key(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let trusted = match &site.input.desired {
        DesiredState::Known(desired) => desired.key_trusted,
        DesiredState::Unknown(_) => true,
    };
    if trusted || plan.overrides.allows("new-key", target, None) {
        return;
    }
    for change in &mut site.plan.changes {
        if change.action != ActionKind::None {
            let why = "the manifest's key is not the one of the last apply: anybody with the public keys could have made it";
            let release = format!("--allow new-key@{target}");
            hold(change, "new-key", why.to_owned(), Some(release));
        }
    }
}

/// Somebody without the key edited the list of who may read the manifest.
pub(super) fn recipients(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    if plan.recipients_authentic || plan.overrides.allows("recipients", target, None) {
        return;
    }
    for change in site.plan.changes.iter_mut().filter(|c| writes(c)) {
        let why = "the recipients list is not the one that a reader signed: somebody without the key edited it; a reader looks at it with driftlock recipients list, and accepts or restores it";
        let release = format!("--allow recipients@{target}");
        hold(change, "recipients", why.to_owned(), Some(release));
    }
}

/// What the value looks like, held where none was: not if live shows the same, and not if it is
/// what we applied before.
pub(super) fn lints(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.input.target.name;
    let live = site.live();
    each(site, |change, desired| {
        if !writes(change) || change.class == Class::Drift {
            return;
        }
        let there = match live.and_then(|live| live.vars.get(&change.name)) {
            Some(LiveVar::Value(value)) => Some(value),
            _ => None,
        };
        for lint in &desired.lints {
            let new = match there {
                // that the old one has ended as well makes this one no better
                Some(value) => *lint == EXPIRED || !shows_lint(lint, value),
                // a new TLS key is everyday work; one in the place of a password is not
                None => *lint != "private-key",
            };
            if new && !plan.overrides.allows(lint, target, None) {
                let why = format!("the new value of {} {}", change.name, describe(lint));
                let release = format!("--allow {lint}@{target}");
                hold(change, lint, why, Some(release));
            }
        }
    });
}

fn describe(lint: &str) -> &'static str {
    match lint {
        "empty" => "is empty",
        "placeholder" => "looks like a placeholder",
        "ciphertext" => "looks like ciphertext",
        "private-key" => "looks like a private key",
        EXPIRED => "says itself that it has expired",
        _ => "looks wrong",
    }
}
