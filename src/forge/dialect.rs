//! What the two forges say differently: requests and what their answers mean. Pure.

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::comment::{Author, Comment, Page};
use super::publish::Status;
use super::{Kind, Repository, Unfit};
use crate::model::SecretValue;
use crate::platforms::http::Response;

/// A request.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Value>,
    /// Fits after "cannot", and goes on with "of …".
    pub(super) doing: String,
}

impl Call {
    pub(super) fn get(url: Url, doing: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
            doing: doing.into(),
        }
    }

    pub(super) fn with_body(
        method: Method,
        url: Url,
        body: Value,
        doing: impl Into<String>,
    ) -> Self {
        Self {
            method,
            url,
            body: Some(body),
            doing: doing.into(),
        }
    }
}

/// One forge's way to say it.
pub(super) trait Dialect {
    fn kind(&self) -> Kind;
    fn repository(&self) -> &Repository;
    /// The header that carries the token; `None` where the token cannot be one.
    fn credential(&self, token: &SecretValue) -> Option<(HeaderName, HeaderValue)>;
    /// What else goes with every request.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)>;
    /// Longest body of a comment, in characters.
    fn longest_body(&self) -> usize;
    /// Longest description of a status, in characters.
    fn longest_description(&self) -> usize;
    /// A text as it is sent: no line of it is an order to the forge.
    fn guarded(&self, text: &str) -> String;

    fn list(&self, pull: u64, page: u32, size: u32) -> Call;
    /// What a page of `size` holds, and whether there is a next one.
    fn read_page(&self, answer: &Response, page: u32, size: u32) -> Result<Page, Unfit>;
    /// Whose token it is.
    fn ask_who(&self) -> Call;
    fn read_who(&self, answer: &Response) -> Result<Author, Unfit>;
    fn create(&self, pull: u64, body: &str) -> Call;
    fn update(&self, pull: u64, comment: u64, body: &str) -> Call;
    /// The answer to `create` and `update`.
    fn read_comment(&self, answer: &Response) -> Result<Comment, Unfit>;
    /// The last commit of a pull request.
    fn ask_head(&self, pull: u64) -> Call;
    fn read_head(&self, answer: &Response) -> Result<String, Unfit>;
    /// The pull requests that a commit belongs to.
    fn ask_pulls(&self, commit: &str) -> Call;
    /// The one that the commit came in by, or whose head it is.
    fn read_pulls(&self, answer: &Response, commit: &str) -> Result<Option<u64>, Unfit>;
    fn set_status(&self, status: &Status) -> Call;
    /// Whether a refusal (400) says that the status is what it was to become.
    fn is_set_already(&self, status: &Status, message: &str) -> bool;
}

/// An answer as JSON. serde's own messages quote what they met: only the place is kept.
pub(super) fn json<T: DeserializeOwned>(answer: &Response) -> Result<T, Unfit> {
    serde_json::from_slice(answer.body.as_slice()).map_err(|error| Unfit::Shape {
        line: error.line(),
        column: error.column(),
    })
}

/// The `message` of an error, to tell errors apart; never shown.
pub(super) fn message(answer: &Response) -> String {
    let body: Option<Value> = serde_json::from_slice(answer.body.as_slice()).ok();
    let text = body.as_ref().and_then(|body| body.get("message"));
    text.and_then(Value::as_str)
        .unwrap_or_default()
        .to_ascii_lowercase()
}
