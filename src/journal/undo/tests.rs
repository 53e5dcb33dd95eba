//! The file of former values in one process. Through the binary: `tests/it/cli/undo`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::{Changes, KeptKind, KeptRow, UndoStore};
use crate::journal::{Authenticator, Scope};
use crate::model::{FingerprintKey, Fingerprinter};

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn store(&self) -> UndoStore {
        UndoStore::new(self.folder.path().join("state/undo.sqlite3"))
    }

    fn kept(&self, body: &str) -> UndoStore {
        let mut store = self.store();
        let add = vec![row("A", body)];
        let changes = Changes {
            add,
            ..Changes::default()
        };
        store.change(&scope(), &changes).unwrap();
        store
    }

    fn sql(&self, statements: &str) {
        let connection = Connection::open(self.store().path()).unwrap();
        connection.execute_batch(statements).unwrap();
    }

    /// All bytes of the folder: the file and what SQLite keeps beside it.
    fn bytes(&self) -> Vec<u8> {
        let mut all = vec![];
        for entry in fs::read_dir(self.folder.path().join("state")).unwrap() {
            all.extend(fs::read(entry.unwrap().path()).unwrap());
        }
        all
    }

    fn holds(&self, text: &str) -> bool {
        let bytes = self.bytes();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    }
}

fn scope() -> Scope {
    Scope("m@/x".to_owned())
}

fn auth(byte: u8) -> Authenticator {
    Authenticator::new(&Fingerprinter::new(FingerprintKey::new([byte; 32]), vec![]))
}

fn row(name: &str, body: &str) -> KeptRow {
    let at = "2026-01-01T00:00:00.123456789Z".parse().unwrap();
    let (target, name) = ("api".parse().unwrap(), name.parse().unwrap());
    let mut row = KeptRow::new(("plan", at), &target, "place", &name);
    row.kind = KeptKind::Clear;
    body.clone_into(&mut row.body);
    assert!(row.prove(&auth(1)));
    row
}

#[test]
fn what_is_kept_is_read_back_and_verifies() {
    let world = World::new();
    assert_eq!(world.store().rows(&scope()).unwrap(), vec![]);
    assert!(!world.store().path().exists(), "reading makes nothing");
    drop(world.kept("text"));
    let mut store = world.store();
    let rows = store.rows(&scope()).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].is_proved(&auth(1)) && !rows[0].is_proved(&auth(2)));
    assert_eq!(rows[0].receipt, None);
    let attach = vec![(rows[0].id.unwrap(), 7)];
    let changes = Changes {
        attach,
        ..Changes::default()
    };
    store.change(&scope(), &changes).unwrap();
    let rows = store.rows(&scope()).unwrap();
    assert_eq!(rows[0].receipt, Some(7));
    assert!(rows[0].is_proved(&auth(1)));
    let other = Scope("other@/x".to_owned());
    assert_eq!(store.rows(&other).unwrap(), vec![]);
}

#[test]
fn an_edited_row_does_not_verify() {
    for edit in [
        "UPDATE kept SET body = 'other'",
        "UPDATE kept SET kind = 'absent'",
        "UPDATE kept SET variable = 'B'",
        "UPDATE kept SET target = 'web'",
        "UPDATE kept SET place = 'elsewhere'",
        "UPDATE kept SET plan = 'other'",
        "UPDATE kept SET at = '2026-01-02T00:00:00Z'",
        "UPDATE kept SET wanted = 'absent'",
        "UPDATE kept SET mac = x'00'",
    ] {
        let world = World::new();
        drop(world.kept("text"));
        world.sql(edit);
        let rows = world.store().rows(&scope()).unwrap();
        assert!(!rows[0].is_proved(&auth(1)), "{edit}");
    }
    for damage in [
        "UPDATE kept SET at = 'yesterday'",
        "UPDATE kept SET kind = 'x'",
        "UPDATE kept SET variable = 'no name'",
    ] {
        let world = World::new();
        drop(world.kept("text"));
        world.sql(damage);
        assert_eq!(world.store().rows(&scope()).unwrap(), vec![], "{damage}");
    }
}

#[test]
fn what_is_deleted_is_nowhere_any_more() {
    let long = "needle-".repeat(2000);
    let ways: [fn(&mut UndoStore); 2] = [
        |store| {
            let rows = store.rows(&scope()).unwrap();
            let changes = Changes {
                drop: rows.iter().filter_map(|row| row.id).collect(),
                ..Changes::default()
            };
            store.change(&scope(), &changes).unwrap();
        },
        |store| assert_eq!(store.clear().unwrap(), 1),
    ];
    for way in ways {
        let world = World::new();
        let mut store = world.kept(&long);
        assert!(world.holds("needle-needle-"));
        way(&mut store);
        assert!(!world.holds("needle-"), "with the file open");
        drop(store);
        assert!(!world.holds("needle-"));
    }
}

#[test]
fn only_the_owner_can_read_it() {
    let world = World::new();
    let store = world.kept("text");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.path()), 0o600);
    assert_eq!(mode(&world.folder.path().join("state")), 0o700);
    for end in ["-wal", "-shm"] {
        let mut path = store.path().as_os_str().to_owned();
        path.push(end);
        let path = std::path::PathBuf::from(path);
        assert!(!path.exists() || mode(&path) == 0o600, "{end}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_left_alone() {
    let world = World::new();
    drop(world.kept("text"));
    let error = |world: &World| world.store().rows(&scope()).unwrap_err().to_string();
    world.sql("PRAGMA user_version = 9");
    let said = error(&world);
    assert!(said.contains("newer driftlock"), "{said}");
    world.sql("PRAGMA user_version = 1; PRAGMA application_id = 7");
    let said = error(&world);
    assert!(said.contains("not driftlock's"), "{said}");
    for damage in ["", "no database at all, and longer than a header"] {
        fs::write(world.store().path(), damage).unwrap();
        let said = error(&world);
        assert!(said.contains("move it away"), "{said}");
        let mut store = world.store();
        assert!(store.clear().is_err());
        assert_eq!(fs::read(store.path()).unwrap(), damage.as_bytes());
    }
}
