//! `set`: a variable gets a value; only its own line of the manifest changes.

mod generate;

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::apply::{self, ApplyArgs};
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::prompt;
use super::reach;
use super::recipe::{Made, check_fit, check_yes, misfits};
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::Envelope;
use crate::manifest::{Manifest, Seal, Source};
use crate::model::{SecretValue, TargetName, VarName, lint_value};
use crate::reconcile::load::{self, Opener, Opening};

/// Give a variable a value, encrypted unless it is clear
///
/// The value comes from standard input, from a prompt without echo, from a file, or is generated.
/// Never from the command line: others can see that, and the shell keeps it. Only a variable that is
/// clear may be set as NAME=VALUE.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock set API_TOKEN                         ask for it
  printf %s \"$TOKEN\" | driftlock set API_TOKEN     one line end at the end is not part of it
  driftlock set TLS_KEY --from-file key.pem       exactly as it is in the file
  driftlock set SESSION_KEY --generate --target api --target worker
  driftlock set DB_PASSWORD --generate=alphabet:A-Za-z0-9:24 --save-recipe
  driftlock set LOG_LEVEL=debug --clear")]
pub(crate) struct SetArgs {
    /// The variable
    #[arg(value_name = "NAME")]
    name: String,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Take the value from this file
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    from_file: Option<PathBuf>,

    /// Make the value: by this recipe, or the variable's own; else 32 bytes as base64url text
    #[arg(
        long,
        value_name = "RECIPE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    generate: Option<String>,

    /// Write the recipe to the variable too, for the next rotation
    #[arg(long, requires = "generate")]
    save_recipe: bool,

    /// Keep it in clear text, for everyone to read
    #[arg(long, conflicts_with = "secret")]
    clear: bool,

    /// Encrypt it, although it was clear
    #[arg(long)]
    secret: bool,

    /// Let this target have it too; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<TargetName>,

    /// Apply this one variable at once
    #[arg(long)]
    apply: bool,

    /// Ask nobody, neither before --apply nor before a command of a recipe
    #[arg(long, short)]
    yes: bool,
}

pub(crate) fn run(
    arguments: &SetArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let (name, given) = name_and_value(arguments)?;
    apply::check_consent(arguments.apply, arguments.yes, context)?;
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let clear = stays_clear(arguments, &item.loaded.manifest, &name)?;
    if given.is_some() && !clear {
        return Err(CommandError::usage("a secret must not be on the command line: others can see it, and the shell keeps it")
            .hint(format!("driftlock set {name} asks for it; if this value was real, replace it where it came from"))
            .hint(format!("driftlock set {name}=… --clear, if everyone may read it")));
    }
    let word = generate::word_to_save(arguments, clear)?;
    let recipe = generate::recipe_of(arguments, &item.loaded.manifest, &name, clear)?;
    let is_command = recipe.as_ref().is_some_and(|one| one.command().is_some());
    check_yes(arguments.yes, arguments.apply || is_command)?;
    let Made { value, public } = match (given, &recipe) {
        (Some(value), _) => Made::of(value),
        (None, Some(recipe)) => generate::make(&name, recipe, arguments.yes, context, ui)?,
        (None, None) => Made::of(value(arguments, &name, context)?),
    };
    let mut keyring = session::keyring(global, context);
    let opening = match clear {
        true => Opening::Clear,
        false => load::open(&item.loaded.manifest, &mut keyring),
    };
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let change = change(&item, &name, &value, clear, &mut opener, context)?;
    if change.waits && public.is_some() {
        return Err(generate::needs_reader(&name));
    }
    let (text, after) = edited(arguments, &item, &name, &change, public.as_ref(), word, ui)?;
    let mut names = vec![name];
    names.extend(public.map(|(public, _)| public));
    if recipe.is_some() {
        check_fit(&misfits(&after, &names, &mut opener, &item, context, ui))?;
    }
    let changed = authoring::write(&item, context, &text)?;
    tell(arguments, &item, &names, changed, &change, ui);
    if arguments.apply {
        let names = reach::names_on_targets(&item.loaded.manifest, &names);
        let apply = ApplyArgs::of_variables(&item.file.path, names, arguments.yes);
        return apply::run(&apply, global, context, ui);
    }
    Ok(Exit::DONE)
}

