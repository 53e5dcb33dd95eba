//! Reads one file of the far side.

use std::path::{Path, PathBuf};

use rustix::io::Errno;
use zeroize::Zeroizing;

use super::super::error::FileError;
use super::super::{FileRead, MAX_FILE_BYTES, version_of};
use super::listing::Entry;
use super::session::{Content, Session};
use super::walk::{Known, Place, Step, walk};

/// A file that somebody writes in place is read again so often.
const ATTEMPTS: usize = 3;

/// Finds the place of a path. What the last look brought of the file itself comes with it.
pub(super) async fn locate(
    session: &mut Session,
    path: &Path,
    content: bool,
) -> Result<(Place, Option<(PathBuf, Content)>), FileError> {
    let mut known = Known::default();
    let mut brought = None;
    loop {
        match walk(path, &session.us, &known)? {
            Step::Arrived(place) => return Ok((place, brought)),
            Step::Users => known.users = Some(session.users().await?),
            Step::Look(paths) => {
                let shown = session.show(&paths, content).await?;
                let last = paths.last().expect("nobody looks at nothing").clone();
                brought = shown.content.map(|content| (last, content)).or(brought);
                known.paths.extend(shown.paths);
            }
        }
    }
}

/// Reads the file at `path`.
pub(super) async fn read(session: &mut Session, path: &Path) -> Result<FileRead, FileError> {
    for _ in 0..ATTEMPTS {
        let (place, brought) = locate(session, path, true).await?;
        let Some(found) = &place.found else {
            return Ok(file(&place, None));
        };
        require_small(found.size, &place)?;
        let of_place = brought.filter(|(of, _)| *of == place.path());
        // it came between the look at it and the look into it
        let Some((_, content)) = of_place else {
            continue;
        };
        match settle(session, found, content, &place)? {
            Some(bytes) => return Ok(file(&place, Some(bytes))),
            None => continue,
        }
    }
    Err(FileError::Unstable {
        path: path.to_owned(),
    })
}

fn file(place: &Place, content: Option<Zeroizing<Vec<u8>>>) -> FileRead {
    FileRead {
        content,
        link_to: place.linked.then(|| place.path()),
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
