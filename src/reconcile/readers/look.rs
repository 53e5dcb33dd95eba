//! One manifest and its readers, without changing anything.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::crypto::{Header, Keyring, Recipient};
use crate::manifest::{Manifest, reader_names};
use crate::model::CheckKind;
use crate::reconcile::event::{Reader, ReadersOf, Sealed};
use crate::reconcile::inspect::{Subject, Wanted, inspect_opened};
use crate::reconcile::load::{self, Loaded, Opening};

use super::{listed, sealed, waiting};

/// The public keys of the identities that are here, in their one spelling.
pub fn reader_keys(keyring: &mut Keyring) -> BTreeSet<String> {
    let keys = keyring.public_keys();
    keys.filter_map(|(_, text)| Recipient::parse(&text).ok())
        .map(|key| key.canonical().to_owned())
        .collect()
}

/// Looks at one manifest, whose text this is: its list, header and signature; with `proves` at each
/// value too.
pub fn look(
    path: &Path,
    loaded: &Loaded,
    text: &str,
    keyring: &mut Keyring,
    proves: bool,
    now: Timestamp,
) -> ReadersOf {
    let manifest = &loaded.manifest;
    let opening = load::open(manifest, keyring);
    let own = reader_keys(keyring);
    let mut kinds = BTreeSet::from([CheckKind::Recipients]);
    if proves {
        kinds.insert(CheckKind::Keys);
    }
    let wanted = Wanted {
        kinds: &kinds,
        identity_required: proves,
        now,
    };
    let subject = Subject {
        loaded,
        text,
        path: "",
    };
    let inspected = inspect_opened(&subject, &opening, &wanted, keyring, None);
    let mut findings = inspected.findings;
    if !proves {
        // why it stays sealed is no trouble for who only asks who is listed
        let locked = matches!(&opening, Opening::Sealed(why) if why.is_locked());
        findings.retain(|one| one.diagnostic.code != "sealed" || !locked);
    }
    let failed = findings
        .iter()
        .filter(|one| one.diagnostic.code == "does-not-open")
        .count();
    let total = sealed(manifest).len() + waiting(manifest).len();
    let is_open = !matches!(opening, Opening::Sealed(_));
    ReadersOf {
        path: path.to_owned(),
        name: Some(manifest.name.to_string()),
        key: load::key_id(manifest),
        key_since: None,
        identity: opening.as_open().map(|open| open.identity.clone()),
        signed: opening.as_open().map(|open| open.recipients_authentic),
        fits: fits(manifest),
        readers: readers(manifest, text, &own),
        values: Sealed {
            total,
            open: (proves && is_open).then_some(total - failed),
            waiting: waiting(manifest).len(),
        },
        findings,
        unchecked: inspected.unchecked,
    }
}

/// Counted for X25519, where nobody can see more without the private keys.
fn fits(manifest: &Manifest) -> Option<bool> {
    let seal = manifest.seal.as_ref()?;
    let header = Header::parse(&seal.header).ok()?;
    Some(header.misfit(&listed(manifest)?).is_none())
}

fn readers(manifest: &Manifest, text: &str, own: &BTreeSet<String>) -> Vec<Reader> {
    let names = reader_names(text, manifest);
    let listed = manifest.recipients.iter();
    listed
        .filter_map(|(spelled, at)| {
            // one that is no key is a finding of its own
            let key = Recipient::parse(spelled).ok()?;
            let yours = own.contains(key.canonical());
            Some(Reader {
                name: names.get(spelled).cloned(),
                kind: key.kind(),
                short: key.short(),
                fingerprint: key.fingerprint(),
                yours: (yours || !key.is_held_elsewhere()).then_some(yours),
                key: key.canonical().to_owned(),
                line: at.line,
                since: None,
            })
        })
        .collect()
}
