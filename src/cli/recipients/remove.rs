//! `recipients remove`: a new file key without them, and a list of what they have seen.

use std::collections::BTreeSet;

use clap::Args;

use super::files::{Files, open, shown, unsigned};
use super::named::{Found, Listed, ambiguous, call, find, nobody, roster};
use super::tell;
use super::write::{Prepared, opens_here, rekeyed, write_all};
use crate::cli::Global;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::prompt::confirm;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Keyring, Recipient};
use crate::reconcile::load::{Open, Opening};
use crate::reconcile::readers;
use crate::render::style::shell_quoted;

/// Take a reader out, and put every value under a new key
///
/// What the removed reader has seen stays seen, and git still opens for that key: the names of those
/// secrets are listed, with the command that renews them. Numbers and dates of the values stay, so
/// nothing is due or newer than before, and the next plan is empty.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients remove 'ops laptop'
  driftlock recipients remove age1… -f manifests/production.yaml
  driftlock recipients remove SHA256:… --all        from every manifest that lists the key")]
pub(super) struct RemoveArgs {
    /// The readers: by key, by fingerprint or by name, as `list` shows them
    #[arg(value_name = "READER", required = true)]
    readers: Vec<String>,

    #[command(flatten)]
    files: Files,

    /// Do not ask, even if you cannot read afterwards
    #[arg(long, short)]
    yes: bool,
}

/// Who goes from one manifest, and who stays.
pub(super) struct Parting {
    pub(super) gone: Vec<(Option<String>, Recipient)>,
    pub(super) stay: Vec<Listed>,
    /// They are out of the list already, by somebody's hand.
    is_late: bool,
}

pub(super) fn run(
    arguments: &RemoveArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let items = arguments.files.load(context, ui)?;
    let partings = partings(&arguments.readers, &items)?;
    let mut keyring = session::keyring(global, context);
    let (mut all, mut told) = (vec![], vec![]);
    for (item, parting) in &partings {
        if parting.is_late && !is_unsigned(item, &mut keyring, ui) {
            continue;
        }
        all.push(prepare(
            item,
            parting,
            arguments.yes,
            &mut keyring,
            context,
            ui,
        )?);
        told.push(parting);
    }
    if let ([], Some((item, parting))) = (&all[..], partings.first()) {
        return Err(never_listed(item, parting));
    }
    let mut told = told.into_iter();
    write_all(&all, global, context, ui, |one, ui| {
        if let Some(parting) = told.next() {
            tell::removed(one, parting, context, ui);
        }
    })
}

/// Whether somebody edited the list: only then can it have lost a reader who is not in it.
fn is_unsigned(item: &Item, keyring: &mut Keyring, ui: &mut Ui) -> bool {
    match session::open(item, keyring, ui) {
        Opening::Open(open) => !open.recipients_authentic,
        // said already
        Opening::Sealed(_) | Opening::Clear => false,
    }
}

fn never_listed(item: &Item, parting: &Parting) -> CommandError {
    let gone = parting.gone.iter();
    let names: Vec<String> = gone.map(|(name, key)| call(name.as_deref(), key)).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    CommandError::error(format!(
        "{} {are} not a reader of {}; nothing was changed",
        names.join(" and "),
        shown(item)
    ))
    .hint("driftlock recipients list shows who is")
}

/// Every manifest that lists one of them. A word that names nobody anywhere stops all.
fn partings<'i>(
    words: &[String],
    items: &'i [Item],
) -> Result<Vec<(&'i Item, Parting)>, CommandError> {
    let mut known = BTreeSet::new();
    let mut found = vec![];
    for item in items {
        let roster = roster(item)?;
        let (mut places, mut strangers) = (BTreeSet::new(), vec![]);
        for (index, word) in words.iter().enumerate() {
            match find(word, index + 1, &roster)? {
                Found::One(at) => {
                    let key = &roster[at].key;
                    let same = roster.iter().enumerate();
                    places.extend(same.filter(|(_, one)| one.key == *key).map(|(at, _)| at));
                    known.insert(index);
                }
                Found::Several(all) => return Err(ambiguous(item, &roster, &all)),
                Found::Stranger(key) => strangers.push((index, key)),
                Found::Nobody => {}
            }
        }
        let (gone, stay): (Vec<_>, Vec<_>) = roster
            .into_iter()
            .enumerate()
            .partition(|(at, _)| places.contains(at));
        let gone = gone.into_iter().map(|(_, one)| (one.name, one.key));
        let mut parting = Parting {
            gone: gone.collect(),
            stay: stay.into_iter().map(|(_, one)| one).collect(),
            is_late: false,
        };
        if parting.gone.is_empty() && !strangers.is_empty() && item.loaded.manifest.seal.is_some() {
            // the signature says whether they were listed; that is asked once it is open
            known.extend(strangers.iter().map(|(index, _)| *index));
            parting.gone = strangers.into_iter().map(|(_, key)| (None, key)).collect();
            parting.is_late = true;
        }
        if !parting.gone.is_empty() {
            found.push((item, parting));
        }
    }
    let unknown = (0..words.len()).find(|index| !known.contains(index));
    match (unknown, items.first()) {
        (Some(index), Some(first)) => Err(nobody(first, index + 1)),
        _ => Ok(found),
    }
}

