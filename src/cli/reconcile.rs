//! `reconcile`: look at everything again and again, tell what is wrong once, and write what each target's
//! mode lets go.

mod deliver;
mod desk;
mod events;
mod eyes;
mod look;
mod own;
mod pinger;
mod probes;
mod report;
mod rounds;
mod shelf;
mod stop;
mod tell;
mod trouble;
mod whole;
mod work;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use desk::{Asked, Desk, Tools};
pub(super) use own::read as own_book;

use super::Global;
use super::alerts;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look::runtime;
use super::ui::Ui;
use crate::alert::{Ping, Sinks};
use crate::manifest::parse_duration;
use crate::model::{Alerting, PlatformKind, TargetName};
use crate::platforms::railway::RailwayPlatform;
use crate::reconcile::schedule::{self, Budget, Settings};
use crate::reconcile::stop::Stop;
use crate::render::Style;
use crate::render::json::{self, RoundDocument};
use crate::render::metrics::{Lifespan, render_metrics};
use crate::render::text;
use crate::serve::{Listen, Notifier, Server, Watched, write_metrics_file};
use crate::source::{Checkout, Origin, ParseOriginError};
use crate::telemetry::LogFormat;

/// The shortest interval that anybody needs.
const SHORTEST: Duration = Duration::from_secs(10);

/// How often the remote of a checkout is asked.
const FOLLOW: Duration = Duration::from_secs(60);

/// How old the loop's last beat may be until it is said to hang.
const HANGS: Duration = Duration::from_secs(120);

/// After the loop's own grace the process ends, whatever hangs.
const LAST_RESORT: Duration = Duration::from_millis(500);

/// How long `--once` may take.
const ROUND: Duration = Duration::from_secs(240);

/// Requests to Railway in an hour unless somebody says otherwise: what a Hobby token has, less what
/// people need.
const RAILWAY: u32 = 600;

/// Look at every target on a schedule, and tell what is wrong
///
/// A target is only looked at unless its manifest says `reconcile: { mode: apply }` (writes what the
/// manifest changed) or `heal` (also puts back what somebody changed on the platform). What is
/// wrong is told once when it begins, once when it changes and once when it is over.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock reconcile                        stay, and look at each target every 5 minutes
  driftlock reconcile --once                 one round, for cron
  driftlock reconcile --every 1m manifests/production.yaml
  driftlock reconcile --listen 127.0.0.1:9464
                                             with /metrics, /healthz and /readyz
  driftlock reconcile --checkout https://github.com/acme/env manifests
                                             follow a branch, in a checkout of its own
  driftlock reconcile --budget railway=3000  a Pro token has more than a Hobby one
  driftlock schedule print systemd           a unit that keeps it running")]
pub(crate) struct ReconcileArgs {
    /// Manifests or folders of them [default: the folder manifests]
    manifests: Vec<PathBuf>,

    /// Look once, write what is to be written, tell what is to be told, and end
    #[arg(long)]
    once: bool,

    /// How often each target is looked at that says nothing of it
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = interval)]
    every: Duration,

    /// Only this target; may be repeated
    #[arg(long, short, value_name = "TARGET")]
    target: Vec<TargetName>,

    /// Requests an hour: PLATFORM=NUMBER [default: railway=600]
    #[arg(long, value_name = "BUDGET", value_parser = budget)]
    budget: Vec<(PlatformKind, u32)>,

    /// Where alerts go [default: driftlock/alerts.yaml in the user's config folder, if it is there]
    #[arg(long, value_name = "FILE")]
    alerts: Option<PathBuf>,

    /// Serve metrics and health here: 127.0.0.1:9464 or unix:/PATH
    #[arg(long, value_name = "ADDRESS", value_parser = Listen::parse, conflicts_with = "once")]
    listen: Option<Listen>,

    /// Write metrics to this *.prom file after the round, for node_exporter's textfile collector
    #[arg(long, value_name = "FILE", requires = "once")]
    metrics_file: Option<PathBuf>,

    /// How the log on standard error looks
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        conflicts_with = "once"
    )]
    log_format: LogFormat,

    /// Follow a branch, in a checkout of its own: URL[#BRANCH]; manifests are named below it
    #[arg(long, value_name = "URL", value_parser = origin)]
    checkout: Option<Origin>,

    /// Follow the checkout's branch to this commit, though it does not come after the last one
    #[arg(long, value_name = "COMMIT", requires = "checkout")]
    accept_rewind: Option<String>,

    /// Keep nothing of what is overwritten, so that `undo` cannot put it back
    #[arg(long)]
    no_undo: bool,

    /// Exit with 2 where alerts are open after the round
    #[arg(long, requires = "once")]
    detailed_exitcode: bool,

    /// Print what the round came to as JSON (see `driftlock schema round`)
    #[arg(long, requires = "once")]
    json: bool,
}

