//! An OpenClaw installation on a machine behind a real OpenSSH server.

use std::fs;

use super::lab::Lab;
use crate::support::openclaw::{Home, Kind};
use crate::support::peers;
use crate::support::sshd::{Far, Sshd, script};

pub struct Vps {
    pub lab: Lab,
    pub home: Home,
    pub sshd: Sshd,
}

/// The target's line where nothing else is tried.
pub const THERE: &str = "{ host: vps }";

impl Vps {
    /// Logins there are at home where the installation is, and find its `openclaw`.
    pub fn new(far: Far) -> Option<Self> {
        let home = Home::new(Kind::StandIn)?;
        let sshd = Sshd::start(far)?;
        let lab = Lab::far(THERE, &home, &sshd);
        let bin = home.path("bin");
        home.program().install(&bin, home.record());
        noted(&home, "curl", &peers::program("curl")?);
        let vps = Self { lab, home, sshd };
        vps.profile(far, "");
        Some(vps)
    }

    /// The login's own profile, with more in it.
    pub fn profile(&self, far: Far, more: &str) {
        let text = format!(
            "HOME='{}'\nPATH='{}':\"$PATH\"\nexport HOME PATH\n{more}",
            self.home.path("").display(),
            self.home.path("bin").display()
        );
        self.sshd.profile(far, &text);
    }

    /// The command lines of the curls that were run there.
    pub fn curls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.path("curl.calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What anybody there could have seen in the list of processes, as far as it was noted.
    #[track_caller]
    pub fn shows_no_secret(&self) {
        let calls = [self.curls(), self.home.record().calls()].concat();
        let shown = calls.iter().any(|line| line.contains(super::lab::CANARY));
        assert!(!shown, "a secret was on a command line");
    }
}

/// A program of the login that leaves its words in `NAME.calls`.
fn noted(home: &Home, name: &str, program: &std::path::Path) {
    let text = format!(
        "#!/bin/sh\necho \"$*\" >>'{}'\nexec '{}' \"$@\"\n",
        home.path(&format!("{name}.calls")).display(),
        program.display()
    );
    script(&home.path("bin").join(name), &text);
}
