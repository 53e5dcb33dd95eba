//! What surrounds a run: environment, clock, folders, terminal. The only reader of the process
//! environment and of the clock.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use etcetera::BaseStrategy;
use jiff::Timestamp;

use crate::journal::Clock;
use crate::machine::LocalHost;
use crate::model::{SecretValue, Zones, is_railway_token_name};
use crate::platforms::http::HttpSettings;
use crate::platforms::railway::RailwaySettings;
use crate::platforms::railway::api::Pace;
use crate::reconcile::machines::SshOptions;
use crate::reconcile::undo::{Policy, Retention};
use crate::serve::NOTIFY_VARIABLES;
use crate::source::Git;

/// What programs of this machine get.
const LOCAL: [&str; 7] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// What `ssh` gets, and with it the commands that its configuration names.
const SSH: [&str; 17] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_SK_PROVIDER",
    "KRB5CCNAME",
    "GPG_TTY",
];

/// Keys of ours, and where they lie: no program that we start for somebody has a use for them.
const OURS: [&str; 8] = [
    "DRIFTLOCK_AGE_KEY",
    "DRIFTLOCK_AGE_KEY_FILE",
    "DRIFTLOCK_GITLAB_TOKEN",
    "DRIFTLOCK_SSH_KEY",
    "DRIFTLOCK_TOKENS",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
    "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
];
/// What a program needs to run at all, where it shall have nothing else.
const BARE: [&str; 9] = [
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR",
];

/// The world as a command sees it. No `Debug`: the environment may hold keys.
pub(crate) struct Context {
    environment: BTreeMap<OsString, OsString>,
    /// The folder that the command was started in.
    pub(crate) folder: PathBuf,
    /// The user's home, if there is one.
    pub(crate) home: Option<PathBuf>,
    /// Where the user's settings live (`~/.config`).
    pub(crate) config: Option<PathBuf>,
    /// Where programs keep what they remember (`~/.local/state`).
    pub(crate) state: Option<PathBuf>,
    /// What is attached to a terminal.
    pub(crate) terminal: Terminal,
}

/// Which streams a person sees or types into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) input: bool,
    pub(crate) output: bool,
    pub(crate) errors: bool,
    /// Columns of standard output; 80 where that is not known.
    pub(crate) width: usize,
}

impl Context {
    /// Looks around.
    pub(crate) fn from_process() -> std::io::Result<Self> {
        let folders = etcetera::base_strategy::choose_base_strategy().ok();
        Ok(Self {
            environment: std::env::vars_os().collect(),
            folder: std::env::current_dir()?,
            home: folders
                .as_ref()
                .map(|folders| folders.home_dir().to_owned()),
            config: folders.as_ref().map(BaseStrategy::config_dir),
            state: folders
                .as_ref()
                .map(|folders| folders.state_dir().unwrap_or_else(|| folders.data_dir())),
            terminal: Terminal::look(),
        })
    }

