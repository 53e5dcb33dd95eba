//! `recipients accept`: a reader vouches for those whom somebody without the key put on the list.

use std::collections::BTreeSet;

use clap::Args;

use super::files::{Files, open, shown, unsigned};
use super::named::{Found, Listed, ambiguous, find, nobody, roster};
use super::tell;
use super::write::{Prepared, wrap_failed, write_all};
use crate::cli::Global;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::prompt::confirm;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Keyring, Recipient, RecipientError};
use crate::reconcile::load::Open;
use crate::reconcile::readers;
use crate::render::style::shell_quoted;

/// Vouch for readers whom somebody without the key put on the list
///
/// A pull request can list anybody, and nothing is wrapped for such a list. A reader who knows whose
/// the keys are names them: the list is signed as it is, and the manifest's key wrapped for all of it.
/// Only who is named is vouched for; where more was changed, nothing is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients list                    who is listed, and whether the list is signed
  driftlock recipients accept age1… -f manifests/production.yaml
  driftlock recipients accept SHA256:… --yes   ask nobody")]
pub(super) struct AcceptArgs {
    /// The new readers: by key or fingerprint; by name only where you are asked
    #[arg(value_name = "READER", required = true)]
    readers: Vec<String>,

    #[command(flatten)]
    files: Files,

    /// Ask nobody
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(
    arguments: &AcceptArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let asks = context.terminal.input && context.terminal.errors;
    if !arguments.yes && !asks {
        return Err(CommandError::refused(
            "whom you vouch for is shown and asked, and nobody can be asked here; nothing was changed",
        )
        .hint("--yes asks nobody"));
    }
    let items = arguments.files.load(context, ui)?;
    let mut keyring = session::keyring(global, context);
    let mut all = vec![];
    for item in &items {
        all.push(prepare(arguments, item, &mut keyring, context, ui)?);
    }
    write_all(&all, global, context, ui, tell::accepted)
}

fn prepare<'i>(
    arguments: &AcceptArgs,
    item: &'i Item,
    keyring: &mut Keyring,
    context: &Context,
    ui: &mut Ui,
) -> Result<Prepared<'i>, CommandError> {
    let path = shown(item);
    let roster = roster(item)?;
    let opening = open(item, keyring)?;
    let (Some(seal), Some(opened)) = (&item.loaded.manifest.seal, opening.as_open()) else {
        return Err(CommandError::error(format!(
            "nothing in {path} is encrypted, so its list needs no accepting; nothing was changed"
        )));
    };
    let named = named(arguments, item, &roster)?;
    if opened.recipients_authentic {
        return Err(CommandError::error(format!(
            "the recipients list of {path} is signed as it is and needs no accepting; nothing was changed"
        )));
    }
    let (new, rest): (Vec<_>, Vec<_>) = roster
        .iter()
        .enumerate()
        .partition(|(at, _)| named.contains(at));
    let new: Vec<&Listed> = new.into_iter().map(|(_, one)| one).collect();
    let rest: Vec<Recipient> = rest.into_iter().map(|(_, one)| one.key.clone()).collect();
    if !opened
        .envelope
        .verify_recipients(&rest, &seal.recipients_mac)
    {
        let all: Vec<Recipient> = roster.iter().map(|one| one.key.clone()).collect();
        return match opened.envelope.added_since(&all, &seal.recipients_mac) {
            Some(added) => Err(not_those(item, &added, &new)),
            None => Err(unsigned(item, &opening)),
        };
    }
    if !arguments.yes {
        ask(item, &new, opened, ui)?;
    }
    let all: Vec<Recipient> = roster.iter().map(|one| one.key.clone()).collect();
    let person = session::person(context);
    let seal =
        readers::rewrap(seal, opened, &all, &person).map_err(|why| wrap_failed(item, &why))?;
    let (text, _) = authoring::edited(item, &item.file.text, ui, |editor| editor.set_seal(&seal))?;
    Ok(Prepared {
        item,
        text: Some(text),
        keys: None,
    })
}

/// The places of those who were named. What somebody is called says whoever wrote the list, so a name
/// alone is enough only where the key is shown and asked for.
fn named(
    arguments: &AcceptArgs,
    item: &Item,
    roster: &[Listed],
) -> Result<BTreeSet<usize>, CommandError> {
    let mut places = BTreeSet::new();
    for (index, word) in arguments.readers.iter().enumerate() {
        let at = match find(word, index + 1, roster)? {
            Found::One(at) => at,
            Found::Several(all) => return Err(ambiguous(item, roster, &all)),
            Found::Stranger(_) | Found::Nobody => return Err(nobody(item, index + 1)),
        };
        let key = &roster[at].key;
        let is_key = Recipient::parse(word) != Err(RecipientError::Unknown)
            || key.fingerprint().as_deref() == Some(word.trim());
        if arguments.yes && !is_key {
            return Err(CommandError::usage(format!(
                "what was given in place {} is a name, which whoever wrote the list chose; with --yes name the key; nothing was changed",
                index + 1
            ))
            .hint(format!(
                "driftlock recipients accept {} --yes, if that is the key you know",
                key.word()
            )));
        }
        let same = roster.iter().enumerate();
        places.extend(same.filter(|(_, one)| one.key == *key).map(|(at, _)| at));
    }
    Ok(places)
}

/// Others were added than those who were named.
fn not_those(item: &Item, added: &[Recipient], named: &[&Listed]) -> CommandError {
    let path = shown(item);
    let signed: Vec<String> = named
        .iter()
        .filter(|one| !added.contains(&one.key))
        .map(|one| one.words())
        .collect();
    let more: Vec<String> = added
        .iter()
        .filter(|key| !named.iter().any(|one| one.key == **key))
        .map(Recipient::short)
        .collect();
    let words: Vec<String> = added.iter().map(Recipient::word).collect();
    let mut error = CommandError::refused(format!(
        "those are not the ones who were added to {path}; nothing was changed"
    ));
    if !more.is_empty() {
        error = error.detail(format!("added too, and not named: {}", more.join(", ")));
    }
    if !signed.is_empty() {
        error = error.detail(format!("signed already: {}", signed.join(", ")));
    }
    error
        .hint(format!(
            "driftlock recipients accept {} -f {}, if you know each of them",
            words.join(" "),
            shell_quoted(&item.file.path.display().to_string())
        ))
        .hint("else take their lines out of `recipients:`, or restore it from git")
}

fn ask(item: &Item, new: &[&Listed], open: &Open, ui: &mut Ui) -> Result<(), CommandError> {
    let path = shown(item);
    ui.say(&format!(
        "somebody without the key added to {path} (its key is {}):",
        open.envelope.key_id().short()
    ));
    for one in new {
        ui.say(&format!("  {}\n    {}", one.words(), one.key.canonical()));
    }
    let secrets = readers::sealed(&item.loaded.manifest).len();
    let question = format!(
        "Let {} read {} of {path}?",
        if new.len() == 1 {
            "this key"
        } else {
            "these keys"
        },
        tell::counted(secrets, "secret")
    );
    match confirm(ui, &question)? {
        true => Ok(()),
        false => Err(CommandError::refused("nothing was changed")),
    }
}
