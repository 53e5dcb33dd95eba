//! The new manifest's text.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::identity::Readers;
use crate::cli::session;
use crate::crypto::Envelope;
use crate::manifest::{Fresh, Source, render_new};
use crate::model::{ManifestName, VarName};
use crate::reconcile::import::Imported;
use crate::reconcile::load;

/// What may be kept in clear text, and what was asked for.
pub(super) struct Choice<'a> {
    /// `--clear`
    pub(super) named: &'a [VarName],
    /// `--clear-suggested`
    pub(super) all_suggested: bool,
    pub(super) imported: &'a Imported,
}

/// What is kept in clear text: what was named, and what was suggested if that was wanted.
pub(super) fn clear(choice: &Choice<'_>) -> Result<BTreeSet<VarName>, CommandError> {
    let imported = choice.imported;
    let mut clear = BTreeSet::new();
    for name in choice.named {
        if imported.declared.contains_key(name) {
            clear.insert(name.clone());
        } else if let Some(names) = imported.renamed.get(name) {
            let flags: Vec<String> = names.iter().map(|name| format!("--clear {name}")).collect();
            return Err(CommandError::usage(format!(
                "--clear {name}: there are different values of it, each declared by itself"
            ))
            .hint(format!("name those that are meant: {}", flags.join(" "))));
        } else if !imported.references.contains(name) {
            return Err(CommandError::usage(format!(
                "--clear {name}: nothing that can be taken in has this name"
            )));
        }
    }
    if choice.all_suggested {
        clear.extend(imported.suggested.iter().cloned());
    }
    Ok(clear)
}

/// Seals what is not in clear. The result is read again before anybody gets it.
pub(super) fn compose(
    name: &ManifestName,
    context: &Context,
    readers: &Readers,
    imported: &Imported,
    clear: &BTreeSet<VarName>,
    fewer: &str,
) -> Result<String, CommandError> {
    let now = context.now();
    let envelope = Envelope::generate(name);
    let seal = authoring::new_seal(
        &envelope,
        &readers.recipients,
        now,
        &session::person(context),
    )?;
    let mut variables = BTreeMap::new();
    let mut references = BTreeSet::new();
    for (name, declared) in &imported.declared {
        let source = if clear.contains(name) {
            Source::Clear(declared.value.expose().to_owned())
        } else {
            if declared.refers {
                references.insert(name.clone());
            }
            let payload =
                authoring::sealed_payload(&envelope, name.as_str(), 1, now, &declared.value)?;
            Source::Sealed(payload)
        };
        variables.insert(name.clone(), source);
    }
    let text = render_new(&Fresh {
        comment: Some(
            "driftlock plan: what differs · driftlock apply: write it · driftlock set NAME: change it",
        ),
        name,
        recipients: &readers.listed,
        variables: &variables,
        references: &references,
        targets: &imported.targets,
        seal: Some(&seal),
    });
    match load::load(&text) {
        Ok(_) => Ok(text),
        Err(problems) => {
            let error = CommandError::error(
                "the variables do not fit into one manifest; nothing was written",
            );
            let error = problems
                .iter()
                .take(5)
                .fold(error, |error, problem| error.detail(&problem.message));
            Err(error.hint(fewer))
        }
    }
}
