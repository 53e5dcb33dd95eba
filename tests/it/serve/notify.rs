//! Notices to the service manager, compared with those of systemd's own program, and read by systemd
//! itself.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::Duration;

use driftlock::serve::{NOTIFY_VARIABLES, Notifier, NotifyError};

use crate::support::peers;
use crate::support::systemd::UserManager;
use crate::support::world::{Run, World};

/// The manager's end.
struct Manager {
    _folder: tempfile::TempDir,
    socket: UnixDatagram,
    name: OsString,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            socket,
            name: path.into(),
            _folder: folder,
        }
    }

    /// Everything that came, datagram by datagram.
    fn heard(&self) -> Vec<String> {
        let mut all = vec![];
        let mut said = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut said) {
            all.push(String::from_utf8(said[..length].to_vec()).unwrap());
        }
        all
    }
}

fn notifier(variables: &[(&str, &OsStr)]) -> Result<Notifier, NotifyError> {
    let variables: HashMap<&str, &OsStr> = variables.iter().copied().collect();
    Notifier::new(|name| variables.get(name).copied(), 42)
}

fn watching(manager: &Manager, usec: &str, pid: Option<&str>) -> Result<Notifier, NotifyError> {
    let mut variables = vec![
        ("NOTIFY_SOCKET", &*manager.name),
        ("WATCHDOG_USEC", OsStr::new(usec)),
    ];
    variables.extend(pid.map(|pid| ("WATCHDOG_PID", OsStr::new(pid))));
    notifier(&variables)
}

fn monotonic() -> u128 {
    let up = std::fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = up.split(' ').next().unwrap().parse().unwrap();
    Duration::from_secs_f64(seconds).as_micros()
}

#[test]
fn notices_as_the_protocol_has_them() {
    let manager = Manager::new();
    let notifier = notifier(&[("NOTIFY_SOCKET", &manager.name)]).unwrap();
    assert!(notifier.is_on());
    notifier.ready("3 targets").unwrap();
    notifier.status("one\ntwo\u{1b}\nREADY=0").unwrap();
    notifier.stopping("done").unwrap();
    assert_eq!(
        manager.heard(),
        [
            "READY=1\nSTATUS=3 targets\n",
            "STATUS=one\\ntwo\\u{1b}\\nREADY=0\n",
            "STOPPING=1\nSTATUS=done\n",
        ]
    );
    notifier.reloading("again").unwrap();
    let heard = manager.heard().remove(0);
    let rest = heard.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    let (usec, rest) = rest.split_once('\n').unwrap();
    assert_eq!(rest, "STATUS=again\n");
    // the clock of the kernel, not the time of day
    let gap = monotonic().abs_diff(usec.parse().unwrap());
    assert!(gap < 3_600_000_000, "{usec} is not of this clock");
}