impl ReconcileArgs {
    /// How it logs, where it stays.
    pub(crate) fn stays(&self) -> Option<LogFormat> {
        (!self.once).then_some(self.log_format)
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let given = parse_duration(text).filter(|given| *given >= SHORTEST);
    given.ok_or_else(|| "a number with s, m, h or d, at least 10s, for example 5m".to_owned())
}

fn origin(text: &str) -> Result<Origin, String> {
    text.parse()
        .map_err(|error: ParseOriginError| error.to_string())
}

fn budget(text: &str) -> Result<(PlatformKind, u32), String> {
    let parsed = text.split_once('=').and_then(|(platform, number)| {
        let number = number.parse().ok().filter(|number| *number > 0)?;
        (platform == "railway").then_some((PlatformKind::Railway, number))
    });
    parsed.ok_or_else(|| "railway=NUMBER, requests an hour, for example railway=600".to_owned())
}

pub(crate) fn run(
    arguments: &ReconcileArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let railway = context.railway();
    if !railway.tokens.is_empty() {
        ui.protect(railway.tokens.values().cloned(), []);
    }
    let checkout = open_checkout(arguments, context)?;
    let folder = match &checkout {
        Some(checkout) => checkout.tree().to_path_buf(),
        None => context.folder.clone(),
    };
    let (sinks, ping) = sinks(arguments, &folder, context, ui)?;
    let notifier = match Notifier::new(
        |name| context.variable(name).map(|value| &**value),
        std::process::id(),
    ) {
        Ok(notifier) => notifier,
        Err(error) => {
            ui.warn(&format!("the service manager is told nothing: {error}"));
            Notifier::default()
        }
    };
    let beat = notifier.beat_every();
    let asked = Asked {
        folder,
        paths: arguments.manifests.clone(),
        every: arguments.every,
        targets: arguments.target.iter().cloned().collect(),
        no_undo: arguments.no_undo,
        once: arguments.once,
    };
    let style = ui.style();
    let railway = Arc::new(RailwayPlatform::new(railway));
    let tools = Tools {
        sinks,
        ping,
        checkout,
        notifier,
        ui,
    };
    let desk = Desk::new(global, context, asked, railway, tools);
    let mut settings = Settings {
        budgets: budgets(arguments),
        ..Settings::default()
    };
    settings.beat = beat.map_or(settings.beat, |beat| beat.min(settings.beat));
    if arguments.checkout.is_some() {
        settings.reload = FOLLOW;
    }
    let exit = match arguments.once {
        true => once(arguments, &desk, &settings, style),
        false => stay(arguments, &desk, &settings, context),
    };
    if let Some(path) = &arguments.metrics_file {
        write_metrics(&desk, &context.absolute(path), Lifespan::Round)?;
    }
    exit
}

/// One round, and what it came to.
fn once(
    arguments: &ReconcileArgs,
    desk: &Desk<'_>,
    settings: &Settings,
    style: Style,
) -> Result<Exit, CommandError> {
    let (started_at, begun) = (desk.context.now(), Instant::now());
    let runtime = runtime()?;
    let stop = Stop::default();
    stop::on_signals(&stop, settings.grace + LAST_RESORT)?;
    let stopped = runtime.block_on(async {
        schedule::once(desk, settings, &stop, ROUND).await;
        stop.is_requested()
    });
    runtime.shutdown_background();
    let report = report::report(desk, started_at, begun.elapsed());
    let verdict = report.verdict(arguments.detailed_exitcode);
    let mut out = String::new();
    match arguments.json {
        true => json::render_json(&mut out, &RoundDocument::new(&report, &verdict)),
        false => text::render_round(&mut out, &style, &report),
    }
    .map_err(|_| CommandError::error("the round cannot be written as text"))?;
    desk.page(&out);
    let exit = Exit::Ran(verdict.exit);
    Ok(if stopped {
        exit.worst(Exit::ERROR)
    } else {
        exit
    })
}

/// Round after round, until a signal.
fn stay(
    arguments: &ReconcileArgs,
    desk: &Desk<'_>,
    settings: &Settings,
    context: &Context,
) -> Result<Exit, CommandError> {
    let stop = Stop::default();
    stop::on_signals(&stop, settings.grace + LAST_RESORT)?;
    let server = serve(arguments, desk, context)?;
    desk.vitals().started_at = Some(context.now());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "began");
    let runtime = runtime()?;
    runtime.block_on(async {
        let jitter = &mut || rand::Rng::gen_range(&mut rand::thread_rng(), -1.0..=1.0);
        let told = async {
            stop.requested().await;
            desk.stopping();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = told => {}
            _ = schedule::run(desk, settings, &stop, jitter) => {}
        }
    });
    // git may be at work for the checkout: the next run puts that in order
    runtime.shutdown_background();
    if let Some(server) = server {
        server.stop();
    }
    tracing::info!(why = stop.why().unwrap_or_default(), "ended");
    Ok(Exit::DONE)
}

