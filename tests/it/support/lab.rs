//! Worlds with manifests of clear variables and dotenv files, and hands that do what a person does:
//! paste the command that was printed, answer at a terminal, use git.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::peers;
use super::world::{Run, World};

/// The manifest's text: variables as `(name, YAML value)`, each target as one line
/// `name: { file: …, variables: … }`.
pub fn manifest(name: &str, variables: &[(&str, &str)], targets: &[&str]) -> String {
    let mut text = format!("driftlock: 1\nname: {name}\nvariables:\n");
    for (name, value) in variables {
        text.push_str(&format!("  {name}: {value}\n"));
    }
    text.push_str("targets:\n");
    for target in targets {
        text.push_str(&format!("  {target}\n"));
    }
    text
}

/// A target `app` that keeps all these variables in `app.env`.
pub fn app(variables: &[(&str, &str)], more: &str) -> String {
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    format!("app: {{ file: {{ path: ../app.env }}, variables: [{names}]{more} }}")
}

impl World {
    /// Writes `manifests/dev.yaml` with these variables on one target, `app` at `app.env`.
    pub fn declare(&self, variables: &[(&str, &str)]) -> &Self {
        self.declare_with(variables, "")
    }

    /// The same with more keys of the target, for example `, prune: true`.
    pub fn declare_with(&self, variables: &[(&str, &str)], more: &str) -> &Self {
        self.declare_on(variables, &[&app(variables, more)])
    }

    /// The same on targets of their own.
    pub fn declare_on(&self, variables: &[(&str, &str)], targets: &[&str]) -> &Self {
        self.write("manifests/dev.yaml", manifest("dev", variables, targets));
        self
    }

    /// A world in which these variables were applied to `app.env`.
    pub fn applied(variables: &[(&str, &str)]) -> Self {
        Self::applied_with(variables, "")
    }

    /// The same with more keys of the target.
    pub fn applied_with(variables: &[(&str, &str)], more: &str) -> Self {
        let world = Self::new();
        world.declare_with(variables, more);
        world.run("apply --yes").success();
        world.in_sync();
        world
    }

    /// The next plan is empty, and says so in the machine's words too.
    #[track_caller]
    pub fn in_sync(&self) {
        self.run("plan --detailed-exitcode")
            .exits(0)
            .says("No changes.");
    }

    /// Pastes a printed command into a shell.
    pub fn paste(&self, line: &str) -> Run {
        let mut command = self.command([""; 0]);
        let binary = Path::new(command.get_program()).to_owned();
        let folder = binary.parent().expect("the binary has a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = [folder.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.path(""))
            .env_clear()
            .envs(environment)
            .env("PATH", std::env::join_paths(paths).expect("plain paths"))
            .stdin(std::process::Stdio::null());
        Run::of(command)
    }

    /// Runs `git` in the working folder.
    #[track_caller]
    pub fn git(&self, line: &str) -> Run {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "init.defaultBranch=main"])
            .args(line.split_whitespace())
            .current_dir(self.path(""))
            .env("HOME", self.root().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1");
        Run::of(command).success()
    }

    /// Runs at a terminal of so many columns and types `answer` at the first question. `None` where
    /// there is no python3 to make one.
    pub fn at_terminal(&self, columns: u16, line: &str, answer: &str) -> Option<Run> {
        let python = peers::program("python3")?;
        let plain = self.command(line.split_whitespace());
        let mut command = Command::new(python);
        command
            .args(["-c", TERMINAL, &columns.to_string(), answer])
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(self.path(""))
            .env_clear()
            .env("TERM", "xterm");
        for (name, value) in plain.get_envs() {
            command.env(name, value.expect("none is removed"));
        }
        Some(Run::of(command))
    }

    /// The file of the default target.
    pub fn app(&self) -> PathBuf {
        self.path("app.env")
    }
}

/// Forks on a pseudo terminal; both streams of the child come out of its standard output.
const TERMINAL: &str = r"
import fcntl, os, pty, signal, struct, sys, termios
columns, answer, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    size = struct.pack('HHHH', 40, columns, 0, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    # whoever began the tests in the background lets their children ignore it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)
seen, asked = b'', not answer
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not asked and b'[y/N]' in seen:
        os.write(terminal, answer.encode() + (b'' if answer == '\x03' else b'\n'))
        asked = True
sys.stdout.buffer.write(seen.replace(b'\r\n', b'\n'))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

impl Run {
    /// The command that was printed below `held by RAIL`.
    #[track_caller]
    pub fn release(&self, rail: &str) -> String {
        let held = format!("held by {rail}:");
        self.stdout
            .lines()
            .skip_while(|line| !line.contains(&held))
            .find_map(|line| line.trim_start().strip_prefix("$ "))
            .unwrap_or_else(|| panic!("no release of {rail} in\n{}", self.all()))
            .to_owned()
    }

    /// What is not to be in the output.
    #[track_caller]
    pub fn omits(self, words: &str) -> Self {
        assert!(
            !self.all().contains(words),
            "`{words}` is in\n{}",
            self.all()
        );
        self
    }
}
