//! `apply`: show the plan, ask, write, read back, remember.

mod back;
mod run;

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::selection::{Allowances, Selection};
use super::ui::Ui;
use crate::model::VarName;
use crate::reconcile::pass::Scope;

pub(super) use back::Kept;

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

    /// Store only: let no platform deploy or restart what reads it
    #[arg(long)]
    pub(crate) no_activate: bool,

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
            yes,
            no_activate: false,
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

fn can_ask(context: &Context) -> bool {
    context.terminal.input && context.terminal.errors
}

pub(crate) fn run(
    arguments: &ApplyArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let asks = can_ask(context) && !arguments.yes;
    if !asks && !arguments.yes {
        let verb = arguments.undo_words();
        let verb = verb.as_deref().unwrap_or("apply");
        return Err(
            CommandError::usage("nobody can be asked here: standard input is no terminal")
                .hint(format!("driftlock {verb} --yes writes without asking")),
        );
    }
    let scope = Scope {
        targets: arguments.selection.targets(),
        variables: arguments.selection.variables(),
        overrides: arguments.allowances.overrides()?,
        unattended: !asks,
        no_activate: arguments.no_activate,
        undo: None,
    };
    run::Run::new(arguments, global, context, &scope)?.over_all(ui)
}
