//! A user's home with OpenClaw in it.

use std::cell::Cell;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::{Ended, Gateway, Kind, Log, PortFrom, Program, Record, Start};
use crate::support::world::Run;

/// Two real ones at once are too many for most machines.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The state is in `.openclaw`.
pub struct Home {
    folder: PathBuf,
    /// Gone when dropped, if it is ours.
    _own: Option<tempfile::TempDir>,
    program: Program,
    record: Record,
    port: Cell<u16>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Home {
    /// `None` where there is nothing to run, or nobody asked for the real one.
    pub fn new(kind: Kind) -> Option<Self> {
        let own = tempfile::tempdir().unwrap();
        let home = Self::in_folder(kind, own.path())?;
        Some(Self {
            _own: Some(own),
            ..home
        })
    }

    /// The same in a folder that is somebody's home already. What the stand-in notes is in `record`.
    pub fn in_folder(kind: Kind, folder: &Path) -> Option<Self> {
        let program = Program::find(kind)?;
        let turn = (kind == Kind::Real)
            .then(|| ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner));
        for name in [".openclaw", "tmp"] {
            let mut private = fs::DirBuilder::new();
            private.mode(0o700).recursive(true);
            private.create(folder.join(name)).unwrap();
        }
        Some(Self {
            record: Record::new(&folder.join("record")),
            port: Cell::new(free_port()),
            program,
            folder: folder.to_owned(),
            _own: None,
            _turn: turn,
        })
    }

    pub fn kind(&self) -> Kind {
        self.program.kind
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The gateway's, unless it is taken when it starts.
    pub fn port(&self) -> u16 {
        self.port.get()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A path below the state folder.
    pub fn state(&self, name: &str) -> PathBuf {
        self.path(".openclaw").join(name)
    }

    /// Replaces the config, as an editor does: a file beside it is renamed over it.
    pub fn write_config(&self, config: &Value) {
        self.write_config_text(&format!("{config:#}\n"));
    }

    pub fn write_config_text(&self, text: &str) {
        let beside = self.state("edited.json");
        private_file(&beside, text);
        fs::rename(beside, self.config_file()).unwrap();
    }

    pub fn config_file(&self) -> PathBuf {
        self.state("openclaw.json")
    }

    pub fn config(&self) -> Value {
        json5::from_str(&self.config_text()).unwrap()
    }

    pub fn config_text(&self) -> String {
        fs::read_to_string(self.config_file()).unwrap()
    }

    /// Writes the `.env` of the state folder.
    pub fn write_dotenv(&self, text: &str) {
        private_file(&self.state(".env"), text);
    }

    /// Names of files in the state folder that begin like this.
    pub fn files(&self, begin: &str) -> Vec<String> {
        let entries = fs::read_dir(self.state("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(begin)).collect();
        names.sort();
        names
    }

    /// Runs a command of OpenClaw.
    pub fn cli(&self, words: &[&str]) -> Run {
        self.cli_with(words, &[], "")
    }

    /// The same with more environment, and this on standard input.
    pub fn cli_with(&self, words: &[&str], environment: &[(&str, &str)], input: &str) -> Run {
        let mut command = self.command();
        command
            .args(words)
            .env("OPENCLAW_GATEWAY_PORT", self.port().to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // a command that refuses early need not read its input
        let _refused = stdin.write_all(input.as_bytes());
        drop(stdin);
        Run::from_output(&child.wait_with_output().unwrap())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program.node);
        let path = self.program.node.parent().unwrap().display();
        command
            .arg(&self.program.script)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", format!("{path}:{USUAL_PATH}"))
            .env("HOME", &self.folder)
            // it logs there, too
            .env("TMPDIR", self.path("tmp"))
            .envs(self.program.environment_with(&self.record));
        command
    }

    /// Starts a gateway that has to start.
    #[track_caller]
    pub fn start(&self, start: &Start) -> Gateway {
        match self.try_start(start) {
            Ok(gateway) => gateway,
            Err(ended) => panic!("it ended with {:?}:\n{}", ended.code, ended.text),
        }
    }

    /// Starts a gateway that must not start, and waits for its end.
    #[track_caller]
    pub fn refused(&self, start: &Start) -> Ended {
        match self.try_start(start) {
            Err(ended) => ended,
            Ok(gateway) => panic!("it started:\n{}", gateway.log().text()),
        }
    }

    pub fn try_start(&self, start: &Start) -> Result<Gateway, Ended> {
        loop {
            let ended = match self.run(start) {
                Ok(gateway) => return Ok(gateway),
                Err(ended) => ended,
            };
            let taken = ["EADDRINUSE", "already listening"];
            if start.port == PortFrom::Config || !taken.iter().any(|word| ended.text.contains(word))
            {
                return Err(ended);
            }
            self.port.set(free_port());
        }
    }

    fn run(&self, start: &Start) -> Result<Gateway, Ended> {
        let (reader, writer) = std::io::pipe().unwrap();
        let port = self.port().to_string();
        let mut command = self.command();
        command.args(["gateway", "run", "--bind", "loopback"]);
        match start.port {
            PortFrom::Flag => {
                command.args(["--port", &port]);
            }
            PortFrom::Environment => {
                command.env("OPENCLAW_GATEWAY_PORT", &port);
            }
            PortFrom::Config => {}
        }
        let process = command
            .args(&start.arguments)
            .envs(start.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(writer.try_clone().unwrap())
            .stdout(writer)
            .spawn()
            .unwrap();
        // the command keeps ends of the pipe open
        drop(command);
        let line = if start.until_it_listens {
            "http server listening"
        } else {
            "[gateway] ready"
        };
        Gateway::of(process, Log::of(reader), self.port(), self.limit()).until(line)
    }

    /// How long anything may take.
    pub fn limit(&self) -> Duration {
        match self.kind() {
            Kind::StandIn => Duration::from_secs(60),
            Kind::Real => Duration::from_secs(180),
        }
    }
}

fn private_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
