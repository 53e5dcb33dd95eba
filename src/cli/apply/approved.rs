//! `apply FILE`: an approved plan in place of manifests. What was approved is all that is done, and of
//! that only what is still as the plan has it.

use std::path::{Path, PathBuf};

use super::ApplyArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look::Opened;
use crate::cli::saved;
use crate::cli::selection::{Allowances, Selection};
use crate::model::Overrides;
use crate::plan::{LiveState, Narrowed, Plan, Reason, SavedError, SavedPlans, narrow, unapproved};
use crate::reconcile::pass::{Pass, Scope};
use crate::render::Saved;

/// Fewer hex digits of an id name too much.
const SHORTEST_ID: usize = 12;

/// A plan file that this run carries out.
pub(super) struct Approved {
    file: PathBuf,
    saved: SavedPlans,
    /// Whether a person named its id.
    pub(super) by_id: bool,
}

impl Approved {
    /// The plan file among the arguments, if there is one.
    pub(super) fn find(
        arguments: &ApplyArgs,
        context: &Context,
    ) -> Result<Option<Self>, CommandError> {
        let named = &arguments.selection.manifests;
        let mut found = None;
        for file in named {
            if let Some(text) = saved::read(file, context)? {
                found = Some((file, text));
                break;
            }
        }
        let Some((file, text)) = found else {
            return match &arguments.id {
                None => Ok(None),
                Some(_) => Err(CommandError::usage(
                    "--id names the plan in a file, and none of what was named is a plan file",
                )
                .hint("driftlock plan --out plan.json makes one")),
            };
        };
        if named.len() > 1 {
            return Err(CommandError::usage(
                "a plan file is applied alone: it names its manifests itself",
            ));
        }
        refuse_flags(arguments)?;
        let saved = SavedPlans::parse(&text).map_err(|error| refused(file, &error))?;
        if let Some(id) = &arguments.id {
            check_id(id, saved.id().0.as_str())?;
        }
        Ok(Some(Self {
            file: file.clone(),
            saved,
            by_id: arguments.id.is_some(),
        }))
    }

    /// The arguments of a run over the plan's own manifests, as it was made.
    pub(super) fn arguments(
        &self,
        given: &ApplyArgs,
        context: &Context,
    ) -> Result<ApplyArgs, CommandError> {
        let manifests = self
            .saved
            .plans()
            .iter()
            .map(|one| saved::manifest_of(&one.path, context))
            .collect::<Result<_, _>>()?;
        let selection = self.saved.selection();
        let all = |set: Option<_>| set.map_or_else(Vec::new, Vec::from_iter);
        Ok(ApplyArgs {
            selection: Selection {
                manifests,
                target: all(selection.targets.clone()),
                only: selection
                    .variables
                    .clone()
                    .map_or_else(Vec::new, Vec::from_iter),
                since: selection.since.clone(),
                require_all: given.selection.require_all,
            },
            allowances: Allowances::of(&self.saved.overrides()),
            lease: given.lease.clone(),
            id: given.id.clone(),
            undo: given.undo.clone(),
            ..*given
        })
    }

    /// What may be done without asking again. A person who approved a first take-over approved it to
    /// its end, also where an earlier run of this plan came half way.
    pub(super) fn overrides(&self, unattended: bool) -> Overrides {
        let mut overrides = self.saved.overrides();
        if unattended {
            return overrides;
        }
        let targets = self.saved.plans().iter().flat_map(|one| &one.plan.targets);
        for target in targets {
            let taken = target.changes.iter().filter(|change| {
                let first = matches!(
                    change.reason,
                    Reason::FirstTakeOver | Reason::SealedFirstTakeOver
                );
                first && change.will_write()
            });
            let places = taken.map(|change| (change.name.clone(), target.target.clone()));
            overrides.overwrite.extend(places);
        }
        overrides
    }

    /// How the plan is named in what people paste.
    pub(super) fn named(&self) -> Saved {
        Saved {
            file: self.file.display().to_string(),
            id: self.saved.id().to_string(),
        }
    }

