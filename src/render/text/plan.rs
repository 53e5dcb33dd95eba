//! A plan for people: what this revision may do that the last could not, then target by target.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use jiff::Timestamp;

use super::expiry::expiry;
use super::status::seen_line;
use super::{command, diff, holds, names};
use crate::model::{Authors, Behind, TargetName, VarName};
use crate::plan::{ActionKind, Change, Class, Plan, Reason, Summary, TargetPlan, TargetState};
use crate::reconcile::event::SeenTarget;
use crate::render::escape;
use crate::render::forced::forced;
use crate::render::layout::{Line, width};
use crate::render::style::{Invocation, Role, Style};
use crate::render::waiting::{Waiting, waiting};
use crate::render::words;

/// Writes the plan of one manifest, without its summary.
pub fn render_plan(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    plan: &Plan,
) -> fmt::Result {
    let mut targets: Vec<&TargetPlan> = plan.targets.iter().filter(|t| is_shown(t)).collect();
    let waits = waiting(&plan.targets);
    let nothing = targets.is_empty() && plan.authority.is_empty() && waits.is_empty();
    if nothing && plan.expiry.is_empty() {
        return Ok(());
    }
    Line::new()
        .then(Role::Heading, plan.manifest.as_str())
        .then(
            Role::Dim,
            format!("  plan {}", escape::terminal(plan.id.short())),
        )
        .write(out, style, 0, 2)?;
    writeln!(out)?;
    authority(out, style, call, plan)?;
    targets.sort_by_key(|target| worst(target));
    let twins = twins(plan);
    for target in targets {
        target_block(out, style, call, target, &twins, &plan.who)?;
        writeln!(out)?;
    }
    for one in &waits {
        drafts(out, style, one)?;
    }
    expiry(out, style, call, &plan.expiry)?;
    deploys(out, style, call, plan)?;
    activations(out, style, call, plan)?;
    let owed = plan.targets.iter().any(TargetPlan::will_activate);
    let mut changes = plan.targets.iter().flat_map(|target| &target.changes);
    let goes = |change: &Change| words::is_listed(change) && change.will_happen();
    if !call.applying && (owed || changes.any(goes)) {
        command(out, style, 0, &call.command("apply", &[]))?;
    }
    Ok(())
}

/// Writes what other machines last saw of their targets, a line each.
pub fn render_elsewhere(
    out: &mut dyn Write,
    style: &Style,
    plan: &Plan,
    seen: &BTreeMap<TargetName, SeenTarget>,
    now: Timestamp,
) -> fmt::Result {
    let mut any = false;
    for target in &plan.targets {
        if let Some(seen) = seen.get(&target.target) {
            seen_line(out, style, target.target.as_str(), seen, now)?;
            any = true;
        }
    }
    if any { writeln!(out) } else { Ok(()) }
}

