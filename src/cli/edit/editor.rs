//! Which editor, and how it is started.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::cli::context::Context;
use crate::cli::error::CommandError;

/// So long for an editor that was asked to end.
const TO_END: std::time::Duration = std::time::Duration::from_secs(2);

/// What keeps a vim from writing what it edits anywhere else: swap file, backup, undo file, and the
/// file of registers (that one is left out by `-i NONE` too). Said before the user's own settings,
/// when the file is read, and after both.
const QUIET: &str = "silent! set noswapfile | silent! set nobackup | silent! set nowritebackup | \
                     silent! set noundofile | silent! set viminfo=";
/// The same as soon as a file is about to be read: a swap file is made right then.
const QUIET_EARLY: &str =
    "silent! autocmd BufReadPre,BufNewFile * set noswapfile nobackup nowritebackup";

/// The user's editor: words for a shell, as git takes them.
#[derive(Debug)]
pub(super) struct Editor {
    words: String,
    is_vim: bool,
}

/// How an editor ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself, and well.
    Well,
    /// By itself, and not well; follows "the editor".
    Badly(String),
    /// We were asked to end, by this signal.
    Stopped(&'static str),
}

impl Editor {
    /// `$VISUAL`, `$EDITOR`, or `vi`.
    pub(super) fn choose(context: &Context) -> Result<Self, CommandError> {
        let named = ["VISUAL", "EDITOR"].into_iter();
        let named = named.filter_map(|name| context.variable(name));
        let mut named = named.filter(|words| !words.to_string_lossy().trim().is_empty());
        let Some(words) = named.next() else {
            return match context.on_path("vi") {
                Some(program) => Ok(Self::of("vi".to_owned(), Some(program))),
                None => Err(CommandError::error(
                    "there is no editor: neither VISUAL nor EDITOR is set, and there is no vi",
                )
                .hint("EDITOR=nano driftlock edit")),
            };
        };
        let words = words.to_str().ok_or_else(|| {
            CommandError::error("the command in VISUAL or EDITOR is not UTF-8")
                .hint("EDITOR=nano driftlock edit")
        })?;
        let program = words.split_whitespace().next().unwrap_or_default();
        let found = context.on_path(program);
        if found.is_none() && is_simple(words) {
            return Err(CommandError::error(format!(
                "there is no editor `{}`, which VISUAL or EDITOR names",
                crate::render::escape::terminal(program)
            ))
            .hint("EDITOR=nano driftlock edit"));
        }
        Ok(Self::of(words.to_owned(), found))
    }

    fn of(words: String, program: Option<PathBuf>) -> Self {
        // vi is often a link to vim, or to something that knows none of its options
        let real = program.and_then(|program| std::fs::canonicalize(program).ok());
        let name = real.as_deref().and_then(Path::file_name);
        let name = name.map(|name| name.to_string_lossy().into_owned());
        let is_vim = name.is_some_and(|name| {
            ["vim", "nvim", "gvim"]
                .iter()
                .any(|vim| name.starts_with(vim))
        });
        Self { words, is_vim }
    }

    /// Starts it on a file. Its own temporary files go to the file's folder.
    pub(super) fn start(&self, file: &Path, context: &Context) -> Result<Child, CommandError> {
        // what is one program takes the shell's place, so that a signal reaches it
        let exec = if is_simple(&self.words) { "exec " } else { "" };
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!("{exec}{} \"$@\"", self.words))
            .arg("driftlock-editor");
        if self.is_vim {
            command.args(["-n", "-i", "NONE", "--cmd", QUIET]);
            command.args(["--cmd", QUIET_EARLY, "-c", QUIET]);
        }
        command
            .arg(file)
            .env_clear()
            .envs(context.inherited())
            .current_dir(&context.folder);
        if let Some(folder) = file.parent() {
            command.env("TMPDIR", folder);
        }
        command.spawn().map_err(|error| {
            CommandError::error(format!("the editor cannot be started: {}", error.kind()))
        })
    }
}

/// Whether a shell does nothing with it but split it into words.
fn is_simple(words: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " /._-+,:@".contains(c);
    words.chars().all(plain)
}

/// The signals that would end us while a text lies open.
pub(super) struct Signals {
    terminate: Stream,
    hang_up: Stream,
    interrupt: Stream,
    quit: Stream,
}

impl Signals {
    /// From here on they end nothing by themselves. Inside a runtime.
    pub(super) fn listen() -> Result<Self, CommandError> {
        let on = |kind| {
            signal(kind).map_err(|error| {
                let why = error.kind();
                CommandError::error(format!(
                    "signals cannot be listened to: {why}; nothing was decrypted to a file"
                ))
            })
        };
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            hang_up: on(SignalKind::hangup())?,
            interrupt: on(SignalKind::interrupt())?,
            quit: on(SignalKind::quit())?,
        })
    }

    /// Waits for an editor. Ctrl-C is the editor's own business.
    pub(super) async fn follow(&mut self, editor: &mut Child) -> Ended {
        let (why, ended) = loop {
            tokio::select! {
                biased;
                why = ending(&mut self.terminate, &mut self.hang_up) => break (Some(why), None),
                ended = editor.wait() => break (self.heard().await, Some(ended)),
                _ = self.interrupt.recv() => {}
                _ = self.quit.recv() => {}
            }
        };
        match (why, ended) {
            (Some(why), ended) => {
                if ended.is_none() {
                    end(editor).await;
                }
                Ended::Stopped(why)
            }
            (None, Some(Ok(status))) => how(status),
            (None, Some(Err(error))) => Ended::Badly(format!("was lost: {}", error.kind())),
            (None, None) => Ended::Badly("ended in an unknown way".to_owned()),
        }
    }

    /// What was to end us before an editor ended by itself: a signal may be on its way through the
    /// event loop when the end of the editor is known already.
    async fn heard(&mut self) -> Option<&'static str> {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        tokio::select! {
            biased;
            why = ending(&mut self.terminate, &mut self.hang_up) => Some(why),
            () = std::future::ready(()) => None,
        }
    }

    /// Waits for any of them, where nobody else reads the keyboard.
    pub(super) async fn any(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
            _ = self.interrupt.recv() => "Ctrl-C",
            _ = self.quit.recv() => "SIGQUIT",
        }
    }
}

/// What ends us.
async fn ending(terminate: &mut Stream, hang_up: &mut Stream) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = hang_up.recv() => "SIGHUP",
    }
}

/// It would go on to show a text that is gone.
async fn end(editor: &mut Child) {
    let pid = editor
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(pid) = pid {
        let _gone = kill_process(pid, Signal::TERM);
    }
    if tokio::time::timeout(TO_END, editor.wait()).await.is_err() {
        let _gone = editor.kill().await;
    }
}

fn how(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ended::Well,
        (Some(126 | 127), _) => Ended::Badly("cannot be started".to_owned()),
        (Some(code), _) => Ended::Badly(format!("ended with exit code {code}")),
        (None, Some(signal)) => Ended::Badly(format!("was ended by signal {signal}")),
        (None, None) => Ended::Badly("ended in an unknown way".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_signs_is_left_to_the_shell() {
        assert!(is_simple("/usr/bin/vim -p"));
        for words in ["a b|c", "E=1 vim", "\"x y\" z", "~/bin/e", "vim $F", "a;b"] {
            assert!(!is_simple(words), "{words}");
        }
    }
}
