//! Lists of many pages, read to the end or not at all: a short list would make what is missing look
//! deleted.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::error::ResolveError;
use crate::platforms::railway::api::{Api, Deadline, Document};
use crate::platforms::railway::token::Auth;
use crate::platforms::railway::wire::Connection;

/// More pages than any list has: a list that never ends.
const MOST_PAGES: usize = 200;

/// Variables of a request.
pub(super) type Variables = BTreeMap<String, String>;

/// From pairs.
pub(super) fn variables(pairs: &[(&str, &str)]) -> Variables {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Whom to ask, and until when.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) api: &'a Api,
    pub(super) auth: &'a Auth,
    pub(super) limit: Deadline,
}

/// A list: what it is of, and how to ask for its next page.
pub(super) struct List<'a, A, T> {
    /// For errors.
    pub(super) what: &'static str,
    /// Asks for the page after `$after`.
    pub(super) document: &'a Document,
    /// All variables but `after`.
    pub(super) variables: Variables,
    /// Takes the page out of the answer.
    pub(super) pick: fn(A) -> Connection<T>,
}

impl Asker<'_> {
    /// The first page's items and those of all others.
    pub(super) async fn all<A: DeserializeOwned, T>(
        &self,
        first: Connection<T>,
        mut list: List<'_, A, T>,
    ) -> Result<Vec<T>, ResolveError> {
        let endless = || ResolveError::Endless { what: list.what };
        let mut seen = BTreeSet::new();
        let mut items = vec![];
        let mut page = first;
        loop {
            items.extend(page.edges.into_iter().map(|edge| edge.node));
            if !page.page_info.has_next_page {
                return Ok(items);
            }
            let cursor = page.page_info.end_cursor.ok_or_else(endless)?;
            if seen.len() == MOST_PAGES || !seen.insert(cursor.clone()) {
                return Err(endless());
            }
            list.variables.insert("after".to_owned(), cursor);
            let answer = self
                .api
                .query::<A>(self.auth, list.document, &list.variables, self.limit)
                .await?;
            page = (list.pick)(answer.into_essential(list.document)?);
        }
    }
}
