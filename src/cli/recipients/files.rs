//! Which manifests a change is about, and who reads each of them now.

use std::path::PathBuf;

use clap::Args;

use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Keyring, Recipient};
use crate::reconcile::load::Opening;
use crate::reconcile::readers;
use crate::render::escape;
use crate::render::style::shell_quoted;

#[derive(Debug, Args)]
pub(super) struct Files {
    /// A manifest; may be repeated [default: the only one in the folder manifests]
    #[arg(long = "manifest", short = 'f', value_name = "FILE")]
    manifests: Vec<PathBuf>,

    /// Every manifest in the folder manifests
    #[arg(long, conflicts_with = "manifests")]
    all: bool,
}

impl Files {
    /// Those that were named; one that cannot be loaded stops all.
    pub(super) fn load(&self, context: &Context, ui: &mut Ui) -> Result<Vec<Item>, CommandError> {
        if self.all || !self.manifests.is_empty() {
            return session::load_manifests(&self.manifests, context, ui);
        }
        session::load_one(None, context, ui)
            .map(|item| vec![item])
            .map_err(|error| match error.message.as_str() {
                "there are several manifests" => error.hint("or all of them with --all"),
                _ => error,
            })
    }
}

/// How a manifest is called in messages.
pub(super) fn shown(item: &Item) -> String {
    escape::terminal(&item.file.path.display().to_string())
}

/// The list of a manifest, parsed.
pub(super) fn listed(item: &Item) -> Result<Vec<Recipient>, CommandError> {
    authoring::recipients(&item.loaded.manifest)
        .map_err(|error| error.detail(format!("in {}; nothing was changed", shown(item))))
}

/// Opens a manifest whose key is needed.
pub(super) fn open(item: &Item, keyring: &mut Keyring) -> Result<Opening, CommandError> {
    session::open_or_fail(item, keyring).map_err(|error| {
        error.detail("only who can read a manifest can change who reads it; nothing was changed")
    })
}

/// Nothing is wrapped for a list that no reader signed.
pub(super) fn refuse_unsigned(item: &Item, opening: &Opening) -> Result<(), CommandError> {
    match opening.as_open() {
        Some(open) if !open.recipients_authentic => Err(unsigned(item, opening)),
        _ => Ok(()),
    }
}

/// What is the matter with a list that nobody signed.
pub(super) fn unsigned(item: &Item, opening: &Opening) -> CommandError {
    let path = shown(item);
    let refused = CommandError::refused(format!(
        "the recipients list of {path} is not the one that a reader signed: somebody without the key \
         edited it; nothing was changed"
    ));
    let file = shell_quoted(&item.file.path.display().to_string());
    match readers::unsigned(&item.loaded.manifest, opening) {
        Some(added) if !added.is_empty() => {
            let words: Vec<String> = added.iter().map(Recipient::word).collect();
            refused
                .hint(format!(
                    "driftlock recipients accept {} -f {file}, if you know whose {} is",
                    words.join(" "),
                    if added.len() == 1 { "it" } else { "each" },
                ))
                .hint("else restore `recipients:` from git")
        }
        _ => refused.hint(
            "somebody took a reader out of it, or changed more: restore `recipients:` from git, then \
             driftlock recipients remove takes a reader out",
        ),
    }
}
