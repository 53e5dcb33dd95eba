//! Files of a machine over SSH, against a real server: the battery with several shells and tools on
//! the far side, exact bytes, odd names, one connection.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use driftlock::machine::ssh::{SshError, SshHost};
use driftlock::machine::{
    FileError, FileHost, FileRead, MAX_FILE_BYTES, ReplaceError, version_of, version_of_absent,
};
use driftlock::model::{Target, VarName, Version};
use driftlock::platforms::Platform;
use driftlock::platforms::file::FilePlatform;
use futures_util::future::join_all;
use zeroize::Zeroizing;

use super::contract::{Disturbance, Fixture, battery};
use super::file::target;
use crate::support::sshd::{Far, HOST, Sshd};

const FARS: [Far; 5] = [
    Far::Own,
    Far::Shell("bash"),
    Far::Shell("dash"),
    Far::Busybox,
    Far::Posix,
];

/// The machine, with somebody who gets in between.
struct Meddled {
    machine: SshHost,
    next: Mutex<BTreeMap<PathBuf, Disturbance>>,
}

impl Meddled {
    fn next(&self, path: &Path) -> Option<Disturbance> {
        self.next.lock().unwrap().get(path).cloned()
    }
}

fn lost() -> FileError {
    SshError::Lost {
        host: "vps".to_owned(),
    }
    .into()
}

#[async_trait]
impl FileHost for Meddled {
    async fn read(&self, path: &Path) -> Result<FileRead, FileError> {
        match self.next(path) {
            Some(Disturbance::ReadFails) => Err(lost()),
            _ => self.machine.read(path).await,
        }
    }

    async fn replace(
        &self,
        path: &Path,
        expected: &Version,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), ReplaceError> {
        match self.next(path) {
            Some(Disturbance::SilentBefore) => return Err(ReplaceError::InDoubt(lost())),
            Some(Disturbance::StrangerWrites(name, value)) => append(path, &name, &value),
            _ => {}
        }
        self.machine.replace(path, expected, bytes).await?;
        match self.next(path) {
            Some(Disturbance::SilentAfter) => Err(ReplaceError::InDoubt(lost())),
            _ => Ok(()),
        }
    }
}

fn append(path: &Path, name: &VarName, value: &str) {
    let text = fs::read_to_string(path).unwrap_or_default();
    fs::write(path, format!("{text}{name}={value}\n")).unwrap();
}

struct Files {
    folder: tempfile::TempDir,
    host: Arc<Meddled>,
    platform: FilePlatform,
    used: AtomicUsize,
}

impl Files {
    fn new(machine: SshHost) -> Self {
        let host = Arc::new(Meddled {
            machine,
            next: Mutex::default(),
        });
        Self {
            folder: tempfile::tempdir().unwrap(),
            platform: FilePlatform::new(Arc::clone(&host) as Arc<dyn FileHost>),
            host,
            used: AtomicUsize::new(0),
        }
    }
}

fn path_of(target: &Target) -> &Path {
    target.path.as_deref().unwrap()
}

/// The value behind `NAME=`, without quotes: plain values only.
fn statement<'a>(line: &'a str, name: &VarName) -> Option<&'a str> {
    let rest = line.strip_prefix(name.as_str())?.strip_prefix('=')?;
    Some(rest.trim_matches(['"', '\'']))
}

impl Fixture for Files {
    fn label(&self) -> String {
        "file over ssh".to_owned()
    }

    fn platform(&self) -> &dyn Platform {
        &self.platform
    }

    fn target(&self) -> Target {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{number}.env"));
        target(&path, "portable")
    }

    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>) {
        let text = fs::read_to_string(path_of(target)).unwrap_or_default();
        let others = text.lines().filter(|line| statement(line, name).is_none());
        let text: String = others.map(|line| format!("{line}\n")).collect();
        fs::write(path_of(target), text).unwrap();
        if let Some(value) = value {
            append(path_of(target), name, value);
        }
    }

    fn holds(&self, target: &Target, name: &VarName) -> Option<String> {
        let text = fs::read_to_string(path_of(target)).ok()?;
        let last = text.lines().rev().find_map(|line| statement(line, name));
        last.map(str::to_owned)
    }

    fn disturb(&self, target: &Target, disturbance: Disturbance) -> bool {
        // a file is written whole, seen at once, and read whole or not at all
        let known = matches!(
            disturbance,
            Disturbance::ReadFails
                | Disturbance::SilentBefore
                | Disturbance::SilentAfter
                | Disturbance::StrangerWrites(..)
        );
        if known {
            let path = path_of(target).to_owned();
            self.host.next.lock().unwrap().insert(path, disturbance);
        }
        known
    }

    fn calm(&self, target: &Target) {
        self.host.next.lock().unwrap().remove(path_of(target));
    }
}

async fn keeps_the_contract(far: Far) {
    let Some(sshd) = Sshd::start(far) else {
        return;
    };
    let files = Files::new(sshd.host());
    battery(&files).await;
    assert_eq!(strays(files.folder.path()), 0, "nothing is left beside");
    assert_eq!(sshd.logins(), 1, "all of it over one connection");
}

