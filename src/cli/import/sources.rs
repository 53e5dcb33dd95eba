//! `import SOURCE…`: files here and over SSH, SOPS files, OpenClaw and standard input, all at once.

mod address;
mod extend;
mod fresh;
mod guess;
mod owned;
mod plain;
mod read;
mod secret;
mod spelled;
mod tell;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::compose;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::prompt::confirm;
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::manifest::FORMATS;
use crate::model::{KeyPath, ManifestName, TargetName, VarName, lint_value};
use crate::reconcile::import::{Gathered, Imported, gather};
use crate::source;
use spelled::Spelled;

#[derive(Debug, Args)]
pub(crate) struct SourcesArgs {
    /// A file, HOST:PATH, `openclaw`, or - for standard input
    #[arg(value_name = "SOURCE", required = true)]
    source: Vec<String>,

    /// How plain files are written, for all of them [default: by name and contents]
    #[arg(long, value_name = "FORMAT", value_parser = FORMATS)]
    format: Option<String>,

    /// The object in a JSON file that holds the variables
    #[arg(long, value_name = "PATH", value_parser = key_path)]
    at: Option<KeyPath>,

    /// Name nested values of a SOPS file after their paths, joined by _
    #[arg(long)]
    flatten: bool,

    /// Leave this variable, or path of a SOPS file, out; may be repeated
    #[arg(long, value_name = "NAME")]
    except: Vec<String>,

    /// Extend this manifest, under its present key
    #[arg(long, short = 'f', value_name = "MANIFEST")]
    into: Option<PathBuf>,

    /// Write a new manifest of this name: manifests/NAME.yaml
    #[arg(long, value_name = "NAME", conflicts_with = "into")]
    name: Option<ManifestName>,

    /// An existing target that gets what SOPS files and - hold; may be repeated
    #[arg(long, value_name = "TARGET", requires = "into")]
    target: Vec<TargetName>,

    /// Keep this variable in clear text, for everyone to read; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    clear: Vec<VarName>,

    /// Keep everything in clear text that looks as if anybody might read it
    #[arg(long)]
    clear_suggested: bool,

    /// Somebody else who may read a new manifest; may be repeated
    #[arg(long, value_name = "KEY", conflicts_with = "into")]
    recipient: Vec<String>,

    /// Ask nobody, and make an identity if there is none
    #[arg(long, short)]
    yes: bool,
}

impl SourcesArgs {
    fn leaves_out(&self, name: &VarName) -> bool {
        self.except.iter().any(|left_out| left_out == name.as_str())
    }
}

fn key_path(text: &str) -> Result<KeyPath, String> {
    text.parse()
        .map_err(|wrong: crate::model::InvalidKeyPath| format!("it must {}", wrong.0))
}

/// Where the manifest is, or will be.
enum Goal {
    New { name: ManifestName, path: PathBuf },
    Extend(Box<session::Item>),
}

impl Goal {
    fn of(arguments: &SourcesArgs, context: &Context, ui: &mut Ui) -> Result<Self, CommandError> {
        if let Some(path) = &arguments.into {
            let item = session::load_one(Some(path), context, ui)?;
            return Ok(Self::Extend(Box::new(item)));
        }
        let name = match &arguments.name {
            Some(name) => name.clone(),
            None => usual_name(context)?,
        };
        let path = super::refuse_existing(context, &name)?;
        Ok(Self::New { name, path })
    }

    /// As people name it.
    fn path(&self) -> &Path {
        match self {
            Self::New { path, .. } => path,
            Self::Extend(item) => &item.file.path,
        }
    }
}

