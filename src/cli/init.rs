//! `init`: from a folder with a `.env` to a manifest that plans empty at once.

mod linked;
mod take_in;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::identity;
use super::ignore;
use super::prompt::confirm;
use super::session;
use super::ui::Ui;
use crate::crypto::Envelope;
use crate::manifest::{FORMATS, Fresh, FreshTarget, Source, render_new};
use crate::model::{FileAddress, Machine, ManifestName, TargetName, VarName};
use crate::source;
use take_in::{Taken, ambiguous, refuse_second_owner, take_in};

/// Make a manifest of this folder's .env, encrypted for you
///
/// Takes the .env of this folder in: every value is encrypted unless --clear names its variable. If you
/// have no age identity, one is made, after asking. Nothing but the new files is written, and the next
/// plan is empty.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock init
  driftlock init --name production --env-file deploy/.env --format compose
  driftlock init --clear LOG_LEVEL --clear PORT
  driftlock init --recipient 'ssh-ed25519 AAAA… ops'")]
pub(crate) struct InitArgs {
    /// The manifest's name; its file is manifests/NAME.yaml
    #[arg(long, value_name = "NAME", default_value = "dev")]
    name: ManifestName,

    /// The dotenv file to take in [default: .env, if there is one]
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,

    /// The dialect of the program that reads it [default: portable, the texts that all of them
    /// read alike]
    #[arg(long, value_name = "DIALECT", value_parser = FORMATS)]
    format: Option<String>,

    /// Keep this variable in clear text, for everyone to read; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    clear: Vec<VarName>,

    /// Somebody else who may read it: an age or ssh public key; may be repeated
    #[arg(long, value_name = "KEY")]
    recipient: Vec<String>,

    /// Ask nobody, and make an identity if there is none
    #[arg(long, short)]
    yes: bool,
}

pub(crate) fn run(
    arguments: &InitArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let manifest = Path::new("manifests").join(format!("{}.yaml", arguments.name));
    let path = context.absolute(&manifest);
    if path.exists() {
        return Err(
            CommandError::refused(format!("{} is there already", manifest.display()))
                .hint("name another with --name, or change it with driftlock set"),
        );
    }
    if linked::offer(arguments, context, ui)? {
        return linked::import(arguments, global, context, ui);
    }
    let taken = take_in(arguments, context)?;
    refuse_second_owner(&taken, context)?;
    if arguments.format.is_none() && !taken.left_out.is_empty() {
        return Err(ambiguous(&taken));
    }
    let asks = context.terminal.input && context.terminal.errors && !arguments.yes;
    let own = identity::find_or_make(global, context, asks, arguments.yes, "init", ui)?;
    if asks && !confirm(ui, &format!("Write {}?", manifest.display()))? {
        ui.say("nothing more was written");
        return Ok(Exit::REFUSED);
    }
    let text = compose(arguments, context, &own, &taken)?;
    let folder = context.absolute(Path::new("manifests"));
    std::fs::create_dir_all(&folder).map_err(|error| {
        CommandError::error(format!("cannot make manifests/: {}", error.kind()))
    })?;
    source::write_new(&path, &text, 0o666).map_err(|error| CommandError::of(&error))?;
    let ignored = ignore::ignore(context, taken.path.as_deref(), own.file.as_deref())?;
    tell(&manifest, &taken, &own, &ignored, ui);
    Ok(Exit::DONE)
}

impl InitArgs {
    fn format(&self) -> &str {
        self.format.as_deref().unwrap_or(FORMATS[0])
    }
}

fn target_name() -> TargetName {
    TargetName::new("local").expect("the name keeps the rule")
}

/// The new manifest's text.
fn compose(
    arguments: &InitArgs,
    context: &Context,
    own: &identity::Own,
    taken: &Taken,
) -> Result<String, CommandError> {
    let readers = identity::readers(own, &arguments.recipient, &context.who())?;
    let now = context.now();
    let envelope = Envelope::generate(&arguments.name);
    let seal = authoring::new_seal(
        &envelope,
        &readers.recipients,
        now,
        &session::person(context),
    )?;
    let clear: BTreeSet<&VarName> = arguments.clear.iter().collect();
    let mut variables = BTreeMap::new();
    for (name, value) in &taken.variables {
        let source = if clear.contains(name) {
            Source::Clear(value.expose().to_owned())
        } else {
            Source::Sealed(authoring::sealed_payload(
                &envelope,
                name.as_str(),
                1,
                now,
                value,
            )?)
        };
        variables.insert(name.clone(), source);
    }
    let targets: Vec<FreshTarget> = taken
        .named
        .iter()
        .map(|named| {
            let (machine, path) = if named.is_absolute() {
                (
                    Machine::Named(context.machine()),
                    named.display().to_string(),
                )
            } else {
                (Machine::Any, format!("../{}", named.display()))
            };
            let format = arguments.format().to_owned();
            let file = FileAddress {
                machine,
                path,
                format,
                at: None,
            };
            FreshTarget::file(
                target_name(),
                file,
                taken.variables.keys().cloned().collect(),
            )
        })
        .collect();
    Ok(render_new(&Fresh {
        comment: Some(
            "driftlock plan: what differs · driftlock apply: write it · driftlock set NAME: change it",
        ),
        name: &arguments.name,
        recipients: &readers.listed,
        variables: &variables,
        references: &BTreeSet::new(),
        targets: &targets,
        seal: Some(&seal),
    }))
}

fn tell(manifest: &Path, taken: &Taken, own: &identity::Own, ignored: &[String], ui: &mut Ui) {
    for note in &taken.notes {
        ui.warn(note);
    }
    for (name, why) in &taken.left_out {
        ui.warn(&format!("{name} was left out: {why}"));
    }
    if let Some(file) = &own.file {
        ui.say(&format!(
            "made your identity in {}: keep a copy where only you can read it; without it nobody opens this manifest",
            file.display()
        ));
    }
    for line in ignored {
        ui.say(&format!("added {line} to .gitignore"));
    }
    match &taken.named {
        Some(named) => ui.say(&format!(
            "wrote {} with {} variables of {}, encrypted for {}",
            manifest.display(),
            taken.variables.len(),
            named.display(),
            own.public
        )),
        None => ui.say(&format!(
            "wrote {}, encrypted for {}; there is no .env here, so it has no variables yet",
            manifest.display(),
            own.public
        )),
    }
    ui.say("  next: driftlock plan");
}
