//! `round/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::apply::ProbeJson;
use super::plan::mirror;
use super::{ExitJson, document_tag};
use crate::model;
use crate::plan::Class;
use crate::reconcile::event::{
    RoundAlert, RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget, Verdict,
};

document_tag!("round/1");

/// One round of `reconcile --once`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RoundDocument", deny_unknown_fields)]
pub struct RoundDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// RFC 3339.
    started_at: String,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// One for each manifest, those that could not be loaded among them.
    manifests: Vec<ManifestJson>,
    /// One for each place that alerts go to.
    sinks: Vec<SinkJson>,
}

impl RoundDocument {
    /// Of one report.
    pub fn new(report: &RoundReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            started_at: report.started_at.to_string(),
            took_ms: milliseconds(report.took),
            manifests: report.manifests.iter().map(ManifestJson::from).collect(),
            sinks: report.sinks.iter().map(SinkJson::from).collect(),
        }
    }
}

fn milliseconds(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Manifest", deny_unknown_fields)]
struct ManifestJson {
    /// Its file.
    path: String,
    /// Its name; null where it could not be loaded, nor ever was.
    manifest: Option<String>,
    /// The commit that was looked at, where there is one.
    revision: Option<String>,
    /// Why it could not be loaded or opened; its targets are then those of the last good one.
    broken: Option<String>,
    targets: Vec<TargetJson>,
    /// What happened to alerts in this round, in order.
    alerts: Vec<AlertJson>,
    /// How many alerts are open afterwards; null where the journal does not say.
    open_alerts: Option<u64>,
    /// Why what is told about alerts could not be read or written.
    alerts_failed: Option<String>,
}

impl From<&RoundManifest> for ManifestJson {
    fn from(of: &RoundManifest) -> Self {
        Self {
            path: of.path.clone(),
            manifest: of.name.as_ref().map(ToString::to_string),
            revision: of.revision.clone(),
            broken: of.broken.clone(),
            targets: of.targets.iter().map(TargetJson::from).collect(),
            alerts: of.alerts.iter().map(AlertJson::from).collect(),
            open_alerts: of.open,
            alerts_failed: of.alerts_failed.clone(),
        }
    }
}

mirror! {
    /// What a scheduled run may do.
    ModeJson as "Mode" of model::Mode { Observe, Apply, Heal }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Target", deny_unknown_fields)]
struct TargetJson {
    target: String,
    platform: String,
    mode: ModeJson,
    look: LookJson,
    /// Null where the look did not end well.
    variables: Option<CountsJson>,
    /// Values written because the manifest changed.
    written: u64,
    /// Values put back that somebody changed on the platform.
    put_back: u64,
    /// Changes that were not made: a rail, a window or the brake.
    held: u64,
    /// Writes that failed or are in doubt.
    failed: u64,
    /// Why the apply as a whole did not go well.
    trouble: Option<String>,
    /// The probes that were sent with the look.
    probes: Vec<ProbeJson>,
}

impl From<&RoundTarget> for TargetJson {
    fn from(of: &RoundTarget) -> Self {
        let read = matches!(of.look, RoundLook::Read { .. });
        Self {
            target: of.name.to_string(),
            platform: of.platform.to_string(),
            mode: of.mode.into(),
            look: (&of.look).into(),
            variables: read.then(|| CountsJson::from(of)),
            written: of.written,
            put_back: of.healed,
            held: of.held,
            failed: of.failed,
            trouble: of.trouble.clone(),
            probes: of.probes.iter().map(ProbeJson::from).collect(),
        }
    }
}

/// How a look ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Look")]
enum LookJson {
    /// The target was read.
    Read {
        /// How long that took, in milliseconds.
        took_ms: u64,
    },
    /// It could not be read.
    Failed { why: String },
    /// It was not looked at.
    Skipped { why: String },
}

impl From<&RoundLook> for LookJson {
    fn from(of: &RoundLook) -> Self {
        match of {
            RoundLook::Read { took } => Self::Read {
                took_ms: milliseconds(*took),
            },
            RoundLook::Failed { why } => Self::Failed { why: why.clone() },
            RoundLook::Skipped { why } => Self::Skipped { why: why.clone() },
        }
    }
}

/// Variables by class, before anything was written.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Counts", deny_unknown_fields)]
struct CountsJson {
    in_sync: u64,
    change: u64,
    drift: u64,
    conflict: u64,
    unmanaged: u64,
    unknown: u64,
}

impl From<&RoundTarget> for CountsJson {
    fn from(of: &RoundTarget) -> Self {
        let count = |class| of.variables.get(&class).copied().unwrap_or_default();
        Self {
            in_sync: count(Class::InSync),
            change: count(Class::Change),
            drift: count(Class::Drift),
            conflict: count(Class::Conflict),
            unmanaged: count(Class::Unmanaged),
            unknown: count(Class::Unknown),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Alert", deny_unknown_fields)]
struct AlertJson {
    event: model::AlertEventKind,
    /// Names it for as long as it is open.
    id: String,
    class: model::AlertClass,
    target: Option<String>,
    variable: Option<String>,
    what: String,
    /// Commands to run next.
    next: Vec<String>,
    /// Whether it does harm now; else it is a warning.
    urgent: bool,
    /// Whether nobody is told, because somebody said so.
    muted: bool,
}

impl From<&RoundAlert> for AlertJson {
    fn from(of: &RoundAlert) -> Self {
        Self {
            event: of.kind,
            id: of.id.clone(),
            class: of.class,
            target: of.target.as_ref().map(ToString::to_string),
            variable: of.variable.as_ref().map(ToString::to_string),
            what: of.what.clone(),
            next: of.next.clone(),
            urgent: of.urgent,
            muted: of.muted,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Sink", deny_unknown_fields)]
struct SinkJson {
    sink: String,
    /// Events delivered in this round.
    delivered: u64,
    /// Events that wait for another try.
    waiting: u64,
    /// Why the last try failed.
    trouble: Option<String>,
}

impl From<&RoundSink> for SinkJson {
    fn from(of: &RoundSink) -> Self {
        Self {
            sink: of.name.clone(),
            delivered: of.delivered,
            waiting: of.waiting,
            trouble: of.trouble.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::event::Exit;
    use crate::render::samples;

    #[test]
    fn a_round_fits_its_schema_and_a_stranger_does_not() {
        let schema = schemars::schema_for!(RoundDocument).to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let verdict = Verdict::new(Exit::Error, "a target could not be read");
        let document = RoundDocument::new(&samples::round(), &verdict);
        let mut document = serde_json::to_value(document).unwrap();
        assert!(validator.is_valid(&document), "{document:#}");
        let targets = &document["manifests"][0]["targets"];
        assert_eq!(targets[0]["variables"]["in-sync"], 12);
        assert_eq!(
            targets[0]["look"],
            serde_json::json!({"is": "read", "took_ms": 1204})
        );
        // not read is not zero
        assert_eq!(targets[1]["variables"], serde_json::Value::Null);
        assert_eq!(
            document["manifests"][1]["manifest"],
            serde_json::Value::Null
        );
        document["manifests"][0]["targets"][0]["variables"]["odd"] = 1.into();
        assert!(!validator.is_valid(&document));
    }
}
