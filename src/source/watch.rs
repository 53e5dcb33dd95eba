//! Whether manifests changed on the disk since they were read: cheap enough to ask before every pass.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::load::{MAX_BYTES, RAILS_FILE, is_yaml_name};

/// A file that changed less than this before it was looked at may change again within one tick of its
/// clock, and look the same: file systems count in seconds, some in pairs of them.
const TICK: Duration = Duration::from_secs(3);

/// Files and folders of manifests, and how they were when they were last looked at.
#[derive(Debug)]
pub struct Watch {
    paths: Vec<PathBuf>,
    seen: Option<BTreeMap<PathBuf, Seen>>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// Which file it is and when it was last touched; `None` where it must be read again.
    stamp: Option<Stamp>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Digest([u8; 32]),
    /// Not there, not a file, or not to be read: loading says which.
    Unreadable(std::io::ErrorKind),
    TooLarge(u64),
}

impl Watch {
    /// Of these files, and of the manifests in these folders; the `rails.yaml` beside them counts as one.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            paths: paths.into_iter().collect(),
            seen: None,
        }
    }

    /// Whether something in them is other than at the last call; at the first call it always is. Reads
    /// only files whose size, place or times are other. What only was touched has not changed.
    pub fn changed(&mut self, now: Timestamp) -> bool {
        let now = now.into();
        let mut files = BTreeMap::new();
        for path in &self.paths {
            for file in files_of(path) {
                let before = self.seen.as_ref().and_then(|seen| seen.get(&file));
                let seen = look(&file, before, now);
                files.insert(file, seen);
            }
        }
        let contents = |of: &BTreeMap<PathBuf, Seen>| -> Vec<(PathBuf, Content)> {
            of.iter()
                .map(|(path, seen)| (path.clone(), seen.content.clone()))
                .collect()
        };
        let same = self
            .seen
            .as_ref()
            .is_some_and(|seen| contents(seen) == contents(&files));
        self.seen = Some(files);
        !same
    }
}

/// The files that are read for one path that somebody named.
fn files_of(path: &Path) -> Vec<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) => {
            let names = entries
                .flatten()
                .map(|entry| PathBuf::from(entry.file_name()));
            let mut files: Vec<PathBuf> = names
                .filter(|name| is_yaml_name(name))
                .map(|name| path.join(name))
                .collect();
            // an empty folder that goes away is a change too
            files.push(path.join(RAILS_FILE));
            files
        }
        Err(_) => vec![path.to_path_buf(), path.with_file_name(RAILS_FILE)],
    }
}

fn look(file: &Path, before: Option<&Seen>, now: SystemTime) -> Seen {
    let metadata = match fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(error) => return unreadable(error.kind()),
    };
    let stamp = stamp(&metadata, now);
    if let (Some(before), Some(_)) = (before, &stamp)
        && before.stamp == stamp
    {
        return before.clone();
    }
    if !metadata.is_file() {
        return unreadable(std::io::ErrorKind::InvalidInput);
    }
    if metadata.len() > MAX_BYTES {
        return Seen {
            stamp: None,
            content: Content::TooLarge(metadata.len()),
        };
    }
    let digest = fs::File::open(file).and_then(|file| {
        let mut digest = Sha256::new();
        std::io::copy(&mut file.take(MAX_BYTES + 1), &mut digest)?;
        Ok(digest.finalize().into())
    });
    match digest {
        Ok(digest) => Seen {
            stamp,
            content: Content::Digest(digest),
        },
        Err(error) => unreadable(error.kind()),
    }
}

const fn unreadable(kind: std::io::ErrorKind) -> Seen {
    Seen {
        stamp: None,
        content: Content::Unreadable(kind),
    }
}

/// `None` if the file is too young to be known by it.
fn stamp(metadata: &Metadata, now: SystemTime) -> Option<Stamp> {
    let at = |seconds: i64| {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    };
    let youngest = at(metadata.mtime().max(metadata.ctime()));
    let age = now.duration_since(youngest).ok()?;
    (age >= TICK).then(|| Stamp {
        file: (metadata.dev(), metadata.ino()),
        size: metadata.len(),
        mode: metadata.mode(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Timestamp {
        // what is written now is old then
        Timestamp::from_second(4_000_000_000).unwrap()
    }

    #[test]
    fn a_change_is_seen_once_and_a_touch_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.yaml");
        fs::write(&file, "one").unwrap();
        let mut watch = Watch::new([folder.path().to_path_buf()]);
        assert!(watch.changed(later()), "never looked");
        assert!(!watch.changed(later()));
        fs::write(&file, "two").unwrap();
        assert!(watch.changed(later()));
        assert!(!watch.changed(later()));
        // the same bytes in another file
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), &file).unwrap();
        assert!(!watch.changed(later()));
        fs::remove_file(&file).unwrap();
        assert!(watch.changed(later()));
        assert!(!watch.changed(later()));
    }

    #[test]
    fn all_that_is_read_counts_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("dev.yaml"), "").unwrap();
        let mut watch = Watch::new([at("")]);
        watch.changed(later());
        for (name, counts) in [
            ("rails.yaml", true),
            ("more.yml", true),
            (".hidden.yaml", false),
            ("notes.txt", false),
            ("dev.yaml~", false),
        ] {
            fs::write(at(name), "x").unwrap();
            assert_eq!(watch.changed(later()), counts, "{name}");
        }
        let mut one = Watch::new([at("dev.yaml")]);
        one.changed(later());
        fs::write(at("other.yaml"), "x").unwrap();
        assert!(!one.changed(later()), "another manifest");
        fs::write(at("rails.yaml"), "y").unwrap();
        assert!(one.changed(later()), "its limits");
    }

    #[test]
    fn a_young_file_is_read_again_and_an_old_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.yaml");
        fs::write(&file, "one").unwrap();
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        let young = look(&file, None, modified);
        assert_eq!(young.stamp, None, "may change within the tick");
        let old = look(&file, None, later().into());
        assert!(old.stamp.is_some());
        // what is known by its stamp is not opened: here it could not tell "two" from what it holds
        let told = Seen {
            content: Content::Digest([7; 32]),
            ..old.clone()
        };
        assert_eq!(look(&file, Some(&told), later().into()), told);
        fs::write(&file, "two").unwrap();
        assert_ne!(
            look(&file, Some(&told), later().into()).content,
            told.content
        );
        // a clock that was set back: nothing is old, everything is read
        assert_eq!(look(&file, None, SystemTime::UNIX_EPOCH).stamp, None);
    }

    #[test]
    fn what_cannot_be_read_is_a_state_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.yaml");
        let mut watch = Watch::new([file.clone()]);
        assert!(watch.changed(later()));
        assert!(!watch.changed(later()), "still not there");
        fs::create_dir(&file).unwrap();
        assert!(watch.changed(later()), "a folder in its place");
        fs::remove_dir(&file).unwrap();
        let large = fs::File::create(&file).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();
        assert!(watch.changed(later()));
        assert!(!watch.changed(later()));
    }
}
