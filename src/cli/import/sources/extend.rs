//! What was read, put into a manifest that is there: under its present key, every other byte as it
//! was.

use std::collections::{BTreeMap, BTreeSet};

use super::SourcesArgs;
use super::tell::{Done, Written};
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Envelope, Keyring};
use crate::manifest::{Seal, Source, UseSource};
use crate::model::{SecretValue, TargetName, VarName};
use crate::reconcile::import::{Gathered, Known as KnownManifest};
use crate::reconcile::load::{Opener, Opening};

/// The manifest, open.
pub(super) struct Known {
    opening: Opening,
    pub(super) manifest: KnownManifest,
}

impl Known {
    /// Opens it; what it declares is compared with what will be read.
    pub(super) fn of(
        item: &Item,
        arguments: &SourcesArgs,
        keyring: &mut Keyring,
        ui: &mut Ui,
    ) -> Result<Self, CommandError> {
        let opening = session::open_or_fail(item, keyring)?;
        if let Opening::Open(open) = &opening {
            for note in &open.notes {
                ui.warn(note);
            }
        }
        let manifest = &item.loaded.manifest;
        let targets: BTreeSet<TargetName> = manifest
            .targets
            .iter()
            .map(|spec| spec.name.clone())
            .collect();
        if let Some(missing) = arguments
            .target
            .iter()
            .find(|name| !targets.contains(*name))
        {
            let names: Vec<&str> = targets.iter().map(TargetName::as_str).collect();
            return Err(CommandError::usage(format!(
                "there is no target {missing} in {}",
                item.file.path.display()
            ))
            .hint(format!("its targets: {}", names.join(", "))));
        }
        let variables = values(item, &opening, keyring);
        ui.protect(
            secrets(item, &variables),
            manifest.variables.keys().map(ToString::to_string),
        );
        Ok(Self {
            opening,
            manifest: KnownManifest { variables, targets },
        })
    }
}

/// What each variable is, where that is certain: a value that nobody vouches for is not shared.
fn values(
    item: &Item,
    opening: &Opening,
    keyring: &mut Keyring,
) -> BTreeMap<VarName, Option<SecretValue>> {
    let manifest = &item.loaded.manifest;
    let mut opener = Opener { opening, keyring };
    let mut opened: BTreeMap<VarName, SecretValue> = BTreeMap::new();
    for (name, variable) in &manifest.variables {
        if matches!(variable.source, Source::Sealed(_))
            && let Ok(found) = opener.value(manifest, name)
        {
            opened.insert(name.clone(), found.value);
        }
    }
    let value = |name: &VarName| manifest.expand(name, |name| opened.get(name)).ok();
    let names = manifest.variables.keys();
    names.map(|name| (name.clone(), value(name))).collect()
}

fn secrets(item: &Item, values: &BTreeMap<VarName, Option<SecretValue>>) -> Vec<SecretValue> {
    let is_secret = |name: &VarName| item.loaded.manifest.is_secret(name);
    let secret = values.iter().filter(|(name, _)| is_secret(name));
    secret.filter_map(|(_, value)| value.clone()).collect()
}

pub(super) fn write(
    item: &Item,
    known: &Known,
    done: &Done<'_>,
    context: &Context,
    ui: &mut Ui,
) -> Result<Written, CommandError> {
    let gathered = done.gathered;
    let uses = uses(item, done.arguments, gathered)?;
    let (seal, sources) = sources(item, known, gathered, done.clear, context)?;
    authoring::edit(item, context, ui, |editor| {
        if let Some(seal) = &seal {
            editor.set_seal(seal)?;
        }
        for (name, source) in &sources {
            editor.set(name, source)?;
        }
        editor.add_targets(&gathered.targets)?;
        for (target, uses) in &uses {
            editor.add_uses(target, uses)?;
        }
        Ok(())
    })?;
    Ok(Written {
        verb: "extended",
        made: None,
        encrypted_for: None,
        ignored: super::fresh::ignore_files(done.held, context)?,
    })
}

/// What is declared, sealed unless it is clear, and a first key where nothing was encrypted yet.
fn sources(
    item: &Item,
    known: &Known,
    gathered: &Gathered,
    clear: &BTreeSet<VarName>,
    context: &Context,
) -> Result<(Option<Seal>, BTreeMap<VarName, Source>), CommandError> {
    let manifest = &item.loaded.manifest;
    let now = context.now();
    let has_secrets = gathered.declared.keys().any(|name| !clear.contains(name));
    let first;
    let (envelope, seal) = match &known.opening {
        Opening::Open(open) => (Some(&open.envelope), None),
        _ if !has_secrets => (None, None),
        _ => {
            let recipients = authoring::recipients(manifest)?;
            if recipients.is_empty() {
                return Err(CommandError::error(
                    "the manifest names no recipients, so nobody could read a secret in it; nothing was written",
                )
                .hint("add a list `recipients:` with your age or ssh public key, or write a new manifest with --name"));
            }
            first = Envelope::generate(&manifest.name);
            let person = session::person(context);
            let seal = authoring::new_seal(&first, &recipients, now, &person)?;
            (Some(&first), Some(seal))
        }
    };
    let mut sources = BTreeMap::new();
    for (name, declared) in &gathered.declared {
        let source = match envelope.filter(|_| !clear.contains(name)) {
            None => Source::Clear(declared.value.expose().to_owned()),
            Some(envelope) => {
                let sequence = authoring::sequence_of(now);
                let value = &declared.value;
                Source::Sealed(authoring::sealed_payload(
                    envelope,
                    name.as_str(),
                    sequence,
                    now,
                    value,
                )?)
            }
        };
        sources.insert(name.clone(), source);
    }
    Ok((seal, sources))
}

type Uses = Vec<(TargetName, Vec<(VarName, VarName)>)>;

/// What the named targets get: never another value than they have.
fn uses(item: &Item, arguments: &SourcesArgs, gathered: &Gathered) -> Result<Uses, CommandError> {
    let mut all = vec![];
    for target in &arguments.target {
        let spec = item
            .loaded
            .manifest
            .targets
            .iter()
            .find(|spec| spec.name == *target);
        let mut new = vec![];
        for (name, declared) in &gathered.listed {
            let mut declared = declared.iter();
            let (Some(one), None) = (declared.next(), declared.next()) else {
                return Err(CommandError::refused(format!(
                    "{target} cannot have {name}: the sources have different values of it; nothing was written"
                ))
                .hint("import them one after the other, each with its own --target"));
            };
            let present = spec.and_then(|spec| spec.uses.iter().find(|used| used.name == *name));
            match present.map(|used| &used.source) {
                None => new.push((name.clone(), one.clone())),
                Some(UseSource::Declared(present)) if present == one => {}
                Some(_) => {
                    return Err(CommandError::refused(format!(
                        "{target} has {name} already, with another value; nothing was written"
                    ))
                    .hint(format!(
                        "driftlock set {name} gives it a new value; or --except {name}"
                    )));
                }
            }
        }
        all.push((target.clone(), new));
    }
    Ok(all)
}
