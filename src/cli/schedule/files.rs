//! Files of ours, put and taken away: known by their mark, whole or not at all, and nobody else's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::MARK;
use crate::cli::error::CommandError;
use crate::render::escape;
use crate::source;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Written,
    Replaced,
    Present,
}

impl Outcome {
    pub(super) fn says(self, path: &Path) -> String {
        let path = shown(path);
        match self {
            Self::Written => format!("{path} is written"),
            Self::Replaced => format!("{path} is replaced: it was ours, and another"),
            Self::Present => format!("{path} is as it should be already"),
        }
    }
}

pub(super) fn shown(path: &Path) -> String {
    escape::terminal(&path.display().to_string())
}

/// The text of a file of ours; `None` where there is nothing.
pub(super) fn ours(path: &Path) -> Result<Option<String>, CommandError> {
    let failed = |error: &io::Error| {
        CommandError::error(format!("cannot read {}: {}", shown(path), error.kind()))
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
        Ok(found) if !found.is_file() => return Err(foreign(path, "it is not a regular file")),
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    let mark = MARK.trim_start_matches("# ");
    let text = String::from_utf8(bytes).ok();
    let text = text.filter(|text| text.lines().take(4).any(|line| line.contains(mark)));
    text.map(Some)
        .ok_or_else(|| foreign(path, "it is not one that `driftlock schedule` made"))
}

fn foreign(path: &Path, why: &str) -> CommandError {
    CommandError::refused(format!("{} was left alone: {why}", shown(path)))
        .hint("move it away, or choose another name with --name")
}

/// All of them, after it is known that none is somebody else's.
pub(super) fn put(files: &[(PathBuf, String)]) -> Result<Vec<(PathBuf, Outcome)>, CommandError> {
    let before: Vec<_> = files
        .iter()
        .map(|(path, _)| ours(path))
        .collect::<Result<_, _>>()?;
    let mut done = vec![];
    for ((path, text), before) in files.iter().zip(before) {
        let outcome = match before {
            Some(before) if before == *text => Outcome::Present,
            Some(before) => {
                source::write_atomically(path, &before, text)
                    .map_err(|error| CommandError::of(&error))?;
                Outcome::Replaced
            }
            None => {
                if let Some(folder) = path.parent() {
                    make_folder(folder)?;
                }
                source::write_new(path, text, 0o644).map_err(|error| CommandError::of(&error))?;
                Outcome::Written
            }
        };
        done.push((path.clone(), outcome));
    }
    Ok(done)
}

pub(super) fn make_folder(folder: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(folder).map_err(|error| {
        CommandError::error(format!("cannot make {}: {}", shown(folder), error.kind()))
    })
}

/// Takes a file of ours away; whether there was one.
pub(super) fn take_away(path: &Path) -> Result<bool, CommandError> {
    if ours(path)?.is_none() {
        return Ok(false);
    }
    fs::remove_file(path).map_err(|error| {
        CommandError::error(format!("cannot remove {}: {}", shown(path), error.kind()))
    })?;
    Ok(true)
}
