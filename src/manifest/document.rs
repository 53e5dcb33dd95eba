//! The YAML shape, for the JSON Schema that editors use. The parser (`decode/`) reads by hand, to
//! keep places and to report every problem; `tests/it/schemas.rs` holds the two together.
#![expect(
    dead_code,
    reason = "the shape is what counts; nothing is read into these types"
)]

mod beside;
mod places;
mod programs;
mod recipes;
mod reconcile;
mod rotation;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// The environment variables of one environment, and where they go.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "driftlock manifest")]
struct Document {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    driftlock: u32,
    /// The name of this manifest, usually of an environment.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
    name: String,
    /// Who may read the encrypted values: age public keys.
    recipients: Option<Recipients>,
    /// What may change at once, for every target that says nothing else.
    rails: Option<RailsDocument>,
    /// What scheduled runs may do, and when, for every target that says nothing else.
    #[schemars(default)]
    reconcile: programs::Given<reconcile::ReconcileDocument>,
    /// When the dates of values are told, and whether they fail a check.
    expiry: Option<ExpiryDocument>,
    /// Every variable, declared once.
    variables: Option<Variables>,
    /// Named lists of variables that several targets share.
    groups: Option<Groups>,
    /// The places that hold variables.
    targets: Option<Targets>,
    /// Written by driftlock: the key id, and the MAC over the recipients.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}\.[0-9a-f]{64}$"))]
    key: Option<String>,
    /// Written by driftlock: the sealed key of the fingerprints.
    fingerprints: Option<Sealed>,
    /// Written by driftlock: former fingerprint keys, newest first.
    former_fingerprints: Option<Vec<Sealed>>,
    /// Written by driftlock: the age header of all encrypted values.
    #[schemars(regex(pattern = r"^age-encryption\.org/v1\n-> "))]
    age: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ExpiryDocument {
    /// How long before a date it is told, for example 30d; 14d where nothing is said.
    warn: Option<DurationText>,
    /// What a date that has passed is to `driftlock check`: a warning, or an error (exit 1).
    #[schemars(extend("enum" = ["warn", "fail"]))]
    #[schemars(default)]
    past: String,
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("maxItems" = 256, "uniqueItems" = true))]
struct Recipients(Vec<Recipient>);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^(age1|ssh-ed25519 |ssh-rsa )[^\r\n]*$"))]
struct Recipient(String);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[0-9a-f]{6}\.[A-Za-z0-9+/]+={0,2}$"))]
struct Sealed(String);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = { "pattern": r"^[A-Za-z_][A-Za-z0-9_]{0,254}$" })
)]
struct Variables(BTreeMap<String, VariableDocument>);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = { "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" })
)]
struct Groups(BTreeMap<String, Option<Vec<VariableName>>>);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = { "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" })
)]
struct Targets(BTreeMap<String, TargetDocument>);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$"))]
struct VariableName(String);

