//! New texts of manifests, brought to the disk one after the other. All of them are made before the
//! first is written, so whatever is wrong with one leaves all as they are.

use super::files::shown;
use crate::cli::Global;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::records;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{Envelope, Header, Keyring, Recipient, WrapError};
use crate::journal::Authenticator;
use crate::manifest::Seal;
use crate::reconcile::load::{Opener, Opening};
use crate::reconcile::readers::{self, ReadersError, Rekeyed};
use crate::reconcile::undo::Carried;

/// One manifest, and what it is to be.
pub(super) struct Prepared<'i> {
    pub(super) item: &'i Item,
    /// Its text; `None` where nothing changes.
    pub(super) text: Option<String>,
    /// Where it gets another file key.
    pub(super) keys: Option<Keys>,
}

/// The former key and the new one, each with what proves what is kept under it.
pub(super) struct Keys {
    from: (Envelope, Authenticator),
    to: (Envelope, Authenticator),
    pub(super) rekeyed: Rekeyed,
}

/// A manifest under a new file key for these readers, whose list becomes `spelled`.
pub(super) fn rekeyed<'i>(
    item: &'i Item,
    opening: &Opening,
    recipients: &[Recipient],
    spelled: &[String],
    keyring: &mut Keyring,
    context: &Context,
    ui: &mut Ui,
) -> Result<Prepared<'i>, CommandError> {
    let manifest = &item.loaded.manifest;
    let Some(open) = opening.as_open() else {
        let path = shown(item);
        return Err(CommandError::error(format!(
            "nothing in {path} is encrypted; nothing was changed"
        )));
    };
    let mut opener = Opener { opening, keyring };
    let person = session::person(context);
    let now = context.now();
    let made = readers::rekey(manifest, &mut opener, open, recipients, now, &person)
        .map_err(|error| explain(item, &error))?;
    let (text, manifest) = authoring::edited(item, &item.file.text, ui, |editor| {
        editor.set_recipients(spelled)?;
        made.sources
            .iter()
            .try_for_each(|(name, source)| editor.set(name, source))?;
        editor.set_seal(&made.seal)
    })?;
    made.prove(&manifest)
        .map_err(|error| explain(item, &error))?;
    Ok(Prepared {
        item,
        text: Some(text),
        keys: Some(Keys {
            from: (
                open.envelope.clone(),
                Authenticator::new(&open.fingerprinter),
            ),
            to: (
                made.envelope.clone(),
                Authenticator::new(&made.fingerprinter),
            ),
            rekeyed: made,
        }),
    })
}

fn explain(item: &Item, error: &ReadersError) -> CommandError {
    let path = shown(item);
    let failed = CommandError::error(format!("{error}; nothing of {path} was changed"));
    match error {
        ReadersError::Value { name, .. } => failed.hint(format!(
            "restore its line from git, or driftlock set {name}, or driftlock unset {name}"
        )),
        ReadersError::Wrap(why) => wrap_hint(failed, why),
        ReadersError::Seal(..) | ReadersError::Differs(_) => failed,
    }
}

/// The same key for other readers failed.
pub(super) fn wrap_failed(item: &Item, why: &WrapError) -> CommandError {
    let path = shown(item);
    let failed = CommandError::error(format!(
        "the key of {path} cannot be wrapped: {why}; nothing was changed"
    ));
    wrap_hint(failed, why)
}

fn wrap_hint(failed: CommandError, why: &WrapError) -> CommandError {
    match why {
        WrapError::PluginMissing(_) | WrapError::Plugin { .. } => failed.hint(
            "every reader's stanza is made anew, so each plugin that the list needs must be at hand",
        ),
        _ => failed,
    }
}

/// Whether an identity here opens what the seal would be.
pub(super) fn opens_here(seal: &Seal, keyring: &mut Keyring) -> bool {
    Header::parse(&seal.header).is_ok_and(|header| keyring.open(&header).is_ok())
}

/// Writes all of them. `tell` is asked to speak of each one that was written, or stays as it is.
pub(super) fn write_all(
    all: &[Prepared<'_>],
    global: &Global,
    context: &Context,
    ui: &mut Ui,
    mut tell: impl FnMut(&Prepared<'_>, &mut Ui),
) -> Result<Exit, CommandError> {
    for (index, one) in all.iter().enumerate() {
        if let Err(error) = write(one, global, context, ui) {
            let written: Vec<String> = all[..index]
                .iter()
                .filter(|one| one.text.is_some())
                .map(|one| shown(one.item))
                .collect();
            let left: Vec<String> = all[index..].iter().map(|one| shown(one.item)).collect();
            let mut error = error.detail(format!("not changed: {}", left.join(", ")));
            if !written.is_empty() {
                error = error.detail(format!("changed: {}", written.join(", ")));
                error.exit = Exit::PARTIAL;
            }
            return Err(error);
        }
        tell(one, ui);
    }
    Ok(Exit::DONE)
}

fn write(
    one: &Prepared<'_>,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let Some(text) = &one.text else {
        return Ok(());
    };
    let Some(keys) = &one.keys else {
        return authoring::write(one.item, context, text).map(|_written| ());
    };
    let scope = &one.item.scope;
    let mut store = records::undo_store(global, context);
    let mut carried = None;
    if let Some(store) = &mut store {
        let from = (&keys.from.0, &keys.from.1);
        let to = (&keys.to.0, &keys.to.1);
        match Carried::begin(store, scope, from, to) {
            Ok(begun) => carried = Some(begun),
            Err(why) => ui.warn(&format!(
                "what can be undone here does not follow to the new key, and the next apply drops it: cannot {why}"
            )),
        }
    }
    let written = authoring::write(one.item, context, text).map(|_written| ());
    if let (Some(store), Some(carried)) = (&mut store, carried) {
        let settled = match written {
            Ok(()) => carried.finish(store, scope),
            Err(_) => carried.take_back(store, scope),
        };
        if let Err(why) = settled {
            ui.warn(&format!(
                "former values are left twice until the next apply: cannot {why}"
            ));
        }
    }
    written
}
