//! What a connection is made with.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Destination, Sudo};

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
