//! A reader as people name one: by the key, by the fingerprint, by what `list` shows of it, or by name.

use crate::cli::error::CommandError;
use crate::cli::session::Item;
use crate::crypto::{Recipient, RecipientError};
use crate::manifest::reader_names;
use crate::render::escape;

use super::files::{listed, shown};

/// One reader of a manifest.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) key: Recipient,
    /// As the file spells it.
    pub(super) spelled: String,
    pub(super) name: Option<String>,
}

/// What a word of the command line stands for.
pub(super) enum Found {
    /// A reader of the list, by its place.
    One(usize),
    /// Several, by their places: the word is what they are called.
    Several(Vec<usize>),
    /// A key that is not listed.
    Stranger(Recipient),
    /// Nobody.
    Nobody,
}

/// The readers of a manifest, with what they are called.
pub(super) fn roster(item: &Item) -> Result<Vec<Listed>, CommandError> {
    let manifest = &item.loaded.manifest;
    let names = reader_names(&item.file.text, manifest);
    let keys = listed(item)?.into_iter();
    Ok(keys
        .zip(&manifest.recipients)
        .map(|(key, (spelled, _))| Listed {
            key,
            spelled: spelled.clone(),
            name: names.get(spelled).cloned(),
        })
        .collect())
}

/// Looks a word up. A private key is refused without being repeated.
pub(super) fn find(word: &str, place: usize, roster: &[Listed]) -> Result<Found, CommandError> {
    let word = word.trim();
    let at = |matches: &dyn Fn(&Listed) -> bool| -> Vec<usize> {
        let all = roster.iter().enumerate();
        all.filter(|(_, one)| matches(one))
            .map(|(at, _)| at)
            .collect()
    };
    let by_name = || {
        let found = at(&|one| {
            one.key.short() == word
                || one.key.fingerprint().as_deref() == Some(word)
                || one.name.as_deref() == Some(word)
        });
        match found[..] {
            [] => Found::Nobody,
            [one] => Found::One(one),
            _ => Found::Several(found),
        }
    };
    match Recipient::parse(word) {
        Ok(key) => {
            let found = at(&|one| one.key == key);
            // one key may be listed twice, with another comment
            Ok(found.first().map_or(Found::Stranger(key), |one| Found::One(*one)))
        }
        Err(RecipientError::PrivateKey) => Err(CommandError::usage(format!(
            "what was given in place {place} is a private key, and not a reader: treat it as known to \
             others; nothing was changed"
        ))
        .hint("name a reader by the public key, as driftlock recipients list --full shows it")),
        Err(why @ (RecipientError::BadAge | RecipientError::BadSsh)) => match by_name() {
            Found::Nobody => Err(CommandError::usage(format!(
                "what was given in place {place}: {why}; nothing was changed"
            ))),
            found => Ok(found),
        },
        Err(_) => Ok(by_name()),
    }
}

/// A name that several keys have.
pub(super) fn ambiguous(item: &Item, roster: &[Listed], places: &[usize]) -> CommandError {
    let keys: Vec<String> = places.iter().map(|at| roster[*at].key.word()).collect();
    CommandError::usage(format!(
        "{} readers of {} are called so; nothing was changed",
        keys.len(),
        shown(item)
    ))
    .hint(format!("name one by its key: {}", keys.join(", ")))
}

/// A word that names no reader. It is not repeated: it could be anything.
pub(super) fn nobody(item: &Item, place: usize) -> CommandError {
    CommandError::error(format!(
        "what was given in place {place} names no reader of {}; nothing was changed",
        shown(item)
    ))
    .hint("driftlock recipients list shows their names and keys")
}

impl Listed {
    /// Name and key, on one line.
    pub(super) fn words(&self) -> String {
        words(self.name.as_deref(), &self.key)
    }

    /// The name, or else the key.
    pub(super) fn call(&self) -> String {
        call(self.name.as_deref(), &self.key)
    }
}

/// `ops laptop (X25519 age1…)`
pub(super) fn words(name: Option<&str>, key: &Recipient) -> String {
    let shown = format!("{} {}", key.kind(), key.short());
    match name {
        Some(name) => format!("{} ({shown})", escape::terminal(name)),
        None => shown,
    }
}

/// The name, or else the key.
pub(super) fn call(name: Option<&str>, key: &Recipient) -> String {
    name.map_or_else(|| key.short(), escape::terminal)
}
