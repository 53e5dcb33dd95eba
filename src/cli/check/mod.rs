//! `check`: the gate. Is the manifest valid, does it open, who reads it, is there anything to look at,
//! and where it is asked: do the targets hold what it says?

mod drift;
mod files;
mod format;
mod kinds;
mod outlets;
mod places;

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session;
use super::ui::Ui;
use crate::model::CheckKind;
use crate::reconcile::inspect::Wanted;
use crate::render::json::{self, CheckDocument};
use crate::render::report::Checked;
use crate::render::text;
use format::Wish;
use kinds::KindArgs;
use outlets::Outlets;

/// Check manifests: valid, keys in order, every value opens, nothing suspicious
///
/// Without an identity it checks what can be seen without one: the file itself, whether each value was
/// sealed under the key that the file names, whether the header is for the recipients, clear texts and
/// the dates in the file; and says what it left out. It reads no target unless it is asked for drift.
#[derive(Debug, Args)]
#[command(after_help = "\
Kinds:
  manifest    the files parse and make sense, rails.yaml too, and no two targets are one place
  keys        header, key ids, and every value opens
  recipients  the list is the signed one, and the header is for it
  lint        weak, short, repeated, mistyped secrets, secrets in clear; what no target can hold
  expiry      `expires`, `rotate`, and what values say themselves: passed, or within 14 days
  drift       what the targets hold; only with --drift or --only drift. Exit 2 where something differs

Examples:
  driftlock check
  driftlock check manifests/production.yaml --strict
  driftlock check --only manifest,keys,recipients --report annotations --report summary
  driftlock check --report junit=junit.xml --report sarif=driftlock.sarif
  driftlock check --only expiry --strict         for a nightly run
  driftlock check --drift --target api --json")]
pub(crate) struct CheckArgs {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    #[command(flatten)]
    kinds: KindArgs,

    /// Warnings fail too (exit 2)
    #[arg(long)]
    strict: bool,

    /// Fail where no identity opens a manifest
    #[arg(long)]
    require_identity: bool,

    /// Write a report: junit, sarif, code-quality (GitLab), annotations or summary (GitHub). Without
    /// FILE to standard output, the summary to the step's; may be repeated
    #[arg(long, value_name = "FORMAT[=FILE]")]
    report: Vec<Wish>,

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
    let kinds = arguments.kinds.wanted()?;
    let outlets = Outlets::find(&arguments.report, arguments.json, context)?;
    let wanted = Wanted {
        kinds: &kinds,
        identity_required: arguments.require_identity || !global.identity.is_empty(),
        now: context.now(),
    };
    let mut keyring = session::keyring(global, context);
    let (paths, has_reports) = (&arguments.manifests, !arguments.report.is_empty());
    let mut gathered = files::gather(paths, &wanted, has_reports, &mut keyring, context)?;
    super::neighbours::warn_of_manifests(&gathered.items, context, ui);
    if kinds.contains(&CheckKind::Drift) {
        let selection = arguments.kinds.selection(&arguments.manifests);
        drift::look(&mut gathered, &selection, &mut keyring, global, context, ui)?;
    }
    let checked = Checked {
        files: gathered.files,
        strict: arguments.strict,
    };
    let exit = exit(&checked);
    let shown = show(&checked, arguments.json, exit, &outlets, ui);
    let written = outlets.write(&checked, ui);
    shown?;
    Ok(exit.worst(written))
}

fn exit(checked: &Checked) -> Exit {
    let (errors, warnings) = checked.counts();
    let mut all = checked.files.iter().flat_map(|file| &file.findings);
    if errors > 0 {
        Exit::ERROR
    } else if all.any(|one| one.kind == CheckKind::Drift) || (checked.strict && warnings > 0) {
        Exit::DIFFERENCES
    } else {
        Exit::DONE
    }
}

/// What goes to standard output: one report, or JSON, or text.
fn show(
    checked: &Checked,
    is_json: bool,
    exit: Exit,
    outlets: &Outlets,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let mut out = String::new();
    let written = if let Some(format) = outlets.standard {
        format.render(&mut out, checked)
    } else if is_json {
        let verdict = exit.verdict(match exit {
            Exit::DONE => "no problems",
            Exit::DIFFERENCES => "there are warnings or differences",
            _ => "there are problems",
        });
        json::render_json(&mut out, &CheckDocument::new(checked, &verdict))
    } else {
        text::render_check(&mut out, &ui.style(), checked)
    };
    written.map_err(|_| CommandError::error("the findings cannot be written as text"))?;
    match outlets.standard {
        // reports are no commands of others by themselves, and annotations are commands of ours
        Some(_) => ui.out(&out),
        None => ui.page(&out),
    }
    Ok(())
}
