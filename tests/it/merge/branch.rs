//! One branch's manifest under a real envelope: its text, and the values that it shall open to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftlock::crypto::{
    Envelope, IdentityRequest, Keyring, NoPrompt, Recipient, SharedPrompt, generate_identity,
};
use driftlock::manifest::{Editor, Fresh, FreshTarget, Payload, Seal, Source, render_new};
use driftlock::model::{FileAddress, FingerprintKey, Machine, ManifestName, SecretValue, VarName};
use driftlock::reconcile::load::{self, FINGERPRINT_ENTRY, Opener, fingerprint_key_text};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use zeroize::Zeroizing;

use crate::support::world::World;

/// How many variables the base has.
pub(super) const COUNT: usize = 8;

/// By name; the value, and whether it is a secret.
pub(super) type Values = BTreeMap<VarName, (String, bool)>;

#[derive(Clone)]
pub(super) struct Branch {
    pub(super) text: String,
    pub(super) values: Values,
    pub(super) recipients: usize,
}

/// Who edits: holds the key of the manifest, and two people's identities.
pub(super) struct Author {
    pub(super) random: StdRng,
    envelope: Envelope,
    people: Vec<(Zeroizing<String>, Recipient)>,
    fingerprint_key: FingerprintKey,
    sequence: u64,
}

/// Even names are the base's, so that there is a gap beside each.
pub(super) fn name(index: usize) -> VarName {
    VarName::new(format!("V{index:02}")).unwrap()
}

fn manifest() -> ManifestName {
    "test".parse().unwrap()
}

fn at() -> Timestamp {
    "2026-01-31T23:59:59Z".parse().unwrap()
}

fn quiet() -> SharedPrompt {
    Arc::new(NoPrompt)
}

impl Author {
    pub(super) fn new(seed: u64) -> Self {
        let person = || {
            let (secret, public) = generate_identity();
            (secret, Recipient::parse(&public).unwrap())
        };
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            fingerprint_key: FingerprintKey::new(random.r#gen()),
            random,
            envelope: Envelope::generate(&manifest()),
            people: vec![person(), person()],
            sequence: 1,
        }
    }

    pub(super) fn recipients(&self, count: usize) -> Vec<Recipient> {
        let people = self.people.iter().take(count);
        people.map(|(_, recipient)| recipient.clone()).collect()
    }

    pub(super) fn value(&mut self) -> String {
        let length = self.random.gen_range(0..60);
        (0..length)
            .map(|_| char::from(self.random.gen_range(b' '..=b'~')))
            .collect()
    }

    pub(super) fn payload(&mut self, entry: &str, value: &str) -> Payload {
        self.sequence += 1;
        let sealed = self
            .envelope
            .seal(entry, self.sequence, at(), &SecretValue::new(value));
        Payload {
            key: self.envelope.key_id().short(),
            base64: sealed.unwrap(),
        }
    }

    /// Opens as one of the people does: every sealed value by name, clear texts and templates as they
    /// stand.
    pub(super) fn opened(
        &self,
        person: usize,
        text: &str,
        what: &str,
    ) -> BTreeMap<VarName, (char, String)> {
        let loaded = load::load(text).unwrap_or_else(|found| panic!("{what}: {found:?}\n{text}"));
        let mut request = IdentityRequest::default();
        request.env.age_key = Some(self.people[person].0.clone());
        let mut keyring = Keyring::new(&request, quiet());
        let opening = load::open(&loaded.manifest, &mut keyring);
        assert!(
            opening
                .as_open()
                .is_some_and(|open| open.recipients_authentic),
            "{what}"
        );
        let mut opener = Opener {
            opening: &opening,
            keyring: &mut keyring,
        };
        let variables = loaded.manifest.variables.iter();
        variables
            .map(|(name, variable)| {
                let value = match &variable.source {
                    Source::Clear(text) => ('c', text.clone()),
                    Source::Template(template) => ('t', template.to_source()),
                    _ => {
                        let open = opener.value(&loaded.manifest, name);
                        let open = open.unwrap_or_else(|why| panic!("{what} {name}: {why}"));
                        ('s', open.value.expose().to_owned())
                    }
                };
                (name.clone(), value)
            })
            .collect()
    }

    /// The header for the first `count` people, wrapped anew; `fingerprints` if they stay.
    pub(super) fn seal(&mut self, count: usize, fingerprints: Option<Payload>) -> Seal {
        let recipients = self.recipients(count);
        let header = self.envelope.wrap(&recipients, &quiet()).unwrap();
        let key = fingerprint_key_text(&self.fingerprint_key);
        let fingerprints =
            fingerprints.unwrap_or_else(|| self.payload(FINGERPRINT_ENTRY, key.expose()));
        Seal {
            key_id: self.envelope.key_id(),
            recipients_mac: self.envelope.recipients_mac(&recipients),
            header: header.to_text(),
            fingerprints: Some(fingerprints),
            former_fingerprints: vec![],
        }
    }

