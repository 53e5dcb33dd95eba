//! `alert list`: what is open.

use std::path::PathBuf;

use clap::Args;

use crate::alert::brake;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::reconcile::own_book;
use crate::cli::records;
use crate::cli::ui::Ui;
use crate::journal::Remembered;
use crate::model::AlertBook;
use crate::reconcile::event::AlertsReport;
pub(super) use crate::reconcile::event::BookState;
use crate::reconcile::load::Opening;
use crate::render::json::{self, AlertsDocument};
use crate::render::text;

/// Show which alerts are open or muted, since when, and what to do
///
/// From the journal: no platform is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock alert list
  driftlock alert list manifests/production.yaml --all
  driftlock alert list --json

Exit codes: 0 looked up · 1 a book of alerts cannot be read")]
pub(super) struct ListArgs {
    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    /// Also what is not told yet, and what was told lately
    #[arg(long)]
    all: bool,

    /// Print JSON (see `driftlock schema alerts-list`)
    #[arg(long)]
    json: bool,
}

pub(super) fn run(
    arguments: &ListArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let opened = super::open(&arguments.manifests, false, global, context, ui)?;
    let now = context.now();
    let mut reports = vec![];
    for (item, opening, auth) in &opened.items {
        let book = opened.journal.alerts(&item.scope, auth);
        let book = state(book.map_err(|error| records::explain(&error))?, opening);
        reports.push(AlertsReport {
            manifest: item.loaded.manifest.name.to_string(),
            braked: match &book {
                BookState::Known(book) => brake::braked(book, now),
                BookState::Nothing | BookState::Unknown(_) => Default::default(),
            },
            book,
        });
    }
    // what it cannot load, keep or deliver is in a book of its own
    let own = own_book(global, context).filter(|book| !book.open.is_empty());
    reports.extend(own.map(|book| AlertsReport {
        manifest: "reconciler".to_owned(),
        braked: Default::default(),
        book: BookState::Known(book),
    }));
    for note in opened.journal.notes() {
        ui.warn(&note);
    }
    let unknown = |report: &AlertsReport| matches!(report.book, BookState::Unknown(_));
    let exit = match reports.iter().any(unknown) {
        true => Exit::ERROR,
        false => Exit::DONE,
    };
    let mut out = String::new();
    let written = if arguments.json {
        let reason = match exit == Exit::DONE {
            true => "looked up",
            false => "a book of alerts cannot be read",
        };
        let verdict = exit.verdict(reason);
        json::render_json(&mut out, &AlertsDocument::new(&reports, &verdict, now))
    } else {
        text::render_alerts(&mut out, &ui.style(), &reports, arguments.all, now)
    };
    written.map_err(|_| CommandError::error("the list cannot be written as text"))?;
    ui.page(&out);
    Ok(exit)
}

/// Unknown is not empty.
pub(super) fn state(book: Remembered<AlertBook>, opening: &Opening) -> BookState {
    let why = match book {
        Remembered::Known(book) => return BookState::Known(book),
        Remembered::Nothing => return BookState::Nothing,
        Remembered::OtherKey => match opening {
            Opening::Sealed(_) => "the manifest stays sealed, and with it the key that proves them",
            Opening::Open(_) | Opening::Clear => {
                "they are under a key that this manifest does not have"
            }
        },
        Remembered::Unreachable => "the journal cannot be reached",
        Remembered::Unverified => {
            "the book does not verify: somebody without the key wrote it, or it is damaged; the next scheduled run begins a new one"
        }
    };
    BookState::Unknown(why.to_owned())
}
