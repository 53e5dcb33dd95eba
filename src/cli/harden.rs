//! Keeps what is in memory in memory: no core files, nothing attaches, and no library that prints
//! keys for debugging.

use super::Global;
use super::context::Context;
use super::error::CommandError;

/// Done first, before anything secret is read. Where the system refuses, the run goes on: this is
/// one net of several.
pub(crate) fn start() {
    #[cfg(unix)]
    no_core_files();
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _refused = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// How large core files were allowed to be when we started.
#[cfg(unix)]
static CORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Only the limit that holds: the one above it stays, so that a program which takes our place can be
/// given back what its user set.
#[cfg(unix)]
fn no_core_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Core);
    let none = Rlimit {
        current: Some(0),
        maximum: before.maximum,
    };
    let _set_once = CORE.set(before);
    let _refused = setrlimit(Resource::Core, none);
}

/// Undone, for the program that takes our place: it may be debugged and leave core files as if it had
/// been started without us. That it can be dumped again is the system's doing.
pub(crate) fn undo() {
    #[cfg(unix)]
    if let Some(before) = CORE.get() {
        let _refused = rustix::process::setrlimit(rustix::process::Resource::Core, *before);
    }
}

/// Surroundings in which a secret would be printed or is printed already.
pub(crate) fn check(global: &Global, context: &Context) -> Result<(), CommandError> {
    if context.variable("AGEDEBUG").is_some() {
        return Err(CommandError::refused(
            "AGEDEBUG is set, which makes age plugins print keys; nothing was read or written",
        )
        .hint("unset AGEDEBUG, and run this again"));
    }
    let is_key = |path: &std::path::PathBuf| {
        let text = path.to_string_lossy().to_ascii_uppercase();
        text.contains("AGE-SECRET-KEY-") || text.contains("PRIVATE KEY-----")
    };
    if global.identity.iter().any(is_key) {
        return Err(CommandError::usage(
            "--identity takes a file, and this is a key itself: others can see it on the command line, and the shell keeps it",
        )
        .hint("put the key in a file that only you can read, or in DRIFTLOCK_AGE_KEY")
        .hint("if it was typed where others could see it, make a new one"));
    }
    Ok(())
}
