//! `rotate`: secrets get new values, by their recipes or of the form that they have, in one edit of
//! the manifest.

mod choose;
mod form;
mod how;
mod make;
mod overlap;
mod refusal;
mod tell;

use std::path::PathBuf;

use clap::Args;

use self::choose::Wanted;
use self::how::Origin;
use self::make::Desk;
pub(in crate::cli) use self::refusal::of_former;
use super::Global;
use super::apply::{self, ApplyArgs};
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::plan::invocation;
use super::reach;
use super::recipe;
use super::selection::Selection;
use super::session;
use super::ui::Ui;
use crate::model::{SecretValue, VarName};
use crate::reconcile::load::Opener;
use crate::reconcile::rotation::Direction;

/// Give secrets new values, by their recipes or of the same form
///
/// A variable with `generate:` gets what its recipe makes. Of the others, hex text stays hex text of
/// its length, a UUID stays a UUID, and anything else becomes 32 random bytes as base64url text. What
/// cannot be made by chance is refused: a private key, or a token or a URL that somebody else gives
/// out. All of them change in one edit of the manifest, or none does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock rotate GATEWAY_TOKEN                 a new value in the manifest
  driftlock rotate GATEWAY_TOKEN --apply         and at once on all targets that use it
  driftlock rotate GATEWAY_TOKEN SESSION_KEY     both in one edit
  driftlock rotate GATEWAY_TOKEN -f manifests/production.yaml --apply --yes
  driftlock rotate --due --dry-run               what has to be rotated, and how
  driftlock rotate --due --owner payments        the part of it that one team looks after
  driftlock rotate STRIPE_KEY --prompt           a value that somebody else gave out
  driftlock rotate DB_PASSWORD --command 'vault read -field=password db/creds/app'")]
pub(crate) struct RotateArgs {
    /// The variables
    #[arg(
        value_name = "NAME",
        required_unless_present_any = ["due", "owner", "go_on", "status"],
        conflicts_with_all = ["due", "owner"]
    )]
    names: Vec<VarName>,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Those whose `rotate:` has run out, or does within 14 days
    #[arg(long)]
    due: bool,

    /// Those that have this owner
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,

    /// Ask for the new value of the one variable, without echo
    #[arg(long, group = "origin", requires = "names")]
    prompt: bool,

    /// Take the new value from this file; - is standard input
    #[arg(long, value_name = "FILE", group = "origin", requires = "names")]
    from_file: Option<PathBuf>,

    /// Run this command here; what it prints is the new value
    #[arg(long, value_name = "COMMAND", group = "origin", requires = "names")]
    command: Option<String>,

    /// Say what would be rotated, how, and where it goes; change nothing
    #[arg(long, conflicts_with = "apply")]
    dry_run: bool,

    /// Apply these variables at once, on all targets that use them
    #[arg(long)]
    apply: bool,

    /// Ask nobody, neither before --apply nor before a command of a recipe
    #[arg(long, short)]
    yes: bool,

    /// Go on with rotations that have an overlap: the next stage, if the present one is in force
    #[arg(long = "continue", group = "stage", help_heading = "With an overlap")]
    go_on: bool,

    /// Take the new value of such a rotation back
    #[arg(long, group = "stage", help_heading = "With an overlap")]
    abort: bool,

    /// Say where such rotations stand, and what they wait for
    #[arg(
        long,
        group = "stage",
        conflicts_with = "apply",
        help_heading = "With an overlap"
    )]
    status: bool,

    /// With --status: print JSON (see `driftlock schema rotation`)
    #[arg(long, requires = "status", help_heading = "With an overlap")]
    json: bool,

    /// With --apply: wait until the former value may go, and finish
    #[arg(
        long,
        requires = "apply",
        conflicts_with = "abort",
        help_heading = "With an overlap"
    )]
    wait: bool,
}

pub(crate) fn run(
    arguments: &RotateArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    apply::check_consent(arguments.apply, arguments.yes, context)?;
    if arguments.status {
        return overlap::status(arguments, global, context, ui);
    }
    if arguments.go_on || arguments.abort {
        let direction = match arguments.abort {
            true => Direction::Back,
            false => Direction::On,
        };
        return overlap::walk(arguments, direction, global, context, ui);
    }
    let wanted = Wanted::of(&arguments.names, arguments.due, arguments.owner.as_deref())?;
    let origin = Origin::of(arguments)?;
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    wanted.check(&item.loaded.manifest)?;
    if let Wanted::Names(names) = wanted {
        let commands = how::commands_of(&item.loaded.manifest, names).is_some();
        recipe::check_yes(arguments.yes, arguments.apply || commands)?;
    }
    let mut keyring = session::keyring(global, context);
    let opening = session::open_or_fail(&item, &mut keyring).map_err(|error| {
        error.detail(
            "rotate reads the present value, whose form the new one keeps; nothing was changed",
        )
    })?;
    let Some(open) = opening.as_open() else {
        return tell::nothing_sealed(&wanted, ui);
    };
    let opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let mut desk = Desk {
        item: &item,
        opener,
        open,
        global,
        context,
        is_dry: arguments.dry_run,
        yes: arguments.yes,
    };
    let mut rotation = desk.rotate(&wanted, &origin, ui)?;
    let text = desk.edited(&wanted, &mut rotation, ui)?;
    if rotation.done.is_empty() {
        return Ok(tell::nothing(&wanted, &rotation, ui));
    }
    if arguments.dry_run {
        tell::would(&item, &rotation, ui);
        return Ok(rotation.exit());
    }
    authoring::write(&item, context, &text)?;
    let is_used = tell::done(&item, &rotation, context.now(), ui);
    let on_targets = reach::names_on_targets(&item.loaded.manifest, &rotation.names());
    let next = next_command(arguments, on_targets.clone());
    let begun = rotation.begun();
    if arguments.apply && !begun.is_empty() {
        let names = rotation.names();
        let exit = overlap::go_on(&names, arguments, global, context, ui)?;
        return Ok(exit.worst(rotation.exit()));
    }
    if arguments.apply {
        let apply = ApplyArgs::of_variables(&item.file.path, on_targets, arguments.yes);
        let exit = apply_now(&apply, &next, global, context, ui)?;
        return Ok(exit.worst(rotation.exit()));
    }
    if is_used {
        ui.say(&format!("  next: {next}"));
    }
    if !begun.is_empty() {
        ui.say(&overlap::then(arguments, &begun));
    }
    Ok(rotation.exit())
}

/// Whether a new value can be made by chance; where not, somebody else gives it out.
pub(crate) fn is_made_by_chance(value: &SecretValue) -> bool {
    form::form_of(value).is_ok()
}

/// The apply of exactly these variables, as a line to paste.
fn next_command(arguments: &RotateArgs, on_targets: Vec<VarName>) -> String {
    let selection = Selection::of_variables(arguments.manifest.as_deref(), on_targets);
    invocation(&selection).command("apply", &[])
}

/// However it ends, the manifest has the new values: to rotate again would make others.
fn apply_now(
    apply: &ApplyArgs,
    next: &str,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let rest = format!("the manifest has the new values; to go on from there: {next}");
    match apply::run(apply, global, context, ui) {
        Ok(Exit::DONE) => Ok(Exit::DONE),
        Ok(exit) => {
            ui.say(&format!("  {rest}"));
            Ok(exit)
        }
        Err(error) => Err(error.hint(rest)),
    }
}
