//! The shape of where a target lies: `file`, `railway`, `openclaw`.

use schemars::JsonSchema;

use super::VariableName;
use super::programs::{Given, SudoDocument};

/// A host name, or `any` for whatever machine reads this.
#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z0-9._][A-Za-z0-9._-]{0,252}$"))]
struct MachineName(String);

/// As `ssh` knows it: `vps`, `deploy@vps.example.com`, `vps:2222`.
#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend(
        "maxLength" = 255,
        "pattern" = r"^([A-Za-z0-9_][A-Za-z0-9._+-]*@)?([A-Za-z0-9_][A-Za-z0-9._-]*(:[0-9]{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?)$"
    )
)]
struct HostName(String);

/// Absolute, or from the home folder (`~/`), of whatever is there.
#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^(/|~/)[^\x00-\x1f\x7f-\x9f]*[^/\x00-\x1f\x7f-\x9f]/*$"))]
struct Place(String);

#[derive(JsonSchema, Default)]
#[schemars(
    deny_unknown_fields,
    extend("dependentSchemas" = {
        "at": {
            "required": ["format"],
            "properties": { "format": { "enum": ["json", "json5"] } }
        },
        "host": { "properties": { "machine": false, "path": { "pattern": "^(/|~/)" } } },
        "sudo": { "required": ["host"] }
    })
)]
pub(super) struct FileDocument {
    /// Whose file it is: a host name, or `any`. This or `host` is needed unless the path is relative.
    #[schemars(default)]
    machine: Given<MachineName>,
    /// A machine over SSH, as `ssh` knows it: `vps`, `deploy@vps.example.com`, `vps:2222`.
    #[schemars(default)]
    host: Given<HostName>,
    /// As whom to work on the `host`: `true` for root, or a user, by `sudo -n`.
    #[schemars(default)]
    sudo: SudoDocument,
    /// Absolute, from the home folder (`~/`), or relative to this manifest.
    #[schemars(regex(pattern = r"^(~/.*|[^~/].*|/.*)[^/]$|^[^~/]$"))]
    path: String,
    /// The dialect that the file is written in.
    #[schemars(default)]
    format: Format,
    /// In JSON and JSON5: the object whose members are the variables, where it is not the outermost
    /// one. Keys with dots between them, `[0]` for an element of a list, other characters than
    /// `[A-Za-z0-9_$-]` in double quotes.
    #[schemars(
        length(max = 512),
        regex(
            pattern = r#"^([A-Za-z0-9_$-]+|"[^"\\\x00-\x1f\x7f]+")(\[(0|[1-9][0-9]{0,5})\])*(\.([A-Za-z0-9_$-]+|"[^"\\\x00-\x1f\x7f]+")(\[(0|[1-9][0-9]{0,5})\])*)*$"#
        )
    )]
    #[schemars(default)]
    at: String,
}

#[derive(JsonSchema, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Portable,
    Compose,
    Docker,
    Systemd,
    Shell,
    Node,
    Python,
    /// The `EnvironmentVariables` of a launchd property list.
    Launchd,
    /// The strings of one object.
    Json,
    /// The same in JSON5, and so in JSON with comments.
    Json5,
}

#[derive(JsonSchema, Default)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["service"] }, { "required": ["shared"] }])
)]
pub(super) struct RailwayDocument {
    /// The project: its name as Railway shows it, or its id.
    project: RailwayName,
    /// The environment: its name as Railway shows it, or its id.
    environment: RailwayName,
    /// The service: its name as Railway shows it, or its id.
    #[schemars(default)]
    service: RailwayName,
    /// The environment's shared variables, in place of a service.
    #[schemars(default, extend("const" = true))]
    shared: bool,
    /// The environment variable that holds the token, where it is not RAILWAY_TOKEN or
    /// RAILWAY_API_TOKEN: a name that begins with `RAILWAY_` and has `TOKEN` in it.
    #[schemars(
        regex(pattern = r"^RAILWAY_[A-Za-z0-9_]*TOKEN[A-Za-z0-9_]*$"),
        length(max = 255)
    )]
    #[schemars(default)]
    token: String,
    /// Variables of this target that are stored sealed: Railway shows their values to nobody.
    #[schemars(default, extend("uniqueItems" = true))]
    sealed: Vec<VariableName>,
}

#[derive(JsonSchema, Default)]
#[schemars(
    deny_unknown_fields,
    extend(
        "oneOf" = [{ "required": ["machine"] }, { "required": ["host"] }],
        "dependentSchemas" = {
            "sudo": { "required": ["host"] },
            "profile": { "properties": { "state": false } }
        }
    )
)]
pub(super) struct OpenclawDocument {
    /// Whose it is: a host name, or `any`. This or `host` is needed.
    #[schemars(default)]
    machine: Given<MachineName>,
    /// A machine over SSH, as `ssh` knows it: `vps`, `deploy@vps.example.com`, `vps:2222`.
    #[schemars(default)]
    host: Given<HostName>,
    /// As whom to work on the `host`: `true` for root, or a user, by `sudo -n`.
    #[schemars(default)]
    sudo: SudoDocument,
    /// The profile, as it is given to `openclaw --profile`; the default one where nothing is said.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$"))]
    #[schemars(extend("not" = { "enum": ["default", "gateway"] }))]
    #[schemars(default)]
    profile: String,
    /// The state folder, where it is not `~/.openclaw` or that of the profile.
    #[schemars(default)]
    state: Given<Place>,
    /// The config file, where it is not `openclaw.json` in the state folder.
    #[schemars(default)]
    config: Given<Place>,
    /// Where the gateway is asked whether it takes a token: https, or http to the machine that asks.
    /// Where nothing is said, at its port on its own machine.
    #[schemars(regex(
        pattern = r#"^(https://|http://(localhost|127\.[0-9.]+|\[::1\])([:/]|$))[^\s\x00-\x1f\x7f@?#\\"'`${}]*$"#
    ))]
    #[schemars(default)]
    url: String,
}

/// Numbers, true and false are taken as they are written.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum RailwayName {
    Written(
        #[schemars(
            length(max = 255),
            regex(
                pattern = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
            )
        )]
        String,
    ),
    Number(f64),
    Truth(bool),
}

impl Default for RailwayName {
    fn default() -> Self {
        Self::Truth(false)
    }
}
