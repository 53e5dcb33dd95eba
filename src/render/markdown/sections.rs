//! What is read before the folded details: what a revision may do that the last could not, what
//! somebody has to decide, and every delete.

use std::collections::BTreeMap;

use super::fold::is_unseen;
use super::{BRIEF, Page, SENTENCE, Site};
use crate::plan::{
    ActionKind, Authority, Change, Class, Hold, Plan, Reason, TargetPlan, TargetState,
};
use crate::render::comment::quote::{code, command, names};
use crate::render::comment::{Item, Part};
use crate::render::text::release_commands;
use crate::render::waiting::waiting;
use crate::render::words;

/// Changes of which the same is to be said.
type Alike<'p> = (u8, Class, Reason, ActionKind, Option<&'p str>, &'p [Hold]);

impl<'p> Page<'p> {
    pub(super) fn authority(&self) -> Option<Part> {
        let mut all: Vec<(&Authority, &Plan)> = self
            .plans
            .iter()
            .flat_map(|plan| plan.authority.iter().map(|one| (one, *plan)))
            .collect();
        all.sort_by_key(|(one, plan)| (!one.held, &plan.manifest, *one));
        let items = all.into_iter().map(|(one, plan)| self.widening(plan, one));
        let title = "This revision may do more than the last applied one";
        Part::section(title, "authority change", items.collect())
    }

    fn widening(&self, plan: &Plan, one: &Authority) -> Item {
        let mut name = format!("- **{}**", words::authority(one.kind));
        match &one.target {
            Some(target) => name.push_str(&format!(" on {}", self.place(plan, target.as_str()))),
            None if self.plans.len() > 1 => {
                name.push_str(&format!(" of {}", code(plan.manifest.as_str(), SENTENCE)));
            }
            None => {}
        }
        let mut full = format!("{name}: {}", code(&one.what, SENTENCE));
        let mut brief = format!("{name}: {}", code(&one.what, BRIEF));
        if one.held {
            let held = format!(" ({})", words::held_authority(self.call));
            full.push_str(&held);
            brief.push_str(&held);
            if self.call.saved.is_none() {
                let flag = words::authority_flag(one);
                let release = command(&self.call.command("apply", &[&flag]));
                full.push_str(&format!("\n  - to let it go: {release}"));
            }
        }
        Item::new(full).brief(brief).kept()
    }

    /// Not known, conflicts, and what a rail holds.
    pub(super) fn to_look_at(&self) -> Option<Part> {
        let mut items = vec![];
        for site in &self.targets {
            items.extend(self.unseen(site));
            let waits = |change: &Change| {
                words::is_listed(change)
                    && change.action != ActionKind::Delete
                    && (matches!(change.class, Class::Conflict | Class::Unknown)
                        || !change.holds.is_empty())
            };
            items.extend(self.grouped(site, waits, |item| item));
            items.extend(self.waits_to_start(site));
        }
        Part::section("To look at", "finding", items)
    }

    pub(super) fn deletes(&self) -> Option<Part> {
        let goes =
            |change: &Change| words::is_listed(change) && change.action == ActionKind::Delete;
        let of = |site| self.grouped(site, goes, Item::kept);
        let items: Vec<Item> = self.targets.iter().flat_map(of).collect();
        Part::section("To be deleted", "delete", items)
    }

    /// A target that could not be read, or not all of it.
    fn unseen(&self, site: &Site<'_>) -> Option<Item> {
        let (what, reason, help) = match &site.target.state {
            TargetState::Unknown { reason, help } => ("unknown", reason, help.as_deref()),
            TargetState::Partial { reason } => ("read in part", reason, None),
            TargetState::Read | TargetState::Elsewhere { .. } => return None,
        };
        let name = self.place(site.plan, site.target.target.as_str());
        let line = |most| format!("- {name} is **{what}**: {}", code(reason, most));
        let mut full = line(SENTENCE);
        if let Some(help) = help {
            full.push_str(&format!("\n  - help: {}", code(help, SENTENCE)));
        }
        Some(Item::new(full).brief(line(BRIEF)))
    }