    pub(super) fn base(&mut self) -> Branch {
        let values: Values = (0..COUNT)
            .map(|index| (name(index * 2), (self.value(), true)))
            .collect();
        let variables: BTreeMap<VarName, Source> = values
            .iter()
            .map(|(name, (value, _))| {
                let payload = self.payload(name.as_str(), value);
                (name.clone(), Source::Sealed(payload))
            })
            .collect();
        let file = FileAddress {
            machine: Machine::Any,
            path: "../.env".to_owned(),
            format: "portable".to_owned(),
            at: None,
        };
        // one that no branch deletes
        let target = FreshTarget::file("app".parse().unwrap(), file, vec![]);
        let seal = self.seal(1, None);
        let first = self.people[0].1.canonical().to_owned();
        let text = render_new(&Fresh {
            comment: Some("yaml-language-server: $schema=x"),
            name: &manifest(),
            recipients: &[(first, "laptop".to_owned())],
            variables: &variables,
            references: &BTreeSet::new(),
            targets: &[target],
            seal: Some(&seal),
        });
        Branch {
            text,
            values,
            recipients: 1,
        }
    }

    pub(super) fn set(&mut self, branch: &Branch, index: usize) -> Branch {
        self.set_named(branch, name(index).as_str())
    }

    pub(super) fn set_named(&mut self, branch: &Branch, name: &str) -> Branch {
        let value = self.value();
        let source = Source::Sealed(self.payload(name, &value));
        put(branch, &VarName::new(name).unwrap(), &source, value)
    }

    pub(super) fn set_clear(&mut self, branch: &Branch, index: usize) -> Branch {
        let value = self.value() + "x";
        let source = Source::Clear(value.clone());
        put(branch, &name(index), &source, value)
    }

    pub(super) fn unset(&self, branch: &Branch, index: usize) -> Branch {
        let mut next = branch.clone();
        next.values.remove(&name(index));
        next.text = edit(&branch.text, |editor| {
            editor.unset(&name(index), false).unwrap();
        });
        next
    }

    pub(super) fn add_recipient(&mut self, branch: &Branch) -> Branch {
        let loaded = load::load(&branch.text).unwrap();
        let present = loaded.manifest.seal.and_then(|seal| seal.fingerprints);
        let seal = self.seal(2, present);
        let listed: Vec<String> = self
            .recipients(2)
            .iter()
            .map(|recipient| recipient.canonical().to_owned())
            .collect();
        let mut next = branch.clone();
        next.recipients = 2;
        next.text = edit(&branch.text, |editor| {
            editor.set_recipients(&listed).unwrap();
            editor.set_seal(&seal).unwrap();
        });
        next
    }

    /// Everything sealed anew under another file key; afterwards the author holds the old one again.
    pub(super) fn re_key(&mut self, branch: &Branch) -> Branch {
        let old = std::mem::replace(&mut self.envelope, Envelope::generate(&manifest()));
        let seal = self.seal(1, None);
        let sources: Vec<(VarName, Source)> = branch
            .values
            .iter()
            .map(|(name, (value, _))| {
                let payload = self.payload(name.as_str(), value);
                (name.clone(), Source::Sealed(payload))
            })
            .collect();
        self.envelope = old;
        let mut next = branch.clone();
        next.text = edit(&branch.text, |editor| {
            editor.set_seal(&seal).unwrap();
            for (name, source) in &sources {
                editor.set(name, source).unwrap();
            }
        });
        next
    }

    /// For the binary: both people's keys where it looks for them.
    pub(super) fn leave_identities(&self, world: &World) {
        let folder = world.config("driftlock");
        std::fs::create_dir_all(&folder).unwrap();
        let keys: Vec<&str> = self
            .people
            .iter()
            .map(|(secret, _)| secret.as_str())
            .collect();
        std::fs::write(folder.join("keys.txt"), keys.join("\n") + "\n").unwrap();
    }

    /// Each recipient opens each value, and the list of recipients is authentic.
    pub(super) fn assert_opens(&self, text: &str, wanted: &Values, recipients: usize, what: &str) {
        let loaded = load::load(text).unwrap_or_else(|found| panic!("{what}: {found:?}"));
        assert_eq!(loaded.manifest.recipients.len(), recipients, "{what}");
        for (secret, _) in self.people.iter().take(recipients) {
            let mut request = IdentityRequest::default();
            request.env.age_key = Some(secret.clone());
            let mut keyring = Keyring::new(&request, quiet());
            let opening = load::open(&loaded.manifest, &mut keyring);
            let open = opening
                .as_open()
                .unwrap_or_else(|| panic!("{what}: stays sealed"));
            assert!(open.recipients_authentic, "{what}");
            assert_eq!(open.fingerprinter.key(), &self.fingerprint_key, "{what}");
            let mut opener = Opener {
                opening: &opening,
                keyring: &mut keyring,
            };
            let values: Values = loaded
                .manifest
                .variables
                .iter()
                .map(|(name, variable)| {
                    let (value, secret) = match &variable.source {
                        Source::Clear(text) => (text.clone(), false),
                        _ => {
                            let open = opener.value(&loaded.manifest, name);
                            let open = open.unwrap_or_else(|why| panic!("{what} {name}: {why}"));
                            (open.value.expose().to_owned(), true)
                        }
                    };
                    (name.clone(), (value, secret))
                })
                .collect();
            assert_eq!(&values, wanted, "{what}");
        }
    }
}

fn put(branch: &Branch, name: &VarName, source: &Source, value: String) -> Branch {
    let secret = matches!(source, Source::Sealed(_));
    let mut next = branch.clone();
    next.values.insert(name.clone(), (value, secret));
    next.text = edit(&branch.text, |editor| editor.set(name, source).unwrap());
    next
}

fn edit(text: &str, change: impl FnOnce(&mut Editor<'_>)) -> String {
    let mut editor = Editor::new(text).unwrap();
    change(&mut editor);
    editor.finish().unwrap().0
}
