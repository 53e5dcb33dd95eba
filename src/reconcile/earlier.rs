//! Whether a value is one that a variable had before: every former text of the manifest is looked at,
//! and each of its values opened once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZero;
use std::thread;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::declared::declared_fingerprint;
use super::load::FINGERPRINT_ENTRY;
use crate::crypto::{Envelope, Header, Keyring};
use crate::manifest::{Glance, Seal, Source, glance};
use crate::model::{Fingerprint, Fingerprinter, ManifestName, SecretValue, VarName};
use crate::review::{Earlier, Wanted};

/// A former text, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Former<'a> {
    /// The commit that brought it, in full.
    pub commit: &'a str,
    /// When.
    pub at: Timestamp,
    /// All of it.
    pub text: &'a str,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// By variable: the newest revision that had the value.
    pub earlier: BTreeMap<VarName, Earlier>,
    /// Former texts that could not be opened or read: an equal value there is not noticed.
    pub blind: usize,
}

/// Looks for values in former texts, newest first. `with` is the key of the comparison.
pub fn search(
    texts: &[Former<'_>],
    wanted: &[(VarName, Wanted)],
    with: Option<&Fingerprinter>,
    keyring: &mut Keyring,
) -> Found {
    let names: BTreeSet<VarName> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let mut left: BTreeMap<&VarName, &Wanted> =
        wanted.iter().map(|(name, what)| (name, what)).collect();
    let mut found = Found::default();
    let mut reader = Reader {
        with,
        keyring,
        envelopes: HashMap::new(),
        prints: HashMap::new(),
    };
    for (former, glance) in texts.iter().zip(glances(texts, &names)) {
        if left.is_empty() {
            break;
        }
        let Some(glance) = glance else {
            found.blind += 1;
            continue;
        };
        let mut is_blind = false;
        left.retain(|name, wanted| {
            let Some(source) = glance.variables.get(*name) else {
                return true;
            };
            let had = match (source, *wanted) {
                (Source::Clear(text), Wanted::Text(wanted)) => Ok(text == wanted),
                (Source::Template(template), Wanted::Text(wanted)) => {
                    Ok(template.to_source() == *wanted)
                }
                (Source::Sealed(payload), Wanted::Print(wanted)) => reader
                    .print(&glance, name, &payload.base64)
                    .map(|print| print == *wanted)
                    .ok_or(()),
                (Source::Clear(text), Wanted::Print(wanted)) => with
                    .map(|with| {
                        let value = SecretValue::new(text.as_str());
                        declared_fingerprint(with, name, &value) == *wanted
                    })
                    .ok_or(()),
                _ => Ok(false),
            };
            is_blind |= had.is_err();
            if had == Ok(true) {
                let earlier = Earlier {
                    commit: former.commit.to_owned(),
                    at: former.at,
                };
                found.earlier.insert((*name).clone(), earlier);
            }
            had != Ok(true)
        });
        found.blind += usize::from(is_blind);
    }
    found
}

/// Reading the texts is most of the work, and no text needs another one.
fn glances(texts: &[Former<'_>], names: &BTreeSet<VarName>) -> Vec<Option<Glance>> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = texts.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let parts: Vec<_> = texts
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    let looked = part.iter().map(|one| glance(one.text, names));
                    looked.collect::<Vec<_>>()
                })
            })
            .collect();
        let done = parts
            .into_iter()
            .map(|part| part.join().unwrap_or_default());
        done.flatten().collect()
    })
}

/// Opens each file key and each value once.
struct Reader<'a> {
    with: Option<&'a Fingerprinter>,
    keyring: &'a mut Keyring,
    envelopes: HashMap<[u8; 32], Option<Envelope>>,
    prints: HashMap<[u8; 32], Option<Fingerprint>>,
}

impl Reader<'_> {
    fn print(&mut self, glance: &Glance, name: &VarName, payload: &str) -> Option<Fingerprint> {
        let with = self.with?;
        let seal = glance.seal.as_ref()?;
        let key = digest([
            seal.header.as_str(),
            glance.name.as_str(),
            name.as_str(),
            payload,
        ]);
        if let Some(known) = self.prints.get(&key) {
            return *known;
        }
        let print = self
            .envelope(seal, &glance.name)
            .and_then(|envelope| envelope.open(name.as_str(), payload).ok())
            .map(|opened| declared_fingerprint(with, name, &opened.value));
        self.prints.insert(key, print);
        print
    }

    /// `None` where no identity fits any more, or where the header is not one that its own manifest
    /// vouches for.
    fn envelope(&mut self, seal: &Seal, name: &ManifestName) -> Option<&Envelope> {
        let key = digest([seal.header.as_str(), name.as_str()]);
        let keyring = &mut *self.keyring;
        let known = self.envelopes.entry(key).or_insert_with(|| {
            let header = Header::parse(&seal.header).ok()?;
            let file_key = keyring.open(&header).ok()?.file_key;
            let envelope = Envelope::from_file_key(name, file_key);
            let own = seal.fingerprints.as_ref()?;
            let opens = envelope.open(FINGERPRINT_ENTRY, &own.base64).is_ok();
            (envelope.key_id() == seal.key_id && opens).then_some(envelope)
        });
        known.as_ref()
    }
}

fn digest<const N: usize>(parts: [&str; N]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
