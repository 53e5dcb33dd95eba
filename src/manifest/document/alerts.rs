//! The shape of `alerts.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::DurationText;
use super::programs::Given;
use crate::model::AlertClass;

/// Where alerts go, and when.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "driftlock alerts.yaml")]
pub(super) struct AlertsFile {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    #[serde(rename = "driftlock-alerts")]
    version: u32,
    /// Where alerts go, by name.
    #[schemars(required)]
    sinks: Option<Sinks>,
    /// What goes where, the first that matches first. Where none matches, every sink is told.
    routes: Option<Vec<RouteDocument>>,
    /// After how long it is said again that something still is so, for example 12h; `never`. 24h where
    /// nothing is said.
    #[schemars(default)]
    remind: Given<Remind>,
    /// So many events of one kind in one delivery become one message; 0 is never.
    #[schemars(range(min = 0, max = 1000))]
    #[schemars(default = "digest")]
    digest: u32,
    /// Whom to tell that everything was looked at: a dead man's switch.
    ping: Option<Ping>,
    /// How long a change of a manifest may wait for its apply before that is told; 30m where nothing is
    /// said.
    #[schemars(default)]
    grace: Given<DurationText>,
    /// How often in a row something could not be read before that is told.
    #[schemars(range(min = 1, max = 1000))]
    #[schemars(default = "after")]
    after: u32,
}

fn digest() -> u32 {
    crate::model::Alerting::default().digest
}

fn after() -> u32 {
    crate::model::Alerting::default().after
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^([1-9][0-9]*[smhdw]|never)$"))]
struct Remind(String);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = { "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" })
)]
struct Sinks(BTreeMap<String, Sink>);

/// One of `slack_webhook`, `slack`, `webhook` and `command`.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [
        { "required": ["slack_webhook"] },
        { "required": ["slack"] },
        { "required": ["webhook"] },
        { "required": ["command"] }
    ]),
    extend("dependentRequired" = { "timeout": ["command"] })
)]
struct Sink {
    /// An incoming webhook of Slack.
    #[schemars(default)]
    slack_webhook: Given<SlackWebhook>,
    /// A bot of Slack: one thread for each alert.
    #[schemars(default)]
    slack: Given<Slack>,
    /// Anything that takes JSON (see `driftlock schema alert-event`).
    #[schemars(default)]
    webhook: Given<Webhook>,
    /// A program of this machine and its arguments, which reads the same JSON.
    #[schemars(default)]
    command: Given<CommandWords>,
    /// How long the command may take, up to 60s; 10s where nothing is said.
    #[schemars(default)]
    timeout: Given<DurationText>,
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["url_env"] }, { "required": ["url_file"] }])
)]
struct SlackWebhook {
    /// The environment variable that holds the address.
    #[schemars(default)]
    url_env: Given<VariableOf>,
    /// The file that holds the address.
    #[schemars(default)]
    url_file: Given<FileOf>,
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["token_env"] }, { "required": ["token_file"] }])
)]
struct Slack {
    /// A channel's id, for example C0123456789, or its name.
    #[schemars(regex(pattern = r"^\S{1,81}$"))]
    channel: String,
    /// The environment variable that holds the bot token.
    #[schemars(default)]
    token_env: Given<VariableOf>,
    /// The file that holds the bot token.
    #[schemars(default)]
    token_file: Given<FileOf>,
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [
        { "required": ["url"] },
        { "required": ["url_env"] },
        { "required": ["url_file"] }
    ]),
    extend("not" = { "required": ["secret_env", "secret_file"] })
)]
struct Webhook {
    /// Where to, where nothing in it is secret.
    #[schemars(default)]
    url: Given<ClearUrl>,
    /// The environment variable that holds the address.
    #[schemars(default)]
    url_env: Given<VariableOf>,
    /// The file that holds the address.
    #[schemars(default)]
    url_file: Given<FileOf>,
    /// The environment variable that holds what messages are signed with: `whsec_…`, or any text.
    #[schemars(default)]
    secret_env: Given<VariableOf>,
    /// The file that holds it.
    #[schemars(default)]
    secret_file: Given<FileOf>,
    /// Further headers.
    headers: Option<BTreeMap<String, Header>>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Header {
    /// In clear.
    Clear(super::Text),
    Secret(SecretHeader),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["env"] }, { "required": ["file"] }])
)]
struct SecretHeader {
    /// The environment variable that holds it.
    #[schemars(default)]
    env: Given<VariableOf>,
    /// The file that holds it.
    #[schemars(default)]
    file: Given<FileOf>,
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"))]
struct VariableOf(String);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("minLength" = 1, "not" = { "pattern": "://" })
)]
struct FileOf(String);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("pattern" = r"^(https://[^\s/?#\\@]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?)([/?#]\S*)?$")
)]
struct ClearUrl(String);

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [
        { "required": ["url"] },
        { "required": ["url_env"] },
        { "required": ["url_file"] }
    ])
)]
struct Ping {
    /// Where to, where nothing in it is secret.
    #[schemars(default)]
    url: Given<ClearUrl>,
    /// The environment variable that holds the address.
    #[schemars(default)]
    url_env: Given<VariableOf>,
    /// The file that holds the address.
    #[schemars(default)]
    url_file: Given<FileOf>,
    /// How it is sent.
    #[schemars(default)]
    method: Given<Method>,
    /// Not more often than this; after each round where nothing is said.
    #[schemars(default)]
    every: Given<DurationText>,
    /// Whether a round in which something was not looked at is told at the address with `/fail` behind
    /// it.
    #[schemars(default)]
    fail: Given<bool>,
}

/// What goes where. What is not said matches anything; `*` stands for any run of characters.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RouteDocument {
    /// By target.
    #[schemars(default)]
    target: Given<Patterns>,
    /// By manifest.
    #[schemars(default)]
    manifest: Given<Patterns>,
    /// By class.
    #[schemars(default)]
    class: Given<Classes>,
    /// By owner.
    #[schemars(default)]
    owner: Given<Patterns>,
    /// By whether it does harm now.
    #[schemars(default)]
    urgent: Given<bool>,
    /// The sinks. An empty list is nobody.
    #[schemars(required)]
    to: Option<Vec<String>>,
    /// Whether the routes after it are looked at too.
    #[serde(rename = "continue")]
    #[schemars(default)]
    go_on: Given<bool>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Patterns {
    One(PatternText),
    Several(#[schemars(length(min = 1))] Vec<PatternText>),
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("minLength" = 1, "maxLength" = 256))]
struct PatternText(String);

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Classes {
    One(AlertClass),
    Several(#[schemars(length(min = 1))] Vec<AlertClass>),
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("minItems" = 1))]
struct CommandWords(Vec<super::Text>);

#[derive(JsonSchema)]
#[schemars(transparent, extend("enum" = ["GET", "HEAD", "POST"]))]
struct Method(String);
