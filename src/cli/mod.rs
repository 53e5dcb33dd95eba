//! The command line: [`Cli`], the commands, and which file runs each. Nothing else.

mod accept;
mod alert;
mod alerts;
mod allowlist;
mod apply;
mod authoring;
mod check;
mod comment;
mod completions;
mod context;
mod diff;
mod doctor;
mod edit;
mod error;
mod export;
mod git;
mod harden;
mod history;
mod identity;
mod ignore;
mod import;
mod init;
mod journal;
mod lease;
mod look;
mod neighbours;
mod plan;
mod prompt;
mod rails;
mod reach;
mod recipe;
mod recipients;
mod reconcile;
mod records;
mod reveal;
mod rotate;
mod run;
mod saved;
mod schedule;
mod schema;
mod selection;
mod session;
mod set;
mod status;
mod target_values;
mod ui;
mod undo;
mod unset;
mod usage;

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand};

use context::Context;
use error::CommandError;
pub use error::Exit;
use ui::Ui;

use crate::telemetry::{Logging, Net};

/// Keep environment variables of many places equal to a manifest in git
///
/// Desired state is YAML in git, its secrets encrypted with age, value by value. `plan` says what
/// differs and who moved: the manifest or the place. `apply` writes it, reads it back and remembers.
#[derive(Debug, Parser)]
#[command(name = "driftlock", version, propagate_version = true, color = ColorChoice::Auto)]
#[command(after_help = "\
Start here:
  driftlock init                  take the .env of this folder into a manifest
  driftlock import railway        the same for a Railway environment
  driftlock import SOURCE…        for files, hosts, SOPS files, OpenClaw, several at once
  driftlock plan                  what differs, and who moved
  driftlock apply                 write it

Exit codes: 0 clean or done · 1 error or unknown · 2 differences (plan --detailed-exitcode, check)
            3 refused, nothing written · 4 partly applied or in doubt · 64 usage")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// An age identity file to decrypt with, before all others; may be repeated
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    identity: Vec<PathBuf>,

    /// The journal: a file, or git[:REMOTE][#REF] [default: the one in the manifests' git remote if it
    /// has one, else driftlock/journal.sqlite3 in the user's state folder]
    #[arg(
        long,
        global = true,
        value_name = "JOURNAL",
        help_heading = "Global options"
    )]
    journal: Option<PathBuf>,

    /// What this machine allows where nobody is asked [default: driftlock/authority.yaml in the
    /// user's config folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    authority: Option<PathBuf>,

    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Global options"
    )]
    color: ColorChoice,

    /// Say more on standard error; twice for everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Import(import::ImportArgs),
    Set(set::SetArgs),
    Unset(unset::UnsetArgs),
    Edit(edit::EditArgs),
    Rotate(rotate::RotateArgs),
    Reveal(reveal::RevealArgs),
    Accept(accept::AcceptArgs),
    Recipients(recipients::RecipientsArgs),
    Check(check::CheckArgs),
    Diff(diff::DiffArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Reconcile(reconcile::ReconcileArgs),
    Status(status::StatusArgs),
    Doctor(doctor::DoctorArgs),
    History(history::HistoryArgs),
    Journal(journal::JournalArgs),
    Alert(alert::AlertArgs),
    Undo(undo::UndoArgs),
    Run(run::RunArgs),
    Export(export::ExportArgs),
    Schedule(schedule::ScheduleArgs),
    Comment(comment::CommentArgs),
    Git(git::GitArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
    /// Cleans up behind an `edit` that was killed; started by it
    #[command(hide = true)]
    EditGuard,
}

/// Parses the command line and runs it. Everything that is printed is printed below here.
pub fn main() -> Exit {
    harden::start();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ui::print_usage(error),
    };
    let context = match Context::from_process() {
        Ok(context) => context,
        Err(error) => {
            return ui::print_bare_error(&format!("this folder cannot be read: {}", error.kind()));
        }
    };
    let net = Net::default();
    let logging = Logging {
        verbosity: cli.global.verbose,
        stays: match &cli.command {
            Command::Reconcile(arguments) => arguments.stays(),
            _ => None,
        },
    };
    crate::telemetry::start(logging, context.clock(), &net);
    let mut ui = Ui::new(&context, cli.global.color, net);
    let outcome = harden::check(&cli.global, &context)
        .and_then(|()| dispatch(&cli.command, &cli.global, &context, &mut ui));
    match outcome {
        Ok(exit) => exit,
        Err(error) => ui.fail(&error),
    }
}

fn dispatch(
    command: &Command,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match command {
        Command::Init(arguments) => init::run(arguments, global, context, ui),
        Command::Import(arguments) => import::run(arguments, global, context, ui),
        Command::Set(arguments) => set::run(arguments, global, context, ui),
        Command::Unset(arguments) => unset::run(arguments, global, context, ui),
        Command::Edit(arguments) => edit::run(arguments, global, context, ui),
        Command::Rotate(arguments) => rotate::run(arguments, global, context, ui),
        Command::Reveal(arguments) => reveal::run(arguments, global, context, ui),
        Command::Accept(arguments) => accept::run(arguments, global, context, ui),
        Command::Recipients(arguments) => recipients::run(arguments, global, context, ui),
        Command::Check(arguments) => check::run(arguments, global, context, ui),
        Command::Diff(arguments) => diff::run(arguments, global, context, ui),
        Command::Plan(arguments) => plan::run(arguments, global, context, ui),
        Command::Apply(arguments) => apply::run(arguments, global, context, ui),
        Command::Reconcile(arguments) => reconcile::run(arguments, global, context, ui),
        Command::Status(arguments) => status::run(arguments, global, context, ui),
        Command::Doctor(arguments) => doctor::run(arguments, global, context, ui),
        Command::History(arguments) => history::run(arguments, global, context, ui),
        Command::Journal(arguments) => journal::run(arguments, global, context, ui),
        Command::Alert(arguments) => alert::run(arguments, global, context, ui),
        Command::Undo(arguments) => undo::run(arguments, global, context, ui),
        Command::Run(arguments) => run::run(arguments, global, context, ui),
        Command::Export(arguments) => export::run(arguments, global, context, ui),
        Command::Schedule(arguments) => schedule::run(arguments, global, context, ui),
        Command::Comment(arguments) => comment::run(arguments, context, ui),
        Command::Git(arguments) => git::run(arguments, global, context, ui),
        Command::Schema(arguments) => schema::run(arguments, ui),
        Command::Completions(arguments) => completions::run(arguments, ui),
        Command::Man(arguments) => completions::run_man(arguments, ui),
        Command::EditGuard => Ok(edit::watch(context)),
    }
}
