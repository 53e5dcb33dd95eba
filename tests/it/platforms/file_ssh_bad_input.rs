//! Hosts and files that cannot be worked on over SSH: one clear message each, nothing changed,
//! nothing left behind.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use driftlock::machine::ssh::{SshError, SshHost, SshSettings};
use driftlock::machine::{FileError, FileHost, ReplaceError, version_of, version_of_absent};
use driftlock::model::{Destination, Sudo};
use zeroize::Zeroizing;

use super::contract::CANARY;
use crate::support::peers;
use crate::support::sshd::{Far, HOST, Sshd, make_key, script};

/// A user who is in no list of users.
const SOMEBODY: u32 = 54_321;

async fn failure(settings: SshSettings) -> SshError {
    let host = SshHost::new(settings);
    let error = host.read(Path::new("/tmp/x")).await.unwrap_err();
    let FileError::Ssh(error) = error else {
        panic!("{error}");
    };
    let text = error.to_string();
    assert!(
        !text.contains(['\n', '\r', '\x1b']) && !text.ends_with('.'),
        "{text}"
    );
    assert!(!error.help().is_empty());
    error
}

fn elsewhere(sshd: &Sshd, destination: &str) -> SshSettings {
    let mut settings = sshd.connect();
    settings.destination = destination.parse().unwrap();
    settings
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_are_told_apart() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let unknown = failure(elsewhere(&sshd, "no-such-host.invalid")).await;
    let host = "no-such-host.invalid".to_owned();
    assert_eq!(unknown, SshError::UnknownHost { host });
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let refused = failure(elsewhere(&sshd, &format!("127.0.0.1:{port}"))).await;
    assert!(matches!(refused, SshError::Refused { .. }), "{refused:?}");
    assert!(refused.retry_after().is_some());

    // it takes the connection and says nothing
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = elsewhere(&sshd, &format!("127.0.0.1:{port}"));
    settings.connect_timeout = Duration::from_secs(1);
    let began = Instant::now();
    let slow = failure(settings).await;
    assert!(
        matches!(
            slow,
            SshError::TimedOut { .. } | SshError::Unanswered { .. }
        ),
        "{slow:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(10));

    let mut settings = sshd.connect();
    settings.program = Some("/no/such/ssh".into());
    let none = failure(settings).await;
    assert!(matches!(none, SshError::NoProgram { .. }), "{none:?}");
    sshd.configure("NoSuchSetting yes");
    let settings = failure(sshd.connect()).await;
    assert!(
        matches!(settings, SshError::Settings { .. }),
        "{settings:?}"
    );
}

#[tokio::test]
async fn a_host_key_that_changed_or_that_nobody_knows_stops_the_host() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    sshd.know("");
    let unknown = failure(sshd.connect()).await;
    assert!(
        matches!(unknown, SshError::HostKeyUnknown { .. }),
        "{unknown:?}"
    );
    make_key(&sshd.path("other"));
    sshd.know(&fs::read_to_string(sshd.path("other.pub")).unwrap());
    let host = SshHost::new(sshd.connect());
    let changed = host.read(Path::new("/tmp/x")).await.unwrap_err();
    assert!(
        matches!(&changed, FileError::Ssh(SshError::HostKeyChanged { host }) if host.contains(&sshd.port().to_string())),
        "{changed:?}"
    );
    assert!(
        changed
            .help()
            .unwrap()
            .contains("ssh-keygen -R '[127.0.0.1]:")
    );
    assert!(changed.retry_after().is_none());
    // for the rest of this run
    sshd.know_host();
    assert_eq!(host.read(Path::new("/tmp/x")).await.unwrap_err(), changed);
    sshd.host().read(Path::new("/tmp/x")).await.unwrap();

    // the user's own settings would go on
    sshd.know(&fs::read_to_string(sshd.path("other.pub")).unwrap());
    sshd.configure("StrictHostKeyChecking no");
    let changed = failure(sshd.connect()).await;
    assert!(
        matches!(changed, SshError::HostKeyChanged { .. }),
        "{changed:?}"
    );
}

#[tokio::test]
async fn a_denied_login_names_the_user_it_tried() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    fs::write(sshd.path("authorized_keys"), "").unwrap();
    let mut settings = sshd.connect();
    settings.destination = format!("deploy@{HOST}").parse().unwrap();
    let denied = failure(settings).await;
    let expected = SshError::Denied {
        host: format!("deploy@{HOST}"),
        user: Some("deploy".to_owned()),
        methods: Some("publickey".to_owned()),
    };
    assert_eq!(denied, expected);
}

