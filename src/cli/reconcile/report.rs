//! What a round came to, as it is told.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::deliver;
use super::desk::Desk;
use super::rounds::Rounds;
use super::shelf::{Broken, Watched};
use crate::reconcile::event::{RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget};
use crate::reconcile::targets::{Located, Visibility};

/// All of it.
pub(super) fn report(desk: &Desk<'_>, started_at: Timestamp, took: Duration) -> RoundReport {
    let nothing = RefCell::default();
    let rounds = &*desk.round.as_ref().unwrap_or(&nothing).borrow();
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
    let standing = deliver::standing(desk).into_iter();
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
            probes: one.probes,
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