fn serve(
    arguments: &ReconcileArgs,
    desk: &Desk<'_>,
    context: &Context,
) -> Result<Option<Server>, CommandError> {
    let Some(listen) = &arguments.listen else {
        return Ok(None);
    };
    let watched = Watched {
        vitals: Arc::clone(&desk.vitals),
        clock: context.clock(),
        patience: HANGS,
        version: env!("CARGO_PKG_VERSION"),
    };
    let server = Server::start(listen, watched).map_err(|error| CommandError::of(&error))?;
    let address = server.address();
    if listen.is_open() {
        tracing::warn!(%address, "others can reach it: there is no login, and names of targets are shown");
    }
    tracing::info!(%address, "serves /metrics, /healthz and /readyz");
    Ok(Some(server))
}

fn write_metrics(desk: &Desk<'_>, path: &Path, lifespan: Lifespan) -> Result<(), CommandError> {
    let mut page = String::new();
    let vitals = desk.vitals().clone();
    render_metrics(&mut page, &vitals, env!("CARGO_PKG_VERSION"), lifespan)
        .map_err(|_| CommandError::error("the metrics cannot be written as text"))?;
    write_metrics_file(path, &page).map_err(|error| CommandError::of(&error))
}

fn open_checkout(
    arguments: &ReconcileArgs,
    context: &Context,
) -> Result<Option<Checkout>, CommandError> {
    let Some(origin) = &arguments.checkout else {
        return Ok(None);
    };
    let state = context.state_folder().ok_or_else(|| {
        CommandError::error("there is no folder for the checkout, because this user has no home")
    })?;
    let now = context.now();
    let mut checkout = Checkout::open(origin.clone(), &state, &context.git(), now)
        .map_err(|error| CommandError::of(&error))?;
    if let Some(commit) = &arguments.accept_rewind {
        checkout
            .accept(commit, now)
            .map_err(|error| CommandError::of(&error))?;
    }
    Ok(Some(checkout))
}

/// Where alerts go; nowhere where nobody said so.
fn sinks(
    arguments: &ReconcileArgs,
    folder: &Path,
    context: &Context,
    ui: &mut Ui,
) -> Result<(Sinks, Option<Ping>), CommandError> {
    match alerts::load(arguments.alerts.as_deref(), &[folder], context, ui)? {
        Some(alerts) => alerts.whole(),
        None => {
            let missing = alerts::missing(context);
            ui.warn(&missing.to_string());
            Ok((Sinks::new(Alerting::default(), BTreeMap::new()), None))
        }
    }
}

fn budgets(arguments: &ReconcileArgs) -> BTreeMap<PlatformKind, Budget> {
    let mut all = BTreeMap::from([(PlatformKind::Railway, RAILWAY)]);
    all.extend(arguments.budget.iter().copied());
    let hour = Duration::from_secs(3600);
    all.into_iter()
        .map(|(platform, requests)| (platform, Budget::new(requests, hour)))
        .collect()
}
