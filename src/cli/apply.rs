//! `apply`: show the plan, ask, write, read back, remember.

use std::path::Path;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look::{self, Opened};
use super::plan::{Format, invocation, show};
use super::prompt::confirm;
use super::selection::{Allowances, Selection};
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::journal::{Holder, Journal, LeaseError, SqliteJournal};
use crate::model::VarName;
use crate::plan::Plan;
use crate::reconcile::apply::apply;
use crate::reconcile::connect::Connections;
use crate::reconcile::desired::Values;
use crate::reconcile::event::ApplyReport;
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::remember::{Author, JournalRecord};
use crate::reconcile::stop::Stop;
use crate::render::json::{self, ApplyDocument};
use crate::render::text;

/// Write what the plan says, read it back, and remember it
///
/// Shows the plan and asks before anything is written. Whatever a rail holds back is left alone; the
/// plan says which flag lets it go. What changed between the plan and the write is left alone too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock apply                               ask on the terminal
  driftlock apply --yes                         in CI: ask nobody, hold what a person would confirm
  driftlock apply --yes --take-over api         the first apply to a target that holds other values
  driftlock apply --overwrite TOKEN@api         ours wins a conflict
  driftlock apply --allow deletes=3@api         let a rail go, up to a number")]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) allowances: Allowances,

    /// Ask nobody
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Print the result as JSON (see `driftlock schema apply`)
    #[arg(long)]
    pub(crate) json: bool,
}

impl ApplyArgs {
    /// For `set --apply`: one variable of one manifest.
    pub(crate) fn of_one(manifest: &Path, name: &VarName, yes: bool) -> Self {
        Self {
            selection: Selection::of_one(manifest, name),
            allowances: Allowances::default(),
            yes,
            json: false,
        }
    }
}

pub(crate) fn run(
    arguments: &ApplyArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let asks = context.terminal.input && context.terminal.errors && !arguments.yes;
    if !asks && !arguments.yes {
        return Err(
            CommandError::usage("nobody can be asked here: standard input is no terminal")
                .hint("driftlock apply --yes writes without asking"),
        );
    }
    let scope = Scope {
        targets: arguments.selection.targets(),
        variables: arguments.selection.variables(),
        overrides: arguments.allowances.overrides()?,
        unattended: !asks,
    };
    let items = session::load_manifests(&arguments.selection.manifests, context, ui)?;
    look::check_targets(&items, &arguments.selection.target)?;
    let mut run = Run {
        arguments,
        context,
        keyring: session::keyring(global, context),
        journal: session::journal(global, context)?,
        connections: Connections::local(),
        runtime: look::runtime()?,
        scope: &scope,
        exit: Exit::DONE,
        reports: vec![],
    };
    run.all(&items, ui)?;
    run.report(ui)
}

/// One run over all manifests.
struct Run<'a> {
    arguments: &'a ApplyArgs,
    context: &'a Context,
    keyring: Keyring,
    journal: SqliteJournal,
    connections: Connections,
    runtime: tokio::runtime::Runtime,
    scope: &'a Scope,
    exit: Exit,
    reports: Vec<ApplyReport>,
}

impl Run<'_> {
    fn all(&mut self, items: &[Item], ui: &mut Ui) -> Result<(), CommandError> {
        let stop = {
            let _inside = self.runtime.enter();
            Stop::on_signals()
        };
        for item in items {
            let since = self.arguments.selection.since.as_deref();
            // taken before anything is read: what others wrote until now is seen, and nobody
            // writes until this run has ended
            let lease = self.lease(item)?;
            let opened = look::open(
                item,
                &mut self.keyring,
                &mut self.journal,
                since,
                true,
                self.context,
                ui,
            )?;
            let values = look::values(&opened, &mut self.keyring, ui);
            self.one(&opened, &values, &stop, ui)?;
            drop(lease);
        }
        Ok(())
    }

    fn lease(&self, item: &Item) -> Result<crate::journal::Lease, CommandError> {
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

    fn one(
        &mut self,
        opened: &Opened<'_>,
        values: &Values<'_>,
        stop: &Stop,
        ui: &mut Ui,
    ) -> Result<(), CommandError> {
        let connections = std::mem::replace(&mut self.connections, Connections::none());
        let pass = look::pass(opened, values, &connections, self.scope);
        let live = look::drive(ui, &self.runtime, async |events| pass.read(events).await);
        let plan = pass.plan(live, &opened.memory);
        let plans = std::slice::from_ref(&plan);
        let detailed = look::exit_of(plans, false, self.arguments.selection.require_all);
        self.exit = self.exit.worst(detailed);
        if !self.arguments.json {
            let call = invocation(&self.arguments.selection);
            show(plans, &Format::TEXT, &call, self.exit, ui)?;
        }
        let wanted = something_to_do(&plan);
        if wanted && !self.confirmed(&plan, ui)? {
            ui.say("nothing was written");
            self.exit = self.exit.worst(Exit::REFUSED);
        } else {
            let report = self.carry_out(&pass, opened, &plan, stop, ui)?;
            self.reports.push(report);
        }
        self.connections = connections;
        Ok(())
    }

    fn confirmed(&self, plan: &Plan, ui: &mut Ui) -> Result<bool, CommandError> {
        if self.scope.unattended || !needs_consent(plan) {
            return Ok(true);
        }
        confirm(ui, "Apply this plan?")
    }

    fn carry_out(
        &mut self,
        pass: &Pass<'_>,
        opened: &Opened<'_>,
        plan: &Plan,
        stop: &Stop,
        ui: &mut Ui,
    ) -> Result<ApplyReport, CommandError> {
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
            key_accepted: pass.key_accepted(plan, &opened.memory),
            author: &author,
            intents: std::collections::BTreeMap::new(),
            notes: vec![],
        };
        let memory: &Memory = &opened.memory;
        let report = look::drive(ui, &self.runtime, async |events| {
            apply(pass, plan, memory, &mut record, stop, events).await
        });
        for note in &record.notes {
            ui.warn(note);
        }
        Ok(report)
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
            let call = invocation(&self.arguments.selection);
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
            .any(|target| target.changes.iter().any(crate::plan::Change::will_happen))
}

/// Whether a person should be asked: recording what is equal already needs nobody's consent.
fn needs_consent(plan: &Plan) -> bool {
    !plan.authority.is_empty()
        || plan
            .targets
            .iter()
            .any(|target| target.changes.iter().any(crate::plan::Change::will_write))
}
