//! What is to be restarted: where something is written, and where what is stored does not run.

use super::change::{ActivationCause, Hold, PlannedActivation};
use super::input::PlanInput;
use super::site::Site;
use crate::model::{Activation, Address, Machine, Running};

/// Decides about the activation of one target, after every rail has had its say about its changes.
pub(super) fn put_in_force(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let Some(activation) = &site.input.target.activation else {
        return;
    };
    let because = cause(plan, site);
    let hold = because.and_then(|because| held(plan, site, activation, because));
    site.plan.activation = Some(PlannedActivation {
        what: activation.to_string(),
        on: machine(&site.input.target.address),
        because,
        hold,
    });
}

fn cause(plan: &PlanInput<'_>, site: &Site<'_>) -> Option<ActivationCause> {
    if site.plan.will_write() {
        return Some(ActivationCause::Written);
    }
    // without writes, only where the whole target was asked for and could be seen
    let live = site.live()?;
    let target = &site.plan.target;
    let selected = (plan.only_targets.as_ref()).is_none_or(|only| only.contains(target));
    if !selected || plan.only_variables.is_some() {
        return None;
    }
    let last = &site.input.last;
    match &live.running {
        // whatever a former apply left: it was put in force since
        Running::Current => None,
        Running::Behind(behind) => behind.restart_helps.then_some(ActivationCause::Behind),
        Running::Unknown => {
            (last.pending.is_some() || last.in_doubt).then_some(ActivationCause::Pending {
                since: last.pending,
            })
        }
    }
}

/// A manifest's new command is run by nobody's leave but a person's.
fn held(
    plan: &PlanInput<'_>,
    site: &Site<'_>,
    activation: &Activation,
    because: ActivationCause,
) -> Option<Hold> {
    let target = &site.plan.target;
    if because == ActivationCause::Written
        || !plan.unattended
        || plan.overrides.allows("authority", target, None)
    {
        return None;
    }
    let widened = plan
        .authority
        .iter()
        .any(|found| found.held && found.target.as_ref() == Some(target));
    widened.then(|| Hold {
        rail: "authority".to_owned(),
        why: format!("this revision may do more on {target} than the last applied one, so nobody would {activation} unasked"),
        release: Some(format!("--allow authority@{target}")),
    })
}

fn machine(address: &Address) -> Option<String> {
    match address {
        Address::File(file) => match &file.machine {
            Machine::Host(host) => Some(host.to_string()),
            Machine::Any | Machine::Named(_) => None,
        },
        Address::Railway(_) | Address::Memory(_) => None,
    }
}
