//! This machine.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::{FileError, ReplaceError};
use super::run::{Call, Ran, Run, RunError};
use super::{FileHost, FileRead, leftovers, read, replace, spawn};
use crate::model::Version;

/// So many files are read or written at a time: enough to hide a slow disk, few enough threads.
const AT_ONCE: usize = 32;

/// The files and programs of this machine, as the user that we run as. What it has begun it finishes, also when
/// nobody waits for the answer any more.
#[derive(Debug, Clone)]
pub struct LocalHost {
    turns: Arc<Semaphore>,
    /// What programs get of it.
    environment: Arc<Vec<(OsString, OsString)>>,
    /// Folders that were looked through for leftovers in this run.
    swept: Arc<Mutex<HashSet<(u64, u64)>>>,
}

impl LocalHost {
    /// One for each run: the limit on files at a time is shared by its clones.
    pub fn new() -> Self {
        Self::with_environment(Vec::new())
    }

    /// The same, with the environment that programs get what [`Call`] says of, and `~` its home.
    pub fn with_environment(mut environment: Vec<(OsString, OsString)>) -> Self {
        environment.retain(|(name, _)| spawn::is_handed_on(name));
        Self {
            environment: Arc::new(environment),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            swept: Arc::default(),
        }
    }

    async fn in_turn<T, F>(&self, path: &Path, work: F) -> Result<T, FileError>
    where
        T: Send + 'static,
        F: FnOnce(PathBuf, u32) -> T + Send + 'static,
    {
        let path = path.to_owned();
        let ending = FileError::Ending { path: path.clone() };
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else {
            return Err(ending);
        };
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(path, rustix::process::geteuid().as_raw())
        })
        .await
        .map_err(|_| ending)
    }
}

impl Default for LocalHost {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl FileHost for LocalHost {
    async fn read(&self, path: &Path) -> Result<FileRead, FileError> {
        self.in_turn(path, |path, us| read::read(&path, us)).await?
    }

    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), ReplaceError> {
        let (expected, swept) = (expected.clone(), Arc::clone(&self.swept));
        self.in_turn(path, move |path, us| {
            let sweep = |place: &super::resolve::Place, folder: &std::os::fd::OwnedFd| {
                let first = swept
                    .lock()
                    .is_ok_and(|mut swept| swept.insert(replace::id(&place.folder.stat)));
                if first {
                    leftovers::sweep(folder, us, place.folder.theirs);
                }
            };
            replace::replace(&path, &expected, &bytes, us, sweep, || {})
        })
        .await?
    }
}

#[async_trait]
impl Run for LocalHost {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        spawn::run(call, &self.environment).await
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        spawn::home(&self.environment)
    }
}
