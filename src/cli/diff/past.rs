//! Whether the new values are former ones.

use super::super::error::CommandError;
use super::Searched;
use crate::crypto::Keyring;
use crate::reconcile::earlier::{self, Former};
use crate::review::Review;
use crate::source::{Git, MOST_REVISIONS, Repository};

/// The history up to the base.
pub(super) struct Past<'a> {
    pub(super) git: &'a Git,
    pub(super) repository: &'a Repository,
    pub(super) commit: &'a str,
}

impl Past<'_> {
    /// Notes at each variable with a new value the newest revision that had it, and what could not be
    /// looked at.
    pub(super) fn fill(
        &self,
        review: &mut Review,
        searched: &Searched,
        keyring: &mut Keyring,
    ) -> Result<(), CommandError> {
        let wanted = review.wanted();
        let Some(path) = searched.base.as_ref().filter(|_| !wanted.is_empty()) else {
            return Ok(());
        };
        let history = self
            .git
            .history_of(self.repository, self.commit, path)
            .map_err(|error| CommandError::of(&error))?;
        let texts: Vec<Former<'_>> = history
            .texts
            .iter()
            .map(|one| Former {
                commit: &one.commit,
                at: one.at,
                text: &one.text,
            })
            .collect();
        let found = earlier::search(&texts, &wanted, searched.with.as_ref(), keyring);
        tracing::debug!(revisions = texts.len(), blind = found.blind, "history");
        for one in &mut review.variables {
            one.earlier = found.earlier.get(&one.name).cloned();
        }
        if found.blind > 0 {
            let revisions = if found.blind == 1 {
                "1 older revision"
            } else {
                &format!("{} older revisions", found.blind)
            };
            review.notes.push(format!(
                "{revisions} could not be opened or read: an equal value there was not noticed"
            ));
        }
        if history.is_cut {
            review.notes.push(format!(
                "the history was looked at only as far as this clone has it, and no further back than \
                 {MOST_REVISIONS} revisions"
            ));
        }
        Ok(())
    }
}
