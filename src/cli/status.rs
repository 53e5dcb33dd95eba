//! `status`: variables × targets, wrong side first. From the platforms, or from what the journal keeps
//! of them; once, or over and over.

mod screen;
mod watch;

use std::fmt;
use std::time::Duration;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look::{self, Aim};
use super::plan::invocation;
use super::selection::Selection;
use super::session;
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::manifest::parse_duration;
use crate::reconcile::event::{Source, StatusReport};
use crate::reconcile::pass::Scope;
use crate::reconcile::stop::Stop;
use crate::render::json::{self, StatusDocument};
use crate::render::text;

/// Show which variable is equal, differs or is unknown on which target
///
/// It asks the platforms, unless told to show what the journal keeps: what scheduled runs last saw of
/// each target, how long ago, and on which machine. For that no platform is asked and no token needed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock status
  driftlock status --target api
  driftlock status --from-journal           what scheduled runs last saw; asks no platform
  driftlock status --from-journal --require-all
                                            exit 1 where one was not seen lately
  driftlock status --watch                  the same, redrawn every 10 s until Ctrl-C
  driftlock status --watch=1m --live        asks the platforms each time
  driftlock status --watch --json | jq -c   one document a line
  driftlock status --json | jq '.manifests[].rows[]'")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    selection: Selection,

    /// Show what scheduled runs last saw, and ask no platform
    #[arg(long)]
    from_journal: bool,

    /// Ask the platforms, which is usual but with --watch
    #[arg(long, conflicts_with = "from_journal")]
    live: bool,

    /// Redraw until Ctrl-C, this often [default: 10s]
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, require_equals = true,
          default_missing_value = "10s", value_parser = interval)]
    watch: Option<Duration>,

    /// Print JSON (see `driftlock schema status`); with --watch a document a line
    #[arg(long)]
    json: bool,
}

/// What platforms can be asked without a burden to anybody.
const LIVE_AT_LEAST: Duration = Duration::from_secs(10);

fn interval(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .filter(|every| *every <= Duration::from_secs(24 * 3600))
        .ok_or_else(|| "a time from 1s to 24h such as 10s or 5m is wanted".to_owned())
}

impl StatusArgs {
    fn source(&self) -> Source {
        match self.from_journal || (self.watch.is_some() && !self.live) {
            true => Source::Journal,
            false => Source::Platforms,
        }
    }
}

pub(crate) fn run(
    arguments: &StatusArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let mut keyring = session::keyring(global, context);
    if let Some(every) = arguments.watch {
        if arguments.live && every < LIVE_AT_LEAST {
            return Err(CommandError::usage(
                "--live asks every platform each time, which is done every 10s at most",
            )
            .hint("driftlock status --watch --live, or leave --live out: the journal can be read every second"));
        }
        return watch::run(arguments, every, &mut keyring, global, context, ui);
    }
    let glance = glance(arguments, None, &mut keyring, global, context, ui)?;
    let mut out = String::new();
    match arguments.json {
        true => json::render_json(&mut out, &glance.document()),
        false => glance.text(&mut out, arguments, context, ui),
    }
    .map_err(|_| unwritten())?;
    ui.page(&out);
    if glance.never_seen() {
        ui.say("  help: what was never seen is kept by scheduled runs: driftlock reconcile");
    }
    Ok(glance.exit)
}

/// One look at everything that was selected.
struct Glance {
    reports: Vec<StatusReport>,
    exit: Exit,
}

fn glance(
    arguments: &StatusArgs,
    stop: Option<&Stop>,
    keyring: &mut Keyring,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Glance, CommandError> {
    let selection = &arguments.selection;
    let source = arguments.source();
    let scope = Scope {
        targets: selection.targets(),
        variables: selection.variables(),
        ..Scope::default()
    };
    let items = session::load_manifests(&selection.manifests, context, ui)?;
    look::check_targets(&items, &selection.target)?;
    for item in &items {
        ui.diagnostics(&item.file.path, &item.loaded.warnings);
    }
    let aim = Aim {
        items: &items,
        since: selection.since.as_deref(),
        scope: &scope,
        keeps: false,
        who: false,
        source,
        stop,
    };
    let looked = look::look_at(&aim, keyring, global, context, ui)?;
    let reports = looked
        .iter()
        .map(|looked| {
            let applied = looked
                .memory
                .last
                .iter()
                .filter_map(|(name, last)| Some((name.clone(), last.at?)))
                .collect();
            let mut report = StatusReport::of_plan(&looked.plan, source, &applied, &looked.seen);
            report.select(scope.targets.as_ref(), scope.variables.as_ref());
            report.alerts = looked.alerts;
            report
        })
        .collect();
    let (plans, seen): (Vec<_>, Vec<_>) = looked
        .into_iter()
        .map(|looked| (looked.plan, looked.seen))
        .unzip();
    let mut exit = look::exit_of(&plans, false);
    if selection.require_all {
        let missed = look::require_all(&seen, scope.targets.as_ref(), source, ui);
        exit = exit.worst(missed);
    }
    Ok(Glance { reports, exit })
}

impl Glance {
    fn document(&self) -> StatusDocument {
        StatusDocument::new(&self.reports, &self.exit.verdict("looked"))
    }

    fn text(
        &self,
        out: &mut String,
        arguments: &StatusArgs,
        context: &Context,
        ui: &Ui,
    ) -> fmt::Result {
        let call = invocation(&arguments.selection);
        let (style, now) = (ui.style(), context.now());
        self.reports
            .iter()
            .try_for_each(|report| text::render_status(out, &style, &call, report, now))
    }

    /// Whether the journal knows nothing of some target that any machine could have told about.
    fn never_seen(&self) -> bool {
        let mut targets = self.reports.iter().flat_map(|report| &report.targets);
        targets.any(|target| {
            let seen = target.seen.as_ref();
            seen.is_some_and(|seen| seen.machine.is_none())
        })
    }
}

fn unwritten() -> CommandError {
    CommandError::error("the matrix cannot be written as text")
}
