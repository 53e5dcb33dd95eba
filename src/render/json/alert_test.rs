//! `alert-test/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::reconcile::event::{AlertTest, AlertTestReport, Verdict};

document_tag!("alert-test/1");

/// Whether alerts reach the places that they are meant for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertTestDocument", deny_unknown_fields)]
pub struct AlertTestDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    sinks: Vec<SinkJson>,
}

impl AlertTestDocument {
    /// Of one run.
    pub fn new(report: &AlertTestReport, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            sinks: report.sinks.iter().map(SinkJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Sink", deny_unknown_fields)]
struct SinkJson {
    /// Its name; of the ping, `ping`.
    sink: String,
    /// `slack`, `slack_webhook`, `webhook`, `command` or `ping`.
    kind: &'static str,
    /// Whether the test arrived.
    works: bool,
    /// What was proved, or what went wrong.
    what: String,
    /// What to do, where that is known.
    help: Option<String>,
}

impl From<&AlertTest> for SinkJson {
    fn from(one: &AlertTest) -> Self {
        let (what, help) = match &one.outcome {
            Ok(proved) => (proved.clone(), None),
            Err(fault) => (fault.what.clone(), fault.help.clone()),
        };
        Self {
            sink: one.sink.clone(),
            kind: one.kind,
            works: one.outcome.is_ok(),
            what,
            help,
        }
    }
}
