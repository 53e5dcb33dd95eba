//! An open connection: requests, and the parts of their answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use super::super::MAX_FILE_BYTES;
use super::error::SshError;
use super::frames::{Broken, Frames};
use super::listing::{Entry, errno};
use super::walk::{Place, Seen, Us};
use crate::model::Version;

/// The longest part of an answer that is no file.
pub(super) const LONGEST_TALK: usize = 1024 * 1024;

/// So much is sent without waiting for an answer.
const LONGEST_REQUEST: usize = 12 * 1024;

/// An open connection.
pub(super) struct Session {
    /// Ends when dropped.
    pub(super) child: Child,
    pub(super) stdin: ChildStdin,
    pub(super) answers: Frames<ChildStdout>,
    pub(super) us: Us,
    pub(super) host: String,
    pub(super) limit: Duration,
    /// Whether the next request can be sent: the last one was answered in full.
    pub(super) usable: bool,
    /// Whether it has answered a request already.
    pub(super) used: bool,
    /// Whether the far side can hash.
    pub(super) hashes: bool,
    /// The home of who works there.
    pub(super) home: Option<PathBuf>,
    /// When it was heard of last.
    pub(super) last: Instant,
    /// The files that were read last, and what they held.
    pub(super) places: BTreeMap<PathBuf, (Version, Place)>,
    /// What ssh writes its log into; removed with the connection.
    pub(super) _log: NamedTempFile,
}

/// What a `show` found.
pub(super) struct Shown {
    pub(super) paths: Vec<(PathBuf, Seen)>,
    /// Of the last path, if it is a regular file and was asked for.
    pub(super) content: Option<Content>,
}

/// A file's bytes, and what they are checked against.
pub(super) struct Content {
    /// The bytes, or what kept them.
    pub(super) bytes: Result<Zeroizing<Vec<u8>>, Option<rustix::io::Errno>>,
    /// When it was written last, if the far side can say.
    pub(super) changed_at: Option<Timestamp>,
    /// A hash in hex, or a listing.
    pub(super) digest: String,
    /// The listing before.
    pub(super) listing: String,
}

