//! A date of a variable, as `plan/1` and `status/1` have it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Expiring;

/// A date of a variable that has passed or is near.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Expiring", deny_unknown_fields)]
pub(super) struct ExpiringJson {
    /// As declared.
    variable: String,
    /// As `check` has it: `expired`, `expires-soon`, `rotation-due`, `rotation-soon`,
    /// `not-yet-valid` or `sealed-ahead`.
    code: &'static str,
    /// Whether it has passed; else it is near.
    past: bool,
    /// Whether that fails `check`, by the policy of the manifest or its folder.
    fails: bool,
    /// The day, or the day and the minute, in UTC.
    at: String,
    /// In words that follow the name.
    what: String,
    /// What to do.
    next: String,
    owner: Option<String>,
}

impl From<&Expiring> for ExpiringJson {
    fn from(of: &Expiring) -> Self {
        Self {
            variable: of.name.to_string(),
            code: of.code(),
            past: of.past,
            fails: of.fails,
            at: of.at(),
            what: of.what(),
            next: of.next(),
            owner: of.owner.clone(),
        }
    }
}
