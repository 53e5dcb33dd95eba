//! The shape of `reconcile`: what scheduled runs may do, and when.

use schemars::JsonSchema;

use super::DurationText;
use super::programs::Given;

#[derive(JsonSchema, Default)]
#[schemars(deny_unknown_fields)]
pub(super) struct ReconcileDocument {
    /// What is done where live differs: `observe` looks and tells (also where nothing is said), `apply`
    /// also writes what the manifest changed, `heal` also puts back what somebody changed.
    #[schemars(default)]
    mode: ModeWord,
    /// How often it is looked at, for example 5m; at most 7d.
    #[schemars(default)]
    every: Given<DurationText>,
    /// How often its probes are sent without an apply, for example 1h; from 1m to 7d. Never where nothing
    /// is said; `false` where only the other targets of the manifest are.
    #[schemars(default)]
    probe: Given<ProbeDocument>,
    /// When it may be written; at any time where nothing is said.
    #[schemars(default)]
    allow: Given<SomeWindows>,
    /// When it must not be written, whatever `allow` says.
    deny: Option<Windows>,
    /// Not written at all for a while; `false` where only the other targets of the manifest are not.
    #[schemars(default)]
    suspend: Given<SuspendDocument>,
}

/// What `rails.yaml` may say of it.
#[derive(JsonSchema, Default)]
#[schemars(deny_unknown_fields)]
pub(super) struct ReconcileLimits {
    /// The most that is done, whatever a manifest says.
    #[schemars(default)]
    mode: ModeWord,
    /// When nothing is written, on top of what a manifest says.
    deny: Option<Windows>,
}

#[derive(JsonSchema, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum ModeWord {
    #[default]
    Observe,
    Apply,
    Heal,
}

/// Windows of time.
#[derive(JsonSchema)]
#[schemars(transparent, extend("uniqueItems" = true))]
struct Windows(Vec<WindowText>);

#[derive(JsonSchema)]
#[schemars(transparent, extend("minItems" = 1, "uniqueItems" = true))]
struct SomeWindows(Vec<WindowText>);

/// Days, times of a clock, and whose clock: `mon-fri 09:00-17:00 Europe/Zurich`,
/// `daily 22:00-06:00 America/New_York`, `sat,sun UTC`, `2026-12-20..2027-01-03 UTC`. It is open
/// whenever clocks of that time zone show a time in it. Past midnight it belongs to the day on which it
/// begins.
#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend(
        "pattern" = r"^((daily|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?(,(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)*|[0-9]{4}-[0-9]{2}-[0-9]{2}(\.\.[0-9]{4}-[0-9]{2}-[0-9]{2})?) (([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00) )?|([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00) )[A-Za-z][A-Za-z0-9/_+-]*$"
    )
)]
struct WindowText(String);

#[derive(JsonSchema)]
#[schemars(untagged)]
enum SuspendDocument {
    No(No),
    For(Suspension),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum ProbeDocument {
    Never(No),
    Every(DurationText),
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("const" = false))]
struct No(bool);

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Suspension {
    /// Why, in one line.
    #[schemars(regex(pattern = r"^[^\x00-\x1f\x7f-\x9f]*\S[^\x00-\x1f\x7f-\x9f]*$"))]
    reason: String,
    /// Until when: all of a day in UTC, or a time with its offset.
    #[schemars(regex(
        pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}))?$"
    ))]
    until: String,
}
