//! One round of a scheduled run as plain data: what was looked at, what came of it, what was told.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Exit, Verdict};
use crate::model::{
    AlertClass, AlertEventKind, ManifestName, Mode, PlatformKind, TargetName, VarName,
    Verdict as ProbeVerdict,
};
use crate::plan::Class;

/// What one round came to, without values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundReport {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// One for each manifest that was to be looked at, those that could not be loaded among them.
    pub manifests: Vec<RoundManifest>,
    /// One for each place that alerts go to.
    pub sinks: Vec<RoundSink>,
}

impl RoundReport {
    /// What it means for the exit code. With `detailed`, alerts that are open count as differences.
    pub fn verdict(&self, detailed: bool) -> Verdict {
        let targets = || self.manifests.iter().flat_map(|one| &one.targets);
        let any = |which: fn(&RoundTarget) -> bool| targets().any(which);
        if any(|one| one.failed > 0 || one.trouble.is_some()) {
            return Verdict::new(Exit::Partial, "an apply did not go well");
        }
        if self.manifests.iter().any(|one| one.broken.is_some()) {
            return Verdict::new(Exit::Error, "a manifest could not be used");
        }
        if self.manifests.iter().any(|one| one.alerts_failed.is_some()) {
            return Verdict::new(Exit::Error, "a journal could not be used");
        }
        if any(|one| matches!(one.look, RoundLook::Failed { .. })) {
            return Verdict::new(Exit::Error, "a target could not be read");
        }
        if self.sinks.iter().any(|one| one.trouble.is_some()) {
            return Verdict::new(Exit::Error, "an alert could not be delivered");
        }
        let open = self.manifests.iter().any(|one| one.open.unwrap_or(0) > 0);
        match detailed && open {
            true => Verdict::new(Exit::Differences, "alerts are open"),
            false => Verdict::new(Exit::Clean, "looked"),
        }
    }
}

/// One manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundManifest {
    /// Its file, as it was named, or its path in the checkout.
    pub path: String,
    /// Its name; `None` where it could not be loaded, nor ever was.
    pub name: Option<ManifestName>,
    /// The commit that was looked at, where there is one.
    pub revision: Option<String>,
    /// Why it could not be loaded or opened: then nothing was written, and its targets are those of the
    /// last good one.
    pub broken: Option<String>,
    /// In the order of the manifest.
    pub targets: Vec<RoundTarget>,
    /// What happened to alerts in this round, in order.
    pub alerts: Vec<RoundAlert>,
    /// How many alerts are open afterwards; `None` where the journal does not say.
    pub open: Option<u64>,
    /// Why the book of alerts could not be read or written.
    pub alerts_failed: Option<String>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTarget {
    /// Its name.
    pub name: TargetName,
    /// What kind of place it is.
    pub platform: PlatformKind,
    /// What might be done to it.
    pub mode: Mode,
    /// How the look ended.
    pub look: RoundLook,
    /// Variables by class, as the look found them, before anything was written; empty where it did not
    /// end well.
    pub variables: BTreeMap<Class, u64>,
    /// Values written because the manifest changed.
    pub written: u64,
    /// Values put back that somebody changed on the platform.
    pub healed: u64,
    /// Changes that a rail, a window or the brake held.
    pub held: u64,
    /// Writes that failed or are in doubt.
    pub failed: u64,
    /// Why the apply as a whole did not go well, where that is to be said.
    pub trouble: Option<String>,
    /// The probes that were sent with the look, as the manifest spells them, and what they said.
    pub probes: Vec<(String, ProbeVerdict)>,
}

/// How one look ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoundLook {
    /// It was read.
    Read {
        /// How long that took.
        took: Duration,
    },
    /// It could not be read.
    Failed {
        /// Why: lower case, no final period, no values.
        why: String,
    },
    /// It was not looked at.
    Skipped {
        /// Why: it is suspended, another machine's, its turn has not come.
        why: String,
    },
}

/// What happened to one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundAlert {
    /// What.
    pub kind: AlertEventKind,
    /// Names the alert.
    pub id: String,
    /// What is wrong.
    pub class: AlertClass,
    /// Where.
    pub target: Option<TargetName>,
    /// Which variable.
    pub variable: Option<VarName>,
    /// In words: lower case, no final period.
    pub what: String,
    /// Commands to run next.
    pub next: Vec<String>,
    /// Whether it does harm now.
    pub urgent: bool,
    /// Whether nobody is told because somebody said so.
    pub muted: bool,
}

/// One place that alerts go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundSink {
    /// Its name.
    pub name: String,
    /// Events delivered in this round.
    pub delivered: u64,
    /// Events that wait for another try.
    pub waiting: u64,
    /// Why the last try failed.
    pub trouble: Option<String>,
}
