//! A connection that ends at any moment of a replace leaves the old file or the new one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use driftlock::machine::ssh::{SshError, SshHost};
use driftlock::machine::{FileError, FileHost, LocalHost, ReplaceError, version_of};
use zeroize::Zeroizing;

use crate::support::sshd::{Far, Sshd, children, kill};

const LETTERS: usize = 200 * 1024;

fn content(letter: u8) -> Vec<u8> {
    let mut content = b"A=".to_vec();
    content.resize(LETTERS, letter);
    content.extend_from_slice(b"\nEND=1\n");
    content
}

/// The letter of a file that is whole.
fn require_whole(path: &Path) -> u8 {
    let bytes = fs::read(path).unwrap();
    assert!(
        bytes == content(bytes[2]),
        "neither the old file nor the new one"
    );
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o640);
    bytes[2]
}

async fn put(host: &SshHost, path: &Path, letter: u8) -> Result<(), ReplaceError> {
    let seen = host.read(path).await?.version();
    let new = Zeroizing::new(content(letter));
    host.replace(path, &seen, new).await
}

/// Where the axe falls.
#[derive(Debug, Clone, Copy)]
enum Axe {
    Client,
    Server,
    Shell,
}

fn swing(axe: Axe, sshd: &Sshd) {
    let below = sshd.children();
    match axe {
        Axe::Client => {
            let id = fs::read_to_string(sshd.path("ssh.pid")).unwrap_or_default();
            if let Ok(id) = id.trim().parse() {
                kill(id);
            }
        }
        Axe::Server => below.first().copied().into_iter().for_each(kill),
        Axe::Shell => {
            let is_sh = |id: &&u32| {
                let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
                matches!(name.trim(), "sh" | "dash" | "bash" | "busybox")
            };
            below.iter().filter(is_sh).copied().for_each(kill);
        }
    }
}

/// On each of two far sides. Whole applies are killed more often, in `hosts::killed`.
fn kills() -> usize {
    let long = std::env::var_os("DRIFTLOCK_LONG").is_some();
    if long { 100 } else { 10 }
}

async fn survives(far: Far, kills: usize) {
    let Some(sshd) = Sshd::start(far) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, content(b'a')).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let mut settings = sshd.connect();
    settings.program = Some(sshd.wrapper());
    let host = SshHost::new(settings);
    let whole = duration(&host, &path).await;
    let (mut told, mut doubts, mut refusals) = (0, 0, 0);
    for round in 0..kills {
        let axe = [Axe::Client, Axe::Server, Axe::Shell][round % 3];
        let before = require_whole(&path);
        let letter = b'a' + u8::try_from(round % 25).unwrap();
        let seen = host.read(&path).await.unwrap().version();
        assert_eq!(seen, version_of(&content(before)));
        let moment = whole.mul_f64(rand::random::<f64>());
        let replacing = host.replace(&path, &seen, Zeroizing::new(content(letter)));
        let killing = async {
            tokio::time::sleep(moment).await;
            swing(axe, &sshd);
        };
        let (outcome, ()) = tokio::join!(replacing, killing);
        let now = require_whole(&path);
        match outcome {
            Ok(()) => {
                assert_eq!(now, letter, "{axe:?}: done is done");
                told += 1;
            }
            Err(ReplaceError::InDoubt(FileError::Ssh(SshError::Lost { .. }))) => doubts += 1,
            Err(ReplaceError::Refused(FileError::Ssh(_))) => {
                assert_eq!(now, before, "{axe:?}: refused is not done");
                refusals += 1;
            }
            Err(other) => panic!("{axe:?}: {other:?}"),
        }
        // the next run converges
        converge(&host, &path, b'z').await;
        assert_eq!(require_whole(&path), b'z');
    }
    converge(&host, &path, b'y').await;
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, [".env"], "leftovers are gone");
    // what had not been allowed yet was done again over a new connection
    let logins = sshd.logins();
    println!(
        "{far:?}: {told} done, {doubts} in doubt, {refusals} refused, over {logins} connections"
    );
    assert!(told + doubts + refusals == kills && logins > kills / 2);
}

/// How long a replace takes, so that the moments lie within it.
async fn duration(host: &SshHost, path: &Path) -> Duration {
    let mut shortest = Duration::MAX;
    for letter in b'b'..b'g' {
        let seen = host.read(path).await.unwrap().version();
        let new = Zeroizing::new(content(letter));
        let begin = Instant::now();
        host.replace(path, &seen, new).await.unwrap();
        shortest = shortest.min(begin.elapsed());
    }
    shortest
}