#[tokio::test]
async fn a_login_without_a_shell_is_told() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    for profile in [
        "echo 'This service allows sftp connections only.'; exit 1",
        "exit 0",
        "kill -9 $$",
    ] {
        sshd.profile(Far::Own, profile);
        let none = failure(sshd.connect()).await;
        assert!(
            matches!(none, SshError::NoShell { .. }),
            "{profile}: {none:?}"
        );
    }
    sshd.profile(Far::Own, "cat >/dev/null");
    let mut settings = sshd.connect();
    settings.connect_timeout = Duration::from_secs(2);
    let none = failure(settings).await;
    assert!(matches!(none, SshError::NoShell { .. }), "{none:?}");
    sshd.profile(Far::Posix, "");
    fs::remove_file(sshd.path("tools/cmp")).unwrap();
    let tool = failure(sshd.connect()).await;
    assert!(
        matches!(&tool, SshError::NoTool { tools, .. } if tools == "cmp"),
        "{tool:?}"
    );
}

#[tokio::test]
async fn what_sudo_says_is_told_apart() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    fs::create_dir(sshd.path("sudo")).unwrap();
    let profile = format!("PATH='{}':$PATH", sshd.path("sudo").display());
    sshd.profile(Far::Own, &profile);
    let sudo = sshd.path("sudo/sudo");
    let settings = || {
        let mut settings = sshd.connect();
        settings.sudo = Sudo::Root;
        settings
    };
    script(
        &sudo,
        "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n",
    );
    let password = failure(settings()).await;
    assert!(
        matches!(password, SshError::SudoPassword { .. }),
        "{password:?}"
    );
    script(
        &sudo,
        "#!/bin/sh\necho 'deploy is not in the sudoers file.' >&2\nexit 1\n",
    );
    let denied = failure(settings()).await;
    assert!(matches!(denied, SshError::SudoDenied { .. }), "{denied:?}");
    // what it is asked to do is what it would be allowed to do
    script(
        &sudo,
        "#!/bin/sh\n[ \"$1 $2\" = '-n --' ] || exit 1\nshift 2\nexec \"$@\"\n",
    );
    let host = SshHost::new(settings());
    host.read(Path::new("/tmp/x")).await.unwrap();
    script(
        &sudo,
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = '-n -u app --' ] || exit 1\nshift 4\nexec \"$@\"\n",
    );
    let mut as_user = settings();
    as_user.sudo = Sudo::User("app".parse().unwrap());
    let host = SshHost::new(as_user);
    host.read(Path::new("/tmp/x")).await.unwrap();
    sshd.profile(Far::Posix, "");
    let none = failure(settings()).await;
    assert!(matches!(none, SshError::NoSudo { .. }), "{none:?}");
}

#[tokio::test]
async fn a_host_that_is_down_is_waited_for_once() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut settings = elsewhere(&sshd, &format!("127.0.0.1:{port}"));
    settings.connect_timeout = Duration::from_secs(2);
    let host = SshHost::new(settings);
    let began = Instant::now();
    let reads = (0..20).map(|_| host.read(Path::new("/tmp/x")));
    let reads = futures_util::future::join_all(reads).await;
    assert!(reads.iter().all(Result::is_err));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_destination_is_nothing_else() {
    for text in [
        "-oProxyCommand=id",
        "a b",
        "a'b",
        "a\nb",
        "a\"b",
        "$(id)",
        "",
    ] {
        assert!(text.parse::<Destination>().is_err(), "{text}");
    }
}

async fn read_error(host: &SshHost, path: &Path) -> FileError {
    let error = host.read(path).await.unwrap_err();
    let written = host
        .replace(path, &version_of_absent(), Zeroizing::new(CANARY.into()))
        .await;
    assert!(!format!("{written:?}").contains(CANARY));
    assert_eq!(written, Err(ReplaceError::Refused(error.clone())));
    error
}

#[tokio::test]
async fn unreadable_places_are_told_apart() {
    for far in [Far::Own, Far::Busybox, Far::Posix] {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        let path = |name: &str| root.join(name);
        fs::create_dir(path("folder")).unwrap();
        fs::write(path("file"), "A=1\n").unwrap();
        symlink("nothing", path("dangling")).unwrap();
        symlink("loop", path("loop")).unwrap();
        symlink("roundabout/x", path("roundabout")).unwrap();
        let pipe = Command::new("mkfifo").arg(path("pipe")).status();
        assert!(pipe.unwrap().success());
        let _socket = UnixListener::bind(path("socket")).unwrap();
        for (place, expected) in [
            (path("folder"), "is a directory, not a regular file"),
            (path("pipe"), "is a named pipe"),
            (path("socket"), "is a socket"),
            (PathBuf::from("/dev/null"), "is a device"),
            (path("none/.env"), "does not exist"),
            (path("file/.env"), "is not a folder"),
            (path("dangling"), "which does not exist"),
            (path("loop"), "is a symbolic link to another symbolic link"),
            (path("roundabout/x"), "too many symbolic links"),
            (PathBuf::from("relative"), "is not an absolute path"),
            (PathBuf::from("/"), "is not an absolute path of a file"),
            (path("a\0b"), "is not an absolute path"),
        ] {
            let error = read_error(&host, &place).await;
            assert!(
                error.to_string().contains(expected),
                "{far:?} {place:?}: {error}"
            );
            assert!(error.help().is_some(), "{place:?}");
        }
        File::create(path("huge"))
            .unwrap()
            .set_len(100 << 20)
            .unwrap();
        let huge = host.read(&path("huge")).await.unwrap_err();
        assert!(huge.to_string().contains("has 104857600 bytes"), "{huge}");
        assert_eq!(sshd.logins(), 1);
    }
}

