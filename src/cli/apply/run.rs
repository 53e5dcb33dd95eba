//! One apply over all manifests of a run: all plans first, one question, then the writes.

use std::slice::from_ref;

use super::approved::Approved;
use super::carry::{Hand, Subject, carry_out};
use super::{ApplyArgs, back};
use crate::cli::Global;
use crate::cli::allowlist::Allows;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::lease;
use crate::cli::look::{self, Opened};
use crate::cli::plan::{Format, Shown, invocation, show};
use crate::cli::prompt::confirm;
use crate::cli::records;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::journal::{Journal, Lease, UndoStore};
use crate::plan::{Change, LiveState, Narrowed, Plan};
use crate::reconcile::apply::settle;
use crate::reconcile::desired::Values;
use crate::reconcile::event::{ApplyReport, Source};
use crate::reconcile::load::Opening;
use crate::reconcile::observe;
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::stop::Stop;
use crate::reconcile::undo::{Answer, Policy};
use crate::render::json::{self, ApplyDocument};
use crate::render::{Invocation, text};

/// What a run carries along.
pub(super) struct Run<'a> {
    arguments: &'a ApplyArgs,
    global: &'a Global,
    context: &'a Context,
    keyring: Keyring,
    journal: Box<dyn Journal>,
    runtime: tokio::runtime::Runtime,
    scope: &'a Scope,
    /// Where what is overwritten is kept.
    undo: Option<UndoStore>,
    policy: Policy,
    exit: Exit,
    reports: Vec<ApplyReport>,
    /// The plan file that is carried out, if it is one.
    approved: Option<&'a Approved>,
    /// What is left of each of its plans.
    left: Vec<Narrowed>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        arguments: &'a ApplyArgs,
        global: &'a Global,
        context: &'a Context,
        scope: &'a Scope,
        items: &[Item],
        ui: &mut Ui,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            arguments,
            global,
            context,
            keyring: session::keyring(global, context),
            journal: records::journal(global, context, items, true, ui)?,
            runtime: look::runtime()?,
            scope,
            undo: records::undo_store(global, context),
            policy: context.undo_policy().unwrap_or_default(),
            exit: Exit::DONE,
            reports: vec![],
            approved: None,
            left: vec![],
        })
    }

    /// Does what a plan file says, and nothing else.
    pub(super) fn of_approved(mut self, approved: &'a Approved) -> Self {
        self.approved = Some(approved);
        self
    }

    pub(super) fn over_all(mut self, items: &[Item], ui: &mut Ui) -> Result<Exit, CommandError> {
        let selection = &self.arguments.selection;
        // taken before anything is read: what others wrote until now is seen, and nobody writes
        // until this run has ended
        let asked = &self.arguments.lease;
        let lease = lease::take(asked, &mut *self.journal, items, self.context, ui)?;
        let allows = Allows::load(self.global, items, self.context, ui)?;
        let mut opened = look::open_all(
            items,
            selection.since.as_deref(),
            // a key that is made now proves no plan of earlier
            self.approved.is_none(),
            &mut self.keyring,
            &mut *self.journal,
            self.context,
            ui,
        )?;
        let since = selection.since.as_deref();
        look::meet(&mut opened, since, &allows, &*self.journal, ui)?;
        self.approved.map_or(Ok(()), |one| one.check(&opened))?;
        let values: Vec<Values<'_>> = opened
            .iter()
            .map(|opened| look::values(opened, &mut self.keyring, self.context.now(), ui))
            .collect();
        let back = self.going_back(&opened, ui)?;
        let scope = (back.as_ref()).map_or_else(
            || self.scope.clone(),
            |answer| back::scope(self.scope, answer),
        );
        let connections = session::connections(self.context, ui);
        let passes: Vec<Pass<'_>> = opened
            .iter()
            .zip(&values)
            .map(|(opened, values)| look::pass(opened, values, &connections, &scope, &allows))
            .collect();
        let plans = self.plan(&opened, &passes, ui)?;
        if self.confirmed(&plans, ui)? {
            self.carry_out_all(&opened, &passes, &plans, &lease, ui);
            match &back {
                None => self.keep_seen(&opened, &passes),
                Some(answer) => {
                    let plain =
                        look::pass(&opened[0], &values[0], &connections, self.scope, &allows);
                    self.taken_back(answer, &plain, &opened[0].memory, ui);
                }
            }
        } else {
            ui.say("nothing was written");
            self.exit = self.exit.worst(Exit::REFUSED);
        }
        self.report(ui)
    }

    /// What is taken back, where that is what the run is for.
    fn going_back(
        &self,
        opened: &[Opened<'_>],
        ui: &mut Ui,
    ) -> Result<Option<Answer>, CommandError> {
        if self.context.undo_policy().is_none() {
            ui.warn("DRIFTLOCK_UNDO is neither `off` nor a time such as 7d or 12h: this run keeps nothing for undo");
        }
        let wanted = &self.arguments.undo;
        if wanted.is_empty() {
            return Ok(None);
        }
        let store = self.undo.as_ref();
        back::answer(wanted, opened, &*self.journal, store, self.context, ui).map(Some)
    }

    /// Says what is left to do once something was taken back.
    fn taken_back(&mut self, answer: &Answer, plain: &Pass<'_>, memory: &Memory, ui: &mut Ui) {
        if !self.reports.iter().any(ApplyReport::wrote) {
            return;
        }
        let unlike = back::unlike_manifest(answer, plain, memory);
        if !unlike.is_empty() {
            back::still_wanted(answer, &unlike, ui);
        }
        if !answer.as_is.is_empty() {
            self.exit = self.exit.worst(Exit::PARTIAL);
        }
    }

    /// Reads everything and shows what would be done.
    fn plan(
        &mut self,
        opened: &[Opened<'_>],
        passes: &[Pass<'_>],
        ui: &mut Ui,
    ) -> Result<Vec<Plan>, CommandError> {
        let (mut plans, mut seen) = (vec![], vec![]);
        for (opened, pass) in opened.iter().zip(passes) {
            let live = look::drive(ui, &self.runtime, async |events| {
                pass.read(&opened.memory, events).await
            });
            seen.push(look::elsewhere(pass, opened, &*self.journal, self.context)?);
            plans.push(self.plan_one(pass, opened, live)?);
        }
        if self.arguments.selection.require_all {
            let missing =
                look::require_all(&seen, self.scope.targets.as_ref(), Source::Platforms, ui);
            self.exit = self.exit.worst(missing);
        }
        if !self.arguments.json {
            let shown = Shown {
                plans: &plans,
                seen: &seen,
                now: self.context.now(),
            };
            show(&shown, &Format::TEXT, &self.call(), self.exit, ui)?;
        }
        Ok(plans)
    }

    /// The plan of one manifest, or what is left of the approved one.
    fn plan_one(
        &mut self,
        pass: &Pass<'_>,
        opened: &Opened<'_>,
        live: Vec<LiveState>,
    ) -> Result<Plan, CommandError> {
        let Some(approved) = self.approved else {
            let plan = pass.plan(live, &opened.memory);
            self.exit = self.exit.worst(look::exit_of(from_ref(&plan), false));
            return Ok(plan);
        };
        let present = pass.plan(live.clone(), &opened.memory);
        self.exit = self.exit.worst(look::exit_of(from_ref(&present), false));
        let left = approved.left(self.left.len(), pass, &present, &live)?;
        let plan = left.plan.clone();
        self.left.push(left);
        Ok(plan)
    }

    fn confirmed(&self, plans: &[Plan], ui: &mut Ui) -> Result<bool, CommandError> {
        let named = self.approved.is_some_and(|approved| approved.by_id);
        if named || self.scope.unattended || !plans.iter().any(needs_consent) {
            return Ok(true);
        }
        let question = if !self.arguments.undo.is_empty() {
            "Put this back?"
        } else if plans.len() == 1 {
            "Apply this plan?"
        } else {
            "Apply these plans?"
        };
        confirm(ui, question)
    }

    fn carry_out_all(
        &mut self,
        opened: &[Opened<'_>],
        passes: &[Pass<'_>],
        plans: &[Plan],
        lease: &Lease,
        ui: &mut Ui,
    ) {
        // not before: while a person is asked, Ctrl-C ends the program at once
        let stop = {
            let _inside = self.runtime.enter();
            Stop::on_signals()
        };
        let lost = stop.clone();
        lease.on_loss(move |why| lost.request(&why));
        let left = std::mem::take(&mut self.left);
        let mut left = left.iter();
        for ((opened, pass), plan) in opened.iter().zip(passes).zip(plans) {
            let left = left.next();
            let path = opened.item.file.path.display();
            if stop.is_requested() {
                let why = stop.why().unwrap_or_default();
                ui.warn(&format!("stopped by {why}: {path} was left alone"));
                self.exit = self.exit.worst(Exit::ERROR);
                continue;
            }
            if let Opening::Sealed(_) = opened.opening {
                let why = format!("{path} stays sealed, so nothing of it was written");
                self.exit = self.exit.worst(ui.fail(&CommandError::error(why)));
                continue;
            }
            let mut report = self.carry_out(pass, opened, plan, &stop, ui);
            if let Some(left) = left {
                settle(&mut report, left);
            }
            self.reports.push(report);
        }
    }

    /// Looks once more at what only this machine can read, for the others.
    fn keep_seen(&mut self, opened: &[Opened<'_>], passes: &[Pass<'_>]) {
        for (opened, pass) in opened.iter().zip(passes) {
            let live = self.runtime.block_on(observe::read_own(pass));
            look::keep_seen(pass, opened, &live, &mut *self.journal, self.context);
        }
    }

    fn carry_out(
        &mut self,
        pass: &Pass<'_>,
        opened: &Opened<'_>,
        plan: &Plan,
        stop: &Stop,
        ui: &mut Ui,
    ) -> ApplyReport {
        let hand = Hand {
            context: self.context,
            journal: &mut *self.journal,
            undo: self.undo.as_mut(),
            policy: self.policy,
            keeps: !self.arguments.no_undo && self.context.undo_policy().is_some(),
        };
        let subject = Subject {
            item: opened.item,
            opening: &opened.opening,
            fingerprinter: opened.fingerprinter.as_ref(),
            memory: &opened.memory,
        };
        let carried = look::drive(ui, &self.runtime, async |events| {
            carry_out(hand, subject, pass, plan, stop, events).await
        });
        for note in &carried.notes {
            ui.warn(note);
        }
        if let Some(why) = carried.failure {
            self.exit = self.exit.worst(ui.fail(&CommandError::error(why)));
        }
        carried.report
    }

    /// How the person called us.
    fn call(&self) -> Invocation {
        let mut call = invocation(&self.arguments.selection);
        call.again.extend(self.arguments.allowances.words());
        call.again.extend(self.arguments.lease.words());
        call.applying = true;
        call.no_activate = self.arguments.no_activate;
        call.saved = self.approved.map(Approved::named);
        // another plan is made without what was said to this apply
        if call.saved.is_none() {
            let flags = [
                (self.arguments.yes, "--yes"),
                (call.no_activate, "--no-activate"),
            ];
            let given = flags.iter().filter(|(given, _)| *given);
            call.again.extend(given.map(|(_, flag)| (*flag).to_owned()));
        }
        call.undo = self.arguments.undo_words();
        call
    }

    fn report(self, ui: &mut Ui) -> Result<Exit, CommandError> {
        let exit = self
            .reports
            .iter()
            .map(|report| Exit::Ran(report.verdict().exit))
            .fold(self.exit, Exit::worst);
        let mut out = String::new();
        let written = if self.arguments.json {
            let verdict = self.exit.verdict(if self.exit == Exit::DONE {
                "applied"
            } else {
                "a target or a variable is unknown, or the plan was declined"
            });
            json::render_json(&mut out, &ApplyDocument::new(&self.reports, verdict))
        } else {
            let call = self.call();
            self.reports
                .iter()
                .filter(|report| !report.is_empty())
                .try_for_each(|report| text::render_apply(&mut out, &ui.style(), &call, report))
        };
        written.map_err(|_| CommandError::error("the report cannot be written as text"))?;
        ui.page(&out);
        Ok(exit)
    }
}
/// Whether a person should be asked: recording what is equal already needs nobody's consent.
fn needs_consent(plan: &Plan) -> bool {
    !plan.authority.is_empty()
        || plan
            .targets
            .iter()
            .any(|target| target.will_activate() || target.changes.iter().any(Change::will_write))
}
