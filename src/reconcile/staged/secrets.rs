//! The secrets that somebody with an identity knows, searched for in any file.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::crypto::Keyring;
use crate::model::{SecretValue, VarName};
use crate::reconcile::load::{self, Opener};

/// Shorter values are found everywhere.
const MIN_SECRET: usize = 8;

/// One of them.
pub struct Secret {
    /// Its variable.
    pub name: VarName,
    /// Its manifest.
    pub manifest: String,
    /// Its value.
    pub value: SecretValue,
}

/// All of them, by how they begin: a file is read once, however many there are.
pub struct Secrets {
    all: Vec<Secret>,
    /// Of each pair of bytes, whether one begins with it.
    pairs: Vec<bool>,
    starts: HashMap<[u8; MIN_SECRET], Vec<usize>>,
}

impl Secrets {
    /// Those of these manifests that an identity opens, and that are long and mixed enough to be no
    /// ordinary word.
    pub fn of(texts: &[String], keyring: &mut Keyring) -> Self {
        let mut secrets = Self {
            all: vec![],
            pairs: vec![false; 1 << 16],
            starts: HashMap::new(),
        };
        let mut seen = HashSet::new();
        for text in texts {
            secrets.add(text, &mut seen, keyring);
        }
        secrets
    }

    fn add(&mut self, text: &str, seen: &mut HashSet<[u8; 32]>, keyring: &mut Keyring) {
        let Ok(loaded) = load::load(text) else {
            return;
        };
        let manifest = &loaded.manifest;
        let opening = load::open(manifest, keyring);
        if opening.as_open().is_none() {
            return;
        }
        let mut opener = Opener {
            opening: &opening,
            keyring,
        };
        for (name, variable) in &manifest.variables {
            if !variable.source.is_encrypted() {
                continue;
            }
            let Ok(open) = opener.value(manifest, name) else {
                continue;
            };
            let value = open.value.expose();
            let Some(start) = value.as_bytes().first_chunk().copied() else {
                continue;
            };
            if !is_telling(value) || !seen.insert(Sha256::digest(value).into()) {
                continue;
            }
            self.pairs[pair(&start)] = true;
            self.starts.entry(start).or_default().push(self.all.len());
            self.all.push(Secret {
                name: name.clone(),
                manifest: manifest.name.to_string(),
                value: open.value,
            });
        }
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = SecretValue> + '_ {
        self.all.iter().map(|one| one.value.clone())
    }

    /// Those that stand in `content` and not in `before`, each with its first line from 1.
    pub fn new_in(&self, content: &[u8], before: &[u8]) -> Vec<(&Secret, usize)> {
        let mut found = self.places(content);
        if !found.is_empty() {
            let known = self.places(before);
            found.retain(|place, _| !known.contains_key(place));
        }
        let line = |at: usize| content[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        found
            .into_iter()
            .map(|(place, at)| (&self.all[place], line(at)))
            .collect()
    }

    fn places(&self, content: &[u8]) -> BTreeMap<usize, usize> {
        let mut found = BTreeMap::new();
        for (at, window) in content.windows(MIN_SECRET).enumerate() {
            let Some(start) = window.first_chunk::<MIN_SECRET>() else {
                break;
            };
            if !self.pairs[pair(start)] {
                continue;
            }
            for place in self.starts.get(start).into_iter().flatten() {
                if content[at..].starts_with(self.all[*place].value.expose().as_bytes()) {
                    found.entry(*place).or_insert(at);
                }
            }
        }
        found
    }
}

fn pair(start: &[u8; MIN_SECRET]) -> usize {
    usize::from(start[0]) << 8 | usize::from(start[1])
}

fn is_telling(value: &str) -> bool {
    let kinds: [fn(&char) -> bool; 4] = [
        |c| c.is_ascii_digit(),
        |c| c.is_lowercase(),
        |c| c.is_uppercase(),
        |c| !c.is_alphanumeric(),
    ];
    let mixed = kinds
        .iter()
        .filter(|kind| value.chars().any(|c| kind(&c)))
        .count();
    value.len() >= MIN_SECRET && (mixed >= 2 || value.len() >= 16)
}
