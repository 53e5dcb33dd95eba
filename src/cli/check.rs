//! `check`: is the manifest valid, does it open, and is there anything to look at?

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::rails::Folders;
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::manifest::{Source, Variable};
use crate::model::{Diagnostic, Position, Severity, VarName, lint_value};
use crate::reconcile::expiry::{Due, due};
use crate::reconcile::load::{self, Opener, Opening};
use crate::render::json::{self, CheckDocument};
use crate::render::text::{self, CheckedFile};
use crate::source;

/// Check manifests: valid, keys in order, every value opens, nothing suspicious
///
/// Without an identity it checks what can be seen without one: the file itself, and whether each
/// value was sealed under the key that the file names. Reads no target.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock check
  driftlock check manifests/production.yaml --strict
  driftlock check --json")]
pub(crate) struct CheckArgs {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    /// Warnings fail too (exit 2)
    #[arg(long)]
    strict: bool,

    /// Fail where no identity opens a manifest
    #[arg(long)]
    require_identity: bool,

    /// Print JSON (see `driftlock schema check`)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &CheckArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let files = source::load_manifests(&context.folder, &arguments.manifests)
        .map_err(|error| CommandError::of(&error))?;
    let mut keyring = session::keyring(global, context);
    let strict = arguments.require_identity || !global.identity.is_empty();
    let mut checked = vec![];
    let mut items = vec![];
    let mut folders = Folders::default();
    for file in files {
        let path = file.path.display().to_string();
        let diagnostics = match load::load(&file.text) {
            Err(diagnostics) => diagnostics,
            Ok(mut loaded) => {
                folders.tighten(&file, &mut loaded)?;
                let item = session::item(file, loaded, context);
                let found = inspect(&item, strict, &mut keyring, context.now());
                items.push(item);
                found
            }
        };
        checked.push((path, diagnostics));
    }
    checked.extend(folders.check(&items));
    if let Some((first, second)) = session::shared_place_of(&items) {
        same_place(&mut checked, &first, &second, &items);
    }
    super::neighbours::warn_of_manifests(&items, context, ui);
    let exit = exit(&checked, arguments.strict);
    show(&checked, arguments, exit, ui)?;
    Ok(exit)
}

fn exit(checked: &[(String, Vec<Diagnostic>)], strict: bool) -> Exit {
    let all = || checked.iter().flat_map(|(_, diagnostics)| diagnostics);
    if all().any(|diagnostic| diagnostic.severity == Severity::Error) {
        Exit::ERROR
    } else if strict && all().next().is_some() {
        Exit::DIFFERENCES
    } else {
        Exit::DONE
    }
}

fn show(
    checked: &[(String, Vec<Diagnostic>)],
    arguments: &CheckArgs,
    exit: Exit,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let files: Vec<CheckedFile<'_>> = checked
        .iter()
        .map(|(path, diagnostics)| CheckedFile { path, diagnostics })
        .collect();
    let mut out = String::new();
    let written = if arguments.json {
        let verdict = exit.verdict(if exit == Exit::DONE {
            "no problems"
        } else {
            "there are problems"
        });
        json::render_json(&mut out, &CheckDocument::new(&files, &verdict))
    } else {
        text::render_check(&mut out, &ui.style(), &files)
    };
    written.map_err(|_| CommandError::error("the findings cannot be written as text"))?;
    ui.out(&out);
    Ok(())
}

/// Everything that can be said of a manifest that parses.
fn inspect(
    item: &Item,
    identity_required: bool,
    keyring: &mut Keyring,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let manifest = &item.loaded.manifest;
    let mut found = item.loaded.warnings.clone();
    let opening = load::open(manifest, keyring);
    match &opening {
        Opening::Clear => {}
        Opening::Sealed(why) => {
            let broken = !why.is_locked();
            found.push(Diagnostic {
                position: Position::default(),
                severity: if broken || identity_required {
                    Severity::Error
                } else {
                    Severity::Warning
                },
                code: "sealed",
                message: format!("its values were not checked: {why}"),
                help: Some(why.help().to_owned()),
            });
            found.extend(manifest.variables.iter().filter_map(unauthenticated));
            found.sort();
            return found;
        }
        Opening::Open(open) if !open.recipients_authentic => found.push(Diagnostic {
            position: manifest.recipients.first().map(|(_, at)| *at).unwrap_or_default(),
            severity: Severity::Error,
            code: "recipients-changed",
            message: "the recipients list is not the one that a reader signed: somebody without the key edited it".to_owned(),
            help: Some("restore `recipients:` from git, or let a reader accept the change".to_owned()),
        }),
        Opening::Open(_) => {}
    }
    let mut opener = Opener {
        opening: &opening,
        keyring,
    };
    for (name, variable) in &manifest.variables {
        found.extend(inspect_variable(item, name, variable, &mut opener, now));
    }
    found.sort();
    found
}