fn strays(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".env"))
        .count()
}

#[tokio::test]
async fn the_own_shell_keeps_the_contract() {
    keeps_the_contract(Far::Own).await;
}

#[tokio::test]
async fn bash_keeps_the_contract() {
    keeps_the_contract(Far::Shell("bash")).await;
}

#[tokio::test]
async fn dash_keeps_the_contract() {
    keeps_the_contract(Far::Shell("dash")).await;
}

#[tokio::test]
async fn busybox_keeps_the_contract() {
    keeps_the_contract(Far::Busybox).await;
}

#[tokio::test]
async fn zsh_keeps_the_contract() {
    keeps_the_contract(Far::Shell("zsh")).await;
}

#[tokio::test]
async fn plain_posix_keeps_the_contract() {
    keeps_the_contract(Far::Posix).await;
}

async fn put(host: &SshHost, path: &Path, bytes: &[u8]) -> Result<(), ReplaceError> {
    let seen = host.read(path).await.unwrap().version();
    host.replace(path, &seen, Zeroizing::new(bytes.to_vec()))
        .await
}

/// All bytes, in an order that holds markers of lines and of commands.
fn all_bytes(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(b"\ngo 0\nput over x\n'\"$(exit)`exit`\n\r\n\0\n");
    bytes.iter().copied().cycle().take(length).collect()
}

#[tokio::test]
async fn every_byte_comes_back() {
    for far in FARS {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let path = folder.path().join("a.env");
        for length in [1, 0, 255, 4096, 100_000, MAX_FILE_BYTES] {
            let bytes = all_bytes(length);
            let begin = Instant::now();
            put(&host, &path, &bytes).await.unwrap();
            let wrote = begin.elapsed();
            assert!(fs::read(&path).unwrap() == bytes, "{far:?}: {length}");
            let begin = Instant::now();
            let read = host.read(&path).await.unwrap();
            let took = begin.elapsed();
            println!("{far:?}: {length} bytes: read {took:.0?}, read and replaced {wrote:.0?}");
            let content = read.content.as_deref().unwrap();
            assert!(*content == bytes, "{far:?}: {length} read back");
        }
        let mut long = all_bytes(MAX_FILE_BYTES);
        long.push(0);
        let refused = put(&host, &path, &long).await.unwrap_err();
        let expected = FileError::TooLarge {
            path: path.clone(),
            bytes: MAX_FILE_BYTES as u64 + 1,
        };
        assert_eq!(refused, ReplaceError::Refused(expected.clone()));
        fs::write(&path, &long).unwrap();
        assert_eq!(host.read(&path).await.unwrap_err(), expected);
        assert_eq!((sshd.logins(), strays(folder.path())), (1, 0));
    }
}

#[tokio::test]
async fn names_are_names_whatever_they_look_like() {
    for far in FARS {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, root) = (sshd.host(), tempfile::tempdir().unwrap());
        for name in [
            &b"plain"[..],
            b"-rf",
            b"--help",
            b"two words",
            b" blank around ",
            b"'single'",
            b"\"double\"",
            b"$(touch x)`touch x`;touch x",
            b"new\nline",
            b"ends in a new line\n",
            b"back\\slash\\n\\0101",
            b"*",
            b"%s%b",
            b"tab\tand\x07bell",
            "ß→🔑".as_bytes(),
            b"not \xff utf-8",
            b": Permission denied",
            &[b'n'; 255],
        ] {
            let name = OsStr::from_bytes(name);
            let folder = root.path().join(name);
            fs::create_dir(&folder).unwrap();
            let path = folder.join(name);
            let case = format!("{far:?}: {name:?}");
            let absent = host.read(&path).await.unwrap();
            assert!(absent.content.is_none(), "{case}");
            put(&host, &path, b"A=1\n").await.unwrap();
            put(&host, &path, b"A=2\n").await.unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"A=2\n", "{case}");
            assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600, "{case}");
            assert_eq!(
                host.read(&path).await.unwrap().version(),
                version_of(b"A=2\n")
            );
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{case}");
        }
        assert_eq!(sshd.logins(), 1);
    }
}

#[tokio::test]
async fn many_at_once_share_one_connection() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
    let paths: Vec<PathBuf> = (0..30)
        .map(|number| folder.path().join(format!("{number}.env")))
        .collect();
    let writes = join_all(paths.iter().map(|path| put(&host, path, b"A=1\n"))).await;
    assert!(writes.iter().all(Result::is_ok), "{writes:?}");
    let reads = join_all(paths.iter().map(|path| host.read(path))).await;
    let same = |read: &Result<FileRead, FileError>| {
        read.as_ref().unwrap().version() == version_of(b"A=1\n")
    };
    assert!(reads.iter().all(same));
    assert_eq!(sshd.logins(), 1);
}

