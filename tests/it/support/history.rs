//! A journal that has been in use for years: genuine receipts, made by its own keeper.

use driftlock::journal::{Authenticator, HistoryFilter, Journal, Receipt, Scope, SqliteJournal};
use driftlock::model::Fingerprinter;
use rusqlite::Connection;

use super::world::World;

/// Receipts of one transaction.
const AT_ONCE: usize = 1_000;

/// Repeats the newest receipts of a world's only manifest, which is clear, until there are so many.
pub fn fill(world: &World, receipts: usize) {
    let database = Connection::open(world.journal()).unwrap();
    let named = database.query_row("SELECT name FROM scopes", [], |row| row.get(0));
    let scope = Scope(named.unwrap());
    drop(database);
    let mut journal = SqliteJournal::new(world.journal());
    let key = journal.existing_local_key(&scope).unwrap().unwrap();
    let auth = Authenticator::new(&Fingerprinter::new(key, vec![]));
    let known = journal.history(&scope, &HistoryFilter::default(), &auth);
    let known: Vec<Receipt> = known
        .unwrap()
        .into_iter()
        .filter_map(|one| one.receipt)
        .collect();
    let more: Vec<Receipt> = known
        .iter()
        .cycle()
        .take(receipts - known.len())
        .cloned()
        .collect();
    for some in more.chunks(AT_ONCE) {
        journal.record(&scope, some, &auth).unwrap();
    }
}

/// A world of clear variables in so many files, applied.
pub fn applied(targets: usize) -> World {
    let world = World::new();
    let mut text = "driftlock: 1\nname: dev\nvariables:\n".to_owned();
    let names = ["HOST", "LEVEL", "PORT", "REGION", "URL"];
    for name in names {
        text.push_str(&format!("  {name}: the value of {name}\n"));
    }
    text.push_str("targets:\n");
    for target in 0..targets {
        let uses = names.join(", ");
        text.push_str(&format!(
            "  t{target}: {{ file: {{ path: ../t{target}.env }}, variables: [{uses}] }}\n"
        ));
    }
    world.write("manifests/dev.yaml", text);
    world.run("apply --yes").success();
    world
}
