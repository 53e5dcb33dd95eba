//! `edit` ended at chosen moments of its editor, by every signal, alone and with its whole process
//! group: nothing is left in clear, and what the editor had saved is kept.
#![expect(clippy::print_stdout, reason = "what was tried")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::stage::{NEW, Stage, below};
use crate::support::shop::TOKEN;

/// Where the editor waits, in its order.
const MOMENTS: [&str; 4] = ["begun", "saved", "dropped", "over"];

/// Who is ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Kill,
    KillAll,
    Terminate,
    HangUp,
    Interrupt,
    InterruptAll,
}

/// An `edit` under way, with the three pipes by which a test follows it.
struct Running {
    child: Child,
    said: PathBuf,
    go: File,
    alive: PathBuf,
}

pub(super) fn fifo(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

/// The command in a shell that gives it, and everybody whom it starts, one end of a pipe: the other
/// end is at its end when the last of them is gone.
pub(super) fn leashed(inner: &Command, alive: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "exec 9>\"$0\"; exec \"$@\""])
        .arg(alive)
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

fn start(stage: &Stage) -> Running {
    let folder = stage.world.root();
    let (said, go, alive) = (
        fifo(folder, "said"),
        fifo(folder, "go"),
        fifo(folder, "alive"),
    );
    let wait = |moment: &str| {
        format!(
            "echo {moment} > '{}'; read x < '{}'",
            said.display(),
            go.display()
        )
    };
    let lines = [
        wait("begun"),
        Stage::renew(),
        wait("saved"),
        // what editors leave beside a file
        "d=$(dirname \"$1\"); cp \"$1\" \"$1~\"; cp \"$1\" \"$d/.dev.yaml.swp\"; mkdir \"$d/undo\"; cp \"$1\" \"$d/undo/%dev\"; cp \"$1\" \"$TMPDIR/v1\"".to_owned(),
        wait("dropped"),
        "printf '# the end\\n' >> \"$1\"".to_owned(),
        wait("over"),
    ];
    let inner = stage.command("edit", &stage.editor(&lines.join("\n")));
    let mut command = leashed(&inner, &alive);
    let child = command.process_group(0).spawn().unwrap();
    // opened for both, so that neither side waits for the other
    let go = OpenOptions::new().read(true).write(true).open(go).unwrap();
    Running {
        child,
        said,
        go,
        alive,
    }
}

impl Running {
    /// Goes on to this moment of the editor.
    fn comes_to(&mut self, wanted: &str) {
        loop {
            let mut said = String::new();
            File::open(&self.said)
                .unwrap()
                .read_to_string(&mut said)
                .unwrap();
            if said.trim() == wanted {
                return;
            }
            self.go.write_all(b"\n").unwrap();
        }
    }

    fn end(&self, end: End) {
        let pid = Pid::from_child(&self.child);
        match end {
            End::Kill => kill_process(pid, Signal::KILL),
            End::KillAll => kill_process_group(pid, Signal::KILL),
            End::Terminate => kill_process(pid, Signal::TERM),
            End::HangUp => kill_process(pid, Signal::HUP),
            End::Interrupt => kill_process(pid, Signal::INT),
            End::InterruptAll => kill_process_group(pid, Signal::INT),
        }
        .unwrap();
    }
}

/// Waits until nobody holds the other end any more.
pub(super) fn all_gone(alive: &Path) {
    let mut nothing = vec![];
    File::open(alive)
        .unwrap()
        .read_to_end(&mut nothing)
        .unwrap();
    assert!(nothing.is_empty());
}

fn ended_at(moment: usize, end: End) {
    let stage = Stage::new();
    let before = stage.manifest();
    let mut running = start(&stage);
    // the reader of this pipe must be there before its writers are gone
    let alive = running.alive.clone();
    let watcher = std::thread::spawn(move || all_gone(&alive));
    running.comes_to(MOMENTS[moment]);
    let folder = stage.memory.path();
    let rooms = below(folder).into_iter().filter(|path| path.is_dir());
    let rooms: Vec<_> = rooms
        .filter(|path| path.display().to_string().contains("driftlock-edit-"))
        .collect();
    assert!(
        !rooms.is_empty(),
        "the text lies in memory while it is edited"
    );
    running.end(end);
    let code = {
        let Running {
            mut child,
            said,
            mut go,
            ..
        } = running;
        let _said = OpenOptions::new()
            .read(true)
            .write(true)
            .open(said)
            .unwrap();
        go.write_all("\n".repeat(MOMENTS.len()).as_bytes()).unwrap();
        let code = child.wait().unwrap().code();
        watcher.join().unwrap();
        code
    };
    let when = format!("{end:?} at {}", MOMENTS[moment]);
    // the pipes are no files to look into
    for name in ["said", "go", "alive"] {
        std::fs::remove_file(stage.world.root().join(name)).unwrap();
    }
    stage.is_clean(&when);
    let saved = moment >= 1;
    match end {
        // Ctrl-C is the editor's own business
        End::Interrupt => {
            assert_eq!(code, Some(0), "{when}");
            assert!(stage.drafts().is_empty(), "{when}");
            assert_eq!(stage.token(), NEW, "{when}");
            return;
        }
        End::Kill | End::KillAll => assert_eq!(code, None, "{when}"),
        _ => assert_eq!(code, Some(1), "{when}"),
    }
    assert_eq!(stage.manifest(), before, "{when}");
    if saved || !stage.drafts().is_empty() {
        assert_eq!(stage.drafts().len(), 1, "{when}: what was saved is kept");
        stage.runs("edit --resume", "true").success();
        assert_eq!(stage.token(), NEW, "{when}");
    } else {
        stage.edit("true").success();
        assert_eq!(stage.token(), TOKEN, "{when}");
    }
    assert!(stage.drafts().is_empty(), "{when}");
}

fn by(end: End) {
    for moment in 0..MOMENTS.len() {
        ended_at(moment, end);
    }
    println!("{end:?}: {} moments of the editor", MOMENTS.len());
}

#[test]
fn killed_alone() {
    by(End::Kill);
}

#[test]
fn killed_with_its_group() {
    by(End::KillAll);
}

#[test]
fn asked_to_end() {
    by(End::Terminate);
    by(End::HangUp);
}

#[test]
fn interrupted() {
    by(End::Interrupt);
    by(End::InterruptAll);
}

/// Both at once: then the text lies there until the next edit, in memory.
#[cfg(target_os = "linux")]
#[test]
fn the_next_edit_removes_what_two_dead_processes_left() {
    let stage = Stage::new();
    let mut running = start(&stage);
    let alive = running.alive.clone();
    let watcher = std::thread::spawn(move || all_gone(&alive));
    running.comes_to("saved");
    let children = format!("/proc/{0}/task/{0}/children", running.child.id());
    let children = std::fs::read_to_string(children).unwrap();
    for child in children.split_whitespace() {
        let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
    }
    running.end(End::Kill);
    for child in children.split_whitespace() {
        let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }
    running.child.wait().unwrap();
    watcher.join().unwrap();
    let left = |stage: &Stage| {
        below(stage.memory.path())
            .iter()
            .any(|path| path.ends_with("dev.yaml"))
    };
    assert!(left(&stage), "nobody was there to remove it");
    for name in ["said", "go", "alive"] {
        std::fs::remove_file(stage.world.root().join(name)).unwrap();
    }
    // somebody else's edit that is under way is left alone: its lock is held
    stage.edit("true").success();
    assert!(!left(&stage));
}