fn prepare<'i>(
    item: &'i Item,
    parting: &Parting,
    yes: bool,
    keyring: &mut Keyring,
    context: &Context,
    ui: &mut Ui,
) -> Result<Prepared<'i>, CommandError> {
    let path = shown(item);
    if parting.stay.is_empty() {
        return Err(CommandError::refused(format!(
            "nobody could read {path} any more, and its secrets would be lost; nothing was changed"
        ))
        .hint("driftlock recipients add KEY lets somebody else read first"));
    }
    let spelled: Vec<String> = parting.stay.iter().map(|one| one.spelled.clone()).collect();
    if item.loaded.manifest.seal.is_none() {
        let (text, _) = authoring::edited(item, &item.file.text, ui, |editor| {
            editor.set_recipients(&spelled)
        })?;
        return Ok(Prepared {
            item,
            text: Some(text),
            keys: None,
        });
    }
    let opening = open(item, keyring)?;
    let Some(opened) = opening.as_open() else {
        return Err(CommandError::error(format!("{path} does not open")));
    };
    check_list(item, parting, &opening, opened)?;
    refuse_waiting(item)?;
    let recipients: Vec<Recipient> = parting.stay.iter().map(|one| one.key.clone()).collect();
    let prepared = rekeyed(item, &opening, &recipients, &spelled, keyring, context, ui)?;
    let seal = prepared.keys.as_ref().map(|keys| &keys.rekeyed.seal);
    if !yes && !seal.is_some_and(|seal| opens_here(seal, keyring)) {
        ask_for_oneself(item, context, ui)?;
    }
    Ok(prepared)
}

/// The list must be the one that was signed; or it is that one without those who go, and then
/// somebody took them out by hand.
fn check_list(
    item: &Item,
    parting: &Parting,
    opening: &Opening,
    open: &Open,
) -> Result<(), CommandError> {
    if !parting.is_late {
        return match open.recipients_authentic {
            true => Ok(()),
            false => Err(unsigned(item, opening)),
        };
    }
    let gone = || parting.gone.iter().map(|(_, key)| key.clone());
    let before: Vec<Recipient> = parting
        .stay
        .iter()
        .map(|one| one.key.clone())
        .chain(gone())
        .collect();
    let seal = item.loaded.manifest.seal.as_ref();
    let was_listed = seal.is_some_and(|seal| {
        open.envelope
            .verify_recipients(&before, &seal.recipients_mac)
    });
    match was_listed {
        true => Ok(()),
        false => Err(unsigned(item, opening)),
    }
}

/// Whole age files are for the readers of then, whatever key the manifest has.
fn refuse_waiting(item: &Item) -> Result<(), CommandError> {
    let waiting = readers::waiting(&item.loaded.manifest);
    if waiting.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = waiting.iter().map(ToString::to_string).collect();
    let (are, they) = match names.len() {
        1 => ("is", "it"),
        _ => ("are", "they"),
    };
    Err(CommandError::refused(format!(
        "{} {are} written without the key, for the readers of then: {they} would stay readable for \
         whoever is removed; nothing was changed",
        names.join(" and ")
    ))
    .hint(format!(
        "driftlock accept {} -f {}, or driftlock unset",
        names.join(" "),
        shell_quoted(&item.file.path.display().to_string())
    )))
}

fn ask_for_oneself(item: &Item, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let path = shown(item);
    let asks = context.terminal.input && context.terminal.errors;
    let question = format!(
        "You could not read {path} afterwards: none of your identities opens it for those who stay. Go on?"
    );
    if asks && confirm(ui, &question)? {
        return Ok(());
    }
    let refused = CommandError::refused(format!(
        "you could not read {path} afterwards: none of your identities opens it for those who stay; \
         nothing was changed"
    ));
    Err(match asks {
        true => refused,
        false => refused.hint("--yes removes you all the same"),
    })
}
