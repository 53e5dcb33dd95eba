//! What a program is given, and what is told of it: the same here and on any far side.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use driftlock::machine::{Call, LocalHost, MAX_OUTPUT_BYTES, Ran, Run, RunError, expand};

use crate::support::sshd::{Far, Sshd, kill};

pub(super) const FARS: [Far; 6] = [
    Far::Own,
    Far::Shell("bash"),
    Far::Shell("dash"),
    Far::Shell("zsh"),
    Far::Busybox,
    Far::Posix,
];

/// This machine, with what programs need of our environment and something that they must not get.
pub(super) fn here() -> LocalHost {
    let mut environment = vec![(OsString::from("NOT_THEIRS"), OsString::from("x"))];
    for name in ["PATH", "HOME", "USER", "LOGNAME"] {
        if let Some(value) = std::env::var_os(name) {
            environment.push((name.into(), value));
        }
    }
    LocalHost::with_environment(environment)
}

pub(super) async fn ran(host: &dyn Run, call: Call) -> Ran {
    match host.run(&call).await {
        Ok(ran) => ran,
        Err(error) => panic!("{call:?}: {error}"),
    }
}

pub(super) async fn said(host: &dyn Run, line: &str) -> String {
    let ran = ran(host, Call::shell(line)).await;
    assert_eq!(ran.status, 0, "{line}");
    String::from_utf8(ran.output.to_vec()).unwrap()
}

/// All bytes, among them what requests and answers are made of.
fn all_bytes(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(b"\ngo 0\nrun 1 0 0 9\n'\"$(exit)`exit`\n\r\n\0\n");
    bytes.iter().copied().cycle().take(length).collect()
}

async fn tells_how_it_ended(host: &dyn Run) {
    let both = "printf 'a\\000\\377\\n\\n'; printf 'b\\n' >&2; exit 7";
    let told = ran(host, Call::shell(both)).await;
    assert_eq!((told.status, told.succeeded()), (7, false));
    assert_eq!(told.output[..], b"a\0\xff\n\n"[..]);
    assert_eq!(told.errors[..], b"b\n"[..]);
    let killed = ran(host, Call::shell("kill -9 $$")).await;
    assert_eq!(killed.status, 137);
    for status in [0, 1, 126, 127, 255] {
        let told = ran(host, Call::shell(&format!("exit {status}"))).await;
        assert_eq!(told.status, status, "their own status is no error of ours");
    }
}

async fn gets_what_it_is_given(host: &dyn Run) {
    let arguments = [
        "",
        "-n",
        "--help",
        "two words",
        " around ",
        "'\"",
        "new\nline\n",
        "$HOME $(id) `id` ${x} $$",
        "back\\slash\\n\\0101",
        "*",
        "%s",
        ";|&<>",
        "tab\t\u{7}\u{1b}[31m\u{7f}",
        "ß→🔑\u{85}\u{fdd0}",
    ];
    let mut all = vec!["-c", "printf '%s\\0' \"$@\"", "sh"];
    all.extend(arguments);
    let told = ran(host, Call::new("sh", all)).await;
    let expected: String = arguments.iter().map(|text| format!("{text}\0")).collect();
    assert_eq!(String::from_utf8(told.output.to_vec()).unwrap(), expected);
    for length in [0, 1, 70_000, MAX_OUTPUT_BYTES] {
        let bytes = all_bytes(length);
        let told = ran(host, Call::new("cat", [""; 0]).reading(bytes.clone())).await;
        assert!(told.output[..] == bytes[..], "{length}");
        // one that wants none of it
        let told = ran(host, Call::new("true", [""; 0]).reading(bytes)).await;
        assert_eq!((told.status, told.output.len()), (0, 0), "{length}");
    }
    assert_eq!(said(host, "cat; pwd").await, "/\n");
    assert_eq!(
        said(host, "(echo x >&3) 2>&-; (echo x >&4) 2>&-; :").await,
        ""
    );
}

async fn has_a_small_environment(host: &dyn Run) {
    let told = ran(host, Call::new("env", [""; 0])).await;
    let text = String::from_utf8(told.output.to_vec()).unwrap();
    let mut home = false;
    for line in text.lines() {
        let (name, value) = line.split_once('=').unwrap();
        home |= name == "HOME" && value == host.home().await.unwrap().to_str().unwrap();
        assert!(!value.is_empty(), "{line}");
        match name {
            "LC_ALL" => assert_eq!(value, "C"),
            "PATH"
            | "HOME"
            | "USER"
            | "LOGNAME"
            | "XDG_RUNTIME_DIR"
            | "DBUS_SESSION_BUS_ADDRESS" => {}
            _ => panic!("{line}"),
        }
    }
    assert!(home && text.contains("PATH=") && text.contains("LC_ALL=C"));
}

async fn is_not_there(host: &dyn Run, folder: &Path) {
    let file = folder.join("file");
    fs::write(&file, "x").unwrap();
    let (file, folder) = (file.to_str().unwrap(), folder.to_str().unwrap());
    for program in [
        "no-such-program",
        "/no/such",
        "alias",
        "get",
        "-x",
        "a b\n",
        "$(id)",
    ] {
        let none = host.run(&Call::new(program, ["x"])).await.unwrap_err();
        let program = program.to_owned();
        assert_eq!(none, RunError::NotFound { program });
        assert!(!none.in_doubt() && none.help().is_some());
    }
    for program in [file, folder] {
        let call = Call::new(program, ["x"]).reading("input");
        let denied = host.run(&call).await.unwrap_err();
        let program = program.to_owned();
        assert_eq!(denied, RunError::Denied { program });
    }
    let long = Call::new("cat", [""; 0]).reading(vec![0; MAX_OUTPUT_BYTES + 1]);
    for call in [Call::new("", [""; 0]), Call::new("cat", ["a\0b"]), long] {
        let impossible = host.run(&call).await.unwrap_err();
        assert!(
            matches!(impossible, RunError::System { .. }),
            "{impossible}"
        );
    }
}

