//! Whether the roles of a rotation fit the targets: a target without one would be told nothing, and
//! would be refused in the middle of it.

use super::{Overlap, Role, former_of, touches};
use crate::manifest::decode::Raw;
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::spec::{Source, Use, UseSource, Variable};
use crate::model::{Position, TargetName, VarName};

/// What can be seen without the uses of targets.
pub(in crate::manifest) fn check(raw: &Raw, problems: &mut Problems) {
    for (name, variable) in &raw.variables {
        if let Some(overlap) = &variable.metadata.overlap {
            check_overlap(raw, name, variable, overlap, problems);
        }
        check_stage(raw, name, variable, problems);
        check_former(raw, name, variable, problems);
    }
}

fn check_overlap(
    raw: &Raw,
    name: &VarName,
    variable: &Variable,
    overlap: &Overlap,
    problems: &mut Problems,
) {
    if matches!(variable.source, Source::Template(_)) {
        problems.error(
            variable.position,
            code::ROLE,
            format!("{name} is a template, which follows the secrets that it is made from"),
            Some("put `overlap` at those"),
        );
    }
    for (target, position) in overlap.accepted_by.iter().chain(&overlap.used_by) {
        if raw.targets.iter().any(|one| one.name == *target) {
            continue;
        }
        let known = raw.targets.iter().map(|one| one.name.as_str());
        let help = match nearest(target.as_str(), known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name targets of this manifest".to_owned(),
        };
        let message = format!("{name} has a role for a target that is not there");
        problems.error(*position, code::ROLE, message, Some(&help));
    }
}

/// A rotation that is under way has a stage at the variable and a former value beside it.
fn check_stage(raw: &Raw, name: &VarName, variable: &Variable, problems: &mut Problems) {
    if variable.metadata.rotating.is_none() {
        return;
    }
    if variable.metadata.overlap.is_none() {
        problems.error(
            variable.position,
            code::ROLE,
            format!("{name} is being rotated, and says neither `overlap` nor who accepts it"),
            Some("put `overlap`, `accepted_by` and `used_by` back until the rotation has ended"),
        );
    }
    if former_of(raw, name).is_none() {
        problems.error(
            variable.position,
            code::ROLE,
            format!("{name} is being rotated, and its former value is not there"),
            Some("take `rotating`, and the variable with `previous_of`, from one revision"),
        );
    }
}

fn check_former(raw: &Raw, name: &VarName, variable: &Variable, problems: &mut Problems) {
    let Some(of) = &variable.metadata.previous_of else {
        return;
    };
    let mut wrong = |message: String, help: &str| {
        problems.error(variable.position, code::ROLE, message, Some(help));
    };
    let rotated = raw.variables.get(of);
    if rotated.is_none_or(|one| one.metadata.rotating.is_none()) {
        wrong(
            format!("{name} is the former value of {of}, which is not being rotated"),
            "take it out with its `previous_of`, or take both variables from one revision",
        );
    } else if former_of(raw, of) != Some(name) {
        wrong(
            format!("{of} has two former values"),
            "keep one of the variables with `previous_of`",
        );
    }
    if !variable.source.is_encrypted() {
        wrong(
            format!("{name} is the former value of {of}, and is not encrypted"),
            "take both variables from one revision",
        );
    }
    if variable.metadata.overlap.is_some() || variable.metadata.rotating.is_some() {
        wrong(
            format!("{name} is the former value of {of}, and cannot be rotated itself"),
            "put `overlap` at the variable itself",
        );
    }
    let listed = raw.targets.iter().flat_map(|target| &target.uses);
    let direct = listed
        .flat_map(|used| used.source.references().map(|one| (one, used.position)))
        .chain(raw.groups.values().flat_map(|group| {
            let members = group.members.iter();
            members.map(|(member, position)| (member, *position))
        }));
    for (_, position) in direct.filter(|(one, _)| *one == name) {
        problems.error(
            position,
            code::ROLE,
            format!("{name} is the former value of {of}: targets get it by their roles"),
            Some("take it out here"),
        );
    }
}

/// Whether one target's role fits what it uses.
pub(super) fn check_target(
    raw: &Raw,
    target: &TargetName,
    role: &Role<'_>,
    uses: &[Use],
    problems: &mut Problems,
) {
    let (name, overlap) = (role.name, role.overlap);
    let used: Vec<&Use> = uses
        .iter()
        .filter(|used| touches(raw, used, name))
        .collect();
    let is_used_by = overlap.is_used_by(target);
    if let (Some(first), false) = (used.first(), role.accepts || is_used_by) {
        problems.error(
            first.position,
            code::ROLE,
            format!("{target} uses {name} and has no role in its rotation"),
            Some(&format!(
                "name it under `accepted_by` of {name} if it checks it, under `used_by` if it presents it"
            )),
        );
    }
    let mut unfit = |position: Position, message: String| {
        let help = format!("list {name} under `variables` of {target}, or take {target} out here");
        problems.error(position, code::ROLE, message, Some(&help));
    };
    let is_direct = used.iter().any(|used| {
        used.of.is_none() && matches!(&used.source, UseSource::Declared(one) if one == name)
    });
    if let (Some((_, position)), false) = (position_of(&overlap.accepted_by, target), is_direct) {
        unfit(
            *position,
            format!("{target} accepts {name} and does not get it as a variable of its own"),
        );
    }
    if let (Some((_, position)), true) = (position_of(&overlap.used_by, target), used.is_empty()) {
        unfit(*position, format!("{target} does not use {name}"));
    }
}

fn position_of<'l>(
    list: &'l [(TargetName, Position)],
    target: &TargetName,
) -> Option<&'l (TargetName, Position)> {
    list.iter().find(|(name, _)| name == target)
}
