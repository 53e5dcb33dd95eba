//! What targets would make of the variables that they get: names that mean something to every
//! process, and what a place cannot hold. Nothing is connected to.

use std::collections::BTreeMap;

use super::super::connect::refusal_of;
use super::super::desired::{Offer, Values, may_refer};
use super::values::meant;
use super::{Notes, of_variable};
use crate::manifest::{TargetSpec, Use};
use crate::model::{
    CheckKind, Finding, Position, SecretValue, Severity, TargetName, VarName, dangerous_name,
};

/// More targets than these are counted.
const MOST: usize = 3;

/// All targets.
pub(super) fn inspect(values: &Values<'_>, notes: &mut Notes<'_>) {
    let mut dangerous: BTreeMap<&VarName, (Position, &'static str, Vec<&TargetName>)> =
        BTreeMap::new();
    for target in &values.manifest().targets {
        for used in &target.uses {
            // of a value that is not known here the name alone is looked at
            let value = values.value(&used.source).ok();
            let shown = value.as_ref().map(SecretValue::expose);
            if let Some(what) = dangerous_name(used.name.as_str(), shown)
                && !is_meant(values, used, "dangerous-name")
            {
                let found = dangerous.entry(&used.name);
                let (_, _, targets) = found.or_insert((used.position, what, vec![]));
                targets.push(&target.name);
            }
            if let Some(finding) = unrepresentable(values, target, used, value) {
                notes.push(finding);
            }
        }
        same_name(values, target, notes);
    }
    for (name, (position, what, targets)) in dangerous {
        notes.push(of_variable(
            name,
            position,
            CheckKind::Lint,
            Severity::Warning,
            "dangerous-name",
            (
                format!("{name} {what}, on {}", list(&targets)),
                format!(
                    "give it another name{}",
                    meant("dangerous-name").replace("at the variable", "at its declaration")
                ),
            ),
        ));
    }
}

fn is_meant(values: &Values<'_>, used: &Use, code: &str) -> bool {
    let variable = used
        .declared()
        .and_then(|name| values.manifest().variables.get(name));
    variable.is_some_and(|variable| variable.metadata.lint_ok.contains(code))
}

fn list(targets: &[&TargetName]) -> String {
    let shown: Vec<&str> = targets
        .iter()
        .take(MOST)
        .map(|target| target.as_str())
        .collect();
    match targets.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What a plan would hold for good: it is known without looking.
fn unrepresentable(
    values: &Values<'_>,
    target: &TargetSpec,
    used: &Use,
    value: Option<SecretValue>,
) -> Option<Finding> {
    let variable = used
        .declared()
        .and_then(|name| values.manifest().variables.get(name));
    let value = value.unwrap_or_else(|| SecretValue::new("x"));
    let why = refusal_of(
        &target.address,
        &Offer {
            name: &used.name,
            value: &value,
            may_refer: may_refer(&used.source, variable),
        },
    )?;
    Some(at_target(
        &used.name,
        target,
        (used.position, Severity::Error, "unrepresentable"),
        (
            format!("{} cannot hold {}: {why}", target.name, used.name),
            format!(
                "driftlock set {} with another value, or take it from this target",
                used.declared().unwrap_or(&used.name)
            ),
        ),
    ))
}

/// Names that are one name to whoever does not look at the size of letters.
fn same_name(values: &Values<'_>, target: &TargetSpec, notes: &mut Notes<'_>) {
    let mut seen: BTreeMap<String, &Use> = BTreeMap::new();
    for used in &target.uses {
        let folded = used.name.as_str().to_ascii_lowercase();
        let Some(first) = seen.get(&folded) else {
            seen.insert(folded, used);
            continue;
        };
        if is_meant(values, used, "name-case") || is_meant(values, first, "name-case") {
            continue;
        }
        notes.push(at_target(
            &used.name,
            target,
            (used.position, Severity::Warning, "name-case"),
            (
                format!(
                    "{} and {} on {} differ in the size of letters only",
                    first.name, used.name, target.name
                ),
                format!("give one of them another name{}", meant("name-case")),
            ),
        ));
    }
}

fn at_target(
    name: &VarName,
    target: &TargetSpec,
    (position, severity, code): (Position, Severity, &'static str),
    words: (String, String),
) -> Finding {
    Finding {
        subject: Some(format!("{name}@{}", target.name)),
        ..of_variable(name, position, CheckKind::Lint, severity, code, words)
    }
}
