//! What was seen by others, or by scheduled runs: asked for, kept, and missed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Opened;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::ui::Ui;
use crate::cli::{records, session};
use crate::journal::{Journal, Remembered};
use crate::model::{Fingerprinter, TargetName};
use crate::plan::LiveState;
use crate::reconcile::event::{OpenAlerts, SeenTarget, Source};
use crate::reconcile::load::Opening;
use crate::reconcile::observe;
use crate::reconcile::pass::Pass;

/// How long an observation waits for another process: it is made again by the next run.
const HURRY: Duration = Duration::from_millis(50);

/// What was last seen of targets that this run does not read.
pub(crate) type Elsewhere = BTreeMap<TargetName, SeenTarget>;

/// What other machines last saw. Without an identity nothing they said can be believed.
pub(crate) fn elsewhere(
    pass: &Pass<'_>,
    opened: &Opened<'_>,
    journal: &dyn Journal,
    context: &Context,
) -> Result<Elsewhere, CommandError> {
    if !observe::concerns(pass.located) {
        return Ok(Elsewhere::new());
    }
    seen(pass, opened, journal, observe::Wants::Elsewhere, context)
}

pub(super) fn seen(
    pass: &Pass<'_>,
    opened: &Opened<'_>,
    journal: &dyn Journal,
    wants: observe::Wants,
    context: &Context,
) -> Result<Elsewhere, CommandError> {
    let auth = session::authenticator(opened.fingerprinter.as_ref());
    let kept = journal
        .observations(&opened.item.scope, &auth)
        .map_err(|error| records::explain(&error))?;
    let now = context.now();
    Ok(observe::seen(pass, &opened.memory, &kept, wants, now))
}

/// Keeps for other machines what was read here. It is a courtesy: where it fails, nothing does.
pub(crate) fn keep_seen(
    pass: &Pass<'_>,
    opened: &Opened<'_>,
    live: &[LiveState],
    journal: &mut dyn Journal,
    context: &Context,
) {
    keep_of(pass, opened, live, observe::Keeps::Own, journal, context);
}

/// The same for a choice of targets: a scheduled run keeps all of them.
pub(crate) fn keep_of(
    pass: &Pass<'_>,
    opened: &Opened<'_>,
    live: &[LiveState],
    keeps: observe::Keeps<'_>,
    journal: &mut dyn Journal,
    context: &Context,
) {
    if matches!(keeps, observe::Keeps::Own) && !observe::concerns(pass.located) {
        return;
    }
    let scope = &opened.item.scope;
    let kept = journal.hurry(HURRY).and_then(|()| {
        let with = match &opened.opening {
            // the key of this run alone would be of no use to others
            Opening::Clear => Fingerprinter::new(journal.local_key(scope)?, vec![]),
            Opening::Open(open) => open.fingerprinter.clone(),
            Opening::Sealed(_) => return Ok(false),
        };
        let keeping = observe::Keeping {
            keeps,
            with: &with,
            scope,
            now: context.now(),
        };
        observe::observe(pass, &opened.memory, live, &keeping, journal)
    });
    match kept {
        Ok(written) => tracing::debug!(written, "observation"),
        Err(error) => tracing::debug!(%error, "what was seen could not be kept"),
    }
}

/// With `--require-all`, what is not known of other machines is an error: says which must run.
pub(crate) fn require_all(
    seen: &[Elsewhere],
    wanted: Option<&BTreeSet<TargetName>>,
    source: Source,
    ui: &mut Ui,
) -> Exit {
    let mut exit = Exit::DONE;
    for (target, one) in seen.iter().flatten() {
        if one.is_known() || wanted.is_some_and(|wanted| !wanted.contains(target)) {
            continue;
        }
        let error = not_seen(target, one, source);
        exit = exit.worst(ui.fail(&error));
    }
    exit
}

fn not_seen(target: &TargetName, seen: &SeenTarget, source: Source) -> CommandError {
    match (&seen.machine, source) {
        (Some(machine), Source::Platforms) => CommandError::error(format!(
            "{target} can be read by {machine} only, and what is known of it does not count"
        ))
        .hint(format!(
            "run `driftlock plan` on {machine}, with this journal"
        )),
        (Some(machine), Source::Journal) => CommandError::error(format!(
            "{target} was last looked at by {machine}, and what is known of it does not count"
        ))
        .hint(format!(
            "see whether `driftlock reconcile` runs on {machine}, with this journal"
        )),
        (None, _) => CommandError::error(format!("{target} was never seen by a scheduled run"))
            .hint("driftlock reconcile --once"),
    }
}

/// Alerts that are open. What cannot be read is not "none".
pub(super) fn alerts(
    opened: &Opened<'_>,
    journal: &dyn Journal,
    ui: &mut Ui,
) -> Result<Option<OpenAlerts>, CommandError> {
    let auth = session::authenticator(opened.fingerprinter.as_ref());
    let kept = journal
        .alerts(&opened.item.scope, &auth)
        .map_err(|error| records::explain(&error))?;
    let why = match kept {
        Remembered::Known(book) => return Ok(Some(OpenAlerts::of(&book))),
        Remembered::Nothing => return Ok(None),
        Remembered::OtherKey => "they are kept under a key that is not at hand",
        Remembered::Unreachable => "the journal cannot be reached",
        Remembered::Unverified => "they were damaged or forged, and count as none",
    };
    let name = &opened.item.loaded.manifest.name;
    ui.warn(&format!("alerts of {name} are not known: {why}"));
    Ok(None)
}
