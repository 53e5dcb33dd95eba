//! What an apply did, target by target, and what that means for its exit code.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exit, Verdict};
use crate::model::{Activated, ManifestName, TargetName, VarName, Verdict as ProbeVerdict};
use crate::plan::{ActionKind, Hold, PlanId};

/// How one operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationOutcome {
    /// The platform has it.
    Done,
    /// Live was as wanted already.
    AlreadyDone,
    /// The platform or a last check refused it, nothing was written for it; why.
    Refused(String),
    /// It may or may not have been written; why.
    InDoubt(String),
    /// It was not tried; why.
    NotDone(String),
}

impl OperationOutcome {
    /// Whether live is now as wanted, as far as the outcome says.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadyDone)
    }
}

/// One operation of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationReport {
    /// The variable's name on the target.
    pub name: VarName,
    /// Its name in the manifest, where it has one.
    pub declared: Option<VarName>,
    /// What was to be done.
    pub action: ActionKind,
    /// How it ended.
    pub outcome: OperationOutcome,
}

/// What reading a target again after its write said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBack {
    /// Everything written is there.
    Verified,
    /// These are not as written.
    Differs(Vec<VarName>),
    /// It could not be read; why.
    Unknown(String),
    /// Nothing was written.
    NotNeeded,
}

/// One target of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetReport {
    /// Its name.
    pub target: TargetName,
    /// Its address as people read it.
    pub address: String,
    /// In the order in which they were carried out.
    pub results: Vec<OperationReport>,
    /// What was seen afterwards.
    pub read_back: ReadBack,
    /// What went wrong with the target as a whole, without values.
    pub error: Option<String>,
    /// Whether the platform put it in force; `None` where it does not do that by itself.
    pub activated: Option<bool>,
    /// What people should know about the write.
    pub notes: Vec<String>,
    /// What was done on its machine to put it in force, where the manifest says so.
    pub activation: Option<ActivationReport>,
    /// What its probes said, in the manifest's order.
    pub probes: Vec<ProbeReport>,
    /// Names the receipt, if one was written.
    pub receipt: Option<String>,
}

/// One activation, as one of the targets that share it tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationReport {
    /// In words that follow "would": `restart app.service`.
    pub what: String,
    /// The kind, for the receipt: `command`, `systemd`, `launchd`, `compose`.
    pub how: &'static str,
    /// How it ended.
    pub outcome: Activated,
    /// Whether the person asked for it to be left out.
    pub left_out: bool,
}

/// One probe of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// What was asked, without values: `GET https://vps.example.com/health`.
    pub what: String,
    /// What it said.
    pub verdict: ProbeVerdict,
    /// Whether this apply cannot tell, and nothing went wrong: the person asked for nothing to run
    /// yet, or the platform takes longer than an apply waits.
    pub left_out: bool,
}

/// A change that the plan held back, so that it was never tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub target: TargetName,
    /// Which variable.
    pub name: VarName,
    /// What holds it.
    pub holds: Vec<Hold>,
}

/// A declared variable that reached some of its targets and not the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfWritten {
    /// As the manifest declares it.
    pub variable: VarName,
    /// Where it is as wanted.
    pub written: BTreeSet<TargetName>,
    /// Where it is not, or nobody knows.
    pub missing: BTreeSet<TargetName>,
}

/// What one apply did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyReport {
    /// The manifest's name.
    pub manifest: ManifestName,
    /// The plan that was carried out.
    pub plan_id: PlanId,
    /// In the manifest's order.
    pub targets: Vec<TargetReport>,
    /// What the plan held back.
    pub held: Vec<Held>,
    /// Where what is stored does not run, and the plan held back what would mend it.
    pub held_activations: Vec<TargetName>,
    /// Set where a signal ended the run early: which.
    pub interrupted: Option<String>,
}

impl ApplyReport {
    /// The units that ended half written: they lead every report.
    pub fn half_written(&self) -> Vec<HalfWritten> {
        let mut units: BTreeMap<&VarName, HalfWritten> = BTreeMap::new();
        for target in &self.targets {
            for result in &target.results {
                let Some(declared) = &result.declared else {
                    continue;
                };
                let unit = units.entry(declared).or_insert_with(|| HalfWritten {
                    variable: declared.clone(),
                    written: BTreeSet::new(),
                    missing: BTreeSet::new(),
                });
                let as_wanted = result.outcome.is_good() && !target.differs(&result.name);
                let side = if as_wanted {
                    &mut unit.written
                } else {
                    &mut unit.missing
                };
                side.insert(target.target.clone());
            }
        }
        units
            .into_values()
            .filter(|unit| !unit.written.is_empty() && !unit.missing.is_empty())
            .collect()
    }

    /// Whether a target was changed for sure.
    pub fn wrote(&self) -> bool {
        self.targets.iter().any(TargetReport::wrote)
    }

