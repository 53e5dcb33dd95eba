//! Carrying out one plan of one manifest: the record in front of the journal, and what is kept for undo.

use std::collections::BTreeMap;

use crate::cli::context::Context;
use crate::cli::session::{self, Item};
use crate::journal::{Journal, UndoStore};
use crate::model::Fingerprinter;
use crate::plan::{Change, Plan};
use crate::reconcile::apply::apply;
use crate::reconcile::event::{ApplyReport, Event};
use crate::reconcile::load::Opening;
use crate::reconcile::pass::{Memory, Pass};
use crate::reconcile::remember::{Author, JournalRecord};
use crate::reconcile::stop::Stop;
use crate::reconcile::undo::{Keeper, Keeping, Policy};

/// What is written with, and what is noted where.
pub(in crate::cli) struct Hand<'a> {
    pub(in crate::cli) context: &'a Context,
    pub(in crate::cli) journal: &'a mut dyn Journal,
    /// Where what is overwritten is kept.
    pub(in crate::cli) undo: Option<&'a mut UndoStore>,
    pub(in crate::cli) policy: Policy,
    /// Whether anything is kept.
    pub(in crate::cli) keeps: bool,
}

/// The manifest that a plan is of, and what is remembered of it.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Subject<'a> {
    pub(in crate::cli) item: &'a Item,
    pub(in crate::cli) opening: &'a Opening,
    pub(in crate::cli) fingerprinter: Option<&'a Fingerprinter>,
    pub(in crate::cli) memory: &'a Memory,
}

/// What an apply came to.
pub(in crate::cli) struct Carried {
    pub(in crate::cli) report: ApplyReport,
    /// What people should know.
    pub(in crate::cli) notes: Vec<String>,
    /// Why nothing could be recorded.
    pub(in crate::cli) failure: Option<String>,
}

/// Writes what the plan says, reads it back, and records it.
pub(in crate::cli) async fn carry_out(
    hand: Hand<'_>,
    subject: Subject<'_>,
    pass: &Pass<'_>,
    plan: &Plan,
    stop: &Stop,
    events: &mut dyn FnMut(Event),
) -> Carried {
    let Subject { item, memory, .. } = subject;
    let auth = session::authenticator(subject.fingerprinter);
    let facts = item.loaded.manifest.authority_facts();
    let author = Author {
        who: hand.context.who(),
        at: hand.context.now(),
        revision: match pass.scope.undo {
            // what is put back is in no commit
            Some(_) => None,
            None => revision(hand.context, item, plan),
        },
    };
    let key_accepted = pass.key_accepted(plan, memory);
    let record = JournalRecord {
        journal: hand.journal,
        scope: &item.scope,
        auth: &auth,
        fingerprinter: subject.fingerprinter,
        last_facts: memory.authority.as_ref(),
        facts: &facts,
        consented: &|target| {
            !pass.scope.unattended || pass.scope.overrides.allows("authority", target, None)
        },
        key_accepted,
        undoing: pass.scope.undo.is_some(),
        author: &author,
        intents: BTreeMap::new(),
        notes: vec![],
        failure: None,
    };
    let keeper = Keeper {
        store: hand.undo,
        policy: hand.policy,
        keeps: hand.keeps,
        scope: &item.scope,
        envelope: subject.opening.as_open().map(|open| &open.envelope),
        auth: &auth,
        fingerprinter: subject.fingerprinter,
        memory,
        key_accepted,
        at: author.at,
    };
    let mut record = Keeping::new(record, keeper);
    let report = apply(pass, plan, memory, &mut record, stop, events).await;
    let Keeping { inner, notes, .. } = record;
    Carried {
        report,
        notes: inner.notes.into_iter().chain(notes).collect(),
        failure: inner.failure,
    }
}

/// The commit, asked for only where something will be recorded.
fn revision(context: &Context, item: &Item, plan: &Plan) -> Option<String> {
    if !something_to_do(plan) {
        return None;
    }
    let path = context.absolute(&item.file.path);
    let revision = context.git().revision_of(&[path])?;
    let dirty = if revision.dirty { "+" } else { "" };
    Some(format!("{}{dirty}", revision.commit))
}

/// Whether apply would write or record anything.
pub(in crate::cli) fn something_to_do(plan: &Plan) -> bool {
    !plan.authority.is_empty()
        || plan
            .targets
            .iter()
            .any(|target| target.will_activate() || target.changes.iter().any(Change::will_happen))
}
