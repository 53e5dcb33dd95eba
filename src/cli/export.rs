//! `export`: what a target shall hold, in the form that another program reads.

mod formats;

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::target_values::{self, Asked, TargetValues};
use super::ui::Ui;
use crate::crypto::random_bytes;
use crate::model::VarName;
use crate::source;
use formats::Text;

/// Print a target's variables with their values, for another program
///
/// The values are what the manifest says now, under their names on the target, templates expanded; no
/// target is read. Beside `reveal` this is the command that shows secrets: to a terminal, to a file, and
/// anywhere else only if told so. A value that a format cannot hold, that is not known, or that nobody
/// vouches for, is an error, and nothing is printed. `run` starts a command with the same values and
/// leaves no copy.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock export local --format dotenv --out .env.local
  eval \"$(driftlock export local --format shell --yes-print-the-secrets)\"
  driftlock export api --format k8s-secret --namespace shop --yes-print-the-secrets | kubectl apply -f -
  driftlock export ci --format github      in a job: for its later steps, hidden in its log")]
pub(crate) struct ExportArgs {
    /// The target: TARGET, or MANIFEST/TARGET where several manifests have it
    #[arg(value_name = "TARGET")]
    target: String,

    /// The manifest [default: those in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// What it shall look like
    #[arg(long, value_name = "FORMAT")]
    format: Format,

    /// Write this file, for its owner only, instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// With --out: take the place of the file that is there
    #[arg(long, requires = "out")]
    replace: bool,

    /// Leave this variable out; may be repeated
    #[arg(long, value_name = "NAME")]
    without: Vec<VarName>,

    /// For k8s-secret: the name of the Secret [default: made from the target's]
    #[arg(long, value_name = "NAME")]
    secret_name: Option<String>,

    /// For k8s-secret: the namespace of the Secret
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    /// Print although standard output is no terminal
    #[arg(long)]
    yes_print_the_secrets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// NAME=value, as every reader of dotenv files reads it alike
    Dotenv,
    /// One object of strings
    Json,
    /// export NAME='value', for eval
    Shell,
    /// For the later steps of a GitHub job: the file of GITHUB_ENV, and masks for its log
    Github,
    /// A Secret of Kubernetes
    K8sSecret,
    /// The environment of a service of Docker Compose
    Compose,
}

pub(crate) fn run(
    arguments: &ExportArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    check(arguments, context)?;
    let asked = Asked {
        target: &arguments.target,
        manifest: arguments.manifest.as_ref(),
        without: &arguments.without,
    };
    let taken = target_values::collect(&asked, global, context, ui)?;
    let text = text(arguments, &taken)?;
    let count = taken.values.len();
    let of = format!(
        "{count} variable{} of {}",
        if count == 1 { "" } else { "s" },
        taken.target
    );
    match (&arguments.out, arguments.format) {
        (Some(out), format) => {
            let path = context.absolute(out);
            write_file(&path, out, &text, arguments.replace)?;
            if format == Format::Github && context.is_on_runner() {
                ui.raw(formats::masks(&taken.values).as_bytes());
            }
            ui.say(&format!(
                "{of} written with their values to {}",
                out.display()
            ));
            if context.git().is_ignored(&path) == Some(false) {
                ui.warn(&format!(
                    "git does not ignore {}: add it to .gitignore, or a commit takes the values along",
                    out.display()
                ));
            }
        }
        (None, Format::Github) => {
            // first the masks: from then on no step's log shows the values
            ui.raw(formats::masks(&taken.values).as_bytes());
            add_to_job(&text, context)?;
            ui.say(&format!("{of} set for the later steps of this job"));
        }
        (None, _) => {
            ui.raw(text.as_bytes());
            ui.say(&format!("{of} printed with their values"));
        }
    }
    Ok(Exit::DONE)
}

