//! The host against a real folder: what is refused, what is kept, who may come in between.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::model::Version;

use super::error::{FileError, ReplaceError};
use super::{FileRead, MAX_FILE_BYTES, leftovers, read, replace, version_of, version_of_absent};

struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The folder without links on the way to it, as errors name it.
    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    fn file(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        chmod(&path, mode);
        path
    }

    fn folder(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        chmod(&path, mode);
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn load(path: &Path) -> Result<FileRead, FileError> {
    read::read(path, us())
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Replaces what is there now.
fn put(path: &Path, content: &str) -> Result<(), ReplaceError> {
    put_with(path, content, || {})
}

/// Replaces what is known to be there.
fn put_over(path: &Path, seen: &Version, content: &str) -> Result<(), ReplaceError> {
    let no_sweep = |_: &super::resolve::Place, _: &std::os::fd::OwnedFd| {};
    replace::replace(path, seen, content.as_bytes(), us(), no_sweep, || {})
}

/// As [`put`], with somebody between the preparations and the last look.
fn put_with(path: &Path, content: &str, between: impl FnOnce()) -> Result<(), ReplaceError> {
    let seen = match fs::read(path) {
        Ok(bytes) => version_of(&bytes),
        Err(_) => version_of_absent(),
    };
    let sweep = |place: &super::resolve::Place, folder: &std::os::fd::OwnedFd| {
        leftovers::sweep(folder, us(), place.folder.theirs);
    };
    replace::replace(path, &seen, content.as_bytes(), us(), sweep, between)
}

fn refused(outcome: Result<(), ReplaceError>) -> FileError {
    match outcome {
        Err(ReplaceError::Refused(error)) => error,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn a_file_and_its_absence_are_read() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    let file = load(&path).unwrap();
    assert_eq!(file.content.as_deref().unwrap().as_slice(), b"A=1\n");
    assert_eq!(file.version(), version_of(b"A=1\n"));
    let absent = load(&world.path("other")).unwrap();
    assert_eq!(
        (absent.content.as_deref(), absent.link_to.as_deref()),
        (None, None)
    );
    assert_eq!(absent.version(), version_of_absent());
    assert!(!format!("{file:?}").contains("A=1"));
}

#[test]
fn a_missing_folder_is_an_error_with_help() {
    let world = World::new();
    let error = load(&world.path("none/.env")).unwrap_err();
    let folder = world.path("none");
    assert_eq!(error, FileError::MissingFolder { folder });
    assert!(error.help().unwrap().contains("mkdir -p"));
    world.file("file", "", 0o600);
    let below = load(&world.path("file/.env")).unwrap_err();
    assert!(matches!(below, FileError::NotAFolder { .. }), "{below}");
}

#[test]
fn only_whole_paths_of_files_are_taken() {
    for path in ["relative/.env", "", "/", "/tmp/.."] {
        let error = load(Path::new(path)).unwrap_err();
        assert!(
            matches!(error, FileError::NotAFilePath { .. }),
            "{path}: {error}"
        );
    }
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let world = World::new();
    let folder = world.folder("folder", 0o700);
    let pipe = world.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let socket = world.path("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    for (path, expected) in [
        (folder, "a directory"),
        (pipe, "a named pipe"),
        (socket, "a socket"),
        (PathBuf::from("/dev/null"), "a device"),
    ] {
        let error = load(&path).unwrap_err();
        let FileError::NotRegular { what, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*what, expected);
        assert_eq!(
            refused(put_over(&path, &version_of_absent(), "A=1\n")),
            error
        );
    }
}

#[test]
fn size_is_limited_and_a_large_file_is_not_read() {
    let world = World::new();
    let path = world.path("large");
    let file = File::create(&path).unwrap();
    file.set_len(MAX_FILE_BYTES as u64).unwrap();
    assert_eq!(load(&path).unwrap().content.unwrap().len(), MAX_FILE_BYTES);
    file.set_len(100 * 1024 * 1024).unwrap();
    let error = load(&path).unwrap_err();
    assert_eq!(
        error,
        FileError::TooLarge {
            path: path.clone(),
            bytes: 100 * 1024 * 1024
        }
    );
    let small = world.file("small", "", 0o600);
    let long = "x".repeat(MAX_FILE_BYTES + 1);
    assert!(matches!(
        refused(put(&small, &long)),
        FileError::TooLarge { .. }
    ));
}

#[test]
fn one_link_is_followed_and_its_file_replaced() {
    let world = World::new();
    world.folder("real", 0o700);
    world.file("real/.env", "A=1\n", 0o640);
    symlink("real/../real/.env", world.path("link")).unwrap();
    symlink("real", world.path("folder")).unwrap();
    let file = load(&world.path("link")).unwrap();
    assert_eq!(file.link_to, Some(world.path("real/.env")));
    put(&world.path("link"), "A=2\n").unwrap();
    assert!(world.path("link").is_symlink());
    assert_eq!(text(&world.path("real/.env")), "A=2\n");
    // links to folders on the way are part of the path, not of the file
    let file = load(&world.path("folder/.env")).unwrap();
    assert_eq!(file.link_to, None);
    put(&world.path("folder/.env"), "A=3\n").unwrap();
    assert_eq!(text(&world.path("real/.env")), "A=3\n");
}

#[test]
fn links_that_lead_astray_are_refused() {
    let world = World::new();
    world.file("file", "A=1\n", 0o600);
    symlink("file", world.path("one")).unwrap();
    symlink("one", world.path("two")).unwrap();
    symlink("nothing", world.path("dangling")).unwrap();
    symlink("loop", world.path("loop")).unwrap();
    symlink("b", world.path("a")).unwrap();
    symlink("a", world.path("b")).unwrap();
    let two = load(&world.path("two")).unwrap_err();
    assert!(matches!(two, FileError::LinkToLink { .. }), "{two}");
    let dangling = load(&world.path("dangling")).unwrap_err();
    assert!(
        matches!(dangling, FileError::LinkToNothing { .. }),
        "{dangling}"
    );
    assert!(matches!(
        refused(put(&world.path("dangling"), "")),
        FileError::LinkToNothing { .. }
    ));
    let looped = load(&world.path("loop")).unwrap_err();
    assert!(matches!(looped, FileError::LinkToLink { .. }), "{looped}");
    let folders = load(&world.path("a/.env")).unwrap_err();
    assert!(
        matches!(folders, FileError::TooManyLinks { .. }),
        "{folders}"
    );
}

#[test]
fn a_folder_that_others_may_write_in_is_refused() {
    let world = World::new();
    let shared = world.folder("shared", 0o777);
    world.folder("shared/mine", 0o700);
    let path = world.file("shared/mine/.env", "A=1\n", 0o600);
    let error = load(&path).unwrap_err();
    let FileError::Swappable { why, help, .. } = &error else {
        panic!("{error}");
    };
    assert!(why.contains(&format!(
        "every user may write in the folder {}",
        shared.display()
    )));
    assert_eq!(*help, format!("chmod o-w {}", shared.display()));
    assert_eq!(refused(put(&path, "A=2\n")), error);
    symlink(&path, world.path("link")).unwrap();
    assert!(
        load(&world.path("link")).is_err(),
        "a link does not get around it"
    );
    chmod(&shared, 0o1777);
    load(&path).unwrap();
    put(&path, "A=2\n").unwrap();
    chmod(&shared, 0o755);
    load(&path).unwrap();
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    // root's folders are fine for everybody, so root looks at this one from the other side
    let somebody_else = 4242;
    if us() == 0 {
        std::os::unix::fs::chown(world.root(), Some(4243), None).unwrap();
    }
    let error = read::read(&path, somebody_else).unwrap_err();
    let FileError::Swappable { why, .. } = &error else {
        panic!("{error}");
    };
    assert!(why.contains("belongs to user"), "{why}");
}

#[test]
fn owner_mode_and_content_are_as_they_should() {
    let world = World::new();
    for mode in [0o600, 0o640, 0o644, 0o660, 0o700] {
        let path = world.file(".env", "A=1\n", mode);
        put(&path, "A=2\n").unwrap();
        assert_eq!(text(&path), "A=2\n");
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o7777, mode);
        assert_eq!(after.uid(), us());
    }
    let new = world.path("new");
    put(&new, "B=1\n").unwrap();
    assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(text(&new), "B=1\n");
    assert_eq!(world.names(), [".env", "new"]);
}

#[test]
fn extended_attributes_are_kept() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    let (name, flags) = ("user.origin", rustix::fs::XattrFlags::empty());
    match rustix::fs::setxattr(&path, name, b"hand", flags) {
        Err(rustix::io::Errno::NOTSUP) => return,
        other => other.unwrap(),
    }
    put(&path, "A=2\n").unwrap();
    let mut value = [0; 16];
    let length = rustix::fs::getxattr(&path, name, &mut value[..]).unwrap();
    assert_eq!(&value[..length], b"hand");
}

#[test]
fn what_moved_since_it_was_read_is_left_alone() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    let old = version_of(b"A=0\n");
    for expected in [old, version_of_absent()] {
        let outcome = put_over(&path, &expected, "A=2\n");
        assert_eq!(outcome, Err(ReplaceError::Stale));
    }
    let absent = world.path("absent");
    let seen = version_of(b"");
    let outcome = put_over(&absent, &seen, "A=2\n");
    assert_eq!(outcome, Err(ReplaceError::Stale));
    assert_eq!(text(&path), "A=1\n");
    assert_eq!(world.names(), [".env"]);
}

