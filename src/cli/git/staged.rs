//! What is staged: the index that a commit is made of, and what HEAD has in its place.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::git::{self, Finished};

/// How long one look of git may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The most bytes of files that are held at once.
const AT_ONCE: u64 = 64 * 1024 * 1024;

/// A file of the index. Links and submodules are none.
#[derive(Debug, Clone)]
pub(super) struct Staged {
    /// From the top folder, or from here where files were named.
    pub(super) path: PathBuf,
    /// What is staged.
    pub(super) blob: String,
    /// What HEAD has, perhaps under the name that it was renamed from.
    pub(super) before: Option<String>,
}

/// Looks into the index.
pub(super) struct Index<'c> {
    context: &'c Context,
    top: PathBuf,
}

impl<'c> Index<'c> {
    /// An error outside of a repository.
    pub(super) fn open(context: &'c Context) -> Result<Self, CommandError> {
        let mut index = Self {
            context,
            top: context.folder.clone(),
        };
        let done = index.run(&["rev-parse", "--show-toplevel"], vec![])?;
        let top = done.stdout.strip_suffix(b"\n").unwrap_or_default();
        if !done.is_success() || top.is_empty() {
            return Err(no_repository());
        }
        index.top = path_of(top);
        Ok(index)
    }

    fn run(&self, arguments: &[&str], input: Vec<u8>) -> Result<Finished, CommandError> {
        self.run_on(arguments, &[], input)
    }

    fn run_on(
        &self,
        arguments: &[&str],
        files: &[PathBuf],
        input: Vec<u8>,
    ) -> Result<Finished, CommandError> {
        let mut command = self
            .context
            .git()
            .program()
            .hook_command(&self.context.folder);
        command.args(arguments).args(files);
        git::run(command, input, PATIENCE).map_err(|error| CommandError::of(&error))
    }

    /// Whatever the commit would change.
    pub(super) fn changed(&self) -> Result<Vec<Staged>, CommandError> {
        let head = self.run(&["rev-parse", "--verify", "-q", "HEAD"], vec![])?;
        let mut arguments = vec![
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "-M",
            "--no-abbrev",
            "--full-index",
        ];
        let empty;
        if head.is_success() {
            arguments.push("HEAD");
        } else {
            // before the first commit everything is new
            empty = self.empty_tree()?;
            arguments.push(&empty);
        }
        arguments.push("--");
        let done = self.run(&arguments, vec![])?;
        if !done.is_success() {
            return Err(unreadable());
        }
        Ok(parse_raw(&done.stdout))
    }

    fn empty_tree(&self) -> Result<String, CommandError> {
        let done = self.run(&["hash-object", "-t", "tree", "--stdin"], vec![])?;
        let id = String::from_utf8(done.stdout).unwrap_or_default();
        match git::is_object_id(id.trim()) {
            true => Ok(id.trim().to_owned()),
            false => Err(unreadable()),
        }
    }

    /// These files, whether they were changed or not.
    pub(super) fn named(&self, files: &[PathBuf]) -> Result<Vec<Staged>, CommandError> {
        let listed = self.run_on(&["ls-files", "--stage", "-z", "--"], files, vec![])?;
        if !listed.is_success() {
            return Err(unreadable());
        }
        let before = self.run_on(&["ls-tree", "-r", "-z", "HEAD", "--"], files, vec![])?;
        let before: BTreeMap<PathBuf, String> = entries(&before.stdout)
            .filter_map(|(words, path)| Some((path, (*words.get(2)?).to_owned())))
            .collect();
        let staged = entries(&listed.stdout).filter_map(|(words, path)| {
            let is_file = words.first()?.starts_with("100");
            is_file.then(|| Staged {
                blob: words.get(1).map(|id| (*id).to_owned()).unwrap_or_default(),
                before: before.get(&path).cloned(),
                path,
            })
        });
        Ok(staged.collect())
    }

    /// Files of the index that could be manifests by their names: YAML in a folder `manifests`.
    pub(super) fn likely_manifests(&self, most: usize) -> Result<Vec<String>, CommandError> {
        let mut command = self.context.git().program().hook_command(&self.top);
        command.args(["ls-files", "--stage", "-z"]);
        let listed =
            git::run(command, vec![], PATIENCE).map_err(|error| CommandError::of(&error))?;
        let likely = entries(&listed.stdout).filter_map(|(words, path)| {
            let yaml = path
                .extension()
                .is_some_and(|one| one == "yaml" || one == "yml");
            let there = path
                .parent()?
                .components()
                .any(|part| part.as_os_str() == "manifests");
            let is_file = words.first()?.starts_with("100");
            (yaml && there && is_file).then(|| words.get(1).map(|id| (*id).to_owned()))?
        });
        Ok(likely.take(most).collect())
    }