/// The manifest's text with all of it, and what it says then.
fn edited(
    arguments: &SetArgs,
    item: &Item,
    name: &VarName,
    change: &Change,
    public: Option<&(VarName, String)>,
    word: Option<&str>,
    ui: &mut Ui,
) -> Result<(String, Manifest), CommandError> {
    let (text, after) = authoring::edited(item, &item.file.text, ui, |editor| {
        if let Some(seal) = &change.seal {
            editor.set_seal(seal)?;
        }
        if let Some(source) = &change.source {
            editor.set(name, source)?;
        }
        for target in &arguments.target {
            if !uses(&item.loaded.manifest, target, name) {
                editor.add_use(target, name)?;
            }
        }
        match public {
            Some((public, half)) => editor.set(public, &Source::Clear(half.clone())),
            None => Ok(()),
        }
    })?;
    match word {
        // beside the value, which is only now in the text
        Some(word) => authoring::edited(item, &text, ui, |editor| editor.set_recipe(name, word)),
        None => Ok((text, after)),
    }
}

fn name_and_value(arguments: &SetArgs) -> Result<(VarName, Option<SecretValue>), CommandError> {
    let (name, value) = match arguments.name.split_once('=') {
        Some((name, value)) => (name, Some(SecretValue::new(value))),
        None => (arguments.name.as_str(), None),
    };
    if value.is_some() && (arguments.generate.is_some() || arguments.from_file.is_some()) {
        return Err(CommandError::usage(
            "NAME=VALUE goes with neither --generate nor --from-file",
        ));
    }
    let name = VarName::new(name).map_err(|error| CommandError::usage(error.to_string()))?;
    Ok((name, value))
}

/// A variable keeps its kind; a new one is secret.
fn stays_clear(
    arguments: &SetArgs,
    manifest: &Manifest,
    name: &VarName,
) -> Result<bool, CommandError> {
    let variable = manifest.variables.get(name);
    if let Some(of) = variable.and_then(|variable| variable.metadata.previous_of.as_ref()) {
        return Err(super::rotate::of_former(name, of, "nothing was changed"));
    }
    let present = variable.map(|variable| &variable.source);
    match present {
        Some(Source::Template(_)) => Err(CommandError::error(format!(
            "{name} is a template; change it in the manifest"
        ))),
        Some(Source::Sealed(_) | Source::Armored(_)) if arguments.clear => {
            Err(CommandError::refused(format!(
                "{name} is a secret, and --clear would put its new value in git for everyone to read"
            ))
            .hint(format!("driftlock unset {name}, and set it again with --clear, if that is meant")))
        }
        Some(Source::Clear(_)) => Ok(!arguments.secret),
        Some(_) | None => Ok(arguments.clear),
    }
}

fn value(
    arguments: &SetArgs,
    name: &VarName,
    context: &Context,
) -> Result<SecretValue, CommandError> {
    if let Some(path) = &arguments.from_file {
        authoring::value_of_file(&context.absolute(path))
    } else if context.terminal.input {
        prompt::secret(name.as_str())
    } else {
        authoring::value_of_stdin()
    }
}

/// What becomes of the manifest.
struct Change {
    /// `None` if the value is the one that it has.
    source: Option<Source>,
    /// A first key, where nothing was encrypted yet.
    seal: Option<Seal>,
    /// Written by somebody who cannot read the manifest.
    waits: bool,
}

impl Change {
    fn source(source: Option<Source>) -> Self {
        Self {
            source,
            seal: None,
            waits: false,
        }
    }
}

