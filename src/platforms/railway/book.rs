//! A list of Railway's, read page by page from its newest entry on, and no further than is needed.

use jiff::Timestamp;

use super::authors::{Entry, Log};
use super::wire::Connection;

/// So many pages are read at most.
const MOST_PAGES: usize = 3;

/// A list as far as it was read.
pub(super) struct Book {
    entries: Vec<Entry>,
    pub(super) pages: usize,
    /// The time of the entry that came last, and the lowest of all, whatever they are about.
    last: Option<Timestamp>,
    lowest: Option<Timestamp>,
    /// Whether no entry was younger than the one before it, or older.
    pub(super) descends: bool,
    ascends: bool,
    /// Whether there is more.
    pub(super) more: bool,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            entries: vec![],
            pages: 0,
            last: None,
            lowest: None,
            descends: true,
            ascends: true,
            more: false,
        }
    }
}

impl Book {
    /// Takes a page in; gives the cursor of the next one.
    pub(super) fn take<N>(
        &mut self,
        page: Connection<N>,
        time: impl Fn(&N) -> Option<Timestamp>,
        entry: impl Fn(N) -> Option<Entry>,
    ) -> Option<String> {
        self.pages += 1;
        for edge in page.edges {
            if let Some(at) = time(&edge.node) {
                self.descends &= self.last.is_none_or(|before| at <= before);
                self.ascends &= self.last.is_none_or(|before| at >= before);
                self.last = Some(at);
                self.lowest = Some(self.lowest.map_or(at, |lowest| lowest.min(at)));
            }
            self.entries.extend(entry(edge.node));
        }
        self.more = page.page_info.has_next_page;
        page.page_info.end_cursor.filter(|_| self.more)
    }

    /// Whether the next page can hold something that is wanted.
    pub(super) fn wants_more(&self, start: Option<Timestamp>) -> bool {
        let reached = |start| self.descends && self.last.is_some_and(|last| last <= start);
        self.pages < MOST_PAGES && !start.is_some_and(reached)
    }

    pub(super) fn log(self, name: &'static str, thing: &'static str) -> Log {
        let in_order = self.descends || self.ascends;
        let from = match (self.more, in_order) {
            (false, _) => None,
            (true, true) => self.lowest.or(Some(Timestamp::MAX)),
            // what is missing can be of any time
            (true, false) => Some(Timestamp::MAX),
        };
        Log {
            name,
            thing,
            entries: self.entries,
            from,
        }
    }
}
