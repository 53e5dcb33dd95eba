//! One target, stage by stage.

use super::super::event::{Finding, Health, Patient, SeenTarget, Stage};
use super::{Site, before_cause};
use crate::model::{Address, Behind, Expiring, VarName, Verdict};
use crate::plan::{ActionKind, Change, Class, TargetState};

/// What a note about a process that could not be looked at begins with.
pub(super) const UNSEEN: &str = "what runs is not known: ";

/// Looks at all of it.
pub(super) fn examine(site: Site<'_>, all: &[Site<'_>]) -> Patient {
    let mut stages = [const { Finding::NotApplicable }; 6];
    if !matches!(site.plan.state, TargetState::Elsewhere { .. }) {
        let (reached, read) = access(site, all);
        let readable = !matches!(site.plan.state, TargetState::Unknown { .. });
        stages[Stage::Reached as usize] = reached;
        stages[Stage::Read as usize] = read;
        if readable {
            stages[Stage::Stored as usize] = stored(site);
            stages[Stage::Running as usize] = running(site);
        }
        stages[Stage::Probe as usize] = probe(site);
        stages[Stage::Expiry as usize] = expiry(site);
    }
    let cause = before_cause(&stages);
    let health = health(site, &stages);
    Patient {
        target: site.plan.target.clone(),
        platform: site.plan.platform,
        address: site.plan.address.clone(),
        applied_at: site.last().and_then(|last| last.at),
        stages,
        cause,
        health,
    }
}

fn health(site: Site<'_>, stages: &[Finding; 6]) -> Health {
    if let TargetState::Elsewhere { machine } = &site.plan.state {
        let seen = site.chart.seen.get(&site.plan.target);
        let is_known = seen.is_some_and(SeenTarget::is_known);
        return if site.chart.require_all && !is_known {
            Health::Unknown
        } else {
            Health::Elsewhere {
                machine: machine.clone(),
                seen: seen.cloned(),
            }
        };
    }
    if stages.iter().any(Finding::is_wrong) {
        Health::Wrong
    } else if stages.iter().any(Finding::is_unknown) {
        Health::Unknown
    } else {
        Health::Well
    }
}

/// Whether it answers, and whether it lets itself be read. A read that failed does not say which of
/// the two it was; that another target of the same connection was read does.
fn access(site: Site<'_>, all: &[Site<'_>]) -> (Finding, Finding) {
    match &site.plan.state {
        TargetState::Unknown { reason, .. } => {
            let reached = is_local(site)
                || all.iter().any(|other| {
                    same_connection(site, *other) && matches!(other.plan.state, TargetState::Read)
                });
            if reached {
                (Finding::Well, Finding::Unknown(reason.clone()))
            } else {
                (Finding::Unknown(reason.clone()), Finding::NotApplicable)
            }
        }
        TargetState::Partial { reason } => (Finding::Well, Finding::Unknown(reason.clone())),
        TargetState::Read | TargetState::Elsewhere { .. } => (Finding::Well, Finding::Well),
    }
}

fn is_local(site: Site<'_>) -> bool {
    let address = &site.located.target.address;
    !matches!(address, Address::Railway(_)) && address.host().is_none()
}

fn same_connection(site: Site<'_>, other: Site<'_>) -> bool {
    match (&site.located.target.address, &other.located.target.address) {
        (Address::Railway(one), Address::Railway(other)) => one.token == other.token,
        (one, other) => match (one.host(), other.host()) {
            (Some(one), Some(other)) => one.destination == other.destination,
            _ => false,
        },
    }
}

fn stored(site: Site<'_>) -> Finding {
    if site.changes().any(is_wrong) {
        return Finding::Wrong("it does not hold what the manifest says".to_owned());
    }
    match site.changes().find(|change| change.class == Class::Unknown) {
        Some(change) => Finding::Unknown(
            change
                .detail
                .clone()
                .unwrap_or_else(|| format!("{} is not known", change.name)),
        ),
        None => Finding::Well,
    }
}

/// Whether the two sides differ, as `plan` counts it.
pub(super) fn is_wrong(change: &Change) -> bool {
    match change.class {
        Class::Change => change.action != ActionKind::None,
        Class::Drift | Class::Conflict => true,
        Class::InSync | Class::Unmanaged | Class::Unknown => false,
    }
}

