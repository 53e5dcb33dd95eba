//! What holds an action back. Each rail is one function; the names are listed at [`super::Hold`].
//! Rails only add holds, never take one away, so their order decides nothing but the order of the
//! explanations.

mod consent;
mod limits;
mod place;
pub(super) mod scheduled;
mod unknown;
mod value;

use super::input::PlanInput;
use super::site::Site;

/// The rails that look at one target and at what the person allowed. Each decides by itself.
pub(super) fn early(plan: &PlanInput<'_>, site: &mut Site<'_>) {
    // every rail holds actions, and most targets of most runs have none
    if !site.has_actions() {
        return;
    }
    consent::not_selected(plan, site);
    scheduled::scheduled(plan, site);
    unknown::unknown(plan, site);
    value::unrepresentable(site);
    value::unauthenticated(site);
    value::rollback(plan, site);
    value::lints(plan, site);
    value::new_key(plan, site);
    value::recipients(plan, site);
    place::identity(plan, site);
    place::vanished(plan, site);
    place::claimed(plan, site);
    place::drafts(plan, site);
    place::protected(plan, site);
    consent::conflict(plan, site);
    consent::take_over(plan, site);
    consent::prune(plan, site);
    consent::authority(plan, site);
}

/// The rails that count what would still be done. Run again after units held more back; `true` if
/// one of them added a hold.
pub(super) fn counting(plan: &PlanInput<'_>, site: &mut Site<'_>) -> bool {
    let deletes = limits::deletes(plan, site);
    let changes = limits::changes(plan, site);
    let empty = limits::would_be_empty(plan, site);
    deletes || changes || empty
}