/// What can be said before anything is opened.
fn check(arguments: &ExportArgs, context: &Context) -> Result<(), CommandError> {
    let of_secret = arguments.secret_name.is_some() || arguments.namespace.is_some();
    if of_secret && arguments.format != Format::K8sSecret {
        return Err(CommandError::usage(
            "--secret-name and --namespace go with --format k8s-secret only",
        ));
    }
    if let Some(name) = arguments
        .secret_name
        .as_deref()
        .filter(|name| !formats::is_object_name(name))
    {
        return Err(CommandError::usage(format!(
            "--secret-name: {} is no name that Kubernetes takes",
            crate::render::escape::quoted(name)
        ))
        .hint("lower-case letters, digits, dashes and dots"));
    }
    if let Some(name) = arguments
        .namespace
        .as_deref()
        .filter(|name| !formats::is_namespace(name))
    {
        return Err(CommandError::usage(format!(
            "--namespace: {} is no name that Kubernetes takes",
            crate::render::escape::quoted(name)
        ))
        .hint("lower-case letters, digits and dashes"));
    }
    if arguments.out.is_some() {
        return Ok(());
    }
    if arguments.format == Format::Github {
        return match (context.is_on_runner(), context.path("GITHUB_ENV")) {
            (true, Some(_)) => Ok(()),
            _ => Err(CommandError::error(
                "this is no job of a GitHub runner: GITHUB_ACTIONS and GITHUB_ENV are not set",
            )
            .hint("--out FILE writes what a job would be given")),
        };
    }
    if context.terminal.output || arguments.yes_print_the_secrets {
        return Ok(());
    }
    Err(CommandError::refused(
        "standard output is no terminal, and the secrets would go wherever it leads",
    )
    .hint("--out FILE writes a file that only you can read")
    .hint("--yes-print-the-secrets prints them all the same")
    .hint("driftlock run TARGET -- COMMAND needs no copy of them"))
}

fn text(arguments: &ExportArgs, taken: &TargetValues) -> Result<Text, CommandError> {
    let values = &taken.values;
    let made = match arguments.format {
        Format::Dotenv => formats::dotenv(values),
        Format::Json => Ok(formats::json(values)),
        Format::Shell => Ok(formats::shell(values)),
        Format::Github => formats::github(values, &delimiter()),
        Format::Compose => Ok(formats::compose(values)),
        Format::K8sSecret => {
            let name = arguments.secret_name.clone();
            let name = name
                .or_else(|| formats::slug(taken.target.as_str()))
                .ok_or_else(|| {
                    CommandError::usage("the target's name makes no name of a Secret")
                        .hint("--secret-name NAME")
                })?;
            formats::k8s_secret(values, &name, arguments.namespace.as_deref())
        }
    };
    made.map_err(|why| {
        CommandError::error(format!("{why}; nothing was exported"))
            .hint("--without NAME leaves a variable out; another --format may hold it")
    })
}

fn delimiter() -> String {
    let drawn = random_bytes::<16>();
    let hex: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("driftlock_{hex}")
}

/// Adds to what steps before said.
fn add_to_job(text: &Text, context: &Context) -> Result<(), CommandError> {
    let path = context.path("GITHUB_ENV").unwrap_or_default();
    let failed = |error: io::Error| {
        CommandError::error(format!(
            "the file of GITHUB_ENV cannot be written: {}",
            error.kind()
        ))
    };
    let old = fs::read(&path).map_err(failed)?;
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(failed)?;
    let gap: &[u8] = match old.last() {
        None | Some(b'\n') => b"",
        Some(_) => b"\n",
    };
    file.write_all(gap)
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(failed)
}

/// Whole or not at all, and for its owner only, whatever the mode of the one that was there.
fn write_file(path: &Path, shown: &Path, text: &Text, replace: bool) -> Result<(), CommandError> {
    let shown = shown.display();
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return source::write_new(path, text, 0o600).map_err(|error| CommandError::of(&error));
        }
        other => other.map_err(|error| {
            CommandError::error(format!("cannot look at {shown}: {}", error.kind()))
        })?,
    };
    if !found.is_file() {
        return Err(CommandError::refused(format!(
            "{shown} is a link, a folder or a device, and not written"
        ))
        .hint("name a file that is none of these"));
    }
    if !replace {
        return Err(CommandError::refused(format!("{shown} is there already"))
            .hint("--replace takes its place"));
    }
    let failed =
        |error: io::Error| CommandError::error(format!("cannot write {shown}: {}", error.kind()));
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".driftlock-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}
