//! `schedule`: what makes `reconcile` run by itself, in the words of cron, systemd, launchd and GitHub.

mod cron;
mod files;
mod gather;
mod github;
mod install;
mod interval;
mod job;
mod launchd;
mod ready;
mod remove;
mod systemd;
mod words;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::ui::Ui;
use crate::manifest::parse_duration;
use crate::model::TargetName;
use gather::Gathered;

/// The first line of every file of ours. No text of two dashes: it stands in a comment of XML, too.
const MARK: &str =
    "# made by `driftlock schedule`, which replaces it; `driftlock schedule remove` takes it away";

/// Make `driftlock reconcile` run by itself: cron, systemd, launchd, GitHub
///
/// No secret is written anywhere: keys and tokens are named by their files. Before anything is
/// installed it is checked that it would work: the manifests parse, a key file without a passphrase
/// opens them, and what is named is there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock schedule print systemd                    the unit, to look at
  driftlock schedule install systemd --start          install it, and start it
  driftlock schedule install cron --every 15m         a line of this user's crontab
  driftlock schedule install launchd --environment-file ~/.config/driftlock/tokens.env
  driftlock schedule print github > .github/workflows/driftlock-reconcile.yml
  driftlock schedule remove systemd --stop")]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print what would be installed
    #[command(after_help = "\
Examples:
  driftlock schedule print systemd --every 5m
  driftlock schedule print systemd-timer --output units
  driftlock schedule print cron manifests/production.yaml --every 1h")]
    Print(PrintArgs),
    /// Install it; what is there of somebody else stays
    #[command(after_help = "\
Examples:
  driftlock schedule install systemd --start
  driftlock schedule install systemd --listen 127.0.0.1:9187 --alerts alerts.yaml
  driftlock schedule install cron --every 15m --yes
  driftlock schedule install launchd")]
    Install(InstallArgs),
    /// Take away what was installed, and nothing else
    #[command(after_help = "\
Examples:
  driftlock schedule remove cron
  driftlock schedule remove systemd --stop")]
    Remove(RemoveArgs),
}

/// What starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A line of the user's crontab
    #[value(alias = "crontab")]
    Cron,
    /// A service that runs all the time
    #[value(alias = "systemd-service")]
    Systemd,
    /// A service that a timer starts
    #[value(alias = "timer")]
    SystemdTimer,
    /// An agent of macOS that runs all the time
    #[value(alias = "macos")]
    Launchd,
    /// An agent of macOS that is started again and again
    LaunchdInterval,
    /// A workflow of GitHub Actions on a schedule
    #[value(alias = "github-actions")]
    Github,
}

impl Kind {
    /// Whether it is run to look once.
    const fn is_once(self) -> bool {
        !matches!(self, Self::Systemd | Self::Launchd)
    }

    const fn is_systemd(self) -> bool {
        matches!(self, Self::Systemd | Self::SystemdTimer)
    }
}

/// Whose it is, and which.
#[derive(Debug, Args)]
struct Which {
    /// What starts it
    kind: Kind,

    /// Tells it from other schedules of this machine
    #[arg(long, default_value = "reconcile", value_parser = name)]
    name: String,

    /// For this user [default, unless root]
    #[arg(long, conflicts_with = "system")]
    user: bool,

    /// For the system: /etc/systemd/system, /Library/LaunchDaemons
    #[arg(long)]
    system: bool,
}

/// What is run, and how often.
#[derive(Debug, Args)]
struct Wanted {
    #[command(flatten)]
    which: Which,

    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    /// How often each target is looked at
    #[arg(long, value_name = "INTERVAL", default_value = "5m", value_parser = interval)]
    every: Duration,

    /// Take the nearest interval where cron cannot say this one
    #[arg(long)]
    round: bool,

    /// Whom to tell, and what [default: the usual alerts.yaml]
    #[arg(long, value_name = "FILE")]
    alerts: Option<PathBuf>,

    /// Serve metrics and health here
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Write metrics into this file
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,

    /// Watch a git repository instead of a folder
    #[arg(long, value_name = "URL[#BRANCH]")]
    checkout: Option<String>,

    /// Only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<TargetName>,

    /// Tokens, one NAME=value a line, in a file that nobody else can read
    #[arg(long, value_name = "FILE")]
    environment_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PrintArgs {
    #[command(flatten)]
    wanted: Wanted,

    /// Write the files into this folder instead
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct InstallArgs {
    #[command(flatten)]
    wanted: Wanted,

    /// Change the crontab without asking
    #[arg(long, short)]
    yes: bool,

    /// Start it, too
    #[arg(long)]
    start: bool,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    #[command(flatten)]
    which: Which,

    /// Change the crontab without asking
    #[arg(long, short)]
    yes: bool,

    /// Stop it first
    #[arg(long)]
    stop: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let (least, most) = (Duration::from_secs(10), Duration::from_secs(7 * 86_400));
    parse_duration(text)
        .filter(|every| (least..=most).contains(every))
        .ok_or_else(|| "a time from 10s to 7d such as 5m or 1h is wanted".to_owned())
}

fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match (1..=32).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-') {
        true => Ok(text.to_owned()),
        false => Err("up to 32 of a-z, 0-9 and - are wanted".to_owned()),
    }
}

pub(crate) fn run(
    arguments: &ScheduleArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.action {
        Action::Print(arguments) => print(arguments, global, context, ui),
        Action::Install(arguments) => {
            let gathered = gather::gather(&arguments.wanted, global, context, ui)?;
            gathered.require_ready(ui)?;
            install::run(arguments, &gathered, context, ui)
        }
        Action::Remove(arguments) => remove::run(arguments, context, ui),
    }
}

fn print(
    arguments: &PrintArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let gathered = gather::gather(&arguments.wanted, global, context, ui)?;
    gathered.warn(ui);
    let texts = gathered.texts()?;
    if let Some(folder) = &arguments.output {
        let folder = context.absolute(folder);
        let placed: Vec<_> = texts
            .into_iter()
            .map(|(name, text)| (folder.join(name), text))
            .collect();
        for (path, outcome) in files::put(&placed)? {
            ui.say(&outcome.says(&path));
        }
        return Ok(Exit::DONE);
    }
    let several = texts.len() > 1;
    let mut out = String::new();
    for (name, text) in &texts {
        if several {
            out.push_str(&format!("# ----- {name}\n"));
        }
        out.push_str(text);
        if several {
            out.push('\n');
        }
    }
    ui.out(out.trim_end_matches('\n'));
    ui.out("\n");
    Ok(Exit::DONE)
}

impl Gathered {
    /// Each file by its name.
    fn texts(&self) -> Result<Vec<(String, String)>, CommandError> {
        let job = &self.job;
        Ok(match self.kind {
            Kind::Cron => vec![("crontab".to_owned(), cron::block(job)?)],
            Kind::Systemd => systemd::service(job)?,
            Kind::SystemdTimer => systemd::timer(job)?,
            Kind::Launchd => vec![launchd::plist(job, false)?],
            Kind::LaunchdInterval => vec![launchd::plist(job, true)?],
            Kind::Github => vec![(
                format!("{}.yml", job.unit()),
                github::workflow(job, &self.call)?,
            )],
        })
    }
}
