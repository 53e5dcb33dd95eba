//! `reconcile`: look at everything again and again, tell what is wrong once, and write what each target's
//! mode lets go.

mod desk;
mod eyes;
mod look;
mod memory;
mod own;
mod shelf;
mod tell;
mod whole;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use desk::{Asked, Desk};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::look::runtime;
use super::ui::Ui;
use crate::manifest::parse_duration;
use crate::model::{PlatformKind, TargetName};
use crate::platforms::railway::RailwayPlatform;
use crate::reconcile::schedule::{self, Budget, Settings};
use crate::reconcile::stop::Stop;

/// The shortest interval that anybody needs.
const SHORTEST: Duration = Duration::from_secs(10);

/// How long `--once` may take.
const ROUND: Duration = Duration::from_secs(240);

/// Requests to Railway in an hour unless somebody says otherwise: what a Hobby token has, less what
/// people need.
const RAILWAY: u32 = 600;

/// Look at every target on a schedule, tell what is wrong, and write what its mode allows
///
/// A target is only looked at unless its manifest says `reconcile: { mode: apply }` or `heal`. What is
/// wrong is told once when it begins, once when it changes and once when it is over.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock reconcile                        stay, and look at each target every 5 minutes
  driftlock reconcile --once                 one round, for cron
  driftlock reconcile --every 1m manifests/production.yaml
  driftlock reconcile --budget railway=3000  a Pro token has more than a Hobby one")]
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

    /// Keep nothing of what is overwritten, so that `undo` cannot put it back
    #[arg(long)]
    no_undo: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let given = parse_duration(text).filter(|given| *given >= SHORTEST);
    given.ok_or_else(|| "a number with s, m, h or d, at least 10s, for example 5m".to_owned())
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
    let asked = Asked {
        folder: context.folder.clone(),
        paths: arguments.manifests.clone(),
        every: arguments.every,
        targets: arguments.target.iter().cloned().collect(),
        no_undo: arguments.no_undo,
    };
    let railway = Arc::new(RailwayPlatform::new(railway));
    let desk = Desk::new(global, context, asked, railway, context.zones());
    let settings = Settings {
        budgets: budgets(arguments),
        ..Settings::default()
    };
    let runtime = runtime()?;
    runtime.block_on(async {
        let stop = Stop::on_signals();
        if arguments.once {
            schedule::once(&desk, &settings, &stop, ROUND).await;
        } else {
            let jitter = &mut || rand::Rng::gen_range(&mut rand::thread_rng(), -1.0..=1.0);
            schedule::run(&desk, &settings, &stop, jitter).await;
        }
    });
    Ok(Exit::DONE)
}

fn budgets(arguments: &ReconcileArgs) -> BTreeMap<PlatformKind, Budget> {
    let mut all = BTreeMap::from([(PlatformKind::Railway, RAILWAY)]);
    all.extend(arguments.budget.iter().copied());
    let hour = Duration::from_secs(3600);
    all.into_iter()
        .map(|(platform, requests)| (platform, Budget::new(requests, hour)))
        .collect()
}
