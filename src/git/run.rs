//! One program to its end, or to the end of our patience.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The most that is taken of one stream: a journal of years is far smaller.
const MAX_OUTPUT: u64 = 512 * 1024 * 1024;
/// What is kept of the errors: they are looked at, never shown.
const MAX_ERRORS: u64 = 64 * 1024;

/// What a program left.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Its output.
    pub stdout: Vec<u8>,
    /// The beginning of its errors. They may hold addresses with passwords: never shown.
    pub stderr: String,
}

impl Finished {
    /// Whether it ended with 0.
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No such program.
    #[error("run git: the program is not installed or not on PATH")]
    NoGit,
    /// It could not be started or read from.
    #[error("run git")]
    Io(#[from] io::Error),
    /// It took too long and was ended.
    #[error("run git: it did not end within {0:?}")]
    TimedOut(Duration),
    /// It said more than there is room for.
    #[error("run git: it printed more than there is room for")]
    TooMuch,
}

enum Heard {
    Output(io::Result<Vec<u8>>),
    Errors(io::Result<Vec<u8>>),
}

/// Runs it with `input` on standard input. After `limit` it is killed, with all that it started.
pub fn run(mut command: Command, input: Vec<u8>, limit: Duration) -> Result<Finished, RunError> {
    command
        .stdin(if input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // of its own: Ctrl-C is for us, and we end what we began
        .process_group(0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::NoGit,
        _ => RunError::Io(error),
    })?;
    let heard = listen(&mut child, input);
    let collected = collect(&heard, Instant::now() + limit, limit);
    if collected.is_err() {
        end(&child);
    }
    let status = child.wait()?;
    let (stdout, stderr) = collected?;
    if stdout.len() as u64 >= MAX_OUTPUT {
        return Err(RunError::TooMuch);
    }
    Ok(Finished {
        code: status.code(),
        stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Each stream has a thread, so that none of them can block another.
fn listen(child: &mut Child, input: Vec<u8>) -> Receiver<Heard> {
    let (tell, heard) = channel();
    if let Some(mut stdin) = child.stdin.take() {
        // who ends early need not read its input
        thread::spawn(move || stdin.write_all(&input));
    }
    if let Some(stdout) = child.stdout.take() {
        hear(stdout, MAX_OUTPUT, tell.clone(), Heard::Output);
    }
    if let Some(stderr) = child.stderr.take() {
        hear(stderr, MAX_ERRORS, tell, Heard::Errors);
    }
    heard
}

fn hear(
    mut stream: impl Read + Send + 'static,
    limit: u64,
    tell: Sender<Heard>,
    as_what: fn(io::Result<Vec<u8>>) -> Heard,
) {
    thread::spawn(move || {
        let mut bytes = vec![];
        let read = stream.by_ref().take(limit).read_to_end(&mut bytes);
        // the rest is drained, so that the program is not stopped by a full pipe
        let drained = read.and_then(|_| io::copy(&mut stream, &mut io::sink()));
        let _nobody_waits = tell.send(as_what(drained.map(|_| bytes)));
    });
}

fn collect(
    heard: &Receiver<Heard>,
    deadline: Instant,
    limit: Duration,
) -> Result<(Vec<u8>, Vec<u8>), RunError> {
    let (mut stdout, mut stderr) = (None, None);
    loop {
        if let (Some(stdout), Some(stderr)) = (&mut stdout, &mut stderr) {
            return Ok((std::mem::take(stdout), std::mem::take(stderr)));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match heard.recv_timeout(left) {
            Ok(Heard::Output(bytes)) => stdout = Some(bytes?),
            Ok(Heard::Errors(bytes)) => stderr = Some(bytes?),
            Err(_) => return Err(RunError::TimedOut(limit)),
        }
    }
}

fn end(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        let _gone_already = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn streams_and_code_are_told_apart() {
        let done = run(shell("cat; echo no >&2; exit 3"), b"yes".to_vec(), LONG).unwrap();
        assert_eq!((done.code, done.is_success()), (Some(3), false));
        assert_eq!(
            (&done.stdout[..], done.stderr.as_str()),
            (&b"yes"[..], "no\n")
        );
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let begun = Instant::now();
        let error = run(
            shell("sleep 600 & sleep 600"),
            vec![],
            Duration::from_millis(50),
        );
        assert!(matches!(error, Err(RunError::TimedOut(_))), "{error:?}");
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn more_output_than_a_pipe_holds_and_input_that_nobody_reads() {
        let done = run(shell("head -c 300000 /dev/zero"), vec![7; 300_000], LONG).unwrap();
        assert_eq!(done.stdout.len(), 300_000);
    }

    #[test]
    fn no_such_program() {
        let error = run(Command::new("/nowhere/git"), vec![], LONG);
        assert!(matches!(error, Err(RunError::NoGit)), "{error:?}");
    }
}
