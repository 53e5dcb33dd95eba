//! Makes the manifest's text under one of a few keys, and reads it as the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use driftlock::crypto::{Envelope, NoPrompt, Recipient, SharedPrompt, generate_identity};
use driftlock::manifest::{Fresh, FreshTarget, Payload, Seal, Source, UseSource, render_new};
use driftlock::model::{
    Address, FingerprintKey, Fingerprinter, Limit, ManifestName, Rails, SecretValue, VarName,
};
use driftlock::reconcile::load::{
    self, FINGERPRINT_ENTRY, Loaded, Open, Opening, fingerprint_key_text,
};

use super::wishes::{KEYS, MOST_DELETES, TARGETS, Wishes, is_secret, text};

/// One key that the manifest can be under.
struct Key {
    envelope: Envelope,
    header: String,
    recipients_mac: [u8; 32],
}

struct Keys {
    name: ManifestName,
    recipient: String,
    all: Vec<Key>,
}

/// Made once: they cost more than a whole sequence.
fn keys() -> &'static Keys {
    static KEYS_MADE: OnceLock<Keys> = OnceLock::new();
    KEYS_MADE.get_or_init(|| {
        let name: ManifestName = "production".parse().unwrap();
        let (_, recipient) = generate_identity();
        let recipients = [Recipient::parse(&recipient).unwrap()];
        let prompt: SharedPrompt = Arc::new(NoPrompt);
        let all = (0..KEYS).map(|_| {
            let envelope = Envelope::generate(&name);
            Key {
                header: envelope.wrap(&recipients, &prompt).unwrap().to_text(),
                recipients_mac: envelope.recipients_mac(&recipients),
                envelope,
            }
        });
        Keys {
            all: all.collect(),
            name,
            recipient,
        }
    })
}

fn fingerprint_key(number: u8) -> FingerprintKey {
    FingerprintKey::new([number + 1; 32])
}

pub fn fingerprinter(wishes: &Wishes) -> Fingerprinter {
    let former = wishes.former.iter().map(|key| fingerprint_key(*key));
    Fingerprinter::new(fingerprint_key(wishes.key), former.collect())
}

/// As somebody with an identity has it.
pub fn opening(wishes: &Wishes) -> Opening {
    Opening::Open(Box::new(Open {
        envelope: keys().all[wishes.key as usize].envelope.clone(),
        fingerprinter: fingerprinter(wishes),
        identity: "the test's".to_owned(),
        notes: vec![],
        recipients_authentic: true,
    }))
}

/// The manifest as it would be read from its file, with its targets at these addresses.
pub fn load(wishes: &Wishes, address: impl Fn(&'static str) -> Address) -> Loaded {
    let key = &keys().all[wishes.key as usize];
    let envelope = &key.envelope;
    let fingerprints = |number: u8| {
        let key = fingerprint_key_text(&fingerprint_key(number));
        payload(envelope, FINGERPRINT_ENTRY, 1, key)
    };
    let seal = Seal {
        key_id: envelope.key_id(),
        recipients_mac: key.recipients_mac,
        header: key.header.clone(),
        fingerprints: Some(fingerprints(wishes.key)),
        former_fingerprints: wishes.former.iter().map(|key| fingerprints(*key)).collect(),
    };
    let variables: BTreeMap<VarName, Source> = wishes
        .values
        .iter()
        .map(|(name, number)| (var(name), source(envelope, name, *number)))
        .collect();
    let targets: Vec<FreshTarget> = TARGETS.iter().map(|target| fresh(wishes, target)).collect();
    let manifest = render_new(&Fresh {
        comment: None,
        name: &keys().name,
        recipients: &[(keys().recipient.clone(), String::new())],
        variables: &variables,
        references: &BTreeSet::new(),
        targets: &targets,
        seal: Some(&seal),
    });
    let mut loaded =
        load::load(&manifest).unwrap_or_else(|errors| panic!("{errors:?}\n{manifest}"));
    let none = Limit {
        count: None,
        percent: None,
    };
    for (target, name) in loaded.manifest.targets.iter_mut().zip(TARGETS) {
        target.address = address(name);
        target.prune = wishes.prune.contains(name);
        target.rails = Rails {
            deletes: Limit {
                count: Some(MOST_DELETES),
                ..none
            },
            changes: none,
        };
    }
    for (name, variable) in &mut loaded.manifest.variables {
        variable.metadata.protected = wishes.protected.contains(name.as_str());
    }
    loaded
}

fn source(envelope: &Envelope, name: &str, number: u32) -> Source {
    let value = text(name, "ours", number);
    match is_secret(name) {
        true => {
            let value = SecretValue::new(value);
            Source::Sealed(payload(envelope, name, u64::from(number), value))
        }
        false => Source::Clear(value),
    }
}

/// Its address is put in after the text was read: no text leads to a store in memory.
fn fresh(wishes: &Wishes, target: &str) -> FreshTarget {
    let uses = wishes.uses.iter().filter(|(on, _)| *on == target);
    FreshTarget {
        name: target.parse().unwrap(),
        comment: None,
        address: Address::Railway(crate::support::railway::address(
            "aurora",
            "production",
            Some(target),
        )),
        uses: uses
            .map(|(_, name)| (var(name), UseSource::Declared(var(name))))
            .collect(),
    }
}

fn payload(envelope: &Envelope, entry: &str, sequence: u64, value: SecretValue) -> Payload {
    let at = "2026-01-31T23:59:59Z".parse().unwrap();
    Payload {
        key: envelope.key_id().short(),
        base64: envelope.seal(entry, sequence, at, &value).unwrap(),
    }
}

pub fn var(name: &str) -> VarName {
    name.parse().unwrap()
}
