//! A manifest as a whole: read everything, write what each target's mode lets go, read again, and tell
//! what is left.

use std::collections::BTreeSet;

use super::desk::{Desk, Failed};
use super::eyes::{Eyes, values};
use super::look::{acted, blind, keep, note, told};
use super::probes::Probes;
use super::shelf::Watched;
use super::tell::{self, Seen};
use super::trouble;
use crate::alert::brake;
use crate::alert::sight::Failure;
use crate::cli::allowlist::Allows;
use crate::cli::apply::{Hand, Subject, carry_out, something_to_do};
use crate::cli::records;
use crate::journal::{Holder, Lease, LeaseError, LeaseRequest};
use crate::model::{Activated, TargetName, VarName};
use crate::plan::{Class, Plan};
use crate::reconcile::event::{ApplyReport, OperationOutcome, TargetReport};
use crate::reconcile::pass::{Pass, Scope};
use crate::reconcile::schedule::Ended;
use crate::reconcile::stop::Stop;

/// Looks at all of it but what `rests`, and writes what may be written.
pub(super) async fn whole(
    desk: &Desk<'_>,
    watched: &Watched,
    rests: &BTreeSet<TargetName>,
    stop: &Stop,
) -> Ended {
    let all: BTreeSet<TargetName> = (watched.item.located.iter())
        .map(|one| one.target.name.clone())
        .filter(|name| desk.is_asked(name))
        .collect();
    match Whole::begin(desk, watched, &all, rests) {
        Ok(Some(whole)) => whole.carry_out(stop).await,
        // somebody else is at it: they will have left something to look at
        Ok(None) => Ended {
            again: true,
            ..Ended::default()
        },
        Err(why) => blind(desk, watched, &all, &why),
    }
}

struct Whole<'a, 'd> {
    desk: &'a Desk<'d>,
    watched: &'a Watched,
    all: &'a BTreeSet<TargetName>,
    /// They count as unknown, without a question.
    rests: &'a BTreeSet<TargetName>,
    eyes: Eyes,
    allows: Allows,
    lease: Lease,
}

impl<'a, 'd> Whole<'a, 'd> {
    /// Takes the lease before anything is read.
    fn begin(
        desk: &'a Desk<'d>,
        watched: &'a Watched,
        all: &'a BTreeSet<TargetName>,
        rests: &'a BTreeSet<TargetName>,
    ) -> Result<Option<Self>, String> {
        let (mut eyes, allows) = Eyes::open(desk, watched, true).map_err(|error| error.message)?;
        let request = LeaseRequest {
            holder: Holder {
                pid: std::process::id(),
                who: desk.context.who(),
                run: desk.context.run_link(),
                since: eyes.now,
            },
            breaks: None,
        };
        let lease = match eyes.journal.lease(&[&watched.item.scope], &request) {
            Ok(lease) => lease,
            Err(LeaseError::Held { by, .. }) => {
                let by = crate::render::escape::terminal(&by);
                tracing::info!(manifest = %watched.name(), "waits: the lease is held by {by}");
                return Ok(None);
            }
            Err(LeaseError::Journal(error)) => return Err(records::explain(&error).message),
            Err(error) => return Err(crate::cli::error::CommandError::of(&error).message),
        };
        // what others wrote before it was ours
        eyes.recall(watched).map_err(|error| error.message)?;
        Ok(Some(Self {
            desk,
            watched,
            all,
            rests,
            eyes,
            allows,
            lease,
        }))
    }

    async fn carry_out(mut self, stop: &Stop) -> Ended {
        let (desk, watched) = (self.desk, self.watched);
        let scope = Scope {
            rests: self.rests.clone(),
            ..self.eyes.scope(desk, watched)
        };
        let connections = desk.connections();
        let values = values(desk, watched, self.eyes.now);
        let allows = std::mem::take(&mut self.allows);
        let pass = Pass {
            loaded: &watched.item.loaded,
            opening: &watched.opening,
            values: &values,
            located: &watched.item.located,
            connections: &connections,
            fingerprinter: watched.fingerprinter.as_ref(),
            scope: &scope,
            machine: allows.of(&watched.item),
        };
        let ended = self.of_pass(&pass, &scope, stop).await;
        ended.unwrap_or_else(|why| blind(desk, watched, self.all, &why))
    }

