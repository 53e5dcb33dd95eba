//! The pre-commit hook: ours is known by a line in it, and nobody else's is touched.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::error::CommandError;
use crate::source;

const MARK: &str = "# made by `driftlock git install`; `driftlock git uninstall` takes it away";

/// What became of it.
pub(super) enum Outcome {
    Written,
    Present,
    /// There is one of somebody else.
    Foreign,
}

fn text(program: &str) -> String {
    format!("#!/bin/sh\n{MARK}\nexec {program} git pre-commit\n")
}

/// The line that somebody else's hook needs.
pub(super) fn line(program: &str) -> String {
    format!("{program} git pre-commit || exit")
}

/// `None` if there is no file of that name, or one that is no text.
fn present(path: &Path) -> Result<Option<String>, CommandError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // a link to nowhere is somebody's, too
            let is_there = fs::symlink_metadata(path).is_ok();
            Ok(is_there.then(String::new))
        }
        Err(error) => Err(failed("read", path, &error)),
    }
}

/// Whether somebody's hook runs ours already.
fn calls_us(text: &str) -> bool {
    text.lines().any(|line| {
        !line.trim_start().starts_with('#')
            && line.contains("driftlock")
            && line.contains("git pre-commit")
    })
}

pub(super) fn install(path: &Path, program: &str) -> Result<Outcome, CommandError> {
    let wanted = text(program);
    match present(path)? {
        Some(found) if found == wanted => Ok(Outcome::Present),
        Some(found) if found.lines().any(|line| line == MARK) => {
            source::write_atomically(path, &found, &wanted)
                .map_err(|error| CommandError::of(&error))?;
            Ok(Outcome::Written)
        }
        Some(found) if calls_us(&found) => Ok(Outcome::Present),
        Some(_) => Ok(Outcome::Foreign),
        None => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
            }
            source::write_new(path, &wanted, 0o777).map_err(|error| CommandError::of(&error))?;
            Ok(Outcome::Written)
        }
    }
}

/// Whether there was one of ours.
pub(super) fn uninstall(path: &Path) -> Result<bool, CommandError> {
    let ours = present(path)?.is_some_and(|found| found.lines().any(|line| line == MARK));
    if ours {
        fs::remove_file(path).map_err(|error| failed("remove", path, &error))?;
    }
    Ok(ours)
}

fn failed(what: &str, path: &Path, error: &io::Error) -> CommandError {
    CommandError::error(format!(
        "cannot {what} {}: {}",
        super::merge::shown(path),
        error.kind()
    ))
}
