//! The values of a manifest before an edit, and what the edit makes of it.

use std::collections::BTreeMap;

use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::session::{self, Item};
use crate::crypto::Envelope;
use crate::manifest::{EditError, Manifest, Payload, Source, Subject, Taken};
use crate::model::{Diagnostic, Position, SecretValue, Severity, VarName};
use crate::reconcile::load::{OpenValue, Opener, Opening};

/// The values that an editor shall show, by variable.
pub(super) type Values = BTreeMap<VarName, OpenValue>;

/// Opens all of them: a value that stayed sealed would be lost in the edit.
pub(super) fn open_all(
    subject: &Subject<'_>,
    manifest: &Manifest,
    opener: &mut Opener<'_>,
) -> Result<Values, CommandError> {
    let mut values = Values::new();
    let mut closed = vec![];
    for name in subject.sealed() {
        match opener.value(manifest, name) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(why) => closed.push(format!("{name}: {why}")),
        }
    }
    if closed.is_empty() {
        return Ok(values);
    }
    let mut error =
        CommandError::error("not every value of this manifest opens; nothing was edited");
    for line in &closed {
        error = error.detail(line);
    }
    Err(error
        .hint("driftlock set NAME gives such a variable a new value; driftlock check says more"))
}

pub(super) fn texts(values: &Values) -> BTreeMap<VarName, SecretValue> {
    let texts = values.iter();
    texts
        .map(|(name, open)| (name.clone(), open.value.clone()))
        .collect()
}

/// The manifest after an edit.
pub(super) struct Made {
    pub(super) text: String,
    pub(super) manifest: Manifest,
    /// Sealed anew, and already there before.
    pub(super) changed: Vec<VarName>,
}

/// Why an edited text makes no manifest.
pub(super) enum Unmade {
    /// Problems of the text.
    Problems(Vec<Diagnostic>),
    /// Another reason.
    Failed(CommandError),
}

/// Seals what is another value than before, under the manifest's key or, if it has none, a first one.
pub(super) fn make(
    item: &Item,
    opening: &Opening,
    taken: &Taken<'_, '_>,
    values: &Values,
    context: &Context,
) -> Result<Made, Unmade> {
    let now = context.now();
    let (envelope, seal) = match opening {
        Opening::Open(open) => (Some(open.envelope.clone()), None),
        // recipients may be new here: nobody vouched for them yet, and nothing is encrypted
        Opening::Clear if !taken.secrets.is_empty() => {
            let recipients = authoring::recipients(&taken.manifest).map_err(Unmade::Failed)?;
            let envelope = Envelope::generate(&taken.manifest.name);
            let person = session::person(context);
            let seal = authoring::new_seal(&envelope, &recipients, now, &person)
                .map_err(Unmade::Failed)?;
            (Some(envelope), Some(seal))
        }
        _ => (None, None),
    };
    let before = &item.loaded.manifest;
    let mut payloads: BTreeMap<VarName, Payload> = BTreeMap::new();
    let (mut changed, mut problems) = (vec![], vec![]);
    for (name, secret) in &taken.secrets {
        let former = values.get(name);
        if former.is_some_and(|former| former.value == secret.value) {
            continue;
        }
        let sequence = match former.and_then(|former| former.sequence) {
            Some(sequence) => sequence.saturating_add(1),
            None => authoring::sequence_of(now),
        };
        let Some(envelope) = &envelope else { continue };
        match authoring::sealed_payload(envelope, name.as_str(), sequence, now, &secret.value) {
            Ok(payload) => {
                if before.variables.contains_key(name) {
                    changed.push(name.clone());
                }
                payloads.insert(name.clone(), payload);
            }
            Err(error) => problems.push(problem(secret.position, error.message)),
        }
    }
    if !problems.is_empty() {
        return Err(Unmade::Problems(problems));
    }
    match taken.finish(&payloads, seal.as_ref()) {
        Ok((text, parsed)) => Ok(Made {
            text,
            manifest: parsed.manifest,
            changed,
        }),
        Err(EditError::Invalid(problems) | EditError::Unreadable(problems)) => {
            Err(Unmade::Problems(problems))
        }
        Err(error) => Err(Unmade::Problems(vec![problem(
            Position::default(),
            error.to_string(),
        )])),
    }
}

fn problem(position: Position, message: String) -> Diagnostic {
    Diagnostic {
        position,
        severity: Severity::Error,
        code: "bad-value",
        message,
        help: None,
    }
}

/// What became of each variable, in words.
pub(super) fn told(before: &Manifest, made: &Made) -> Vec<String> {
    let mut lines = vec![];
    let after = &made.manifest;
    for (name, variable) in &after.variables {
        let former = before.variables.get(name).map(|one| &one.source);
        let is_encrypted = variable.source.is_encrypted();
        let line = match former {
            None if is_encrypted => format!("{name} added, encrypted"),
            None => format!("{name} added"),
            Some(former) if former.is_encrypted() && !is_encrypted => {
                format!(
                    "{name} is not encrypted any more: {}",
                    reads(&variable.source)
                )
            }
            Some(former) if !former.is_encrypted() && is_encrypted => {
                format!("{name} is encrypted now; its former text stays in the history of the file")
            }
            Some(_) if made.changed.contains(name) => {
                format!("{name} has another value, encrypted")
            }
            Some(former) if *former != variable.source => format!("{name} changed"),
            Some(_) => continue,
        };
        lines.push(line);
    }
    let gone = before
        .variables
        .keys()
        .filter(|name| !after.variables.contains_key(*name));
    lines.extend(gone.map(|name| format!("{name} removed")));
    lines
}

fn reads(source: &Source) -> &'static str {
    match source {
        Source::Template(_) => "it is a template",
        _ => "everyone who may read the file can read it",
    }
}
