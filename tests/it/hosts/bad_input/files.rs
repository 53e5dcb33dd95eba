//! Places that hold no file of variables, and disks that take none.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::stage::{Stage, uses};
use super::{declare, far_side, mended, refused, unknown};
use crate::support::peers;

#[test]
fn what_is_no_file_is_told_apart_and_hides_no_file_beside_it() {
    let Some(stage) = Stage::new() else { return };
    fs::create_dir(stage.far("folder")).unwrap();
    stage.far_write("file", "A=1\n");
    symlink("nothing", stage.far("dangling")).unwrap();
    let made = Command::new("mkfifo").arg(stage.far("pipe")).status();
    assert!(made.unwrap().success());
    fs::File::create(stage.far("huge"))
        .unwrap()
        .set_len(2 << 20)
        .unwrap();
    let absolute = |name: &str, path: &Path| {
        format!(
            "  {name}:\n    file: {{ host: vps, path: {} }}\n{}",
            path.display(),
            uses("A")
        )
    };
    let targets = absolute("none", &stage.far("none/.env"))
        + &absolute("folder", &stage.far("folder"))
        + &absolute("device", Path::new("/dev/null"))
        + &absolute("pipe", &stage.far("pipe"))
        + &absolute("below", &stage.far("file/.env"))
        + &absolute("dangling", &stage.far("dangling"))
        + &absolute("huge", &stage.far("huge"))
        + &stage.target("good", "good.env", &uses("C"));
    let targets = format!("{targets}{}", super::HERE);
    stage.declare(&[("A", "1"), ("B", "2"), ("C", "3")], &targets);
    let before = far_side(&stage);
    let apply = stage.run("apply --yes").exits(1);
    for words in [
        "none does not exist",
        "mkdir -p",
        "folder is a directory, not a regular file",
        "/dev/null is a device, not a regular file",
        "pipe is a named pipe, not a regular file",
        "name the path of a regular file in the manifest",
        "file is not a folder",
        "which does not exist",
        "2097152 bytes, more than the 1048576",
        "is this the right file?",
    ] {
        apply.clone().says(words);
    }
    assert_eq!(stage.far_text("good.env"), "C=3\n");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    let mut after = far_side(&stage);
    after.remove(&stage.far("good.env"));
    assert!(after == before, "something else was written");
    assert_eq!(stage.sshd.logins(), 1);
}

#[test]
fn a_folder_that_is_missing_is_made_by_its_owner_and_then_all_is_well() {
    let Some(stage) = Stage::new() else { return };
    declare(&stage, &stage.target("vps", "app/.env", &uses("A")));
    unknown(
        &stage,
        &["app does not exist", "create it, if the path is right"],
    );
    fs::create_dir(stage.far("app")).unwrap();
    stage.run("apply --yes").success();
    assert_eq!(stage.far_text("app/.env"), "A=1\n");
    stage.in_sync();
}

#[test]
fn a_file_that_may_not_be_replaced_is_left_alone() {
    let Some(stage) = Stage::new() else { return };
    super::declare_one(&stage);
    stage.far_write(".env", "");
    let mode = |mode| fs::set_permissions(stage.far(".env"), Permissions::from_mode(mode));
    mode(0o400).unwrap();
    refused(&stage, &["is read-only (mode 0400)", "chmod u+w"]);
    mode(0o600).unwrap();
    fs::hard_link(stage.far(".env"), stage.far("second")).unwrap();
    refused(&stage, &["has 2 names (hard links)", "-samefile"]);
    fs::remove_file(stage.far("second")).unwrap();
    mended(&stage);
}

/// A small disk in memory at a folder of the VPS, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,mode=0755", "driftlock-test"])
            .arg(&at)
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        peers::unavailable("the right to mount a small disk")
    }

    fn again(&self, how: &str) {
        let option = format!("remount,{how}");
        let done = Command::new("mount")
            .args(["-o", &option])
            .arg(&self.0)
            .status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_full_or_read_only_disk_changes_nothing() {
    let Some(stage) = Stage::new() else { return };
    let Some(disk) = Disk::mount(stage.far("disk")) else {
        return;
    };
    declare(&stage, &stage.target("vps", "disk/.env", &uses("A")));
    stage.far_write("disk/.env", "# kept\n");
    let filled = fs::write(stage.far("disk/filler"), vec![b'x'; 1 << 20]);
    assert!(filled.is_err(), "the disk is small");
    refused(
        &stage,
        &[
            "the disk is full",
            "make room on that disk; nothing was changed",
        ],
    );
    fs::remove_file(stage.far("disk/filler")).unwrap();
    disk.again("ro");
    refused(
        &stage,
        &[
            "the file system is read-only",
            "mount it writable, or name another path",
        ],
    );
    disk.again("rw");
    stage.run("apply --yes").success();
    assert_eq!(stage.far_text("disk/.env"), "# kept\nA=1\n");
    stage.in_sync();
}
