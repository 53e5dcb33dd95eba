//! A manifest with words in the place of its ciphertext: for people who look at diffs.

use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::declared::declared_fingerprint;
use super::load::{self, Loaded, Opener, Opening};
use crate::crypto::Keyring;
use crate::manifest::{Cipher, Concealed, Source, conceal};
use crate::model::VarName;

/// The text with fingerprints where an identity opens it, and with short digests of the ciphertext
/// where none does. A line at its end says what could not be read.
pub fn concealed(text: &str, keyring: &mut Keyring) -> String {
    let loaded = load::load(text).ok();
    let opening = loaded
        .as_ref()
        .map(|loaded| load::open(&loaded.manifest, keyring));
    let mut reader = Reader {
        loaded: loaded.as_ref().zip(opening.as_ref()),
        keyring,
    };
    match conceal(text, &mut |cipher| reader.word(cipher)) {
        Concealed::Manifest(text) => text,
        Concealed::Other => text.to_owned(),
        Concealed::Masked(mut text, line) => {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            let place = match line {
                0 => String::new(),
                line => format!(" at line {line}"),
            };
            text.push_str(&format!(
                "# driftlock: this does not parse{place}; long runs of characters are masked\n"
            ));
            text
        }
    }
}

struct Reader<'a> {
    loaded: Option<(&'a Loaded, &'a Opening)>,
    keyring: &'a mut Keyring,
}

impl Reader<'_> {
    fn word(&mut self, cipher: &Cipher<'_>) -> String {
        match cipher {
            Cipher::Value { name, text } => {
                let key = key_of(text);
                match self.fingerprint(name) {
                    Some(fingerprint) => format!("{key} · {fingerprint}"),
                    None => format!("{key} · sealed {}", digest(text)),
                }
            }
            Cipher::FingerprintKey { text } => {
                format!("{} · sealed {}", key_of(text), digest(text))
            }
            Cipher::Header { text } => {
                let stanzas = text.lines().filter(|line| line.starts_with("-> ")).count();
                let plural = if stanzas == 1 { "stanza" } else { "stanzas" };
                let key = self
                    .loaded
                    .and_then(|(loaded, _)| load::key_id(&loaded.manifest));
                let key = key
                    .map(|key| format!(" of key {}", key.short()))
                    .unwrap_or_default();
                format!("header{key}, {stanzas} {plural}, {}", digest(text))
            }
        }
    }

    /// `91bc04e7 (sealed 2026-01-31, sequence 4)`.
    fn fingerprint(&mut self, name: &str) -> Option<String> {
        let (loaded, opening) = self.loaded?;
        let open = opening.as_open()?;
        let name = VarName::from_str(name).ok()?;
        let variable = loaded.manifest.variables.get(&name)?;
        if !matches!(variable.source, Source::Sealed(_) | Source::Armored(_)) {
            return None;
        }
        let mut opener = Opener {
            opening,
            keyring: self.keyring,
        };
        let Ok(value) = opener.value(&loaded.manifest, &name) else {
            return None;
        };
        let print = declared_fingerprint(&open.fingerprinter, &name, &value.value).short();
        let mut said = vec![];
        if let Some(at) = value.sealed_at {
            said.push(format!("sealed {}", at.strftime("%Y-%m-%d")));
        }
        if let Some(sequence) = value.sequence {
            said.push(format!("sequence {sequence}"));
        }
        Some(format!("{print} ({})", said.join(", ")))
    }
}

/// The key id in front of a payload. Anything else is somebody's text, and not repeated.
fn key_of(text: &str) -> &str {
    let id = text.split_once('.').map_or("", |(id, _)| id);
    match id.len() == 6 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => id,
        false => "age file",
    }
}

/// Of ciphertext, which anybody may know.
fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.trim());
    bytes
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
