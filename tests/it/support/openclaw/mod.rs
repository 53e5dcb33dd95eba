//! OpenClaw, the gateway and its command line: a stand-in that starts at once, and the real one for
//! who asks for it. Both are driven alike, so that one battery holds them to the same facts.

mod gateway;
mod home;
mod http;
mod log;
mod record;
mod start;

use std::fmt::Write;
use std::path::{Path, PathBuf};

pub use gateway::Gateway;
pub use home::Home;
pub use http::{Answer, Request};
pub use log::Log;
pub use record::Record;
pub use start::{Ended, PortFrom, Start};

use super::peers;
use super::sshd::script;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    StandIn,
    /// Only with `DRIFTLOCK_OPENCLAW=1`: it takes long to start, and 700 MB.
    Real,
}

/// What runs as `openclaw`.
#[derive(Debug, Clone)]
pub struct Program {
    pub kind: Kind,
    node: PathBuf,
    script: PathBuf,
    /// What it has in its environment wherever it runs.
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// `None` (and a note) if a peer is missing; without a note for a real one nobody asked for.
    pub fn find(kind: Kind) -> Option<Self> {
        match kind {
            Kind::StandIn => Self::stand_in(),
            Kind::Real => std::env::var_os("DRIFTLOCK_OPENCLAW")
                .filter(|asked| asked == "1")
                .and_then(|_| Self::real()),
        }
    }

    fn stand_in() -> Option<Self> {
        let node = peers::program("node")?;
        peers::installed("node_modules/dotenv")?;
        let json5 = peers::installed("node_modules/json5")?;
        let modules = json5.parent().expect("it has one").display().to_string();
        Some(Self {
            kind: Kind::StandIn,
            node,
            script: Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/it/support/openclaw/openclaw.mjs"),
            environment: vec![("STANDIN_MODULES", modules)],
        })
    }

    fn real() -> Option<Self> {
        let switches = [
            "OPENCLAW_SKIP_CHANNELS",
            "OPENCLAW_DISABLE_BONJOUR",
            "OPENCLAW_OFFLINE",
            "OPENCLAW_NO_AUTO_UPDATE",
        ];
        Some(Self {
            kind: Kind::Real,
            node: peers::program("node-new")?,
            script: peers::installed("openclaw/node_modules/openclaw/openclaw.mjs")?,
            environment: switches.map(|name| (name, "1".to_owned())).to_vec(),
        })
    }

    /// Puts an executable `openclaw` into a folder, for the `PATH` of a test. What it is asked is
    /// noted in this record.
    pub fn install(&self, bin: &Path, record: &Record) {
        std::fs::create_dir_all(bin).unwrap();
        let mut text = "#!/bin/sh\n".to_owned();
        for (name, value) in self.environment_with(record) {
            writeln!(text, "export {name}='{value}'").unwrap();
        }
        let (node, program) = (self.node.display(), self.script.display());
        writeln!(text, "exec '{node}' '{program}' \"$@\"").unwrap();
        script(&bin.join("openclaw"), &text);
    }

    /// The `[Service]` lines of a unit that runs the gateway of a home, in the words of OpenClaw's
    /// own installer, and `more`.
    pub fn unit(&self, home: &Path, port: u16, record: &Record, more: &str) -> String {
        let mut text = format!(
            "ExecStart={} {} gateway --bind loopback --port {port}\nRestart=always\nRestartSec=1\n\
             RestartPreventExitStatus=78\nSuccessExitStatus=0 143\nEnvironment=HOME={}\n\
             Environment=OPENCLAW_GATEWAY_PORT={port}\n",
            self.node.display(),
            self.script.display(),
            home.display()
        );
        for (name, value) in self.environment_with(record) {
            writeln!(text, "Environment={name}={value}").unwrap();
        }
        text + more
    }

    fn environment_with(&self, record: &Record) -> Vec<(&'static str, String)> {
        let mut all = self.environment.clone();
        if self.kind == Kind::StandIn {
            all.push(("STANDIN_RECORD", record.folder().display().to_string()));
        }
        all
    }
}
