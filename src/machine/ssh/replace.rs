//! Replaces one file of the far side, whole or not at all.
//!
//! Three exchanges. The look decides as a read does, and is left out where the read that saw the
//! expected content has just done it and no link was on the way: what stands there now is compared
//! with what stood there then. The preparation makes a folder beside the file, with a copy of the old
//! file and one that will be the new one; the copy comes here and must be what the plan saw. Then the
//! new bytes go there, and behind them the word that lets it happen. A connection that ends before
//! that word has changed nothing, and the far side tidies up. After it the outcome is in doubt until
//! it is told.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use tokio::io::AsyncWriteExt;
use zeroize::Zeroizing;

use super::super::error::{FileError, ReplaceError};
use super::super::{MAX_FILE_BYTES, version_of, version_of_absent};
use super::error::SshError;
use super::listing::{Entry, errno};
use super::read::{locate, require_small};
use super::session::{Session, encode};
use super::walk::Place;
use crate::model::Version;

/// Longest word of an answer.
const WORD: usize = 64 * 1024;

/// What the far side has prepared.
struct Prepared {
    id: String,
}

/// Replaces the file at `path`.
pub(super) async fn replace(
    session: &mut Session,
    path: &Path,
    expected: &Version,
    bytes: &[u8],
) -> Result<(), ReplaceError> {
    if let Some((version, place)) = session.places.remove(path)
        && version == *expected
    {
        // somebody may have put the same content there anew: then another look finds it
        match replace_at(session, &place, expected, bytes).await {
            Err(ReplaceError::Stale) => {}
            outcome => return outcome,
        }
    }
    let place = locate(session, path).await?;
    replace_at(session, &place, expected, bytes).await
}

async fn replace_at(
    session: &mut Session,
    place: &Place,
    expected: &Version,
    bytes: &[u8],
) -> Result<(), ReplaceError> {
    require_small(bytes.len() as u64, place)?;
    let absent = *expected == version_of_absent();
    match &place.found {
        Some(old) if !absent => require_replaceable(old, place)?,
        None if absent => {}
        _ => return Err(ReplaceError::Stale),
    }
    let prepared = prepare(session, place, expected).await?;
    carry_out(session, place, &prepared, bytes).await
}

/// A rename asks nobody whether the old file may be written, so we do.
fn require_replaceable(old: &Entry, place: &Place) -> Result<(), FileError> {
    if old.mode & 0o200 == 0 {
        return Err(FileError::ReadOnly {
            path: place.path(),
            mode: old.mode,
        });
    }
    if old.links > 1 {
        return Err(FileError::HardLinked {
            path: place.path(),
            names: old.links,
        });
    }
    require_small(old.size, place)
}

async fn prepare(
    session: &mut Session,
    place: &Place,
    expected: &Version,
) -> Result<Prepared, ReplaceError> {
    let id = format!("{:016x}", rand::random::<u64>());
    let over = place.found.is_some();
    let kind = if over { "over" } else { "new" };
    let request = format!(
        "put {kind} {id}\n{}{}",
        encode(&place.folder),
        encode(&place.name)
    );
    let verdict = session
        .timed(async |session: &mut Session| {
            session.send(request.as_bytes()).await?;
            let word = session.word().await?;
            if word != "ready" {
                let said = session.part().await?;
                return Ok(Err(refusal(session, place, &word, &said)));
            }
            let verdict = judge(session, place, expected).await?;
            if verdict.is_err() {
                session.send(b"drop\n").await?;
                session.word().await?;
            }
            Ok(verdict)
        })
        .await
        .map_err(FileError::from)?;
    verdict.map(|()| Prepared { id })
}

/// Whether what was prepared is what we want to replace.
async fn judge(
    session: &mut Session,
    place: &Place,
    expected: &Version,
) -> Result<Result<(), ReplaceError>, SshError> {
    let folder = Entry::parse(&session.part().await?);
    let same_folder = folder.is_some_and(|folder| same(&folder, &place.folder_entry));
    let Some(found) = &place.found else {
        return Ok(if same_folder {
            Ok(())
        } else {
            Err(ReplaceError::Stale)
        });
    };
    let old = Entry::parse(&session.part().await?);
    let new = Entry::parse(&session.part().await?);
    let content = session.bytes().await?;
    let (Some(old), Some(new)) = (old, new) else {
        return Err(session.garbled());
    };
    if !same_folder || !same(&old, found) || version_of(&content) != *expected {
        return Ok(Err(ReplaceError::Stale));
    }
    let alike = require_replaceable(&old, place).and_then(|()| require_alike(&old, &new, place));
    Ok(alike.map_err(ReplaceError::from))
}

/// The same thing still, with the same owner and mode.
fn same(one: &Entry, other: &Entry) -> bool {
    let of = |entry: &Entry| (entry.inode, entry.kind, entry.mode, entry.uid, entry.gid);
    of(one) == of(other)
}

