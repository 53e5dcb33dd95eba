//! One variable: does it open, what does it look like, and is it time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::expiry::{Due, due, soon};
use super::super::load::{Opener, Opening};
use super::super::staged::is_marked_public;
use super::{Notes, Wanted, is_armored, of_variable};
use crate::manifest::{Manifest, Source, Variable};
use crate::model::{
    CheckKind, Finding, SecretValue, Severity, VarName, clear_lint, is_private_key, lint_value,
};

/// Whether what is asked for needs this value, or when it was sealed.
pub(super) fn is_opened(variable: &Variable, wanted: &Wanted<'_>) -> bool {
    let wants = |kind| wanted.kinds.contains(&kind);
    variable.source.is_encrypted()
        && (wants(CheckKind::Keys)
            || wants(CheckKind::Lint)
            || (wants(CheckKind::Expiry) && variable.metadata.rotate.is_some()))
}

/// Everything about one variable.
pub(super) fn inspect(
    manifest: &Manifest,
    name: &VarName,
    variable: &Variable,
    opener: &mut Opener<'_>,
    notes: &mut Notes<'_>,
) {
    let mut sealed_at = None;
    match &variable.source {
        Source::Clear(_) | Source::Template(_) => {}
        Source::Sealed(_) | Source::Armored(_) => {
            // why a manifest stays sealed is said once, for all of it
            let is_open = !matches!(opener.opening, Opening::Sealed(_));
            if is_open && is_opened(variable, notes.wanted) {
                sealed_at = opened(manifest, name, variable, opener, notes);
            }
            if is_armored(&variable.source) {
                notes.push(unauthenticated(name, variable));
            }
        }
    }
    if let Some(finding) = expiry(name, variable, sealed_at, notes.wanted.now) {
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

/// Decrypts it, and looks at it. When it was sealed, if it opens.
fn opened(
    manifest: &Manifest,
    name: &VarName,
    variable: &Variable,
    opener: &mut Opener<'_>,
    notes: &mut Notes<'_>,
) -> Option<Timestamp> {
    let value = match opener.value(manifest, name) {
        Ok(value) => value,
        Err(why) => {
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
            if variable.metadata.rotate.is_some() {
                notes.unchecked(CheckKind::Expiry, why);
            }
            return None;
        }
    };
    for lint in lint_value(&value.value) {
        // a private key is a secret like any other
        if lint != "private-key" {
            notes.push(of_variable(
                name,
                variable.position,
                CheckKind::Lint,
                Severity::Warning,
                lint,
                (
                    format!("the value of {name} touches the rail {lint}"),
                    format!("driftlock set {name}"),
                ),
            ));
        }
    }
    value.sealed_at
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

/// `expires` has passed or is near, or `rotate` counts as far from the day it was sealed. A warning:
/// a day that comes must not fail the change of somebody else, unless `--strict` wants it so.
fn expiry(
    name: &VarName,
    variable: &Variable,
    sealed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Finding> {
    let metadata = &variable.metadata;
    let (code, message) = match due(metadata, sealed_at, now) {
        Some(Due::Expired(_)) => ("expired", format!("{name} has expired")),
        Some(Due::Rotation { .. }) => ("rotation-due", format!("{name} is due for rotation")),
        None => match soon(metadata, sealed_at, now)? {
            Due::Expired(date) => ("expires-soon", format!("{name} expires on {date}")),
            Due::Rotation { sealed_at, every } => {
                let day = sealed_at.checked_add(every).ok()?;
                let day = day.to_zoned(TimeZone::UTC).date();
                (
                    "rotation-soon",
                    format!("{name} is due for rotation on {day}"),
                )
            }
        },
    };
    Some(of_variable(
        name,
        variable.position,
        CheckKind::Expiry,
        Severity::Warning,
        code,
        (message, format!("driftlock set {name}")),
    ))
}
