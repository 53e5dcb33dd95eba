//! One pass of a schedule, and what must hold after it: by the fake's state and record, not by what
//! our program says of itself.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::plan::{ActionKind, Change, Class, Plan, Reason, TargetState, has_unknown};
use driftlock::reconcile::event::{Exit, OperationOutcome, ReadBack, TargetReport};

use super::lab::{How, Passed};
use super::schedules::Story;
use super::truth::{At, TARGETS, Truth, deploys};
use crate::support::fake_railway::faults::Moment;
use crate::support::fake_railway::record::Recorded;

/// Requests of one plan and apply, at most: some twenty when all is well, and each may be tried
/// again for as long as the pace allows.
const MOST_REQUESTS: usize = 400;

/// One thing that somebody else did meanwhile.
pub(super) struct Meddled {
    pub(super) request: usize,
    pub(super) moment: Moment,
    pub(super) at: At,
    pub(super) value: Option<String>,
    pub(super) draft: bool,
}

/// A pass that ended, and everything beside it.
pub(super) struct Look<'a> {
    pub(super) how: &'a How,
    pub(super) passed: &'a Passed,
    /// When all workflows are through.
    pub(super) late: Truth,
    pub(super) requests: Vec<Recorded>,
    pub(super) meddled: Vec<Meddled>,
    /// What the plan was to write.
    pub(super) writes: BTreeMap<At, Change>,
    /// What others touched since the plan was begun.
    pub(super) moved: BTreeSet<At>,
    pub(super) lags: bool,
}

