//! A kept edit of a manifest that somebody changed meanwhile: both joined by name, as git's driver
//! does it, or the names of what has to be looked at.

use zeroize::Zeroizing;

use super::draft::Draft;
use super::seal::{self, Values};
use crate::cli::context::Context;
use crate::cli::session::Item;
use crate::crypto::Keyring;
use crate::manifest::{Merged, Side, Subject, Texts, merge};
use crate::model::VarName;
use crate::reconcile::load::{self, Opener, Opening};

/// The text to go on with, and what to say of it.
pub(super) struct Joined {
    pub(super) body: Zeroizing<String>,
    pub(super) notes: Vec<String>,
}

/// The draft on top of the manifest as it is now.
pub(super) fn on_top(
    draft: &Draft,
    item: &Item,
    opening: &Opening,
    keyring: &mut Keyring,
    context: &Context,
) -> Joined {
    if let Some(body) = joined(draft, item, opening, keyring, context) {
        return Joined {
            body,
            notes: vec![
                "The manifest changed while this text was kept: both changes are in it now.".into(),
            ],
        };
    }
    let moved = moved(draft, item, keyring);
    let what = match moved.is_empty() {
        true => "beside the variables".to_owned(),
        false => moved.join(", "),
    };
    Joined {
        body: draft.body.clone(),
        notes: vec![
            "The manifest changed while this text was kept, and the two could not be joined."
                .into(),
            format!("Changed there: {what}. What this text says is what will stand."),
        ],
    }
}

fn joined(
    draft: &Draft,
    item: &Item,
    opening: &Opening,
    keyring: &mut Keyring,
    context: &Context,
) -> Option<Zeroizing<String>> {
    let (base_item, base_opening) = base(draft, item, keyring)?;
    let subject = Subject::new(&draft.base).ok()?;
    let values = values(&subject, &base_item, &base_opening, keyring)?;
    let taken = subject.take_back(&draft.body).ok()?;
    let made = seal::make(&base_item, &base_opening, &taken, &values, context).ok()?;
    let texts = Texts {
        base: &draft.base,
        ours: &made.text,
        theirs: &item.file.text,
        by_lines: None,
    };
    let ours = load::load(&made.text).ok()?;
    let merged = {
        let mut same = |name: &VarName, one: Side, other: Side| {
            let mut value = |side| {
                let (manifest, opening) = match side {
                    Side::Base => (&base_item.loaded.manifest, &base_opening),
                    Side::Ours => (&ours.manifest, &base_opening),
                    Side::Theirs => (&item.loaded.manifest, opening),
                };
                let mut opener = Opener { opening, keyring };
                opener.value(manifest, name).ok().map(|open| open.value)
            };
            let one = value(one);
            one.is_some() && one == value(other)
        };
        merge(&texts, &mut same).ok()?
    };
    let Merged::Clean(text) = merged else {
        return None;
    };
    let merged = Subject::new(&text).ok()?;
    let loaded = load::load(&text).ok()?;
    let opening = load::open(&loaded.manifest, keyring);
    let mut opener = Opener {
        opening: &opening,
        keyring,
    };
    let values = seal::open_all(&merged, &loaded.manifest, &mut opener).ok()?;
    Some(merged.view(&seal::texts(&values)))
}

/// The manifest as it was when the draft began.
fn base(draft: &Draft, item: &Item, keyring: &mut Keyring) -> Option<(Item, Opening)> {
    let loaded = load::load(&draft.base).ok()?;
    let opening = load::open(&loaded.manifest, keyring);
    let mut file = item.file.clone();
    file.text.clone_from(&draft.base);
    let item = Item {
        file,
        loaded,
        located: vec![],
        scope: item.scope.clone(),
    };
    Some((item, opening))
}

fn values(
    subject: &Subject<'_>,
    item: &Item,
    opening: &Opening,
    keyring: &mut Keyring,
) -> Option<Values> {
    let mut opener = Opener { opening, keyring };
    seal::open_all(subject, &item.loaded.manifest, &mut opener).ok()
}

/// The variables that are not what they were, by name.
fn moved(draft: &Draft, item: &Item, keyring: &mut Keyring) -> Vec<String> {
    let Some((base, _)) = base(draft, item, keyring) else {
        return vec![];
    };
    let (before, now) = (
        &base.loaded.manifest.variables,
        &item.loaded.manifest.variables,
    );
    let differs = |name: &&VarName| {
        before.get(*name).map(|one| (&one.source, &one.metadata))
            != now.get(*name).map(|one| (&one.source, &one.metadata))
    };
    let mut names: Vec<String> = before
        .keys()
        .chain(now.keys())
        .filter(differs)
        .map(ToString::to_string)
        .collect();
    names.sort();
    names.dedup();
    names
}