    /// A variable of the process environment; empty counts as not set.
    pub(crate) fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment
            .get(std::ffi::OsStr::new(name))
            .filter(|value| !value.is_empty())
    }

    /// The same as text; not UTF-8 counts as not set.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.variable(name).and_then(|value| value.to_str())
    }

    /// The same as a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(PathBuf::from)
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// The name that `machine:` targets are compared with: `DRIFTLOCK_MACHINE`, else the host name
    /// up to its first dot.
    pub(crate) fn machine(&self) -> String {
        self.text("DRIFTLOCK_MACHINE").map_or_else(
            || {
                let system = rustix::system::uname();
                let host = system.nodename().to_string_lossy().into_owned();
                host.split('.').next().unwrap_or_default().to_owned()
            },
            str::to_owned,
        )
    }

    /// Who a receipt names: user and machine, or the CI system's run.
    pub(crate) fn who(&self) -> String {
        let user = self
            .text("GITHUB_ACTOR")
            .or_else(|| self.text("GITLAB_USER_LOGIN"))
            .or_else(|| self.text("USER"))
            .or_else(|| self.text("LOGNAME"))
            .map_or_else(
                || format!("uid {}", rustix::process::getuid().as_raw()),
                str::to_owned,
            );
        format!("{user}@{}", self.machine())
    }

    /// Where the run can be looked at, if it is one of a CI system.
    pub(crate) fn run_link(&self) -> Option<String> {
        let github = || {
            let server = self.text("GITHUB_SERVER_URL")?;
            let (repository, run) = (self.text("GITHUB_REPOSITORY")?, self.text("GITHUB_RUN_ID")?);
            Some(format!("{server}/{repository}/actions/runs/{run}"))
        };
        let others = [
            "CI_JOB_URL",
            "BUILDKITE_BUILD_URL",
            "CIRCLE_BUILD_URL",
            "BUILD_URL",
        ];
        let other = || others.iter().find_map(|name| self.text(name));
        github().or_else(|| other().map(str::to_owned))
    }

    /// Whether a GitHub runner reads what is printed, and takes some of it for commands.
    pub(crate) fn is_on_runner(&self) -> bool {
        self.text("GITHUB_ACTIONS") == Some("true")
    }

    /// The file that a GitHub job's step adds to for its summary page.
    pub(crate) fn step_summary(&self) -> Option<PathBuf> {
        self.path("GITHUB_STEP_SUMMARY")
    }

    /// This machine's own journal: `$XDG_STATE_HOME/driftlock/journal.sqlite3`, if there is a home.
    pub(crate) fn journal(&self) -> Option<PathBuf> {
        let state = self.state.as_ref()?;
        Some(state.join("driftlock").join("journal.sqlite3"))
    }

    /// What this machine keeps for itself: `$XDG_STATE_HOME/driftlock`, if there is a home.
    pub(crate) fn state_folder(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("driftlock"))
    }

    /// What this machine keeps of journals that it shares with others.
    pub(crate) fn shared_state(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("driftlock").join("git"))
    }

    /// Time zones: this machine's, and what came with this program.
    pub(crate) fn zones(&self) -> Zones {
        Zones::of_machine(jiff::tz::TimeZoneDatabase::from_env())
    }

    /// The same clock, for those who need it later.
    pub(crate) fn clock(&self) -> Clock {
        #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
        Arc::new(Timestamp::now)
    }

    /// How long the lease of a shared journal outlives the last sign of its holder:
    /// `DRIFTLOCK_LEASE` in seconds, from 10 to 3600, else 300.
    pub(crate) fn lease(&self) -> Duration {
        let given = self
            .text("DRIFTLOCK_LEASE")
            .and_then(|text| text.parse().ok());
        Duration::from_secs(
            given
                .filter(|seconds| (10..=3600).contains(seconds))
                .unwrap_or(300),
        )
    }

    /// How long former values are kept: `DRIFTLOCK_UNDO`; `None` where that is no setting that there
    /// is.
    pub(crate) fn undo_policy(&self) -> Option<Policy> {
        match self.variable("DRIFTLOCK_UNDO") {
            None => Some(Policy::For(Retention::default())),
            Some(text) => Policy::parse(text.to_str()?),
        }
    }

    /// The way out.
    pub(crate) fn http(&self) -> HttpSettings {
        let first = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| self.text(name));
            found.map(str::to_owned)
        };
        HttpSettings {
            https_proxy: first(["HTTPS_PROXY", "https_proxy"]),
            no_proxy: first(["NO_PROXY", "no_proxy"]),
        }
    }

    /// What Railway needs of the environment: tokens, the way out, and for tests another address.
    pub(crate) fn railway(&self) -> RailwaySettings {
        let tokens = self.environment.iter().filter_map(|(name, value)| {
            let name = name.to_str().filter(|name| is_railway_token_name(name))?;
            Some((name.to_owned(), SecretValue::new(value.to_str()?)))
        });
        let endpoint = self.text("DRIFTLOCK_RAILWAY_URL").map(str::to_owned);
        // tests do not wait as people do; the real Railway is never hurried
        let haste = endpoint.as_ref().and(self.text("DRIFTLOCK_RAILWAY_HASTE"));
        let haste = haste.and_then(|times| times.parse().ok()).unwrap_or(1);
        RailwaySettings {
            endpoint,
            http: self.http(),
            tokens: tokens.collect(),
            pace: Pace::default().hastened(haste),
        }
    }

    /// This machine, with what its programs may have of the environment.
    pub(crate) fn local_host(&self) -> LocalHost {
        LocalHost::with_environment(self.handed_on(&LOCAL))
    }

    /// What `ssh` is started with: what it needs to find the user's agent, keys and configuration.
    pub(crate) fn ssh(&self) -> SshOptions {
        SshOptions {
            environment: self.handed_on(&SSH),
            config: self.path("DRIFTLOCK_SSH_CONFIG"),
            connect_timeout: self.ssh_timeout().unwrap_or_default(),
        }
    }

    /// How long a host may take to answer, if the user says so; an error where that is no number of
    /// seconds.
    pub(crate) fn ssh_timeout(&self) -> Result<Option<Duration>, ()> {
        let Some(text) = self.variable("DRIFTLOCK_SSH_TIMEOUT") else {
            return Ok(None);
        };
        let seconds = text.to_str().and_then(|text| text.parse().ok());
        let seconds = seconds.filter(|seconds| (1..=600).contains(seconds));
        seconds
            .map(|seconds| Some(Duration::from_secs(seconds)))
            .ok_or(())
    }

    fn handed_on(&self, names: &[&str]) -> Vec<(OsString, OsString)> {
        let set = |name: &&str| Some((OsString::from(name), self.variable(name)?.clone()));
        names.iter().filter_map(set).collect()
    }

    /// All of it but our own keys: for a program that the user starts through us. One that takes our
    /// place may talk to the service manager as we would.
    pub(crate) fn inherited(&self) -> Vec<(OsString, OsString)> {
        self.environment
            .iter()
            .filter(|(name, _)| !OURS.iter().any(|ours| *name == *ours))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The little of it that every program needs.
    pub(crate) fn bare(&self) -> Vec<(OsString, OsString)> {
        self.handed_on(&BARE)
    }

    /// Where this program itself lies. On Linux that holds while an update replaces the file.
    pub(crate) fn own_program(&self) -> std::io::Result<PathBuf> {
        if cfg!(target_os = "linux") {
            return Ok(PathBuf::from("/proc/self/exe"));
        }
        std::env::current_exe()
    }

    /// Where programs put temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        std::env::temp_dir()
    }

    /// Unfinished edits, sealed.
    pub(crate) fn drafts(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join("driftlock").join("drafts"))
    }

    /// The program that the first word of a command line names, as far as that can be found.
    pub(crate) fn on_path(&self, word: &str) -> Option<PathBuf> {
        if word.contains('/') {
            let file = self.absolute(Path::new(word));
            return file.is_file().then_some(file);
        }
        let path = self.variable("PATH").cloned().unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| self.absolute(&folder).join(word))
            .find(|file| file.is_file())
    }

    /// The user's own key file.
    pub(crate) fn keys(&self) -> Option<PathBuf> {
        self.config
            .as_ref()
            .map(|config| config.join("driftlock").join("keys.txt"))
    }

    /// What this machine allows, where nothing else is named.
    pub(crate) fn authority(&self) -> Option<PathBuf> {
        self.config
            .as_ref()
            .map(|config| config.join("driftlock").join("authority.yaml"))
    }

    /// The `git` program, with this environment, but for what the service manager said to us alone.
    /// Where alerts go, where nothing else is named.
    pub(crate) fn alerts(&self) -> Option<PathBuf> {
        self.config
            .as_ref()
            .map(|config| config.join("driftlock").join("alerts.yaml"))
    }

    /// For tests: Slack's address, if it is on this machine.
    pub(crate) fn slack(&self) -> Option<String> {
        self.text("DRIFTLOCK_SLACK_URL").map(str::to_owned)
    }

    /// The `git` program, with this environment.
    pub(crate) fn git(&self) -> Git {
        let ours_alone = |name: &OsString| NOTIFY_VARIABLES.iter().any(|one| *name == **one);
        Git::new(
            self.environment
                .iter()
                .filter(|(name, _)| !ours_alone(name))
                .map(|(name, value)| (name.clone(), value.clone())),
        )
    }

    /// This program in a command line of a shell: by its name if `PATH` leads to it, so that an
    /// update is found, else by its whole path.
    pub(crate) fn program_words(&self) -> String {
        let me = std::env::current_exe().and_then(std::fs::canonicalize).ok();
        let name = env!("CARGO_PKG_NAME");
        let path = self.variable("PATH").cloned().unwrap_or_default();
        let first = std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file());
        let on_path = first.and_then(|file| std::fs::canonicalize(file).ok());
        match me {
            Some(me) if on_path.as_ref() != Some(&me) => shell_word(&me),
            _ => name.to_owned(),
        }
    }

    /// This program's file: where `PATH` leads to it if it does, so that an update is found, else where
    /// it lies.
    pub(crate) fn program(&self) -> std::io::Result<PathBuf> {
        let me = std::env::current_exe()?;
        let real = std::fs::canonicalize(&me)?;
        let found = self.on_path(env!("CARGO_PKG_NAME"));
        let same = |file: &PathBuf| std::fs::canonicalize(file).is_ok_and(|file| file == real);
        Ok(found.filter(same).unwrap_or(real))
    }

    /// Who runs this: the number, and the name as far as the environment tells.
    pub(crate) fn account(&self) -> (u32, String) {
        let uid = rustix::process::getuid().as_raw();
        let named = || self.text("USER").or_else(|| self.text("LOGNAME"));
        let name = match uid {
            0 => "root".to_owned(),
            _ => named().map_or_else(|| uid.to_string(), str::to_owned),
        };
        (uid, name)
    }

    /// Resolves a path that was given on the command line.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

/// One word of a shell's command line.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    match text.chars().all(plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

impl Terminal {
    fn look() -> Self {
        let output = std::io::stdout().is_terminal();
        Self {
            input: std::io::stdin().is_terminal(),
            output,
            errors: std::io::stderr().is_terminal(),
            width: Self::size().map_or(80, |(width, _)| width),
        }
    }

    /// Columns (at least 40) and lines of the window, if there is one.
    pub(crate) fn size() -> Option<(usize, usize)> {
        let (width, height) = terminal_size::terminal_size()?;
        Some((usize::from(width.0).max(40), usize::from(height.0)))
    }
}
