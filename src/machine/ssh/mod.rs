//! A machine over SSH.
//!
//! The system's `ssh` makes the connection, so the user's configuration, agent, jump hosts, known
//! hosts and hardware keys hold. On the far side one POSIX shell carries out framed requests
//! (`far.sh`), for as long as the connection lives: one login per host and run, no further process
//! of `ssh` and no control socket, and the far side sees the end of its input when we are gone,
//! however we went. Nothing is installed there.
//!
//! # What a program finds
//! It runs with what [`super::Call`] says and in a session of its own, where the far side can make
//! one (`setsid`, or a shell with job control): then all of it is ended when its time is over, else
//! its first process. It begins only when all of its input is there. Its input and outputs lie in
//! files without names, in memory where there is a place for that; what it leaves running may go on
//! printing, and does not hold the connection.
//!
//! # What a replace promises
//! What [the room](super) promises: the path holds the old file or the new one. The new bytes go
//! into a folder of their own beside the file (`.driftlock-<process>-<16 hex digits>.tmp`, 0700), the
//! old file's copy there is compared byte by byte with the file right before `mv`, and an absent
//! file comes to be by `ln`, which never overwrites. Other runs are kept away by `flock` where there
//! is such a command, which this machine's own writer respects too, else by a link
//! `.driftlock.lock` that names its process.
//!
//! # Leftovers
//! A killed far side leaves its folder, and perhaps its lock; both name the process, and the next
//! write in that folder removes what belongs to none. No clock takes part.
//!
//! # What is not kept
//! Extended attributes where `cp` knows no `--preserve=all`; the access control lists of BSD. A
//! list that is lost is noticed, and refused.

mod classify;
mod connect;
mod error;
mod frames;
mod listing;
mod read;
mod replace;
mod run;
mod session;
mod settings;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::error::{FileError, ReplaceError};
use super::run::{Call, Ran, Run, RunError};
use super::{FileHost, FileRead};
use crate::model::Version;
use read::Waiting;
use session::Session;

pub use error::SshError;
pub use settings::SshSettings;

/// The files and programs of one machine over SSH. Its clones share one connection, which is made by the first
/// that needs it and ends with the last. What it has begun it finishes, also when nobody waits for
/// the answer any more.
#[derive(Clone)]
pub struct SshHost {
    inner: Arc<Inner>,
}

struct Inner {
    settings: SshSettings,
    line: Mutex<Line>,
    /// Who waits for a file while the connection is made or busy.
    waiting: std::sync::Mutex<Vec<Waiting>>,
}

/// The connection, if there is one that can be used.
#[derive(Default)]
struct Line {
    session: Option<Session>,
    /// When it could not be made the last time, and why.
    failed: Option<(Instant, SshError)>,
}

impl SshHost {
    /// One for each host and run. Nothing happens before the first read.
    pub fn new(settings: SshSettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                settings,
                line: Mutex::default(),
                waiting: std::sync::Mutex::default(),
            }),
        }
    }
}

impl std::fmt::Debug for SshHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshHost")
            .field("destination", &self.inner.settings.destination)
            .finish_non_exhaustive()
    }
}

impl Line {
    /// The open connection, or a new one. Who had asked before the last attempt failed shares its
    /// failure, so that a host that is down is waited for once, not once for each file.
    async fn session(
        &mut self,
        settings: &SshSettings,
        asked: Instant,
    ) -> Result<Session, SshError> {
        if let Some(session) = self.session.take() {
            return Ok(session);
        }
        if let Some((at, error)) = &self.failed
            && (asked <= *at || matches!(error, SshError::HostKeyChanged { .. }))
        {
            return Err(error.clone());
        }
        let opened = Session::open(settings).await;
        self.failed = opened
            .as_ref()
            .err()
            .map(|error| (Instant::now(), error.clone()));
        opened
    }

    /// Keeps a connection that can be used on; says whether it broke although it had worked before,
    /// so that a new one may do.
    fn give_back(&mut self, session: Session) -> bool {
        if session.usable {
            self.session = Some(session);
            return false;
        }
        session.used
    }
}

impl Inner {
    /// Reads what is waited for, which may be nothing any more: one reads for all.
    async fn read_waiting(&self) {
        let mut line = self.line.lock().await;
        let Some(asked) = self.waiting().iter().map(|one| one.asked).max() else {
            return;
        };
        let (mut waiting, mut again) = (Vec::new(), true);
        loop {
            let session = line.session(&self.settings, asked).await;
            waiting.append(&mut self.waiting());
            let outcome = match session {
                Ok(mut session) => {
                    let outcome = read::read_all(&mut session, &mut waiting).await;
                    let broke = line.give_back(session);
                    again &= broke;
                    outcome
                }
                Err(error) => {
                    again = false;
                    Err(error)
                }
            };
            match outcome {
                Ok(()) => return,
                Err(SshError::Lost { .. }) if again => again = false,
                Err(error) => {
                    for one in waiting {
                        one.answer(Err(error.clone().into()));
                    }
                    return;
                }
            }
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: &[u8],
        asked: Instant,
    ) -> Result<(), ReplaceError> {
        let mut line = self.line.lock().await;
        let mut again = true;
        loop {
            let session = line.session(&self.settings, asked).await;
            let mut session = session.map_err(FileError::from)?;
            let outcome = replace::replace(&mut session, path, expected, bytes).await;
            let broke = line.give_back(session);
            match outcome {
                Err(ReplaceError::Refused(FileError::Ssh(SshError::Lost { .. })))
                    if broke && again =>
                {
                    again = false;
                }
                outcome => return outcome,
            }
        }
    }
}

#[async_trait]
impl FileHost for SshHost {
    async fn read(&self, path: &Path) -> Result<FileRead, FileError> {
        let (waiting, answer) = Waiting::new(path);
        self.inner.waiting().push(waiting);
        let inner = Arc::clone(&self.inner);
        let reading = tokio::spawn(async move { inner.read_waiting().await });
        let answer = answer.await;
        drop(reading);
        answer.unwrap_or_else(|_| {
            let path = path.to_owned();
            Err(FileError::Ending { path })
        })
    }

    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), ReplaceError> {
        let (inner, path, asked) = (Arc::clone(&self.inner), path.to_owned(), Instant::now());
        let expected = expected.clone();
        let ending = FileError::Ending { path: path.clone() };
        tokio::spawn(async move { inner.replace(&path, &expected, &bytes, asked).await })
            .await
            .unwrap_or(Err(ReplaceError::InDoubt(ending)))
    }
}

#[async_trait]
impl Run for SshHost {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        let (inner, call, asked) = (Arc::clone(&self.inner), call.clone(), Instant::now());
        let lost = RunError::Lost {
            program: call.program.clone(),
        };
        tokio::spawn(async move { inner.run(&call, asked).await })
            .await
            .unwrap_or(Err(lost))
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        self.inner.home(Instant::now()).await
    }
}
