//! `rotate`: secrets get new values of the form that they have, in one edit of the manifest.

mod form;
mod refusal;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use self::form::{Form, form_of};
use self::refusal::{check_names, check_source, unmakable};
use super::Global;
use super::apply::{self, ApplyArgs};
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::plan::invocation;
use super::reach;
use super::selection::Selection;
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::random_bytes;
use crate::manifest::Source;
use crate::model::{SecretValue, VarName};
use crate::reconcile::load::{Open, Opener};
use crate::reconcile::targets::Visibility;

/// Give secrets new random values of the same form
///
/// Hex text stays hex text of its length, a UUID stays a UUID, and anything else becomes 32 random
/// bytes as base64url text. What cannot be made by chance is refused: a private key, or a token or a
/// URL that somebody else gives out. All of them change in one edit of the manifest, or none does.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock rotate GATEWAY_TOKEN                 a new value in the manifest
  driftlock rotate GATEWAY_TOKEN --apply         and at once on all targets that use it
  driftlock rotate GATEWAY_TOKEN SESSION_KEY     both in one edit
  driftlock rotate GATEWAY_TOKEN -f manifests/production.yaml --apply --yes")]
pub(crate) struct RotateArgs {
    /// The variables
    #[arg(value_name = "NAME", required = true)]
    names: Vec<VarName>,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Apply these variables at once, on all targets that use them
    #[arg(long)]
    apply: bool,

    /// With --apply: ask nobody
    #[arg(long, short, requires = "apply")]
    yes: bool,
}

pub(crate) fn run(
    arguments: &RotateArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let names = &arguments.names;
    check_names(names)?;
    apply::check_consent(arguments.apply, arguments.yes, context)?;
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    for name in names {
        check_source(&item.loaded.manifest, name)?;
    }
    let rotated = rotate_all(&item, names, global, context)?;
    authoring::edit(&item, context, ui, |editor| {
        rotated
            .iter()
            .try_for_each(|one| editor.set(one.name, &one.source))
    })?;
    let is_used = tell(&item, &rotated, ui);
    let on_targets = reach::names_on_targets(&item.loaded.manifest, names);
    let next = next_command(arguments, on_targets.clone());
    if arguments.apply {
        let apply = ApplyArgs::of_variables(&item.file.path, on_targets, arguments.yes);
        return apply_now(&apply, &next, global, context, ui);
    }
    if is_used {
        ui.say(&format!("  next: {next}"));
    }
    Ok(Exit::DONE)
}

/// Whether a new value can be made by chance; where not, somebody else gives it out.
pub(crate) fn is_made_by_chance(value: &SecretValue) -> bool {
    form_of(value).is_ok()
}

/// What becomes of one variable.
struct Rotated<'n> {
    name: &'n VarName,
    form: Form,
    source: Source,
}

/// All of them, or none.
fn rotate_all<'n>(
    item: &Item,
    names: &'n [VarName],
    global: &Global,
    context: &Context,
) -> Result<Vec<Rotated<'n>>, CommandError> {
    let mut keyring = session::keyring(global, context);
    let opening = session::open_or_fail(item, &mut keyring).map_err(|error| {
        error.detail(
            "rotate reads the present value, whose form the new one keeps; nothing was changed",
        )
    })?;
    let Some(open) = opening.as_open() else {
        return Err(CommandError::error("nothing in this manifest is encrypted"));
    };
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    names
        .iter()
        .map(|name| rotate(item, name, &mut opener, open, context))
        .collect()
}

fn rotate<'n>(
    item: &Item,
    name: &'n VarName,
    opener: &mut Opener<'_>,
    open: &Open,
    context: &Context,
) -> Result<Rotated<'n>, CommandError> {
    let present = opener.value(&item.loaded.manifest, name).map_err(|why| {
        CommandError::error(format!("{name} does not open: {why}; nothing was changed")).hint(
            format!("restore its line from git, or driftlock set {name}"),
        )
    })?;
    let form = form_of(&present.value).map_err(|why| unmakable(name, why))?;
    let payload = authoring::sealed_payload(
        &open.envelope,
        name.as_str(),
        present.sequence.unwrap_or_default().saturating_add(1),
        context.now(),
        &form.make(random_bytes),
    )?;
    Ok(Rotated {
        name,
        form,
        source: Source::Sealed(payload),
    })
}

/// Says what was done; whether any of it is used.
fn tell(item: &Item, rotated: &[Rotated<'_>], ui: &mut Ui) -> bool {
    let path = item.file.path.display();
    let mut using = BTreeSet::new();
    for Rotated { name, form, .. } in rotated {
        ui.say(&format!("{name} rotated in {path}: {form}"));
        let targets = reach::used_by(&item.loaded.manifest, name);
        if targets.is_empty() {
            ui.say("  no target uses it: list it at one in the manifest, or take it out with driftlock unset");
        } else {
            ui.say(&format!("  used by {}", targets.join(", ")));
        }
        using.extend(targets);
    }
    for located in &item.located {
        let target = located.target.name.as_str();
        if let Visibility::Elsewhere(machine) = &located.visibility
            && using.contains(target)
        {
            ui.say(&format!(
                "  {target} is written by an apply on the machine {machine}, not by one here"
            ));
        }
    }
    !using.is_empty()
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
