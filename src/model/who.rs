//! Who changed something outside, as far as anybody can say.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known about the author of a change. Everything in it came from somewhere else: escape it
/// where it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Who {
    /// The author: a person as the platform names them, a user of the host; `None` is unknown.
    pub by: Option<String>,
    /// When, as the place says.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// Whether it was an apply of driftlock itself (another machine's, another journal's).
    pub ours: bool,
    /// Where that is from, in words that follow "says" or "because": `Railway's list of commits`, `the
    /// file's owner and time`. Where the author is unknown, why.
    pub source: String,
}
