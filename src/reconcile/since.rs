//! `--since REV`: the manifest at a git revision as what was last applied.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::desired::{Offered, Values};
use super::load::{self, Opener, Opening};
use super::pass::Memory;
use super::targets::Located;
use crate::crypto::Keyring;
use crate::manifest::parse_rails;
use crate::model::{Diagnostic, Fingerprinter, LastApplied, Recorded, VarName};

/// Why a former revision cannot stand for what was last applied.
#[derive(Debug, thiserror::Error)]
pub enum SinceError {
    /// It does not parse.
    #[error("the manifest of that revision has problems")]
    Invalid(Vec<Diagnostic>),
    /// Its `rails.yaml` does not parse.
    #[error("the rails.yaml of that revision has problems, so nobody knows what was limited")]
    Rails(Vec<Diagnostic>),
    /// It does not open, or a value of it does not.
    #[error("the manifest of that revision stays sealed: {0}")]
    Sealed(String),
}

/// A manifest of a former revision, and the `rails.yaml` beside it; `None` where there was none.
#[derive(Debug, Clone, Copy)]
pub struct Former<'a> {
    /// The manifest.
    pub text: Option<&'a str>,
    /// What limited it.
    pub rails: Option<&'a str>,
}

/// What the manifest of a former revision says was applied. Fingerprints are made under the present key, so that they compare.
pub fn recall(
    revision: Former<'_>,
    located: &[Located],
    fingerprinter: &Fingerprinter,
    keyring: &mut Keyring,
    now: Timestamp,
) -> Result<Memory, SinceError> {
    let Some(text) = revision.text else {
        return Ok(Memory::default());
    };
    let mut former = load::load(text).map_err(SinceError::Invalid)?;
    if let Some(rails) = revision.rails {
        former.tighten(&parse_rails(rails).map_err(SinceError::Rails)?);
    }
    let opening = load::open(&former.manifest, keyring);
    if let Opening::Sealed(why) = &opening {
        return Err(SinceError::Sealed(why.to_string()));
    }
    let mut opener = Opener {
        opening: &opening,
        keyring,
    };
    let values = Values::of_targets(&former.manifest, &mut opener, &former.manifest.targets);
    let mut last = BTreeMap::new();
    let mut sequences: BTreeMap<VarName, u64> = BTreeMap::new();
    for located in located {
        let name = &located.target.name;
        let spec = former
            .manifest
            .targets
            .iter()
            .find(|spec| spec.name == *name && spec.address == located.target.address);
        let Some(spec) = spec else { continue };
        let desired = values.desired(spec, true, |_| Offered::default());
        if let Some((variable, unknown)) = desired.unknown.iter().next() {
            let why = &unknown.why;
            return Err(SinceError::Sealed(format!("{variable}: {why}")));
        }
        let mut vars = BTreeMap::new();
        for (variable, wanted) in desired.vars {
            if let (Some(declared), Some(sequence)) = (&wanted.declared, wanted.sequence) {
                let highest = sequences.entry(declared.clone()).or_default();
                *highest = (*highest).max(sequence);
            }
            let recorded = Recorded {
                fingerprint: fingerprinter.fingerprint(name, &variable, &wanted.value),
                sequence: wanted.sequence,
                sensitivity: wanted.sensitivity,
                at: now,
                platform_changed_at: None,
                dropped: false,
            };
            vars.insert(variable, recorded);
        }
        let known = LastApplied {
            recorded: true,
            vars,
            comparable: true,
            ..LastApplied::default()
        };
        last.insert(name.clone(), known);
    }
    for known in last.values_mut() {
        known.sequences.clone_from(&sequences);
    }
    Ok(Memory {
        last,
        authority: Some(former.manifest.authority_facts()),
        key_unknown: false,
        vouched: holds_key_of(fingerprinter, &opening),
        notes: vec![],
    })
}

/// Whether the present fingerprint keys have the one of a former revision among them.
fn holds_key_of(present: &Fingerprinter, former: &Opening) -> bool {
    let Some(former) = former.as_open() else {
        return false;
    };
    let key = former.fingerprinter.key();
    std::iter::once(present.key())
        .chain(present.former())
        .any(|held| held == key)
}
