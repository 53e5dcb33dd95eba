//! Edits that come back to the disk.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use driftlock::source::{WriteError, write_atomically, write_new};

use crate::support::peers;

fn folder_with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.yaml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn count(folder: &tempfile::TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

#[test]
fn the_text_is_replaced_and_the_mode_stays() {
    let (folder, path) = folder_with("old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write_atomically(&path, "old", "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(count(&folder), 1);
}

#[test]
fn the_owner_stays() {
    if !rustix::process::geteuid().is_root() {
        return peers::missing("root, who alone can give files away").unwrap_or_default();
    }
    let (_folder, path) = folder_with("old");
    std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
    write_atomically(&path, "old", "new").unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (1234, 4321));
}

#[test]
fn somebody_elses_edit_is_never_overwritten() {
    let (folder, path) = folder_with("old, and edited");
    let error = write_atomically(&path, "old", "new").unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old, and edited");
    let error = write_atomically(&path, "old, and EDITED", "new").unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }));
    assert_eq!(count(&folder), 1);
}

#[test]
fn one_link_is_followed_and_stays_a_link_and_two_are_refused() {
    let (folder, path) = folder_with("old");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    symlink("m.yaml", &one).unwrap();
    symlink("one", &two).unwrap();
    write_atomically(&one, "old", "new").unwrap();
    assert!(fs::symlink_metadata(&one).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    let error = write_atomically(&two, "new", "newer").unwrap_err();
    assert!(matches!(error, WriteError::LinkToLink { .. }));
}

#[test]
fn folders_read_only_files_and_absent_ones_are_refused() {
    let (folder, path) = folder_with("old");
    let refused = |path: &std::path::Path| write_atomically(path, "old", "new").unwrap_err();
    assert!(matches!(
        refused(folder.path()),
        WriteError::NotAFile { .. }
    ));
    assert!(matches!(
        refused(&folder.path().join("absent")),
        WriteError::Io { .. }
    ));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(matches!(refused(&path), WriteError::ReadOnly { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}

#[test]
fn a_new_file_never_replaces_one() {
    let (folder, path) = folder_with("old");
    let error = write_new(&path, "new", 0o666).unwrap_err();
    assert!(matches!(error, WriteError::Exists { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    let key = folder.path().join("key");
    write_new(&key, "k", 0o600).unwrap();
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(count(&folder), 2);
}
