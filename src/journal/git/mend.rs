//! Whether there is a journal, and what a person does where it is not the one that was seen.

use super::GitJournal;
use super::error::GitError;
use crate::journal::JournalError;

impl GitJournal {
    /// Whether this machine ever saw one there; asks nobody.
    pub fn is_known(&self) -> Result<bool, JournalError> {
        Ok(self.core.local(self.core.cache.tip())?.is_some())
    }

    /// Believes what the remote says from now on, whatever this machine saw before.
    pub fn accept(&mut self) -> Result<(), JournalError> {
        if self.core.settings.standing.tip()?.is_none() {
            return self.core.local(self.core.cache.forget());
        }
        self.core.refresh(true)
    }

    /// Puts what this machine saw in the place of what is there.
    pub fn restore(&mut self) -> Result<(), JournalError> {
        let standing = &self.core.settings.standing;
        let files = self.core.local(self.core.cache.everything())?;
        let tip = standing.tip()?;
        let known = self.core.local(self.core.cache.tip())?;
        if let Some(tip) = &tip {
            standing.fetch()?;
            self.core
                .local(self.core.cache.set_tip(known.as_deref(), tip))?;
        }
        let message = "driftlock: restored";
        let done = self.core.publish(tip.as_deref(), files, message, true)?;
        if done {
            return Ok(());
        }
        let place = self.core.shown();
        Err(GitError::Busy { place }.into())
    }
}
