//! What this machine last saw of the journal, as tables: answers come from here, an unreachable remote
//! leaves something to go on from, and a journal that was set back is noticed.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::files::{self, File, Kind};
use super::rows;
use super::seen;
use crate::journal::JournalError;
use crate::journal::sqlite::{Failure, open, schema};

/// How long a write of the cache waits for another process.
const PATIENCE: Duration = Duration::from_secs(20);

const TABLES: &str = "
    CREATE TEMP TABLE touched (kind TEXT, scope INTEGER, a, b);
    CREATE TEMP TRIGGER scope_comes AFTER INSERT ON main.scopes BEGIN
        INSERT INTO folders VALUES (folder_of(new.name), new.id);
        INSERT INTO touched VALUES ('scope', new.id, NULL, NULL); END;
    CREATE TEMP TRIGGER scope_changes AFTER UPDATE ON main.scopes BEGIN
        INSERT INTO touched VALUES ('scope', new.id, NULL, NULL); END;
";

/// For every other table: what names a row of it.
const TRACKED: [(&str, &str, &str, &str); 7] = [
    ("receipt", "receipts", "number", "NULL"),
    ("state", "states", "place", "target"),
    ("intent", "intents", "id", "NULL"),
    ("observation", "observations", "target", "machine"),
    ("authority", "authorities", "NULL", "NULL"),
    ("alerts", "alerts", "NULL", "NULL"),
    ("lease", "leases", "NULL", "NULL"),
];

/// The content of a file of the tree; `None` if it is gone.
pub(super) type Changed = (String, Option<Vec<u8>>);

/// The tables.
#[derive(Debug)]
pub(super) struct Cache {
    pub(super) connection: Connection,
    /// The file, as it was when it was opened; `None` in memory.
    file: Option<Metadata>,
}

