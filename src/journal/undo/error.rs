//! Why the file of former values could not be used.

use crate::journal::JournalError;

/// The file could not be read or written. Nothing is made anew in the place of one that cannot be
/// used. It is never a reason not to apply.
#[derive(Debug)]
pub struct UndoStoreError(pub(super) JournalError);

impl std::fmt::Display for UndoStoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use JournalError as E;
        f.write_str("use the undo file ")?;
        match &self.0 {
            E::Newer { path, .. } => write!(
                f,
                "{}: it was written by a newer driftlock; upgrade driftlock",
                path.display()
            ),
            E::Foreign { path } => write!(
                f,
                "{}: this file is not driftlock's; move it away",
                path.display()
            ),
            E::Corrupted { path } => write!(
                f,
                "{}: the file is damaged; move it away to begin a new one",
                path.display()
            ),
            E::Locked { path } => write!(
                f,
                "{}: another process is writing to it; try again",
                path.display()
            ),
            E::ReadOnly { path } | E::Unsettled { path } | E::OldAndReadOnly { path, .. } => {
                write!(
                    f,
                    "{}: the file, its folder or its disk is read-only",
                    path.display()
                )
            }
            E::Full { path } => write!(f, "{}: the disk is full", path.display()),
            E::File { path, source } => write!(f, "{}: {}", path.display(), source.kind()),
            E::Database { path, code } => {
                write!(
                    f,
                    "{}: the database failed with code {code}",
                    path.display()
                )
            }
            E::NoKey | E::Shared(_) => f.write_str("without an identity"),
        }
    }
}

impl std::error::Error for UndoStoreError {}
