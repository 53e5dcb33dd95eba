//! A real `systemd --user` with units of its own, without booting it: it runs in a mount namespace
//! with a `/run` of its own, and ends with the test.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use async_trait::async_trait;
use driftlock::machine::{Call, LocalHost, Ran, Run, RunError};
use driftlock::model::SystemdUnit;
use tempfile::TempDir;

use super::peers;

const SYSTEMD: &str = "/usr/lib/systemd/systemd";
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

const SCRIPT: &str = r#"
set -e
mount --make-rshared /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/x
# what the system's manager makes at its start: units are given it in the place of what they may not see
mkdir -p /run/systemd/inaccessible/dir
cd /run/systemd/inaccessible
: >reg
mkfifo fifo
mknod chr c 0 0 || :
mknod blk b 0 0 || :
chmod 000 dir reg fifo
cd /
exec "$1" --user --unit=wait.target
"#;

/// A user's manager. As a machine it runs programs beside it, where they find it.
pub struct UserManager {
    folder: TempDir,
    process: Child,
    here: LocalHost,
}

impl UserManager {
    /// `None` (and a note) where it cannot run: it needs systemd, and root for the namespace.
    pub fn start() -> Option<Self> {
        let unshare = peers::program("unshare")?;
        peers::program("nsenter")?;
        if !Path::new(SYSTEMD).exists() {
            return peers::missing("systemd");
        }
        let mounts = Command::new(&unshare)
            .args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/run"])
            .output()
            .expect("unshare starts");
        if !mounts.status.success() {
            return peers::missing("root, to run systemd in a namespace");
        }
        let folder = tempfile::tempdir().unwrap();
        let units = folder.path().join(".config/systemd/user");
        std::fs::create_dir_all(&units).unwrap();
        std::fs::write(
            units.join("wait.target"),
            "[Unit]\nDefaultDependencies=no\n",
        )
        .unwrap();
        let ready = folder.path().join("ready");
        let socket = UnixDatagram::bind(&ready).unwrap();
        let process = Command::new(unshare)
            .args(["-m", "bash", "-c", SCRIPT, "bash", SYSTEMD])
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", "/run/x")
            .env("NOTIFY_SOCKET", &ready)
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("unshare starts");
        let manager = Self {
            folder,
            process,
            here: LocalHost::with_environment(vec![("PATH".into(), PATH.into())]),
        };
        wait_until_ready(&socket);
        Some(manager)
    }

    /// The words of a command line that run another one where this manager is found.
    pub fn entry(&self) -> String {
        format!(
            "nsenter -t {} -m env HOME='{}' XDG_RUNTIME_DIR=/run/x",
            self.process.id(),
            self.folder().display()
        )
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The whole name of a unit. All managers of a machine may share one tree of control groups, in
    /// which two units of one name would end each other's processes.
    pub fn unit(&self, name: &str) -> SystemdUnit {
        let tag = self.folder().file_name().expect("it has a name");
        SystemdUnit {
            unit: format!(
                "{name}-{}.service",
                tag.display().to_string().replace('.', "")
            ),
            user: true,
        }
    }

    /// Writes a service; what systemd knows already it does not read again by itself.
    pub fn service(&self, name: &str, text: &str) {
        let file = self.file_of(name);
        let text = format!("[Unit]\nDefaultDependencies=no\n[Service]\nTimeoutStopSec=2\n{text}\n");
        std::fs::write(file, text).unwrap();
    }

    pub fn file_of(&self, name: &str) -> PathBuf {
        let units = self.folder().join(".config/systemd/user");
        units.join(self.unit(name).unit)
    }

    pub async fn systemctl(&self, arguments: &[&str]) -> Ran {
        let arguments = ["--user"].iter().chain(arguments).copied();
        self.run(&Call::new("systemctl", arguments)).await.unwrap()
    }
}

fn wait_until_ready(socket: &UnixDatagram) {
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut said = [0; 4096];
    loop {
        let length = socket
            .recv(&mut said)
            .expect("systemd says that it is ready");
        if said[..length].starts_with(b"READY=1") {
            return;
        }
    }
}

#[async_trait]
impl Run for UserManager {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        let mut arguments = vec![
            "-t".to_owned(),
            self.process.id().to_string(),
            "-m".to_owned(),
            "env".to_owned(),
            format!("HOME={}", self.folder().display()),
            "XDG_RUNTIME_DIR=/run/x".to_owned(),
            "LC_ALL=C".to_owned(),
            call.program.clone(),
        ];
        arguments.extend(call.arguments.iter().cloned());
        let within = Call {
            program: "nsenter".to_owned(),
            arguments,
            ..call.clone()
        };
        self.here.run(&within).await
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        Ok(self.folder().to_owned())
    }
}

impl Drop for UserManager {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).ok();
        self.process.wait().ok();
    }
}
