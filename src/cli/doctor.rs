//! `doctor`: what is wrong, on which side, since when, and what to do next. Writes nothing and
//! restarts nothing.

mod examine;
mod setup;

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session::Item;
use super::ui::Ui;
use crate::model::{TargetName, VarName};
use crate::reconcile::event::{Check, DoctorReport};
use crate::render::Invocation;
use crate::render::json::{self, DoctorDocument};
use crate::render::text::{self, Diagnosis};

/// Say what is wrong, on which side, since when, and what to do next
///
/// Follows each target from the manifest to the working service: can it be reached, can it be read,
/// does it hold what the manifest says, does the running process have it, does its probe succeed,
/// has a date passed. The first stage that is wrong is the cause. Looks at this machine's own set-up
/// too: identities, journal, tokens, ssh. Writes nothing and restarts nothing; probes are sent once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock doctor
  driftlock doctor INTERNAL_AUTH_SECRET     who has which side of it
  driftlock doctor --target vps --all       every look, also where all is well
  driftlock doctor --json | jq '.manifests[].cases[]'

Exit codes: 0 all well · 1 something could not be known · 2 something is wrong")]
pub(crate) struct DoctorArgs {
    /// Only what concerns these variables, by their declared names or those on a target
    #[arg(value_name = "VARIABLE")]
    variables: Vec<VarName>,

    /// A manifest, or a folder of them; may be repeated [default: the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Vec<PathBuf>,

    /// Only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<TargetName>,

    /// Send no probe
    #[arg(long)]
    no_probe: bool,

    /// Send probes too that no apply from here has agreed to yet
    #[arg(long, conflicts_with = "no_probe")]
    probe: bool,

    /// Count targets of other machines as unknown
    #[arg(long)]
    require_all: bool,

    /// Fold nothing, and list what is well too
    #[arg(long)]
    all: bool,

    /// Print JSON (see `driftlock schema doctor`)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &DoctorArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let (checks, reports) = examine::examine(arguments, global, context, ui)?;
    let exit = exit_of(&checks, &reports);
    let call = Invocation {
        manifests: arguments
            .manifest
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        ..Invocation::default()
    };
    let mut out = String::new();
    let written = if arguments.json {
        let document = DoctorDocument::new(&checks, &reports, &call, &exit.verdict(reason(exit)));
        json::render_json(&mut out, &document)
    } else {
        let diagnosis = Diagnosis {
            checks: &checks,
            reports: &reports,
            now: context.now(),
            all: arguments.all,
        };
        text::render_doctor(&mut out, &ui.style(), &call, &diagnosis)
    };
    written.map_err(|_| CommandError::error("the diagnosis cannot be written as text"))?;
    ui.page(&out);
    Ok(exit)
}

/// What is unknown is worse than what is known to be wrong.
fn exit_of(checks: &[Check], reports: &[DoctorReport]) -> Exit {
    let findings = || checks.iter().map(|check| &check.finding);
    let wrong = reports.iter().any(DoctorReport::has_wrong)
        || findings().any(crate::reconcile::event::Finding::is_wrong);
    let unknown = reports.iter().any(DoctorReport::has_unknown)
        || findings().any(crate::reconcile::event::Finding::is_unknown);
    match (unknown, wrong) {
        (true, _) => Exit::ERROR,
        (false, true) => Exit::DIFFERENCES,
        (false, false) => Exit::DONE,
    }
}

fn reason(exit: Exit) -> &'static str {
    match exit {
        Exit::ERROR => "something could not be known",
        Exit::DIFFERENCES => "something is wrong",
        _ => "all is well",
    }
}

/// A name that no manifest has is a mistake. What was typed may be a value, so it is repeated only
/// where it reads like a name.
fn check_variables(items: &[Item], wanted: &[VarName]) -> Result<(), CommandError> {
    let known = |name: &VarName| {
        items.iter().any(|item| {
            let manifest = &item.loaded.manifest;
            let mut uses = manifest.targets.iter().flat_map(|target| &target.uses);
            manifest.variables.contains_key(name) || uses.any(|used| used.name == *name)
        })
    };
    let Some(name) = wanted.iter().find(|name| !known(name)) else {
        return Ok(());
    };
    let sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let told = name.as_str().len() <= 64 && name.as_str().bytes().all(sign);
    Err(CommandError::usage(if told {
        format!("no manifest has a variable {name}")
    } else {
        "no manifest has the variable that was asked for".to_owned()
    }))
}