/// Writes; what an orphan on the far side still holds is waited for.
async fn converge(host: &SshHost, path: &Path, letter: u8) {
    loop {
        match put(host, path, letter).await {
            Ok(()) => return,
            Err(ReplaceError::Stale | ReplaceError::Refused(FileError::Locked { .. })) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn any_moment_with_flock() {
    survives(Far::Own, kills()).await;
}

#[tokio::test]
async fn any_moment_with_busybox() {
    survives(Far::Busybox, kills()).await;
}

#[tokio::test]
async fn leftovers_of_the_dead_go_and_those_of_the_living_stay() {
    let Some(sshd) = Sshd::start(Far::Posix) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, content(b'a')).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let dead = dead_process();
    let living = std::process::id();
    let name = |process: u32| format!(".driftlock-{process}-0123456789abcdef.tmp");
    for process in [dead, living] {
        let left = folder.path().join(name(process));
        fs::create_dir(&left).unwrap();
        fs::write(left.join("new"), "A=half").unwrap();
    }
    let foreign = folder.path().join(".driftlock-notes.tmp");
    fs::create_dir(&foreign).unwrap();
    let lock = folder.path().join(".driftlock.lock");
    let here = String::from_utf8(
        std::process::Command::new("uname")
            .arg("-n")
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    std::os::unix::fs::symlink(format!("{dead}@{}", here.trim()), &lock).unwrap();
    let host = sshd.host();
    put(&host, &path, b'b').await.unwrap();
    assert_eq!(require_whole(&path), b'b');
    assert!(!folder.path().join(name(dead)).exists());
    assert!(folder.path().join(name(living)).join("new").exists());
    assert!(foreign.exists() && !lock.is_symlink());

    for holder in [
        format!("{living}@{}", here.trim()),
        "1@elsewhere".to_owned(),
    ] {
        std::os::unix::fs::symlink(&holder, &lock).unwrap();
        let locked = put(&host, &path, b'c').await;
        let expected = FileError::Locked {
            path: path.canonicalize().unwrap(),
        };
        assert_eq!(locked, Err(ReplaceError::Refused(expected)), "{holder}");
        assert_eq!(fs::read_link(&lock).unwrap(), Path::new(&holder));
        fs::remove_file(&lock).unwrap();
    }
    assert_eq!(require_whole(&path), b'b');
}

/// The id of a process that is gone.
fn dead_process() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[tokio::test]
async fn a_run_on_the_machine_itself_and_one_over_ssh_lock_each_other_out() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    if crate::support::peers::program("flock").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, "A=1\n").unwrap();
    let held = fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let host = sshd.host();
    let locked = put(&host, &path, b'c').await;
    assert!(
        matches!(locked, Err(ReplaceError::Refused(FileError::Locked { .. }))),
        "{locked:?}"
    );
    held.unlock().unwrap();
    put(&host, &path, b'c').await.unwrap();
    let local = LocalHost::new();
    assert_eq!(
        local.read(&path).await.unwrap().version(),
        version_of(&content(b'c'))
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_made_again() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let host = sshd.host();
    put(&host, &path, b'a').await.unwrap();
    swing(Axe::Server, &sshd);
    put(&host, &path, b'b').await.unwrap();
    swing(Axe::Shell, &sshd);
    let seen = host.read(&path).await.unwrap().version();
    swing(Axe::Shell, &sshd);
    let new = Zeroizing::new(content(b'c'));
    host.replace(&path, &seen, new).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), content(b'c'));
    assert_eq!(sshd.logins(), 4);
}

#[tokio::test]
async fn a_far_side_that_hangs_is_given_up() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, "A=1\n").unwrap();
    let mut settings = sshd.connect();
    settings.command_timeout = Duration::from_secs(2);
    let host = SshHost::new(settings);
    host.read(&path).await.unwrap();
    let stopped: Vec<u32> = sshd.children();
    for process in &stopped {
        signal(*process, "-STOP");
    }
    let error = host.read(&path).await.unwrap_err();
    assert!(
        matches!(error, FileError::Ssh(SshError::Slow { .. })),
        "{error:?}"
    );
    for process in stopped {
        signal(process, "-CONT");
    }
    host.read(&path).await.unwrap();
    assert!(children(std::process::id()).len() < 50);
}

fn signal(process: u32, signal: &str) {
    let sent = std::process::Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}