    async fn of_pass(
        &mut self,
        pass: &Pass<'_>,
        scope: &Scope,
        stop: &Stop,
    ) -> Result<Ended, String> {
        let (desk, watched) = (self.desk, self.watched);
        let Some((plan, mut ended)) = self.look(pass, stop).await else {
            return Ok(Ended::default());
        };
        self.conclude(pass, &plan, scope).await?;
        if !something_to_do(&plan) || stop.is_requested() {
            desk.rest(watched.name(), true);
            note(desk, watched, &plan, self.all, scope);
            trouble::journal_is_fine(desk, watched);
            return Ok(ended);
        }
        let report = self.write(pass, &plan, stop).await;
        self.account(&plan, &report)?;
        desk.rest(watched.name(), !report.wrote());
        // what it is like now, in the same breath: what is healed is told as over
        self.eyes.recall(watched).map_err(|error| error.message)?;
        if let Some(known) = desk.known.borrow_mut().get_mut(watched.name()) {
            for one in &mut known.failures {
                let last = self.eyes.memory.last.get(&one.failure.target);
                one.recorded_at = last.and_then(|last| last.at);
            }
        }
        if let Some((plan, after)) = self.look(pass, stop).await {
            self.conclude(pass, &plan, scope).await?;
            note(desk, watched, &plan, self.all, scope);
            ended = after;
        }
        trouble::journal_is_fine(desk, watched);
        Ok(ended)
    }

    /// Reads all of it; `None` where it was told to stop.
    async fn look(&mut self, pass: &Pass<'_>, stop: &Stop) -> Option<(Plan, Ended)> {
        let (desk, watched, all) = (self.desk, self.watched, self.all);
        self.eyes.now = desk.context.now();
        let is_wanted = |target: &TargetName| all.contains(target);
        let nothing = &mut |_| {};
        let reading = tokio::select! {
            biased;
            () = stop.requested() => return None,
            reading = pass.read_some(&self.eyes.memory, &is_wanted, nothing) => reading,
        };
        let ended = Ended {
            targets: told(watched, all, &reading.live, &reading.retry_after),
            ..Ended::default()
        };
        if let Err(why) = keep(desk, pass, &mut self.eyes, &reading.live, watched) {
            tracing::debug!("what was seen could not be kept: {why}");
        }
        Some((pass.plan(reading.live, &self.eyes.memory), ended))
    }

    async fn conclude(
        &mut self,
        pass: &Pass<'_>,
        plan: &Plan,
        scope: &Scope,
    ) -> Result<(), String> {
        let seen = Seen {
            plan,
            acted: acted(scope, self.all),
            rests: self.rests,
            probes: &Probes::default(),
        };
        tell::conclude(self.desk, self.watched, pass, &mut self.eyes, &seen).await
    }

    async fn write(&mut self, pass: &Pass<'_>, plan: &Plan, stop: &Stop) -> ApplyReport {
        let (desk, watched) = (self.desk, self.watched);
        // a lease that is lost stops this apply, not the loop
        let own = Stop::default();
        let lost = own.clone();
        self.lease.on_loss(move |why| lost.request(&why));
        let mut undo = records::undo_store(desk.global, desk.context);
        let hand = Hand {
            context: desk.context,
            journal: &mut *self.eyes.journal,
            undo: undo.as_mut(),
            policy: desk.context.undo_policy().unwrap_or_default(),
            keeps: !desk.asked.no_undo && desk.context.undo_policy().is_some(),
        };
        let subject = Subject {
            item: &watched.item,
            opening: &watched.opening,
            fingerprinter: watched.fingerprinter.as_ref(),
            memory: &self.eyes.memory,
        };
        let nothing = &mut |_| {};
        let carried = carry_out(hand, subject, pass, plan, &own, nothing);
        tokio::pin!(carried);
        let carried = tokio::select! {
            carried = &mut carried => carried,
            () = stop.requested() => {
                own.request(stop.why().unwrap_or("a signal"));
                carried.await
            }
        };
        for note in carried.notes.iter().chain(&carried.failure) {
            tracing::warn!(manifest = %watched.name(), "{note}");
        }
        carried.report
    }

