//! Everything that can be said of a manifest that parses without looking at a target: `check` without
//! its output. Nothing is read but identities.

mod recipients;
mod repeats;
mod uses;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::desired::Values;
use super::load::{self, Loaded, OpenValue, Opener, Opening, SealedBecause};
use crate::crypto::Keyring;
use crate::manifest::{Manifest, Source, Variable};
use crate::model::{CheckKind, Diagnostic, Finding, Position, Severity, Unchecked, VarName};
pub use repeats::Repeats;

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

/// One manifest of a run.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Parsed.
    pub loaded: &'a Loaded,
    /// Its text.
    pub text: &'a str,
    /// Its file, as people named it.
    pub path: &'a str,
}

/// Inspects one manifest. An identity is looked for only where one of the kinds needs it. `repeats`
/// knows the values of the manifests before.
pub fn inspect(
    subject: &Subject<'_>,
    wanted: &Wanted<'_>,
    keyring: &mut Keyring,
    repeats: &mut Repeats,
) -> Inspected {
    let manifest = &subject.loaded.manifest;
    let opening = if needs_identity(manifest, wanted) {
        load::open(manifest, keyring)
    } else {
        Opening::Clear
    };
    inspect_opened(subject, &opening, wanted, keyring, Some(repeats))
}

/// The same for one that is open, as far as it can be.
pub fn inspect_opened(
    subject: &Subject<'_>,
    opening: &Opening,
    wanted: &Wanted<'_>,
    keyring: &mut Keyring,
    repeats: Option<&mut Repeats>,
) -> Inspected {
    let (loaded, text) = (subject.loaded, subject.text);
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
    let values = Values::of_open(manifest, opened(manifest, wanted, &mut opener));
    for (name, variable) in &manifest.variables {
        values::inspect(name, variable, &values, &mut notes);
        values::in_clear(text, name, variable, &mut notes);
    }
    if wanted.kinds.contains(&CheckKind::Lint) {
        if let Some(repeats) = repeats {
            repeats.inspect(subject.path, &values, &mut notes);
        }
        uses::inspect(&values, &mut notes);
    }
    notes.finish()
}

/// What one of the kinds needs of the values; why a manifest stays sealed is said once, for all of it.
fn opened(
    manifest: &Manifest,
    wanted: &Wanted<'_>,
    opener: &mut Opener<'_>,
) -> BTreeMap<VarName, Result<OpenValue, String>> {
    if matches!(opener.opening, Opening::Sealed(_)) {
        return BTreeMap::new();
    }
    let wanted = |variable: &&Variable| values::is_opened(variable, wanted);
    let names = manifest.variables.iter();
    names
        .filter(|(_, variable)| wanted(variable))
        .map(|(name, _)| (name.clone(), opener.value(manifest, name)))
        .collect()
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
    let mut variables = manifest.variables.values();
    if variables.any(|variable| variable.source.is_encrypted()) {
        notes.unchecked(CheckKind::Lint, reason);
        // a value may have a date of its own
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
