//! An edit that could not be finished, sealed: nothing of it is lost, and none of it is in clear.
//!
//! A draft has a key of its own, which is sealed under the manifest's file key. So the guard can seal
//! one after a SIGKILL, and holds nothing that opens the manifest. Who may read the manifest may read
//! its drafts; they lie on this machine only.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::room::Base;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::session::{self, Item};
use crate::crypto::{Envelope, FileKey, Header, Keyring, Recipient, random_bytes};
use crate::model::{ManifestName, SecretValue};
use crate::reconcile::load::Opening;
use crate::source;

const VERSION: &str = "edit-draft/1";
/// What the draft's own key is sealed as. No variable can have this name.
const KEY_ENTRY: &str = ".edit-draft-key";
/// One sealed value holds up to 1 MiB.
const PART: usize = 1_000_000;

/// What a draft is written with. The key in it opens this draft, and no other thing.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Sealer {
    manifest: String,
    header: String,
    key: String,
    #[serde(serialize_with = "given", deserialize_with = "taken")]
    file_key: Zeroizing<String>,
    /// Where it may be written, the best place first.
    places: Vec<PathBuf>,
    /// The text of the manifest that was edited.
    base: String,
}

fn given<S: serde::Serializer>(key: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(key)
}

fn taken<'d, D: serde::Deserializer<'d>>(from: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(from).map(Zeroizing::new)
}

/// A draft as it lies on the disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    driftlock: String,
    manifest: String,
    header: String,
    key: String,
    saved: Timestamp,
    parts: Vec<String>,
}

/// An opened draft.
pub(super) struct Draft {
    /// The manifest as it was when the edit began.
    pub(super) base: String,
    /// The view as it was left, without its head.
    pub(super) body: Zeroizing<String>,
    pub(super) saved: Timestamp,
}

/// Where drafts of a manifest may lie.
pub(super) fn places(item: &Item, base: &Base, context: &Context) -> Vec<PathBuf> {
    let path = context.absolute(&item.file.path);
    let path = fs::canonicalize(&path).unwrap_or(path);
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let digest: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = format!("{}-{digest}.json", item.loaded.manifest.name);
    let user = rustix::process::getuid().as_raw();
    let state = context.drafts().map(|folder| folder.join(&name));
    let beside = base.folder.join(format!("driftlock-draft-{user}-{name}"));
    state.into_iter().chain([beside]).collect()
}

/// The draft that there is. One that another user put there counts for nothing.
pub(super) fn waiting(places: &[PathBuf]) -> Option<&PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::getuid().as_raw();
    places.iter().find(|place| {
        fs::symlink_metadata(place).is_ok_and(|found| found.is_file() && found.uid() == me)
    })
}

impl Sealer {
    /// For a manifest with a key, under that; for one without, for whoever could read it. `None` where
    /// that is nobody.
    pub(super) fn new(
        item: &Item,
        opening: &Opening,
        keyring: &mut Keyring,
        places: &[PathBuf],
        context: &Context,
    ) -> Result<Option<Self>, CommandError> {
        let manifest = &item.loaded.manifest;
        let (envelope, header) = match (opening.as_open(), &manifest.seal) {
            (Some(open), Some(seal)) => (open.envelope.clone(), seal.header.clone()),
            _ => {
                let Some(made) = for_readers(item, keyring, context)? else {
                    return Ok(None);
                };
                made
            }
        };
        let drawn = random_bytes::<16>();
        let hex: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        let file_key = Zeroizing::new(hex);
        let key = SecretValue::new(file_key.as_str());
        let key = authoring::sealed_payload(&envelope, KEY_ENTRY, 1, context.now(), &key)?;
        Ok(Some(Self {
            manifest: manifest.name.to_string(),
            header,
            key: key.base64,
            file_key,
            places: places.to_vec(),
            base: item.file.text.clone(),
        }))
    }

    /// Writes a draft in the place of the one that is there. Gives its path.
    pub(super) fn save(&self, body: &str, now: Timestamp) -> Result<PathBuf, CommandError> {
        let lost =
            |why: &str| CommandError::error(format!("the edited text cannot be kept: {why}"));
        let text = self
            .sealed(body, now)
            .ok_or_else(|| lost("it cannot be sealed"))?;
        let mut why = lost("there is no place for it");
        for place in &self.places {
            match put(place, &text) {
                Ok(()) => {
                    for other in self.places.iter().filter(|other| *other != place) {
                        let _not_there = fs::remove_file(other);
                    }
                    return Ok(place.clone());
                }
                Err(error) => why = lost(&error.message),
            }
        }
        Err(why)
    }

