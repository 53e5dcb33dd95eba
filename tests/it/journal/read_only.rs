//! A journal on a disk that cannot be written: a read-only mount in a namespace of its own, since
//! permissions do not stop root.

use std::process::Output;

use driftlock::journal::JournalError;

use super::*;
use crate::support::peers;

/// What runs inside the mount. In an ordinary run of the tests it does nothing.
#[test]
fn reader() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells its child what to do"
    )]
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut journal = journal(Path::new(&folder));
    let targets = [("api".parse().unwrap(), "api".to_owned())];
    let said = match journal.last_applied(&scope(), &targets, &auth()) {
        Ok(found) => format!("recorded {}", found.targets["api"].recorded),
        Err(error) => error.to_string(),
    };
    let refused = journal.record(&scope(), &[receipt("api", "p".to_owned())], &auth());
    let refused = refused.unwrap_err();
    let kind = matches!(refused, JournalError::ReadOnly { .. });
    writeln!(
        std::io::stderr(),
        "{said}; notes {:?}; read-only {kind}",
        journal.notes()
    )
    .unwrap();
}

/// `None` where this machine does not let us mount.
fn run_on_read_only_disk(folder: &Path) -> Option<Output> {
    let unshare = peers::program("unshare")?;
    let script =
        "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" || exit 99; exec \"$@\"";
    let output = Command::new(unshare)
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal::read_only::reader", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let mounted = output.status.code() != Some(99) && !output.stdout.is_empty();
    if mounted {
        Some(output)
    } else {
        peers::missing("a user namespace with mounts (unshare --user --mount)")
    }
}

#[test]
fn it_is_read_with_a_note_and_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = journal(folder.path());
    let first = [receipt("api", "p".to_owned())];
    writer.record(&scope(), &first, &auth()).unwrap();
    drop(writer);
    let Some(output) = run_on_read_only_disk(folder.path()) else {
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("recorded true; notes [\"the journal"),
        "{said}"
    );
    assert!(
        said.contains("read-only: nothing can be recorded\"]; read-only true"),
        "{said}"
    );
}

#[test]
fn without_a_journal_nothing_is_known_and_nothing_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let Some(output) = run_on_read_only_disk(folder.path()) else {
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("recorded false; notes []; read-only true"),
        "{said}"
    );
}

#[test]
fn a_log_that_was_left_behind_is_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    // Killed, so that its last receipts are in the log only.
    drop(kill_after(spawn(folder.path()), 3));
    assert!(
        folder
            .path()
            .join("journal.db-wal")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
    std::fs::remove_file(folder.path().join("journal.db-shm")).unwrap();
    let Some(output) = run_on_read_only_disk(folder.path()) else {
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the journal was not closed there"), "{said}");
}