#[tokio::test]
async fn what_another_user_could_swap_is_refused() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
    let root = folder.path().canonicalize().unwrap();
    let open = root.join("open");
    fs::create_dir(&open).unwrap();
    let path = open.join(".env");
    fs::write(&path, "A=1\n").unwrap();
    let chmod = |mode| fs::set_permissions(&open, Permissions::from_mode(mode)).unwrap();
    chmod(0o777);
    let error = read_error(&host, &path).await;
    assert!(
        error.to_string().contains("every user may write"),
        "{error}"
    );
    if folder.path().metadata().unwrap().uid() != 0 {
        let _: Option<()> = peers::missing("root, for files of other users");
        return;
    }
    chown(&open, None, Some(SOMEBODY)).unwrap();
    chmod(0o775);
    let error = read_error(&host, &path).await;
    assert!(
        error.to_string().contains("group 54321 may write"),
        "{error}"
    );
    chown(&open, Some(SOMEBODY), None).unwrap();
    chmod(0o755);
    let error = read_error(&host, &path).await;
    assert!(
        error.to_string().contains("belongs to user 54321"),
        "{error}"
    );
    chown(&open, Some(0), Some(0)).unwrap();
    chmod(0o1777);
    host.read(&path).await.unwrap();
    chown(&path, Some(SOMEBODY), None).unwrap();
    let error = read_error(&host, &path).await;
    assert!(
        error.to_string().contains("where every user may put files"),
        "{error}"
    );
    let link = open.join("link");
    symlink("/etc/hostname", &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(SOMEBODY), None).unwrap();
    let error = read_error(&host, &link).await;
    assert!(error.to_string().contains("the symbolic link"), "{error}");
}

#[tokio::test]
async fn files_that_may_not_be_replaced_are_left_alone() {
    for far in [Far::Own, Far::Busybox] {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let path = folder.path().join(".env");
        fs::write(&path, "A=1\n").unwrap();
        let write = async || {
            let new = Zeroizing::new(CANARY.into());
            host.replace(&path, &version_of(b"A=1\n"), new).await
        };
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        let refused = write().await.unwrap_err().to_string();
        assert!(refused.contains("is read-only (mode 0400)"), "{refused}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&path, folder.path().join("second")).unwrap();
        let refused = write().await.unwrap_err().to_string();
        assert!(refused.contains("has 2 names"), "{refused}");
        fs::remove_file(folder.path().join("second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"A=1\n");
        write().await.unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

/// A small disk in memory, gone when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,mode=0755", "driftlock-test"])
            .arg(folder.path())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            return peers::missing("the right to mount a small disk");
        }
        Some(Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_or_read_only_disk_changes_nothing() {
    for far in [Far::Own, Far::Shell("bash"), Far::Busybox] {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let Some(disk) = Disk::mount() else {
            return;
        };
        let host = sshd.host();
        let path = disk.0.path().join(".env");
        fs::write(&path, "A=1\n").unwrap();
        let seen = version_of(b"A=1\n");
        let large = || Zeroizing::new(CANARY.repeat(100_000).into_bytes());
        let full = host.replace(&path, &seen, large()).await.unwrap_err();
        assert!(
            full.to_string().contains("the disk is full"),
            "{far:?}: {full}"
        );
        assert!(matches!(full, ReplaceError::Refused(_)));
        assert_eq!(fs::read(&path).unwrap(), b"A=1\n");
        assert_eq!(fs::read_dir(disk.0.path()).unwrap().count(), 1, "{far:?}");
        // what was on its way was not taken for requests, and a new connection does
        let small = Zeroizing::new(b"A=2\n".to_vec());
        host.replace(&path, &seen, small).await.unwrap();
        let remounted = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(disk.0.path())
            .status();
        assert!(remounted.is_ok_and(|status| status.success()));
        let seen = version_of(b"A=2\n");
        let read_only = host.replace(&path, &seen, large()).await.unwrap_err();
        assert!(
            read_only
                .to_string()
                .contains("the file system is read-only"),
            "{read_only}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"A=2\n");
        drop(host);
    }
}
