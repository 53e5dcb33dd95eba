//! One apply over all manifests of a run: all plans first, one question, then the writes.

use super::ApplyArgs;
use crate::cli::Global;
use crate::cli::allowlist::Allows;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::look::{self, Opened};
use crate::cli::plan::{Format, Shown, invocation, show};
use crate::cli::prompt::confirm;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::journal::{Holder, Journal, Lease, LeaseError, SqliteJournal};
use crate::plan::{Change, Plan};
use crate::reconcile::apply::apply;
use crate::reconcile::desired::Values;
use crate::reconcile::event::ApplyReport;
use crate::reconcile::load::Opening;
use crate::reconcile::observe;
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::remember::{Author, JournalRecord};
use crate::reconcile::stop::Stop;
use crate::render::json::{self, ApplyDocument};
use crate::render::{Invocation, text};

/// What a run carries along.
pub(super) struct Run<'a> {
    arguments: &'a ApplyArgs,
    global: &'a Global,
    context: &'a Context,
    keyring: Keyring,
    journal: SqliteJournal,
    runtime: tokio::runtime::Runtime,
    scope: &'a Scope,
    exit: Exit,
    reports: Vec<ApplyReport>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        arguments: &'a ApplyArgs,
        global: &'a Global,
        context: &'a Context,
        scope: &'a Scope,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            arguments,
            global,
            context,
            keyring: session::keyring(global, context),
            journal: session::journal(global, context)?,
            runtime: look::runtime()?,
            scope,
            exit: Exit::DONE,
            reports: vec![],
        })
    }

    pub(super) fn over_all(mut self, ui: &mut Ui) -> Result<Exit, CommandError> {
        let selection = &self.arguments.selection;
        let items = session::load_manifests(&selection.manifests, self.context, ui)?;
        look::check_targets(&items, &selection.target)?;
        // taken before anything is read: what others wrote until now is seen, and nobody writes
        // until this run has ended
        let _leases: Vec<Lease> = items
            .iter()
            .map(|item| self.lease(item))
            .collect::<Result<_, _>>()?;
        let allows = Allows::load(self.global, &items, self.context, ui)?;
        let mut opened = look::open_all(
            &items,
            selection.since.as_deref(),
            true,
            &mut self.keyring,
            &mut self.journal,
            self.context,
            ui,
        )?;
        let since = selection.since.as_deref();
        look::meet(&mut opened, since, &allows, &self.journal, ui)?;
        let values: Vec<Values<'_>> = opened
            .iter()
            .map(|opened| look::values(opened, &mut self.keyring, ui))
            .collect();
        let connections = session::connections(self.context, ui);
        let passes: Vec<Pass<'_>> = opened
            .iter()
            .zip(&values)
            .map(|(opened, values)| look::pass(opened, values, &connections, self.scope, &allows))
            .collect();
        let plans = self.plan(&opened, &passes, ui)?;
        if self.confirmed(&plans, ui)? {
            self.carry_out_all(&opened, &passes, &plans, ui);
            self.keep_seen(&opened, &passes);
        } else {
            ui.say("nothing was written");
            self.exit = self.exit.worst(Exit::REFUSED);
        }
        self.report(ui)
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
            seen.push(look::elsewhere(pass, opened, &self.journal, self.context)?);
            plans.push(pass.plan(live, &opened.memory));
        }
        self.exit = look::exit_of(&plans, false);
        if self.arguments.selection.require_all {
            let missing = look::require_all(&seen, self.scope.targets.as_ref(), ui);
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

    fn confirmed(&self, plans: &[Plan], ui: &mut Ui) -> Result<bool, CommandError> {
        if self.scope.unattended || !plans.iter().any(needs_consent) {
            return Ok(true);
        }
        let question = if plans.len() == 1 {
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
        ui: &mut Ui,
    ) {
        // not before: while a person is asked, Ctrl-C ends the program at once
        let stop = {
            let _inside = self.runtime.enter();
            Stop::on_signals()
        };
        for ((opened, pass), plan) in opened.iter().zip(passes).zip(plans) {
            let path = opened.item.file.path.display();
            if stop.is_requested() {
                ui.warn(&format!("stopped by a signal: {path} was left alone"));
                self.exit = self.exit.worst(Exit::ERROR);
                continue;
            }
            if let Opening::Sealed(_) = opened.opening {
                let why = format!("{path} stays sealed, so nothing of it was written");
                self.exit = self.exit.worst(ui.fail(&CommandError::error(why)));
                continue;
            }
            let report = self.carry_out(pass, opened, plan, &stop, ui);
            self.reports.push(report);
        }
    }

    /// Looks once more at what only this machine can read, for the others.
    fn keep_seen(&mut self, opened: &[Opened<'_>], passes: &[Pass<'_>]) {
        for (opened, pass) in opened.iter().zip(passes) {
            let live = self.runtime.block_on(observe::read_own(pass));
            look::keep_seen(pass, opened, &live, &mut self.journal, self.context);
        }
    }

    fn lease(&self, item: &Item) -> Result<Lease, CommandError> {
        let holder = Holder {
            pid: std::process::id(),
            who: self.context.who(),
            since: self.context.now(),
        };
        self.journal
            .lease(&item.scope.0, &holder)
            .map_err(|error| match error {
                LeaseError::Held { .. } => CommandError::refused(format!("cannot {error}"))
                    .hint("nothing was written; wait for that run to end, then run this again"),
                LeaseError::File { .. } => CommandError::of(&error),
            })
    }

    fn carry_out(
        &mut self,
        pass: &Pass<'_>,
        opened: &Opened<'_>,
        plan: &Plan,
        stop: &Stop,
        ui: &mut Ui,
    ) -> ApplyReport {
        let auth = session::authenticator(opened.fingerprinter.as_ref());
        let facts = opened.item.loaded.manifest.authority_facts();
        let author = Author {
            who: self.context.who(),
            at: self.context.now(),
            revision: self.revision(opened.item, plan),
        };
        let mut record = JournalRecord {
            journal: &mut self.journal,
            scope: &opened.item.scope,
            auth: &auth,
            fingerprinter: opened.fingerprinter.as_ref(),
            last_facts: opened.memory.authority.as_ref(),
            facts: &facts,
            consented: &|target| {
                !pass.scope.unattended || pass.scope.overrides.allows("authority", target, None)
            },
            key_accepted: pass.key_accepted(plan, &opened.memory),
            author: &author,
            intents: std::collections::BTreeMap::new(),
            notes: vec![],
            failure: None,
        };
        let memory: &Memory = &opened.memory;
        let report = look::drive(ui, &self.runtime, async |events| {
            apply(pass, plan, memory, &mut record, stop, events).await
        });
        for note in &record.notes {
            ui.warn(note);
        }
        if let Some(why) = record.failure {
            self.exit = self.exit.worst(ui.fail(&CommandError::error(why)));
        }
        report
    }

    /// The commit, asked for only where something will be recorded.
    fn revision(&self, item: &Item, plan: &Plan) -> Option<String> {
        if !something_to_do(plan) {
            return None;
        }
        let path = self.context.absolute(&item.file.path);
        let revision = self.context.git().revision_of(&[path])?;
        let dirty = if revision.dirty { "+" } else { "" };
        Some(format!("{}{dirty}", revision.commit))
    }

    /// How the person called us.
    fn call(&self) -> Invocation {
        let mut call = invocation(&self.arguments.selection);
        call.again.extend(self.arguments.allowances.words());
        call.again
            .extend(self.arguments.yes.then(|| "--yes".to_owned()));
        if self.arguments.no_activate {
            call.again.push("--no-activate".to_owned());
            call.no_activate = true;
        }
        call.applying = true;
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
        ui.out(&out);
        Ok(exit)
    }
}
/// Whether apply would write or record anything.
fn something_to_do(plan: &Plan) -> bool {
    !plan.authority.is_empty()
        || plan
            .targets
            .iter()
            .any(|target| target.will_activate() || target.changes.iter().any(Change::will_happen))
}

/// Whether a person should be asked: recording what is equal already needs nobody's consent.
fn needs_consent(plan: &Plan) -> bool {
    !plan.authority.is_empty()
        || plan
            .targets
            .iter()
            .any(|target| target.will_activate() || target.changes.iter().any(Change::will_write))
}