#[test]
fn a_stranger_between_preparation_and_rename_wins() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    let edit = || {
        use std::io::Write;
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"THEIRS=1\n").unwrap();
    };
    assert_eq!(put_with(&path, "A=2\n", edit), Err(ReplaceError::Stale));
    assert_eq!(text(&path), "A=1\nTHEIRS=1\n");

    let same_text_new_file = || {
        fs::write(world.path("editor"), text(&path)).unwrap();
        fs::rename(world.path("editor"), &path).unwrap();
    };
    assert_eq!(
        put_with(&path, "A=2\n", same_text_new_file),
        Err(ReplaceError::Stale)
    );

    let remove = || fs::remove_file(&path).unwrap();
    assert_eq!(put_with(&path, "A=2\n", remove), Err(ReplaceError::Stale));
    assert!(!path.exists());

    let create = || fs::write(&path, "THEIRS=2\n").unwrap();
    assert_eq!(put_with(&path, "A=2\n", create), Err(ReplaceError::Stale));
    assert_eq!(text(&path), "THEIRS=2\n");
    assert_eq!(world.names(), [".env"], "no temporary file is left");
}

#[test]
fn a_folder_that_was_switched_meanwhile_is_left_alone() {
    let world = World::new();
    for release in ["one", "two"] {
        world.folder(release, 0o700);
        world.file(&format!("{release}/.env"), "A=1\n", 0o600);
    }
    symlink("one", world.path("current")).unwrap();
    let deploy = || {
        symlink("two", world.path("next")).unwrap();
        fs::rename(world.path("next"), world.path("current")).unwrap();
    };
    let outcome = put_with(&world.path("current/.env"), "A=2\n", deploy);
    assert_eq!(outcome, Err(ReplaceError::Stale));
    assert_eq!(text(&world.path("one/.env")), "A=1\n");
    assert_eq!(text(&world.path("two/.env")), "A=1\n");
}