#[tokio::test]
async fn a_jump_host_is_passed() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let port = sshd.port();
    sshd.configure(&format!(
        "Host *\nUserKnownHostsFile {0}\nGlobalKnownHostsFile /dev/null\nIdentityFile {1}\n\
         IdentitiesOnly yes\nHost behind\nHostName 127.0.0.1\nPort {port}\nProxyJump {HOST}\n\
         Host lost\nHostName 127.0.0.1\nPort {port}\nProxyJump no-such-host.invalid",
        sshd.path("known_hosts").display(),
        sshd.path("user").display(),
    ));
    let through = |name: &str| {
        let mut settings = sshd.connect();
        settings.destination = name.parse().unwrap();
        SshHost::new(settings)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.env");
    put(&through("behind"), &path, b"A=1\n").await.unwrap();
    assert_eq!(
        (fs::read(&path).unwrap(), sshd.logins()),
        (b"A=1\n".to_vec(), 2)
    );
    let lost = through("lost").read(&path).await.unwrap_err();
    let host = "no-such-host.invalid".to_owned();
    assert_eq!(lost, FileError::Ssh(SshError::UnknownHost { host }));
}

/// Twenty machines, each a second away, five files on each. No login goes on before all have come.
#[tokio::test]
async fn hosts_are_waited_for_side_by_side() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    fs::create_dir(sshd.path("come")).unwrap();
    sshd.profile(
        Far::Own,
        &format!(
            "cd '{}' && : >$$ && until set -- * && [ $# -ge 20 ]; do sleep 0.1; done; sleep 1",
            sshd.path("come").display()
        ),
    );
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..5)
        .map(|number| folder.path().join(format!("{number}.env")))
        .collect();
    for path in &paths {
        fs::write(path, "A=1\n").unwrap();
    }
    let begin = Instant::now();
    let hosts: Vec<SshHost> = (0..20).map(|_| sshd.host()).collect();
    let reads = hosts
        .iter()
        .flat_map(|host| paths.iter().map(|path| host.read(path)));
    let reads = join_all(reads).await;
    let took = begin.elapsed();
    assert!(reads.iter().all(Result::is_ok));
    assert_eq!(sshd.logins(), 20);
    println!("20 hosts, 5 files each, 1 s to connect: {took:.1?}");
}

#[tokio::test]
async fn owner_and_mode_stay_and_a_link_is_followed_once() {
    for far in FARS {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let root = folder.path().canonicalize().unwrap();
        let real = root.join("real.env");
        fs::write(&real, "A=1\n").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        let root_runs = real.metadata().unwrap().uid() == 0;
        if root_runs {
            std::os::unix::fs::chown(&real, Some(4711), Some(4712)).unwrap();
        }
        let before = real.metadata().unwrap();
        symlink("real.env", root.join("link.env")).unwrap();
        symlink(&root, root.join("round")).unwrap();
        let link = root.join("round/round/../link.env");
        let link = PathBuf::from(link.to_str().unwrap().replace("/../", "/./"));
        assert_eq!(host.read(&link).await.unwrap().link_to, Some(real.clone()));
        put(&host, &link, b"A=2\n").await.unwrap();
        let after = real.metadata().unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"A=2\n", "{far:?}");
        let of = |meta: &fs::Metadata| (meta.uid(), meta.gid(), meta.mode());
        assert_eq!(of(&after), of(&before), "{far:?}");
        assert!(root.join("link.env").is_symlink());
        symlink("link.env", root.join("second.env")).unwrap();
        let twice = host.read(&root.join("second.env")).await.unwrap_err();
        assert!(matches!(twice, FileError::LinkToLink { .. }), "{twice}");
    }
}

#[tokio::test]
async fn a_noisy_login_does_no_harm() {
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let noise = "echo Welcome; printf '\\n\\000%s;\\n' 'no marker'; echo 'sudo: a password is required' >&2\n\
                 head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2; alias ls=rm; umask 0; export CDPATH=/";
    for far in [Far::Own, Far::Busybox] {
        sshd.profile(far, noise);
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let path = folder.path().join("a.env");
        put(&host, &path, b"A=1\n").await.unwrap();
        let read = host.read(&path).await.unwrap();
        assert_eq!(read.version(), version_of(b"A=1\n"));
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
    }
}

#[tokio::test]
async fn what_changed_in_between_is_left_alone() {
    for far in FARS {
        let Some(sshd) = Sshd::start(far) else {
            return;
        };
        let (host, folder) = (sshd.host(), tempfile::tempdir().unwrap());
        let path = folder.path().join("a.env");
        let new = || Zeroizing::new(b"A=new\n".to_vec());
        fs::write(&path, "A=1\n").unwrap();
        let seen = host.read(&path).await.unwrap().version();
        fs::write(&path, "A=9\n").unwrap();
        let stale = host.replace(&path, &seen, new()).await;
        assert_eq!(stale, Err(ReplaceError::Stale), "{far:?}");
        let absent = version_of_absent();
        let stale = host.replace(&path, &absent, new()).await;
        assert_eq!(stale, Err(ReplaceError::Stale), "{far:?}");
        assert_eq!(fs::read(&path).unwrap(), b"A=9\n");
        fs::remove_file(&path).unwrap();
        let stale = host.replace(&path, &seen, new()).await;
        assert_eq!(stale, Err(ReplaceError::Stale), "{far:?}");
        assert!(!path.exists() && strays(folder.path()) == 0);
    }
}
