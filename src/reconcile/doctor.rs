//! From everything that is known of a manifest to a diagnosis: which side is wrong, since when, and
//! what to do next. Pure.
//!
//! `vitals` keeps what a read says beside the plan, `stages` judges one target stage by stage,
//! `causes` puts what is wrong into words and commands, `subject` is about one variable.

mod causes;
mod stages;
mod subject;
#[cfg(test)]
mod tests;
mod vitals;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use subject::{is_made_from, touches};
pub use vitals::{Vitals, alike};

use super::event::{Case, DoctorReport, Finding, Health, Patient, SeenTarget, Stage, Step};
use super::targets::Located;
use crate::manifest::Manifest;
use crate::model::{Expiring, LastApplied, TargetName, VarName, Verdict};
use crate::plan::{Change, Plan, TargetPlan};

/// What the probes of one target said: what each is, and its verdict.
pub type Probed = Vec<(String, Verdict)>;

/// Everything that is known of one manifest.
pub struct Chart<'a> {
    /// Its file, as people read it.
    pub file: &'a str,
    /// Itself.
    pub manifest: &'a Manifest,
    /// Its targets' places, in its order.
    pub located: &'a [Located],
    /// What differs, and who moved.
    pub plan: &'a Plan,
    /// What a read says beside it, in the plan's order.
    pub vitals: &'a [Vitals],
    /// What was last applied.
    pub last: &'a BTreeMap<TargetName, LastApplied>,
    /// What the probes said; a target that is missing was not probed.
    pub probed: &'a BTreeMap<TargetName, Probed>,
    /// Whether probes were wanted.
    pub probing: bool,
    /// What other machines last saw of their targets.
    pub seen: &'a BTreeMap<TargetName, SeenTarget>,
    /// Dates that have passed or are near, each of another declared variable.
    pub due: &'a [Expiring],
    /// When values were sealed, by declared variable.
    pub sealed_at: &'a BTreeMap<VarName, Timestamp>,
    /// Which targets hold the same other value, by declared variable.
    pub alike: &'a BTreeMap<VarName, BTreeMap<TargetName, usize>>,
    /// `--target`; `None` for all.
    pub targets: Option<&'a BTreeSet<TargetName>>,
    /// The variables that were asked for; empty for all.
    pub variables: &'a [VarName],
    /// Whether targets of other machines count as unknown.
    pub require_all: bool,
}

/// One target, with everything that belongs to it.
#[derive(Clone, Copy)]
struct Site<'a> {
    chart: &'a Chart<'a>,
    plan: &'a TargetPlan,
    located: &'a Located,
    vitals: &'a Vitals,
}

/// Decides.
pub fn diagnose(chart: &Chart<'_>) -> DoctorReport {
    let sites = chart.sites();
    let mut patients: Vec<Patient> = sites
        .iter()
        .map(|site| stages::examine(*site, &sites))
        .collect();
    let found = sites.iter().zip(&patients);
    let cases = found.flat_map(|(site, patient)| causes::cases(*site, patient, &sites));
    let mut cases = merge(cases.collect());
    cases.extend(causes::dates(chart, &sites));
    cases.sort_by_key(|case| case.severity);
    patients.sort_by_key(|patient| rank(&patient.health));
    DoctorReport {
        manifest: chart.plan.manifest.clone(),
        file: chart.file.to_owned(),
        subjects: subject::subjects(chart, &sites),
        unprobed: sites.iter().filter(|site| site.is_unprobed()).count(),
        patients,
        cases,
    }
}

impl<'a> Chart<'a> {
    /// The targets that this is about.
    fn sites(&'a self) -> Vec<Site<'a>> {
        let all = self.plan.targets.iter().zip(self.located).zip(self.vitals);
        all.map(|((plan, located), vitals)| Site {
            chart: self,
            plan,
            located,
            vitals,
        })
        .filter(|site| {
            self.targets
                .is_none_or(|wanted| wanted.contains(&site.plan.target))
        })
        .filter(|site| self.variables.is_empty() || site.uses_any(self.variables))
        .collect()
    }
}

impl<'a> Site<'a> {
    /// What the manifest says of it.
    fn spec(&self) -> Option<&'a crate::manifest::TargetSpec> {
        let mut specs = self.chart.manifest.targets.iter();
        specs.find(|spec| spec.name == self.plan.target)
    }

