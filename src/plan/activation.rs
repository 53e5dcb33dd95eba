//! What is to be restarted: where something is written, and where what is stored does not run.

use std::collections::BTreeSet;

use super::authority::widened;
use super::change::{ActivationCause, Class, Hold, PlannedActivation, Reason};
use super::input::{DesiredState, PlanInput};
use super::rails::scheduled::withheld;
use super::site::{Site, writes};
use crate::model::{Activation, Behind, Running, VarName};

/// Decides about the activation of one target, after every rail has had its say about its changes.
pub(super) fn put_in_force(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let Some(activation) = &site.input.target.activation else {
        return;
    };
    let because = cause(plan, site);
    if let Some(ActivationCause::Pending { since }) = because {
        site.plan.behind.get_or_insert_with(|| Behind {
            names: BTreeSet::new(),
            since,
            why: "a former apply stored values here, and what was to put them in force failed, was left out or never ended".to_owned(),
            help: None,
            restart_helps: true,
        });
    }
    let hold = because.and_then(|because| held(plan, site, activation, because));
    site.plan.activation = Some(PlannedActivation {
        what: activation.to_string(),
        on: site.input.target.address.host().map(ToString::to_string),
        because,
        hold,
    });
}

fn cause(plan: &PlanInput<'_>, site: &Site<'_>) -> Option<ActivationCause> {
    if site.plan.will_write() && !is_taken_over(site) {
        return Some(ActivationCause::Written);
    }
    // without writes, only where the target was asked for and could be seen
    let live = site.live()?;
    let target = &site.plan.target;
    let selected = (plan.only_targets.as_ref()).is_none_or(|only| only.contains(target));
    if !selected || plan.undo.is_some() {
        return None;
    }
    let last = &site.input.last;
    match &live.running {
        // whatever a former apply left: it was put in force since
        Running::Current => None,
        Running::Behind(behind) => (behind.restart_helps
            && concerns(plan, site, |name| {
                behind.names.is_empty() || behind.names.contains(name)
            }))
        .then_some(ActivationCause::Behind),
        Running::Unknown => is_owed(plan, site).then_some(ActivationCause::Pending {
            since: last.pending,
        }),
    }
}

/// Whether a former apply stored something of what this run is about, and did not put it in force.
fn is_owed(plan: &PlanInput<'_>, site: &Site<'_>) -> bool {
    let last = &site.input.last;
    let is_in_doubt = |name: &VarName| last.doubts.is_empty() || last.doubts.contains(name);
    let waits = |name: &VarName| {
        let recorded = last.vars.get(name).map(|one| one.at);
        recorded
            .zip(last.pending)
            .is_some_and(|(at, since)| at >= since)
    };
    let all = plan.only_variables.is_none();
    (last.in_doubt && concerns(plan, site, is_in_doubt))
        || (last.pending.is_some() && (all || concerns(plan, site, waits)))
}

/// Whether this is about a variable that was asked for; a run that was not limited is about all.
fn concerns(plan: &PlanInput<'_>, site: &Site<'_>, is: impl Fn(&VarName) -> bool) -> bool {
    let Some(only) = &plan.only_variables else {
        return true;
    };
    site.plan.changes.iter().any(|change| {
        let declared = change.declared.as_ref();
        let selected =
            only.contains(&change.name) || declared.is_some_and(|one| only.contains(one));
        selected && is(&change.name)
    })
}

/// Whether everything that is written there is in force without it.
fn is_taken_over(site: &Site<'_>) -> bool {
    let happens = site.plan.changes.iter();
    let mut written = happens.filter(|change| writes(change) && change.will_happen());
    let taken_over = site.live().map(|live| &live.taken_over);
    taken_over.is_some_and(|names| written.all(|change| names.contains(&change.name)))
}

/// Why it waits. A write that it would follow was held already, so this is about what is stored
/// and does not run: nobody but a person lets a manifest's new command run, and what somebody else
/// stored is not put in force in passing.
fn held(
    plan: &PlanInput<'_>,
    site: &Site<'_>,
    activation: &Activation,
    because: ActivationCause,
) -> Option<Hold> {
    if because == ActivationCause::Written {
        return None;
    }
    let target = &site.plan.target;
    if let Some(hold) = plan.scheduled.and_then(|one| withheld(one, target)) {
        return Some(hold);
    }
    let by = |rail: &str, why: String| {
        let let_go = plan.overrides.allows(rail, target, None);
        (!let_go).then(|| Hold {
            rail: rail.to_owned(),
            why,
            release: Some(format!("--allow {rail}@{target}")),
        })
    };
    stranger(plan, site, activation)
        .and_then(|(rail, why)| by(rail, why))
        .or_else(|| {
            let more = widened(&plan.authority, target).filter(|_| plan.unattended)?;
            let why = format!("{}, so apply will not {activation} unasked", more.what);
            by("authority", why)
        })
        .or_else(|| foreign(site, activation))
}

/// Where nobody can say that manifest and place are ours: the rail, and why.
fn stranger(
    plan: &PlanInput<'_>,
    site: &Site<'_>,
    activation: &Activation,
) -> Option<(&'static str, String)> {
    let target = &site.plan.target;
    let last = &site.input.last;
    let live = site.live()?;
    let untrusted = match &site.input.desired {
        DesiredState::Known(desired) => !desired.key_trusted,
        DesiredState::Unknown(_) => false,
    };
    let (rail, because) = if untrusted {
        let why = "the manifest's key is not the one of the last apply, so what it says to run may be anybody's";
        ("new-key", why.to_owned())
    } else if !plan.recipients_authentic {
        let why = "somebody without the key edited the manifest's recipients, and perhaps more";
        ("recipients", why.to_owned())
    } else if site.is_moved() {
        let why = format!("what {target} calls itself is not what it was at our last apply");
        ("identity", why)
    } else if !live.exists && !last.vars.is_empty() {
        let why = format!("we applied to {target} before, and the place does not exist any more");
        ("vanished", why)
    } else {
        return None;
    };
    Some((rail, format!("{because}: apply will not {activation}")))
}

/// What is stored there is somebody else's, and the change that would mend it waits.
fn foreign(site: &Site<'_>, activation: &Activation) -> Option<Hold> {
    let waits = site.plan.changes.iter().find(|change| {
        let ours = change.class == Class::Change
            && !matches!(
                change.reason,
                Reason::FirstTakeOver | Reason::SealedFirstTakeOver | Reason::CannotCompare
            );
        writes(change) && !change.holds.is_empty() && !ours
    })?;
    let hold = waits.holds.first()?;
    let name = &waits.name;
    Some(Hold {
        rail: hold.rail.clone(),
        why: format!(
            "{name} is stored there otherwise than we left it, so apply will not {activation} until that is settled"
        ),
        release: hold.release.clone(),
    })
}
