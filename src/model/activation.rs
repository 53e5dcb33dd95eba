//! What makes a stored value the running one, and where the running one is read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::OpenclawService;

/// What puts stored values in force on a target's machine, as the manifest says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activation {
    /// A command line for the machine's `sh`.
    Command(String),
    /// Restarts a unit of systemd.
    Systemd(SystemdUnit),
    /// Loads a job of launchd anew: what it was loaded from has changed.
    Launchd(LaunchdJob),
    /// `docker compose up -d`, which makes containers anew whose environment changed.
    Compose(ComposeProject),
    /// Restarts the service that OpenClaw made for its gateway.
    Openclaw(OpenclawService),
}

/// A process whose environment can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// The main process of a unit.
    Systemd(SystemdUnit),
    /// A job.
    Launchd(LaunchdJob),
    /// The containers of a project.
    Compose(ComposeProject),
    /// One container, by name or id.
    Container(String),
}

/// A unit of systemd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemdUnit {
    /// Its whole name, for example `app.service`.
    pub unit: String,
    /// Whether it belongs to the user's manager (`systemctl --user`).
    pub user: bool,
}

/// A job of launchd.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaunchdJob {
    /// Its label.
    pub label: String,
    /// Where it is loaded.
    pub domain: LaunchdDomain,
    /// The property list it is loaded from, as the manifest spells it; `None` for the target's own
    /// file.
    pub plist: Option<String>,
}

/// Where launchd keeps a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaunchdDomain {
    /// `gui/<uid>`: agents of whoever is logged in at the screen.
    #[default]
    Gui,
    /// `user/<uid>`: agents of a user, without a screen too.
    User,
    /// `system`: daemons.
    System,
}

/// Services of a compose file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComposeProject {
    /// The file, as the manifest spells it: absolute or `~/…`.
    pub file: String,
    /// The services; empty for all.
    pub services: Vec<String>,
}

impl Activation {
    /// The kind, for records: never a command line.
    pub const fn how(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Systemd(_) => "systemd",
            Self::Launchd(_) => "launchd",
            Self::Compose(_) => "compose",
            Self::Openclaw(_) => "openclaw",
        }
    }

    /// The process that shows what runs afterwards; `None` where nothing says which it is.
    pub fn process(&self) -> Option<Process> {
        match self {
            Self::Command(_) | Self::Openclaw(_) => None,
            Self::Systemd(unit) => Some(Process::Systemd(unit.clone())),
            Self::Launchd(job) => Some(Process::Launchd(job.clone())),
            Self::Compose(project) => Some(Process::Compose(project.clone())),
        }
    }
}

impl fmt::Display for Activation {
    /// In words that follow "would" and "shall".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(line) => write!(f, "run `{line}`"),
            Self::Systemd(unit) => write!(f, "restart {unit}"),
            Self::Launchd(job) => write!(f, "load {job} anew"),
            Self::Compose(project) => write!(f, "bring {project} up"),
            Self::Openclaw(service) => write!(f, "restart {service}"),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Systemd(unit) => unit.fmt(f),
            Self::Launchd(job) => job.fmt(f),
            Self::Compose(project) => project.fmt(f),
            Self::Container(name) => write!(f, "container {name}"),
        }
    }
}

impl fmt::Display for SystemdUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.unit)?;
        f.write_str(if self.user { " (user)" } else { "" })
    }
}

impl fmt::Display for LaunchdJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = match self.domain {
            LaunchdDomain::Gui => "gui",
            LaunchdDomain::User => "user",
            LaunchdDomain::System => "system",
        };
        write!(f, "{domain}/{}", self.label)
    }
}

impl fmt::Display for ComposeProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.services.is_empty() {
            write!(f, " ({})", self.services.join(", "))?;
        }
        Ok(())
    }
}

/// How one activation ended. No outputs of programs, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Activated {
    /// It is done, and what was restarted runs.
    Done,
    /// It was tried and did not succeed; what is stored may not be what runs.
    Failed {
        /// Lower case, no final period.
        why: String,
        /// The next thing to do.
        help: Option<String>,
    },
    /// It was begun and nobody knows how it ended: no answer in time, or the connection was lost.
    InDoubt {
        /// Lower case, no final period.
        why: String,
    },
    /// It was not tried; why.
    Skipped {
        /// Lower case, no final period.
        why: String,
    },
}
