//! `apply`: show the plan, ask, write, read back, remember.

mod approved;
mod back;
mod carry;
mod run;

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use approved::Approved;
use run::Run;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::lease::LeaseArgs;
use super::look;
use super::selection::{Allowances, Selection};
use super::session;
use super::ui::Ui;
use crate::model::VarName;
use crate::reconcile::pass::Scope;

pub(super) use back::Kept;
pub(super) use carry::{Hand, Subject, carry_out, something_to_do};

/// Write what the plan says, read it back, and remember it
///
/// Shows the plan and asks before anything is written. Whatever a rail holds back is left alone; the
/// plan says which flag lets it go. What changed between the plan and the write is left alone too.
///
/// In place of manifests it takes one file of `driftlock plan --out`: then only what is in that plan is
/// done, and of it what is still as it was. A second run of it finishes what a first one left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock apply                               ask on the terminal
  driftlock apply --yes                         in CI: ask nobody, hold what a person would confirm
  driftlock apply --yes --take-over api         the first apply to a target that holds other values
  driftlock apply --overwrite TOKEN@api         ours wins a conflict
  driftlock apply --allow deletes=3@api         let a rail go, up to a number
  driftlock apply --yes --lock-timeout 10m      wait for another run to end
  driftlock apply plan.json                     do what `driftlock plan --out plan.json` kept, after a yes
  driftlock apply plan.json --id 3fa9c1d2ab12   the same, approved by its id: asks nobody")]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    pub(crate) allowances: Allowances,

    #[command(flatten)]
    pub(crate) lease: LeaseArgs,

    /// Ask nobody
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Store only: let no platform deploy or restart what reads it
    #[arg(long)]
    pub(crate) no_activate: bool,

    /// Carry out the plan file with this id, and nothing else: the yes of a person, given to this plan
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Keep nothing of what is overwritten, so that `undo` cannot put it back
    #[arg(long)]
    pub(crate) no_undo: bool,

    /// Print the result as JSON (see `driftlock schema apply`)
    #[arg(long)]
    pub(crate) json: bool,

    /// The receipts that are taken back, where `undo` is what runs.
    #[arg(skip)]
    pub(crate) undo: BTreeSet<u64>,
}

impl ApplyArgs {
    /// For commands that edit and apply at once: some variables of one manifest.
    pub(crate) fn of_variables(manifest: &Path, names: Vec<VarName>, yes: bool) -> Self {
        Self {
            selection: Selection::of_variables(Some(manifest), names),
            allowances: Allowances::default(),
            lease: LeaseArgs::default(),
            yes,
            no_activate: false,
            id: None,
            no_undo: false,
            json: false,
            undo: BTreeSet::new(),
        }
    }

    /// `undo 12`, where that is what runs.
    fn undo_words(&self) -> Option<String> {
        let numbers: Vec<String> = self.undo.iter().map(ToString::to_string).collect();
        (!numbers.is_empty()).then(|| format!("undo {}", numbers.join(" ")))
    }
}

/// For commands that edit and apply at once: asked before the edit, because an edit that then waits
/// for a yes which nobody can give is one that nobody meant.
pub(crate) fn check_consent(apply: bool, yes: bool, context: &Context) -> Result<(), CommandError> {
    if !apply || yes || can_ask(context) {
        return Ok(());
    }
    Err(CommandError::usage(
        "--apply asks before it writes, and there is no terminal to ask on; nothing was changed",
    )
    .hint("with --apply --yes nobody is asked"))
}

/// Whether a person is at the terminal.
pub(crate) fn can_ask(context: &Context) -> bool {
    context.terminal.input && context.terminal.errors
}

pub(crate) fn run(
    arguments: &ApplyArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let approved = Approved::find(arguments, context)?;
    let asks = can_ask(context) && !arguments.yes;
    if !asks && !arguments.yes && arguments.id.is_none() {
        let verb = arguments.undo_words();
        let verb = verb.as_deref().unwrap_or("apply");
        return Err(
            CommandError::usage("nobody can be asked here: standard input is no terminal")
                .hint(format!("driftlock {verb} --yes writes without asking")),
        );
    }
    if let Some(approved) = &approved {
        let arguments = approved.arguments(arguments, context)?;
        let scope = approved::scope(approved, &arguments, asks);
        let items = session::load_manifests(&arguments.selection.manifests, context, ui)?;
        let run = Run::new(&arguments, global, context, &scope, &items, ui)?;
        return run.of_approved(approved).over_all(&items, ui);
    }
    let scope = Scope {
        targets: arguments.selection.targets(),
        variables: arguments.selection.variables(),
        overrides: arguments.allowances.overrides()?,
        unattended: !asks,
        no_activate: arguments.no_activate,
        undo: None,
        scheduled: None,
        rests: BTreeSet::new(),
    };
    let items = session::load_manifests(&arguments.selection.manifests, context, ui)?;
    look::check_targets(&items, &arguments.selection.target)?;
    Run::new(arguments, global, context, &scope, &items, ui)?.over_all(&items, ui)
}