fn change(
    item: &Item,
    name: &VarName,
    value: &SecretValue,
    clear: bool,
    opener: &mut Opener<'_>,
    context: &Context,
) -> Result<Change, CommandError> {
    let manifest = &item.loaded.manifest;
    if clear {
        if lint_value(value).contains(&"private-key") {
            return Err(CommandError::refused(
                "this is a private key, which does not belong in clear text",
            )
            .hint(format!("driftlock set {name} --secret")));
        }
        return Ok(Change::source(Some(Source::Clear(
            value.expose().to_owned(),
        ))));
    }
    let now = context.now();
    match opener.opening {
        Opening::Clear => first_secret(manifest, name, value, context),
        Opening::Open(open) => {
            authoring::seal(manifest, opener, open, name, value, now).map(Change::source)
        }
        Opening::Sealed(why) if why.is_locked() => {
            let person = session::person(context);
            let source = authoring::seal_without_key(manifest, name, value, now, &person)?;
            Ok(Change {
                waits: true,
                ..Change::source(Some(source))
            })
        }
        Opening::Sealed(why) => Err(session::sealed(&item.file.path, why)),
    }
}

/// The manifest has no key yet: it gets one for its recipients.
fn first_secret(
    manifest: &Manifest,
    name: &VarName,
    value: &SecretValue,
    context: &Context,
) -> Result<Change, CommandError> {
    let recipients = authoring::recipients(manifest)?;
    if recipients.is_empty() {
        return Err(CommandError::error("the manifest names no recipients, so nobody could read a secret in it")
            .hint("add a list `recipients:` with your age or ssh public key, or begin with driftlock init")
            .hint(format!("driftlock set {name} --clear, if everyone may read it")));
    }
    let now = context.now();
    let envelope = Envelope::generate(&manifest.name);
    let seal = authoring::new_seal(&envelope, &recipients, now, &session::person(context))?;
    let payload = authoring::sealed_payload(
        &envelope,
        name.as_str(),
        authoring::sequence_of(now),
        now,
        value,
    )?;
    Ok(Change {
        source: Some(Source::Sealed(payload)),
        seal: Some(seal),
        waits: false,
    })
}

fn uses(manifest: &Manifest, target: &TargetName, name: &VarName) -> bool {
    manifest
        .targets
        .iter()
        .filter(|spec| spec.name == *target)
        .any(|spec| spec.uses.iter().any(|used| used.name == *name))
}

fn tell(
    arguments: &SetArgs,
    item: &Item,
    names: &[VarName],
    changed: bool,
    change: &Change,
    ui: &mut Ui,
) {
    let path = item.file.path.display();
    let [name, publics @ ..] = names else {
        return;
    };
    if !changed {
        ui.say(&format!(
            "{name} has this value already; {path} is unchanged"
        ));
        return;
    }
    match &change.source {
        Some(Source::Clear(_)) => ui.say(&format!("{name} set in clear in {path}")),
        Some(_) => ui.say(&format!("{name} set encrypted in {path}")),
        None => ui.say(&format!(
            "{name} has this value already; in {path} it has a target more"
        )),
    }
    let variable = item.loaded.manifest.variables.get(name);
    if change.source.is_some() && variable.is_some_and(|one| one.metadata.overlap.is_some()) {
        ui.warn(&format!(
            "{name} has an overlap, and this value comes to all of its targets at once: `driftlock rotate {name} --prompt` goes in stages"
        ));
    }
    for public in publics {
        ui.say(&format!("  its public half is {public}, in clear"));
    }
    if change.waits {
        ui.warn(&format!(
            "no identity of yours opens this manifest: {name} waits until a reader runs `driftlock accept {name}`"
        ));
    }
    let mut targets = reach::used_by(&item.loaded.manifest, name);
    targets.extend(arguments.target.iter().map(ToString::to_string));
    if targets.is_empty() {
        ui.say(&format!("  no target uses it yet: driftlock set {name} --target TARGET, or list it in the manifest"));
    } else if change.waits {
        ui.say(&format!(
            "  next: commit it; then a reader runs driftlock accept {name}"
        ));
    } else if !arguments.apply {
        ui.say("  next: driftlock plan");
    }
}