    /// How large each of these is.
    pub(super) fn sizes(&self, blobs: &[&str]) -> Result<Vec<u64>, CommandError> {
        if blobs.is_empty() {
            return Ok(vec![]);
        }
        let format = "--batch-check=%(objectsize)";
        let done = self.run(&["cat-file", format], blobs.join("\n").into_bytes())?;
        let text = String::from_utf8_lossy(&done.stdout);
        let sizes: Vec<u64> = text
            .lines()
            .map(|line| line.parse().unwrap_or(u64::MAX))
            .collect();
        match sizes.len() == blobs.len() {
            true => Ok(sizes),
            false => Err(unreadable()),
        }
    }

    /// Gives each blob's bytes to `look`, in order, few at a time.
    pub(super) fn read(
        &self,
        blobs: &[(&str, u64)],
        look: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), CommandError> {
        let mut begin = 0;
        while begin < blobs.len() {
            let mut end = begin;
            let mut sum = 0;
            while end < blobs.len() && (end == begin || sum + blobs[end].1 <= AT_ONCE) {
                sum += blobs[end].1;
                end += 1;
            }
            let ids: Vec<&str> = blobs[begin..end].iter().map(|(id, _)| *id).collect();
            let done = self.run(&["cat-file", "--batch"], ids.join("\n").into_bytes())?;
            let mut rest = &done.stdout[..];
            for place in begin..end {
                let (content, after) = next_blob(rest).ok_or_else(unreadable)?;
                look(place, content);
                rest = after;
            }
            begin = end;
        }
        Ok(())
    }
}

/// `<id> blob <size>`, the bytes, and a line end.
fn next_blob(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = stream.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&stream[..end]).ok()?;
    let size: usize = head.split(' ').nth(2)?.parse().ok()?;
    let content = stream.get(end + 1..end + 1 + size)?;
    Some((content, stream.get(end + 2 + size..)?))
}

/// `<words>\t<path>\0`, of `ls-files` and `ls-tree`.
fn entries(stream: &[u8]) -> impl Iterator<Item = (Vec<&str>, PathBuf)> {
    stream.split(|byte| *byte == 0).filter_map(|entry| {
        let tab = entry.iter().position(|byte| *byte == b'\t')?;
        let words = std::str::from_utf8(&entry[..tab]).ok()?;
        Some((words.split(' ').collect(), path_of(&entry[tab + 1..])))
    })
}

/// `:<mode> <mode> <id> <id> <status>\0<path>\0`, for renames with two paths.
fn parse_raw(stream: &[u8]) -> Vec<Staged> {
    let mut fields = stream.split(|byte| *byte == 0);
    let mut all = vec![];
    while let Some(head) = fields.next().filter(|head| head.starts_with(b":")) {
        let head = String::from_utf8_lossy(head).into_owned();
        let words: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [_, mode, before, blob, status] = words[..] else {
            break;
        };
        let Some(first) = fields.next() else { break };
        let path = match status.starts_with(['R', 'C']) {
            true => fields.next().unwrap_or_default(),
            false => first,
        };
        let is_there = |id: &str| id.bytes().any(|byte| byte != b'0');
        if mode.starts_with("100") && is_there(blob) {
            all.push(Staged {
                path: path_of(path),
                blob: blob.to_owned(),
                before: is_there(before).then(|| before.to_owned()),
            });
        }
    }
    all
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

fn unreadable() -> CommandError {
    CommandError::error("git cannot read what is staged").hint("git status, and git fsck")
}

pub(super) fn no_repository() -> CommandError {
    CommandError::error(
        "this is not in the work tree of a git repository, or in one that belongs to another user",
    )
    .hint("go to a folder of the repository, or begin one with git init")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_lines_with_odd_paths_and_renames() {
        let stream = b":000000 100644 0000 aaaa A\0a\tb\n.yaml\0:100644 100644 bbbb cccc R090\0old\0new\0\
                       :100644 000000 dddd 0000 D\0gone\0:000000 160000 0000 eeee A\0module\0:000000 120000 0000 ffff A\0link\0";
        let found: Vec<_> = parse_raw(stream)
            .into_iter()
            .map(|one| (one.path.display().to_string(), one.blob, one.before))
            .collect();
        assert_eq!(
            found,
            [
                ("a\tb\n.yaml".to_owned(), "aaaa".to_owned(), None),
                ("new".to_owned(), "cccc".to_owned(), Some("bbbb".to_owned())),
            ]
        );
    }

    #[test]
    fn blobs_are_cut_by_their_sizes() {
        let stream = b"aa blob 3\na\nb\nbb blob 0\n\ncc missing\n";
        let (one, rest) = next_blob(stream).unwrap();
        let (two, rest) = next_blob(rest).unwrap();
        assert_eq!((one, two), (&b"a\nb"[..], &b""[..]));
        assert!(next_blob(rest).is_none());
    }
}
