//! A machine that applies unattended, and what the attacker waits for.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::support::world::{Run, World};

/// In every secret of the machine.
pub const CANARY: &str = "c4nary";

/// A machine on which a person applied a manifest once, and which applies it unattended since. Its
/// targets: `app` (`AUTH`, `PLAIN`), `db` (`DB`) and `web` (`PLAIN`), of which `PLAIN` is clear.
pub struct Victim {
    pub world: World,
    thief: TcpListener,
}

impl Victim {
    pub fn new() -> Self {
        let world = World::with_env("AUTH=c4nary-auth\nDB=c4nary-db\n");
        let thief = TcpListener::bind("127.0.0.1:0").unwrap();
        thief.set_nonblocking(true).unwrap();
        let victim = Self { world, thief };
        victim.edit(|text| text.replace("\nvariables:\n", "\nvariables:\n  PLAIN: hello\n\n"));
        victim.targets(&Self::usual());
        victim.apply().success();
        victim.world.in_sync();
        victim
    }

    /// What the person agreed to.
    pub fn usual() -> String {
        Self::app("app.env", "AUTH, PLAIN", "")
    }

    /// The same with another `app`.
    pub fn app(file: &str, uses: &str, more: &str) -> String {
        target("app", file, uses, more)
            + &target("db", "db.env", "DB", "")
            + &target("web", "web.env", "PLAIN", "")
    }

    /// Something to write on `app` and `web`, so that an apply has a reason to go there.
    pub fn bait(&self) {
        self.edit(|text| text.replace("  PLAIN: hello\n", "  PLAIN: bait\n"));
    }

    pub fn manifest(&self) -> String {
        self.world.read("manifests/dev.yaml")
    }

    /// The attacker writes the manifest.
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        self.world
            .write("manifests/dev.yaml", change(self.manifest()));
    }

    /// Other targets in the manifest.
    pub fn targets(&self, targets: &str) {
        crate::hosts::service::retarget(&self.world, targets);
    }

    /// The machine applies, and nobody is asked.
    #[track_caller]
    pub fn apply(&self) -> Run {
        self.run("apply --yes")
    }

    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.world.run(line).hides(CANARY)
    }

    /// Held by this rail however often it is applied, and nothing came out, by a look neither.
    #[track_caller]
    pub fn holds(&self, rail: &str) {
        for _ in 0..3 {
            self.apply().exits(3).says(&format!("held by {rail}:"));
            self.run("plan");
            self.run("doctor");
            self.nothing_came_out();
        }
    }

    /// A command of the attacker's, which would leave a trace.
    pub fn command(&self) -> String {
        format!("touch {}", self.world.path("ran").display())
    }

    /// The attacker's address.
    pub fn address(&self) -> String {
        format!("http://{}/", self.thief.local_addr().unwrap())
    }

    /// No file of the attacker's, no connection, and the secrets only where they were.
    #[track_caller]
    pub fn nothing_came_out(&self) {
        match self.thief.accept() {
            Ok(_) => panic!("something was sent"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        let mut found = vec![];
        search(&self.world.path(""), &mut found);
        found.sort();
        assert_eq!(found, self.known(), "a secret is somewhere else");
        assert!(!self.world.path("ran").exists(), "a command was run");
    }

    /// The files that hold secrets, as the person agreed.
    fn known(&self) -> Vec<PathBuf> {
        let names = [".env", "app.env", "db.env"];
        let files = names.map(|name| self.world.path(name));
        // one that became a link is another file
        let is_own = |file: &PathBuf| std::fs::symlink_metadata(file).is_ok_and(|of| of.is_file());
        files.into_iter().filter(is_own).collect()
    }
}

/// One target as YAML.
pub fn target(name: &str, file: &str, uses: &str, more: &str) -> String {
    format!("  {name}:\n    file: {{ path: ../{file} }}\n{more}    variables: [{uses}]\n")
}

/// Regular files below a folder that hold a secret.
fn search(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            search(&entry.path(), found);
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            if String::from_utf8_lossy(&bytes).contains(CANARY) {
                found.push(entry.path());
            }
        }
    }
}
