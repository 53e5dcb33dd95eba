//! What a connection is made with.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::destination::{Destination, ParseDestinationError, is_name, shown};

/// Where to connect, and how.
#[derive(Debug, Clone)]
pub struct SshSettings {
    /// The host.
    pub destination: Destination,
    /// From the start of `ssh` until the far side answers; time to touch a hardware key included.
    pub connect_timeout: Duration,
    /// For one exchange with the far side.
    pub command_timeout: Duration,
    /// Whether to work as another user there.
    pub sudo: Sudo,
    /// The whole environment of `ssh` and of the commands in its configuration; `LC_ALL=C` is added.
    pub environment: Vec<(OsString, OsString)>,
    /// Another configuration than the user's.
    pub config: Option<PathBuf>,
    /// Another program than `ssh`.
    pub program: Option<PathBuf>,
}

impl SshSettings {
    /// With the usual limits.
    pub fn new(destination: Destination, environment: Vec<(OsString, OsString)>) -> Self {
        Self {
            destination,
            connect_timeout: Duration::from_secs(20),
            command_timeout: Duration::from_secs(30),
            sudo: Sudo::No,
            environment,
            config: None,
            program: None,
        }
    }
}

/// As whom to work on the far side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sudo {
    /// As who logged in.
    #[default]
    No,
    /// As root, by `sudo -n`.
    Root,
    /// As this user, by `sudo -n -u`.
    User(UserName),
}

/// A user of the far side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl FromStr for UserName {
    type Err = ParseDestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text, "._-") && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseDestinationError::User(shown(text)))
        }
    }
}

impl std::fmt::Display for UserName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
