//! Reads files of the far side, all that are waited for in one go: what they ask for is sent together,
//! so that many of them cost no more round trips than one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use tokio::sync::oneshot;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::super::error::FileError;
use super::super::{FileRead, MAX_FILE_BYTES, version_of};
use super::error::SshError;
use super::listing::Entry;
use super::session::{Content, Session, Shown};
use super::walk::{Known, Place, Seen, Step, walk};

/// A file that somebody writes in place is read again so often.
const ATTEMPTS: usize = 3;

/// The way to a file as far as it is known.
struct Finding {
    path: PathBuf,
    known: Known,
    /// What the last look brought of the file itself.
    brought: Option<(PathBuf, Content)>,
}

impl Finding {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            known: Known::default(),
            brought: None,
        }
    }

    fn step(&self, session: &Session) -> Result<Step, FileError> {
        walk(&session.at_home(&self.path), &session.us, &self.known)
    }

    fn learn(&mut self, shown: Shown) {
        if let (Some(content), Some((last, _))) = (shown.content, shown.paths.last()) {
            self.brought = Some((last.clone(), content));
        }
        self.known.paths.extend(shown.paths);
    }

    /// What was seen for others at the same time.
    fn overhear(&mut self, seen: &[(PathBuf, Seen)]) {
        for (path, seen) in seen {
            let known = self.known.paths.entry(path.clone());
            known.or_insert_with(|| seen.clone());
        }
    }
}

/// Finds the place of a path.
pub(super) async fn locate(session: &mut Session, path: &Path) -> Result<Place, FileError> {
    let mut finding = Finding::new(path);
    loop {
        match finding.step(session)? {
            Step::Arrived(place) => return Ok(place),
            Step::Users => finding.known.users = Some(session.users().await?),
            Step::Look(paths) => {
                let looks = [(paths.as_slice(), false)];
                for shown in session.show(&looks).await? {
                    finding.learn(shown?);
                }
            }
        }
    }
}

/// Somebody who waits for a file.
pub(super) struct Waiting {
    finding: Finding,
    attempts: usize,
    answer: oneshot::Sender<Result<FileRead, FileError>>,
    /// Since when.
    pub(super) asked: Instant,
}

enum Next {
    Look(Vec<PathBuf>),
    Users,
    Done(Result<FileRead, FileError>),
}

impl Waiting {
    /// Also where the answer will come.
    pub(super) fn new(path: &Path) -> (Self, oneshot::Receiver<Result<FileRead, FileError>>) {
        let (answer, receiver) = oneshot::channel();
        let waiting = Self {
            finding: Finding::new(path),
            attempts: 0,
            answer,
            asked: Instant::now(),
        };
        (waiting, receiver)
    }

    pub(super) fn answer(self, outcome: Result<FileRead, FileError>) {
        let _gone = self.answer.send(outcome);
    }

    fn next(&mut self, session: &mut Session) -> Next {
        let place = match self.finding.step(session) {
            Ok(Step::Look(paths)) => return Next::Look(paths),
            Ok(Step::Users) => return Next::Users,
            Ok(Step::Arrived(place)) => place,
            Err(error) => return Next::Done(Err(error)),
        };
        match arrive(session, &place, self.finding.brought.take()) {
            Ok(Some(read)) => {
                session.remember(&self.finding.path, read.version(), place);
                Next::Done(Ok(read))
            }
            Err(error) => Next::Done(Err(error)),
            Ok(None) => {
                let path = self.finding.path.clone();
                self.finding = Finding::new(&path);
                self.attempts += 1;
                if self.attempts < ATTEMPTS {
                    self.next(session)
                } else {
                    Next::Done(Err(FileError::Unstable { path }))
                }
            }
        }
    }
}