impl Cache {
    /// The file at `path`, made if it is not there; without one, in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, JournalError> {
        let connection = match path {
            Some(path) => {
                if !path.exists() {
                    open::create(path, &schema::CACHE)?;
                }
                let opened = open::open(path, &schema::CACHE, PATIENCE)?;
                let opened = opened.filter(|opened| opened.writable);
                let path = path.to_path_buf();
                opened.ok_or(JournalError::ReadOnly { path })?.connection
            }
            None => {
                let connection = Connection::open_in_memory().map_err(unexpected)?;
                schema::migrate(&connection, &schema::CACHE).map_err(unexpected)?;
                connection
            }
        };
        prepare(&connection).map_err(unexpected)?;
        if path.is_some() {
            let home = files::to_hex(&rand::random::<[u8; 8]>());
            connection
                .execute("INSERT OR IGNORE INTO facts VALUES ('home', ?1)", [home])
                .map_err(unexpected)?;
        }
        let file = path.and_then(|path| path.metadata().ok());
        Ok(Self { connection, file })
    }

    /// Names this cache on this machine, since its start: a copy of it on another one, or in another
    /// container, has another name. `None` for one in memory.
    pub(super) fn home(&self) -> Result<Option<String>, Failure> {
        let (Some(file), Some(random)) = (&self.file, fact(&self.connection, "home")?) else {
            return Ok(None);
        };
        let system = rustix::system::uname();
        let host = system.nodename().to_string_lossy();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let (device, number) = (file.dev().to_string(), file.ino().to_string());
        let parts = [&random, &*host, &boot, &device, &number];
        Ok(Some(files::key_of(&parts)))
    }

    /// Whether there is a file: what is seen now is known to the next run.
    pub(super) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn tip(&self) -> Result<Option<String>, Failure> {
        fact(&self.connection, "tip")
    }

    /// When the remote was last heard of.
    pub(super) fn heard(&self) -> Result<Option<Timestamp>, Failure> {
        Ok(fact(&self.connection, "heard")?.and_then(|at| at.parse().ok()))
    }

    /// How many files of the tree are no rows.
    pub(super) fn garbage(&self) -> Result<usize, Failure> {
        let count: i64 =
            (self.connection).query_row("SELECT count(*) FROM garbage", [], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Notes that the remote was heard of, and since when each lease says what it says.
    pub(super) fn hear(&self, now: Timestamp) -> Result<(), Failure> {
        let transaction = self.transaction()?;
        set_fact(&transaction, "heard", &now.to_string())?;
        sight(&transaction, now)?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes over what changed between two tips, or with `whole` all that there is. Says what was
    /// seen before and is missing now; then nothing is taken over, unless it is `accepted`.
    pub(super) fn import(
        &self,
        from: Option<&str>,
        tip: &str,
        changed: &[Changed],
        whole: bool,
        accepted: bool,
        now: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let transaction = self.transaction()?;
        // another process of this machine was faster: it saw this tip, or a later one
        if fact(&transaction, "tip")?.as_deref() != from {
            return Ok(None);
        }
        let seen = seen::of(&transaction)?;
        if whole {
            clear(&transaction)?;
        }
        let mut files: Vec<(Option<File>, &Changed)> = changed
            .iter()
            .map(|one| (File::parse(&one.0), one))
            .collect();
        files.sort_by(|(one, _), (other, _)| kind(one.as_ref()).cmp(&kind(other.as_ref())));
        for (file, (path, content)) in files {
            if path == files::FORMAT {
                continue;
            }
            let good = match &file {
                Some(file) => rows::take_over(&transaction, file, content.as_deref())?,
                None => content.is_none(),
            };
            let query = match good {
                true => "DELETE FROM garbage WHERE path = ?1",
                false => "INSERT OR IGNORE INTO garbage VALUES (?1)",
            };
            transaction.prepare_cached(query)?.execute([path])?;
        }
        transaction.execute("DELETE FROM touched", [])?;
        if !accepted && let Some(missing) = seen::missing(&transaction, &seen)? {
            return Ok(Some(missing));
        }
        set_fact(&transaction, "tip", tip)?;
        set_fact(&transaction, "heard", &now.to_string())?;
        sight(&transaction, now)?;
        transaction.commit()?;
        Ok(None)
    }

    /// What `work` would change, as files; nothing is changed yet. `None` if another process of this
    /// machine has seen more than `tip` in the meantime.
    pub(super) fn rehearse<T>(
        &self,
        tip: Option<&str>,
        work: &mut dyn FnMut(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<Option<(T, Vec<Changed>)>, Failure> {
        let transaction = self.transaction()?;
        if fact(&transaction, "tip")?.as_deref() != tip {
            return Ok(None);
        }
        let result = work(&transaction)?;
        let files = touched(&transaction)?;
        let changed = files
            .into_iter()
            .map(|file| Ok((file.to_string(), rows::render(&transaction, &file)?)))
            .collect::<Result<_, Failure>>()?;
        transaction.rollback()?;
        Ok(Some((result, changed)))
    }

    /// Every row, as files.
    pub(super) fn everything(&self) -> Result<Vec<Changed>, Failure> {
        let transaction = self.transaction()?;
        transaction.execute(
            "INSERT INTO touched SELECT 'scope', id, NULL, NULL FROM scopes",
            [],
        )?;
        for (kind, table, a, b) in TRACKED {
            transaction.execute(
                &format!("INSERT INTO touched SELECT '{kind}', scope, {a}, {b} FROM {table}"),
                [],
            )?;
        }
        let files = touched(&transaction)?;
        let changed = files
            .into_iter()
            .map(|file| Ok((file.to_string(), rows::render(&transaction, &file)?)));
        let changed = changed.collect();
        transaction.rollback()?;
        changed
    }

    /// Forgets all of it: what the remote says from now on is believed.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        let transaction = self.transaction()?;
        clear(&transaction)?;
        transaction.execute("DELETE FROM touched", [])?;
        transaction.execute("DELETE FROM facts WHERE name <> 'home'", [])?;
        transaction.commit()?;
        Ok(())
    }

    fn transaction(&self) -> Result<Transaction<'_>, Failure> {
        Ok(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?)
    }
}

fn kind(file: Option<&File>) -> Option<&Kind> {
    file.map(|file| &file.kind)
}

/// A cache cannot be set up; nothing of the journal's is lost with it.
fn unexpected(error: rusqlite::Error) -> JournalError {
    open::explain(Path::new("of this machine's cache"), &error)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folder_of", 1, flags, |context| {
        Ok(files::folder_of(&context.get::<String>(0)?))
    })?;
    connection.create_scalar_function("name_of", 2, flags, |context| {
        let (one, other): (String, String) = (context.get(0)?, context.get(1)?);
        Ok(files::key_of(&[&one, &other]))
    })?;
    connection.execute_batch(TABLES)?;
    for (kind, table, a, b) in TRACKED {
        let side = |event: &str, row: &str| {
            let name = |column: &str| match column {
                "NULL" => "NULL".to_owned(),
                column => format!("{row}.{column}"),
            };
            format!(
                "CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN
                     INSERT INTO touched VALUES ('{kind}', {row}.scope, {}, {}); END;",
                name(a),
                name(b)
            )
        };
        connection.execute_batch(&side("INSERT", "new"))?;
        connection.execute_batch(&side("UPDATE", "new"))?;
        connection.execute_batch(&side("DELETE", "old"))?;
    }
    Ok(())
}

