//! What a round came to, for `--once`: collected while it goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{AlertEvent, ManifestName, Mode, Scheduled, TargetName, Verdict};
use crate::plan::{Change, Plan, TargetState};
use crate::reconcile::event::{RoundAlert, RoundLook};

/// What one target came to.
#[derive(Clone, Default)]
pub(super) struct Target {
    pub(super) mode: Mode,
    pub(super) look: Option<RoundLook>,
    pub(super) variables: BTreeMap<crate::plan::Class, u64>,
    pub(super) written: u64,
    pub(super) healed: u64,
    pub(super) held: u64,
    pub(super) failed: u64,
    pub(super) trouble: Option<String>,
    pub(super) probes: Vec<(String, Verdict)>,
}

/// Collected so far.
#[derive(Default)]
pub(super) struct Rounds {
    pub(super) targets: BTreeMap<(ManifestName, TargetName), Target>,
    pub(super) alerts: BTreeMap<ManifestName, Vec<RoundAlert>>,
    pub(super) failed: BTreeMap<ManifestName, String>,
    /// Messages delivered, by the sink's name.
    pub(super) delivered: BTreeMap<String, u64>,
}

impl Rounds {
    fn target(&mut self, manifest: &ManifestName, target: &TargetName) -> &mut Target {
        let key = (manifest.clone(), target.clone());
        self.targets.entry(key).or_default()
    }

    /// What happened to an alert.
    pub(super) fn tell(&mut self, event: &AlertEvent) {
        let alert = &event.alert;
        let manifest = &alert.key.manifest;
        let told = RoundAlert {
            kind: event.kind,
            id: alert.id.clone(),
            class: alert.key.class,
            target: alert.key.target.clone(),
            variable: alert.key.variable.clone(),
            what: alert.what.clone(),
            next: alert.next.clone(),
            urgent: alert.urgent,
            muted: alert.muted,
        };
        self.alerts.entry(manifest.clone()).or_default().push(told);
    }

    /// The journal of a manifest could not be used.
    pub(super) fn journal(&mut self, manifest: &ManifestName, why: &str) {
        self.failed.insert(manifest.clone(), why.to_owned());
    }

    /// What a look found.
    pub(super) fn look(&mut self, plan: &Plan, target: &TargetName, scheduled: Option<&Scheduled>) {
        let Some(found) = plan.targets.iter().find(|one| one.target == *target) else {
            return;
        };
        let one = self.target(&plan.manifest, target);
        one.mode = scheduled.map_or(Mode::Observe, |scheduled| scheduled.mode(target));
        match &found.state {
            TargetState::Unknown { reason, .. } => {
                one.look = Some(RoundLook::Failed {
                    why: reason.clone(),
                });
                return;
            }
            TargetState::Elsewhere { machine } => {
                one.look = Some(RoundLook::Skipped {
                    why: format!("{machine} reads it"),
                });
                return;
            }
            TargetState::Read | TargetState::Partial { .. } => {}
        }
        // as it was before anything was written
        if one.written + one.healed == 0 {
            one.variables.clear();
            for change in &found.changes {
                *one.variables.entry(change.class).or_default() += 1;
            }
            let held = |change: &&Change| !change.holds.is_empty();
            let held = found.changes.iter().filter(held).count() as u64;
            one.held = if one.mode == Mode::Observe { 0 } else { held };
        }
    }

    /// What the probes said.
    pub(super) fn probed(
        &mut self,
        manifest: &ManifestName,
        target: &TargetName,
        answers: &[(String, Verdict)],
    ) {
        answers.clone_into(&mut self.target(manifest, target).probes);
    }

    /// How long the look took.
    pub(super) fn took(&mut self, manifest: &ManifestName, target: &TargetName, took: Duration) {
        let one = self.target(manifest, target);
        if one.look.is_none() || matches!(one.look, Some(RoundLook::Read { .. })) {
            one.look = Some(RoundLook::Read { took });
        }
    }

    /// What was written.
    pub(super) fn wrote(
        &mut self,
        manifest: &ManifestName,
        target: &TargetName,
        written: u64,
        healed: u64,
    ) {
        let one = self.target(manifest, target);
        one.written += written.saturating_sub(healed);
        one.healed += healed;
    }

    /// What could not be.
    pub(super) fn failed(
        &mut self,
        manifest: &ManifestName,
        target: &TargetName,
        failed: u64,
        why: &str,
    ) {
        let one = self.target(manifest, target);
        one.failed += failed;
        one.trouble = Some(why.to_owned());
    }

    /// So many messages arrived at a sink.
    pub(super) fn delivered(&mut self, sink: &str, messages: u64) {
        *self.delivered.entry(sink.to_owned()).or_default() += messages;
    }
}