/// Writes the last line: counts over all manifests of the run, of `targets` targets.
pub fn render_plan_summary(
    out: &mut dyn Write,
    style: &Style,
    summary: &Summary,
    targets: usize,
) -> fmt::Result {
    let text = words::summary(summary, targets);
    let text = if style.unicode {
        text
    } else {
        text.replace('·', "|")
    };
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn is_shown(target: &TargetPlan) -> bool {
    worst(target) < 7 || !target.notes.is_empty() || target.behind.is_some()
}

/// Targets with problems first: smaller is worse.
pub(in crate::render) fn worst(target: &TargetPlan) -> u8 {
    let state = match target.state {
        TargetState::Unknown { .. } | TargetState::Partial { .. } => 0,
        TargetState::Read | TargetState::Elsewhere { .. } => 7,
    };
    let changes = target.changes.iter().map(words::rank).min().unwrap_or(7);
    state.min(changes)
}

fn authority(out: &mut dyn Write, style: &Style, call: &Invocation, plan: &Plan) -> fmt::Result {
    if plan.authority.is_empty() {
        return Ok(());
    }
    Line::new()
        .then(
            Role::Bad,
            "This revision may do more than the last applied one:",
        )
        .write(out, style, 0, 2)?;
    for change in &plan.authority {
        let place = change.target.as_ref().map(ToString::to_string);
        let mut line = Line::new()
            .then(Role::Bad, "! ")
            .then(Role::Plain, words::authority(change.kind));
        if let Some(place) = &place {
            line = line.then(Role::Plain, format!(", {place}"));
        }
        line = line.then(Role::Plain, format!(": {}", escape::terminal(&change.what)));
        if change.held {
            line = line.then(Role::Dim, format!(" ({})", words::held_authority(call)));
        }
        line.write(out, style, 2, 4)?;
        if change.held && call.saved.is_none() {
            let flag = words::authority_flag(change);
            command(out, style, 6, &call.command("apply", &[&flag]))?;
        }
    }
    writeln!(out)
}

fn target_block(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    target: &TargetPlan,
    twins: &Twins<'_>,
    authors: &Authors,
) -> fmt::Result {
    Line::new()
        .then(Role::Heading, target.target.as_str())
        .then(
            Role::Dim,
            format!("  {}", escape::terminal(&words::place(target))),
        )
        .write(out, style, 0, 4)?;
    state(out, style, call, target)?;
    let mut changes: Vec<&Change> = target
        .changes
        .iter()
        .filter(|change| words::is_listed(change))
        .collect();
    changes.sort_by_key(|change| (words::rank(change), &change.name));
    if matches!(target.state, TargetState::Unknown { .. }) {
        // one reason for all of them, and it stands above
        not_read(out, style, &changes)?;
        changes.clear();
    }
    let column = name_column(&changes, style);
    for change in changes {
        let also = twins.others(target, change);
        change_block(out, style, change, &also, column)?;
        if let Some(who) = authors.get(&target.target, &change.name) {
            let words = escape::terminal(&who.words(authors.asked_at));
            Line::new().then(Role::Dim, words).write(out, style, 6, 2)?;
        }
        holds(out, style, call, &change.holds)?;
        if change.holds.is_empty() {
            next(out, style, call, target, change)?;
        }
    }
    if let Some(behind) = &target.behind {
        not_running(out, style, behind)?;
    }
    for note in &target.notes {
        Line::new()
            .then(Role::Dim, format!("note: {}", escape::terminal(note)))
            .write(out, style, 2, 2)?;
    }
    Ok(())
}

fn not_read(out: &mut dyn Write, style: &Style, changes: &[&Change]) -> fmt::Result {
    if changes.is_empty() {
        return Ok(());
    }
    let list: Vec<VarName> = changes.iter().map(|change| change.name.clone()).collect();
    let count = words::counted(list.len(), "variable");
    Line::new()
        .then(
            Role::Plain,
            format!("{count} not known: {}", names(&list, 12)),
        )
        .write(out, style, 4, 2)
}

/// Not ours, and not in force: it is said, and left alone.
fn drafts(out: &mut dyn Write, style: &Style, waiting: &Waiting<'_>) -> fmt::Result {
    Line::new()
        .then(Role::Heading, "Staged by somebody, not deployed")
        .then(Role::Dim, format!("  seen from {}", waiting.seen_from()))
        .write(out, style, 0, 4)?;
    for draft in waiting.drafts {
        Line::new()
            .then(Role::Drift, "! ")
            .then(Role::Plain, escape::terminal(draft))
            .write(out, style, 2, 4)?;
    }
    writeln!(out)
}

fn not_running(out: &mut dyn Write, style: &Style, behind: &Behind) -> fmt::Result {
    Line::new()
        .then(Role::Drift, "! stored but not running")
        .then(Role::Plain, format!(": {}", words::not_running(behind)))
        .write(out, style, 2, 2)?;
    match &behind.help {
        Some(help) => Line::new()
            .then(Role::Dim, format!("help: {}", escape::terminal(help)))
            .write(out, style, 4, 2),
        None => Ok(()),
    }
}

/// What apply puts in force by itself.
fn deploys(out: &mut dyn Write, style: &Style, call: &Invocation, plan: &Plan) -> fmt::Result {
    let writes = |target: &&TargetPlan| target.activates && target.will_write();
    let (others, themselves): (Vec<&TargetPlan>, Vec<&TargetPlan>) =
        (plan.targets.iter().filter(writes)).partition(|target| words::deploys_others(target));
    let names = |of: &[&TargetPlan]| -> Vec<String> {
        let names = of.iter().map(|target| target.target.to_string());
        names.collect()
    };
    let (mut what, others) = (names(&themselves), names(&others));
    let text = if call.no_activate {
        what.extend(others);
        format!("Stored only, nothing is deployed: {}", what.join(", "))
    } else {
        if !others.is_empty() {
            what.push(format!("whatever refers to {}", others.join(", ")));
        }
        format!("Apply deploys: {}", what.join(", "))
    };
    if what.is_empty() {
        return Ok(());
    }
    Line::new().then(Role::Plain, text).write(out, style, 0, 2)
}

/// What apply does on machines after its writes: each thing once, with the targets that it serves.
fn activations(out: &mut dyn Write, style: &Style, call: &Invocation, plan: &Plan) -> fmt::Result {
    for one in forced(&plan.targets) {
        let verb = if call.no_activate {
            "Stored only, apply would"
        } else {
            "Apply will"
        };
        Line::new()
            .then(
                Role::Plain,
                format!("{verb} {}", escape::terminal(&one.sentence())),
            )
            .write(out, style, 0, 2)?;
    }
    for target in &plan.targets {
        if let Some(hold) = target.activation.as_ref().and_then(|one| one.hold.as_ref()) {
            holds(out, style, call, std::slice::from_ref(hold))?;
        }
    }
    Ok(())
}

fn state(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    target: &TargetPlan,
) -> fmt::Result {
    let (what, reason, help) = match &target.state {
        TargetState::Read | TargetState::Elsewhere { .. } => return Ok(()),
        TargetState::Unknown { reason, help } => ("unknown", reason, help.as_deref()),
        TargetState::Partial { reason } => ("read in part", reason, None),
    };
    Line::new()
        .then(Role::Unknown, format!("? {what}"))
        .then(Role::Plain, format!(": {}", escape::terminal(reason)))
        .write(out, style, 2, 2)?;
    if let Some(help) = help {
        Line::new()
            .then(Role::Dim, format!("help: {}", escape::terminal(help)))
            .write(out, style, 4, 2)?;
    }
    let flag = format!("--target {}", target.target);
    command(out, style, 4, &call.command("plan", &[&flag]))
}

/// Where the words begin, so that they stand under each other; long names do not push all others.
fn name_column(changes: &[&Change], style: &Style) -> usize {
    let most = (style.width / 3).max(8);
    changes
        .iter()
        .map(|change| width(change.name.as_str()))
        .filter(|columns| *columns <= most)
        .max()
        .unwrap_or(0)
}

fn change_block(
    out: &mut dyn Write,
    style: &Style,
    change: &Change,
    also: &str,
    column: usize,
) -> fmt::Result {
    let (sign, role) = words::sign(change, style);
    let mut line = Line::new()
        .then(role, format!("{sign} {}", change.name))
        .pad_to(column + 4)
        .then(role, words::class(change.class))
        .then(Role::Plain, format!(": {}", words::reason(change.reason)));
    if let Some(detail) = &change.detail {
        line = line.then(Role::Plain, format!(", {}", escape::terminal(detail)));
    }
    let inline = diff::inline(change, style);
    if let Some(values) = &inline {
        line = line
            .then(Role::Plain, "  ")
            .then_whole(Role::Heading, values.clone());
    }
    if !also.is_empty() {
        line = line
            .then(Role::Plain, "  ")
            .then_whole(Role::Dim, format!("({also})"));
    }
    line.write(out, style, 2, 4)?;
    if inline.is_none() {
        diff::block(out, style, change)?;
    }
    Ok(())
}

/// The next command, where a hold does not name it already. What `apply` will simply do needs none
/// of its own: the command is in the last lines of the report.
fn next(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    target: &TargetPlan,
    change: &Change,
) -> fmt::Result {
    let place = format!("{}@{}", change.name, target.target);
    let text = match (change.class, change.reason) {
        (Class::Conflict, Reason::PruneChangedOutside) | (Class::Change, Reason::PruneOff) => {
            call.command_of_one("history", &["--target", target.target.as_str()])
        }
        (Class::Conflict, _) if change.action == ActionKind::None => {
            call.command("apply", &[&format!("--overwrite {place}")])
        }
        (Class::Unknown, Reason::Undecryptable) => call.command("check", &[]),
        (Class::Unknown, Reason::VariableUnreadable) => {
            call.command("plan", &["--target", target.target.as_str()])
        }
        _ => return Ok(()),
    };
    command(out, style, 6, &text)
}

/// Which targets have the same change of one declared variable.
struct Twins<'p>(BTreeMap<Twin<'p>, Vec<&'p TargetName>>);

type Twin<'p> = (&'p VarName, Class, Reason, ActionKind);

