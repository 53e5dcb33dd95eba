//! Which remote and ref: found by asking the clone, never the network.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::error::GitError;
use crate::git::{Program, run};

/// The ref, where nobody names another.
pub const REFERENCE: &str = "refs/driftlock/journal";
/// How long git may take for work inside a clone.
pub(super) const LOCAL: Duration = Duration::from_secs(60);

/// What `--journal git[:REMOTE][#REF]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// A remote's name, or an address.
    pub remote: Option<String>,
    /// A whole ref name.
    pub reference: Option<String>,
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix("git").ok_or(())?;
        let (remote, reference) = match rest.split_once('#') {
            Some((remote, reference)) => (remote, Some(reference.to_owned())),
            None => (rest, None),
        };
        let remote = match remote {
            "" => None,
            named => Some(named.strip_prefix(':').ok_or(())?.to_owned()),
        };
        Ok(Self { remote, reference })
    }
}

/// A place in a clone.
#[derive(Debug, Clone)]
pub struct Standing {
    pub(super) program: Program,
    /// The top folder of the work tree.
    pub(super) root: PathBuf,
    /// As git is told.
    pub(super) remote: String,
    /// The ref there.
    pub(super) reference: String,
    /// As people read it: no address.
    pub(super) shown: String,
    /// Names the place for the cache: alike in every clone of one remote.
    pub(super) key: String,
}

impl Standing {
    /// Where `place` is, as seen from `folder`.
    pub fn find(program: &Program, folder: &Path, place: &Place) -> Result<Self, GitError> {
        let root = top(program, folder)?;
        let reference = place.reference.as_deref().unwrap_or(REFERENCE);
        let valid = ask(program, &root, &["check-ref-format", reference])?.is_some();
        if !reference.starts_with("refs/") || !valid {
            return Err(GitError::BadReference {
                reference: reference.to_owned(),
            });
        }
        let remote = match &place.remote {
            Some(remote) => remote.clone(),
            None => usual_remote(program, &root)?,
        };
        let is_address = remote.contains(['/', ':']);
        if remote.starts_with('-') {
            return Err(GitError::NoSuchRemote { remote });
        }
        let address = ask(program, &root, &["remote", "get-url", &remote])?;
        let address = match address {
            Some(address) => address.trim_end().to_owned(),
            None if is_address => remote.clone(),
            None => return Err(GitError::NoSuchRemote { remote }),
        };
        let name = if is_address { "that address" } else { &remote };
        Ok(Self {
            program: program.clone(),
            shown: format!("{name} ({reference})"),
            key: key(&root, &address, reference),
            root,
            remote,
            reference: reference.to_owned(),
        })
    }

    /// The top folder of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// As people read it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The file name of what this machine keeps of it.
    pub fn cache_name(&self) -> String {
        format!("{}.sqlite3", self.key)
    }

    /// Where the clone keeps what it fetched last.
    pub(super) fn tracking(&self) -> String {
        format!("refs/driftlock/seen/{}", self.key)
    }
}

/// Passwords in an address change, and the place does not.
fn key(root: &Path, address: &str, reference: &str) -> String {
    let plain = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        // a path is told from the clone's own folder
        None if !address.contains(':') => root.join(address).to_string_lossy().into_owned(),
        None => address.to_owned(),
    };
    let digest = Sha256::new()
        .chain_update(plain.trim_end_matches('/').trim_end_matches(".git"))
        .chain_update([0])
        .chain_update(reference)
        .finalize();
    digest[..10]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn top(program: &Program, folder: &Path) -> Result<PathBuf, GitError> {
    let top = ask(program, folder, &["rev-parse", "--show-toplevel"])?;
    let top = top.filter(|line| !line.trim_end_matches('\n').is_empty());
    let path = folder.to_path_buf();
    let line = top.ok_or(GitError::NoRepository { path })?;
    Ok(PathBuf::from(line.trim_end_matches('\n')))
}

/// `origin`, or the only one.
fn usual_remote(program: &Program, root: &Path) -> Result<String, GitError> {
    let all = ask(program, root, &["remote"])?.unwrap_or_default();
    let all: Vec<&str> = all.lines().collect();
    match all.as_slice() {
        [only] => Ok((*only).to_owned()),
        several if several.contains(&"origin") => Ok("origin".to_owned()),
        _ => Err(GitError::NoRemote),
    }
}

/// One line of the clone; `None` where git says no.
fn ask(program: &Program, folder: &Path, words: &[&str]) -> Result<Option<String>, GitError> {
    let mut command = program.command(folder);
    command.args(words);
    let done = run(command, vec![], LOCAL)?;
    let text = String::from_utf8(done.stdout.clone()).ok();
    Ok(text.filter(|_| done.is_success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_remote_and_ref_or_leaves_them_out() {
        let place = |text: &str| text.parse::<Place>().ok();
        let of = |remote: Option<&str>, reference: Option<&str>| {
            Some(Place {
                remote: remote.map(str::to_owned),
                reference: reference.map(str::to_owned),
            })
        };
        assert_eq!(place("git"), of(None, None));
        assert_eq!(place("git:upstream"), of(Some("upstream"), None));
        assert_eq!(place("git#refs/heads/j"), of(None, Some("refs/heads/j")));
        let far = "git:ssh://git@host:22/x.git#refs/a/b";
        assert_eq!(
            place(far),
            of(Some("ssh://git@host:22/x.git"), Some("refs/a/b"))
        );
        for file in ["gitless", "journal.sqlite3", "", "./git"] {
            assert_eq!(place(file), None, "{file}");
        }
    }

    #[test]
    fn a_password_does_not_make_another_place() {
        let key = |address: &str| key(Path::new("/clone"), address, REFERENCE);
        let plain = key("https://forge.example.com/a/b");
        assert_eq!(key("https://x:secret@forge.example.com/a/b.git"), plain);
        assert_eq!(key("https://forge.example.com/a/b/"), plain);
        assert_ne!(key("https://forge.example.com/a/c"), plain);
        assert_eq!(key("../remote.git"), key("../remote"));
        assert_eq!(key("/clone/../remote"), key("../remote.git"));
    }
}
