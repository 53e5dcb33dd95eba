//! The file for node_exporter.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use driftlock::serve::{FileError, write_metrics_file};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn others_can_read_it_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("driftlock.prom");
    write_metrics_file(&path, "a 1\n").unwrap();
    write_metrics_file(&path, "a 2\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a 2\n");
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
    // one that somebody made too open or too close is as it should be afterwards
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    write_metrics_file(&path, "a 3\n").unwrap();
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
    assert_eq!(names(folder.path()), ["driftlock.prom"]);
}

#[test]
fn a_reader_sees_one_or_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.prom");
    let texts = ["a 1\n".to_owned(), "b 2\n".repeat(50_000)];
    write_metrics_file(&path, &texts[0]).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..200 {
                write_metrics_file(&path, &texts[number % 2]).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) && !writer.is_finished() {
            let seen = std::fs::read_to_string(&path).unwrap();
            assert!(texts.contains(&seen), "{} bytes", seen.len());
        }
        writer.join().unwrap();
    });
    assert_eq!(names(folder.path()), ["x.prom"]);
}

#[test]
fn what_node_exporter_would_not_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x", "x.txt", "x.prom.txt", ".prom", "x.PROM", "prom"] {
        let error = write_metrics_file(&folder.path().join(name), "").unwrap_err();
        assert!(
            matches!(error, FileError::NotProm { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains("has to end in .prom"), "{error}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn what_is_no_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("folder.prom")).unwrap();
    std::fs::write(at("real.txt"), "mine").unwrap();
    symlink(at("real.txt"), at("link.prom")).unwrap();
    symlink(at("nowhere"), at("lost.prom")).unwrap();
    for name in ["folder.prom", "link.prom", "lost.prom"] {
        let error = write_metrics_file(&at(name), "a 1\n").unwrap_err();
        assert!(
            matches!(error, FileError::NotAFile { .. }),
            "{name}: {error}"
        );
    }
    assert_eq!(std::fs::read_to_string(at("real.txt")).unwrap(), "mine");
    let error = write_metrics_file(&at("missing/x.prom"), "").unwrap_err();
    assert!(
        error.to_string().ends_with("its folder does not exist"),
        "{error}"
    );
    let error = write_metrics_file(&at("real.txt/x.prom"), "").unwrap_err();
    assert!(matches!(error, FileError::Io { .. }), "{error}");
    // the system refuses, and what was there stays
    let error = write_metrics_file(Path::new("/proc/self/x.prom"), "").unwrap_err();
    assert!(
        matches!(error, FileError::Io { .. } | FileError::NoFolder { .. }),
        "{error}"
    );
}
