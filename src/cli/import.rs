//! `import`: from what places hold to a manifest that plans empty at once.

mod asked;
mod compose;
mod found;
mod owners;
mod sources;
mod tell;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::identity;
use super::ignore;
use super::prompt::confirm;
use super::ui::Ui;
use crate::model::{ManifestName, VarName, is_railway_token_name};
use crate::reconcile::import;
use crate::source;
use asked::Asked;

/// Take in what files, hosts, SOPS, OpenClaw or Railway hold, encrypted for you
///
/// Writes a new manifest, or extends one with --into, so that the next plan is empty. A SOURCE is a
/// file here, HOST:PATH or USER@HOST:PATH for a file over SSH, `openclaw` for the gateway of this machine
/// (HOST:openclaw, and :PROFILE behind either), or - for standard input. A file becomes a target; a
/// SOPS file and standard input only declare variables. Every value is encrypted unless --clear names
/// its variable. Equal values are declared once; different ones under one name are kept, named apart
/// and listed. Nothing is written but the manifest, and nothing but names is printed.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  driftlock import .env deploy@vps.example.com:/srv/app/.env --name production
  driftlock import secrets.enc.yaml --into manifests/production.yaml --target api
  driftlock import openclaw mac-mini:openclaw:work
  driftlock import config.json --format json --at env --clear LOG_LEVEL
  vault kv get -field=env secret/app | driftlock import - --into manifests/dev.yaml
  driftlock import railway --project aurora --environment production"
)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    platform: Option<PlatformArgs>,

    #[command(flatten)]
    sources: sources::SourcesArgs,
}

#[derive(Debug, Subcommand)]
enum PlatformArgs {
    Railway(RailwayArgs),
}

/// Make a manifest of a Railway environment, encrypted for you
///
/// Takes in the variables of all services of one environment, and its shared ones. Every value is
/// encrypted unless --clear names its variable; references stay references. Sealed variables are left
/// as they are. Nothing is written to Railway, nothing but names is printed, and the next plan is empty.
///
/// The environment is what --project and --environment name, else what `railway link` linked to this
/// folder or one above it, else what a project token is for.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  RAILWAY_TOKEN=… driftlock import railway
  driftlock import railway --project aurora --environment production
  driftlock import railway --service api --service web --name backend
  driftlock import railway --clear LOG_LEVEL --clear PORT
  driftlock import railway --token RAILWAY_TOKEN_STAGING --clear-suggested")]
pub(crate) struct RailwayArgs {
    /// The project's name or id
    #[arg(long, value_name = "PROJECT")]
    pub(crate) project: Option<String>,

    /// The environment's name or id
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(crate) environment: Option<String>,

    /// Only this service, by name or id; may be repeated [default: all, and the shared variables]
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: Vec<String>,

    /// The manifest's name; its file is manifests/NAME.yaml [default: the environment's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<ManifestName>,

    /// Keep this variable in clear text, for everyone to read; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) clear: Vec<VarName>,

    /// Keep everything in clear text that looks as if anybody might read it
    #[arg(long)]
    pub(crate) clear_suggested: bool,

    /// Somebody else who may read it: an age or ssh public key; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) recipient: Vec<String>,

    /// The environment variable that holds the token [default: RAILWAY_TOKEN or RAILWAY_API_TOKEN]
    #[arg(long, value_name = "NAME", value_parser = token_name)]
    pub(crate) token: Option<String>,

    /// Ask nobody, and make an identity if there is none
    #[arg(long, short)]
    pub(crate) yes: bool,
}

fn token_name(text: &str) -> Result<String, String> {
    if is_railway_token_name(text) {
        Ok(text.to_owned())
    } else {
        Err("name an environment variable that begins with RAILWAY_ and has TOKEN in it".to_owned())
    }
}

pub(crate) fn run(
    arguments: &ImportArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    match &arguments.platform {
        Some(PlatformArgs::Railway(arguments)) => railway(arguments, global, context, ui),
        None => sources::run(&arguments.sources, global, context, ui),
    }
}

pub(crate) fn railway(
    arguments: &RailwayArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    if let Some(name) = &arguments.name {
        refuse_existing(context, name)?;
    }
    let asked = Asked::of(arguments, context, ui);
    super::neighbours::warn([context.folder.as_path()], context, ui);
    let survey = asked.survey(context, ui)?;
    let found = found::whole(&survey, &asked, arguments)?;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => default_name(&found.environment.name),
    };
    let manifest = refuse_existing(context, &name)?;
    owners::refuse_second_owner(&found, context, ui)?;
    let imported = import::import(&found);
    let clear = compose::clear(&compose::Choice {
        named: &arguments.clear,
        all_suggested: arguments.clear_suggested,
        imported: &imported,
    })?;
    tell::protect(&found, &imported, &clear, ui);
    tell::left_behind(&survey, &imported, ui);
    if imported.targets.is_empty() {
        return Err(CommandError::refused(
            "there is no variable to take in; nothing was written",
        ));
    }
    let asks = context.terminal.input && context.terminal.errors && !arguments.yes;
    let again = tell::Again {
        arguments,
        asked: &asked,
        name: &name,
        imported: &imported,
        clear: &clear,
    };
    if asks {
        again.suggest(None, ui);
    }
    let own = identity::find_or_make(global, context, asks, arguments.yes, "import railway", ui)?;
    if asks && !confirm(ui, &format!("Write {}?", manifest.display()))? {
        ui.say("nothing more was written");
        return Ok(Exit::REFUSED);
    }
    let readers = identity::readers(&own, &arguments.recipient, &context.who())?;
    let text = compose::compose(
        &name,
        context,
        &readers,
        &imported,
        &clear,
        "import fewer services at once with --service",
    )?;
    write(context, &manifest, &text)?;
    let ignored = ignore::ignore(context, None, own.file.as_deref())?;
    tell::done(&manifest, &found, &imported, &own, &ignored, ui);
    if !asks {
        again.suggest(Some(&manifest), ui);
    }
    ui.say(&format!("  next: driftlock plan {}", manifest.display()));
    Ok(Exit::DONE)
}

/// The environment's name, as far as a manifest may have it.
fn default_name(environment: &str) -> ManifestName {
    ManifestName::new(import::slug(environment)).expect("a slug keeps the rule")
}

/// Where the manifest will be: nothing may be there yet.
fn refuse_existing(context: &Context, name: &ManifestName) -> Result<PathBuf, CommandError> {
    let manifest = Path::new("manifests").join(format!("{name}.yaml"));
    if context.absolute(&manifest).symlink_metadata().is_ok() {
        return Err(
            CommandError::refused(format!("{} is there already", manifest.display()))
                .hint("name another with --name, or change it with driftlock set"),
        );
    }
    Ok(manifest)
}

fn write(context: &Context, manifest: &Path, text: &str) -> Result<(), CommandError> {
    let folder = context.absolute(Path::new("manifests"));
    std::fs::create_dir_all(&folder).map_err(|error| {
        CommandError::error(format!("cannot make manifests/: {}", error.kind()))
    })?;
    source::write_new(&context.absolute(manifest), text, 0o666)
        .map_err(|error| CommandError::of(&error))
}