fn inspect_variable(
    item: &Item,
    name: &VarName,
    variable: &Variable,
    opener: &mut Opener<'_>,
    now: Timestamp,
) -> Vec<Diagnostic> {
    let at = |severity, code, message: String, help: Option<String>| Diagnostic {
        position: variable.position,
        severity,
        code,
        message,
        help,
    };
    let mut found = vec![];
    match &variable.source {
        Source::Clear(text) => {
            let value = crate::model::SecretValue::new(text.as_str());
            if lint_value(&value).contains(&"private-key") {
                found.push(at(
                    Severity::Error,
                    "private-key-in-clear",
                    format!("{name} is a private key in clear text"),
                    Some(format!(
                        "driftlock set {name}, and replace the key: it is in the history"
                    )),
                ));
            }
        }
        Source::Template(_) => {}
        Source::Sealed(_) | Source::Armored(_) => {
            match opener.value(&item.loaded.manifest, name) {
                Err(why) => found.push(at(
                    Severity::Error,
                    "does-not-open",
                    format!("{name} does not open: {why}"),
                    Some(format!(
                        "restore its line from git, or driftlock set {name}"
                    )),
                )),
                Ok(value) => {
                    for lint in lint_value(&value.value) {
                        if lint != "private-key" {
                            let message = format!("the value of {name} touches the rail {lint}");
                            let help = Some(format!("driftlock set {name}"));
                            found.push(at(Severity::Warning, lint, message, help));
                        }
                    }
                    found.extend(expiry(name, variable, value.sealed_at, now));
                }
            }
            found.extend(unauthenticated((name, variable)));
        }
    }
    found
}

/// Written without the key: that can be seen without one, too.
fn unauthenticated((name, variable): (&VarName, &Variable)) -> Option<Diagnostic> {
    matches!(variable.source, Source::Armored(_)).then(|| Diagnostic {
        position: variable.position,
        severity: Severity::Warning,
        code: "unauthenticated",
        message: format!("{name} was written without the key, and waits"),
        help: Some(format!("driftlock accept {name}")),
    })
}

/// Two targets of different manifests that are one place; within one manifest the parser finds it.
fn same_place(
    checked: &mut [(String, Vec<Diagnostic>)],
    first: &str,
    second: &str,
    items: &[Item],
) {
    let spec = items
        .iter()
        .flat_map(|item| {
            item.loaded
                .manifest
                .targets
                .iter()
                .map(move |spec| (item, spec))
        })
        .find(|(item, spec)| session::full_name(item, &spec.name) == second);
    let Some((item, spec)) = spec else { return };
    let path = item.file.path.display().to_string();
    for (_, diagnostics) in checked.iter_mut().filter(|(of, _)| *of == path) {
        diagnostics.push(Diagnostic {
            position: spec.position,
            severity: Severity::Error,
            code: "same-place",
            message: format!("{first} and {second} are the same place"),
            help: Some("let one target hold the variables of both".to_owned()),
        });
    }
}

/// `expires` has passed, or `rotate` counts further than from the day it was sealed.
fn expiry(
    name: &VarName,
    variable: &Variable,
    sealed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Diagnostic> {
    let (code, message) = match due(&variable.metadata, sealed_at, now)? {
        Due::Expired(_) => ("expired", format!("{name} has expired")),
        Due::Rotation { .. } => ("rotation-due", format!("{name} is due for rotation")),
    };
    Some(Diagnostic {
        position: variable.position,
        severity: Severity::Warning,
        code,
        message,
        help: Some(format!("driftlock set {name}")),
    })
}
