//! One variable: does it open, what does it look like, and is it time.

use super::super::desired::Values;
use super::super::expiry::{dates, expiring};
use super::super::staged::is_marked_public;
use super::{Notes, Wanted, is_armored, of_variable};
use crate::manifest::{Source, Variable};
use crate::model::{
    CheckKind, Finding, SecretValue, Severity, VarName, clear_lint, is_private_key, lint_value,
    quality,
};

/// Whether what is asked for needs this value.
pub(super) fn is_opened(variable: &Variable, wanted: &Wanted<'_>) -> bool {
    let kinds = [CheckKind::Keys, CheckKind::Lint, CheckKind::Expiry];
    variable.source.is_encrypted() && kinds.iter().any(|kind| wanted.kinds.contains(kind))
}

/// Everything about one variable.
pub(super) fn inspect(
    name: &VarName,
    variable: &Variable,
    values: &Values<'_>,
    notes: &mut Notes<'_>,
) {
    match values.opened(name) {
        Some(Ok(open)) => looks(name, variable, &open.value, notes),
        Some(Err(why)) => does_not_open(name, variable, why, notes),
        None => {}
    }
    if is_armored(&variable.source) {
        notes.push(unauthenticated(name, variable));
    }
    if let Some(finding) = expiry(name, variable, values, notes) {
        notes.push(finding);
    }
}

/// Texts that everybody can read, and that look as if they should not. `text` is the manifest's.
pub(super) fn in_clear(text: &str, name: &VarName, variable: &Variable, notes: &mut Notes<'_>) {
    let value = match &variable.source {
        Source::Clear(value) => value.clone(),
        Source::Template(template) => template.to_source(),
        Source::Sealed(_) | Source::Armored(_) => return,
    };
    let at = variable.position;
    let is_key = is_private_key(&value)
        || lint_value(&SecretValue::new(value.as_str())).contains(&"private-key");
    let (severity, code, words) = if is_key {
        (
            Severity::Error,
            "private-key-in-clear",
            (
                format!("{name} is a private key in clear text"),
                format!("driftlock set {name}, and replace the key: it is in the history"),
            ),
        )
    } else if let Some(what) = clear_lint(name.as_str(), &value)
        && !is_marked_public(text, at)
    {
        (
            Severity::Warning,
            "clear-secret",
            (
                format!("{name} looks like {what} in clear text"),
                format!(
                    "driftlock set {name} encrypts it; if it is meant to be public, write \
                     `# driftlock: clear` behind its name"
                ),
            ),
        )
    } else {
        return;
    };
    notes.push(of_variable(
        name,
        at,
        CheckKind::Lint,
        severity,
        code,
        words,
    ));
}

fn does_not_open(name: &VarName, variable: &Variable, why: &str, notes: &mut Notes<'_>) {
    notes.push(of_variable(
        name,
        variable.position,
        CheckKind::Keys,
        Severity::Error,
        "does-not-open",
        (
            format!("{name} does not open: {why}"),
            format!("restore its line from git, or driftlock set {name}"),
        ),
    ));
    let why = format!("{name} does not open");
    notes.unchecked(CheckKind::Lint, &why);
    notes.unchecked(CheckKind::Expiry, why);
}

/// What the value of a secret looks like.
fn looks(name: &VarName, variable: &Variable, value: &SecretValue, notes: &mut Notes<'_>) {
    let mut add = |code: &'static str, message: String, help: &str| {
        if !variable.metadata.lint_ok.contains(code) {
            let help = format!("{help} {name}{}", meant(code));
            notes.push(of_variable(
                name,
                variable.position,
                CheckKind::Lint,
                Severity::Warning,
                code,
                (message, help),
            ));
        }
    };
    for lint in lint_value(value) {
        // a private key is a secret like any other
        if lint != "private-key" {
            let message = format!("the value of {name} touches the rail {lint}");
            add(lint, message, "driftlock set");
        }
    }
    for remark in quality(name.as_str(), value) {
        // nobody has to invent what nobody has to remember
        let next = match remark.code {
            "short" | "weak" => "driftlock rotate",
            _ => "driftlock set",
        };
        let message = format!("the value of {name} {}", remark.what);
        add(remark.code, message, next);
    }
}

/// How it is said that a finding is meant.
pub(super) fn meant(code: &str) -> String {
    format!("; if it is meant, `lint_ok: [{code}]` at the variable")
}

/// Written without the key: that can be seen without one, too.
fn unauthenticated(name: &VarName, variable: &Variable) -> Finding {
    of_variable(
        name,
        variable.position,
        CheckKind::Keys,
        Severity::Warning,
        "unauthenticated",
        (
            format!("{name} was written without the key, and waits"),
            format!("driftlock accept {name}"),
        ),
    )
}

/// A date has passed or is near. A warning: a day that comes must not fail the change of somebody
/// else, unless `--strict` or the policy of the folder wants it so.
fn expiry(
    name: &VarName,
    variable: &Variable,
    values: &Values<'_>,
    notes: &Notes<'_>,
) -> Option<Finding> {
    if !notes.wants(CheckKind::Expiry) {
        return None;
    }
    let dates = dates(values, name);
    let found = expiring(values.manifest(), name, &dates, notes.wanted.now)?;
    let severity = if found.fails {
        Severity::Error
    } else {
        Severity::Warning
    };
    Some(of_variable(
        name,
        variable.position,
        CheckKind::Expiry,
        severity,
        found.code(),
        (format!("{name} {}", found.what()), found.next()),
    ))
}
