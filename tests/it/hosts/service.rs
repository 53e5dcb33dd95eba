//! A VPS with systemd: a unit of a real user's manager, whose program is a small HTTP service that
//! takes its secret from the target's file, behind a real OpenSSH server.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use super::stage::Stage;
use crate::support::peers;
use crate::support::sshd::Far;
use crate::support::systemd::UserManager;
use crate::support::world::{Run, World};

const PROGRAM: &str = include_str!("service.py");

/// The stage, and the manager that the logins of its server find.
pub struct Vps {
    pub stage: Stage,
    pub manager: UserManager,
    python: String,
    address: String,
}

/// An address of this machine that nobody else listens at, whatever the port.
fn address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("127.{}.{high}.{low}", 64 + next)
}

impl Vps {
    pub fn new() -> Option<Self> {
        Self::in_world(World::new())
    }

    /// In a world of one's choice; `None` where there is no systemd, server or python.
    pub fn in_world(world: World) -> Option<Self> {
        let program = peers::program("python3")?;
        let manager = UserManager::start()?;
        let stage = Stage::with(Far::Own, world)?;
        let enter = format!(
            "exec {} sh -c \"$SSH_ORIGINAL_COMMAND\"\n",
            manager.entry()
        );
        stage.sshd.profile(Far::Own, &enter);
        // a version manager in between would be slow
        let python = Command::new(program)
            .args(["-c", "import sys; print(sys.executable)"])
            .output()
            .unwrap();
        let vps = Self {
            python: String::from_utf8(python.stdout).unwrap().trim().to_owned(),
            address: address(),
            manager,
            stage,
        };
        fs::write(vps.stage.far("service.py"), PROGRAM).unwrap();
        Some(vps)
    }

    /// Writes the unit `app`; it reads `file` of the VPS.
    pub fn unit(&self, file: &str, more: &str) {
        let file = format!("EnvironmentFile={}", self.stage.far(file).display());
        self.unit_without_file(&format!("{file}\n{more}"));
    }

    pub fn unit_without_file(&self, more: &str) {
        let folder = self.stage.far("");
        let folder = folder.display();
        let text = format!(
            "Type=notify\nExecStart={} {folder}/service.py {folder} {} 8080\n{more}",
            self.python, self.address
        );
        self.manager.service("app", &text);
    }

    /// Its whole name.
    pub fn app(&self) -> String {
        self.manager.unit("app").unit
    }

    /// A target whose file is `app.env`, and which restarts the unit.
    pub fn target(&self, more: &str) -> String {
        let activate = format!(
            "    activate: {{ systemd: {}, user: true }}\n",
            self.app()
        );
        let head = self.stage.target("vps", "app.env", &activate);
        let head = head.replace(" }\n    activate", ", format: systemd }\n    activate");
        format!("{head}{more}")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}:8080{path}", self.address)
    }

    /// A probe with the secret, as a line of a target.
    pub fn probe(&self, path: &str, more: &str) -> String {
        format!(
            "    probe: {{ http: \"{}\", header: {{ X-Auth: \"${{AUTH}}\" }}{more} }}\n",
            self.url(path)
        )
    }

    /// What the service itself says that it runs with.
    pub fn runs_with(&self, name: &str) -> Option<String> {
        let mut stream = TcpStream::connect((self.address.as_str(), 8080)).unwrap();
        stream.write_all(b"GET /env HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let mut lines = answer.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }

    /// How often it was started.
    pub fn starts(&self) -> usize {
        self.lines("starts").len()
    }

    /// What it was asked, as `path status client`, but for our own looks.
    pub fn requests(&self) -> Vec<String> {
        let mut all = self.lines("requests");
        all.retain(|line| !line.starts_with("/env"));
        all
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.stage.far(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Somebody works on the VPS with systemctl.
    #[track_caller]
    pub fn systemctl(&self, words: &str) {
        let line = format!("{} systemctl --user {words}", self.manager.entry());
        let done = Command::new("sh").arg0("sh").args(["-c", &line]).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    }

    /// The file was written long after the service started, as far as clocks can tell.
    pub fn written_later(&self) -> jiff::Timestamp {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(30);
        let file = fs::File::options();
        let file = { file }.append(true).open(self.stage.far("app.env"));
        file.unwrap().set_modified(at.into()).unwrap();
        at
    }

    /// Runs the binary. Whatever comes of it, no secret is shown.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.stage.run(line).hides(CANARY)
    }

    /// Gives a variable of the manifest another value, over standard input.
    #[track_caller]
    pub fn set(&self, name: &str, value: &str) {
        let world = &self.stage.world;
        world.run_with(&format!("set {name}"), value).success();
    }

    #[track_caller]
    pub fn in_sync(&self) {
        self.run("plan --detailed-exitcode").success();
    }
}

/// What each value that nobody may see begins with.
pub const CANARY: &str = "c4nary-";

/// A world whose manifest has this secret, encrypted, as `AUTH`, and these targets.
pub fn secret(value: &str) -> World {
    World::with_env(&format!("AUTH={value}\n"))
}

/// Puts these targets in the place of those that the manifest has.
pub fn retarget(world: &World, targets: &str) {
    let text = world.read("manifests/dev.yaml");
    let begin = text.find("\ntargets:\n").unwrap();
    let end = text.find("\nkey: ").unwrap();
    let text = format!("{}\ntargets:\n{targets}{}", &text[..begin], &text[end..]);
    world.write("manifests/dev.yaml", text);
}