/// Reads what is waited for. Who still waits afterwards gets nothing over this connection.
pub(super) async fn read_all(
    session: &mut Session,
    waiting: &mut Vec<Waiting>,
) -> Result<(), SshError> {
    while !waiting.is_empty() {
        let (mut looks, mut users) = (Vec::new(), false);
        for mut one in std::mem::take(waiting) {
            match one.next(session) {
                Next::Done(outcome) => {
                    one.answer(outcome);
                    continue;
                }
                Next::Look(paths) => looks.push((waiting.len(), paths)),
                Next::Users => users = true,
            }
            waiting.push(one);
        }
        if users {
            let users = session.users().await?;
            for one in &mut *waiting {
                one.finding.known.users = Some(users.clone());
            }
        }
        leave_out_what_is_shared(&mut looks);
        let requests: Vec<_> = looks.iter().map(|(_, paths)| (&paths[..], true)).collect();
        let (mut failed, mut seen) = (Vec::new(), Vec::new());
        for ((index, _), shown) in looks.iter().zip(session.show(&requests).await?) {
            match shown {
                Ok(shown) => {
                    seen.extend(shown.paths.iter().cloned());
                    waiting[*index].finding.learn(shown);
                }
                Err(error) => failed.push((*index, error)),
            }
        }
        for one in &mut *waiting {
            one.finding.overhear(&seen);
        }
        for (index, error) in failed.into_iter().rev() {
            waiting.remove(index).answer(Err(error.into()));
        }
    }
    Ok(())
}

/// Files that lie together have most of their way together: it is looked at once. The last path of a
/// look may be a file, and is always looked at for its own content.
fn leave_out_what_is_shared(looks: &mut [(usize, Vec<PathBuf>)]) {
    let mut asked = BTreeSet::new();
    for (_, paths) in looks {
        let last = paths.len().saturating_sub(1);
        let mut at = 0;
        paths.retain(|path| {
            at += 1;
            asked.insert(path.clone()) || at > last
        });
    }
}

/// What was read at the place; `None` if it changed meanwhile.
fn arrive(
    session: &Session,
    place: &Place,
    brought: Option<(PathBuf, Content)>,
) -> Result<Option<FileRead>, FileError> {
    let Some(found) = &place.found else {
        return Ok(Some(file(place, None)));
    };
    require_small(found.size, place)?;
    // it may have come between the look at it and the look into it
    let Some((_, content)) = brought.filter(|(of, _)| *of == place.path()) else {
        return Ok(None);
    };
    let changed_at = content.changed_at;
    let bytes = settle(session, found, content, place)?;
    Ok(bytes.map(|bytes| FileRead {
        changed_at,
        ..file(place, Some(bytes))
    }))
}

fn file(place: &Place, content: Option<Zeroizing<Vec<u8>>>) -> FileRead {
    FileRead {
        content,
        link_to: place.linked.then(|| place.path()),
        changed_at: None,
    }
}

/// The bytes if they are all of one moment, as far as the far side can tell; `None` if not.
fn settle(
    session: &Session,
    found: &Entry,
    content: Content,
    place: &Place,
) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let bytes = match content.bytes {
        Ok(bytes) => bytes,
        Err(Some(Errno::NOENT)) => return Ok(None),
        Err(Some(Errno::ACCESS)) => {
            return Err(FileError::Denied {
                path: place.path(),
                verb: "read",
                user: session.us.name.clone(),
                mode: Some(found.mode),
            });
        }
        Err(Some(code)) => {
            return Err(FileError::System {
                doing: "read",
                path: place.path(),
                code,
            });
        }
        Err(None) => return Err(session.odd("read", &place.path()).into()),
    };
    require_small(bytes.len() as u64, place)?;
    let whole = if session.hashes {
        content.digest.starts_with(&version_of(&bytes).0)
    } else {
        content.digest.trim_end() == content.listing.trim_end() && bytes.len() as u64 == found.size
    };
    Ok(whole.then_some(bytes))
}

pub(super) fn require_small(bytes: u64, place: &Place) -> Result<(), FileError> {
    if bytes > MAX_FILE_BYTES as u64 {
        return Err(FileError::TooLarge {
            path: place.path(),
            bytes,
        });
    }
    Ok(())
}