    /// Whether nothing was done, held or left undone.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
            && self.held.is_empty()
            && self.held_activations.is_empty()
            && self.interrupted.is_none()
    }

    /// The exit and its reason.
    pub fn verdict(&self) -> Verdict {
        let wrote = self.wrote();
        let doubt = self.targets.iter().any(TargetReport::in_doubt);
        let failed = self.targets.iter().any(|target| target.error.is_some());
        let refused = self.targets.iter().any(|target| {
            target
                .results
                .iter()
                .any(|result| !result.outcome.is_good())
        });
        let held = self.held.iter().any(Held::counts) || !self.held_activations.is_empty();
        let unfinished = failed || refused || held || self.interrupted.is_some();
        let unforced = self.targets.iter().any(TargetReport::is_not_in_force);
        let broken = self.targets.iter().any(TargetReport::does_not_work);
        if doubt {
            Verdict::new(Exit::Partial, "it is not certain what was written")
        } else if unforced {
            Verdict::new(
                Exit::Partial,
                "what is stored was not put in force everywhere",
            )
        } else if broken {
            Verdict::new(Exit::Partial, "a probe did not show that it works")
        } else if wrote && unfinished {
            Verdict::new(Exit::Partial, "a part was applied, a part was not")
        } else if failed || self.interrupted.is_some() {
            Verdict::new(Exit::Error, "a target failed, nothing was written")
        } else if refused || held {
            Verdict::new(Exit::Refused, "held back or refused, nothing was written")
        } else if wrote {
            Verdict::new(Exit::Clean, "applied")
        } else {
            Verdict::new(Exit::Clean, "nothing to do")
        }
    }
}

impl Held {
    /// Whether it makes the apply incomplete: what the person left out by `--target` or `--only`
    /// does not, whatever else holds it.
    pub fn counts(&self) -> bool {
        self.holds.iter().all(|hold| hold.rail != "not-selected")
    }
}

impl TargetReport {
    /// Whether the platform was changed for sure.
    pub fn wrote(&self) -> bool {
        self.results.iter().any(|result| {
            result.action != ActionKind::Record && result.outcome == OperationOutcome::Done
        })
    }

    /// Whether nobody knows what the target holds now, or it is not what was written.
    pub fn in_doubt(&self) -> bool {
        matches!(self.read_back, ReadBack::Differs(_) | ReadBack::Unknown(_))
            || self
                .results
                .iter()
                .any(|result| matches!(result.outcome, OperationOutcome::InDoubt(_)))
    }

    /// Whether its activation was to happen and is not known to have succeeded.
    pub fn is_not_in_force(&self) -> bool {
        self.activation
            .as_ref()
            .is_some_and(|one| !one.left_out && one.outcome != Activated::Done)
    }

    /// Whether its activation succeeded.
    pub fn is_in_force(&self) -> bool {
        self.activation
            .as_ref()
            .is_some_and(|one| one.outcome == Activated::Done)
    }

    /// Whether a probe that was to be sent says anything but that it works.
    pub fn does_not_work(&self) -> bool {
        let mut probes = self.probes.iter();
        probes.any(|probe| !probe.left_out && !probe.verdict.works())
    }

    /// Whether the read back says that this one is not as written.
    fn differs(&self, name: &VarName) -> bool {
        match &self.read_back {
            ReadBack::Differs(names) => names.contains(name),
            ReadBack::Unknown(_) => true,
            ReadBack::Verified | ReadBack::NotNeeded => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(outcome: OperationOutcome) -> OperationReport {
        OperationReport {
            name: "A".parse().unwrap(),
            declared: Some("A".parse().unwrap()),
            action: ActionKind::Update,
            outcome,
        }
    }

    fn target(name: &str, outcome: OperationOutcome, read_back: ReadBack) -> TargetReport {
        TargetReport {
            target: name.parse().unwrap(),
            address: "/x/.env".to_owned(),
            results: vec![operation(outcome)],
            read_back,
            error: None,
            activated: None,
            notes: vec![],
            activation: None,
            probes: vec![],
            receipt: None,
        }
    }

    fn report(targets: Vec<TargetReport>) -> ApplyReport {
        ApplyReport {
            manifest: "m".parse().unwrap(),
            plan_id: PlanId("00".repeat(32)),
            targets,
            held: vec![],
            held_activations: vec![],
            interrupted: None,
        }
    }

    #[test]
    fn exits_follow_the_table() {
        use OperationOutcome as O;
        let refused = || target("b", O::Refused("no".to_owned()), ReadBack::NotNeeded);
        let done = || target("a", O::Done, ReadBack::Verified);
        let code = |targets| report(targets).verdict().exit.code();
        assert_eq!(code(vec![done()]), 0);
        assert_eq!(code(vec![]), 0);
        assert_eq!(code(vec![refused()]), 3);
        assert_eq!(code(vec![done(), refused()]), 4);
        let doubt = target("a", O::InDoubt("time-out".to_owned()), ReadBack::NotNeeded);
        assert_eq!(code(vec![doubt]), 4);
        let differs = ReadBack::Differs(vec!["A".parse().unwrap()]);
        assert_eq!(code(vec![target("a", O::Done, differs)]), 4);
        let mut failed = refused();
        failed.error = Some("unreachable".to_owned());
        assert_eq!(code(vec![failed.clone()]), 1);
        assert_eq!(code(vec![failed, done()]), 4);
    }

    #[test]
    fn a_held_change_is_a_refusal_unless_it_was_left_out_on_purpose() {
        let held = |rail: &str| Held {
            target: "a".parse().unwrap(),
            name: "A".parse().unwrap(),
            holds: vec![Hold {
                rail: rail.to_owned(),
                why: "because".to_owned(),
                release: None,
            }],
        };
        let mut report = report(vec![]);
        report.held = vec![held("not-selected")];
        assert_eq!(report.verdict().exit, Exit::Clean);
        report.held.push(held("conflict"));
        assert_eq!(report.verdict().exit, Exit::Refused);
    }

    #[test]
    fn a_unit_on_one_side_only_is_half_written() {
        use OperationOutcome as O;
        let report = report(vec![
            target("a", O::Done, ReadBack::Verified),
            target("b", O::NotDone("stale".to_owned()), ReadBack::NotNeeded),
        ]);
        let half = report.half_written();
        assert_eq!(half.len(), 1);
        assert!(half[0].written.contains("a") && half[0].missing.contains("b"));
    }
}