    fn sealed(&self, body: &str, now: Timestamp) -> Option<String> {
        let name = ManifestName::new(self.manifest.as_str()).ok()?;
        let envelope = envelope(&name, &self.file_key)?;
        let length = self.base.len().to_string();
        let room = length.len() + 1 + self.base.len() + body.len();
        let mut all = Zeroizing::new(String::with_capacity(room));
        for part in [&length, "\n", &self.base, body] {
            all.push_str(part);
        }
        let parts = cut(&all);
        let sealed = parts.iter().enumerate().map(|(index, part)| {
            let entry = entry(index, parts.len());
            envelope.seal(&entry, 1, now, &SecretValue::new(*part)).ok()
        });
        let stored = Stored {
            driftlock: VERSION.to_owned(),
            manifest: self.manifest.clone(),
            header: self.header.clone(),
            key: self.key.clone(),
            saved: now,
            parts: sealed.collect::<Option<_>>()?,
        };
        serde_json::to_string(&stored).ok()
    }
}

/// A key that the manifest's readers, and whoever edits it, can open.
fn for_readers(
    item: &Item,
    keyring: &mut Keyring,
    context: &Context,
) -> Result<Option<(Envelope, String)>, CommandError> {
    let manifest = &item.loaded.manifest;
    let mut readers = authoring::recipients(manifest)?;
    let own = keyring.public_keys().next();
    readers.extend(own.and_then(|(_, public)| Recipient::parse(&public).ok()));
    let mut seen = std::collections::BTreeSet::new();
    readers.retain(|reader| seen.insert(reader.canonical().to_owned()));
    if readers.is_empty() {
        return Ok(None);
    }
    let envelope = Envelope::generate(&manifest.name);
    let header = envelope
        .wrap(&readers, &session::person(context))
        .map_err(|error| CommandError::error(format!("the key cannot be wrapped: {error}")))?;
    Ok(Some((envelope, header.to_text())))
}

/// Opens the draft at a place.
pub(super) fn open(place: &Path, keyring: &mut Keyring) -> Result<Draft, CommandError> {
    let shown = place.display();
    let damaged = || {
        CommandError::error(format!("the kept edit in {shown} is damaged"))
            .hint("driftlock edit --discard removes it")
    };
    let text = fs::read_to_string(place)
        .map_err(|error| CommandError::error(format!("cannot read {shown}: {}", error.kind())))?;
    // what serde says of it could quote it
    let stored: Stored = serde_json::from_str(&text).map_err(|_| damaged())?;
    let name = ManifestName::new(stored.manifest.as_str()).map_err(|_| damaged())?;
    if stored.driftlock != VERSION {
        return Err(damaged());
    }
    let header = Header::parse(&stored.header).map_err(|_| damaged())?;
    let unlocked = keyring.open(&header).map_err(|error| {
        CommandError::error(format!("the kept edit does not open: {error}"))
            .hint("name an identity file with --identity or DRIFTLOCK_AGE_KEY_FILE")
    })?;
    let outer = Envelope::from_file_key(&name, unlocked.file_key);
    let key = outer.open(KEY_ENTRY, &stored.key).map_err(|_| damaged())?;
    let inner = envelope(&name, key.value.expose()).ok_or_else(damaged)?;
    let mut parts = vec![];
    for (index, part) in stored.parts.iter().enumerate() {
        let opened = inner.open(&entry(index, stored.parts.len()), part);
        parts.push(opened.map_err(|_| damaged())?.value);
    }
    let room = parts.iter().map(SecretValue::len).sum();
    let mut all = Zeroizing::new(String::with_capacity(room));
    for part in &parts {
        all.push_str(part.expose());
    }
    let (length, rest) = all.split_once('\n').ok_or_else(damaged)?;
    let length: usize = length.parse().map_err(|_| damaged())?;
    let (base, body) = rest.split_at_checked(length).ok_or_else(damaged)?;
    Ok(Draft {
        base: base.to_owned(),
        body: Zeroizing::new(body.to_owned()),
        saved: stored.saved,
    })
}

/// Removes the drafts of a manifest; whether there was one.
pub(super) fn discard(places: &[PathBuf]) -> Result<bool, CommandError> {
    let mut found = false;
    while let Some(place) = waiting(places) {
        fs::remove_file(place).map_err(|error| {
            let place = place.display();
            CommandError::error(format!("cannot remove {place}: {}", error.kind()))
        })?;
        found = true;
    }
    Ok(found)
}

fn put(place: &Path, text: &str) -> Result<(), CommandError> {
    if let Some(folder) = place.parent() {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder);
        made.map_err(|error| {
            let folder = folder.display();
            CommandError::error(format!("cannot make {folder}: {}", error.kind()))
        })?;
    }
    match fs::symlink_metadata(place) {
        Ok(_) => source::write_over(place, text),
        Err(_) => source::write_new(place, text, 0o600),
    }
    .map_err(|error| CommandError::of(&error))
}

fn entry(index: usize, count: usize) -> String {
    format!(".edit-draft-{index}-of-{count}")
}

fn envelope(name: &ManifestName, hex: &str) -> Option<Envelope> {
    let mut bytes = Zeroizing::new([0_u8; 16]);
    if hex.len() != 32 || !hex.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    let key = FileKey::init_with_mut(|key| key.copy_from_slice(&*bytes));
    Some(Envelope::from_file_key(name, key))
}

/// At most so many bytes each, between characters.
fn cut(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (vec![], text);
    while !rest.is_empty() {
        let mut at = rest.len().min(PART);
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts
}