#[test]
fn systemds_own_program_says_the_same() {
    let Some(program) = peers::program("systemd-notify") else {
        return;
    };
    let manager = Manager::new();
    let said = Command::new(program)
        // else it waits for an answer to a second notice
        .args(["--no-block", "--ready", "--status=3 targets"])
        .env("NOTIFY_SOCKET", &manager.name)
        .status()
        .unwrap();
    assert!(said.success());
    let fields = |heard: &[String]| -> Vec<String> {
        // it may name the process that it speaks for
        let lines = heard.iter().flat_map(|one| one.lines());
        let mut lines: Vec<String> = lines
            .filter(|line| !line.starts_with("MAINPID="))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let theirs = fields(&manager.heard());
    notifier(&[("NOTIFY_SOCKET", &manager.name)])
        .unwrap()
        .ready("3 targets")
        .unwrap();
    assert_eq!(fields(&manager.heard()), theirs);
}

#[test]
fn a_name_that_no_file_has() {
    let name = format!("driftlock-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let at = OsString::from(format!("@{name}"));
    notifier(&[("NOTIFY_SOCKET", &at)])
        .unwrap()
        .status("x")
        .unwrap();
    let mut said = [0; 64];
    let length = socket.recv(&mut said).unwrap();
    assert_eq!(&said[..length], b"STATUS=x\n");
}

#[test]
fn without_a_manager_nothing_happens() {
    let mut none = notifier(&[("WATCHDOG_USEC", OsStr::new("odd"))]).unwrap();
    assert!(!none.is_on());
    assert_eq!(none.beat_every(), None);
    none.ready("x").unwrap();
    none.beat().unwrap();
}

#[test]
fn beats_are_asked_for_by_the_manager_and_only_of_us() {
    let manager = Manager::new();
    for (usec, pid, every) in [
        ("30000000", None, Some(15)),
        ("30000000", Some("42"), Some(15)),
        ("30000000", Some("43"), None),
        ("30000000", Some("odd"), None),
    ] {
        let notifier = watching(&manager, usec, pid).unwrap();
        assert_eq!(
            notifier.beat_every(),
            every.map(Duration::from_secs),
            "{pid:?}"
        );
    }
    // not before a quarter of the time has gone by, however often the loop turns
    let mut notifier = watching(&manager, "3600000000", None).unwrap();
    for _ in 0..1000 {
        notifier.beat().unwrap();
    }
    assert_eq!(manager.heard(), ["WATCHDOG=1\n"]);
    let mut notifier = watching(&manager, "1", None).unwrap();
    for _ in 0..3 {
        notifier.beat().unwrap();
    }
    assert_eq!(manager.heard().len(), 3);
    // it does not beat by itself
    assert_eq!(manager.heard().len(), 0);
}

#[test]
fn what_no_manager_sets_is_told() {
    let manager = Manager::new();
    for usec in ["", "0", "-1", "1.5", "30s", "99999999999999999999"] {
        let error = watching(&manager, usec, None).unwrap_err();
        assert!(matches!(error, NotifyError::Watchdog), "{usec}: {error}");
    }
    for name in ["relative", "@", "/", "vsock:2:1", "unix:/x", "a/b"] {
        let error = notifier(&[("NOTIFY_SOCKET", OsStr::new(name))]).unwrap_err();
        assert!(matches!(error, NotifyError::Address), "{name}: {error}");
    }
    let long = OsString::from(format!("/{}", "a".repeat(300)));
    let error = notifier(&[("NOTIFY_SOCKET", &long)]).unwrap_err();
    assert!(matches!(error, NotifyError::System(_)), "{error}");
    // gone meanwhile: an error, and no panic
    let notifier = notifier(&[("NOTIFY_SOCKET", OsStr::new("/nowhere/notify"))]).unwrap();
    assert!(notifier.ready("x").is_err());
}

#[test]
fn a_manager_that_does_not_read_keeps_nobody() {
    let manager = Manager::new();
    let notifier = notifier(&[("NOTIFY_SOCKET", &manager.name)]).unwrap();
    // its queue is full at some time; then the notice is given up
    let given_up = (0..100_000).find(|_| notifier.status(&"x".repeat(1000)).is_err());
    assert!(given_up.is_some());
}

#[test]
fn programs_that_we_start_are_not_told_of_it() {
    let world = World::with_env("A=1\n");
    let seen = world.path("seen");
    let git = world.path("bin/git");
    world.write(
        "bin/git",
        format!("#!/bin/sh\nenv >> '{}'\nexit 1\n", seen.display()),
    );
    std::fs::set_permissions(&git, PermissionsExt::from_mode(0o755)).unwrap();
    let command = |words: &[&str]| {
        let mut command = world.command(words);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", world.path("bin").display()));
        for name in NOTIFY_VARIABLES {
            command.env(name, "/nowhere");
        }
        command
    };
    Run::of(command(&["diff", "HEAD"]));
    let text = std::fs::read_to_string(&seen).unwrap();
    assert!(text.contains("PATH="));
    assert!(
        NOTIFY_VARIABLES.iter().all(|name| !text.contains(name)),
        "{text}"
    );
    // one that takes our place speaks to the manager as we would
    let run = Run::of(command(&["run", "local", "--", "env"])).success();
    assert!(
        NOTIFY_VARIABLES
            .iter()
            .all(|name| run.stdout.contains(name))
    );
}

/// What the service of the next test runs: up, some beats, and then it hangs.
#[test]
fn a_service_that_hangs() {
    if std::env::var_os("DRIFTLOCK_TEST_HANGS").is_none() {
        return;
    }
    let variables: HashMap<OsString, OsString> = std::env::vars_os().collect();
    let of = |name: &str| variables.get(OsStr::new(name)).map(|value| &**value);
    let mut notifier = Notifier::new(of, std::process::id()).unwrap();
    let every = notifier.beat_every().expect("the manager watches");
    notifier.ready("2 targets, 1 drift").unwrap();
    for _ in 0..6 {
        notifier.beat().unwrap();
        std::thread::sleep(every);
    }
    notifier.status("hangs").unwrap();
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn systemd_waits_for_ready_and_ends_what_hangs() {
    let Some(manager) = UserManager::start() else {
        return;
    };
    let program = std::env::current_exe().unwrap();
    let text = format!(
        "Type=notify\nWatchdogSec=1\nTimeoutStartSec=30\nEnvironment=DRIFTLOCK_TEST_HANGS=1\n\
         ExecStart={} --exact serve::notify::a_service_that_hangs --nocapture",
        program.display()
    );
    manager.service("hangs", &text);
    let unit = manager.unit("hangs").unit;
    // returns when the service said that it is ready
    let ran = manager.systemctl(&["start", &unit]).await;
    assert!(ran.succeeded(), "the service is ready");
    let shown = async |property: &str| {
        let ran = manager
            .systemctl(&["show", "--value", "-p", property, &unit])
            .await;
        String::from_utf8_lossy(&ran.output).trim().to_owned()
    };
    assert_eq!(shown("ActiveState").await, "active");
    assert_eq!(shown("StatusText").await, "2 targets, 1 drift");
    // six beats are three times what the manager waits: it did not end it before
    let mut said = std::collections::BTreeSet::new();
    while shown("ActiveState").await == "active" {
        said.insert(shown("StatusText").await);
    }
    assert!(said.contains("hangs"), "{said:?}");
    assert_eq!(shown("Result").await, "watchdog");
}