/// What `init` would call the first one; with others there, nobody but the user knows.
fn usual_name(context: &Context) -> Result<ManifestName, CommandError> {
    let there = match source::load_manifests(&context.folder, &[]) {
        Ok(files) => files.into_iter().map(|file| file.path).collect(),
        Err(source::LoadError::NoDefault | source::LoadError::EmptyFolder { .. }) => vec![],
        Err(error) => return Err(CommandError::of(&error)),
    };
    if there.is_empty() {
        return Ok(ManifestName::new("dev").expect("the name keeps the rule"));
    }
    let flags: Vec<String> = there
        .iter()
        .map(|path| format!("--into {}", path.display()))
        .collect();
    Err(
        CommandError::usage("there are manifests here: say whether to extend one")
            .hint(flags.join(", or "))
            .hint("--name NAME writes another one"),
    )
}

pub(super) fn run(
    arguments: &SourcesArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let sources = Spelled::all(&arguments.source)?;
    if arguments.at.is_some()
        && let Some(format) = arguments.format.as_deref()
        && !matches!(format, "json" | "json5")
    {
        return Err(CommandError::usage(
            "--at goes with the formats json and json5",
        ));
    }
    let goal = Goal::of(arguments, context, ui)?;
    let mut keyring = session::keyring(global, context);
    let known = match &goal {
        Goal::New { .. } => None,
        Goal::Extend(item) => Some(extend::Known::of(item, arguments, &mut keyring, ui)?),
    };
    let ground = address::Ground::of(&goal, context)?;
    let places = address::places(&sources, &ground, arguments, context)?;
    owned::refuse_second_owner(&places, context, ui)?;
    let held = read::read(places, arguments, &mut keyring, context, ui)?;
    let found: Vec<_> = held.iter().map(|held| held.found.clone()).collect();
    let manifest = known.as_ref().map(|known| known.manifest.clone());
    let gathered = gather(&found, &manifest.unwrap_or_default());
    let clear = clear(arguments, &gathered)?;
    tell::protect(&gathered, &held, &clear, ui);
    tell::notes(&held, ui);
    tell::apart(&gathered, ui);
    let asks = context.terminal.input && context.terminal.errors && !arguments.yes;
    let done = tell::Done {
        path: goal.path(),
        gathered: &gathered,
        held: &held,
        clear: &clear,
        arguments,
    };
    if asks {
        done.suggest(false, ui);
    }
    let written = match (&goal, &known) {
        (Goal::New { name, path }, _) => {
            let new = fresh::Fresh {
                name,
                path,
                asks,
                arguments,
            };
            new.write(&done, global, context, ui)?
        }
        (Goal::Extend(item), Some(known)) => {
            let question = format!("Change {}?", item.file.path.display());
            match asks && !confirm(ui, &question)? {
                true => None,
                false => Some(extend::write(item, known, &done, context, ui)?),
            }
        }
        (Goal::Extend(_), None) => None,
    };
    let Some(written) = written else {
        ui.say("nothing more was written");
        return Ok(Exit::REFUSED);
    };
    done.say(&written, ui);
    if !asks {
        done.suggest(true, ui);
    }
    ui.say(&format!("  next: driftlock plan {}", goal.path().display()));
    Ok(Exit::DONE)
}

/// What is kept in clear text; a private key never is.
fn clear(arguments: &SourcesArgs, gathered: &Gathered) -> Result<BTreeSet<VarName>, CommandError> {
    let imported = Imported {
        declared: gathered.declared.clone(),
        suggested: gathered.suggested.clone(),
        renamed: gathered.renamed.clone(),
        // shared with the manifest, which says itself whether it is in clear
        references: gathered.shared.clone(),
        ..Imported::default()
    };
    let clear = compose::clear(&compose::Choice {
        named: &arguments.clear,
        all_suggested: arguments.clear_suggested,
        imported: &imported,
    })?;
    let private = clear.iter().find(|name| {
        let declared = gathered.declared.get(*name);
        declared.is_some_and(|declared| lint_value(&declared.value).contains(&"private-key"))
    });
    match private {
        Some(name) => Err(CommandError::refused(format!(
            "{name} is a private key, which does not belong in clear text; nothing was written"
        ))
        .hint("import it encrypted: leave it out of --clear")),
        None => Ok(clear),
    }
}
