//! What git knows of a manifest's readers: since when a key is in use, and since when somebody is
//! listed.

use crate::cli::context::Context;
use crate::cli::session::Item;
use crate::model::KeyId;
use crate::reconcile::event::ListedSince;
use crate::source::FormerTexts;

/// The texts that a manifest had.
pub(super) struct Past(FormerTexts);

impl Past {
    /// `None` without git, a repository, or a commit that has the file.
    pub(super) fn of(item: &Item, context: &Context) -> Option<Self> {
        let git = context.git();
        let file = context.absolute(&item.file.path);
        let repository = git.repository(&item.file.folder).ok()?;
        let inside = repository.inside(&file)?;
        let commit = git.commit_of(&file, "HEAD").ok()?;
        let texts = git.history_of(&repository, &commit, &inside).ok()?;
        (!texts.texts.is_empty()).then_some(Self(texts))
    }

    /// The oldest commit since which every text was sealed under this key.
    pub(super) fn key_since(&self, key: KeyId) -> Option<ListedSince> {
        let line = key.to_string();
        self.since(|text| text.contains(&line))
    }

    /// The oldest commit since which every text lists this key.
    pub(super) fn listed_since(&self, key: &str) -> Option<ListedSince> {
        self.since(|text| text.contains(key))
    }

    fn since(&self, has: impl Fn(&str) -> bool) -> Option<ListedSince> {
        let texts = &self.0.texts;
        let run = texts.iter().take_while(|one| has(&one.text)).count();
        let oldest = texts.get(run.checked_sub(1)?)?;
        Some(ListedSince {
            commit: oldest.commit.clone(),
            at: oldest.at,
            or_longer: run == texts.len() && self.0.is_cut,
        })
    }
}