    /// Writes down what was healed, and what failed.
    fn account(&mut self, plan: &Plan, report: &ApplyReport) -> Result<(), String> {
        let (desk, watched) = (self.desk, self.watched);
        let manifest = watched.name();
        let healed = healed(plan, report);
        let mut failures = vec![];
        for target in &report.targets {
            let done = |outcome: &OperationOutcome| *outcome == OperationOutcome::Done;
            let written = target
                .results
                .iter()
                .filter(|one| done(&one.outcome))
                .count();
            let heals = healed.iter().filter(|(on, _)| *on == target.target).count();
            if written > 0 {
                let name = &target.target;
                tracing::info!(%manifest, target = %name, written, heals, "applied");
            }
            let failure = failures_of(target);
            desk.in_round(|round| {
                round.wrote(manifest, &target.target, written as u64, heals as u64);
                if let Some(failure) = &failure {
                    let failed = failure.variables.len() as u64;
                    round.failed(manifest, &target.target, failed, &failure.why);
                }
            });
            failures.extend(failure);
            let key = (manifest.clone(), target.target.clone());
            let mut vitals = desk.vitals();
            let one = vitals.targets.entry(key).or_default();
            one.writes += written as u64;
            one.heals += heals as u64;
        }
        for failure in &failures {
            tracing::error!(%manifest, target = %failure.target, "not applied: {}", failure.why);
        }
        // when they are recorded is known once the journal was asked again
        let failures = failures.into_iter().map(|failure| Failed {
            failure,
            recorded_at: None,
        });
        desk.known
            .borrow_mut()
            .entry(manifest.clone())
            .or_default()
            .failures = failures.collect();
        if healed.is_empty() {
            return Ok(());
        }
        let at = desk.context.now();
        let eyes = &mut self.eyes;
        let noted = eyes
            .journal
            .change_alerts(&watched.item.scope, &eyes.auth, &mut |book| {
                Some(brake::note_heals(book, &healed, at))
            });
        noted
            .map(|_| ())
            .map_err(|error| records::explain(&error).message)
    }
}

/// What was put back.
fn healed(plan: &Plan, report: &ApplyReport) -> Vec<(TargetName, VarName)> {
    let mut healed = vec![];
    for (target, name) in report.targets.iter().flat_map(|target| {
        let done = (target.results.iter()).filter(|one| one.outcome == OperationOutcome::Done);
        done.map(|one| (&target.target, &one.name))
    }) {
        let of = plan.targets.iter().find(|one| one.target == *target);
        let mut changes = of.into_iter().flat_map(|one| &one.changes);
        if changes.any(|change| change.name == *name && change.class == Class::Drift) {
            healed.push((target.clone(), name.clone()));
        }
    }
    healed
}

/// What an apply could not do on one target.
fn failures_of(target: &TargetReport) -> Option<Failure> {
    let bad = target.results.iter().filter(|one| !one.outcome.is_good());
    let in_doubt = |outcome: &OperationOutcome| matches!(outcome, OperationOutcome::InDoubt(_));
    let why = |outcome: &OperationOutcome| match outcome {
        OperationOutcome::Refused(why)
        | OperationOutcome::InDoubt(why)
        | OperationOutcome::NotDone(why) => Some(why.clone()),
        OperationOutcome::Done | OperationOutcome::AlreadyDone => None,
    };
    let results: Vec<_> = bad.collect();
    let first = results.iter().find_map(|one| why(&one.outcome));
    let after = trouble(target);
    let why = target.error.clone().or(first).or(after)?;
    Some(Failure {
        target: target.target.clone(),
        variables: results.iter().map(|one| one.name.clone()).collect(),
        in_doubt: results.iter().any(|one| in_doubt(&one.outcome)),
        why,
    })
}

/// What went wrong after all was written.
fn trouble(target: &TargetReport) -> Option<String> {
    if target.in_doubt() {
        return Some("what was written is not what was read back".to_owned());
    }
    if let Some(one) = target
        .activation
        .as_ref()
        .filter(|_| target.is_not_in_force())
    {
        let why = match &one.outcome {
            Activated::Failed { why, .. }
            | Activated::InDoubt { why }
            | Activated::Skipped { why } => why.as_str(),
            Activated::Done => "",
        };
        return Some(format!("stored, but {} did not succeed: {why}", one.what));
    }
    target
        .does_not_work()
        .then(|| "stored, but a probe says that it does not work".to_owned())
}
