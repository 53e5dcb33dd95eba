//! What happens to the journal: lost, put back, edited by somebody without the key.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::ledger::Ledger;
use super::steps::Forgery;

/// A copy of the journal and what it holds.
pub struct Copy {
    /// `None` if there was none yet.
    bytes: Option<Vec<u8>>,
    ledger: Ledger,
}

/// The database, and what SQLite keeps beside it.
fn files(journal: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut path = journal.as_os_str().to_owned();
        path.push(end);
        path.into()
    })
}

/// Nobody has it open: the database alone is all of it.
pub fn copy(journal: &Path, ledger: &Ledger) -> Copy {
    Copy {
        bytes: std::fs::read(journal).ok(),
        ledger: ledger.clone(),
    }
}

pub fn lose(journal: &Path, ledger: &mut Ledger) {
    for file in files(journal) {
        let _absent = std::fs::remove_file(file);
    }
    ledger.lost();
}

pub fn put_back(journal: &Path, copy: &Copy, ledger: &mut Ledger) {
    lose(journal, ledger);
    if let Some(bytes) = &copy.bytes {
        std::fs::write(journal, bytes).unwrap();
    }
    *ledger = copy.ledger.clone();
}

/// Edits rows; `false` if there is no journal.
pub fn forge(journal: &Path, forgery: Forgery, target: &'static str, ledger: &mut Ledger) -> bool {
    if !journal.exists() {
        return false;
    }
    let database = Connection::open(journal).unwrap();
    let edit = match forgery {
        Forgery::StateBody => "UPDATE states SET body = replace(body, ':', ' :') WHERE target = ?1",
        Forgery::StateMac => "UPDATE states SET mac = zeroblob(32) WHERE target = ?1",
        Forgery::StateGone => "DELETE FROM states WHERE target = ?1",
        Forgery::ReceiptBody => "UPDATE receipts SET body = body || ' ' WHERE target = ?1",
        Forgery::ReceiptsGone => "DELETE FROM receipts WHERE target = ?1",
        Forgery::IntentsGone => "DELETE FROM intents WHERE target = ?1",
        Forgery::AuthorityBody => "UPDATE authorities SET body = body || ' ' WHERE ?1 = ?1",
        Forgery::AuthorityGone => "DELETE FROM authorities WHERE ?1 = ?1",
    };
    database.execute(edit, [target]).unwrap();
    match forgery {
        Forgery::StateBody | Forgery::StateMac | Forgery::StateGone => ledger.forget(target),
        Forgery::AuthorityBody => ledger.distrust(),
        Forgery::AuthorityGone => ledger.forget_key(),
        Forgery::ReceiptBody | Forgery::ReceiptsGone | Forgery::IntentsGone => {}
    }
    true
}
