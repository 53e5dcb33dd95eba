//! The book of alerts of one manifest, in a journal.

use crate::alert::Books;
use crate::journal::{Authenticator, Journal, Scope};
use crate::model::AlertBook;

/// Kept in a journal.
pub struct JournalBooks<'a> {
    /// Where.
    pub journal: &'a mut dyn Journal,
    /// Of which manifest.
    pub scope: &'a Scope,
    /// Proves it.
    pub auth: &'a Authenticator,
}

impl Books for JournalBooks<'_> {
    fn change(
        &mut self,
        change: &mut dyn FnMut(&AlertBook) -> Option<AlertBook>,
    ) -> Result<AlertBook, String> {
        self.journal
            .change_alerts(self.scope, self.auth, change)
            .map_err(|error| error.to_string())
    }
}