impl Session {
    /// A path as the manifest spells it, with the home of who works there in the place of `~`.
    pub(super) fn at_home<'p>(&self, path: &'p Path) -> Cow<'p, Path> {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => Cow::Owned(home.join(below)),
            _ => Cow::Borrowed(path),
        }
    }

    /// Looks at paths, for each of several questions, and into the last path of those that say so.
    /// They are sent together as far as they fit into a pipe that nobody reads from yet.
    pub(super) async fn show(
        &mut self,
        looks: &[(&[PathBuf], bool)],
    ) -> Result<Vec<Result<Shown, SshError>>, SshError> {
        let mut shown = Vec::with_capacity(looks.len());
        let mut rest = looks;
        while !rest.is_empty() {
            let (mut request, mut sent) = (String::new(), 0);
            for (paths, content) in rest {
                let question = question(paths, *content);
                if sent > 0 && request.len() + question.len() > LONGEST_REQUEST {
                    break;
                }
                request.push_str(&question);
                sent += 1;
            }
            let (now, later) = rest.split_at(sent);
            rest = later;
            self.timed(async |session: &mut Self| session.send(request.as_bytes()).await)
                .await?;
            for (paths, _) in now {
                // each has the whole time
                let next = self.timed(async |session: &mut Self| session.shown(paths).await);
                shown.push(next.await?);
            }
        }
        Ok(shown)
    }

    /// The answer to one question. What is not understood of it concerns that question only.
    async fn shown(&mut self, paths: &[PathBuf]) -> Result<Result<Shown, SshError>, SshError> {
        let mut odd = None;
        let mut seen = Vec::with_capacity(paths.len());
        let mut listing = String::new();
        for path in paths {
            let code = self.word().await?;
            let said = self.part().await?;
            let link = self.part().await?;
            listing = String::from_utf8_lossy(&said).into_owned();
            match self.seen(&code, &said, &link, path) {
                Ok(entry) => seen.push((path.clone(), entry)),
                Err(error) => odd = odd.or(Some(error)),
            }
        }
        let content = match self.word().await?.as_str() {
            "yes" => Some(self.content(listing).await?),
            "no" => None,
            _ => return Err(self.garbled()),
        };
        Ok(odd.map_or(
            Ok(Shown {
                paths: seen,
                content,
            }),
            Err,
        ))
    }

    fn seen(&self, code: &str, said: &[u8], link: &[u8], path: &Path) -> Result<Seen, SshError> {
        if code != "0" {
            return match errno(said) {
                Some(code) => Ok(Seen::Failed(code)),
                None => Err(self.odd("look at", path)),
            };
        }
        let entry = Entry::parse(said).ok_or_else(|| self.garbled())?;
        let link = link.strip_suffix(b"\n").unwrap_or(link);
        let link = (!link.is_empty()).then(|| path_of(link.to_vec()));
        Ok(Seen::There(entry, link))
    }

    async fn content(&mut self, listing: String) -> Result<Content, SshError> {
        let bytes = self.bytes().await?;
        let code = self.word().await?;
        let said = self.part().await?;
        let changed = self.word().await?.trim().parse();
        let digest = self.word().await?;
        Ok(Content {
            bytes: if code == "0" {
                Ok(bytes)
            } else {
                Err(errno(&said))
            },
            changed_at: changed
                .ok()
                .and_then(|second| Timestamp::from_second(second).ok()),
            digest,
            listing,
        })
    }

    /// `/etc/passwd` and `/etc/group`.
    pub(super) async fn users(&mut self) -> Result<(String, String), SshError> {
        self.timed(async |session: &mut Self| {
            session.send(b"users\n").await?;
            Ok((session.word().await?, session.word().await?))
        })
        .await
    }

    /// Runs one exchange within the limit. The connection can be used on only if it was completed.
    pub(super) async fn timed<T>(
        &mut self,
        exchange: impl AsyncFnOnce(&mut Self) -> Result<T, SshError>,
    ) -> Result<T, SshError> {
        self.usable = false;
        let limit = self.limit;
        match timeout(limit, exchange(self)).await {
            Ok(Ok(answer)) => {
                self.usable = true;
                self.used = true;
                self.last = Instant::now();
                Ok(answer)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let _ended = self.child.start_kill();
                let host = self.host.clone();
                Err(SshError::Slow { host, limit })
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), SshError> {
        let sent = self.stdin.write_all(bytes).await;
        sent.map_err(|_| self.lost())
    }

    pub(super) async fn part(&mut self) -> Result<Zeroizing<Vec<u8>>, SshError> {
        self.next(LONGEST_TALK).await
    }

    /// A part that is text.
    pub(super) async fn word(&mut self) -> Result<String, SshError> {
        let part = self.part().await?;
        Ok(String::from_utf8_lossy(&part).into_owned())
    }

    /// A part that is a file.
    pub(super) async fn bytes(&mut self) -> Result<Zeroizing<Vec<u8>>, SshError> {
        self.next(MAX_FILE_BYTES + 64 * 1024).await
    }

    async fn next(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, SshError> {
        match self.answers.next(most).await {
            Ok(part) => Ok(part),
            Err(Broken::Ended) => Err(self.lost()),
            Err(Broken::TooMuch) => Err(self.garbled()),
        }
    }

    /// Both directions, for an exchange that writes while it reads.
    pub(super) fn split(&mut self) -> (&mut ChildStdin, &mut Frames<ChildStdout>) {
        (&mut self.stdin, &mut self.answers)
    }

    /// Keeps where a file is, unless links lead there: they are the ones that get a new end.
    pub(super) fn remember(&mut self, asked: &Path, version: Version, place: Place) {
        if place.path() == asked {
            self.places.insert(asked.to_owned(), (version, place));
        } else {
            self.places.remove(asked);
        }
    }

    pub(super) fn lost(&self) -> SshError {
        SshError::Lost {
            host: self.host.clone(),
        }
    }

    pub(super) fn garbled(&self) -> SshError {
        SshError::Garbled {
            host: self.host.clone(),
        }
    }

    pub(super) fn odd(&self, doing: &'static str, path: &Path) -> SshError {
        SshError::Odd {
            host: self.host.clone(),
            doing,
            path: path.display().to_string(),
        }
    }
}

fn question(paths: &[PathBuf], content: bool) -> String {
    let mut question = format!("show {} {}\n", paths.len(), u8::from(content));
    for path in paths {
        question.push_str(&encode(path));
    }
    question
}

/// A path as a line of a request: what is not plain becomes an octal escape.
pub(super) fn encode(path: impl AsRef<std::ffi::OsStr>) -> String {
    let bytes = path.as_ref().as_bytes();
    let mut line = String::with_capacity(bytes.len() + 1);
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' => {
                line.push(char::from(*byte));
            }
            _ => write!(line, "\\0{byte:03o}").expect("a string takes any text"),
        }
    }
    line.push('\n');
    line
}

pub(super) fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}