fn running(site: Site<'_>) -> Finding {
    match behind(site) {
        Some(behind) => Finding::Wrong(behind.why.clone()),
        None if site.plan.behind.is_some() || site.vitals.seen_running => Finding::Well,
        None => match &site.located.target.process {
            Some(process) => Finding::Unknown(unseen(site).map_or_else(
                || format!("{process} does not show what it runs with"),
                str::to_owned,
            )),
            None => Finding::NotApplicable,
        },
    }
}

/// Why the process could not be looked at, as the look at it noted.
fn unseen<'a>(site: Site<'a>) -> Option<&'a str> {
    let mut notes = site.plan.notes.iter();
    notes.find_map(|note| note.strip_prefix(UNSEEN))
}

/// What does not run, if it is about what was asked for.
pub(super) fn behind(site: Site<'_>) -> Option<&Behind> {
    let behind = site.plan.behind.as_ref()?;
    let ours = site.chart.variables.is_empty()
        || behind.names.is_empty()
        || site
            .changes()
            .any(|change| behind.names.contains(&change.name));
    // what was never ours may be behind too: it is not ours to judge
    let managed = behind.names.is_empty()
        || site
            .plan
            .changes
            .iter()
            .any(|change| behind.names.contains(&change.name));
    (ours && managed).then_some(behind)
}

/// The names of ours that do not run.
pub(super) fn behind_names(site: Site<'_>, behind: &Behind) -> Vec<VarName> {
    let changes = site.changes();
    changes
        .filter(|change| behind.names.contains(&change.name))
        .map(|change| change.name.clone())
        .collect()
}

fn probe(site: Site<'_>) -> Finding {
    let declared = site.spec().is_some_and(|spec| !spec.probes.is_empty());
    match site.chart.probed.get(&site.plan.target) {
        Some(probed) => {
            let worst = probed
                .iter()
                .map(|(what, verdict)| verdict_of(what, verdict));
            // the order of findings is: well, wrong, unknown; a wrong one says more than an unknown
            let mut all: Vec<Finding> = worst.collect();
            all.sort_by_key(|finding| (!finding.is_wrong(), !finding.is_unknown()));
            all.into_iter().next().unwrap_or_default()
        }
        None if declared && site.chart.probing => {
            Finding::Unknown("its probe was not tried".to_owned())
        }
        None => Finding::NotApplicable,
    }
}

fn verdict_of(what: &str, verdict: &Verdict) -> Finding {
    match verdict {
        Verdict::Works => Finding::Well,
        Verdict::Open => Finding::Wrong(format!(
            "{what} answers as wanted also without the credential: it proves nothing"
        )),
        Verdict::Unauthorized => Finding::Wrong(format!(
            "{what} answers 401: it does not take the credential"
        )),
        Verdict::Forbidden => Finding::Wrong(format!(
            "{what} answers 403: it may know the credential, and does not allow this"
        )),
        Verdict::Unexpected { what: came } => Finding::Wrong(format!("{what}: {came}")),
        Verdict::Unreachable { why } => Finding::Unknown(format!("{what}: {why}")),
        Verdict::NotTried { why } => Finding::Unknown(format!("{what} was not tried: {why}")),
    }
}

fn expiry(site: Site<'_>) -> Finding {
    match expired(site).first() {
        None => Finding::Well,
        Some(one) => Finding::Wrong(format!("{} {}", one.name, one.what())),
    }
}

/// The declared variables of this target that are no longer good, or not yet.
pub(super) fn expired(site: Site<'_>) -> Vec<&Expiring> {
    let due = site.chart.due.iter();
    due.filter(|one| one.is_wrong())
        .filter(|one| is_used(site, &one.name))
        .collect()
}

/// Whether this variable, among what was asked for, reaches the target.
pub(super) fn is_used(site: Site<'_>, name: &VarName) -> bool {
    let manifest = site.chart.manifest;
    let asked = site.chart.variables;
    site.spec().is_some_and(|spec| {
        spec.uses.iter().any(|used| {
            super::subject::touches(manifest, used, name)
                && (asked.is_empty()
                    || asked
                        .iter()
                        .any(|one| super::subject::touches(manifest, used, one)))
        })
    })
}
