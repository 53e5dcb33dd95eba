//! `status`: variables × targets, wrong side first.

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look;
use super::plan::invocation;
use super::selection::Selection;
use super::ui::Ui;
use crate::reconcile::event::StatusReport;
use crate::reconcile::pass::Scope;
use crate::render::json::{self, StatusDocument};
use crate::render::text;

/// Show which variable is equal, differs or is unknown on which target
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock status
  driftlock status --target api
  driftlock status --json | jq '.manifests[].rows[]'")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    selection: Selection,

    /// Print JSON (see `driftlock schema status`)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &StatusArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let selection = &arguments.selection;
    let scope = Scope {
        targets: selection.targets(),
        variables: selection.variables(),
        ..Scope::default()
    };
    let looked = look::look(selection, &scope, (false, false), global, context, ui)?;
    let reports: Vec<StatusReport> = looked
        .iter()
        .map(|looked| {
            let applied = looked
                .memory
                .last
                .iter()
                .filter_map(|(name, last)| Some((name.clone(), last.at?)))
                .collect();
            let mut report = StatusReport::of_plan(&looked.plan, &applied, &looked.seen);
            report.select(scope.targets.as_ref(), scope.variables.as_ref());
            report
        })
        .collect();
    let (plans, seen): (Vec<_>, Vec<_>) = looked
        .into_iter()
        .map(|looked| (looked.plan, looked.seen))
        .unzip();
    let mut exit = look::exit_of(&plans, false);
    if selection.require_all {
        exit = exit.worst(look::require_all(&seen, scope.targets.as_ref(), ui));
    }
    let mut out = String::new();
    let written = if arguments.json {
        let verdict = exit.verdict("looked");
        json::render_json(&mut out, &StatusDocument::new(&reports, &verdict))
    } else {
        let call = invocation(selection);
        let now = context.now();
        reports
            .iter()
            .try_for_each(|report| text::render_status(&mut out, &ui.style(), &call, report, now))
    };
    written.map_err(|_| CommandError::error("the matrix cannot be written as text"))?;
    ui.page(&out);
    Ok(exit)
}
