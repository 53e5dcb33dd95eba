//! What a scheduled run may do: by itself, and right now.

use crate::model::{Mode, Scheduled};
use crate::plan::change::{ActionKind, Class, Hold};
use crate::plan::input::PlanInput;
use crate::plan::site::{Site, hold, writes};

/// Holds what the target's mode, its windows or the brake do not let go. What only looks records
/// nothing either: the record of an equal value is an apply too.
pub(super) fn scheduled(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let Some(scheduled) = plan.scheduled else {
        return;
    };
    let target = site.plan.target.clone();
    let whole = withheld(scheduled, &target);
    let mode = scheduled.mode(&target);
    for change in &mut site.plan.changes {
        if change.action == ActionKind::None {
            continue;
        }
        if let Some(why) = &whole {
            hold(change, why.rail.as_str(), why.why.clone(), None);
        } else if change.class == Class::Drift && writes(change) {
            if mode < Mode::Heal {
                let why = format!(
                    "scheduled runs put back what was changed on {target} only in the mode heal"
                );
                hold(change, "mode", why, None);
            } else if scheduled.is_braked(&target, &change.name) {
                let name = &change.name;
                let why = format!(
                    "{name} was put back on {target} several times within a day, and somebody changes it again each time: find out who"
                );
                hold(change, "brake", why, None);
            }
        }
    }
}

/// What holds the whole target.
pub(in crate::plan) fn withheld(
    scheduled: &Scheduled,
    target: &crate::model::TargetName,
) -> Option<Hold> {
    let of = |rail: &str, why: String| Hold {
        rail: rail.to_owned(),
        why,
        release: None,
    };
    if scheduled.mode(target) == Mode::Observe {
        let looks = || format!("scheduled runs only look at {target} (mode observe)");
        let why = scheduled.waits.get(target).cloned().unwrap_or_else(looks);
        return Some(of("mode", why));
    }
    let why = scheduled.withheld.get(target)?;
    Some(of("window", format!("{target} is not written now: {why}")))
}
