//! A process that outlives us, to take the text in clear away if we are killed. It lives in a session
//! of its own, hears no signal of a terminal, and waits for the end of a pipe that only we hold.
//!
//! What it is told goes over that pipe. It holds no key of the manifest: only one that seals a draft.

use std::io::{self, BufRead, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::draft::Sealer;
use super::room::{self, Room};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::look;
use crate::manifest::without_head;

/// The hidden command that it is.
pub(super) const COMMAND: &str = "edit-guard";
/// What it says once it watches.
const READY: &[u8] = b"ready\n";

/// What the guard has to know.
#[derive(Serialize, Deserialize)]
struct Task {
    folder: PathBuf,
    file: PathBuf,
    /// Of the text before the edit: that one is not worth a draft.
    before: [u8; 32],
    sealer: Option<Sealer>,
}

/// A guard that watches.
#[derive(Debug)]
pub(super) struct Guard {
    child: Child,
    /// Its end is what the guard waits for.
    line: Option<ChildStdin>,
}

impl Guard {
    /// Starts it, and comes back once it watches. Before anything in clear is in the room.
    pub(super) fn post(
        room: &Room,
        before: &str,
        sealer: Option<Sealer>,
        context: &Context,
    ) -> Result<Self, CommandError> {
        let failed = |why: String| {
            CommandError::error(format!(
                "the process that would clean up after a crash cannot be started: {why}; nothing was decrypted to a file"
            ))
        };
        let kind = |error: io::Error| failed(error.kind().to_string());
        let mut child = Command::new(context.own_program().map_err(kind)?)
            .arg0(env!("CARGO_PKG_NAME"))
            .arg(COMMAND)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(kind)?;
        let line = child.stdin.take();
        let said = child.stdout.take();
        let mut guard = Self { child, line };
        let task = Task {
            folder: room.folder().to_owned(),
            file: room.file().to_owned(),
            before: digest(before),
            sealer,
        };
        let mut text = Zeroizing::new(
            serde_json::to_vec(&task).map_err(|_| failed("its task has no text".into()))?,
        );
        text.push(b'\n');
        if let Some(line) = &mut guard.line {
            line.write_all(&text).map_err(kind)?;
        }
        let mut answer = [0; READY.len()];
        let mut said = said.ok_or_else(|| failed("it has no output".into()))?;
        said.read_exact(&mut answer).map_err(kind)?;
        match answer == *READY {
            true => Ok(guard),
            false => Err(failed("it said something else".into())),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.line.take());
        let _ended = self.child.wait();
    }
}

/// The guard itself.
pub(crate) fn watch(context: &Context) -> Exit {
    match watched(context) {
        Some(()) => Exit::DONE,
        None => Exit::ERROR,
    }
}

fn watched(context: &Context) -> Option<()> {
    let _in_the_session_of_its_own = rustix::process::setsid().ok()?;
    let runtime = look::runtime().ok()?;
    let _inside = runtime.enter();
    // heard, and left alone
    let kinds = [
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::quit(),
    ];
    let _ears: Vec<_> = kinds.into_iter().map(|kind| signal(kind).ok()).collect();
    let mut input = io::stdin().lock();
    let mut line = Zeroizing::new(Vec::with_capacity(64 * 1024));
    input.read_until(b'\n', &mut line).ok()?;
    let task: Task = serde_json::from_slice(&line).ok()?;
    drop(line);
    let mut output = io::stdout().lock();
    output.write_all(READY).and_then(|()| output.flush()).ok()?;
    drop(output);
    // the end of this is the end of whoever we guard
    let _nothing = io::copy(&mut input, &mut io::sink());
    task.clean_up(context);
    Some(())
}

impl Task {
    fn clean_up(&self, context: &Context) {
        if let Some(sealer) = &self.sealer
            && let Ok(text) = room::read(&self.file)
        {
            let body = without_head(&text);
            if digest(&body) != self.before && !body.trim().is_empty() {
                let _nobody_to_tell = sealer.save(&body, context.now());
            }
        }
        room::remove(&self.folder);
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}
