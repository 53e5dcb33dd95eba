//! `alerts.yaml`: where alerts go. It lies beside the machine's other settings, not among manifests.

use super::decode::decode_alerting;
use super::problem::Problems;
use super::yaml;
use crate::model::{Alerting, Diagnostic};

/// Reads an `alerts.yaml`. On failure all problems, sorted by position.
pub fn parse_alerts(text: &str) -> Result<Alerting, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let alerting = yaml::parse_tree_of(text, "alerts.yaml", &mut problems)
        .and_then(|root| decode_alerting(&root, &mut problems));
    match alerting {
        Some(alerting) if !problems.failed() => Ok(alerting),
        _ => Err(problems.finish()),
    }
}