impl Story<'_> {
    /// Plans and applies, and looks at what became of it.
    pub async fn pass(&mut self, how: &How, between: Vec<(At, Option<String>)>) -> Plan {
        let fake = self.lab.fake;
        let wishes = &self.lab.wishes;
        for target in TARGETS {
            let names = wishes.of(target).into_keys();
            self.managed.extend(names.map(|name| (target, name)));
        }
        let (requests, meddled) = (self.lab.requests(), fake.meddled().len());
        let (deployed, committed) = (deploys(&self.lab.places), self.commits());
        let mut lags = false;
        fake.switches(|switches| lags = switches.lag.reads > 0 || !switches.lag.time.is_zero());
        let passed = self
            .lab
            .pass(how, |lab| {
                for (at, value) in &between {
                    lab.places.set(at, value.as_deref());
                }
            })
            .await;
        fake.finish_workflows();
        let mut all = self.meddled(meddled);
        let now = between.into_iter().map(|(at, value)| Meddled {
            request: passed.planned,
            moment: Moment::After,
            at,
            value,
            draft: false,
        });
        let place = all.partition_point(|one| one.request <= passed.planned);
        all.splice(place..place, now);
        let look = Look {
            how,
            late: self.lab.places.truth(),
            requests: fake
                .requests()
                .into_iter()
                .filter(|one| one.number > requests)
                .collect(),
            writes: writes(&passed.plan),
            moved: all.iter().map(|one| one.at.clone()).collect(),
            meddled: all,
            lags,
            passed: &passed,
        };
        self.tell(&look);
        self.wrote_only_what_was_planned(&look);
        self.plan_was_true(&look);
        self.outcomes_are_true(&look);
        self.exit_is_true(&look);
        self.deployed_once(&look, &deployed, committed);
        self.strangers_were_respected(&look);
        self.drafts_stay(&look);
        self.foreign_stays(&look);
        self.stays_in_bounds(&look);
        passed.plan
    }

    fn tell(&mut self, look: &Look<'_>) {
        let plan = lines(&look.passed.plan);
        let how = (look.how.unattended, look.how.no_activate);
        self.say(format!("pass (unattended, no activation: {how:?}): {plan:?}"));
        for one in &look.meddled {
            let Meddled { request, at, value, .. } = one;
            self.say(format!("  at request {request}: {at:?} by another: {value:?}"));
        }
        for target in &look.passed.report.targets {
            let results: Vec<String> = target
                .results
                .iter()
                .map(|one| format!("{} {:?}", one.name, one.outcome))
                .collect();
            let (name, back, notes) = (&target.target, &target.read_back, &target.notes);
            let error = &target.error;
            self.say(format!("  {name}: {results:?} {back:?} {notes:?} {error:?}"));
        }
        let roots: Vec<String> = look
            .requests
            .iter()
            .map(|one| {
                let name = one.roots.first().map_or("?", |root| root.name.as_str());
                format!("{}:{name}:{:?}", one.number, one.status.unwrap_or(0))
            })
            .collect();
        self.say(format!("  requests {}, exit {}", roots.join(" "), exit(look).code()));
    }

    /// Nothing is sent that the plan did not show, and with the value that is wanted.
    fn wrote_only_what_was_planned(&mut self, look: &Look<'_>) {
        for request in look.requests.iter().filter(|one| one.mutation) {
            if request.number <= look.passed.planned {
                self.wrong("a plan sent a mutation".to_owned());
            }
            let Some(written) = self.lab.places.written(request) else {
                let names: Vec<&String> = request.roots.iter().map(|root| &root.name).collect();
                self.wrong(format!("a mutation that nobody may send: {names:?}"));
                continue;
            };
            for (at, value) in written {
                let wish = self.lab.wishes.of(at.0).remove(&at.1);
                let good = look.writes.get(&at).is_some_and(|change| match change.action {
                    ActionKind::Create | ActionKind::Update => value.is_some() && value == wish,
                    ActionKind::Delete => value.is_none() && wish.is_none(),
                    ActionKind::None | ActionKind::Record => false,
                });
                if !good {
                    self.wrong(format!("{at:?} was written, which is not the plan's"));
                }
            }
        }
    }

    /// Never "empty" for "unreadable", never "in sync" for "different".
    fn plan_was_true(&mut self, look: &Look<'_>) {
        let mut forbidden = BTreeSet::new();
        self.lab
            .fake
            .switches(|switches| forbidden.clone_from(&switches.forbidden_services));
        let before = &look.passed.before;
        let planned = look.meddled.iter();
        let planned = planned.filter(|one| one.request <= look.passed.planned);
        let moved: BTreeSet<&At> = planned.map(|one| &one.at).collect();
        for target in &look.passed.plan.targets {
            let name = place(target.target.as_str());
            let id = self.lab.places.all[name].service.clone();
            let unknown = matches!(target.state, TargetState::Unknown { .. });
            if id.is_some_and(|id| forbidden.contains(&id)) && !unknown {
                self.wrong(format!("{name} is forbidden, and not shown as unknown"));
            }
            let acts = target.changes.iter().any(|one| one.action != ActionKind::None);
            if unknown && (acts || !has_unknown(&look.passed.plan)) {
                self.wrong(format!("{name} is unknown, and something is to be done there"));
            }
            if unknown || look.lags {
                continue;
            }
            for (wish, value) in self.lab.wishes.of(name) {
                let at = (name, wish);
                let change = target.changes.iter().find(|one| one.name.as_str() == at.1);
                let Some(change) = change else {
                    self.wrong(format!("{at:?} is not in the plan"));
                    continue;
                };
                let found = before.get(&at);
                let absent = change.before == driftlock::plan::Glimpse::Absent;
                let claims = change.reason == Reason::Equal && found != Some(&value);
                if !moved.contains(&at) && (absent != found.is_none() || claims) {
                    let (class, reason) = (change.class, change.reason);
                    self.wrong(format!("{at:?} is {found:?}, planned {class:?} {reason:?}"));
                }
            }
        }
    }

    /// What is said to be done is there, what was refused is not.
    fn outcomes_are_true(&mut self, look: &Look<'_>) {
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
                    self.wrong(format!("{at:?} is {after:?}, then {late:?}, said {outcome:?}"));
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
    fn exit_is_true(&mut self, look: &Look<'_>) {
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
            if found != Some(&value) && !dropped && !look.moved.contains(&at) {
                self.wrong(format!("exit 0, and {at:?} is {found:?}"));
            }
        }
    }

    /// Patches that took effect in this environment.
    fn commits(&self) -> usize {
        let id = &self.lab.places.environment.id;
        self.lab.fake.world(|world| {
            let patches = world.patches.iter();
            let ours = patches.filter(|one| one.environment == *id && one.status == "COMMITTED");
            ours.count()
        })
    }

    fn deployed_once(
        &mut self,
        look: &Look<'_>,
        before: &BTreeMap<&'static str, usize>,
        committed: usize,
    ) {
        let commits = self.commits() - committed;
        if commits > 1 {
            self.wrong(format!("one apply made {commits} commits"));
        }
        for (service, count) in deploys(&self.lab.places) {
            let count = count - before[service];
            let most = if look.how.no_activate { 0 } else { commits };
            if count > most {
                self.wrong(format!("{service} was deployed {count} times by {commits} commits"));
            }
        }
    }

    fn stays_in_bounds(&mut self, look: &Look<'_>) {
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

/// What will be written.
fn writes(plan: &Plan) -> BTreeMap<At, Change> {
    let targets = plan.targets.iter();
    targets
        .flat_map(|target| {
            let name = place(target.target.as_str());
            let changes = target.changes.iter().filter(|change| change.will_write());
            changes.map(move |change| ((name, change.name.to_string()), change.clone()))
        })
        .collect()
}

fn place(target: &str) -> &'static str {
    let mut known = TARGETS.into_iter();
    known.find(|known| *known == target).unwrap()
}

/// As the command ends: the worst of what the plan and the apply say.
fn exit(look: &Look<'_>) -> Exit {
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

/// The changes of a plan that are not in sync, in short.
pub fn lines(plan: &Plan) -> Vec<String> {
    let targets = plan.targets.iter();
    targets
        .flat_map(|target| {
            let name = &target.target;
            let state = match &target.state {
                TargetState::Unknown { reason, .. } => Some(format!("{name}: {reason}")),
                _ => None,
            };
            let drafts = target.drafts.first();
            let drafts = drafts.map(|draft| format!("{name} drafts: {draft}"));
            let changes = target.changes.iter();
            let changes = changes.filter(|one| one.class != Class::InSync);
            let changes = changes.map(move |one| {
                let holds: Vec<&str> = one.holds.iter().map(|hold| hold.rail.as_str()).collect();
                format!("{name}/{} {:?} {holds:?}", one.name, one.reason)
            });
            state.into_iter().chain(drafts).chain(changes)
        })
        .collect()
}
