//! The checkout that a scheduled run keeps, with real repositories.

mod bad;
mod disorder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftlock::source::{Checkout, CheckoutError, Git, Update};
use jiff::Timestamp;

use crate::support::peers;

/// A repository that is followed, and the state folder of a machine.
pub struct Lab {
    root: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Lab {
    /// One commit on `main`. `None` without git.
    pub fn new() -> Option<Self> {
        peers::program("git")?;
        let lab = Self {
            root: tempfile::tempdir().unwrap(),
            variables: vec![],
        };
        for folder in ["home", "remote"] {
            fs::create_dir(lab.path(folder)).unwrap();
        }
        lab.remote("init --quiet --initial-branch=main");
        lab.commit("manifests/dev.yaml", "one\n");
        Some(lab)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(name)
    }

    fn run_in(&self, folder: &Path, line: &str) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(line.split_whitespace())
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs git in the repository that is followed.
    pub fn remote(&self, line: &str) -> String {
        self.run_in(&self.path("remote"), line)
    }

    /// A commit that writes this file, on what is checked out there.
    pub fn commit(&self, name: &str, text: &str) -> String {
        let file = self.path("remote").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self.remote("add --all --force");
        self.remote("commit --quiet --allow-empty -m c");
        self.remote("rev-parse HEAD")
    }

    pub fn git(&self) -> Git {
        let outer = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let home = ("HOME".into(), self.path("home").into());
        let own = self
            .variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Git::new(outer.chain([home]).chain(own))
    }

    pub fn address(&self) -> String {
        format!("file://{}", self.path("remote").display())
    }

    pub fn open_as(&self, address: &str) -> Result<Checkout, CheckoutError> {
        let origin = address.parse().unwrap();
        Checkout::open(origin, &self.path("state"), &self.git(), Timestamp::now())
    }

    /// What comes of opening it once nobody has it: a process that another test starts has the lock of
    /// ours too, until it becomes another program.
    pub fn reopen(&self) -> Result<Checkout, CheckoutError> {
        loop {
            match self.open_as(&self.address()) {
                Err(CheckoutError::Busy { .. }) => std::thread::yield_now(),
                other => return other,
            }
        }
    }

    pub fn open(&self) -> Checkout {
        self.reopen().unwrap()
    }
}

#[track_caller]
pub fn updated(checkout: &mut Checkout) -> Update {
    checkout.update(Timestamp::now()).unwrap()
}

#[track_caller]
pub fn refused(checkout: &mut Checkout) -> CheckoutError {
    checkout.update(Timestamp::now()).unwrap_err()
}

pub fn read(checkout: &Checkout, name: &str) -> String {
    fs::read_to_string(checkout.tree().join(name)).unwrap_or_else(|error| format!("{error}"))
}

#[test]
fn it_follows_a_branch_forward() {
    let Some(lab) = Lab::new() else { return };
    let first = lab.remote("rev-parse HEAD");
    let mut checkout = lab.open();
    assert_eq!(checkout.commit(), None);
    let begun = updated(&mut checkout);
    assert_eq!(
        (begun.from.clone(), begun.to.clone()),
        (None, first.clone())
    );
    assert!(begun.is_another());
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n");

    assert!(!updated(&mut checkout).is_another(), "nothing is new");

    lab.commit("manifests/dev.yaml", "two\n");
    let third = lab.commit("manifests/prod.yaml", "p\n");
    let moved = updated(&mut checkout);
    assert_eq!((moved.from, moved.to), (Some(first), third.clone()));
    assert_eq!(moved.restored, [""; 0].map(PathBuf::from));
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "two\n");
    assert_eq!(read(&checkout, "manifests/prod.yaml"), "p\n");

    // a file that goes
    lab.remote("rm --quiet manifests/prod.yaml");
    lab.remote("commit --quiet -m gone");
    updated(&mut checkout);
    assert!(!checkout.tree().join("manifests/prod.yaml").exists());

    // what people and the rest of driftlock see of it
    let revision = lab
        .git()
        .revision_of(&[checkout.tree().join("manifests/dev.yaml")])
        .unwrap();
    assert_eq!(Some(revision.commit.as_str()), checkout.commit());
    assert!(!revision.dirty);
    assert_eq!(
        lab.run_in(checkout.tree(), "remote get-url origin"),
        lab.address()
    );
}

