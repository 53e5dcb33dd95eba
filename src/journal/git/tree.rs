//! Reading a commit of the journal: what it is, and which files changed since another.

use super::cache::Changed;
use super::error::GitError;
use super::files::{FORMAT, VERSION};
use super::place::{LOCAL, Standing};
use crate::git::{is_object_id, run};

/// No row is larger: what is counts as none.
const MAX_FILE: usize = 8 * 1024 * 1024;

impl Standing {
    /// That this commit holds a journal that we know how to read.
    pub(super) fn check_format(&self, commit: &str) -> Result<(), GitError> {
        let place = || self.shown.clone();
        let foreign = || GitError::Foreign { place: place() };
        let file = format!("{commit}:{FORMAT}");
        let marker = self.near(&["cat-file", "blob", &file], "read the journal");
        let marker = marker.map_err(|_| foreign())?;
        let text = String::from_utf8_lossy(&marker.stdout).into_owned();
        let version = text
            .strip_prefix("driftlock journal ")
            .ok_or_else(foreign)?;
        let version = version.trim_end();
        match version.parse::<u32>() {
            Ok(VERSION) => Ok(()),
            Ok(newer) if newer > VERSION => Err(GitError::Newer {
                place: place(),
                found: newer.to_string(),
                known: VERSION,
            }),
            _ => Err(foreign()),
        }
    }

    /// The files that differ between two commits; with `None`, or a commit that this clone does not
    /// have, all of them, and `true`.
    pub(super) fn changes(
        &self,
        from: Option<&str>,
        to: &str,
    ) -> Result<(Vec<Changed>, bool), GitError> {
        let from = match from {
            Some(from) if self.near(&["cat-file", "-e", from], "look").is_ok() => Some(from),
            _ => None,
        };
        let listing = match from {
            Some(from) => vec!["diff-tree", "-r", "-z", "--no-renames", "--raw", from, to],
            None => vec!["ls-tree", "-r", "-z", "--full-tree", to],
        };
        let listed = self.near(&listing, "list the journal's files")?;
        let entries = match from {
            Some(_) => differences(&listed.stdout),
            None => listing_of(&listed.stdout),
        };
        let entries = entries.ok_or_else(|| self.clone_error("list the journal's files"))?;
        Ok((self.contents(entries)?, from.is_none()))
    }

    fn contents(&self, entries: Vec<Entry>) -> Result<Vec<Changed>, GitError> {
        let what = "read the journal's files";
        let asked: Vec<&str> = entries
            .iter()
            .filter_map(|one| one.blob.as_deref())
            .collect();
        let mut answers = if asked.is_empty() {
            vec![]
        } else {
            let mut command = self.program.command(&self.root);
            command.args(["cat-file", "--batch"]);
            let done = run(command, (asked.join("\n") + "\n").into_bytes(), LOCAL)?;
            if !done.is_success() {
                return Err(self.clone_error(what));
            }
            done.stdout
        };
        let mut rest = answers.as_mut_slice();
        let mut changed = Vec::with_capacity(entries.len());
        for entry in entries {
            let content = match entry.blob {
                None => None,
                Some(_) => {
                    let (content, after) = next_blob(rest).ok_or_else(|| self.clone_error(what))?;
                    rest = after;
                    Some(content)
                }
            };
            changed.push((entry.path, content));
        }
        Ok(changed)
    }
}

/// A path, and the blob that it holds now.
struct Entry {
    path: String,
    blob: Option<String>,
}

/// `:<mode> <mode> <id> <id> <letter>\0<path>\0`, again and again.
fn differences(listing: &[u8]) -> Option<Vec<Entry>> {
    let mut parts = listing.split(|byte| *byte == 0);
    let mut entries = vec![];
    while let Some(words) = parts.next().filter(|words| !words.is_empty()) {
        let path = String::from_utf8_lossy(parts.next()?).into_owned();
        let words: Vec<&str> = std::str::from_utf8(words).ok()?.split(' ').collect();
        let [_, mode, _, id, letter] = words[..] else {
            return None;
        };
        let gone = letter.starts_with('D');
        entries.push(entry(path, mode, id, gone)?);
    }
    Some(entries)
}

/// `<mode> blob <id>\t<path>\0`, again and again.
fn listing_of(listing: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = vec![];
    for line in listing.split(|byte| *byte == 0) {
        if line.is_empty() {
            continue;
        }
        let line = String::from_utf8_lossy(line).into_owned();
        let (words, path) = line.split_once('\t')?;
        let words: Vec<&str> = words.split(' ').collect();
        let [mode, _, id] = words[..] else {
            return None;
        };
        entries.push(entry(path.to_owned(), mode, id, false)?);
    }
    Some(entries)
}

fn entry(path: String, mode: &str, id: &str, gone: bool) -> Option<Entry> {
    if !is_object_id(id) {
        return None;
    }
    // a link or another repository is no file of ours: it has no content here
    let blob = (!gone && mode.starts_with("100")).then(|| id.to_owned());
    Some(Entry { path, blob })
}

/// `<id> blob <size>\n<bytes>\n`. A file that is too large is read as garbage.
fn next_blob(rest: &mut [u8]) -> Option<(Vec<u8>, &mut [u8])> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&rest[..end]).ok()?;
    let size: usize = header.rsplit(' ').next()?.parse().ok()?;
    let (content, after) = rest[end + 1..].split_at_mut_checked(size)?;
    let content = match size > MAX_FILE {
        true => b"too large".to_vec(),
        false => content.to_vec(),
    };
    Some((content, after.get_mut(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read_whole_or_not_at_all() {
        let id = "a".repeat(40);
        let line = format!(":100644 100644 {id} {id} M\0a/b.json\0:100644 000000 {id} {id} D\0c\0");
        let entries = differences(line.as_bytes()).unwrap();
        let found: Vec<(&str, bool)> = entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.blob.is_some()))
            .collect();
        assert_eq!(found, [("a/b.json", true), ("c", false)]);
        assert!(differences(b":100644 x\0").is_none());
        let tree = format!("100644 blob {id}\ta/b\0120000 blob {id}\tlink\0");
        let entries = listing_of(tree.as_bytes()).unwrap();
        assert!(entries[0].blob.is_some() && entries[1].blob.is_none());
        assert!(listing_of(b"100644 blob\0").is_none());
    }

    #[test]
    fn blobs_follow_each_other() {
        let mut bytes = b"id blob 3\nabc\nid blob 0\n\n".to_vec();
        let (first, rest) = next_blob(&mut bytes).unwrap();
        let (second, rest) = next_blob(rest).unwrap();
        assert_eq!(
            (first.as_slice(), second.as_slice(), rest.len()),
            (&b"abc"[..], &b""[..], 0)
        );
        assert!(next_blob(&mut b"id blob 9\nabc\n".to_vec()).is_none());
        assert!(next_blob(&mut b"id missing\n".to_vec()).is_none());
    }
}
