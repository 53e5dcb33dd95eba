//! The rail `unknown`: where one variable of a target is unknown, nothing of it is written.

use crate::model::Completeness;
use crate::plan::change::{ActionKind, Class};
use crate::plan::input::PlanInput;
use crate::plan::site::{Site, hold, writes};

/// `--partial VARIABLE` releases a single variable; a delete after a partial read waits in any
/// case, since only a complete read can lead to one.
pub(super) fn unknown(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    let target = &site.plan.target;
    let partial = (site.live()).is_some_and(|live| live.completeness != Completeness::Complete);
    let first = (site.plan.changes.iter())
        .find(|change| change.class == Class::Unknown)
        .map(|change| change.name.clone());
    for change in site.plan.changes.iter_mut().filter(|c| writes(c)) {
        if partial && change.action == ActionKind::Delete {
            let why = format!("{target} was read only partly, and that never leads to a delete");
            hold(change, "unknown", why, None);
            continue;
        }
        let key = change.declared.as_ref().unwrap_or(&change.name);
        if let Some(unknown) = &first
            && !plan.overrides.partial.contains(key)
            && !plan.overrides.partial.contains(&change.name)
        {
            let why =
                format!("{unknown} on {target} is unknown, and then nothing is written there");
            let release = format!("--partial {key}");
            hold(change, "unknown", why, Some(release));
        }
    }
}
