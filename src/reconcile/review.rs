//! Two revisions of a manifest, opened as far as identities go, for comparison.

use std::collections::BTreeMap;

use super::declared::{declared_fingerprint, nameless_fingerprint};
use super::desired::Values;
use super::load::{Loaded, Opener, Opening};
use crate::crypto::Keyring;
use crate::manifest::{Manifest, Source, reader_names};
use crate::model::{Fingerprinter, SecretValue, TargetName, VarName};
use crate::review::{Effective, Side, Sight, Standing};

/// One revision of a manifest.
#[derive(Debug)]
pub struct Revision {
    /// Its text.
    pub text: String,
    /// What it says.
    pub loaded: Loaded,
    /// How far it opened.
    pub opening: Opening,
}

/// The key to compare with: that of the base. Whoever wrote the head may have chosen its key, and
/// could try values on what we print under it; so it is used only where the base has no secrets.
pub fn yardstick(base: Option<&Revision>, head: Option<&Revision>) -> Option<Fingerprinter> {
    match base.map(|one| &one.opening) {
        Some(Opening::Open(open)) => Some(open.fingerprinter.clone()),
        Some(Opening::Sealed(_)) => None,
        Some(Opening::Clear) | None => {
            let open = head?.opening.as_open()?;
            Some(open.fingerprinter.clone())
        }
    }
}

/// Whether the head holds the base's fingerprint key, as the present one or a former one: only a
/// reader of the base can have put it there.
pub fn is_vouched(base: Option<&Revision>, head: Option<&Revision>) -> bool {
    let open = |one: Option<&Revision>| {
        let open = one?.opening.as_open()?;
        Some(open.fingerprinter.clone())
    };
    match (open(base), open(head)) {
        (Some(base), Some(head)) => {
            head.key() == base.key() || head.former().iter().any(|key| key == base.key())
        }
        _ => false,
    }
}

/// One side of a comparison, and the secrets that were opened for it.
pub fn side<'a>(
    revision: &'a Revision,
    with: Option<&Fingerprinter>,
    keyring: &mut Keyring,
) -> (Side<'a>, Vec<SecretValue>) {
    let manifest = &revision.loaded.manifest;
    let mut opener = Opener {
        opening: &revision.opening,
        keyring,
    };
    let (values, mut secrets) = standings(manifest, &mut opener, with);
    let of_targets = Values::of_targets(manifest, &mut opener, &manifest.targets);
    secrets.extend(of_targets.secrets().cloned());
    let side = Side {
        manifest,
        readers: reader_names(&revision.text, manifest),
        sight: match &revision.opening {
            Opening::Clear => Sight::Clear,
            Opening::Open(_) => Sight::Open,
            Opening::Sealed(why) if why.is_locked() => Sight::Locked,
            Opening::Sealed(why) => Sight::Sealed(why.to_string()),
        },
        recipients_signed: revision
            .opening
            .as_open()
            .map(|open| open.recipients_authentic),
        values,
        uses: uses(manifest, &of_targets, with),
    };
    (side, secrets)
}

fn standings(
    manifest: &Manifest,
    opener: &mut Opener<'_>,
    with: Option<&Fingerprinter>,
) -> (BTreeMap<VarName, Standing>, Vec<SecretValue>) {
    let (mut found, mut secrets) = (BTreeMap::new(), vec![]);
    for (name, variable) in &manifest.variables {
        let (value, sequence, sealed_at) = match &variable.source {
            Source::Clear(text) => (SecretValue::new(text.as_str()), None, None),
            Source::Template(_) => continue,
            Source::Sealed(_) | Source::Armored(_) => match opener.value(manifest, name) {
                Ok(open) => {
                    secrets.push(open.value.clone());
                    (open.value, open.sequence, open.sealed_at)
                }
                Err(_) => {
                    found.insert(name.clone(), Standing::Sealed);
                    continue;
                }
            },
        };
        let standing = Standing::Open {
            print: with.map(|with| declared_fingerprint(with, name, &value)),
            nameless: with.map(|with| nameless_fingerprint(with, &value)),
            sequence,
            sealed_at,
        };
        found.insert(name.clone(), standing);
    }
    (found, secrets)
}

fn uses(
    manifest: &Manifest,
    values: &Values<'_>,
    with: Option<&Fingerprinter>,
) -> BTreeMap<TargetName, BTreeMap<VarName, Effective>> {
    let targets = manifest.targets.iter().map(|spec| {
        let uses = spec.uses.iter().map(|used| {
            let effective = if !manifest.is_secret_use(&used.source) {
                Effective::Clear
            } else {
                match (with, values.value(&used.source)) {
                    (Some(with), Ok(value)) => {
                        Effective::Print(with.fingerprint(&spec.name, &used.name, &value))
                    }
                    _ => Effective::Unknown,
                }
            };
            (used.name.clone(), effective)
        });
        (spec.name.clone(), uses.collect())
    });
    targets.collect()
}
