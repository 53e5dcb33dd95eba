//! Places and journals that cannot be used, through the binary: one clear message, the right exit
//! code, nothing written, no value shown.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use crate::support::peers;
use crate::support::world::{Run, World};

mod journals;

const SECRET: &str = "c4naryOne";

/// A user who is in no list of users.
const SOMEBODY: u32 = 54_321;

/// `.env` was taken in and applied, and the manifest has a new value for it.
fn applied() -> World {
    let world = World::with_env(&format!("TOKEN={SECRET}\n"));
    world.run("apply --yes").success();
    world.run_with("set TOKEN", "c4naryTwo").success();
    world
}

/// Plan and apply both say this and end so; neither shows a value or leaves anything behind.
#[track_caller]
fn refuses(world: &World, plan: i32, apply: i32, words: &str) -> Run {
    let before = names(world);
    world.run("plan").exits(plan).says(words).hides("c4nary");
    let run = world.run("apply --yes").exits(apply).says(words);
    world.run("status").hides("c4nary");
    assert_eq!(names(world), before, "something was left behind");
    run.hides("c4nary")
}

fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(world.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A small disk in memory, at this folder of the world. Gone when dropped.
pub struct Disk(std::path::PathBuf);

impl Disk {
    /// `None` where this machine does not let us mount.
    pub fn mount(world: &World, folder: &str, size: &str) -> Option<Self> {
        let path = world.root().join(folder);
        fs::create_dir_all(&path).unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "driftlock-test"])
            .arg(&path)
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if mounted {
            Some(Self(path))
        } else {
            peers::missing("root and the right to mount a small disk")
        }
    }

    /// Leaves no room on it.
    pub fn fill(&self) {
        let chunk = vec![b'x'; 4096];
        let mut file = File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut file, &chunk).is_ok() {}
    }

    pub fn make_read_only(&self) {
        let status = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let status = Command::new("umount").args(["-l"]).arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()));
    }
}

fn is_root() -> Option<()> {
    if rustix::process::getuid().is_root() {
        Some(())
    } else {
        peers::missing("root, for files of other users")
    }
}

#[test]
fn a_file_that_was_applied_and_vanished_is_held() {
    let world = applied();
    fs::remove_file(world.path(".env")).unwrap();
    refuses(&world, 0, 3, "held by vanished");
}

#[test]
fn what_is_no_regular_file_is_not_touched() {
    if crate::support::peers::program("mkfifo").is_none() {
        return;
    }
    let world = applied();
    let path = world.path(".env");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refuses(&world, 1, 1, "is a directory");
    fs::remove_dir(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.is_ok_and(|status| status.success()));
    // nobody writes to it: whoever opened it to read would wait for ever
    refuses(&world, 1, 1, "is a named pipe");
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    refuses(&world, 1, 1, "is a device");
    fs::remove_file(&path).unwrap();
    symlink(".env", &path).unwrap();
    refuses(&world, 1, 1, "is a symbolic link to another");
}

#[test]
fn what_is_no_text_is_not_touched() {
    let world = applied();
    let bytes = b"TOKEN=c4nary\xff\n";
    fs::write(world.path(".env"), bytes).unwrap();
    refuses(&world, 1, 1, "is not UTF-8 text");
    assert_eq!(fs::read(world.path(".env")).unwrap(), bytes);
}

#[test]
fn a_huge_file_is_not_read() {
    let world = applied();
    let file = File::create(world.path(".env")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    refuses(&world, 1, 1, "has 104857600 bytes");
}

#[test]
fn a_path_that_another_user_can_swap_is_refused() {
    let world = applied();
    if is_root().is_none() {
        return;
    }
    let folder = world.root().join("theirs");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("real.env"), format!("TOKEN={SECRET}\n")).unwrap();
    chown(&folder, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    fs::remove_file(world.path(".env")).unwrap();
    symlink(folder.join("real.env"), world.path(".env")).unwrap();
    refuses(&world, 1, 1, "another user");
    let text = fs::read_to_string(folder.join("real.env")).unwrap();
    assert_eq!(text, format!("TOKEN={SECRET}\n"));
}

#[test]
fn a_file_on_a_read_only_disk_is_refused_at_the_write() {
    let world = World::new();
    let Some(disk) = Disk::mount(&world, "work/disk", "64k") else {
        return;
    };
    let target = "app: { file: { path: ../disk/app.env }, variables: [A] }";
    world.declare_on(&[("A", "one")], &[target]);
    world.run("apply --yes").success();
    world.declare_on(&[("A", "two")], &[target]);
    disk.make_read_only();
    world.run("plan").success();
    world.run("apply --yes").exits(3).says("read-only");
    assert_eq!(world.read("disk/app.env"), "A=one\n");
    world
        .run("plan")
        .success()
        .says("the manifest has a new value");
}

#[test]
fn a_file_on_a_full_disk_stays_whole() {
    let world = World::new();
    let Some(disk) = Disk::mount(&world, "work/disk", "64k") else {
        return;
    };
    let target = "app: { file: { path: ../disk/app.env }, variables: [A] }";
    world.declare_on(&[("A", "one")], &[target]);
    world.run("apply --yes").success();
    world.declare_on(&[("A", "two")], &[target]);
    disk.fill();
    world.run("apply --yes").exits(3).says("the disk is full");
    assert_eq!(world.read("disk/app.env"), "A=one\n");
    fs::remove_file(world.path("disk/filler")).unwrap();
    world.run("apply --yes").success();
    world.in_sync();
    assert_eq!(fs::read_dir(world.path("disk")).unwrap().count(), 1);
}

#[test]
fn a_file_that_nobody_may_write_is_refused() {
    let world = applied();
    let path = world.path(".env");
    fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
    refuses(&world, 0, 3, "");
    let refused = world.run("apply --yes").exits(3);
    assert!(refused.stdout.contains("is read-only"), "{refused:?}");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o440);
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    world.run("apply --yes").success().hides("c4nary");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
}
