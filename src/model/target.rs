//! Places that hold variables.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Activation, Destination, KeyPath, OpenclawAddress, Process, Rails, RailwayAddress, Sudo,
    TargetName, VarName,
};

/// The kind of place.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PlatformKind {
    /// A file that holds variables.
    File,
    /// A service of a Railway environment, or its shared variables.
    Railway,
    /// The secrets of an OpenClaw installation.
    Openclaw,
    /// Held in memory: tests and demonstrations.
    Memory,
}

impl fmt::Display for PlatformKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Railway => "railway",
            Self::Openclaw => "openclaw",
            Self::Memory => "memory",
        })
    }
}

/// From which machines a file can be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Machine {
    /// Every machine has its own file at this path.
    Any,
    /// The machine of this name (host name, or `DRIFTLOCK_MACHINE`).
    Named(String),
    /// A machine that is reached over SSH, from any other.
    Host(HostAddress),
}

impl fmt::Display for Machine {
    /// As it stands before a path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Named(machine) => write!(f, "{machine}:"),
            Self::Host(host) => write!(f, "{host}:"),
        }
    }
}

/// A machine over SSH, and as whom to work there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostAddress {
    /// Where to connect.
    pub destination: Destination,
    /// As whom.
    pub sudo: Sudo,
}

impl HostAddress {
    /// The same text for the same file of the same machine. Who logs in does not count, but where
    /// the path begins in a home folder: that is another one for each user.
    pub fn place(&self, path: &str) -> String {
        let machine = self.destination.machine();
        match path.strip_prefix("~/") {
            None => format!("{machine}:/{}", tidy_parts(path)),
            Some(below) => {
                let home = match &self.sudo {
                    Sudo::No => self.destination.user().unwrap_or_default().to_owned(),
                    Sudo::Root => "root".to_owned(),
                    Sudo::User(user) => user.to_string(),
                };
                format!("{machine}:~{home}/{}", tidy_parts(below))
            }
        }
    }
}

/// A path without `.`, `..` and empty parts, as far as its text tells.
fn tidy_parts(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destination.fmt(f)?;
        match &self.sudo {
            Sudo::No => Ok(()),
            Sudo::Root => f.write_str(" (as root)"),
            Sudo::User(user) => write!(f, " (as {user})"),
        }
    }
}

/// A file that holds variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileAddress {
    /// Whose file it is.
    pub machine: Machine,
    /// As the manifest spells it: absolute, `~/…`, or relative to the manifest.
    pub path: String,
    /// The dialect it is written in, by its name in the manifest (`portable`, `systemd`, …).
    pub format: String,
    /// The object that holds the variables, in a format that nests; `None` for the outermost one.
    pub at: Option<KeyPath>,
}

/// Where a target lives, as the manifest says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A file.
    File(FileAddress),
    /// A Railway service, or shared variables.
    Railway(RailwayAddress),
    /// An OpenClaw installation.
    Openclaw(OpenclawAddress),
    /// A store in memory, by name.
    Memory(String),
}

impl Address {
    /// The kind of place.
    pub fn platform(&self) -> PlatformKind {
        match self {
            Self::File(_) => PlatformKind::File,
            Self::Railway(_) => PlatformKind::Railway,
            Self::Openclaw(_) => PlatformKind::Openclaw,
            Self::Memory(_) => PlatformKind::Memory,
        }
    }
}

impl Address {
    /// Whether this name is to be stored so that the platform shows its value to nobody.
    pub fn seals(&self, name: &VarName) -> bool {
        match self {
            Self::Railway(railway) => railway.sealed.contains(name),
            Self::File(_) | Self::Openclaw(_) | Self::Memory(_) => false,
        }
    }

    /// The machine that it is on; `None` where it is on none that programs can be run on.
    pub fn machine(&self) -> Option<&Machine> {
        match self {
            Self::File(file) => Some(&file.machine),
            Self::Openclaw(openclaw) => Some(&openclaw.machine),
            Self::Railway(_) | Self::Memory(_) => None,
        }
    }

    /// The machine, where it is one that is reached over SSH.
    pub fn host(&self) -> Option<&HostAddress> {
        match self.machine()? {
            Machine::Host(host) => Some(host),
            Machine::Any | Machine::Named(_) => None,
        }
    }

    /// The dialect of a file.
    pub fn format(&self) -> Option<&str> {
        match self {
            Self::File(file) => Some(&file.format),
            Self::Openclaw(_) | Self::Railway(_) | Self::Memory(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => {
                write!(f, "{}{}", file.machine, file.path)?;
                file.at.as_ref().map_or(Ok(()), |at| write!(f, " at {at}"))
            }
            Self::Railway(railway) => {
                let service = match &railway.service {
                    Some(service) => framed(service),
                    None => RailwayAddress::SHARED.into(),
                };
                let (project, environment) =
                    (framed(&railway.project), framed(&railway.environment));
                write!(f, "{project}/{environment}/{service}")
            }
            Self::Openclaw(openclaw) => {
                write!(f, "{}{}", openclaw.machine, openclaw.state())?;
                match &openclaw.config {
                    Some(config) => write!(f, " with {config}"),
                    None => Ok(()),
                }
            }
            Self::Memory(name) => write!(f, "memory:{name}"),
        }
    }
}

impl RailwayAddress {
    /// Stands for the shared variables where another address has a service; no service is written so.
    pub const SHARED: &str = "(shared)";
}

/// A name, in quotes if it holds what separates names: records are kept under an address, so no two
/// places may have the same text.
fn framed(name: &str) -> Cow<'_, str> {
    if name.contains(['/', '"', '(', ' ']) {
        format!("{name:?}").into()
    } else {
        name.into()
    }
}

/// One target of a manifest, resolved for this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in the manifest.
    pub name: TargetName,
    /// Where it lives.
    pub address: Address,
    /// The resolved path of a file target: absolute, `~` and the manifest's folder put in.
    pub path: Option<PathBuf>,
    /// What records are kept under: two targets of one place are one place. For a file, its
    /// machine and resolved path.
    pub place: String,
    /// What the platform called this place at our last apply; empty if it was never recorded.
    pub known: String,
    /// Whether what we applied and no manifest names any more is deleted.
    pub prune: bool,
    /// What may change at once.
    pub rails: Rails,
    /// What puts its values in force, where the manifest says so.
    pub activation: Option<Activation>,
    /// The process that has them, where it is known.
    pub process: Option<Process>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_places_of_railway_have_one_text() {
        let text = |project: &str, environment: &str, service: Option<&str>| {
            let address = RailwayAddress {
                project: project.to_owned(),
                environment: environment.to_owned(),
                service: service.map(str::to_owned),
                token: None,
                sealed: BTreeSet::new(),
            };
            Address::Railway(address).to_string()
        };
        assert_eq!(text("a", "b", Some("c")), "a/b/c");
        assert_eq!(text("a", "b", None), "a/b/(shared)");
        assert_ne!(text("a", "b", Some("(shared)")), text("a", "b", None));
        assert_ne!(text("a/b", "c", Some("d")), text("a", "b/c", Some("d")));
        assert_ne!(text("a", "b", Some("c/(shared)")), text("a", "b/c", None));
    }
}
