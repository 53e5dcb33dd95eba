//! Files that are not what they should be. None of them is changed or made anew.

use std::time::Duration;

use super::*;

fn error_of(world: &World) -> JournalError {
    let targets = [(target(), "place".to_owned())];
    let again = world.again().with_patience(Duration::from_millis(20));
    again
        .last_applied(&scope(), &targets, &auth(1, &[]))
        .unwrap_err()
}

fn write_error_of(world: &World) -> JournalError {
    let mut again = world.again().with_patience(Duration::from_millis(20));
    let receipts = [receipt(1, [("A", done(1))])];
    again
        .record(&scope(), &receipts, &auth(1, &[]))
        .unwrap_err()
}

fn with_one_receipt() -> World {
    let mut world = World::new();
    world.record(receipt(1, [("A", done(1))]));
    world.journal = world.again();
    world
}

#[test]
fn only_the_owner_can_read_what_is_created_and_nothing_else_stays() {
    let world = with_one_receipt();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = world.folder.path().join("state");
    assert_eq!(mode(world.journal.path()), 0o600);
    assert_eq!(mode(&folder), 0o700);
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["journal.db"]);
}

#[test]
fn a_newer_version_is_left_alone() {
    let world = with_one_receipt();
    world.sql("PRAGMA user_version = 99");
    let before = fs::read(world.journal.path()).unwrap();
    let text = error_of(&world).to_string();
    assert!(
        text.contains("newer driftlock (format 99, this one knows 3)"),
        "{text}"
    );
    assert!(matches!(write_error_of(&world), JournalError::Newer { .. }));
    assert_eq!(fs::read(world.journal.path()).unwrap(), before);
}

#[test]
fn another_database_and_a_folder_are_left_alone() {
    let world = with_one_receipt();
    world.sql("PRAGMA application_id = 1");
    assert!(matches!(error_of(&world), JournalError::Foreign { .. }));
    assert!(matches!(
        write_error_of(&world),
        JournalError::Foreign { .. }
    ));
    fs::remove_file(world.journal.path()).unwrap();
    fs::create_dir(world.journal.path()).unwrap();
    assert!(matches!(error_of(&world), JournalError::Foreign { .. }));
}

#[test]
fn a_damaged_file_is_named_and_never_made_anew() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [Damage; 3] = [
        |bytes| bytes.clear(),
        |bytes| bytes[..100].fill(b'x'),
        |bytes| bytes[1000..].fill(0xAA),
    ];
    for damage in damages {
        let world = with_one_receipt();
        let mut bytes = fs::read(world.journal.path()).unwrap();
        damage(&mut bytes);
        fs::write(world.journal.path(), &bytes).unwrap();
        let text = error_of(&world).to_string();
        assert!(
            text.contains("journal.db: the file is damaged; move it away"),
            "{text}"
        );
        assert!(matches!(
            write_error_of(&world),
            JournalError::Corrupted { .. }
        ));
        assert_eq!(fs::read(world.journal.path()).unwrap(), bytes);
    }
}

#[test]
fn a_writer_that_holds_on_for_too_long_is_an_error_for_writers_only() {
    let world = with_one_receipt();
    let other = Connection::open(world.journal.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(
        write_error_of(&world),
        JournalError::Locked { .. }
    ));
    assert!(world.last(&auth(1, &[])).recorded);
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    assert_eq!(world.proofs(), [Proof::Verified]);
}

/// The first version as it was, so that an edit of its migration is noticed.
const FIRST_VERSION: &str = "
    PRAGMA application_id = 1684828011;
    PRAGMA user_version = 1;
    CREATE TABLE scopes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        lineage BLOB NOT NULL, local_key BLOB) STRICT;
    CREATE TABLE receipts (scope INTEGER NOT NULL REFERENCES scopes (id),
        number INTEGER NOT NULL, place TEXT NOT NULL, target TEXT NOT NULL, at TEXT NOT NULL,
        body TEXT NOT NULL, prev BLOB NOT NULL, key BLOB NOT NULL, mac BLOB NOT NULL,
        PRIMARY KEY (scope, number)) STRICT;
    CREATE INDEX receipts_by_target ON receipts (scope, place, target, number);
    CREATE TABLE states (scope INTEGER NOT NULL REFERENCES scopes (id), place TEXT NOT NULL,
        target TEXT NOT NULL, body TEXT NOT NULL, key BLOB NOT NULL, mac BLOB NOT NULL,
        PRIMARY KEY (scope, place, target)) STRICT;
    CREATE TABLE intents (id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope INTEGER NOT NULL REFERENCES scopes (id), place TEXT NOT NULL,
        target TEXT NOT NULL, body TEXT NOT NULL) STRICT;";

#[test]
fn a_first_version_is_brought_up_to_date_with_its_records() {
    let mut world = with_one_receipt();
    let old = world.folder.path().join("first.db");
    Connection::open(&old)
        .unwrap()
        .execute_batch(FIRST_VERSION)
        .unwrap();
    world.sql(&format!(
        "ATTACH '{}' AS old;
         INSERT INTO old.scopes SELECT * FROM scopes;
         INSERT INTO old.receipts SELECT * FROM receipts;
         INSERT INTO old.states SELECT * FROM states;",
        old.display()
    ));
    fs::rename(&old, world.journal.path()).unwrap();
    assert!(world.last(&auth(1, &[])).recorded);
    assert_eq!(world.proofs(), [Proof::Verified]);
    let facts = AppliedAuthority {
        facts: AuthorityFacts::default(),
        revision: None,
        at: at(1),
    };
    let set = world.journal.set_authority(&scope(), &facts, &auth(1, &[]));
    set.unwrap();
    let connection = Connection::open(world.journal.path()).unwrap();
    assert_eq!(
        schema::version(&connection).unwrap(),
        schema::JOURNAL.version()
    );
}
