//! A plan as the comment of a pull request: summary first, what needs a decision next, the rest
//! folded. The same plan gives the same bytes, so that a comment can be updated in place.

use std::fmt::{self, Write};

use similar::TextDiff;

use super::escape::{markdown, markdown_code, markdown_fence, terminal};
use super::style::{Invocation, Style};
use super::text::release_commands;
use super::waiting::waiting;
use super::words;
use crate::plan::{ActionKind, Change, Class, Glimpse, Plan, Summary, TargetPlan, TargetState};

/// The hidden first line of the comment about a run: how it is found again.
pub fn marker(plans: &[Plan]) -> String {
    let names: Vec<&str> = plans.iter().map(|plan| plan.manifest.as_str()).collect();
    // a name may hold two dashes, which would end the comment
    let names = names.join(" ").replace("--", "-\\-");
    format!("<!-- driftlock:plan {names} -->")
}

/// Writes the comment; `summary` counts over all plans.
pub fn render_markdown(
    out: &mut dyn Write,
    call: &Invocation,
    plans: &[Plan],
    summary: &Summary,
) -> fmt::Result {
    let targets = plans.iter().map(|plan| plan.targets.len()).sum();
    writeln!(out, "{}", marker(plans))?;
    writeln!(out, "**{}**", markdown(&words::summary(summary, targets)))?;
    authority(out, call, plans)?;
    decisions(out, call, plans)?;
    drafts(out, plans)?;
    for plan in plans {
        for target in &plan.targets {
            details(out, call, plan, target)?;
        }
    }
    for plan in plans {
        let id = terminal(plan.id.short());
        writeln!(
            out,
            "\n<sub>{} · plan {id}</sub>",
            markdown(plan.manifest.as_str())
        )?;
    }
    if call.saved.is_some() {
        let command = markdown_code(&call.command("apply", &[]));
        writeln!(out, "\nTo approve and do exactly this: {command}")?;
    }
    Ok(())
}