async fn prints_without_end(host: &dyn Run) {
    for end in ["", " >&2"] {
        let line = format!("dd if=/dev/zero bs=1048576 count=100{end} 2>/dev/null; echo x{end}");
        let line = line.replace(" >&2 2>/dev/null", " 2>/dev/null >&2");
        let begin = Instant::now();
        let told = ran(host, Call::shell(&line)).await;
        let kept = [told.output.len(), told.errors.len()];
        let expected = if end.is_empty() {
            [MAX_OUTPUT_BYTES, 0]
        } else {
            kept
        };
        assert_eq!((told.status, kept), (0, expected));
        println!("100 MiB: {:.1?}", begin.elapsed());
    }
}

async fn leaves_something_running(host: &dyn Run, folder: &Path) {
    let (file, go) = (folder.join("late"), folder.join("go"));
    let line = format!(
        "(until [ -e '{1}' ]; do sleep 0.1 || sleep 1; done; echo a; echo b; echo c >&2; echo ok >'{0}') & echo $!",
        file.display(),
        go.display()
    );
    let begin = Instant::now();
    let told = said(host, &line).await;
    let daemon: u32 = told.trim().parse().unwrap();
    assert!(
        begin.elapsed() < Duration::from_secs(8),
        "nobody waits for it"
    );
    assert!(Path::new(&format!("/proc/{daemon}")).exists());
    // others come through meanwhile
    assert_eq!(said(host, "echo on").await, "on\n");
    fs::write(&go, "").unwrap();
    soon("it lives on, and may print", || file.exists()).await;
    fs::remove_file(&go).unwrap();
    fs::remove_file(&file).unwrap();
}

/// Waits for something that happens by itself.
pub(super) async fn soon(what: &str, happened: impl Fn() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_ended(host: &dyn Run, folder: &Path, all_of_it: bool) {
    let pids = folder.join("pids");
    let line = format!(
        "trap '' TERM; sleep 60 & echo $! >'{0}.new'; echo $$ >>'{0}.new'; mv '{0}.new' '{0}'; wait; wait; sleep 60",
        pids.display()
    );
    let call = Call::shell(&line).within(Duration::from_millis(700));
    let begin = Instant::now();
    let slow = host.run(&call).await.unwrap_err();
    assert!(
        matches!(slow, RunError::Slow { .. }) && slow.in_doubt(),
        "{slow}"
    );
    assert!(
        begin.elapsed() < Duration::from_secs(9),
        "{:?}",
        begin.elapsed()
    );
    let text = fs::read_to_string(&pids).unwrap();
    let mut pids: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    let own = pids.pop().unwrap();
    let gone = |id: u32| {
        let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    soon("it is killed", || gone(own)).await;
    for other in pids {
        if all_of_it {
            soon("what it started too", || gone(other)).await;
        } else {
            kill(other);
        }
    }
    assert_eq!(said(host, "echo on").await, "on\n");
}

async fn battery(host: &dyn Run, all_of_it: bool) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    tells_how_it_ended(host).await;
    gets_what_it_is_given(host).await;
    has_a_small_environment(host).await;
    is_not_there(host, folder).await;
    prints_without_end(host).await;
    leaves_something_running(host, folder).await;
    is_ended(host, folder, all_of_it).await;
}

#[tokio::test]
async fn programs_run_here() {
    battery(&here(), true).await;
}

#[tokio::test]
async fn a_home_is_known_or_it_is_not() {
    let none = LocalHost::new();
    assert_eq!(none.home().await, Err(RunError::NoHome));
    assert!(expand(&none, "~/a").await.is_err());
    assert_eq!(expand(&none, "/a").await.unwrap(), Path::new("/a"));
    let relative = vec![("HOME".into(), "a".into())];
    let relative = LocalHost::with_environment(relative);
    assert_eq!(relative.home().await, Err(RunError::NoHome));
    let some = LocalHost::with_environment(vec![("HOME".into(), "/h".into())]);
    assert_eq!(expand(&some, "~/a").await.unwrap(), Path::new("/h/a"));
    assert_eq!(expand(&some, "~a").await.unwrap(), Path::new("~a"));
}

async fn runs_over_ssh(far: Far) {
    let Some(sshd) = Sshd::start(far) else {
        return;
    };
    battery(&sshd.host(), far != Far::Posix).await;
    assert_eq!(sshd.logins(), 1, "all of it over one connection");
}

#[tokio::test]
async fn programs_run_under_the_own_shell() {
    runs_over_ssh(FARS[0]).await;
}

#[tokio::test]
async fn programs_run_under_bash() {
    runs_over_ssh(FARS[1]).await;
}

#[tokio::test]
async fn programs_run_under_dash() {
    runs_over_ssh(FARS[2]).await;
}

#[tokio::test]
async fn programs_run_under_zsh() {
    runs_over_ssh(FARS[3]).await;
}

#[tokio::test]
async fn programs_run_under_busybox() {
    runs_over_ssh(FARS[4]).await;
}

#[tokio::test]
async fn programs_run_under_plain_posix() {
    runs_over_ssh(FARS[5]).await;
}
