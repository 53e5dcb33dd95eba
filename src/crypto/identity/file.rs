//! Key files: reading them with care, and taking them apart line by line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use age_core::secrecy::SecretString;
use zeroize::Zeroizing;

use super::key::Key;
use super::ssh::SshKey;
use crate::crypto::prompt::SharedPrompt;

const MAX_BYTES: u64 = 1 << 20;
/// 1 GiB of memory for a moment; `age` itself writes 18.
const MAX_WORK_FACTOR: u8 = 20;
const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const AGE: &[u8] = b"age-encryption.org/";

/// An identity, and the line that it stands on.
pub(super) struct Entry {
    pub(super) line: Option<usize>,
    pub(super) key: Key,
}

/// What one place holds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) entries: Vec<Entry>,
    pub(super) notes: Vec<String>,
}

/// Reads a file or pipe; on failure says why, to follow the file's name.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<String>), String> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => super::MISSING.to_owned(),
        kind => format!("cannot be read ({kind})"),
    };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    // Sized beforehand: growing would leave copies of the keys behind.
    let expected = if metadata.is_file() {
        metadata.len().min(MAX_BYTES)
    } else {
        1 << 16
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected as usize + 2));
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("is larger than 1 MiB, so it is not a key file".to_owned());
    }
    Ok((bytes, exposure(path, &metadata)))
}

#[cfg(unix)]
fn exposure(path: &Path, metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let open = metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    open.then(|| {
        format!(
            "{0} holds private keys and is open to other users of this machine; run `chmod 600 {0}`",
            path.display()
        )
    })
}

#[cfg(not(unix))]
fn exposure(_: &Path, _: &std::fs::Metadata) -> Option<String> {
    None
}

/// Takes a key file's bytes apart. `place` is for notes and passphrase questions.
pub(super) fn parse(place: &str, bytes: &[u8], prompt: &SharedPrompt) -> Result<Contents, String> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    if text.starts_with(ARMOR) || text.starts_with(AGE) {
        let inner = decrypt(place, text, prompt)?;
        return Ok(parse_lines(place, &inner));
    }
    if text.starts_with(b"-----BEGIN") {
        let key = Key::Ssh(SshKey::parse(text)?);
        return Ok(Contents {
            entries: vec![Entry { line: None, key }],
            notes: Vec::new(),
        });
    }
    Ok(parse_lines(place, bytes))
}

/// One bad line must not lose the others: it becomes a note, without its text.
fn parse_lines(place: &str, bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        match parse_line(line) {
            Ok(key) => contents.entries.push(Entry {
                line: Some(index + 1),
                key,
            }),
            Err(why) => contents
                .notes
                .push(format!("{place}:{} {why}; the line is left out", index + 1)),
        }
    }
    // What needs no plugin, and so no touch and no question, comes first.
    contents
        .entries
        .sort_by_key(|entry| matches!(entry.key, Key::Plugin(_)));
    contents
}

fn parse_line(line: &[u8]) -> Result<Key, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "is not text")?;
    if let Ok(identity) = line.parse::<age::x25519::Identity>() {
        return Ok(Key::X25519(identity));
    }
    if let Ok(identity) = line.parse::<age::plugin::Identity>() {
        return Ok(Key::Plugin(identity));
    }
    let upper = line.to_ascii_uppercase();
    let upper = Zeroizing::new(upper);
    Err(if upper.starts_with("AGE-SECRET-KEY-PQ-") {
        "is a post-quantum identity, which is not supported yet"
    } else if upper.starts_with("AGE-SECRET-KEY-") || upper.starts_with("AGE-PLUGIN-") {
        "is a mistyped or cut off identity"
    } else if upper.starts_with("AGE1") || upper.starts_with("SSH-") {
        "is a public key, not an identity"
    } else {
        "is not an identity"
    })
}

/// A key file that is itself an age file under a passphrase.
fn decrypt(place: &str, bytes: &[u8], prompt: &SharedPrompt) -> Result<Zeroizing<Vec<u8>>, String> {
    let decryptor = age::Decryptor::new_buffered(age::armor::ArmoredReader::new(bytes))
        .map_err(|_| "is a damaged age file".to_owned())?;
    if !decryptor.is_scrypt() {
        return Err("is encrypted to a key; only a passphrase is supported".to_owned());
    }
    let passphrase = prompt
        .passphrase(&format!("passphrase of {place}"))
        .ok_or("needs a passphrase, and nobody can be asked")?;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.as_str()));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let stream = decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .map_err(|error| match error {
            age::DecryptError::ExcessiveWork { .. } => {
                "asks for an unreasonable amount of work to open".to_owned()
            }
            age::DecryptError::InvalidHeader | age::DecryptError::InvalidMac => {
                "is a damaged age file".to_owned()
            }
            _ => "does not open with this passphrase".to_owned(),
        })?;
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    stream
        .take(MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(|_| "is a damaged age file".to_owned())?;
    Ok(text)
}
