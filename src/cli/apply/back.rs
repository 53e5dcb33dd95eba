//! The part of an apply that is `undo`'s: what is to be taken back, and what to say about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look::Opened;
use crate::cli::records;
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::journal::{HistoryEntry, HistoryFilter, Journal, UndoStore};
use crate::model::VarName;
use crate::reconcile::load::Opening;
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::undo::{
    Answer, Policy, Question, Refusal, Retention, assemble, without_twins,
};

/// More names than these are counted.
const MOST_NAMES: usize = 5;

/// The kept values of a manifest, and the receipts that they belong to.
pub(in crate::cli) struct Kept<'a> {
    pub(in crate::cli) opened: &'a Opened<'a>,
    pub(in crate::cli) entries: Vec<HistoryEntry>,
    pub(in crate::cli) rows: Vec<crate::journal::KeptRow>,
    pub(in crate::cli) retention: Retention,
}

impl<'a> Kept<'a> {
    /// Reads both.
    pub(in crate::cli) fn read(
        opened: &'a Opened<'a>,
        journal: &dyn Journal,
        store: Option<&UndoStore>,
        context: &Context,
    ) -> Result<Self, CommandError> {
        let auth = session::authenticator(opened.fingerprinter.as_ref());
        let entries = journal
            .history(&opened.item.scope, &HistoryFilter::default(), &auth)
            .map_err(|error| records::explain(&error))?;
        let rows = match store {
            Some(store) => store
                .rows(&opened.item.scope)
                .map_err(|error| CommandError::of(&error))?,
            None => vec![],
        };
        let open = opened.opening.as_open();
        Ok(Self {
            opened,
            entries,
            rows: without_twins(rows, open.map(|open| open.envelope.key_id())),
            retention: match context.undo_policy() {
                Some(Policy::For(retention)) => retention,
                // what is not deleted yet can still be put back
                Some(Policy::Off) | None => Retention::default(),
            },
        })
    }

    /// What these receipts go back to.
    pub(in crate::cli) fn answer(
        &self,
        wanted: &BTreeSet<u64>,
        context: &Context,
    ) -> Result<Answer, Refusal> {
        let auth = session::authenticator(self.opened.fingerprinter.as_ref());
        assemble(&Question {
            wanted,
            entries: &self.entries,
            rows: &self.rows,
            located: &self.opened.item.located,
            auth: &auth,
            envelope: self.opened.opening.as_open().map(|open| &open.envelope),
            machine: &context.machine(),
            now: context.now(),
            retention: self.retention,
        })
    }
}

/// What is to be taken back. Its secrets are kept from every output from here on.
pub(super) fn answer(
    wanted: &BTreeSet<u64>,
    opened: &[Opened<'_>],
    journal: &dyn Journal,
    store: Option<&UndoStore>,
    context: &Context,
    ui: &mut Ui,
) -> Result<Answer, CommandError> {
    let [opened] = opened else {
        return Err(CommandError::usage("undo is about one manifest"));
    };
    if let Opening::Sealed(why) = &opened.opening {
        return Err(session::sealed(&opened.item.file.path, why));
    }
    let kept = Kept::read(opened, journal, store, context)?;
    let answer = kept
        .answer(wanted, context)
        .map_err(|refusal| refused(&refusal))?;
    ui.protect(answer.back.secrets(), []);
    for left in &answer.as_is {
        let (name, target, why) = (&left.name, &left.target, &left.why);
        ui.warn(&format!(
            "{name} on {target} stays as it is, its former value is not kept: {why}"
        ));
    }
    Ok(answer)
}

fn refused(refusal: &Refusal) -> CommandError {
    let error = CommandError::refused(format!("cannot {refusal}"));
    match refusal {
        Refusal::Unknown(_) | Refusal::NothingWritten(_) => {
            error.hint("driftlock undo --list says what can be undone")
        }
        Refusal::NotKept(_) => error.hint(
            "former values are kept for 30 days and the newest 50 receipts of a target, unless DRIFTLOCK_UNDO or --no-undo said otherwise; git has the former manifest",
        ),
        Refusal::OtherKey(_) | Refusal::NoValue { .. } => {
            error.hint("git has the former manifest: revert there, then `driftlock apply`")
        }
        Refusal::NotVerified(_) | Refusal::Forged(_) => error.hint("nothing was written"),
        Refusal::NoTarget { .. } | Refusal::Moved { .. } | Refusal::OtherMachine { .. } => error,
    }
}

/// The same run, limited to what is taken back.
pub(super) fn scope(scope: &Scope, answer: &Answer) -> Scope {
    Scope {
        targets: Some(answer.back.undo.targets.keys().cloned().collect()),
        undo: Some(Arc::new(answer.back.clone())),
        ..scope.clone()
    }
}

/// The variables of which the manifest wants something else than what is put back. `pass` is the
/// ordinary one.
pub(super) fn unlike_manifest(answer: &Answer, pass: &Pass<'_>, memory: &Memory) -> Vec<VarName> {
    let mut unlike = BTreeSet::new();
    for (target, names) in &answer.back.targets {
        let desired = pass.desired(target, memory);
        for (name, back) in names {
            let former = back.former.as_ref().map(|former| &former.value);
            let wanted = desired.vars.get(name).map(|wanted| &wanted.value);
            if former != wanted {
                unlike.insert(name.clone());
            }
        }
    }
    unlike.into_iter().collect()
}

/// What is left to do where the manifest wants something else than what was put back.
pub(super) fn still_wanted(answer: &Answer, names: &[VarName], ui: &mut Ui) {
    let clean: Vec<&str> = (answer.revisions.iter())
        .filter(|revision| !revision.ends_with('+'))
        .map(|revision| revision.get(..12).unwrap_or(revision))
        .collect();
    let how = match clean.as_slice() {
        [] => "set it back there too".to_owned(),
        // newest first; a run of several manifests may have had several
        clean => format!("revert it too with `git revert {}`", clean.join(" ")),
    };
    let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(VarName::as_str).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ui.say(&format!(
        "note: the manifest still has what was undone ({}{more}): {how}, or the next apply writes it again",
        shown.join(", ")
    ));
}
