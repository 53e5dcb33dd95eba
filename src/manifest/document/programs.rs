//! The shape of what a target runs and asks: `activate`, `running`, `probe`, and `sudo` of a file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{DurationText, Text};

/// A key that may be left out, and is not empty where it stands. An `Option` takes `null` too.
pub(super) struct Given<T>(PhantomData<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum SudoDocument {
    /// As root, or as who logs in.
    Root(bool),
    /// As this user.
    User(#[schemars(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"))] String),
}

impl Default for SudoDocument {
    fn default() -> Self {
        Self::Root(false)
    }
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"))]
pub(super) struct CommandLine(String);

/// `.service` is added where no kind of unit is said.
#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]{0,254}$"))]
struct UnitName(String);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z0-9._][A-Za-z0-9._-]{0,254}$"))]
struct Word(String);

/// Absolute, or from the home folder (`~/`).
#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^(/|~/)([^\x00-\x1f\x7f-\x9f]*[^/\x00-\x1f\x7f-\x9f])$"))]
struct FarPath(String);

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Activate {
    /// A command line for the machine's `sh`.
    Command(CommandLine),
    Long(ActivateLong),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "oneOf" = [
            { "required": ["command"] },
            { "required": ["systemd"] },
            { "required": ["launchd"] },
            { "required": ["compose"] }
        ],
        "dependentSchemas" = {
            "user": { "required": ["systemd"] },
            "domain": { "required": ["launchd"] },
            "plist": { "required": ["launchd"] },
            "services": { "required": ["compose"], "properties": { "service": false } },
            "service": { "required": ["compose"] }
        }
    )
)]
pub(super) struct ActivateLong {
    /// A command line for the machine's `sh`.
    #[schemars(default)]
    command: Given<CommandLine>,
    /// A unit that is restarted.
    #[schemars(default)]
    systemd: Given<UnitName>,
    /// The label of a job that is loaded anew.
    #[schemars(default)]
    launchd: Given<Word>,
    /// A compose file whose containers are brought up.
    #[schemars(default)]
    compose: Given<FarPath>,
    /// Whether the unit belongs to the user's manager (`systemctl --user`).
    #[schemars(default)]
    user: bool,
    /// Where the job is loaded.
    #[schemars(default)]
    domain: Domain,
    /// The property list that the job is loaded from, where that is not the target's own file.
    #[schemars(default)]
    plist: Given<FarPath>,
    /// The services of the compose file; all where none is named.
    #[schemars(default)]
    services: Given<Vec<Word>>,
    /// The one service of the compose file.
    #[schemars(default)]
    service: Given<Word>,
    /// How long it may take: 1s to 1h. Without it, 2m.
    #[schemars(default)]
    timeout: Given<DurationText>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Running {
    /// Not looked at.
    Off(#[schemars(extend("const" = false))] bool),
    At(RunningAt),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "oneOf" = [
            { "required": ["systemd"] },
            { "required": ["launchd"] },
            { "required": ["compose"] },
            { "required": ["container"] }
        ],
        "dependentSchemas" = {
            "user": { "required": ["systemd"] },
            "domain": { "required": ["launchd"] },
            "services": { "required": ["compose"], "properties": { "service": false } },
            "service": { "required": ["compose"] }
        }
    )
)]
pub(super) struct RunningAt {
    /// The main process of a unit.
    #[schemars(default)]
    systemd: Given<UnitName>,
    /// A job, by its label.
    #[schemars(default)]
    launchd: Given<Word>,
    /// The containers of a compose file.
    #[schemars(default)]
    compose: Given<FarPath>,
    /// One container, by name or id.
    #[schemars(default)]
    container: Given<Word>,
    /// Whether the unit belongs to the user's manager (`systemctl --user`).
    #[schemars(default)]
    user: bool,
    /// Where the job is loaded.
    #[schemars(default)]
    domain: Domain,
    /// The services of the compose file; all where none is named.
    #[schemars(default)]
    services: Given<Vec<Word>>,
    /// The one service of the compose file.
    #[schemars(default)]
    service: Given<Word>,
}

#[derive(JsonSchema, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Domain {
    /// `gui/<uid>`: agents of whoever is logged in at the screen.
    #[default]
    Gui,
    /// `user/<uid>`: agents of a user, without a screen too.
    User,
    /// `system`: daemons.
    System,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Probes {
    One(Probe),
    Several(Vec<Probe>),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "oneOf" = [{ "required": ["http"] }, { "required": ["command"] }],
        "dependentSchemas" = {
            "command": {
                "properties": {
                    "method": false, "header": false, "body": false, "expect": false,
                    "content_type": false, "negative": false
                }
            }
        }
    )
)]
pub(super) struct Probe {
    /// The address of a request: `https://…`, or `http://` to this machine itself. `${NAME}` behind
    /// the host stands for a variable of this target.
    #[schemars(regex(pattern = r"^([Hh][Tt][Tt][Pp][Ss]?)://[^/?#@\s\\]+([/?].*)?$"))]
    #[schemars(default)]
    http: String,
    /// A command line that succeeds; the target's variables are its environment.
    #[schemars(default)]
    command: Given<CommandLine>,
    /// GET, or POST with a body.
    #[schemars(regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,255}$"))]
    #[schemars(default)]
    method: String,
    /// Headers of the request: `${NAME}` stands for a variable of this target.
    #[schemars(default)]
    header: Given<Headers>,
    /// The body of the request: `${NAME}` stands for a variable of this target.
    #[schemars(default)]
    body: Given<Text>,
    /// The statuses that are wanted: `200`, `[200, 204]`, `2xx`. Without it, `2xx`.
    #[schemars(default)]
    expect: Given<Statuses>,
    /// The type that the answer must have, such as `application/json`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+/[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))]
    #[schemars(default)]
    content_type: String,
    /// Whether the same request without its secrets must fail, so that an endpoint that is open to
    /// everybody proves nothing.
    #[schemars(default = "yes")]
    negative: bool,
    /// Where it is sent from.
    #[schemars(default)]
    from: From,
    /// How long it may take: 1s to 60s.
    #[schemars(default)]
    timeout: Given<DurationText>,
}

const fn yes() -> bool {
    true
}

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = {
        "pattern": r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,255}$",
        "not": {
            "pattern": r"^([Hh][Oo][Ss][Tt]|[Cc]ontent-[Ll]ength|[Tt]ransfer-[Ee]ncoding|[Cc]onnection|[Uu]pgrade|[Tt][Ee]|[Tt]railer|[Kk]eep-[Aa]live|[Pp]roxy-[Cc]onnection)$"
        }
    })
)]
struct Headers(BTreeMap<String, HeaderText>);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f]*$"))]
struct HeaderLine(String);

/// Numbers, true and false are taken as they are written.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum HeaderText {
    Written(HeaderLine),
    Number(f64),
    Truth(bool),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Statuses {
    One(Status),
    Several(#[schemars(length(min = 1))] Vec<Status>),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Status {
    Number(#[schemars(range(min = 100, max = 599))] u16),
    Class(#[schemars(regex(pattern = r"^[1-5]([0-9]{2}|xx)$"))] String),
}

#[derive(JsonSchema, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum From {
    /// Where driftlock runs.
    #[default]
    Here,
    /// The target's machine.
    Target,
}
