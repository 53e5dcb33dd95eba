//! What is wrong with one target, in words, and the next command.

mod steps;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::{
    Case, Compared, Finding, Health, Moment, Patient, Severity, Side, Since, Stage, Step,
};
use super::stages::{UNSEEN, behind, behind_names, expired, is_used, is_wrong};
use super::{Chart, Site};
use crate::model::Behind;
use crate::plan::{Change, Class, Reason, TargetState};

use steps::{activation, apply, ours};
pub(super) use words::why_of;

/// More live values beside desired ones than these are for `plan`.
const MOST_VALUES: usize = 3;

/// Everything about one target that is not well: the cause, and what is not known beside it.
pub(super) fn cases(site: Site<'_>, patient: &Patient, all: &[Site<'_>]) -> Vec<Case> {
    let mut found = vec![];
    if let TargetState::Elsewhere { machine } = &site.plan.state {
        if patient.health == Health::Unknown {
            found.push(not_from_here(site, machine));
        }
        return found;
    }
    match patient.cause {
        Some(Stage::Reached | Stage::Read) => found.push(unreadable(site, patient)),
        Some(Stage::Stored) if patient.at(Stage::Stored).is_wrong() => {
            found.push(stored(site, all));
        }
        Some(Stage::Running) => found.push(running(site, patient)),
        Some(Stage::Probe) => found.push(probe(site, patient, all)),
        Some(Stage::Stored | Stage::Expiry) | None => {}
    }
    // an unreadable target has said so as a whole
    if !matches!(site.plan.state, TargetState::Unknown { .. }) {
        found.extend(unknown(site));
        if patient.cause != Some(Stage::Read)
            && let Finding::Unknown(_) = patient.at(Stage::Read)
        {
            found.push(unreadable(site, patient));
        }
    }
    found.extend(notes(site));
    found
}

fn case(site: Site<'_>, severity: Severity, stage: Stage, side: Side, what: String) -> Case {
    Case {
        severity,
        targets: vec![site.plan.target.clone()],
        stage: Some(stage),
        side,
        what,
        values: vec![],
        since: None,
        next: vec![],
    }
}

fn not_from_here(site: Site<'_>, machine: &str) -> Case {
    let what = format!("only {machine} can see it, and what is known of it does not count");
    Case {
        next: vec![Step::Advice(format!(
            "run `driftlock plan` on {machine}, with this journal"
        ))],
        ..case(site, Severity::Unknown, Stage::Reached, Side::Place, what)
    }
}

fn unreadable(site: Site<'_>, patient: &Patient) -> Case {
    let stage = if patient.at(Stage::Reached).is_unknown() {
        Stage::Reached
    } else {
        Stage::Read
    };
    let (Finding::Unknown(why) | Finding::Wrong(why)) = patient.at(stage) else {
        return case(site, Severity::Unknown, stage, Side::Place, String::new());
    };
    let mut next = vec![];
    if let TargetState::Unknown {
        help: Some(help), ..
    } = &site.plan.state
    {
        next.push(Step::Advice(help.clone()));
    }
    if stage == Stage::Reached && site.located.target.address.host().is_some() {
        next.push(steps::connect(site));
    }
    Case {
        next,
        ..case(site, Severity::Unknown, stage, Side::Place, why.clone())
    }
}

/// It does not hold what the manifest says.
fn stored(site: Site<'_>, all: &[Site<'_>]) -> Case {
    let wrong: Vec<&Change> = site.changes().filter(|change| is_wrong(change)).collect();
    let worst = wrong.iter().min_by_key(|change| words::rank(change.reason));
    let side = match worst.map(|change| change.reason) {
        Some(Reason::BothMoved) => Side::Both,
        _ => Side::Target,
    };
    let values = if wrong.len() <= MOST_VALUES {
        wrong.iter().map(|change| compared(change)).collect()
    } else {
        vec![]
    };
    Case {
        values,
        since: worst.and_then(|change| since_of(site, change)),
        next: apply(site, &wrong, all),
        ..case(
            site,
            Severity::Wrong,
            Stage::Stored,
            side,
            words::stored(site, &wrong, all),
        )
    }
}

fn compared(change: &Change) -> Compared {
    Compared {
        name: change.name.clone(),
        live: change.before.clone(),
        desired: change.after.clone(),
    }
}

/// Since when a difference is there, as well as anybody knows.
pub(super) fn since_of(site: Site<'_>, change: &Change) -> Option<Since> {
    let recorded = || {
        let last = site.last()?;
        let of_name = last.vars.get(&change.name).map(|recorded| recorded.at);
        let at = of_name.or(last.at.filter(|_| last.recorded))?;
        Some(Since {
            at,
            is: Moment::AfterApply,
        })
    };
    let changed = || {
        let at = *site.vitals.changed_at.get(&change.name)?;
        Some(Since {
            at,
            is: Moment::ChangedThere,
        })
    };
    let file = || {
        let at = site.vitals.stored_at?;
        // a file that we wrote last says nothing about somebody else
        let ours = recorded().is_some_and(|recorded| at <= recorded.at);
        (!ours).then_some(Since {
            at,
            is: Moment::FileChanged,
        })
    };
    match change.reason {
        Reason::DesiredMoved | Reason::SealedDesiredMoved | Reason::New => {
            let declared = change.declared.as_ref()?;
            let at = *site.chart.sealed_at.get(declared)?;
            Some(Since {
                at,
                is: Moment::Sealed,
            })
        }
        Reason::RemovedOutside => recorded(),
        _ => changed().or_else(file).or_else(recorded),
    }
}

/// When what does not run was stored.
pub(super) fn behind_since(behind: &Behind) -> Option<Since> {
    let is = Moment::Stored;
    behind.since.map(|at| Since { at, is })
}