#[test]
fn a_read_only_file_is_not_replaced() {
    let world = World::new();
    for mode in [0o400, 0o440] {
        let path = world.file("kept", "A=1\n", 0o600);
        chmod(&path, mode);
        let error = refused(put(&path, "A=2\n"));
        assert_eq!(
            error,
            FileError::ReadOnly {
                path: path.clone(),
                mode
            }
        );
        assert!(
            error
                .help()
                .unwrap()
                .starts_with("if it may be changed: chmod u+w")
        );
        assert_eq!(text(&path), "A=1\n");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_file_with_two_names_is_not_replaced() {
    let world = World::new();
    let path = world.file("one", "A=1\n", 0o600);
    fs::hard_link(&path, world.path("two")).unwrap();
    assert!(matches!(
        refused(put(&path, "A=2\n")),
        FileError::HardLinked { names: 2, .. }
    ));
    assert_eq!(text(&world.path("two")), "A=1\n");
}

#[test]
fn two_runs_do_not_write_one_file_at_once() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    let other_run = || {
        assert!(matches!(
            refused(put(&path, "A=3\n")),
            FileError::Locked { .. }
        ));
    };
    put_with(&path, "A=2\n", other_run).unwrap();
    assert_eq!(text(&path), "A=2\n");
}

#[test]
fn leftovers_of_killed_runs_are_removed_and_nothing_else() {
    let world = World::new();
    let path = world.file(".env", "A=1\n", 0o600);
    world.file(".driftlock-0123456789abcdef.tmp", "A=9\n", 0o600);
    let alive = world.file(".driftlock-1111111111111111.tmp", "A=9\n", 0o600);
    let lock = File::open(&alive).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    world.file(".driftlock-notes.tmp", "mine", 0o600);
    symlink(".env", world.path(".driftlock-2222222222222222.tmp")).unwrap();
    put(&path, "A=2\n").unwrap();
    assert_eq!(
        world.names(),
        [
            ".driftlock-1111111111111111.tmp",
            ".driftlock-2222222222222222.tmp",
            ".driftlock-notes.tmp",
            ".env"
        ]
    );
}

#[test]
fn messages_name_the_path_and_hold_no_content() {
    let world = World::new();
    let path = world.file(".env", "A=c4n4ry\n", 0o400);
    let error = refused(put(&path, "A=c4n4ry2\n"));
    let said = format!("{error} {error:?} {:?}", error.help());
    assert!(said.contains(".env") && !said.contains("c4n4ry"));
}
