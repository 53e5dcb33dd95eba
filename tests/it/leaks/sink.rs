//! Everything that a run leaves behind, and whether a canary is in it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::{Command, Stdio};

use super::forms::Canary;
use crate::support::peers;
use crate::support::world::{Run, World};

/// Fails, naming the run, the place and the canary, but not its value.
pub fn search(line: &str, place: &str, bytes: &[u8], canaries: &[Canary]) {
    // the forms are ASCII: what is no text does not hide them
    let text = String::from_utf8_lossy(bytes);
    for canary in canaries {
        if let Some(form) = canary.found_in(&text) {
            panic!("`{line}` leaks {} as {form} in {place}", canary.name);
        }
    }
}

/// What was printed, and every file but those that are meant to hold values. `seen` are files that
/// were searched before, as they are now.
pub fn search_run(
    line: &str,
    run: &Run,
    world: &World,
    meant: &[&Path],
    canaries: &[Canary],
    seen: &mut HashSet<u64>,
) {
    search(line, "standard output", run.stdout.as_bytes(), canaries);
    search(line, "standard error", run.stderr.as_bytes(), canaries);
    for (path, bytes) in world.files() {
        let mut hasher = DefaultHasher::new();
        (&path, &bytes).hash(&mut hasher);
        if !meant.iter().any(|meant| path.starts_with(meant)) && seen.insert(hasher.finish()) {
            let place = path.display().to_string();
            search(line, &place, &bytes, canaries);
            search(line, "a file's name", place.as_bytes(), canaries);
        }
    }
}

/// The same run under `strace`: what every process was started with, and its environment.
/// `None` where there is no strace.
pub fn started(world: &World, line: &str, input: &str) -> Option<String> {
    traced(world, &world.command(line.split_whitespace()), input)
}

/// The same for a command of this world.
pub fn traced(world: &World, inner: &Command, input: &str) -> Option<String> {
    let strace = peers::program("strace")?;
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(strace);
    command
        .args(["-f", "-v", "-s", "65536", "-e", "trace=execve", "-o"])
        .arg(trace.path())
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(world.path(""))
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let _refused = std::io::Write::write_all(&mut stdin, input.as_bytes());
    drop(stdin);
    child.wait().unwrap();
    Some(std::fs::read_to_string(trace.path()).unwrap())
}
