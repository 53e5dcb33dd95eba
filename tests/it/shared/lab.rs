//! A bare remote, and clones of it that belong to different people.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::lab::manifest;
use crate::support::peers;
use crate::support::world::World;

/// Where the journal lies unless somebody says otherwise.
pub const JOURNAL: &str = "refs/driftlock/journal";

/// A remote with one manifest, whose targets are files that every clone sees at the same place.
pub struct Team {
    pub folder: tempfile::TempDir,
}

/// Runs git as a person would, without any of our settings.
pub fn git<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Output {
    let mut command = Command::new("git");
    for (key, value) in [
        ("user.name", "t"),
        ("user.email", "t@example.com"),
        ("init.defaultBranch", "main"),
        ("protocol.file.allow", "always"),
    ] {
        command.args(["-c", &format!("{key}={value}")]);
    }
    command
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap()
}

/// The same where it must work.
#[track_caller]
pub fn sure<S: AsRef<OsStr> + std::fmt::Debug>(folder: &Path, arguments: &[S]) -> String {
    let output = git(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Team {
    /// With a manifest of these variables on `app`. `None` without git.
    pub fn new(variables: &[(&str, &str)]) -> Option<Self> {
        peers::program("git")?;
        let folder = tempfile::tempdir().unwrap();
        let team = Self { folder };
        sure(
            team.folder.path(),
            &["init", "--quiet", "--bare", "remote.git"],
        );
        let seed = team.folder.path().join("seed");
        fs::create_dir_all(seed.join("manifests")).unwrap();
        sure(&seed, &["init", "--quiet"]);
        team.write_manifest(&seed, variables);
        sure(&seed, &["add", "-A"]);
        sure(&seed, &["commit", "--quiet", "-m", "first"]);
        let remote = team.remote();
        let remote = remote.to_str().unwrap();
        sure(&seed, &["remote", "add", "origin", remote]);
        sure(&seed, &["push", "--quiet", "origin", "main"]);
        Some(team)
    }

    pub fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// A target's file, alike for all clones.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.env"))
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn write_manifest(&self, clone: &Path, variables: &[(&str, &str)]) {
        let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let path = self.file("app").display().to_string();
        let target =
            format!("app: {{ file: {{ path: {path}, machine: any }}, variables: [{names}] }}");
        let text = manifest("dev", variables, &[&target]);
        fs::write(clone.join("manifests/dev.yaml"), text).unwrap();
    }

    /// A person or a machine of their own, with a clone.
    pub fn clone(&self) -> World {
        self.clone_with(&[])
    }

    /// The same, cloned in a special way.
    pub fn clone_with(&self, arguments: &[&str]) -> World {
        let address = format!("file://{}", self.remote().display());
        let world = World::new();
        let mut words = vec!["clone", "--quiet"];
        words.extend(arguments);
        words.extend([address.as_str(), "."]);
        sure(&world.path(""), &words);
        world
    }

    /// Everybody's manifest says this from now on; clones pull it.
    pub fn edit(&self, clones: &[&World], variables: &[(&str, &str)]) {
        let seed = self.folder.path().join("seed");
        self.write_manifest(&seed, variables);
        self.commit(clones, "edit");
    }

    /// What lies in the seed's folder is pushed, and pulled by these.
    pub fn commit(&self, clones: &[&World], message: &str) {
        let seed = self.folder.path().join("seed");
        sure(&seed, &["add", "-A"]);
        sure(&seed, &["commit", "--quiet", "-m", message]);
        sure(&seed, &["push", "--quiet", "origin", "main"]);
        for clone in clones {
            sure(&clone.path(""), &["pull", "--quiet", "--ff-only"]);
        }
    }

    /// The commit that the journal's ref names.
    pub fn tip(&self) -> Option<String> {
        let found = git(
            &self.remote(),
            &["rev-parse", "--verify", "--quiet", JOURNAL],
        );
        let found = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        (!found.is_empty()).then_some(found)
    }

    /// Puts the journal's ref somewhere, as somebody with the right to push would.
    pub fn set_tip(&self, tip: &str) {
        sure(&self.remote(), &["update-ref", JOURNAL, tip]);
    }

    /// Edits the journal's files in place, as somebody with the right to push would: `None` deletes.
    pub fn tamper(&self, edit: impl Fn(&str, &str) -> Option<String>) {
        let work = tempfile::tempdir().unwrap();
        let remote = self.remote().display().to_string();
        sure(work.path(), &["init", "--quiet"]);
        sure(work.path(), &["fetch", "--quiet", &remote, JOURNAL]);
        sure(work.path(), &["checkout", "--quiet", "FETCH_HEAD"]);
        for path in sure(work.path(), &["ls-files"]).lines() {
            let file = work.path().join(path);
            let text = fs::read_to_string(&file).unwrap();
            match edit(path, &text) {
                Some(new) => fs::write(&file, new).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
        }
        sure(work.path(), &["add", "-A"]);
        sure(
            work.path(),
            &["commit", "--quiet", "--allow-empty", "-m", "tampered"],
        );
        sure(
            work.path(),
            &["push", "--quiet", &remote, &format!("HEAD:{JOURNAL}")],
        );
    }

    /// Every file that the journal ever held.
    pub fn everything(&self) -> String {
        let objects = sure(&self.remote(), &["rev-list", "--objects", "--all"]);
        let mut all = String::new();
        for object in objects.lines() {
            let id = object.split(' ').next().unwrap();
            all.push_str(object);
            let content = git(&self.remote(), &["cat-file", "-p", id]);
            all.push_str(&String::from_utf8_lossy(&content.stdout));
        }
        all
    }
}
