//! `plan`: what differs, who moved, and what apply would do.

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look::{self, Elsewhere};
use super::saved;
use super::selection::{Allowances, Selection};
use super::ui::Ui;
use crate::plan::{Plan, Summary};
use crate::reconcile::event::Source;
use crate::reconcile::pass::Scope;
use crate::render::json::{self, PlanDocument};
use crate::render::{Invocation, markdown, text};

/// Show what differs, who moved, and what apply would do
///
/// Reads every target and compares it with the manifest and with what was last applied. Writes to
/// no target, runs no command of the manifest, and sends no secret anywhere. What it saw of targets
/// that only this machine can see is kept in the journal, for the others.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock plan
  driftlock plan manifests/production.yaml --target api
  driftlock plan --detailed-exitcode        exit 2 where something differs
  driftlock plan --since origin/main~1      compare with what CI applied last
  driftlock plan --who                      and who changed what drifted, as far as anybody can say
  driftlock plan --json | jq .summary
  driftlock plan --markdown                 one comment for a pull request, never over a forge's limit
  driftlock plan --out plan.json            keep it; `driftlock apply plan.json --id …` does exactly it")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,

    #[command(flatten)]
    allowances: Allowances,

    #[command(flatten)]
    format: Format,

    /// Exit with 2 where something differs
    #[arg(long)]
    detailed_exitcode: bool,

    /// Ask Railway's commits, file times and logins who changed what drifted or conflicts
    #[arg(long)]
    who: bool,

    /// Keep the plan in a file, for approval: as for a person who says yes to what it shows as going
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Format {
    /// Print JSON (see `driftlock schema plan`)
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,

    /// Print Markdown, for a pull request's comment
    #[arg(long)]
    pub(crate) markdown: bool,
}

impl Format {
    /// Neither JSON nor Markdown.
    pub(crate) const TEXT: Self = Self {
        json: false,
        markdown: false,
    };
}

pub(crate) fn run(
    arguments: &PlanArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let selection = &arguments.selection;
    let scope = Scope {
        targets: selection.targets(),
        variables: selection.variables(),
        overrides: arguments.allowances.overrides()?,
        unattended: !context.terminal.input && arguments.out.is_none(),
        no_activate: false,
        undo: None,
        scheduled: None,
        rests: std::collections::BTreeSet::new(),
    };
    let place = (arguments.out.as_deref())
        .map(|file| saved::Place::find(file, context))
        .transpose()?;
    let asked = (place.is_some(), arguments.who);
    let looked = look::look(selection, &scope, asked, global, context, ui)?;
    let kept = place
        .map(|place| place.keep(&looked, selection, &scope.overrides, context, ui))
        .transpose()?;
    let (plans, seen): (Vec<Plan>, Vec<Elsewhere>) = looked
        .into_iter()
        .map(|looked| (looked.plan, looked.seen))
        .unzip();
    let mut exit = look::exit_of(&plans, arguments.detailed_exitcode);
    if selection.require_all {
        exit = exit.worst(look::require_all(
            &seen,
            scope.targets.as_ref(),
            Source::Platforms,
            ui,
        ));
    }
    let mut call = invocation(selection);
    call.again.extend(arguments.allowances.words());
    call.saved = kept;
    let shown = Shown {
        plans: &plans,
        seen: &seen,
        now: context.now(),
    };
    show(&shown, &arguments.format, &call, exit, ui)?;
    if let Some(saved) = &call.saved {
        ui.say(&format!("saved in {} as plan {}", saved.file, saved.id));
        ui.say(&format!(
            "  to approve and do exactly this: {}",
            call.command("apply", &[])
        ));
    }
    Ok(exit)
}

pub(crate) fn invocation(selection: &Selection) -> Invocation {
    Invocation {
        again: selection.words(),
        applying: false,
        no_activate: false,
        saved: None,
        undo: None,
        manifests: selection
            .manifests
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
    }
}

/// The plans of one run, and what other machines last saw of their targets.
pub(crate) struct Shown<'a> {
    pub(crate) plans: &'a [Plan],
    /// One for each plan.
    pub(crate) seen: &'a [Elsewhere],
    pub(crate) now: jiff::Timestamp,
}

/// Prints plans in the format that was asked for.
pub(crate) fn show(
    shown: &Shown<'_>,
    format: &Format,
    call: &Invocation,
    exit: Exit,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let plans = shown.plans;
    let mut out = String::new();
    let total = plans
        .iter()
        .map(crate::plan::summary)
        .fold(Summary::default(), Summary::plus);
    let written = if format.json {
        let document = PlanDocument::new(plans, &total, &exit.verdict(reason(exit)))
            .with_seen(shown.seen)
            .with_saved(call);
        json::render_json(&mut out, &document)
    } else if format.markdown {
        markdown::render_markdown(&mut out, call, plans, &total)
    } else {
        text_plans(&mut out, shown, &total, call, ui)
    };
    written.map_err(|_| CommandError::error("the plan cannot be written as text"))?;
    ui.page(&out);
    Ok(())
}

fn reason(exit: Exit) -> &'static str {
    match exit {
        Exit::ERROR => "a target or a variable is unknown",
        Exit::DIFFERENCES => "there are differences",
        _ => "planned",
    }
}

/// The plans and their summary, for people.
fn text_plans(
    out: &mut String,
    shown: &Shown<'_>,
    total: &Summary,
    call: &Invocation,
    ui: &Ui,
) -> std::fmt::Result {
    let style = ui.style();
    for (plan, seen) in shown.plans.iter().zip(shown.seen) {
        text::render_plan(out, &style, call, plan)?;
        text::render_elsewhere(out, &style, plan, seen, shown.now)?;
    }
    let targets = shown.plans.iter().map(|plan| plan.targets.len()).sum();
    text::render_plan_summary(out, &style, total, targets)
}
