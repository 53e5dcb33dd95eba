//! `undo`: put back what an apply overwrote, by a plan under the same rails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::apply::{self, ApplyArgs, Kept};
use super::context::Context;
use super::error::{CommandError, Exit};
use super::lease::LeaseArgs;
use super::look;
use super::records;
use super::selection::{Allowances, Selection};
use super::session;
use super::ui::Ui;
use crate::journal::{KeptKind, KeptRow};
use crate::model::VarName;
use crate::reconcile::event::{UndoEntry, UndoKept, UndoList, UndoVar};
use crate::reconcile::undo::{expired, until};
use crate::render::json::{self, UndoDocument};
use crate::render::text;

/// Put back what an apply overwrote
///
/// Takes the numbers of receipts, as `history` shows them, and plans like `apply`: what somebody or a
/// later apply changed since is held, and so is a variable of which another target would keep the new
/// value. Shows the plan and asks. What it overwrites is kept too, so an undo can be undone. Without a
/// number, shows which receipts can be undone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock undo                                which receipts can be undone, and until when
  driftlock undo 12                             put back what receipt 12 overwrote
  driftlock undo 12 13 --yes                    two targets of one run; ask nobody
  driftlock undo 12 --overwrite TOKEN@api       though it was changed there since
  DRIFTLOCK_UNDO=7d driftlock apply             keep former values for 7 days [default: 30d]
  DRIFTLOCK_UNDO=off driftlock apply            keep none, and delete those that are kept")]
pub(crate) struct UndoArgs {
    /// The receipts
    #[arg(value_name = "RECEIPT")]
    receipts: Vec<u64>,

    /// Show which receipts can be undone; no values
    #[arg(long, conflicts_with = "receipts")]
    list: bool,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// Overwrite what was changed since; may be repeated
    #[arg(long, value_name = "VARIABLE@TARGET", help_heading = "What is allowed")]
    overwrite: Vec<String>,

    /// Let a rail go, as the plan's message spells it; may be repeated
    #[arg(
        long,
        value_name = "RAIL[=N][@TARGET]",
        help_heading = "What is allowed"
    )]
    allow: Vec<String>,

    /// Put this variable back though another of its targets keeps the new value
    #[arg(long, value_name = "VARIABLE", help_heading = "What is allowed")]
    partial: Vec<VarName>,

    #[command(flatten)]
    lease: LeaseArgs,

    /// Ask nobody
    #[arg(long, short)]
    yes: bool,

    /// Store only: let no platform deploy or restart what reads it
    #[arg(long)]
    no_activate: bool,

    /// Print JSON (see `driftlock schema undo` for the list, `driftlock schema apply` for an undo)
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    arguments: &UndoArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    if arguments.receipts.is_empty() {
        return list(arguments, global, context, ui);
    }
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    tracing::debug!(path = %item.file.path.display(), "undo");
    let apply = ApplyArgs {
        selection: Selection::of_variables(arguments.manifest.as_deref(), vec![]),
        allowances: Allowances::of_flags(
            &arguments.overwrite,
            &arguments.allow,
            &arguments.partial,
        ),
        yes: arguments.yes,
        no_activate: arguments.no_activate,
        no_undo: false,
        lease: arguments.lease.clone(),
        id: None,
        json: arguments.json,
        undo: arguments.receipts.iter().copied().collect(),
    };
    apply::run(&apply, global, context, ui)
}

fn list(
    arguments: &UndoArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let mut keyring = session::keyring(global, context);
    let items = std::slice::from_ref(&item);
    let mut journal = records::journal(global, context, items, false, ui)?;
    let opened = look::open(&item, &mut keyring, &mut *journal, None, false, context, ui)?;
    let store = records::undo_store(global, context);
    let kept = Kept::read(&opened, &*journal, store.as_ref(), context)?;
    let report = UndoList {
        manifest: item.loaded.manifest.name.to_string(),
        entries: entries(&kept, context),
    };
    let mut out = String::new();
    let written = if arguments.json {
        let verdict = Exit::DONE.verdict("looked up");
        json::render_json(&mut out, &UndoDocument::new(&report, &verdict))
    } else {
        text::render_undo(&mut out, &ui.style(), &report)
    };
    written.map_err(|_| CommandError::error("the list cannot be written as text"))?;
    ui.page(&out);
    Ok(Exit::DONE)
}

/// The receipts that something is kept for, newest first.
fn entries(kept: &Kept<'_>, context: &Context) -> Vec<UndoEntry> {
    let gone = expired(&kept.rows, context.now(), &kept.retention);
    let here = |row: &&KeptRow| row.id.is_none_or(|id| !gone.contains(&id));
    let numbers: BTreeSet<u64> = kept
        .rows
        .iter()
        .filter(here)
        .filter_map(|row| row.receipt)
        .collect();
    let entry = |number: u64| {
        let of = |row: &&KeptRow| row.receipt == Some(number);
        let rows: Vec<&KeptRow> = kept.rows.iter().filter(here).filter(of).collect();
        let first = rows.first()?;
        let found = (kept.entries.iter()).find(|entry| entry.id.0 == number);
        let receipt = found.and_then(|entry| entry.receipt.as_ref());
        let trouble = match &kept.opened.opening {
            crate::reconcile::load::Opening::Sealed(_) => {
                Some("the manifest stays sealed".to_owned())
            }
            _ => kept
                .answer(&BTreeSet::from([number]), context)
                .err()
                .map(|why| format!("cannot {why}")),
        };
        Some(UndoEntry {
            receipt: number,
            target: first.target.clone(),
            at: first.at,
            until: until(first, &kept.retention),
            who: receipt.map(|receipt| receipt.who.clone()),
            trouble,
            vars: rows.iter().map(|row| variable(row)).collect(),
        })
    };
    numbers.into_iter().rev().filter_map(entry).collect()
}

fn variable(row: &KeptRow) -> UndoVar {
    UndoVar {
        name: row.variable.clone(),
        kept: match row.kind {
            KeptKind::Secret | KeptKind::Clear => UndoKept::Value,
            KeptKind::Absent => UndoKept::Absent,
            KeptKind::NotKept => UndoKept::Not,
        },
        // the only body that is no value
        why: (row.kind == KeptKind::NotKept).then(|| row.body.clone()),
    }
}
