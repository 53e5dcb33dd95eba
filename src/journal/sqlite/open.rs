//! Opening and creating the file.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::schema::{self, Schema};
use crate::journal::JournalError;

/// An open file.
#[derive(Debug)]
pub(in crate::journal) struct Opened {
    pub(in crate::journal) connection: Connection,
    pub(in crate::journal) writable: bool,
}

/// `None` if there is no file yet.
pub(in crate::journal) fn open(
    path: &Path,
    schema: &Schema,
    patience: Duration,
) -> Result<Option<Opened>, JournalError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    if !metadata.is_file() {
        return Err(JournalError::Foreign { path: path.into() });
    }
    // SQLite takes an empty file for an empty database; a journal is never empty.
    if metadata.len() == 0 {
        return Err(JournalError::Corrupted { path: path.into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let first = Connection::open_with_flags(path, flags)
        .and_then(|connection| check_header(connection, patience));
    let (connection, header) = match first {
        Ok(found) => found,
        Err(error) if needs_write_access(&error) => open_settled(path, patience)?,
        Err(error) => return Err(explain(path, &error)),
    };
    ready(path, connection, schema, &header).map(Some)
}

/// What the file that becomes this one is called at first, with a random end.
fn unfinished(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}-")
}

/// Creates the file unless it is there. It appears whole or not at all: it is made beside its
/// place and moved in, and of two processes one wins.
pub(in crate::journal) fn create(path: &Path, schema: &Schema) -> Result<(), JournalError> {
    let failed = |error| file_error(path, error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(failed)?;
    match make(folder, path, schema) {
        // the winner sweeps what others began
        Err(_) if path.exists() => Ok(()),
        made => {
            made?;
            sweep(folder, &unfinished(path));
            Ok(())
        }
    }
}

fn make(folder: &Path, path: &Path, schema: &Schema) -> Result<(), JournalError> {
    let failed = |error| file_error(path, error);
    let file = tempfile::Builder::new()
        .prefix(&unfinished(path))
        .tempfile_in(folder)
        .map_err(failed)?;
    fill(file.path(), schema).map_err(|error| explain(path, &error))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(path)
        .map_err(|error| failed(error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

/// Removes what killed runs began. Now that the journal is there, nobody needs it any more; what
/// cannot be removed is in nobody's way.
fn sweep(folder: &Path, unfinished: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_unfinished(&entry.file_name(), unfinished) {
            let _stays = fs::remove_file(entry.path());
        }
    }
}

/// A file of ours, or one that SQLite keeps beside it.
fn is_unfinished(name: &OsStr, prefix: &str) -> bool {
    let Some(end) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else {
        return false;
    };
    let (random, beside) = end.split_at(end.find('-').unwrap_or(end.len()));
    random.len() == 6
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && matches!(beside, "" | "-journal" | "-wal" | "-shm")
}

fn fill(path: &Path, schema: &Schema) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "application_id", schema.application_id)?;
    schema::migrate(&connection, schema)?;
    // Last: with the log still in use, closing would leave a second file behind.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

struct Header {
    application: i64,
    version: i64,
}

fn check_header(
    connection: Connection,
    patience: Duration,
) -> rusqlite::Result<(Connection, Header)> {
    connection.busy_timeout(patience)?;
    // else SQLite plans a query anew for each target that it is asked for
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let header = Header {
        application: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        version: schema::version(&connection)?,
    };
    Ok((connection, header))
}

/// On a read-only disk SQLite cannot make the files that it shares a log with. If no log was left
/// behind, the database file alone is the truth, and nobody can change it.
fn open_settled(path: &Path, patience: Duration) -> Result<(Connection, Header), JournalError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Err(JournalError::Unsettled { path: path.into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(immutable_uri(path), flags)
        .and_then(|connection| check_header(connection, patience))
        .map_err(|error| explain(path, &error))
}

fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            _ => write!(uri, "%{byte:02X}").expect("a String takes all"),
        }
    }
    uri + "?immutable=1"
}

fn ready(
    path: &Path,
    connection: Connection,
    schema: &Schema,
    header: &Header,
) -> Result<Opened, JournalError> {
    let failed = |error| explain(path, &error);
    let path = path.to_path_buf();
    if header.application != schema.application_id {
        return Err(JournalError::Foreign { path });
    }
    if header.version > schema.version() {
        return Err(JournalError::Newer {
            path,
            found: header.version,
            known: schema.version(),
        });
    }
    if header.version < 1 {
        return Err(JournalError::Corrupted { path });
    }
    let writable = !connection.is_readonly(MAIN_DB).map_err(failed)?;
    if header.version < schema.version() {
        if !writable {
            let found = header.version;
            return Err(JournalError::OldAndReadOnly { path, found });
        }
        schema::migrate(&connection, schema).map_err(failed)?;
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    Ok(Opened {
        connection,
        writable,
    })
}

/// SQLite cannot make, or make larger, the file that processes share beside the log: the disk is
/// full.
const NO_ROOM_TO_SHARE: [i32; 2] = [
    rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
    rusqlite::ffi::SQLITE_IOERR_SHMOPEN,
];

fn has_no_room(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| NO_ROOM_TO_SHARE.contains(&error.extended_code))
}

fn needs_write_access(error: &rusqlite::Error) -> bool {
    has_no_room(error)
        || matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
        )
}

fn file_error(path: &Path, source: io::Error) -> JournalError {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly { path },
        io::ErrorKind::StorageFull => JournalError::Full { path },
        _ => JournalError::File { path, source },
    }
}

/// SQLite's own words are left out: only its code says anything that is safe to repeat.
pub(in crate::journal) fn explain(path: &Path, error: &rusqlite::Error) -> JournalError {
    let path = path.to_path_buf();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Locked { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Corrupted { path }
        }
        Some(ErrorCode::ReadOnly) => JournalError::ReadOnly { path },
        Some(ErrorCode::DiskFull) => JournalError::Full { path },
        _ if has_no_room(error) => JournalError::Full { path },
        // A table or column that should be there is not: somebody edited the file.
        Some(ErrorCode::Unknown) => JournalError::Corrupted { path },
        _ => JournalError::Database {
            path,
            code: error.sqlite_error().map_or(0, |error| error.extended_code),
        },
    }
}
