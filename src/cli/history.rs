//! `history`: what was applied to a target or a variable.

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::records;
use super::session;
use super::ui::Ui;
use crate::journal::{HistoryEntry, HistoryFilter, Proof, VarAction, VarOutcome, VarReceipt};
use crate::journal::{Receipt, ReceiptOutcome};
use crate::model::{TargetName, VarName};
use crate::reconcile::event::{self, HistoryAction, HistoryReport, HistoryVar};
use crate::render::json::{self, HistoryDocument};
use crate::render::text;

/// Show what was applied to a target or a variable, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock history
  driftlock history DATABASE_URL
  driftlock history --target api --limit 3
  driftlock history --json")]
pub(crate) struct HistoryArgs {
    /// Only receipts that touch this variable
    variable: Option<VarName>,

    /// Only receipts of this target
    #[arg(long, value_name = "TARGET")]
    target: Option<TargetName>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Print JSON (see `driftlock schema history`)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &HistoryArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let mut keyring = session::keyring(global, context);
    let opening = session::open(&item, &mut keyring, ui);
    let items = std::slice::from_ref(&item);
    let mut journal = records::journal(global, context, items, false, ui)?;
    let fingerprinter = session::fingerprinter(&opening, &mut *journal, &item.scope, false)?;
    let auth = session::authenticator(fingerprinter.as_ref());
    let filter = HistoryFilter {
        target: arguments.target.clone(),
        variable: arguments.variable.clone(),
        // one more, to know whether there are older ones
        limit: Some(arguments.limit.saturating_add(1)),
    };
    let mut entries = journal
        .history(&item.scope, &filter, &auth)
        .map_err(|error| records::explain(&error))?;
    for note in journal.notes() {
        ui.warn(&note);
    }
    let damaged = entries
        .iter()
        .filter(|entry| entry.receipt.is_none())
        .count();
    if damaged > 0 {
        ui.warn(&format!(
            "{damaged} receipts of the journal cannot be read, and count as none"
        ));
    }
    let older = entries.len().saturating_sub(arguments.limit);
    entries.truncate(arguments.limit);
    let report = HistoryReport {
        subject: subject(arguments, item.loaded.manifest.name.as_str()),
        entries: entries.into_iter().filter_map(entry).collect(),
        older,
    };
    let mut out = String::new();
    let written = if arguments.json {
        let verdict = Exit::DONE.verdict("looked up");
        json::render_json(&mut out, &HistoryDocument::new(&report, &verdict))
    } else {
        text::render_history(&mut out, &ui.style(), &report, context.now())
    };
    written.map_err(|_| CommandError::error("the history cannot be written as text"))?;
    ui.page(&out);
    Ok(Exit::DONE)
}

fn subject(arguments: &HistoryArgs, manifest: &str) -> String {
    match (&arguments.variable, &arguments.target) {
        (Some(variable), Some(target)) => format!("{variable} on {target}"),
        (Some(variable), None) => variable.to_string(),
        (None, Some(target)) => target.to_string(),
        (None, None) => manifest.to_owned(),
    }
}

fn entry(entry: HistoryEntry) -> Option<event::HistoryEntry> {
    let verified = entry.proof == Proof::Verified;
    let number = entry.id.0;
    let receipt: Receipt = entry.receipt?;
    Some(event::HistoryEntry {
        receipt: number,
        at: entry.at,
        who: receipt.who,
        revision: receipt.revision,
        plan_id: receipt.plan_id,
        target: receipt.target,
        outcome: match receipt.outcome {
            ReceiptOutcome::Applied => "applied",
            ReceiptOutcome::Partial => "partial",
            ReceiptOutcome::InDoubt => "in doubt",
            ReceiptOutcome::Recorded => "recorded",
            ReceiptOutcome::Undone => "undone",
        }
        .to_owned(),
        verified,
        activated: receipt.activated.map(|one| (one.how, one.succeeded)),
        vars: receipt
            .vars
            .into_iter()
            .map(|(name, var)| variable(name, &var))
            .collect(),
    })
}

fn variable(name: VarName, receipt: &VarReceipt) -> HistoryVar {
    HistoryVar {
        name,
        action: match receipt.action {
            VarAction::Set => HistoryAction::Set,
            VarAction::Delete => HistoryAction::Delete,
            VarAction::Record => HistoryAction::Record,
            VarAction::Adopt => HistoryAction::Adopt,
        },
        before: receipt.before,
        after: receipt.after,
        trouble: match receipt.outcome {
            VarOutcome::Done => None,
            VarOutcome::Refused => Some("refused".to_owned()),
            VarOutcome::InDoubt => Some("in doubt".to_owned()),
        },
    }
}
