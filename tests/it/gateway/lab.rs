//! A person's machine with an OpenClaw installation, and a manifest that wants its tokens.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::hosts::service::retarget;
use crate::support::openclaw::{Home, Kind};
use crate::support::sshd::Sshd;
use crate::support::world::{Run, World};

/// What every value that nobody may see begins with.
pub const CANARY: &str = "c4nary-";
pub const OLD: &str = "c4nary-abc123old";
pub const NEW: &str = "c4nary-xyz789new";
pub const HOOKS: &str = "c4nary-hooks-7421";

/// The target's line where nothing else is tried.
pub const HERE: &str = "{ machine: here }";
/// What it gets.
pub const TOKEN: &str = "{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }";
pub const BOTH: &str =
    "{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }, { OPENCLAW_HOOKS_TOKEN: { from: HOOKS } }";

pub struct Lab {
    pub world: World,
    state: PathBuf,
}

impl Lab {
    /// The manifest wants [`NEW`] of the gateway at `address`, in the person's own home.
    pub fn of(address: &str) -> Self {
        let world = World::with_env(&format!("TOKEN={NEW}\nHOOKS={HOOKS}\n"));
        let state = world.home(".openclaw");
        let lab = Self { world, state };
        lab.target(address, TOKEN, "");
        lab
    }

    /// With an OpenClaw that can run, in a home of its own.
    pub fn beside(kind: Kind) -> Option<(Self, Home)> {
        let home = Home::new(kind)?;
        let mut lab = Self::of(&address(&home));
        lab.state = home.state("");
        let bin = home.path("bin");
        home.program().install(&bin, home.record());
        let path = std::env::var("PATH").unwrap();
        lab.world
            .variable("PATH", &format!("{}:{path}", bin.display()));
        Some((lab, home))
    }

    /// Of a home that a server of the person's leads to.
    pub fn far(address: &str, home: &Home, sshd: &Sshd) -> Self {
        let mut lab = Self::of(address);
        lab.state = home.state("");
        let config = sshd.path("client").display().to_string();
        lab.world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        lab
    }

    /// Another target from now on.
    pub fn target(&self, address: &str, uses: &str, more: &str) {
        let target =
            format!("  gateway:\n    openclaw: {address}\n{more}    variables: [{uses}]\n");
        retarget(&self.world, &target);
    }

    /// A path of the state folder.
    pub fn state(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        write_private(&self.state(name), text);
    }

    pub fn config(&self, text: &str) {
        self.write("openclaw.json", text);
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.state(name)).unwrap()
    }

    /// Everything below the person's home, for comparing.
    pub fn homes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let home = self.world.home("");
        let mut files = self.world.files();
        files.retain(|path, _| path.starts_with(&home));
        files
    }

    /// Runs the binary. Whatever comes of it, no secret is shown.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.world.run(line).hides(CANARY)
    }

    /// The manifest has another value from now on.
    #[track_caller]
    pub fn set(&self, name: &str, value: &str) {
        self.world.run_with(&format!("set {name}"), value).success();
    }

    /// Writes what is wanted, whatever was there.
    #[track_caller]
    pub fn take_over(&self) -> Run {
        self.run("apply --yes --take-over gateway")
    }

    #[track_caller]
    pub fn in_sync(&self) -> Run {
        self.run("plan --detailed-exitcode").success()
    }
}

/// The installation of a home, for a target.
pub fn address(home: &Home) -> String {
    format!("{{ machine: here, state: {} }}", home.state("").display())
}

pub fn write_private(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A config as OpenClaw writes it, with this token.
pub fn config(token: &str) -> String {
    format!(
        "{{\n  \"gateway\": {{\n    \"mode\": \"local\",\n    \"auth\": {{\n      \"mode\": \"token\",\n      \"token\": \"{token}\"\n    }}\n  }},\n  \"meta\": {{\n    \"lastTouchedVersion\": \"2026.9.6\"\n  }}\n}}\n"
    )
}
