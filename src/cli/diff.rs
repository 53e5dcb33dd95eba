//! `diff`: what a change of the manifests means, for who reviews it.

mod past;
mod states;

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::plan::Format;
use super::session;
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::model::Severity;
use crate::reconcile::load;
use crate::reconcile::review::{Revision, is_vouched, side, yardstick};
use crate::render::json::{self, DiffDocument};
use crate::render::{review_markdown, text};
use crate::review::{Comparison, End, Pair, Review, compare};
use crate::source::{Range, Repository};
use states::{Paired, States};

/// Show what a change of the manifests means, without values
///
/// Compares two states of the manifests in git. With an identity it knows whether a secret has another
/// value, the same one sealed anew, or one that it had before. Without one it shows what can be seen:
/// names, targets, templates, metadata, readers, and which secrets were sealed anew. Reads no target.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock diff                            the files here against the last commit
  driftlock diff origin/main...HEAD         what this branch brings
  driftlock diff v1.4..v1.5 manifests/production.yaml
  driftlock diff --markdown origin/main...HEAD | driftlock comment
  driftlock diff --json HEAD~1 | jq .totals")]
pub(crate) struct DiffArgs {
    /// BASE (against the files here), BASE..HEAD, or BASE...HEAD (from where both parted)
    #[arg(value_name = "RANGE", default_value = "HEAD")]
    range: String,

    /// Manifests, or folders of them [default: the folder manifests]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,

    #[command(flatten)]
    format: Format,

    /// Exit with 2 where something differs
    #[arg(long)]
    detailed_exitcode: bool,

    /// Do not look for the new values in the history
    #[arg(long)]
    no_history: bool,
}

pub(crate) fn run(
    arguments: &DiffArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let git = context.git();
    let failed = |error| CommandError::of(&error);
    let repository = git.repository(&context.folder).map_err(failed)?;
    let range = Range::parse(&arguments.range);
    let (base, head) = git.ends_of(&repository, &range).map_err(|error| {
        let error = CommandError::of(&error);
        match context.absolute(arguments.range.as_ref()).exists() {
            true => error.hint(format!(
                "to compare a file with the last commit: driftlock diff HEAD {}",
                arguments.range
            )),
            false => error,
        }
    })?;
    let states = States::load(arguments, &repository, &base, head.as_deref(), context)?;
    let mut comparison = Comparison {
        asked: states.asked(),
        base: End {
            revision: Some(range.base.clone()),
            commit: Some(base.clone()),
        },
        head: End {
            revision: range.head.clone(),
            commit: head,
        },
        reviews: vec![],
        equal: 0,
        unreadable: vec![],
    };
    let mut keyring = session::keyring(global, context);
    for pair in states.pairs(&mut comparison, &repository) {
        let review = review(pair, &mut keyring, ui)?;
        let Some((mut review, searched)) = review else {
            comparison.equal += 1;
            continue;
        };
        if !arguments.no_history {
            let past = past::Past {
                git: &git,
                repository: &repository,
                commit: &base,
            };
            past.fill(&mut review, &searched, &mut keyring)?;
        }
        comparison.reviews.push(review);
    }
    let exit = exit(&comparison, arguments.detailed_exitcode);
    show(&comparison, arguments, exit, ui)?;
    Ok(exit)
}

/// What the search for former values needs.
struct Searched {
    base: Option<PathBuf>,
    with: Option<crate::model::Fingerprinter>,
}

/// `None` where both sides mean the same.
fn review(
    pair: Paired,
    keyring: &mut Keyring,
    ui: &mut Ui,
) -> Result<Option<(Review, Searched)>, CommandError> {
    if pair.is_equal() {
        return Ok(None);
    }
    let open = |one: Option<states::Found>, keyring: &mut Keyring| {
        one.map(|one| Revision {
            opening: load::open(&one.loaded.manifest, keyring),
            loaded: one.loaded,
            text: one.text,
        })
    };
    let (base_shown, head_shown) = (pair.shown(true), pair.shown(false));
    let base_path = pair.base.as_ref().map(|one| one.path.clone());
    let is_doubtful = pair.is_doubtful;
    let base = open(pair.base, keyring);
    let head = open(pair.head, keyring);
    let with = yardstick(base.as_ref(), head.as_ref());
    let vouched = is_vouched(base.as_ref(), head.as_ref());
    let [base, head] = [&base, &head].map(|one| {
        let revision = one.as_ref()?;
        let (side, secrets) = side(revision, with.as_ref(), keyring);
        ui.protect(secrets, public(revision));
        Some(side)
    });
    let pair = Pair {
        base,
        head,
        vouched,
        base_path: base_shown,
        head_path: head_shown,
    };
    let review = compare(&pair).filter(|review| !review.is_empty());
    Ok(review.map(|mut review| {
        if is_doubtful {
            let why = "it may be one of the files that could not be read, under another path";
            review.notes.push(why.to_owned());
        }
        let searched = Searched {
            base: base_path,
            with: with.clone(),
        };
        (review, searched)
    }))
}

/// Texts that are shown on purpose.
fn public(revision: &Revision) -> Vec<String> {
    let manifest = &revision.loaded.manifest;
    let names = manifest.variables.keys().map(ToString::to_string);
    let targets = manifest.targets.iter().map(|spec| spec.name.to_string());
    let clear = manifest
        .variables
        .values()
        .filter_map(|one| match &one.source {
            crate::manifest::Source::Clear(text) => Some(text.clone()),
            _ => None,
        });
    names.chain(targets).chain(clear).collect()
}

fn exit(comparison: &Comparison, detailed: bool) -> Exit {
    let errors = |one: &crate::review::Unreadable| {
        one.diagnostics
            .iter()
            .any(|one| one.severity == Severity::Error)
    };
    if comparison.unreadable.iter().any(errors) {
        Exit::ERROR
    } else if detailed && !comparison.reviews.is_empty() {
        Exit::DIFFERENCES
    } else {
        Exit::DONE
    }
}

fn show(
    comparison: &Comparison,
    arguments: &DiffArgs,
    exit: Exit,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let mut out = String::new();
    let written = if arguments.format.json {
        let reason = match exit {
            Exit::ERROR => "a manifest could not be read on one of the sides",
            Exit::DIFFERENCES => "there are differences",
            _ => "compared",
        };
        json::render_json(
            &mut out,
            &DiffDocument::new(comparison, &exit.verdict(reason)),
        )
    } else if arguments.format.markdown {
        review_markdown::render_review(&mut out, comparison)
    } else {
        text::render_review(&mut out, &ui.style(), comparison)
    };
    written.map_err(|_| CommandError::error("the comparison cannot be written as text"))?;
    ui.page(&out);
    Ok(())
}

fn shown(repository: &Repository, path: &std::path::Path) -> String {
    repository.shown(path).display().to_string()
}
