//! A sentence of ours with texts of others in it: what is foreign is marked, so that each output can
//! put it where it cannot do harm.

use super::clear::bounded;
use super::comment::quote::{cell, code};

/// Characters of a foreign text.
const SENTENCE: usize = 300;

/// A sentence without its final period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    parts: Vec<(bool, String)>,
    /// Whether somebody must see it.
    pub(super) is_loud: bool,
}

impl Said {
    /// In our own words.
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self {
            parts: vec![(false, words.into())],
            is_loud: false,
        }
    }

    /// Somebody must see it.
    #[must_use]
    pub(super) const fn loud(mut self) -> Self {
        self.is_loud = true;
        self
    }

    /// Adds words of ours.
    #[must_use]
    pub(super) fn then(mut self, words: impl Into<String>) -> Self {
        self.parts.push((false, words.into()));
        self
    }

    /// Adds a text of others: a name, a path, what a manifest says.
    #[must_use]
    pub(super) fn of(mut self, text: impl Into<String>) -> Self {
        self.parts.push((true, text.into()));
        self
    }

    /// Adds several, with commas between them.
    #[must_use]
    pub(super) fn of_all(mut self, texts: impl IntoIterator<Item = impl ToString>) -> Self {
        for (number, text) in texts.into_iter().enumerate() {
            if number > 0 {
                self = self.then(", ");
            }
            self = self.of(text.to_string());
        }
        self
    }

    /// For a terminal.
    pub(super) fn text(&self) -> String {
        let parts = self
            .parts
            .iter()
            .map(|(is_foreign, text)| match is_foreign {
                true => bounded(text, SENTENCE),
                false => text.clone(),
            });
        parts.collect()
    }

    /// For Markdown, in a paragraph or a bullet.
    pub(super) fn markdown(&self) -> String {
        self.spelled(code)
    }

    /// For a cell of a Markdown table.
    pub(super) fn cell(&self) -> String {
        self.spelled(cell)
    }

    fn spelled(&self, foreign: fn(&str, usize) -> String) -> String {
        // our own are plain words, in which nothing means anything
        let spell = |(is_foreign, text): &(bool, String)| match is_foreign {
            true => foreign(text, SENTENCE),
            false => text.clone(),
        };
        self.parts.iter().map(spell).collect()
    }
}
