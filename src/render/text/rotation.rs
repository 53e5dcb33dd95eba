//! Where rotations stand, for people.

use std::fmt::{self, Write};

use crate::model::TargetName;
use crate::reconcile::event::{RotationLine, RotationReport, RotationStage};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};

/// Writes one paragraph for each rotation, its next command last.
pub fn render_rotations(
    out: &mut dyn Write,
    style: &Style,
    report: &RotationReport,
) -> fmt::Result {
    if report.rotations.is_empty() {
        return Line::new()
            .then(Role::Heading, "No rotation is under way.")
            .write(out, style, 0, 2);
    }
    for one in &report.rotations {
        rotation(out, style, one)?;
    }
    Ok(())
}

fn rotation(out: &mut dyn Write, style: &Style, one: &RotationLine) -> fmt::Result {
    Line::new()
        .then(Role::Heading, one.variable.to_string())
        .then(Role::Plain, format!("  {}", stage(one)))
        .write(out, style, 0, 2)?;
    for (target, why) in &one.waits_for {
        let why = escape::terminal(why);
        Line::new()
            .then(Role::Plain, format!("{target}: {why}"))
            .write(out, style, 2, 4)?;
    }
    if one.waits_for.is_empty() {
        let text = match one.good_until {
            Some(until) => format!("the former value stays good until {}", time(until)),
            None => "every target is where it should be".to_owned(),
        };
        Line::new()
            .then(Role::Plain, text)
            .write(out, style, 2, 4)?;
    }
    let when = match one.good_until {
        Some(_) => "next, then: ",
        None => "next: ",
    };
    // a command to paste is never broken
    writeln!(out, "  {when}{}", one.next)
}

/// In words that follow the variable's name.
fn stage(one: &RotationLine) -> String {
    let (users, acceptors) = (listed(&one.used_by), listed(&one.accepted_by));
    match one.stage {
        RotationStage::Accept => {
            format!("{acceptors} accept both values; {users} use the former one")
        }
        RotationStage::Use => format!("{users} use the new value; {acceptors} accept both"),
    }
}

fn listed(names: &[TargetName]) -> String {
    let names: Vec<&str> = names.iter().map(TargetName::as_str).collect();
    names.join(" and ")
}

fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
