//! `recipients add`: the manifest's key is wrapped for one reader more. No value changes.

use std::path::PathBuf;

use clap::Args;

use super::files::{Files, listed, open, refuse_unsigned, shown};
use super::keys::{Newcomer, newcomers};
use super::tell;
use super::write::{Prepared, wrap_failed, write_all};
use crate::cli::Global;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Keyring, MAX_RECIPIENTS, Recipient};
use crate::manifest::{Seal, reader_names};
use crate::reconcile::readers;

/// Let somebody more read
///
/// The manifest's key is wrapped for the new readers too: the list, its signature and the header
/// change, and no value does. They can then read what older revisions in git hold as well, back to
/// where this key was drawn.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients add age1… --name 'ops laptop'
  driftlock recipients add 'ssh-ed25519 AAAA… alice@example.com'
  driftlock recipients add --file alice.keys         a .pub file, authorized_keys, age recipients …
  curl -s https://github.com/alice.keys | driftlock recipients add --file - --skip-unusable
  driftlock recipients add age1… --all               to every manifest of the folder")]
pub(super) struct AddArgs {
    /// Public keys: age1…, or an SSH key in quotes
    #[arg(value_name = "KEY")]
    keys: Vec<String>,

    /// Take keys from this file, one a line; - is standard input; may be repeated
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,

    /// What the reader is called [default: the comment of an SSH key]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Leave out lines of a file that hold no key to encrypt to
    #[arg(long, requires = "file")]
    skip_unusable: bool,

    #[command(flatten)]
    files: Files,
}

pub(super) fn run(
    arguments: &AddArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let new = newcomers(
        &arguments.keys,
        &arguments.file,
        arguments.name.as_deref(),
        arguments.skip_unusable,
        context,
        ui,
    )?;
    let items = arguments.files.load(context, ui)?;
    let mut keyring = session::keyring(global, context);
    let all = items
        .iter()
        .map(|item| prepare(item, &new, &mut keyring, context, ui))
        .collect::<Result<Vec<_>, _>>()?;
    let exit = write_all(&all, global, context, ui, |one, ui| {
        tell::added(one, &new, context, ui);
    })?;
    if all.iter().any(|one| one.text.is_some()) {
        tell::next_after_adding(&all, ui);
    }
    Ok(exit)
}

fn prepare<'i>(
    item: &'i Item,
    new: &[Newcomer],
    keyring: &mut Keyring,
    context: &Context,
    ui: &mut Ui,
) -> Result<Prepared<'i>, CommandError> {
    let mut recipients = listed(item)?;
    let fresh: Vec<&Newcomer> = new
        .iter()
        .filter(|one| !recipients.contains(&one.key))
        .collect();
    if fresh.is_empty() {
        return Ok(Prepared {
            item,
            text: None,
            keys: None,
        });
    }
    recipients.extend(fresh.iter().map(|one| one.key.clone()));
    if recipients.len() > MAX_RECIPIENTS {
        return Err(CommandError::refused(format!(
            "{} would have {} readers, and at most {MAX_RECIPIENTS} are supported; nothing was changed",
            shown(item),
            recipients.len()
        ))
        .hint("driftlock recipients remove takes readers out"));
    }
    let seal = seal(item, &recipients, keyring, context)?;
    let manifest = &item.loaded.manifest;
    let texts = manifest.recipients.iter().map(|(text, _)| text.clone());
    let added = fresh.iter().map(|one| one.key.canonical().to_owned());
    let spelled: Vec<String> = texts.chain(added).collect();
    let names = fresh.iter().filter_map(|one| {
        let name = one.name.clone()?;
        Some((one.key.canonical().to_owned(), name))
    });
    let names = names.collect();
    let (text, manifest) = authoring::edited(item, &item.file.text, ui, |editor| {
        editor.name_recipients(names);
        editor.set_recipients(&spelled)?;
        seal.as_ref().map_or(Ok(()), |seal| editor.set_seal(seal))
    })?;
    let written = reader_names(&text, &manifest);
    if fresh
        .iter()
        .any(|one| one.name.is_some() && !written.contains_key(one.key.canonical()))
    {
        ui.warn(&format!(
            "{} lists its readers on one line, which has no room for names",
            shown(item)
        ));
    }
    Ok(Prepared {
        item,
        text: Some(text),
        keys: None,
    })
}

/// The same key for all of them; `None` where nothing is encrypted yet.
fn seal(
    item: &Item,
    recipients: &[Recipient],
    keyring: &mut Keyring,
    context: &Context,
) -> Result<Option<Seal>, CommandError> {
    let Some(seal) = &item.loaded.manifest.seal else {
        return Ok(None);
    };
    let opening = open(item, keyring)?;
    let Some(opened) = opening.as_open() else {
        return Ok(None);
    };
    refuse_unsigned(item, &opening)?;
    let person = session::person(context);
    readers::rewrap(seal, opened, recipients, &person)
        .map(Some)
        .map_err(|why| wrap_failed(item, &why))
}