    /// One entry for all of which the same is to be said, or a few where they are many.
    fn grouped(
        &self,
        site: &Site<'p>,
        wanted: impl Fn(&Change) -> bool,
        finish: impl Fn(Item) -> Item,
    ) -> Vec<Item> {
        let mut groups: BTreeMap<Alike<'p>, Vec<&'p str>> = BTreeMap::new();
        let target: &'p TargetPlan = site.target;
        // why a target could not be read stands above, once
        let wanted = |change: &&'p Change| wanted(change) && !is_unseen(target, change);
        for change in target.changes.iter().filter(wanted) {
            let rank = words::rank(change);
            let detail = change.detail.as_deref();
            let (class, reason, action) = (change.class, change.reason, change.action);
            let key = (rank, class, reason, action, detail, change.holds.as_slice());
            groups.entry(key).or_default().push(change.name.as_str());
        }
        let mut items = vec![];
        for (alike, mut group) in groups {
            group.sort_unstable();
            for (number, (line, count)) in names(group).into_iter().enumerate() {
                let place = self.place(site.plan, target.target.as_str());
                let begin = format!("- {line} on {place}");
                let brief = [begin.clone(), briefly(&alike)];
                let brief = brief.join(if brief[1].is_empty() { "" } else { ": " });
                // what holds the first holds the others, too
                let full = match number {
                    0 => format!("{begin}: {}{}", sentence(&alike), self.holds(alike.5)),
                    _ => format!("{begin}: {}, as above", sentence(&alike)),
                };
                items.push(finish(Item::new(full).brief(brief).of(count)));
            }
        }
        items
    }

    /// A restart that something holds back.
    fn waits_to_start(&self, site: &Site<'_>) -> Option<Item> {
        let activation = site.target.activation.as_ref()?;
        let hold = activation.hold.as_ref()?;
        let name = self.place(site.plan, site.target.target.as_str());
        let line = |most| format!("- {} for {name} waits", code(&activation.what, most));
        let holds = self.holds(std::slice::from_ref(hold));
        Some(Item::new(line(SENTENCE) + &holds).brief(line(BRIEF)))
    }

    fn holds(&self, holds: &[Hold]) -> String {
        let mut lines = String::new();
        for hold in holds {
            let (rail, why) = (code(&hold.rail, BRIEF), code(&hold.why, SENTENCE));
            lines.push_str(&format!("\n  - held by {rail}: {why}"));
        }
        let releases = holds.iter().filter_map(|hold| hold.release.as_deref());
        for release in release_commands(self.call, releases) {
            lines.push_str(&format!("\n  - to let it go: {}", command(&release)));
        }
        lines
    }

    /// Not ours, and not in force.
    pub(super) fn drafts(&self) -> Option<Part> {
        let mut items = vec![];
        for one in waiting(self.targets.iter().map(|site| site.target)) {
            let seen = code(&one.seen_from(), SENTENCE);
            let mut drafts: Vec<&String> = one.drafts.iter().collect();
            drafts.sort_unstable();
            for draft in drafts {
                let line = |most| format!("- {}", code(draft, most));
                let full = format!("{}, seen from {seen}", line(SENTENCE));
                items.push(Item::new(full).brief(line(BRIEF)));
            }
        }
        Part::section("Staged by somebody, not deployed", "draft", items)
    }

    /// Dates that have passed or are near.
    pub(super) fn expiry(&self) -> Option<Part> {
        let mut items = vec![];
        for plan in &self.plans {
            for one in &plan.expiry {
                let name = self.place(plan, one.name.as_str());
                let brief = format!("- {name} {}", one.what());
                let mut full = brief.clone();
                if let Some(owner) = &one.owner {
                    full.push_str(&format!(", ask {}", code(owner, BRIEF)));
                }
                let next = self.call.command_of_one(one.verb(), &[one.name.as_str()]);
                let first = one.before_next().map(|first| format!("{first}, then "));
                let first = first.unwrap_or_default();
                full.push_str(&format!("\n  - next: {first}{}", command(&next)));
                items.push(Item::new(full).brief(brief));
            }
        }
        Part::section("Expiry", "date", items)
    }
}

fn sentence((_, class, reason, action, detail, _): &Alike<'_>) -> String {
    let mut text = match class {
        Class::Change => words::reason(*reason).to_owned(),
        _ => format!("**{}**, {}", words::class(*class), words::reason(*reason)),
    };
    // that a delete deletes is said by the title
    if !matches!(action, ActionKind::None | ActionKind::Delete) {
        text.push_str(&format!(", would {}", words::action(*action)));
    }
    if let Some(detail) = detail {
        text.push_str(&format!(": {}", code(detail, SENTENCE)));
    }
    text
}

fn briefly((_, class, _, action, _, holds): &Alike<'_>) -> String {
    let mut words = vec![];
    if *class != Class::Change {
        words.push(format!("**{}**", words::class(*class)));
    }
    if !matches!(action, ActionKind::None | ActionKind::Delete) {
        words.push(format!("would {}", words::action(*action)));
    }
    if let Some(hold) = holds.first() {
        words.push(format!("held by {}", code(&hold.rail, BRIEF)));
    }
    words.join(", ")
}
