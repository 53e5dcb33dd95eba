//! `recipients list` and `recipients verify`: who may read, and what of that can be proved.

use std::path::PathBuf;

use clap::Args;

use super::past::Past;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::model::{Finding, Severity};
use crate::reconcile::event::{ReadersOf, RecipientsReport};
use crate::reconcile::load;
use crate::reconcile::readers::look;
use crate::render::json::{self, RecipientsDocument};
use crate::render::text;
use crate::source::{self, ManifestFile};

/// Show who may read, without changing anything
///
/// Needs no identity; with one it is also said whether the list is the one that a reader signed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients list
  driftlock recipients list manifests/production.yaml --full
  driftlock recipients list --history        since which commit each is listed
  driftlock recipients list --json")]
pub(super) struct ListArgs {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    /// Whole keys
    #[arg(long)]
    full: bool,

    /// Say since which commit each is listed
    #[arg(long)]
    history: bool,

    /// Print JSON (see `driftlock schema recipients`)
    #[arg(long)]
    json: bool,
}

/// Prove everything that can be proved of a manifest's readers and values
///
/// The header is in its one form, the list is the one that a reader signed, the header is for exactly
/// that list, and every value opens under the manifest's key. What cannot be looked at is an error.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock recipients verify
  driftlock recipients verify manifests/production.yaml --json

Exit codes: 0 all proved · 1 something is wrong, or could not be looked at · 2 values wait for a reader")]
pub(super) struct VerifyArgs {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    /// Print JSON (see `driftlock schema recipients`)
    #[arg(long)]
    json: bool,
}

pub(super) fn list(
    arguments: &ListArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let how = How {
        proves: false,
        history: arguments.history,
    };
    let report = report(&arguments.manifests, &how, global, context)?;
    let unread = report.manifests.iter().any(|of| of.name.is_none());
    let exit = if unread { Exit::ERROR } else { Exit::DONE };
    let reason = match unread {
        true => "a manifest does not parse",
        false => "looked up",
    };
    show(&report, exit, reason, arguments.json, arguments.full, ui)?;
    Ok(exit)
}

pub(super) fn verify(
    arguments: &VerifyArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let how = How {
        proves: true,
        history: false,
    };
    let report = report(&arguments.manifests, &how, global, context)?;
    let has = |severity: Severity| {
        let mut findings = report.manifests.iter().flat_map(|of| &of.findings);
        findings.any(|one| one.diagnostic.severity == severity)
    };
    let unseen = report.manifests.iter().any(|of| !of.unchecked.is_empty());
    let (exit, reason) = if has(Severity::Error) {
        (Exit::ERROR, "something is wrong")
    } else if unseen {
        (Exit::ERROR, "something could not be looked at")
    } else if has(Severity::Warning) {
        (Exit::DIFFERENCES, "values wait for a reader")
    } else {
        (Exit::DONE, "all proved")
    };
    show(&report, exit, reason, arguments.json, false, ui)?;
    Ok(exit)
}

struct How {
    proves: bool,
    history: bool,
}

/// Each manifest for itself: what is wrong with one does not hide the others.
fn report(
    paths: &[PathBuf],
    how: &How,
    global: &Global,
    context: &Context,
) -> Result<RecipientsReport, CommandError> {
    let files =
        source::load_manifests(&context.folder, paths).map_err(|error| CommandError::of(&error))?;
    let mut keyring = session::keyring(global, context);
    let manifests = files
        .into_iter()
        .map(|file| one(file, how, &mut keyring, context));
    Ok(RecipientsReport {
        manifests: manifests.collect(),
        proves: how.proves,
    })
}

fn one(file: ManifestFile, how: &How, keyring: &mut Keyring, context: &Context) -> ReadersOf {
    let loaded = match load::load(&file.text) {
        Ok(loaded) => loaded,
        Err(diagnostics) => {
            return ReadersOf {
                path: file.path,
                findings: diagnostics.into_iter().map(Finding::of_file).collect(),
                ..ReadersOf::default()
            };
        }
    };
    let now = context.now();
    let mut of = look(&file.path, &loaded, &file.text, keyring, how.proves, now);
    if how.history {
        let item = session::item(file, loaded, context);
        if let Some(past) = Past::of(&item, context) {
            of.key_since = of.key.and_then(|key| past.key_since(key));
            for reader in &mut of.readers {
                reader.since = past.listed_since(&reader.key);
            }
        }
    }
    of
}

fn show(
    report: &RecipientsReport,
    exit: Exit,
    reason: &str,
    as_json: bool,
    full: bool,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let mut out = String::new();
    let written = if as_json {
        let document = RecipientsDocument::new(report, &exit.verdict(reason));
        json::render_json(&mut out, &document)
    } else {
        text::render_recipients(&mut out, &ui.style(), report, full)
    };
    written.map_err(|_| CommandError::error("the list cannot be written as text"))?;
    ui.page(&out);
    Ok(())
}