    /// Whether it has one of these, by its own name or by the declared one, or a template of it.
    fn uses_any(&self, names: &[VarName]) -> bool {
        let wanted = self.spec().is_some_and(|spec| {
            spec.uses.iter().any(|used| {
                names
                    .iter()
                    .any(|name| subject::touches(self.chart.manifest, used, name))
            })
        });
        // what was applied once and is no longer wanted
        wanted
            || self
                .plan
                .changes
                .iter()
                .any(|change| names.contains(&change.name))
    }

    /// The changes that this is about.
    fn changes(&self) -> impl Iterator<Item = &'a Change> {
        let (chart, spec) = (self.chart, self.spec());
        self.plan.changes.iter().filter(move |change| {
            let names = chart.variables;
            let of_use = || {
                let used = spec?.uses.iter().find(|used| used.name == change.name)?;
                Some(
                    names
                        .iter()
                        .any(|name| subject::touches(chart.manifest, used, name)),
                )
            };
            names.is_empty() || names.contains(&change.name) || of_use() == Some(true)
        })
    }

    /// The declared variables that a change is made from.
    fn roots(&self, change: &Change) -> BTreeSet<&'a VarName> {
        let mut uses = self.spec().into_iter().flat_map(|spec| &spec.uses);
        let used = uses.find(|used| used.name == change.name);
        used.map(|used| subject::roots(self.chart.manifest, used))
            .unwrap_or_default()
    }

    /// Its probes were not asked on purpose.
    fn is_unprobed(&self) -> bool {
        !self.chart.probing && self.spec().is_some_and(|spec| !spec.probes.is_empty())
    }

    fn last(&self) -> Option<&'a LastApplied> {
        self.chart.last.get(&self.plan.target)
    }
}

const fn rank(health: &Health) -> u8 {
    match health {
        Health::Wrong => 0,
        Health::Unknown => 1,
        Health::Elsewhere { .. } => 2,
        Health::Well => 3,
    }
}

/// Joins what is the same on several targets, so that one cause is told once.
fn merge(cases: Vec<Case>) -> Vec<Case> {
    let mut merged: Vec<Case> = vec![];
    for case in cases {
        let same = merged.iter_mut().find(|other| {
            (other.severity, other.stage, other.side, &other.what)
                == (case.severity, case.stage, case.side, &case.what)
        });
        match same {
            None => merged.push(case),
            Some(other) => join(other, case),
        }
    }
    merged
}

fn join(other: &mut Case, case: Case) {
    other.targets.extend(case.targets);
    // fingerprints are of one target
    other.values.clear();
    other.since = match (other.since, case.since) {
        (Some(a), Some(b)) if a.is == b.is => Some(if a.at <= b.at { a } else { b }),
        _ => None,
    };
    for step in case.next {
        if !other.next.iter_mut().any(|known| joined(known, &step)) {
            other.next.push(step);
        }
    }
}

/// Adds the words of one command of ours to another of the same kind; `true` if nothing is left.
fn joined(known: &mut Step, step: &Step) -> bool {
    match (known, step) {
        (
            Step::Driftlock { verb, flags, .. },
            Step::Driftlock {
                verb: other,
                flags: more,
                ..
            },
        ) if verb == other => {
            let new: Vec<_> = more
                .iter()
                .filter(|flag| !flags.contains(flag))
                .cloned()
                .collect();
            flags.extend(new);
            true
        }
        (known, step) => known == step,
    }
}

/// The stages up to the cause; what comes later follows from it.
fn before_cause(stages: &[Finding; 6]) -> Option<Stage> {
    let first = |is: fn(&Finding) -> bool| {
        let mut all = Stage::ALL.into_iter();
        // a date that has passed is no stage of the way: it has a case of its own
        all.find(|stage| *stage != Stage::Expiry && is(&stages[*stage as usize]))
    };
    first(Finding::is_wrong).or_else(|| first(Finding::is_unknown))
}
