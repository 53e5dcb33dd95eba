//! Looks through the places one by one, opens them only when their turn comes, and remembers what
//! was opened, so that nobody is asked twice.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::file::{self, Contents, Entry};
use super::{IdentityRequest, Tried, UnlockError, Unlocked};
use crate::crypto::header::{Header, UnwrapError};
use crate::crypto::prompt::SharedPrompt;

/// The identities of one run.
pub struct Keyring {
    places: Vec<Place>,
    prompt: SharedPrompt,
}

struct Place {
    name: String,
    source: Source,
    /// Once its turn came: what it holds, or why it holds nothing.
    opened: Option<Result<Contents, String>>,
}

enum Source {
    Text(Zeroizing<String>),
    File(PathBuf),
}

impl Keyring {
    /// Reads nothing yet.
    pub fn new(request: &IdentityRequest, prompt: SharedPrompt) -> Self {
        Self {
            places: places(request),
            prompt,
        }
    }

    /// The public keys of the identities that could encrypt for their holder, each with its place,
    /// in the order in which they would be tried. Places are opened as the iterator gets to them.
    pub fn public_keys(&mut self) -> impl Iterator<Item = (String, String)> {
        let prompt = self.prompt.clone();
        self.places.iter_mut().flat_map(move |place| {
            let name = place.name.clone();
            let entries = match place.open(&prompt) {
                Ok(contents) => contents.entries.as_slice(),
                Err(_) => &[],
            };
            let keys: Vec<_> = entries
                .iter()
                .filter_map(|entry| entry.key.public())
                .map(|public| (name.clone(), public))
                .collect();
            keys
        })
    }

    /// Opens a header with the first identity that fits.
    pub fn open(&mut self, header: &Header) -> Result<Unlocked, UnlockError> {
        let mut tried = Vec::new();
        let mut notes = Vec::new();
        for place in &mut self.places {
            let name = place.name.clone();
            let contents = match place.open(&self.prompt) {
                Ok(contents) => contents,
                Err(why) => {
                    tried.push(Tried::new(&name, why));
                    continue;
                }
            };
            notes.extend(contents.notes.iter().cloned());
            if contents.entries.is_empty() {
                tried.push(Tried::new(&name, "holds no identity"));
            }
            for entry in &mut contents.entries {
                let source = describe(&name, entry);
                match entry.key.unwrap(&name, header, &self.prompt) {
                    Ok(file_key) => {
                        return Ok(Unlocked {
                            file_key,
                            source,
                            notes,
                        });
                    }
                    Err(UnwrapError::Damaged) => return Err(UnlockError::Damaged),
                    Err(UnwrapError::Tampered) => {
                        return Err(UnlockError::Tampered {
                            source_identity: source,
                        });
                    }
                    Err(error) => tried.push(Tried::new(&source, &error.to_string())),
                }
            }
        }
        Err(UnlockError::NoIdentity { tried, notes })
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.places.iter().map(|place| &place.name);
        f.debug_list().entries(names).finish()
    }
}

impl Tried {
    fn new(place: &str, why: &str) -> Self {
        Self {
            place: place.to_owned(),
            why: why.to_owned(),
        }
    }
}

impl Place {
    fn text(name: &str, text: &Zeroizing<String>) -> Self {
        Self {
            name: name.to_owned(),
            source: Source::Text(text.clone()),
            opened: None,
        }
    }

    /// `by` is what named the file, if it was not the default.
    fn file(by: Option<&str>, path: &Path) -> Self {
        let shown = path.display().to_string();
        // a key in a variable that wants a file must not come back in a message
        let shown = if shown.to_ascii_uppercase().contains("AGE-SECRET-KEY-") {
            "a key itself, where a file is wanted"
        } else {
            &shown
        };
        Self {
            name: by.map_or_else(|| shown.to_owned(), |by| format!("{by} ({shown})")),
            source: Source::File(path.to_owned()),
            opened: None,
        }
    }

    fn open(&mut self, prompt: &SharedPrompt) -> Result<&mut Contents, &str> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.load(prompt),
        };
        self.opened.insert(opened).as_mut().map_err(|why| &**why)
    }

    fn load(&self, prompt: &SharedPrompt) -> Result<Contents, String> {
        match &self.source {
            Source::Text(text) if text.trim().is_empty() => Err("is set, but empty".to_owned()),
            Source::Text(text) => file::parse(&self.name, text.as_bytes(), prompt),
            Source::File(path) => {
                let (bytes, exposed) = file::read(path)?;
                let mut contents = file::parse(&path.display().to_string(), &bytes, prompt)?;
                contents.notes.extend(exposed);
                Ok(contents)
            }
        }
    }
}

fn describe(place: &str, entry: &Entry) -> String {
    let name = entry.key.name();
    match entry.line {
        Some(line) => format!("{place}, line {line}, {name}"),
        None => format!("{place}, {name}"),
    }
}

/// The order is part of the contract with the people who set these.
fn places(request: &IdentityRequest) -> Vec<Place> {
    let env = &request.env;
    let mut places: Vec<Place> = request
        .explicit
        .iter()
        .map(|path| Place::file(Some("--identity"), path))
        .collect();
    let mut text = |name, text: &Option<Zeroizing<String>>, file_name, file: &Option<PathBuf>| {
        places.extend(text.as_ref().map(|text| Place::text(name, text)));
        places.extend(file.as_ref().map(|path| Place::file(Some(file_name), path)));
    };
    text(
        "DRIFTLOCK_AGE_KEY",
        &env.age_key,
        "DRIFTLOCK_AGE_KEY_FILE",
        &env.age_key_file,
    );
    text(
        "SOPS_AGE_KEY",
        &env.sops_age_key,
        "SOPS_AGE_KEY_FILE",
        &env.sops_age_key_file,
    );
    text(
        "",
        &None,
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
        &env.sops_age_ssh_private_key_file,
    );
    let below = |folder: &Option<PathBuf>, paths: [&str; 2]| {
        folder
            .iter()
            .flat_map(|folder| paths.map(|path| folder.join(path)))
            .map(|path| Place::file(None, &path))
            .collect::<Vec<_>>()
    };
    places.extend(below(
        &request.config_dir,
        ["driftlock/keys.txt", "sops/age/keys.txt"],
    ));
    places.extend(below(&request.home, [".ssh/id_ed25519", ".ssh/id_rsa"]));
    places
}