fn twin(change: &Change) -> Option<Twin<'_>> {
    let declared = change.declared.as_ref()?;
    Some((declared, change.class, change.reason, change.action))
}

fn twins(plan: &Plan) -> Twins<'_> {
    let mut map: BTreeMap<Twin<'_>, Vec<&TargetName>> = BTreeMap::new();
    for target in &plan.targets {
        for change in target.changes.iter().filter(|c| words::is_listed(c)) {
            if let Some(key) = twin(change) {
                // one target may have it under two names
                let targets = map.entry(key).or_default();
                if targets.last() != Some(&&target.target) {
                    targets.push(&target.target);
                }
            }
        }
    }
    Twins(map)
}

impl Twins<'_> {
    /// `same on api, mac-mini`, or nothing.
    fn others(&self, target: &TargetPlan, change: &Change) -> String {
        let Some(all) = twin(change).and_then(|key| self.0.get(&key)) else {
            return String::new();
        };
        let others: Vec<&str> = all
            .iter()
            .filter(|name| ***name != target.target)
            .map(|name| name.as_str())
            .collect();
        match others.len() {
            0 => String::new(),
            1..=3 => format!("same on {}", others.join(", ")),
            more => format!("same on {} and {} more", others[..2].join(", "), more - 2),
        }
    }
}
