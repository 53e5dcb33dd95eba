//! The real program with keys of its own, and our reader beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use driftlock::crypto::{IdentityEnv, IdentityRequest, Keyring, NoPrompt, generate_identity};
use driftlock::sops::{self, Sealed, Store};
use serde_json::Value;

use crate::support::peers;

pub struct Lab {
    program: PathBuf,
    folder: tempfile::TempDir,
    /// The recipient of the identity in `keys.txt`.
    pub recipient: String,
}

/// What our reader made of a file.
pub type Ours = Result<BTreeMap<String, String>, String>;

impl Lab {
    /// `None`, and noted as skipped, where there is no `sops`.
    pub fn new() -> Option<Self> {
        let program = peers::program("sops")?;
        let folder = tempfile::tempdir().unwrap();
        let (secret, recipient) = generate_identity();
        fs::write(
            folder.path().join("keys.txt"),
            format!("{}\n", secret.as_str()),
        )
        .unwrap();
        Some(Self {
            program,
            folder,
            recipient,
        })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn sops(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.program)
            .args(["--disable-version-check"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("SOPS_AGE_KEY_FILE", self.path("keys.txt"))
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Encrypts a text for our recipient; `name` says the store, `rules` are more of its flags.
    pub fn encrypt(&self, name: &str, text: &str, rules: &[&str]) -> Result<String, String> {
        self.encrypt_for(name, text, &self.recipient, rules)
    }

    /// The same for others, separated by commas.
    pub fn encrypt_for(
        &self,
        name: &str,
        text: &str,
        recipients: &str,
        rules: &[&str],
    ) -> Result<String, String> {
        self.write(name, text);
        let mut arguments = vec!["--encrypt"];
        if !recipients.is_empty() {
            arguments.extend(["--age", recipients]);
        }
        arguments.extend(rules);
        arguments.push(name);
        self.sops(&arguments)
    }

    /// What the real program decrypts, as names and texts; nested ones by their paths.
    pub fn theirs(&self, name: &str, text: &str) -> Result<BTreeMap<String, String>, String> {
        self.write(name, text);
        let json = self.sops(&["--decrypt", "--output-type", "json", name])?;
        let mut flat = BTreeMap::new();
        flatten("", &serde_json::from_str(&json).unwrap(), &mut flat);
        Ok(flat)
    }

    pub fn keyring(&self) -> Keyring {
        keyring(&self.path("keys.txt"))
    }

    /// What we make of it.
    pub fn ours(&self, text: &str, except: &[&str]) -> Ours {
        ours(text, &mut self.keyring(), except)
    }
}

pub fn keyring(file: &Path) -> Keyring {
    let request = IdentityRequest {
        explicit: vec![file.to_owned()],
        env: IdentityEnv::default(),
        config_dir: None,
        home: None,
    };
    Keyring::new(&request, Arc::new(NoPrompt))
}

/// Values by their names; whatever refuses a file is its text.
pub fn ours(text: &str, keyring: &mut Keyring, except: &[&str]) -> Ours {
    let store: Store = match sops::recognise(text) {
        Ok(Some(store)) => store,
        Ok(None) => return Err("is not recognised".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let opened = Sealed::parse(text, store)
        .and_then(|sealed| sealed.open(keyring))
        .map_err(|error| error.to_string())?;
    let except: BTreeSet<String> = except.iter().map(|path| (*path).to_owned()).collect();
    match sops::variables(&opened.entries, true, &except) {
        Ok(vars) => Ok(vars
            .into_iter()
            .map(|(name, plain)| (name.to_string(), plain.value.expose().to_owned()))
            .collect()),
        Err(unfit) => Err(unfit
            .into_iter()
            .map(|one| format!("{} {}", one.path, one.why))
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

fn flatten(prefix: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    let below = |key: &str| match prefix {
        "" => key.to_owned(),
        prefix => format!("{prefix}_{key}"),
    };
    let text = match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&below(key), value, flat);
            }
            return;
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(&below(&index.to_string()), value, flat);
            }
            return;
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    flat.insert(prefix.to_owned(), text);
}
