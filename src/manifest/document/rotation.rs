//! What a variable says about rotations with an overlap.

use schemars::JsonSchema;

#[derive(JsonSchema)]
#[schemars(transparent, extend("minItems" = 1, "uniqueItems" = true))]
pub(super) struct TargetNames(Vec<String>);

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Previous {
    End(PreviousEnd),
    Listed(PreviousList),
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z0-9_]{1,253}$"))]
pub(super) struct PreviousEnd(String);

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PreviousList {
    /// What stands between the two values.
    #[schemars(regex(pattern = r"^[^A-Za-z0-9\x00-\x1f\x7f-\x9f]{1,8}$"))]
    list: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum Stage {
    Accept,
    Use,
}
