//! The shapes of the files beside the manifests: `rails.yaml` and `authority.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::programs::Given;
use super::reconcile::ReconcileLimits;
use super::{DurationText, Limit, Percentage, Recipient, VariableName};

/// The limits of every manifest in one folder. They tighten what the manifests say.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "driftlock rails.yaml")]
pub(super) struct RailsFile {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    #[serde(rename = "driftlock-rails")]
    version: u32,
    /// What may change at once, on every target of every manifest in this folder.
    rails: Option<Limits>,
    /// Variables that are never deleted, and overwritten only when allowed: as declared, or as a
    /// target names them.
    protected: Option<Vec<VariableName>>,
    /// `false`: nothing is pruned, whatever a manifest says.
    #[schemars(default)]
    prune: bool,
    /// The most that scheduled runs may do, and when they must not write.
    #[schemars(default)]
    reconcile: Given<ReconcileLimits>,
    /// When the dates of values are told, and whether they fail a check.
    expiry: Option<FolderExpiry>,
    /// The same for single targets, each as `manifest/target`.
    targets: Option<TargetLimits>,
}

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("propertyNames" = {
        "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
    })
)]
struct TargetLimits(BTreeMap<String, OneTarget>);

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OneTarget {
    /// What may change at once.
    rails: Option<Limits>,
    /// Variables that are never deleted, and overwritten only when allowed.
    protected: Option<Vec<VariableName>>,
    /// `false`: nothing is pruned, whatever the manifest says.
    #[schemars(default)]
    prune: bool,
    /// The most that scheduled runs may do, and when they must not write.
    #[schemars(default)]
    reconcile: Given<ReconcileLimits>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FolderExpiry {
    /// How long before a date it is told, at least.
    warn: Option<DurationText>,
    /// `fail`: `driftlock check` fails where a date has passed.
    #[schemars(extend("const" = "fail"))]
    #[schemars(default)]
    past: String,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Limits {
    /// Most deletes in one apply.
    #[schemars(default)]
    deletes: Limit,
    /// Most deletes of a hundred managed variables.
    #[schemars(default)]
    deletes_percent: Percentage,
    /// Most overwritten values in one apply.
    #[schemars(default)]
    changes: Limit,
    /// Most overwritten values of a hundred managed variables.
    #[schemars(default)]
    changes_percent: Percentage,
}

/// What manifests may do on this machine where nobody is asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "driftlock authority.yaml")]
pub(super) struct AuthorityFile {
    /// The version of this format.
    #[schemars(extend("const" = 1))]
    #[serde(rename = "driftlock-authority")]
    version: u32,
    /// What nobody has to be asked for. What one entry says belongs together.
    #[schemars(required)]
    allow: Option<Vec<Allowed>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Allowed {
    /// The manifest that this is for; any where nothing is said.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
    #[schemars(default)]
    manifest: String,
    /// Hosts over SSH, as a plan prints them: `deploy@vps.example.com`, `vps:2222 (as root)`.
    hosts: Option<Vec<Exact>>,
    /// Machines by name. Files beside a manifest are on the machine that reads it.
    machines: Option<Vec<Exact>>,
    /// Files and folders on these hosts and machines: absolute, or below a home (`~/`).
    paths: Option<Vec<PathRoot>>,
    /// Environments of Railway, each as `project/environment`.
    railway: Option<Vec<RailwayEnvironment>>,
    /// Where probes may be sent: scheme, host and port.
    probes: Option<Vec<Origin>>,
    /// Whole command lines, of `activate` and of probes.
    commands: Option<Vec<Exact>>,
    /// Units of systemd, labels of launchd, compose files, containers.
    units: Option<Vec<Exact>>,
    /// Readers: age public keys.
    recipients: Option<Vec<Recipient>>,
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("minLength" = 1))]
struct Exact(String);

#[derive(JsonSchema)]
#[schemars(
    transparent,
    extend("pattern" = r"^(/|~$|~/)", "not" = { "pattern": r"(^|/)\.\.(/|$)" })
)]
struct PathRoot(String);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^[^/]+/[^/]+$"))]
struct RailwayEnvironment(String);

#[derive(JsonSchema)]
#[schemars(transparent, extend("pattern" = r"^https?://[^/?#\\@]+$"))]
struct Origin(String);