fn running(site: Site<'_>, patient: &Patient) -> Case {
    let Some(behind) = behind(site) else {
        let (Finding::Unknown(why) | Finding::Wrong(why)) = patient.at(Stage::Running) else {
            return case(
                site,
                Severity::Unknown,
                Stage::Running,
                Side::Process,
                String::new(),
            );
        };
        let what = format!("stored as wanted, but nobody knows what runs: {why}");
        return Case {
            next: activation(site, None),
            ..case(site, Severity::Unknown, Stage::Running, Side::Process, what)
        };
    };
    let names = words::names(&behind_names(site, behind));
    let names = if names.is_empty() {
        names
    } else {
        format!("{names}: ")
    };
    let what = format!("{names}stored as wanted, but not what runs: {}", behind.why);
    Case {
        since: behind_since(behind),
        next: if behind.restart_helps {
            activation(site, behind.help.as_deref())
        } else {
            // it began after they were stored: the next restart would be as useless
            let help = behind.help.clone();
            help.into_iter().map(Step::Advice).collect()
        },
        ..case(site, Severity::Wrong, Stage::Running, Side::Process, what)
    }
}

/// Stored and running are as wanted, as far as that can be seen, and it does not work.
fn probe(site: Site<'_>, patient: &Patient, all: &[Site<'_>]) -> Case {
    let (severity, what) = match patient.at(Stage::Probe) {
        Finding::Wrong(what) => (Severity::Wrong, what),
        Finding::Unknown(what) => (Severity::Unknown, what),
        Finding::Well | Finding::NotApplicable => (Severity::Unknown, &String::new()),
    };
    let mut next = vec![];
    let others = words::others_wrong(site, all);
    if severity == Severity::Wrong {
        if !others.is_empty() {
            let list: Vec<&str> = others.iter().map(|target| target.as_str()).collect();
            next.push(Step::Advice(format!(
                "put {} right first: there the same variables are wrong",
                list.join(", ")
            )));
        }
        next.extend(expired(site).into_iter().map(steps::renew));
        if next.is_empty() && *patient.at(Stage::Running) == Finding::NotApplicable {
            next.extend(activation(site, None));
        }
        if next.is_empty() {
            next.push(Step::Advice(
                "the value is stored and runs as the manifest says: the service wants another one, or does not work itself; `driftlock set NAME` puts another one into the manifest".to_owned(),
            ));
        }
    }
    Case {
        next,
        ..case(site, severity, Stage::Probe, Side::Service, what.clone())
    }
}

/// Single variables of a target that was read.
fn unknown(site: Site<'_>) -> Vec<Case> {
    let mut by_why: BTreeMap<(&str, bool), Vec<_>> = BTreeMap::new();
    for change in site
        .changes()
        .filter(|change| change.class == Class::Unknown)
    {
        let why = change.detail.as_deref().unwrap_or("it could not be read");
        let ours = change.reason == Reason::Undecryptable;
        by_why
            .entry((why, ours))
            .or_default()
            .push(change.name.clone());
    }
    let each = by_why.into_iter().map(|((why, ours), names)| {
        let side = if ours { Side::Manifest } else { Side::Target };
        let what = format!("{}: {why}", words::names(&names));
        Case {
            next: vec![ours_plan(site)],
            ..case(site, Severity::Unknown, Stage::Stored, side, what)
        }
    });
    each.collect()
}

fn ours_plan(site: Site<'_>) -> Step {
    ours("plan", vec![format!("--target {}", site.plan.target)])
}

/// What is worth a look without being wrong.
fn notes(site: Site<'_>) -> Vec<Case> {
    let advice = |stage, what: String, next| Case {
        next,
        ..case(site, Severity::Advice, stage, Side::Target, what)
    };
    // why the process is not known is told as that
    let told = |note: &&String| !note.starts_with(UNSEEN);
    let notes = site.plan.notes.iter().filter(told);
    let mut found: Vec<Case> = notes
        .map(|note| advice(Stage::Read, note.clone(), vec![]))
        .collect();
    if !site.plan.drafts.is_empty() {
        let what = format!("edits of somebody wait there: {}", site.plan.drafts.len());
        found.push(advice(Stage::Stored, what, vec![ours_plan(site)]));
    }
    if let Some(last) = site.last().filter(|last| last.in_doubt) {
        let names: Vec<_> = last.doubts.iter().cloned().collect();
        let names = words::names(&names);
        let what = format!("an apply never said how it ended ({names})");
        let flags = vec![format!("--target {}", site.plan.target)];
        found.push(advice(Stage::Stored, what, vec![ours("apply", flags)]));
    }
    found
}

/// Dates that have passed or are near, once for each variable.
pub(super) fn dates(chart: &Chart<'_>, sites: &[Site<'_>]) -> Vec<Case> {
    let narrowed = chart.targets.is_some() || !chart.variables.is_empty();
    let mut found = vec![];
    for due in chart.due {
        let name = &due.name;
        let users = sites.iter().filter(|site| is_used(**site, name));
        let targets: BTreeSet<_> = users.map(|site| site.plan.target.clone()).collect();
        if targets.is_empty() && narrowed && !chart.variables.contains(name) {
            continue;
        }
        found.push(Case {
            severity: if due.is_wrong() {
                Severity::Wrong
            } else {
                Severity::Advice
            },
            targets: targets.into_iter().collect(),
            stage: Some(Stage::Expiry),
            side: Side::Manifest,
            what: format!("{name} {}", due.what()),
            values: vec![],
            since: None,
            next: vec![steps::renew(due)],
        });
    }
    found
}
