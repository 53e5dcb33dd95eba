//! The `git` program, run so that it asks nobody anything and runs nothing that a repository's files
//! could name.

mod run;
mod why;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};

pub use run::{Finished, RunError, run};
pub use why::why_unreachable;

/// What `git` may know of the environment. `GIT_DIR` and its like, set inside hooks, would point it
/// to another repository than the manifest's.
const LOCAL: [&str; 9] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

/// What it needs besides to reach a remote as the user does: agents, proxies, certificates, and the
/// tokens that forges' own credential helpers read.
const REMOTE: [&str; 27] = [
    "SHELL",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "SSH_SK_PROVIDER",
    "KRB5CCNAME",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_PROXY_COMMAND",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "no_proxy",
    "NO_PROXY",
    "ALL_PROXY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
];

/// Programs that ask a person for a password, where the user has one that needs no terminal.
const ASKING: [&str; 2] = ["GIT_ASKPASS", "SSH_ASKPASS"];

/// Settings that CI systems hand to every `git` of a job: `GIT_CONFIG_COUNT`, `GIT_CONFIG_KEY_0` …
const SETTINGS: [&str; 3] = ["GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// Which repository and which index a hook is about. `git commit FILE` has an index of its own, and a
/// linked work tree its own folder.
const HOOK: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// How `git` is run. No `Debug` of its environment: it may hold tokens.
#[derive(Clone)]
pub struct Program {
    environment: Vec<(OsString, OsString)>,
    remote: Vec<(OsString, OsString)>,
    hook: Vec<(OsString, OsString)>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program(git)")
    }
}

impl Program {
    /// `environment` is this process's; only what `git` needs of it is passed on.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let (mut local, mut remote, mut hook) = (vec![], vec![], vec![]);
        for (name, value) in environment {
            let is = |list: &[&str]| list.iter().any(|allowed| name == *allowed);
            let setting = name
                .to_str()
                .is_some_and(|name| SETTINGS.iter().any(|one| name.starts_with(one)));
            if is(&LOCAL) {
                local.push((name, value));
            } else if is(&HOOK) {
                hook.push((name, value));
            } else if is(&REMOTE) || is(&ASKING) || setting {
                remote.push((name, value));
            }
        }
        Self {
            environment: local,
            remote,
            hook,
        }
    }

    /// For work inside the repository around `folder`. It goes to no network.
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("git");
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .args(["--no-pager", "-c", "core.fsmonitor=false"])
            .args(["-c", "core.hooksPath=/dev/null", "-C"])
            .arg(if folder.as_os_str().is_empty() {
                OsStr::new(".")
            } else {
                folder.as_os_str()
            })
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// For a hook, which git started in the top folder of the work tree: with the repository and the
    /// index that git named. Without these, as [`Self::command`].
    pub fn hook_command(&self, folder: &Path) -> Command {
        let mut command = self.command(folder);
        command.envs(self.hook.iter().map(|(name, value)| (name, value)));
        command
    }

    /// For work with a remote: with the user's agents and credential helpers, and nobody is asked on
    /// a terminal, also not by `ssh`.
    pub fn remote_command(&self, folder: &Path) -> Command {
        let mut command = self.command(folder);
        let has = |name: &str| self.remote.iter().any(|(known, _)| known == name);
        if !has("SSH_ASKPASS") {
            command
                .env("SSH_ASKPASS", "false")
                .env("SSH_ASKPASS_REQUIRE", "force");
        }
        command.envs(self.remote.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Whether this is a whole object id, of either hash.
pub fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