/// A text. Numbers, true and false are taken as they are written.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Text {
    Written(String),
    Number(f64),
    Truth(bool),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum VariableDocument {
    /// In clear, and so public.
    Clear(Text),
    Long(Box<LongVariable>),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [
        { "required": ["age"] },
        { "required": ["value"] },
        { "required": ["template"] }
    ]),
    extend("dependentRequired" = {
        "overlap": ["accepted_by", "used_by"],
        "accepted_by": ["overlap"],
        "used_by": ["overlap"],
        "previous": ["overlap"],
        "rotating": ["overlap"]
    })
)]
struct LongVariable {
    /// Encrypted: a payload under this file's key, or a whole armored age file.
    #[schemars(regex(
        pattern = r"^([0-9a-f]{6}\.[A-Za-z0-9+/]+={0,2}$|\s*-----BEGIN AGE ENCRYPTED FILE-----)"
    ))]
    #[schemars(default)]
    age: String,
    /// In clear, and so public.
    #[schemars(default)]
    value: Option<Text>,
    /// Made from other variables: `${NAME}`, `${NAME|filter}`; `$${` is a literal `${`. Filters:
    /// url, base64, json (the inside of a JSON string), shell (one quoted word).
    #[schemars(default)]
    template: Option<Text>,
    /// How long one value may stay, for example 90d.
    rotate: Option<DurationText>,
    /// The day on which the value ends, for example 2027-01-31.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    #[schemars(default)]
    expires: String,
    /// Whom to ask.
    owner: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// How a new value is made.
    #[schemars(default)]
    generate: programs::Given<recipes::Recipe>,
    /// Never deleted, and overwritten only when allowed.
    #[schemars(default)]
    protected: bool,
    /// References of a platform in the value, such as `${{Postgres.DATABASE_URL}}`, are meant.
    #[schemars(default)]
    reference: bool,
    /// A rotation with an overlap: how long the former value stays good once every user has the new
    /// one, for example 1h. Needs `accepted_by` and `used_by`.
    overlap: Option<DurationText>,
    /// The targets that check the secret: in a rotation they get both values first.
    accepted_by: Option<rotation::TargetNames>,
    /// The targets that present the secret: in a rotation they switch once it is accepted everywhere.
    used_by: Option<rotation::TargetNames>,
    /// How `accepted_by` gets two values: what the name of the former value's variable ends with
    /// (`_PREVIOUS` where nothing is said), or `{ list: "," }` for both in one value.
    previous: Option<rotation::Previous>,
    /// How far a rotation is. Written by `driftlock rotate`.
    rotating: Option<rotation::Stage>,
    /// The variable whose former value this is. Written by `driftlock rotate`.
    previous_of: Option<VariableName>,
    /// Findings of `driftlock check` that are meant to be so.
    lint_ok: Option<Vec<LintCode>>,
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("enum" = crate::model::WAIVABLE))]
struct LintCode(String);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[1-9][0-9]*[smhdw]$"))]
struct DurationText(String);

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "oneOf" = [
            { "required": ["file"] },
            { "required": ["railway"] },
            { "required": ["openclaw"] }
        ],
        "dependentSchemas" = {
            "railway": { "properties": { "activate": false, "running": false } },
            "openclaw": { "properties": {
                "prune": { "const": false },
                "running": { "not": { "anyOf": [
                    { "const": false },
                    { "required": ["container"] },
                    { "required": ["compose"] }
                ] } }
            } }
        }
    )
)]
struct TargetDocument {
    /// A file that holds variables.
    #[schemars(default)]
    file: places::FileDocument,
    /// A service of a Railway environment, or the environment's shared variables.
    #[schemars(default)]
    railway: places::RailwayDocument,
    /// An installation of OpenClaw: the tokens of its gateway.
    #[schemars(default)]
    openclaw: places::OpenclawDocument,
    /// Groups whose variables this target gets.
    groups: Option<Vec<String>>,
    /// The variables that this target gets.
    variables: Option<Vec<UseDocument>>,
    /// Delete what was applied and is named here no more.
    #[schemars(default)]
    prune: bool,
    /// What puts the values in force: a command line for the machine's `sh`, a unit, a job, or a
    /// compose file.
    #[schemars(default)]
    activate: programs::Given<programs::Activate>,
    /// Where the running process is, when `activate` does not say it; `false` not to look.
    #[schemars(default)]
    running: programs::Given<programs::Running>,
    /// What shows that the values work.
    #[schemars(default)]
    probe: programs::Given<programs::Probes>,
    /// How long another machine's last report counts, for example 1h; 24h where nothing is said.
    stale_after: Option<DurationText>,
    /// What may change at once.
    rails: Option<RailsDocument>,
    /// What scheduled runs may do to it, and when. What is not said is as for the whole manifest.
    #[schemars(default)]
    reconcile: programs::Given<reconcile::ReconcileDocument>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum UseDocument {
    /// A declared variable under its own name.
    Declared(VariableName),
    /// A variable of this target only, or a declared one under another name.
    Special(Special),
}

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("minProperties" = 1, "propertyNames" = { "pattern": r"^[A-Za-z_][A-Za-z0-9_]{0,254}$" })
)]
struct Special(BTreeMap<String, UseSourceDocument>);

#[derive(JsonSchema)]
#[schemars(untagged)]
enum UseSourceDocument {
    Clear(Text),
    Long(UseLong),
}

#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("minProperties" = 1, "maxProperties" = 1)
)]
struct UseLong {
    /// In clear.
    #[schemars(default)]
    value: Option<Text>,
    /// The declared variable whose value it gets.
    #[schemars(default)]
    from: Option<VariableName>,
    /// Made from declared variables.
    #[schemars(default)]
    template: Option<Text>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RailsDocument {
    /// Most deletes in one apply.
    deletes: Option<Count>,
    /// Most deletes of a hundred managed variables.
    deletes_percent: Option<Percent>,
    /// Most overwritten values in one apply.
    changes: Option<Count>,
    /// Most overwritten values of a hundred managed variables.
    changes_percent: Option<Percent>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Count {
    Number(u32),
    Unlimited(Unlimited),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Percent {
    Number(#[schemars(range(max = 100))] u32),
    Unlimited(Unlimited),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Unlimited {
    /// No limit of this kind.
    None,
}

/// A number of things, zero too.
#[derive(JsonSchema, Default)]
#[schemars(transparent)]
struct Limit(u32);

#[derive(JsonSchema, Default)]
#[schemars(transparent, extend("maximum" = 100))]
struct Percentage(u32);

/// The JSON Schema of a manifest, as it is checked in under `schemas/`.
pub fn json_schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// The JSON Schema of a `rails.yaml`.
pub fn rails_schema() -> Value {
    schemars::schema_for!(beside::RailsFile).to_value()
}

/// The JSON Schema of an `authority.yaml`.
pub fn authority_schema() -> Value {
    schemars::schema_for!(beside::AuthorityFile).to_value()
}
