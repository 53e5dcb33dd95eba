//! Everything that can be said of a manifest that parses without looking at a target: `check` without
//! its output. Nothing is read but identities.

mod recipients;
mod values;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::load::{self, Loaded, Opener, Opening, SealedBecause};
use crate::crypto::Keyring;
use crate::manifest::{Manifest, Source};
use crate::model::{CheckKind, Diagnostic, Finding, Position, Severity, Unchecked, VarName};

/// What a run is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The kinds of findings.
    pub kinds: &'a BTreeSet<CheckKind>,
    /// Whether a manifest that no identity opens is an error.
    pub identity_required: bool,
    /// Dates are held against it.
    pub now: Timestamp,
}

/// What was found, and what could not be looked at: that is never the same as being in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// By position.
    pub findings: Vec<Finding>,
    /// By kind.
    pub unchecked: Vec<Unchecked>,
}

/// Inspects one manifest, whose text this is. An identity is looked for only where one of the kinds needs it.
pub fn inspect(
    loaded: &Loaded,
    text: &str,
    wanted: &Wanted<'_>,
    keyring: &mut Keyring,
) -> Inspected {
    let manifest = &loaded.manifest;
    let opening = if needs_identity(manifest, wanted) {
        load::open(manifest, keyring)
    } else {
        Opening::Clear
    };
    inspect_opened(loaded, text, &opening, wanted, keyring)
}

/// The same for one that is open, as far as it can be.
pub fn inspect_opened(
    loaded: &Loaded,
    text: &str,
    opening: &Opening,
    wanted: &Wanted<'_>,
    keyring: &mut Keyring,
) -> Inspected {
    let manifest = &loaded.manifest;
    let mut notes = Notes::new(wanted);
    for warning in &loaded.warnings {
        notes.push(Finding::of_file(warning.clone()));
    }
    recipients::inspect(manifest, opening, &mut notes);
    if let Opening::Sealed(why) = opening {
        sealed(manifest, why, &mut notes);
    }
    let mut opener = Opener { opening, keyring };
    for (name, variable) in &manifest.variables {
        values::inspect(manifest, name, variable, &mut opener, &mut notes);
        values::in_clear(text, name, variable, &mut notes);
    }
    notes.finish()
}

fn needs_identity(manifest: &Manifest, wanted: &Wanted<'_>) -> bool {
    manifest.seal.is_some()
        && [CheckKind::Keys, CheckKind::Recipients]
            .iter()
            .any(|kind| wanted.kinds.contains(kind))
        || manifest
            .variables
            .values()
            .any(|variable| values::is_opened(variable, wanted))
}

/// No value of it can be looked into. Where the file is in order and only no identity fits, that is
/// no error unless somebody counts on one.
fn sealed(manifest: &Manifest, why: &SealedBecause, notes: &mut Notes<'_>) {
    let is_error = !why.is_locked() || notes.wanted.identity_required;
    // whatever was asked for could not be done: that is said of every kind
    notes.findings.push(Finding {
        kind: CheckKind::Keys,
        subject: None,
        diagnostic: Diagnostic {
            position: Position::default(),
            severity: if is_error {
                Severity::Error
            } else {
                Severity::Warning
            },
            code: "sealed",
            message: format!("its values were not checked: {why}"),
            help: Some(why.help().to_owned()),
        },
    });
    let reason = if why.is_locked() {
        "no identity opens the manifest"
    } else {
        "the manifest stays sealed"
    };
    notes.unchecked(CheckKind::Keys, reason);
    notes.unchecked(CheckKind::Recipients, reason);
    let mut encrypted = manifest
        .variables
        .values()
        .filter(|variable| variable.source.is_encrypted())
        .peekable();
    if encrypted.peek().is_some() {
        notes.unchecked(CheckKind::Lint, reason);
    }
    if encrypted.any(|variable| variable.metadata.rotate.is_some()) {
        notes.unchecked(CheckKind::Expiry, reason);
    }
}

/// Collects what belongs to the kinds that were asked for.
struct Notes<'a> {
    wanted: &'a Wanted<'a>,
    findings: Vec<Finding>,
    unchecked: BTreeSet<Unchecked>,
}

impl<'a> Notes<'a> {
    fn new(wanted: &'a Wanted<'a>) -> Self {
        Self {
            wanted,
            findings: vec![],
            unchecked: BTreeSet::new(),
        }
    }

    fn wants(&self, kind: CheckKind) -> bool {
        self.wanted.kinds.contains(&kind)
    }

    fn push(&mut self, finding: Finding) {
        if self.wants(finding.kind) {
            self.findings.push(finding);
        }
    }

    fn unchecked(&mut self, kind: CheckKind, why: impl Into<String>) {
        if self.wants(kind) {
            let why = why.into();
            self.unchecked.insert(Unchecked { kind, why });
        }
    }

    fn finish(mut self) -> Inspected {
        self.findings.sort();
        Inspected {
            findings: self.findings,
            unchecked: self.unchecked.into_iter().collect(),
        }
    }
}

/// A finding about one variable.
fn of_variable(
    name: &VarName,
    position: Position,
    kind: CheckKind,
    severity: Severity,
    code: &'static str,
    (message, help): (String, String),
) -> Finding {
    Finding {
        kind,
        subject: Some(name.to_string()),
        diagnostic: Diagnostic {
            position,
            severity,
            code,
            message,
            help: Some(help),
        },
    }
}

/// Whether its text is a whole age file.
const fn is_armored(source: &Source) -> bool {
    matches!(source, Source::Armored(_))
}