#[test]
fn another_branch_is_another_checkout() {
    let Some(lab) = Lab::new() else { return };
    lab.remote("branch live");
    let main = lab.commit("manifests/dev.yaml", "two\n");
    let live = lab.remote("rev-parse live");
    let mut on_live = lab.open_as(&format!("{}#live", lab.address())).unwrap();
    let mut on_main = lab.open();
    assert_eq!(updated(&mut on_live).to, live);
    assert_eq!(updated(&mut on_main).to, main);
    assert_ne!(on_live.tree(), on_main.tree());
    assert_eq!(read(&on_live, "manifests/dev.yaml"), "one\n");
}

#[test]
fn it_opens_where_the_remote_is_away() {
    let Some(lab) = Lab::new() else { return };
    let first = updated(&mut lab.open()).to;
    fs::rename(lab.path("remote"), lab.path("away")).unwrap();
    let mut checkout = lab.open();
    assert_eq!(checkout.commit(), Some(first.as_str()));
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n");
    let error = refused(&mut checkout);
    assert!(
        matches!(error, CheckoutError::Unreachable { .. }),
        "{error:?}"
    );
    assert!(error.is_transient());
    fs::rename(lab.path("away"), lab.path("remote")).unwrap();
    let second = lab.commit("manifests/dev.yaml", "two\n");
    assert_eq!(updated(&mut checkout).to, second);
}

#[test]
fn a_repository_of_the_other_hash_is_followed_too() {
    let Some(lab) = Lab::new() else { return };
    fs::remove_dir_all(lab.path("remote")).unwrap();
    fs::create_dir(lab.path("remote")).unwrap();
    lab.remote("init --quiet --initial-branch=main --object-format=sha256");
    lab.commit("manifests/dev.yaml", "one\n");
    let mut checkout = lab.open();
    assert_eq!(updated(&mut checkout).to.len(), 64);
    lab.commit("manifests/dev.yaml", "two\n");
    updated(&mut checkout);
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "two\n");
}

#[test]
fn a_rewritten_history_is_not_followed_until_somebody_accepts_it() {
    let Some(lab) = Lab::new() else { return };
    let first = lab.remote("rev-parse HEAD");
    let second = lab.commit("manifests/dev.yaml", "two\n");
    let mut checkout = lab.open();
    updated(&mut checkout);
    for rewrite in [
        "reset --quiet --hard HEAD~1",
        "commit --quiet --amend --allow-empty -m other",
    ] {
        lab.remote("reset --quiet --hard");
        lab.remote(&format!("reset --quiet --hard {second}"));
        lab.remote(rewrite);
        let now = lab.remote("rev-parse HEAD");
        let error = refused(&mut checkout);
        let CheckoutError::Rewound { from, to, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((from, to), (&second, &now));
        assert!(!error.is_transient());
        let help = error.help().unwrap();
        assert!(
            help.contains(&format!("--accept-rewind {}", &now[..12])),
            "{help}"
        );
        assert_eq!(checkout.commit(), Some(second.as_str()));
        assert_eq!(read(&checkout, "manifests/dev.yaml"), "two\n");
    }
    // whoever pushed takes it back
    lab.remote(&format!("reset --quiet --hard {second}"));
    let third = lab.commit("manifests/dev.yaml", "three\n");
    assert_eq!(updated(&mut checkout).to, third);

    lab.remote(&format!("reset --quiet --hard {first}"));
    let other = lab.commit("manifests/dev.yaml", "four\n");
    refused(&mut checkout);
    // only the commit that was looked at
    for wrong in [first.as_str(), &third, "", "4", &other[..6], "main"] {
        let error = checkout.accept(wrong, Timestamp::now()).unwrap_err();
        assert!(
            matches!(error, CheckoutError::NotThat { .. }),
            "{wrong}: {error:?}"
        );
        assert_eq!(checkout.commit(), Some(third.as_str()));
    }
    let accepted = checkout.accept(&other[..12], Timestamp::now()).unwrap();
    assert_eq!((accepted.from, accepted.to), (Some(third), other.clone()));
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "four\n");
    let fifth = lab.commit("manifests/dev.yaml", "five\n");
    assert_eq!(updated(&mut checkout).from, Some(other));
    drop(checkout);
    assert_eq!(
        lab.open().commit(),
        Some(fifth.as_str()),
        "noted for the next process"
    );
}

#[test]
fn a_rewind_that_happened_while_nobody_looked_is_one_too() {
    let Some(lab) = Lab::new() else { return };
    let second = lab.commit("manifests/dev.yaml", "two\n");
    updated(&mut lab.open());
    lab.remote("reset --quiet --hard HEAD~1");
    lab.commit("manifests/dev.yaml", "other\n");
    let mut checkout = lab.open();
    let error = refused(&mut checkout);
    assert!(matches!(error, CheckoutError::Rewound { .. }), "{error:?}");
    assert_eq!(checkout.commit(), Some(second.as_str()));
}