fn touched(transaction: &Transaction<'_>) -> Result<Vec<File>, Failure> {
    let mut query = transaction.prepare(
        "SELECT DISTINCT kind, folders.name, a, b,
                CASE WHEN b IS NULL THEN NULL ELSE name_of(a, b) END
         FROM touched JOIN folders ON folders.scope = touched.scope",
    )?;
    let mut rows = query.query([])?;
    let mut files = vec![];
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        let kind = match kind.as_str() {
            "scope" => Kind::Scope,
            "receipt" => Kind::Receipt(row.get(2)?),
            "intent" => Kind::Intent(row.get(2)?),
            "state" => Kind::State(row.get(4)?),
            "observation" => Kind::Observation(row.get(4)?),
            "authority" => Kind::Authority,
            "alerts" => Kind::Alerts,
            _ => Kind::Lease,
        };
        let scope = row.get(1)?;
        files.push(File { scope, kind });
    }
    drop(rows);
    drop(query);
    transaction.execute("DELETE FROM touched", [])?;
    Ok(files)
}

fn clear(transaction: &Transaction<'_>) -> Result<(), Failure> {
    for (_, table, ..) in TRACKED {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
    }
    for table in ["scopes", "folders", "garbage"] {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

fn fact(connection: &Connection, name: &str) -> Result<Option<String>, Failure> {
    Ok(connection
        .prepare_cached("SELECT value FROM facts WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

fn set_fact(transaction: &Transaction<'_>, name: &str, value: &str) -> Result<(), Failure> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO facts VALUES (?1, ?2)")?
        .execute((name, value))?;
    Ok(())
}

/// Since when each lease says what it says, by this machine's own clock.
fn sight(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Failure> {
    transaction.execute(
        "DELETE FROM sightings WHERE NOT EXISTS (
            SELECT 1 FROM leases WHERE leases.scope = sightings.scope AND leases.body = sightings.body)",
        [],
    )?;
    transaction.execute(
        "INSERT OR IGNORE INTO sightings SELECT scope, body, ?1 FROM leases",
        [now.to_string()],
    )?;
    Ok(())
}

/// Since when this machine sees the lease of a scope say what it says.
pub(super) fn sighted(
    transaction: &Transaction<'_>,
    scope: &str,
) -> Result<Option<Timestamp>, Failure> {
    let at: Option<String> = transaction
        .prepare_cached(
            "SELECT at FROM sightings JOIN leases USING (scope, body)
             WHERE scope = (SELECT id FROM scopes WHERE name = ?1)",
        )?
        .query_row([scope], |row| row.get(0))
        .optional()?;
    Ok(at.and_then(|at| at.parse().ok()))
}
