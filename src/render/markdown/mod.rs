//! A plan as the comment of a pull request: what will happen in the first lines, what needs a decision
//! next, the rest folded. The same plan gives the same bytes, so that a comment can be updated in
//! place, in whatever order its parts came.

mod fold;
mod sections;

use std::fmt::{self, Write};

use super::comment::quote::{code, command};
use super::comment::{self, Comment, Item, LIMIT, List, Part, Title};
use super::forced::forced;
use super::style::Invocation;
use super::text::worst;
use super::words;
use crate::plan::{Plan, Summary, TargetPlan};

/// Characters of a foreign sentence: a reason, a note, a place.
const SENTENCE: usize = 300;
/// And where room is short.
const BRIEF: usize = 80;

/// The hidden first line of the comment about a run: how it is found again.
pub fn marker(plans: &[Plan]) -> String {
    comment::marker("plan", plans.iter().map(|plan| plan.manifest.as_str()))
}

/// Writes the comment, of at most [`LIMIT`] bytes; `summary` counts over all plans.
pub fn render_markdown(
    out: &mut dyn Write,
    call: &Invocation,
    plans: &[Plan],
    summary: &Summary,
) -> fmt::Result {
    comment::compose(out, &plan_comment(call, plans, summary), LIMIT)
}

/// The comment before it is fitted.
pub fn plan_comment(call: &Invocation, plans: &[Plan], summary: &Summary) -> Comment {
    let page = Page::new(call, plans);
    let count = page.targets.len();
    let mut lead = vec![format!("**{}**", words::summary(summary, count))];
    lead.extend(page.put_in_force());
    let sections = [
        page.authority(),
        page.to_look_at(),
        page.deletes(),
        page.drafts(),
        page.expiry(),
    ];
    let mut parts: Vec<Part> = sections.into_iter().flatten().collect();
    parts.extend(page.targets.iter().filter_map(|site| page.fold(site)));
    parts.push(page.end());
    Comment {
        marker: marker(plans),
        lead,
        parts,
        all: command(&call.command("plan", &[])),
    }
}

/// One target and the plan that it is of.
#[derive(Clone, Copy)]
struct Site<'p> {
    plan: &'p Plan,
    target: &'p TargetPlan,
}

/// What the parts of a comment are made from.
struct Page<'p> {
    call: &'p Invocation,
    /// By name.
    plans: Vec<&'p Plan>,
    /// Those with problems first.
    targets: Vec<Site<'p>>,
}

impl<'p> Page<'p> {
    fn new(call: &'p Invocation, plans: &'p [Plan]) -> Self {
        let mut plans: Vec<&Plan> = plans.iter().collect();
        plans.sort_by_key(|plan| (&plan.manifest, &plan.id));
        let of = |plan: &'p Plan| plan.targets.iter().map(move |target| Site { plan, target });
        let mut targets: Vec<Site<'_>> = plans.iter().copied().flat_map(of).collect();
        targets.sort_by_key(|site| {
            let of = (&site.plan.manifest, &site.plan.id);
            (worst(site.target), of, &site.target.target)
        });
        Self {
            call,
            plans,
            targets,
        }
    }

    /// `vps`, and of which manifest where there are several.
    fn place(&self, plan: &Plan, target: &str) -> String {
        let target = code(target, SENTENCE);
        match self.plans.len() {
            1 => target,
            _ => format!("{target} of {}", code(plan.manifest.as_str(), SENTENCE)),
        }
    }

    /// What an apply restarts, runs or deploys, as one paragraph.
    fn put_in_force(&self) -> Option<String> {
        const SHOWN: usize = 4;
        let mut all: Vec<String> = self
            .plans
            .iter()
            .flat_map(|plan| forced(&plan.targets))
            .map(|one| code(&one.sentence(), SENTENCE))
            .collect();
        let deployed = |site: &&Site<'_>| site.target.activates && site.target.will_write();
        let deployed = self.targets.iter().filter(deployed);
        all.extend(deployed.map(|site| format!("deploy {}", deploys(site.target))));
        all.sort_unstable();
        all.dedup();
        let more = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        if more > 0 {
            all.push(format!("{more} more of this kind"));
        }
        let (last, rest) = all.split_last()?;
        let rest = rest.join(", ");
        let joined = if rest.is_empty() { "" } else { " and " };
        Some(format!("Apply will {rest}{joined}{last}."))
    }

    /// What names the plan, and how it is approved.
    fn end(&self) -> Part {
        let plans = self.plans.iter().map(|plan| {
            let id = code(plan.id.short(), BRIEF);
            let name = code(plan.manifest.as_str(), BRIEF);
            // an approval names it
            Item::new(format!("<sub>plan {id} of {name}</sub>")).kept()
        });
        let mut lists = vec![List {
            thing: "plan",
            head: None,
            items: plans.collect(),
        }];
        if self.call.saved.is_some() {
            let apply = command(&self.call.command("apply", &[]));
            let line = format!("To approve and do exactly this: {apply}");
            lists.push(List {
                thing: "command",
                head: None,
                items: vec![Item::new(line).kept()],
            });
        }
        Part {
            title: Title::None,
            intro: None,
            lists,
        }
    }
}

/// What a write to the target deploys.
fn deploys(target: &TargetPlan) -> String {
    let name = code(target.target.as_str(), SENTENCE);
    if words::deploys_others(target) {
        format!("whatever refers to {name}")
    } else {
        name
    }
}