fn require_alike(old: &Entry, new: &Entry, place: &Place) -> Result<(), FileError> {
    let what = if old.uid != new.uid {
        format!("owner (user {})", old.uid)
    } else if old.gid != new.gid {
        format!("group ({})", old.gid)
    } else if old.mode != new.mode {
        "mode".to_owned()
    } else if old.has_list() != new.has_list() {
        "access control list".to_owned()
    } else {
        return Ok(());
    };
    Err(FileError::NotKept {
        path: place.path(),
        what,
        code: Errno::PERM,
    })
}

async fn carry_out(
    session: &mut Session,
    place: &Place,
    prepared: &Prepared,
    bytes: &[u8],
) -> Result<(), ReplaceError> {
    let allowed = AtomicBool::new(false);
    let told = session
        .timed(async |session: &mut Session| exchange(session, prepared, bytes, &allowed).await)
        .await;
    let (word, said) = match told {
        Ok(told) => told,
        Err(error) if allowed.load(Ordering::Relaxed) => {
            return Err(ReplaceError::InDoubt(error.into()));
        }
        Err(error) => return Err(ReplaceError::Refused(error.into())),
    };
    match word.as_str() {
        "done" => Ok(()),
        "unsynced" => Err(ReplaceError::InDoubt(system(
            session,
            place,
            "make sure of the rename of",
            &said,
        ))),
        "write" => {
            // what is left of the bytes must not be taken for requests, so the far side has ended
            session.usable = false;
            Err(refusal(session, place, &word, &said))
        }
        _ => Err(refusal(session, place, &word, &said)),
    }
}

/// Sends the bytes and the word that lets it happen, and hears the outcome meanwhile: a disk that is
/// full is told before all is sent.
async fn exchange(
    session: &mut Session,
    prepared: &Prepared,
    bytes: &[u8],
    allowed: &AtomicBool,
) -> Result<(String, Zeroizing<Vec<u8>>), SshError> {
    let (head, go) = (
        format!("data {}\n", bytes.len()),
        format!("go {}\n", prepared.id),
    );
    let (lost, garbled) = (session.lost(), session.garbled());
    let (stdin, answers) = session.split();
    let sending = async {
        let sent = async {
            stdin.write_all(head.as_bytes()).await?;
            stdin.write_all(bytes).await?;
            allowed.store(true, Ordering::Relaxed);
            stdin.write_all(go.as_bytes()).await
        };
        // if it cannot be sent, the answer ends or says why
        let _told_there = sent.await as std::io::Result<()>;
        std::future::pending::<()>().await;
    };
    let hearing = async {
        let word = answers.next(WORD).await?;
        let said = answers.next(WORD).await?;
        Ok::<_, super::frames::Broken>((String::from_utf8_lossy(&word).into_owned(), said))
    };
    tokio::select! {
        heard = hearing => heard.map_err(|broken| match broken {
            super::frames::Broken::Ended => lost,
            super::frames::Broken::TooMuch => garbled,
        }),
        () = sending => Err(garbled),
    }
}

/// Why the far side did not do it; nothing was changed.
fn refusal(session: &Session, place: &Place, word: &str, said: &[u8]) -> ReplaceError {
    let doing = match word {
        "stale" => return ReplaceError::Stale,
        "locked" => return FileError::Locked { path: place.path() }.into(),
        "enter" => "open the folder of",
        "mkdir" => "create a temporary file beside",
        "copy" | "write" => "write a temporary file beside",
        "rename" => "replace",
        _ => return FileError::from(session.garbled()).into(),
    };
    match errno(said) {
        Some(Errno::EXIST) if word == "rename" && place.found.is_none() => ReplaceError::Stale,
        Some(Errno::NOENT) if matches!(word, "enter" | "mkdir" | "copy") => ReplaceError::Stale,
        Some(Errno::ACCESS) if word == "mkdir" => FileError::Denied {
            path: place.folder.clone(),
            verb: "write into the folder",
            user: session.us.name.clone(),
            mode: Some(place.folder_entry.mode),
        }
        .into(),
        Some(Errno::ACCESS) if word == "copy" => FileError::Denied {
            path: place.path(),
            verb: "read",
            user: session.us.name.clone(),
            mode: place.found.as_ref().map(|found| found.mode),
        }
        .into(),
        _ => system(session, place, doing, said).into(),
    }
}

fn system(session: &Session, place: &Place, doing: &'static str, said: &[u8]) -> FileError {
    match errno(said) {
        Some(code) => FileError::System {
            doing,
            path: place.path(),
            code,
        },
        None => session.odd(doing, &place.path()).into(),
    }
}

const _: () = assert!(MAX_FILE_BYTES == 1_048_576, "far.sh names the same limit");
