//! Files that must not be read or written: one clear message, nothing changed, nothing left behind.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use driftlock::model::{Live, LiveVar, SecretValue};
use driftlock::platforms::file::FilePlatform;
use driftlock::platforms::{
    Batch, BatchOutcome, LiveRead, Operation, Outcome, Platform, ReadError,
};

use super::contract::{CANARY, name};
use super::file::target;
use crate::support::peers;

/// A user who is in no list of users.
const SOMEBODY: u32 = 54_321;

async fn read(path: &Path) -> Result<Live, ReadError> {
    let mut outcomes = FilePlatform::local()
        .read(&[target(path, "portable")])
        .await;
    outcomes.remove(0)
}

async fn write(path: &Path, live: &Live, value: &str) -> BatchOutcome {
    let batch = Batch {
        target: target(path, "portable"),
        expected: live.version.clone(),
        exists: live.exists,
        operations: vec![Operation::Set(name("A"), SecretValue::new(value))],
        activate: true,
        message: "the battery".to_owned(),
    };
    FilePlatform::local().write(&[batch]).await.remove(0)
}

/// What a refused write said; nothing that it said holds a value.
fn refusal(outcome: &BatchOutcome) -> &str {
    let [Outcome::Refused(why)] = &outcome.operations[..] else {
        panic!("expected a refusal, got {outcome:?}");
    };
    assert!(!format!("{outcome:?}").contains(CANARY));
    why
}

fn file(folder: &Path, content: &[u8], mode: u32) -> PathBuf {
    let path = folder.join(".env");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn value(live: &Live) -> &str {
    match &live.vars["A"] {
        LiveVar::Value(value) => value.expose(),
        other => panic!("{other:?}"),
    }
}

/// Root alone can make files of other users and mount disks.
fn as_root() -> Option<()> {
    let folder = tempfile::tempdir().unwrap();
    match folder.path().metadata().unwrap().uid() {
        0 => Some(()),
        _ => peers::missing("root, for files of other users and full disks"),
    }
}

#[tokio::test]
async fn unreadable_places_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("folder")).unwrap();
    File::create(root.join("huge"))
        .unwrap()
        .set_len(100 * 1024 * 1024)
        .unwrap();
    fs::write(root.join("latin"), b"A=\xe9\n").unwrap();
    let broken = format!("A='{CANARY}\n");
    fs::write(root.join("broken"), broken).unwrap();
    for (place, expected) in [
        ("folder", "is a directory, not a regular file"),
        ("none/.env", "does not exist"),
        ("huge", "has 104857600 bytes, more than the 1048576"),
        ("latin", "is not UTF-8 text (first bad byte: 3)"),
        ("latin/.env", "is not a folder"),
    ] {
        let error = read(&root.join(place)).await.unwrap_err();
        assert!(error.reason.contains(expected), "{place}: {error}");
        assert!(error.help.is_some(), "{place}");
    }
    match read(&root.join("broken")).await {
        Err(error) => assert!(!format!("{error:?}").contains(CANARY)),
        Ok(live) => assert!(!matches!(live.vars.get("A"), Some(LiveVar::Value(_)))),
    }
    let device = read(Path::new("/dev/null")).await.unwrap_err();
    assert!(device.reason.contains("is a device"), "{device}");
}

#[tokio::test]
async fn a_missing_file_is_absent_and_created_for_us_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let live = read(&path).await.unwrap();
    assert!(!live.exists && live.vars.is_empty());
    assert_eq!(
        write(&path, &live, CANARY).await.operations,
        [Outcome::Done]
    );
    let live = read(&path).await.unwrap();
    assert!(live.exists && value(&live) == CANARY);
    assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
}

#[tokio::test]
async fn equal_content_is_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), b"A=x\n# a comment\n", 0o600);
    let before = path.metadata().unwrap().ino();
    let live = read(&path).await.unwrap();
    assert_eq!(write(&path, &live, "x").await.operations, [Outcome::Done]);
    assert_eq!(
        path.metadata().unwrap().ino(),
        before,
        "the same file still"
    );
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), b"A=x\n", 0o400);
    let live = read(&path).await.unwrap();
    let outcome = write(&path, &live, CANARY).await;
    assert!(
        refusal(&outcome).contains("is read-only (mode 0400)"),
        "{outcome:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"A=x\n");
    assert_eq!(names(folder.path()), 1);
}

#[tokio::test]
async fn root_does_not_follow_what_another_user_could_swap() {
    if as_root().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let path = file(&theirs, b"A=x\n", 0o640);
    chown(&path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    chown(&theirs, Some(SOMEBODY), Some(SOMEBODY)).unwrap();

    let live = read(&path).await.unwrap();
    assert_eq!(write(&path, &live, "y").await.operations, [Outcome::Done]);
    let after = path.metadata().unwrap();
    let kept = (after.uid(), after.gid(), after.mode() & 0o7777);
    assert_eq!(
        kept,
        (SOMEBODY, SOMEBODY, 0o640),
        "their own file stays theirs"
    );

    let new = theirs.join("new.env");
    let live = read(&new).await.unwrap();
    assert_eq!(write(&new, &live, "z").await.operations, [Outcome::Done]);
    let after = new.metadata().unwrap();
    assert_eq!((after.uid(), after.mode() & 0o7777), (SOMEBODY, 0o600));

    let secret = file(folder.path(), b"A=root\n", 0o600);
    symlink(&secret, theirs.join("link")).unwrap();
    let error = read(&theirs.join("link")).await.unwrap_err();
    assert!(
        error
            .reason
            .contains("root does not follow the links of others"),
        "{error}"
    );

    chown(&path, Some(0), Some(0)).unwrap();
    let error = read(&path).await.unwrap_err();
    assert!(
        error.reason.contains("does not belong to that user"),
        "{error}"
    );
}

#[tokio::test]
async fn root_does_not_fill_a_file_that_somebody_put_into_a_shared_folder() {
    if as_root().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).unwrap();
    let path = file(folder.path(), b"A=x\n", 0o600);
    read(&path).await.unwrap();
    chown(&path, Some(SOMEBODY), None).unwrap();
    let error = read(&path).await.unwrap_err();
    assert!(
        error.reason.contains("where every user may put files"),
        "{error}"
    );
}

/// A small disk in memory, gone when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        as_root()?;
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

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk_changes_nothing() {
    let Some(disk) = Disk::mount() else {
        return;
    };
    let path = file(disk.path(), b"A=x\n", 0o600);
    let live = read(&path).await.unwrap();
    let outcome = write(&path, &live, &CANARY.repeat(15_000)).await;
    assert!(
        refusal(&outcome).contains("the disk is full"),
        "{outcome:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"A=x\n");
    assert_eq!(names(disk.path()), 1, "no temporary file is left");
}

#[tokio::test]
async fn a_read_only_disk_changes_nothing() {
    let Some(disk) = Disk::mount() else {
        return;
    };
    let path = file(disk.path(), b"A=x\n", 0o600);
    let live = read(&path).await.unwrap();
    let read_only = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk.path())
        .status();
    assert!(read_only.is_ok_and(|status| status.success()));
    let outcome = write(&path, &live, CANARY).await;
    assert!(
        refusal(&outcome).contains("the file system is read-only"),
        "{outcome:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"A=x\n");
}