    /// Whether these are the manifests that the plan was made from, and nobody edited the file.
    pub(super) fn check(&self, opened: &[Opened<'_>]) -> Result<(), CommandError> {
        if opened.len() != self.saved.plans().len() {
            return Err(refused(&self.file, &SavedError::Count));
        }
        for (place, opened) in opened.iter().enumerate() {
            let Some(fingerprinter) = &opened.fingerprinter else {
                let path = opened.item.file.path.display();
                let why = format!(
                    "cannot apply {}: {path} stays sealed, so nobody can say whether the file was edited",
                    self.file.display()
                );
                return Err(CommandError::error(why));
            };
            let digest = &opened.item.loaded.digest;
            self.saved
                .verify(place, digest, fingerprinter)
                .map_err(|error| self.unproved(opened, &error))?;
        }
        Ok(())
    }

    fn unproved(&self, opened: &Opened<'_>, error: &SavedError) -> CommandError {
        let path = opened.item.file.path.display();
        let refused = refused(&self.file, error).detail(format!("of {path}"));
        let clear = opened.item.loaded.manifest.seal.is_none();
        if *error == SavedError::OtherKey && clear {
            return refused.hint(
                "a manifest without recipients has its key in the journal: apply the plan with the journal, and in the folder, that it was made with",
            );
        }
        refused
    }

    /// What is left of the plan of one manifest, now that everything was read again.
    pub(super) fn left(
        &self,
        place: usize,
        pass: &Pass<'_>,
        present: &Plan,
        live: &[LiveState],
    ) -> Result<Narrowed, CommandError> {
        let plan = &self.saved.plans()[place].plan;
        if let Some(gained) = unapproved(plan, present) {
            let error = CommandError::refused(format!(
                "cannot apply {}: the plan did not show what this revision of {} may do that the last applied one could not: {}",
                self.file.display(),
                plan.manifest,
                gained.what
            ));
            return Err(error.hint(again(&self.file)));
        }
        let with = pass
            .fingerprinter
            .ok_or_else(|| CommandError::error(format!("{} stays sealed", plan.manifest)))?;
        let partial = &pass.scope.overrides.partial;
        Ok(narrow(plan, present, live, with, partial))
    }
}

/// How a run over this plan counts: the id is the yes of a person.
pub(super) fn scope(approved: &Approved, arguments: &ApplyArgs, asks: bool) -> Scope {
    let unattended = !(asks || approved.by_id);
    Scope {
        targets: arguments.selection.targets(),
        variables: arguments.selection.variables(),
        overrides: approved.overrides(unattended),
        unattended,
        no_activate: arguments.no_activate,
        undo: None,
        scheduled: None,
        rests: std::collections::BTreeSet::new(),
    }
}

/// The plan was approved with its own.
fn refuse_flags(arguments: &ApplyArgs) -> Result<(), CommandError> {
    let selection = Selection {
        manifests: vec![],
        target: arguments.selection.target.clone(),
        only: arguments.selection.only.clone(),
        since: arguments.selection.since.clone(),
        require_all: false,
    };
    let mut words = selection.words();
    words.extend(arguments.allowances.words());
    match words.first() {
        None => Ok(()),
        Some(flag) => Err(CommandError::usage(format!(
            "{flag} has no place beside a plan file: the plan was made and approved with its own"
        ))
        .hint(format!(
            "driftlock plan {flag} … --out FILE makes another one"
        ))),
    }
}

fn check_id(given: &str, id: &str) -> Result<(), CommandError> {
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if given.len() < SHORTEST_ID || given.len() > id.len() || !given.chars().all(hex) {
        return Err(CommandError::usage(format!(
            "--id takes an id as `plan --out` prints it: {SHORTEST_ID} hex digits or more"
        )));
    }
    if id.starts_with(given) {
        return Ok(());
    }
    Err(CommandError::refused(
        "the file does not hold the plan that was approved: its id is another one; nothing was written",
    )
    .hint("apply the file that was approved, or have this one approved"))
}

fn refused(file: &Path, error: &SavedError) -> CommandError {
    let text = format!(
        "cannot apply {}: {error}; nothing was written",
        file.display()
    );
    CommandError::refused(text).hint(again(file))
}

fn again(file: &Path) -> String {
    format!(
        "make the plan again: driftlock plan --out {}",
        file.display()
    )
}
