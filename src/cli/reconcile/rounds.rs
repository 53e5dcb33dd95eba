//! What a round came to, for `--once`: collected while it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::desk::Desk;
use super::shelf::{Broken, Watched};
use crate::model::{AlertEvent, ManifestName, Mode, Scheduled, TargetName};
use crate::plan::{Change, Plan, TargetState};
use crate::reconcile::event::{
    RoundAlert, RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget,
};
use crate::reconcile::targets::{Located, Visibility};

/// What one target came to.
#[derive(Clone, Default)]
struct Target {
    mode: Mode,
    look: Option<RoundLook>,
    variables: BTreeMap<crate::plan::Class, u64>,
    written: u64,
    healed: u64,
    held: u64,
    failed: u64,
    trouble: Option<String>,
}

/// Collected so far.
#[derive(Default)]
pub(super) struct Rounds {
    targets: BTreeMap<(ManifestName, TargetName), Target>,
    alerts: BTreeMap<ManifestName, Vec<RoundAlert>>,
    failed: BTreeMap<ManifestName, String>,
    /// Messages delivered, by the sink's name.
    delivered: BTreeMap<String, u64>,
}

impl Rounds {
    fn target(&mut self, manifest: &ManifestName, target: &TargetName) -> &mut Target {
        let key = (manifest.clone(), target.clone());
        self.targets.entry(key).or_default()
    }

    /// What happened to an alert.
    pub(super) fn tell(&mut self, manifest: &ManifestName, event: &AlertEvent) {
        let alert = &event.alert;
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

/// All of it.
pub(super) fn report(
    desk: &Desk<'_>,
    rounds: &Rounds,
    started_at: Timestamp,
    took: Duration,
) -> RoundReport {
    let broken = desk.broken();
    let mut manifests: Vec<RoundManifest> = vec![];
    for watched in desk.shelf.borrow().watched() {
        manifests.push(of_manifest(desk, rounds, watched));
    }
    for one in &broken {
        let path = one.path.display().to_string();
        match manifests.iter_mut().find(|known| known.path == path) {
            Some(known) => known.broken = Some(one.why.clone()),
            None => manifests.push(RoundManifest {
                path,
                broken: Some(one.why.clone()),
                alerts: rounds.alerts.get(&one.name).cloned().unwrap_or_default(),
                ..RoundManifest::default()
            }),
        }
    }
    // what is over of a file that is not there any more
    let told: BTreeSet<_> = manifests
        .iter()
        .filter_map(|one| one.name.clone())
        .collect();
    for (name, alerts) in &rounds.alerts {
        let is_told = |one: &Broken| one.name == *name;
        if !told.contains(name) && !broken.iter().any(is_told) {
            manifests.push(RoundManifest {
                path: name.to_string(),
                alerts: alerts.clone(),
                ..RoundManifest::default()
            });
        }
    }
    RoundReport {
        started_at,
        took,
        manifests,
        sinks: sinks(desk, rounds),
    }
}

/// Why it was not looked at.
fn not_looked(desk: &Desk<'_>, located: &Located) -> RoundLook {
    let why = |text: &str| text.to_owned();
    match &located.visibility {
        Visibility::Elsewhere(machine) => RoundLook::Skipped {
            why: format!("{machine} reads it"),
        },
        _ if !desk.is_asked(&located.target.name) => RoundLook::Skipped {
            why: why("not among the targets that this run was limited to"),
        },
        _ => RoundLook::Failed {
            why: why("its turn did not come before the end of the round"),
        },
    }
}

/// Also those that nothing was sent to, because they rest: what is wrong with them is not over.
fn sinks(desk: &Desk<'_>, rounds: &Rounds) -> Vec<RoundSink> {
    let standing = super::deliver::standing(desk).into_iter();
    standing
        .map(|(name, one)| RoundSink {
            delivered: rounds.delivered.get(&name).copied().unwrap_or_default(),
            waiting: one.waiting,
            trouble: one.trouble,
            name,
        })
        .collect()
}

fn of_manifest(desk: &Desk<'_>, rounds: &Rounds, watched: &Watched) -> RoundManifest {
    let name = watched.name();
    let targets = watched.item.located.iter().map(|located| {
        let key = (name.clone(), located.target.name.clone());
        let one = rounds.targets.get(&key).cloned().unwrap_or_default();
        RoundTarget {
            name: located.target.name.clone(),
            platform: located.target.address.platform(),
            mode: one.mode,
            look: one.look.unwrap_or_else(|| not_looked(desk, located)),
            variables: one.variables,
            written: one.written,
            healed: one.healed,
            held: one.held,
            failed: one.failed,
            trouble: one.trouble,
        }
    });
    let known = desk.known.borrow();
    let failed = rounds.failed.get(name).cloned();
    let open = known.get(name).map(|known| known.book.open.len() as u64);
    RoundManifest {
        path: watched.item.file.path.display().to_string(),
        name: Some(name.clone()),
        revision: watched.revision.clone(),
        broken: None,
        targets: targets.collect(),
        alerts: rounds.alerts.get(name).cloned().unwrap_or_default(),
        open: open.filter(|_| failed.is_none()),
        alerts_failed: failed,
    }
}
