//! What people are told of a rotation with an overlap: names and times, and the next command.

use jiff::Timestamp;

use super::super::RotateArgs;
use super::survey::Standing;
use crate::cli::plan::invocation;
use crate::cli::reach;
use crate::cli::selection::Selection;
use crate::cli::session::Item;
use crate::cli::ui::Ui;
use crate::model::{TargetName, VarName};
use crate::reconcile::rotation::{Direction, Next, Rotation};
use crate::render::escape;
use crate::render::style::shell_quoted;

/// Which targets are where now.
pub(super) fn step(rotation: &Rotation<'_>, next: Next) -> String {
    let name = rotation.name;
    let users = listed(rotation.overlap.used_by.iter().map(|(target, _)| target));
    let acceptors = listed(
        rotation
            .overlap
            .accepted_by
            .iter()
            .map(|(target, _)| target),
    );
    match next {
        Next::Switch => format!("{name}: {users} use the new value from now on"),
        Next::SwitchBack => format!("{name}: {users} use the former value again"),
        Next::Retire => {
            format!("{name}: the former value goes; {acceptors} accept the new one only")
        }
        Next::Withdraw => format!("{name}: the new value goes; it is what it was before"),
        Next::Hold(until) => format!("{name}: the former value stays good until {}", time(until)),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a TargetName>) -> String {
    let names: Vec<&str> = names.map(TargetName::as_str).collect();
    names.join(" and ")
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// What keeps each rotation where it is.
pub(super) fn blocked(arguments: &RotateArgs, item: &Item, all: &[&Standing], ui: &mut Ui) {
    for standing in all {
        let name = &standing.name;
        ui.warn(&format!("the rotation of {name} cannot go on yet"));
        for obstacle in &standing.obstacles {
            let why = escape::terminal(&obstacle.why);
            ui.say(&format!("  {}: {why}", obstacle.target));
        }
        let next = next_command(arguments, item, std::slice::from_ref(name), standing);
        ui.say(&format!("  next: {next}"));
    }
}

/// What is to be done about how a rotation stands.
pub(super) fn next_command(
    arguments: &RotateArgs,
    item: &Item,
    names: &[VarName],
    standing: &Standing,
) -> String {
    if standing.obstacles.iter().any(|one| one.wants_apply) {
        apply(arguments, item, names)
    } else if standing.obstacles.is_empty() {
        go_on(arguments, names, Direction::On)
    } else {
        let names: Vec<&str> = names.iter().map(VarName::as_str).collect();
        format!("driftlock doctor {}", names.join(" "))
    }
}

/// The apply that carries a stage to its targets, as a line to paste.
fn apply(arguments: &RotateArgs, item: &Item, names: &[VarName]) -> String {
    let on_targets = reach::names_on_targets(&item.loaded.manifest, names);
    let selection = Selection::of_variables(arguments.manifest.as_deref(), on_targets);
    invocation(&selection).command("apply", &[])
}

/// `rotate --continue`, with what belongs to it.
pub(super) fn go_on(arguments: &RotateArgs, names: &[VarName], direction: Direction) -> String {
    let flag = match direction {
        Direction::On => "--continue",
        Direction::Back => "--abort",
    };
    let mut words = vec![format!("driftlock rotate {flag}")];
    words.extend(names.iter().map(ToString::to_string));
    if let Some(manifest) = &arguments.manifest {
        let path = escape::terminal(&manifest.display().to_string());
        words.push(format!("-f {}", shell_quoted(&path)));
    }
    if arguments.apply {
        words.push("--apply".to_owned());
    }
    if arguments.yes {
        words.push("--yes".to_owned());
    }
    words.join(" ")
}

pub(super) fn next_apply(arguments: &RotateArgs, item: &Item, names: &[VarName], ui: &mut Ui) {
    ui.say(&format!("  next: {}", apply(arguments, item, names)));
    let rotations = super::chosen(item, names);
    if !rotations.is_empty() {
        let direction = match arguments.abort {
            true => Direction::Back,
            false => Direction::On,
        };
        ui.say(&format!("  then: {}", go_on(arguments, names, direction)));
    }
}

pub(super) fn holds(arguments: &RotateArgs, names: &[VarName], until: Timestamp, ui: &mut Ui) {
    ui.say(&format!(
        "the new value is used everywhere; the former one stays good until {}",
        time(until)
    ));
    let next = go_on(arguments, names, Direction::On);
    ui.say(&format!("  next, then: {next}"));
}

pub(super) fn interrupted(
    arguments: &RotateArgs,
    names: &[VarName],
    direction: Direction,
    ui: &mut Ui,
) {
    let next = go_on(arguments, names, direction);
    ui.say(&format!(
        "  the manifest says how far it is; to go on from there: {next}"
    ));
}

pub(super) fn over(names: &[VarName], direction: Direction, ui: &mut Ui) {
    let names: Vec<&str> = names.iter().map(VarName::as_str).collect();
    let names = names.join(" and ");
    ui.say(&match direction {
        Direction::On => format!("{names}: rotated everywhere, and the former value is gone"),
        Direction::Back => format!("{names}: as before, and the new value is gone"),
    });
}
