//! The machines of one run: this one, and those over SSH, each with one connection.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::machine::ssh::{SshHost, SshSettings};
use crate::machine::{Host, Run};
use crate::model::{HostAddress, PlatformKind};
use crate::platforms::Platform;
use crate::platforms::file::FilePlatform;
use crate::platforms::openclaw::OpenclawPlatform;

/// What connections over SSH are made with. `Debug` shows names only.
#[derive(Clone, Default)]
pub struct SshOptions {
    /// The whole environment of `ssh` and of the commands in its configuration.
    pub environment: Vec<(OsString, OsString)>,
    /// Another configuration than the user's.
    pub config: Option<PathBuf>,
    /// How long a host may take until its far side answers; `None` for the usual time.
    pub connect_timeout: Option<Duration>,
}

/// Reaches machines.
pub struct Machines {
    local: Arc<dyn Host>,
    ssh: Option<SshOptions>,
    remote: Mutex<BTreeMap<HostAddress, Remote>>,
}

#[derive(Clone)]
struct Remote {
    host: Arc<dyn Host>,
    files: Arc<dyn Platform>,
    openclaw: Arc<OpenclawPlatform>,
}

impl Machines {
    /// This machine, and all that `ssh` reaches.
    pub fn new(local: Arc<dyn Host>, ssh: SshOptions) -> Self {
        Self {
            ssh: Some(ssh),
            ..Self::only(local)
        }
    }

    /// This machine only.
    pub fn only(local: Arc<dyn Host>) -> Self {
        Self {
            local,
            ssh: None,
            remote: Mutex::default(),
        }
    }

    pub(super) fn local(&self) -> Arc<dyn Host> {
        Arc::clone(&self.local)
    }

    pub(super) fn local_programs(&self) -> Arc<dyn Run> {
        self.local()
    }

    pub(super) fn over_ssh(&self, host: &HostAddress) -> Option<Arc<dyn Host>> {
        self.remote(host).map(|remote| remote.host)
    }

    pub(super) fn openclaw_over_ssh(&self, host: &HostAddress) -> Option<Arc<OpenclawPlatform>> {
        self.remote(host).map(|remote| remote.openclaw)
    }

    /// What is kept on a machine over SSH: all of it shares one connection.
    pub(super) fn platform_over_ssh(
        &self,
        host: &HostAddress,
        kind: PlatformKind,
    ) -> Option<Arc<dyn Platform>> {
        let remote = self.remote(host)?;
        match kind {
            PlatformKind::File => Some(remote.files),
            PlatformKind::Openclaw => Some(remote.openclaw),
            PlatformKind::Railway | PlatformKind::Memory => None,
        }
    }

    /// One for each host and user there; nothing is connected yet.
    fn remote(&self, host: &HostAddress) -> Option<Remote> {
        let options = self.ssh.as_ref()?;
        let mut known = match self.remote.lock() {
            Ok(known) => known,
            Err(poisoned) => poisoned.into_inner(),
        };
        let remote = known.entry(host.clone()).or_insert_with(|| {
            let mut settings =
                SshSettings::new(host.destination.clone(), options.environment.clone());
            settings.sudo = host.sudo.clone();
            settings.config.clone_from(&options.config);
            if let Some(limit) = options.connect_timeout {
                settings.connect_timeout = limit;
            }
            let ssh = Arc::new(SshHost::new(settings));
            Remote {
                files: Arc::new(FilePlatform::on(ssh.clone())),
                openclaw: Arc::new(OpenclawPlatform::new(ssh.clone())),
                host: ssh,
            }
        });
        Some(remote.clone())
    }
}
