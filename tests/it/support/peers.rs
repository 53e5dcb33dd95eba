//! Programs and data that we did not write, which tests hold our code against.
//!
//! `.ci/peers` installs them, pinned. With `DRIFTLOCK_PEERS=required` a missing one fails the test;
//! without it the test passes and the last lines of `cargo test` name what was skipped.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where `.ci/peers` puts what it installs: `bin/`, `node_modules/`, `venv/`.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("DRIFTLOCK_PEERS_DIR").map(PathBuf::from)
}

/// A program by name: from the peers' `bin` folder, else from `PATH`. `None` (and a note that it
/// was skipped) if it is not there and need not be.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folder()
        .map(|folder| folder.join("bin"))
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .or_else(|| missing(&format!("program `{name}`")))
}

/// A path below the peers' folder, for example `node_modules/dotenv`.
pub fn installed(path: &str) -> Option<PathBuf> {
    folder()
        .map(|folder| folder.join(path))
        .filter(|path| path.exists())
        .or_else(|| missing(&format!("peer `{path}`")))
}

/// A fact sheet's data file, which is not part of this repository: in `../shared`, or where the
/// environment variable says.
pub fn facts(path: &str, variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| {
            let beside = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../shared")
                .join(path);
            beside.exists().then_some(beside)
        })
        .or_else(|| missing(&format!("`{path}` (or {variable})")))
}

/// Notes that something was skipped, or fails where it must not be.
pub fn missing<T>(what: &str) -> Option<T> {
    let required = std::env::var_os("DRIFTLOCK_PEERS").is_some_and(|value| value == "required");
    assert!(!required, "{what} is missing, and DRIFTLOCK_PEERS=required");
    unavailable(what)
}

/// Notes that something was skipped which no installation brings: a right, or what the kernel can do.
pub fn unavailable<T>(what: &str) -> Option<T> {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let mut list = OpenOptions::new()
        .create(true)
        .append(true)
        .open(Path::new(env!("CARGO_TARGET_TMPDIR")).join("skipped"))
        .expect("the target folder can be written");
    writeln!(list, "{test}: {what}").expect("the target folder can be written");
    None
}
