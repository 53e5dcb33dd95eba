//! A manifest that changes: what it declares, where, and as a file with values sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftlock::crypto::{Envelope, NoPrompt, Recipient, generate_identity};
use driftlock::manifest::{FreshTarget, Payload, Seal, Source, UseSource, render_new};
use driftlock::model::{
    Address, FingerprintKey, Fingerprinter, Limit, ManifestName, Rails, SecretValue, VarName,
};
use driftlock::reconcile::load::{
    self, FINGERPRINT_ENTRY, Loaded, Open, Opening, fingerprint_key_text,
};

use super::truth::TARGETS;
use crate::support::railway::address;

/// A part of every secret.
pub const CANARY: &str = "c4n4ry";

/// What shall be sealed in Railway, where it is used.
const SEALED: [(&str, &str); 2] = [("worker", "CERT"), ("api", "PIN")];

/// One declared variable.
#[derive(Debug, Clone)]
pub struct Declared {
    pub value: String,
    pub secret: bool,
    pub reference: bool,
    pub sequence: u64,
}

/// What the manifest says.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    pub variables: BTreeMap<String, Declared>,
    pub uses: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Wishes {
    /// Declares a variable on some targets.
    pub fn add(&mut self, name: &str, declared: Declared, targets: &[&'static str]) {
        for target in targets {
            self.uses.entry(target).or_default().insert(name.to_owned());
        }
        self.variables.insert(name.to_owned(), declared);
    }

    /// A variable that nobody uses any more is gone altogether.
    pub fn tidy(&mut self) {
        let used: BTreeSet<&String> = self.uses.values().flatten().collect();
        self.variables.retain(|name, _| used.contains(name));
    }

    /// What a target shall hold.
    pub fn of(&self, target: &str) -> BTreeMap<String, String> {
        let names = self.uses.get(target).into_iter().flatten();
        names
            .map(|name| (name.clone(), self.variables[name].value.clone()))
            .collect()
    }

    pub fn seals(&self, target: &str, name: &str) -> bool {
        SEALED.contains(&(target, name)) && self.of(target).contains_key(name)
    }
}

/// Makes the manifest's file, and holds its key.
pub struct Desk {
    name: ManifestName,
    pub opening: Opening,
    seal: Seal,
    recipient: String,
}

impl Desk {
    pub fn new() -> Self {
        let name: ManifestName = "production".parse().unwrap();
        let envelope = Envelope::generate(&name);
        let (_, public) = generate_identity();
        let recipients = [Recipient::parse(&public).unwrap()];
        let prompt: driftlock::crypto::SharedPrompt = Arc::new(NoPrompt);
        let header = envelope.wrap(&recipients, &prompt).unwrap();
        let fingerprints = fingerprint_key_text(&FingerprintKey::new([7; 32]));
        let seal = Seal {
            key_id: envelope.key_id(),
            recipients_mac: envelope.recipients_mac(&recipients),
            header: header.to_text(),
            fingerprints: Some(payload(&envelope, FINGERPRINT_ENTRY, 1, fingerprints)),
            former_fingerprints: vec![],
        };
        let open = Open {
            fingerprinter: Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]),
            envelope,
            identity: "the test's".to_owned(),
            notes: vec![],
            recipients_authentic: true,
        };
        Self {
            name,
            opening: Opening::Open(Box::new(open)),
            seal,
            recipient: public,
        }
    }

    pub fn fingerprinter(&self) -> &Fingerprinter {
        &self.opening.as_open().unwrap().fingerprinter
    }

    /// The manifest as it would be read from its file.
    pub fn load(&self, wishes: &Wishes, project: &str) -> Loaded {
        let source = |(name, declared): (&String, &Declared)| {
            let value = declared.value.clone();
            let source = match declared.secret {
                false => Source::Clear(value),
                true => {
                    let envelope = &self.opening.as_open().unwrap().envelope;
                    let value = SecretValue::new(value);
                    Source::Sealed(payload(envelope, name, declared.sequence, value))
                }
            };
            (var(name), source)
        };
        let variables = wishes.variables.iter().map(source).collect();
        let refers = wishes.variables.iter().filter(|(_, one)| one.reference);
        let targets: Vec<FreshTarget> = TARGETS
            .iter()
            .map(|target| fresh(wishes, target, project))
            .collect();
        let text = render_new(&driftlock::manifest::Fresh {
            comment: None,
            name: &self.name,
            recipients: &[(self.recipient.clone(), String::new())],
            variables: &variables,
            references: &refers.map(|(name, _)| var(name)).collect(),
            targets: &targets,
            seal: Some(&self.seal),
        });
        let mut loaded = load::load(&text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        for target in &mut loaded.manifest.targets {
            let any = Limit {
                count: None,
                percent: None,
            };
            target.prune = true;
            target.rails = Rails {
                deletes: any,
                changes: any,
            };
        }
        loaded
    }
}

fn fresh(wishes: &Wishes, target: &str, project: &str) -> FreshTarget {
    let service = (target != "shared").then_some(target);
    let mut place = address(project, "production", service);
    let uses = wishes.uses.get(target).cloned().unwrap_or_default();
    let sealed = uses.iter().filter(|name| wishes.seals(target, name));
    place.sealed = sealed.map(|name| var(name)).collect();
    FreshTarget {
        name: target.parse().unwrap(),
        comment: None,
        address: Address::Railway(place),
        uses: uses
            .iter()
            .map(|name| (var(name), UseSource::Declared(var(name))))
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

fn var(name: &str) -> VarName {
    name.parse().unwrap()
}
