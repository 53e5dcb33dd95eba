//! Files that hold one secret and nothing else.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::model::SecretValue;

/// The longest secret of a file, in bytes.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// What others may do with a file that holds no secret any more: read it, or put something else in it.
const OPEN: u32 = 0o027;

/// Why a secret is not taken from its file. Holds no file content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFileError {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// A folder, a pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// Somebody else's.
    #[error("it belongs to another user")]
    Owner,
    /// Others may read it, or write it.
    #[error(
        "others than its owner and group may read it, or others than its owner write it (mode {mode:o})"
    )]
    Open {
        /// Its permissions.
        mode: u32,
    },
    /// Longer than any secret.
    #[error("it is longer than 64 KiB")]
    TooLarge,
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Not one line of text.
    #[error("it is not one line of text")]
    NotText,
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
}

/// The secret in the file at `path`: one line, its end is left out. Group members may read the file, so
/// that a service can be given it.
pub fn load_secret(path: &Path) -> Result<SecretValue, SecretFileError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SecretFileError::Missing,
        kind => SecretFileError::Io(kind),
    };
    // a pipe that nobody writes must not hang us
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(SecretFileError::NotAFile);
    }
    let uid = rustix::process::getuid().as_raw();
    if ![0, uid].contains(&metadata.uid()) {
        return Err(SecretFileError::Owner);
    }
    if metadata.mode() & OPEN != 0 {
        let mode = metadata.mode() & 0o7777;
        return Err(SecretFileError::Open { mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + 2));
    let most = MAX_SECRET_BYTES as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_SECRET_BYTES {
        return Err(SecretFileError::TooLarge);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretFileError::NotText)?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        return Err(SecretFileError::Empty);
    }
    if line.chars().any(char::is_control) {
        return Err(SecretFileError::NotText);
    }
    Ok(SecretValue::new(line))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_taken_and_what_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let with = |bytes: &[u8], mode: u32| {
            drop(fs::remove_file(&path));
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            load_secret(&path).map(|secret| secret.expose().to_owned())
        };
        assert_eq!(with(b"hunter2\n", 0o600).unwrap(), "hunter2");
        assert_eq!(with(b"hunter2\r\n", 0o640).unwrap(), "hunter2");
        assert_eq!(with(b" two words", 0o400).unwrap(), " two words");
        for mode in [0o644, 0o604, 0o660, 0o602] {
            assert_eq!(with(b"hunter2", mode), Err(SecretFileError::Open { mode }));
        }
        assert_eq!(with(b"", 0o600), Err(SecretFileError::Empty));
        assert_eq!(with(b" \n", 0o600), Err(SecretFileError::Empty));
        assert_eq!(with(b"a\nb\n", 0o600), Err(SecretFileError::NotText));
        assert_eq!(with(b"\xff", 0o600), Err(SecretFileError::NotText));
        let long = vec![b'a'; MAX_SECRET_BYTES + 1];
        assert_eq!(with(&long, 0o600), Err(SecretFileError::TooLarge));
        assert_eq!(load_secret(folder.path()), Err(SecretFileError::NotAFile));
        let absent = folder.path().join("absent");
        assert_eq!(load_secret(&absent), Err(SecretFileError::Missing));
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(load_secret(&pipe), Err(SecretFileError::NotAFile));
    }
}
