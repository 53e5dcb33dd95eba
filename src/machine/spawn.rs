//! Runs one program of this machine.
//!
//! It is the first of a process group of its own, so that all of it can be ended, and no key that is
//! meant for us reaches it. What it leaves running keeps a reader of its outputs, so that it does not
//! die of printing something later.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{FusedFuture as _, join3, pending};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::run::{Call, MAX_OUTPUT_BYTES, Ran, RunError};

/// What is handed on of the environment that we were given.
const HANDED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// Where programs are looked for if nobody says where.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// So long for somebody who still holds the outputs of a program that has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// So long between the request to end and the end.
const TO_END: Duration = Duration::from_secs(1);

/// One read takes at most so much.
const STEP: usize = 64 * 1024;

/// Runs `call` with what it needs of `environment`.
pub(super) async fn run(
    call: &Call,
    environment: &[(OsString, OsString)],
) -> Result<Ran, RunError> {
    call.require_possible()?;
    let mut child = spawn(call, environment)?;
    let mut group = Group::of(&child);
    let mut pipes = Pipes::of(&mut child, call);
    let (mut output, mut errors) = (Zeroizing::default(), Zeroizing::default());
    let ended = timeout(
        call.limit,
        follow(&mut child, &mut pipes, call, &mut output, &mut errors),
    )
    .await;
    let (status, silent) = match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => return Err(system(call, &error)),
        Err(_) => {
            group.end(&mut child).await;
            return Err(RunError::Slow {
                program: call.program.clone(),
                limit: call.limit,
            });
        }
    };
    group.leave_alone();
    if !silent {
        pipes.leave();
    }
    Ok(Ran {
        status: number(status),
        output,
        errors,
    })
}

/// Whether programs get this variable.
pub(super) fn is_handed_on(name: &OsStr) -> bool {
    HANDED_ON.iter().any(|known| name == *known)
}

/// The home folder that `environment` names.
pub(super) fn home(environment: &[(OsString, OsString)]) -> Result<PathBuf, RunError> {
    value(environment, "HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute())
        .ok_or(RunError::NoHome)
}

fn value<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    let found = environment.iter().rfind(|(known, _)| known == name);
    found
        .map(|(_, value)| value.as_os_str())
        .filter(|value| !value.is_empty())
}

fn spawn(call: &Call, environment: &[(OsString, OsString)]) -> Result<Child, RunError> {
    let mut command = Command::new(&call.program);
    command
        .args(&call.arguments)
        .env_clear()
        .env("PATH", USUAL_PATH)
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(if call.input.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    for name in HANDED_ON {
        if let Some(value) = value(environment, name) {
            command.env(name, value);
        }
    }
    if value(environment, "XDG_RUNTIME_DIR").is_none()
        && let Some(folder) = runtime_folder()
    {
        command.env("XDG_RUNTIME_DIR", folder);
    }
    command.spawn().map_err(|error| system(call, &error))
}

/// Where this user's managers listen. Whoever starts us without a login (cron) does not say so.
fn runtime_folder() -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let folder = Path::new("/run/user").join(user.to_string());
    folder.is_dir().then_some(folder)
}

fn system(call: &Call, error: &std::io::Error) -> RunError {
    let program = call.program.clone();
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR) => RunError::NotFound { program },
        Some(Errno::ACCESS | Errno::PERM | Errno::ISDIR) => RunError::Denied { program },
        code => RunError::System {
            program,
            code: code.unwrap_or(Errno::INVAL),
        },
    }
}

fn number(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    let by_signal = || status.signal().map_or(-1, |signal| 128 + signal);
    status.code().unwrap_or_else(by_signal)
}

/// Our ends of a program's pipes.
struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

impl Pipes {
    fn of(child: &mut Child, call: &Call) -> Self {
        Self {
            stdin: child.stdin.take().filter(|_| !call.input.is_empty()),
            stdout: child.stdout.take().expect("it was asked for"),
            stderr: child.stderr.take().expect("it was asked for"),
        }
    }

    /// Leaves the outputs to somebody who reads on and says nothing.
    fn leave(self) {
        let ends: [std::io::Result<Stdio>; 2] = [self.stdout.try_into(), self.stderr.try_into()];
        for end in ends.into_iter().flatten() {
            let reader = Command::new("cat")
                .env_clear()
                .env("PATH", USUAL_PATH)
                .current_dir("/")
                .stdin(end)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn();
            // without it, what prints into a closed pipe is told so by the system
            drop(reader);
        }
    }
}

/// Feeds a program and listens to it until it ends; says whether its outputs ended with it.
async fn follow(
    child: &mut Child,
    pipes: &mut Pipes,
    call: &Call,
    output: &mut Zeroizing<Vec<u8>>,
    errors: &mut Zeroizing<Vec<u8>>,
) -> std::io::Result<(ExitStatus, bool)> {
    let stdin = pipes.stdin.take();
    let feeding = async {
        if let Some(mut stdin) = stdin {
            // a program need not read all of it
            let _not_wanted = stdin.write_all(&call.input).await;
        }
    };
    let talk = join3(
        feeding,
        listen(&mut pipes.stdout, output),
        listen(&mut pipes.stderr, errors),
    )
    .fuse();
    let mut talk = std::pin::pin!(talk);
    let status = tokio::select! {
        status = child.wait() => status?,
        () = async { talk.as_mut().await; pending().await } => unreachable!("it waits for ever"),
    };
    // what it printed itself is in the pipes already; nothing more has to be waited for
    let silent = talk.is_terminated() || timeout(LAST_WORDS, talk).await.is_ok();
    Ok((status, silent))
}

/// Reads on to the end, and keeps the beginning.
async fn listen(from: &mut (impl AsyncRead + Unpin), kept: &mut Zeroizing<Vec<u8>>) {
    let mut step = Zeroizing::new(vec![0; STEP]);
    while let Ok(length @ 1..) = from.read(&mut step).await {
        let room = MAX_OUTPUT_BYTES - kept.len();
        append(kept, &step[..length.min(room)]);
    }
}

/// A buffer that grows by itself leaves a copy behind.
fn append(kept: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if kept.capacity() - kept.len() < more.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * kept.capacity() + more.len()));
        larger.extend_from_slice(kept);
        *kept = larger;
    }
    kept.extend_from_slice(more);
}

/// A program and all that it started, which ends when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// It has ended; what it left running is meant to run.
    fn leave_alone(&mut self) {
        self.0 = None;
    }

    /// Asks all of it to end, and then ends it.
    async fn end(&mut self, child: &mut Child) {
        self.signal(Signal::TERM);
        let _ended = timeout(TO_END, child.wait()).await;
        self.signal(Signal::KILL);
        self.0 = None;
        let _ended = timeout(TO_END, child.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            let _gone = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