fn authority(out: &mut dyn Write, call: &Invocation, plans: &[Plan]) -> fmt::Result {
    let mut all = plans.iter().flat_map(|plan| &plan.authority).peekable();
    if all.peek().is_none() {
        return Ok(());
    }
    writeln!(
        out,
        "\n### This revision may do more than the last applied one\n"
    )?;
    for one in all {
        write!(out, "- **{}**", words::authority(one.kind))?;
        if let Some(target) = &one.target {
            write!(out, " on {}", markdown_code(target.as_str()))?;
        }
        write!(out, ": {}", markdown(&one.what))?;
        if one.held {
            write!(out, " ({}", words::held_authority(call))?;
            if call.saved.is_none() {
                let flag = words::authority_flag(one);
                let release = call.command("apply", &[&flag]);
                write!(out, "; {}", markdown_code(&release))?;
            }
            write!(out, ")")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What somebody has to look at: not known, conflicts, deletes.
fn decisions(out: &mut dyn Write, call: &Invocation, plans: &[Plan]) -> fmt::Result {
    let mut lines = String::new();
    for target in plans.iter().flat_map(|plan| &plan.targets) {
        let name = markdown_code(target.target.as_str());
        if let TargetState::Unknown { reason, .. } | TargetState::Partial { reason } = &target.state
        {
            writeln!(lines, "- {name} is **unknown**: {}", markdown(reason))?;
        }
        let changes = target.changes.iter();
        for change in changes.filter(|change| needs_decision(change)) {
            write!(
                lines,
                "- {} on {name}: ",
                markdown_code(change.name.as_str())
            )?;
            writeln!(lines, "{}", sentence(change))?;
            holds(&mut lines, call, change)?;
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    write!(out, "\n### To look at\n\n{lines}")
}

/// Not ours, and not in force.
fn drafts(out: &mut dyn Write, plans: &[Plan]) -> fmt::Result {
    for one in waiting(plans.iter().flat_map(|plan| &plan.targets)) {
        let seen = markdown(&one.seen_from());
        writeln!(
            out,
            "\n### Staged by somebody, not deployed\n\nSeen from {seen}:\n"
        )?;
        for draft in one.drafts {
            writeln!(out, "- {}", markdown(draft))?;
        }
    }
    Ok(())
}

fn needs_decision(change: &Change) -> bool {
    matches!(change.class, Class::Conflict | Class::Unknown)
        || change.action == ActionKind::Delete
        || (words::is_listed(change) && !change.holds.is_empty())
}

fn sentence(change: &Change) -> String {
    let mut text = format!(
        "**{}**, {}",
        words::class(change.class),
        markdown(words::reason(change.reason))
    );
    if change.action != ActionKind::None {
        text.push_str(&format!(", would {}", words::action(change.action)));
    }
    if let Some(detail) = &change.detail {
        text.push_str(&format!(" ({})", markdown(detail)));
    }
    text
}

fn holds(out: &mut dyn Write, call: &Invocation, change: &Change) -> fmt::Result {
    for hold in &change.holds {
        write!(
            out,
            "  - held by {}: {}",
            markdown_code(&hold.rail),
            markdown(&hold.why)
        )?;
        writeln!(out)?;
    }
    let releases = change
        .holds
        .iter()
        .filter_map(|hold| hold.release.as_deref());
    for command in release_commands(call, releases) {
        writeln!(out, "  - to let it go: {}", markdown_code(&command))?;
    }
    Ok(())
}

fn details(
    out: &mut dyn Write,
    call: &Invocation,
    plan: &Plan,
    target: &TargetPlan,
) -> fmt::Result {
    let mut listed: Vec<&Change> = target
        .changes
        .iter()
        .filter(|change| words::is_listed(change))
        .collect();
    let quiet = target.notes.is_empty() && target.behind.is_none() && !target.will_activate();
    if listed.is_empty() && quiet {
        return Ok(());
    }
    listed.sort_by_key(|change| (words::rank(change), &change.name));
    writeln!(
        out,
        "\n<details><summary>{} · {}: {}</summary>\n",
        // inside the tag there is no Markdown, and names need no escape in HTML
        plan.manifest,
        target.target,
        words::counted(listed.len(), "difference"),
    )?;
    writeln!(out, "{}\n", markdown_code(&words::place(target)))?;
    for change in listed {
        line(out, change)?;
        holds(out, call, change)?;
    }
    if let Some(behind) = &target.behind {
        let what = words::not_running(behind);
        writeln!(out, "- **stored but not running**: {}", markdown(&what))?;
    }
    if target.activates && target.will_write() {
        let what = if words::deploys_others(target) {
            "whatever refers to it"
        } else {
            "it"
        };
        writeln!(out, "- apply deploys {what}")?;
    }
    if let Some(one) = target.activation.as_ref().filter(|one| one.will_happen()) {
        writeln!(out, "- apply will {}", markdown(&one.what))?;
    }
    for note in &target.notes {
        writeln!(out, "- note: {}", markdown(note))?;
    }
    blocks(out, target)?;
    writeln!(out, "\n</details>")
}

fn line(out: &mut dyn Write, change: &Change) -> fmt::Result {
    let (sign, _) = words::sign(change, &Style::plain());
    write!(
        out,
        "- {} {}",
        markdown_code(sign),
        markdown_code(change.name.as_str())
    )?;
    write!(out, ": {}", sentence(change))?;
    if !has_block(change) {
        write!(
            out,
            ", {} → {}",
            value(&change.before),
            value(&change.after)
        )?;
    }
    writeln!(out)
}

fn value(glimpse: &Glimpse) -> String {
    match glimpse {
        Glimpse::Text(text) => markdown_code(text),
        Glimpse::Fingerprint(_) => markdown_code(&words::opaque(glimpse)),
        other => words::opaque(other),
    }
}

fn text(glimpse: &Glimpse) -> &str {
    match glimpse {
        Glimpse::Text(text) => text,
        _ => "",
    }
}

/// Clear texts of several lines, or long ones, stand in a block of their own.
fn has_block(change: &Change) -> bool {
    [text(&change.before), text(&change.after)]
        .iter()
        .any(|text| text.contains('\n') || text.len() > 60)
}

fn blocks(out: &mut dyn Write, target: &TargetPlan) -> fmt::Result {
    let changes = target.changes.iter();
    for change in changes.filter(|change| words::is_listed(change) && has_block(change)) {
        let (before, after) = (text(&change.before), text(&change.after));
        let diff = TextDiff::from_lines(before, after);
        let mut body = String::new();
        for one in diff.iter_all_changes() {
            let line = one.value();
            let shown = terminal(line.strip_suffix('\n').unwrap_or(line));
            writeln!(body, "{}{shown}", one.tag())?;
        }
        let fence = markdown_fence(&body);
        writeln!(out, "\n{}:\n", markdown_code(change.name.as_str()))?;
        writeln!(out, "{fence}diff\n{body}{fence}")?;
    }
    Ok(())
}
