//! Whether there is a journal, and what a person does where it is not the one that was seen.

use super::GitJournal;
use super::core::Onto;
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
        let files = self.core.local(self.core.cache.everything())?;
        let standing = &self.core.settings.standing;
        let tip = standing.tip()?;
        if let Some(tip) = &tip {
            if !standing.has(tip)? {
                standing.fetch()?;
            }
            // a newer driftlock knows better than to be overwritten
            if let Err(newer @ GitError::Newer { .. }) = standing.check_format(tip) {
                return Err(newer.into());
            }
        }
        let known = self.core.local(self.core.cache.tip())?;
        let onto = Onto {
            tip: tip.as_deref(),
            known: known.as_deref(),
            whole: true,
        };
        if self.core.publish(&onto, files, "driftlock: restored")? {
            return Ok(());
        }
        let place = self.core.shown();
        Err(GitError::Busy { place }.into())
    }
}
