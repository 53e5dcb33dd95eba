//! What was asked: every request, and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::world::tokens::Kind;

#[derive(Debug, Clone)]
pub struct Recorded {
    /// From 1.
    pub number: usize,
    /// What the query string of the URL says, if there is one.
    pub query_string: Option<String>,
    /// All headers but the two that carry a token.
    pub headers: BTreeMap<String, String>,
    pub token: Credential,
    pub operation_name: Option<String>,
    /// Empty if the body was no GraphQL request.
    pub document: Arc<str>,
    /// As they were sent.
    pub variables: Value,
    pub mutation: bool,
    pub roots: Vec<Root>,
    /// The names of all fields, at any depth.
    pub fields: Arc<[String]>,
    pub body_bytes: usize,
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
}

/// How a request said who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub bearer: Option<String>,
    pub project: Option<String>,
    /// The kind of token, if it was accepted.
    pub kind: Option<Kind>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    pub name: String,
    /// The alias, else the name.
    pub key: String,
    pub arguments: Map<String, Value>,
}

impl Recorded {
    pub fn asks_for(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known == field)
    }

    pub fn has_source(&self) -> bool {
        let query = self.query_string.as_deref().unwrap_or_default();
        query.split('&').any(|pair| pair.starts_with("source="))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    pub requests: usize,
    pub query_fields: usize,
    pub mutation_fields: usize,
    /// Requests without `source=` in the query string.
    pub without_source: usize,
    /// The most mutations that were under way in one environment at one time, by environment id.
    pub concurrent_mutations: BTreeMap<String, usize>,
    /// Bytes of endless bodies.
    pub bytes_streamed: u64,
}
