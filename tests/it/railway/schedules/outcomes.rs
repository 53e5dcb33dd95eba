//! What a pass said of itself, held against the truth: outcomes, exit code, deploys, requests.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::plan::{ActionKind, has_unknown};
use driftlock::reconcile::event::{Exit, OperationOutcome, ReadBack, TargetReport};

use super::check::{Look, place};
use super::lab::Lab;
use super::story::Story;
use super::truth::{At, TARGETS, deploys};

/// Requests of one plan and apply, at most: some twenty when all is well, and each may be tried
/// again for as long as the pace allows.
const MOST_REQUESTS: usize = 400;

impl Story<'_> {
    /// What is said to be done is there, what was refused is not.
    pub(super) fn outcomes_are_true(&mut self, look: &Look<'_>) {
        for target in &look.passed.report.targets {
            let name = place(target.target.as_str());
            for result in &target.results {
                let at = (name, result.name.to_string());
                let doubt = differs(target, &at.1);
                if doubt || matches!(result.outcome, OperationOutcome::InDoubt(_)) {
                    self.doubtful.insert(at.clone());
                }
                if look.moved.contains(&at) || result.action == ActionKind::Record {
                    continue;
                }
                let wish = self.lab.wishes.of(name).remove(&at.1);
                let (mid, after) = (look.passed.mid.get(&at), look.passed.after.get(&at));
                let late = look.late.get(&at);
                let dropped = wish.as_deref() == Some("") && after.is_none();
                let good = match &result.outcome {
                    _ if late != mid && late != wish.as_ref() && !dropped => false,
                    OperationOutcome::Done | OperationOutcome::AlreadyDone => {
                        doubt || after == wish.as_ref() || dropped
                    }
                    OperationOutcome::Refused(_) | OperationOutcome::NotDone(_) => late == mid,
                    OperationOutcome::InDoubt(_) => true,
                };
                if !good {
                    let outcome = &result.outcome;
                    self.wrong(format!(
                        "{at:?} is {after:?}, then {late:?}, said {outcome:?}"
                    ));
                }
                let seals = self.lab.wishes.seals(name, &at.1);
                if good && seals && !doubt && result.outcome.is_good() {
                    let sealed = self.lab.places.all[name].is_sealed(&at.1);
                    if !sealed {
                        self.wrong(format!("{at:?} is to be sealed, and done, and is not"));
                    }
                }
            }
        }
    }

    /// 0 only if everything is there, 1 and 3 only if nothing was written.
    pub(super) fn exit_is_true(&mut self, look: &Look<'_>) {
        let exit = exit(look);
        *self.exits.entry(exit.code()).or_default() += 1;
        let verdict = look.passed.report.verdict().exit;
        if matches!(verdict, Exit::Error | Exit::Refused) {
            for at in look.writes.keys().filter(|at| !look.moved.contains(*at)) {
                if look.late.get(at) != look.passed.mid.get(at) {
                    self.wrong(format!("exit {}, and {at:?} was written", verdict.code()));
                }
            }
        }
        if exit != Exit::Clean || look.lags {
            return;
        }
        let wishes: Vec<(At, String)> = TARGETS
            .iter()
            .flat_map(|target| {
                let wishes = self.lab.wishes.of(target).into_iter();
                wishes.map(|(name, value)| ((*target, name), value))
            })
            .collect();
        for (at, value) in wishes {
            let found = look.passed.after.get(&at);
            let dropped = value.is_empty() && found.is_none();
            let excused = look.moved.contains(&at) || self.blind.contains(&at);
            if found != Some(&value) && !dropped && !excused {
                self.wrong(format!("exit 0, and {at:?} is {found:?}"));
            }
        }
    }

    pub(super) fn deployed_once(
        &mut self,
        look: &Look<'_>,
        before: &BTreeMap<&'static str, usize>,
        committed: usize,
    ) {
        let all = commits(&self.lab);
        let messages: BTreeSet<&String> = all.iter().collect();
        if messages.len() < all.len() {
            self.wrong("one apply made two commits".to_owned());
        }
        let commits = all.len() - committed;
        for (service, count) in deploys(&self.lab.places) {
            let count = count - before[service];
            let most = if look.how.no_activate { 0 } else { commits };
            if count > most {
                self.wrong(format!(
                    "{service} was deployed {count} times by {commits} commits"
                ));
            }
        }
    }

    pub(super) fn stays_in_bounds(&mut self, look: &Look<'_>) {
        self.most_requests = self.most_requests.max(look.requests.len());
        if look.requests.len() > MOST_REQUESTS {
            self.wrong(format!("{} requests in one pass", look.requests.len()));
        }
        if self.lab.fake.most_concurrent_mutations() > 1 {
            self.wrong("two mutations at one time".to_owned());
        }
        let unexpected = self.lab.fake.unexpected();
        if !unexpected.is_empty() {
            self.wrong(format!("the fake does not know {unexpected:?}"));
        }
        if look.requests.iter().any(|one| !one.has_source()) {
            self.wrong("a request without a name in its query".to_owned());
        }
    }
}

/// The messages of the patches that took effect in this environment: each apply has its own.
pub(super) fn commits(lab: &Lab<'_>) -> Vec<String> {
    let id = &lab.places.environment.id;
    lab.fake.world(|world| {
        let patches = world.patches.iter();
        let ours = patches
            .filter(|one| one.environment == *id && !one.direct && one.status == "COMMITTED");
        ours.map(|one| one.message.clone().unwrap_or_default())
            .collect()
    })
}

/// As the command ends: the worst of what the plan and the apply say.
pub(super) fn exit(look: &Look<'_>) -> Exit {
    let verdict = look.passed.report.verdict().exit;
    match has_unknown(&look.passed.plan) {
        true => verdict.max(Exit::Error),
        false => verdict,
    }
}

fn differs(target: &TargetReport, name: &str) -> bool {
    match &target.read_back {
        ReadBack::Differs(names) => names.iter().any(|one| one.as_str() == name),
        ReadBack::Unknown(_) => true,
        ReadBack::Verified | ReadBack::NotNeeded => false,
    }
}
