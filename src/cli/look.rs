//! From manifests to plans: what `plan`, `apply`, `status` and `check` have in common.

mod seen;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Global;
use super::allowlist::Allows;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::records;
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::Keyring;
use crate::journal::Journal;
use crate::manifest::RAILS_FILE;
use crate::model::{Fingerprinter, TargetName};
use crate::plan::{LiveState, Plan};
use crate::reconcile::connect::Connections;
use crate::reconcile::desired::Values;
use crate::reconcile::event::{Event, OpenAlerts, Source};
use crate::reconcile::load::{Opener, Opening, SealedBecause};
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::stop::Stop;
use crate::reconcile::{observe, remember, since, who};
use crate::render::escape;
use crate::render::text::Progress;
pub(crate) use seen::{Elsewhere, elsewhere, keep_seen, require_all};

/// One manifest, opened, with what is remembered of it.
pub(crate) struct Opened<'a> {
    pub(crate) item: &'a Item,
    pub(crate) opening: Opening,
    pub(crate) fingerprinter: Option<Fingerprinter>,
    pub(crate) memory: Memory,
}

/// Opens a manifest and recalls what was last applied.
pub(crate) fn open<'a>(
    item: &'a Item,
    keyring: &mut Keyring,
    journal: &mut dyn Journal,
    since: Option<&str>,
    writes: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<Opened<'a>, CommandError> {
    let opening = session::open(item, keyring, ui);
    let fingerprinter = session::fingerprinter(&opening, journal, &item.scope, writes)?;
    let memory = match (since, &fingerprinter) {
        (Some(revision), Some(fingerprinter)) => {
            recall_revision(item, revision, fingerprinter, keyring, context)?
        }
        _ => recall(item, journal, fingerprinter.as_ref())?,
    };
    for note in &memory.notes {
        ui.warn(note);
    }
    Ok(Opened {
        item,
        opening,
        fingerprinter,
        memory,
    })
}

/// What the journal knows of a manifest.
pub(crate) fn recall(
    item: &Item,
    journal: &dyn Journal,
    fingerprinter: Option<&Fingerprinter>,
) -> Result<Memory, CommandError> {
    let auth = session::authenticator(fingerprinter);
    remember::recall(journal, &item.scope, &item.located, &auth)
        .map_err(|error| records::explain(&error))
}

fn recall_revision(
    item: &Item,
    revision: &str,
    fingerprinter: &Fingerprinter,
    keyring: &mut Keyring,
    context: &Context,
) -> Result<Memory, CommandError> {
    let path = context.absolute(&item.file.path);
    let at_revision = |path: &Path| {
        let text = context.git().load_at_revision(path, revision);
        text.map_err(|error| CommandError::of(&error))
    };
    let text = at_revision(&path)?;
    let rails = at_revision(&path.with_file_name(RAILS_FILE))?;
    let former = since::Former {
        text: text.as_deref(),
        rails: rails.as_deref(),
    };
    since::recall(former, &item.located, fingerprinter, keyring, context.now())
        .map_err(|error| CommandError::error(format!("--since: {error}")))
}

/// Decrypts what the targets of a manifest use, and makes it known to the last net.
pub(crate) fn values<'a>(
    opened: &'a Opened<'_>,
    keyring: &mut Keyring,
    now: Timestamp,
    ui: &mut Ui,
) -> Values<'a> {
    let manifest = &opened.item.loaded.manifest;
    let mut opener = Opener {
        opening: &opened.opening,
        keyring,
    };
    let values = Values::of_targets(manifest, &mut opener, &manifest.targets).at(now);
    ui.protect(values.secrets().cloned(), values.public());
    values
}

/// Everything that a plan of it is made from.
pub(crate) fn pass<'a>(
    opened: &'a Opened<'a>,
    values: &'a Values<'a>,
    connections: &'a Connections,
    scope: &'a Scope,
    allows: &'a Allows,
) -> Pass<'a> {
    Pass {
        loaded: &opened.item.loaded,
        opening: &opened.opening,
        values,
        located: &opened.item.located,
        connections,
        fingerprinter: opened.fingerprinter.as_ref(),
        scope,
        machine: allows.of(opened.item),
    }
}

/// Where this run knows what was agreed to (a journal that is in use, a former revision, an allowlist
/// of the machine), a manifest that is not among it is a stranger, wherever it was copied from.
pub(crate) fn meet(
    opened: &mut [Opened<'_>],
    since: Option<&str>,
    allows: &Allows,
    journal: &dyn Journal,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let knows = since.is_some()
        || allows.is_there()
        || journal
            .has_applied()
            .map_err(|error| records::explain(&error))?;
    for one in opened.iter_mut().filter(|_| knows) {
        let manifest = &one.item.loaded.manifest;
        if one.memory.meet(&manifest.authority_facts()) {
            let path = escape::terminal(&one.item.file.path.display().to_string());
            ui.warn(&format!(
                "{path} is new here: no apply has agreed to what it says, so where nobody is asked all of it waits for `--allow authority`"
            ));
        }
    }
    Ok(())
}

/// A runtime of one thread: what blocks has threads of its own.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_current_thread()
        // files are read by threads that wait; each costs memory as long as it lives
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .map_err(|error| {
            CommandError::error(format!("no event loop can be made: {}", error.kind()))
        })
}

/// Runs something that reports events, and shows how far it is where a person waits for it.
pub(crate) fn drive<T>(
    ui: &mut Ui,
    runtime: &tokio::runtime::Runtime,
    work: impl AsyncFnOnce(&mut dyn FnMut(Event)) -> T,
) -> T {
    let progress = RefCell::new(Progress::default());
    let begin = Instant::now();
    let mut events = |event: Event| {
        tracing::debug!(after = ?begin.elapsed(), "{event:?}");
        progress.borrow_mut().note(&event);
    };
    let done = runtime.block_on(async {
        if !ui.terminal.errors {
            return work(&mut events).await;
        }
        let mut beat = tokio::time::interval(Duration::from_millis(200));
        let work = work(&mut events);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => break done,
                _ = beat.tick() => ui.progress(&mut progress.borrow_mut(), begin.elapsed()),
            }
        }
    });
    ui.clear_progress(&mut progress.borrow_mut());
    done
}

/// A target name that no manifest has is a mistake, not an empty selection.
pub(crate) fn check_targets(items: &[Item], wanted: &[TargetName]) -> Result<(), CommandError> {
    let known = |name: &TargetName| {
        items.iter().any(|item| {
            item.located
                .iter()
                .any(|located| located.target.name == *name)
        })
    };
    match wanted.iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(CommandError::usage(format!(
            "no manifest has a target {name}"
        ))),
    }
}

/// What the plans mean for the exit code, before anything is written.
pub(crate) fn exit_of(plans: &[Plan], detailed: bool) -> Exit {
    plans.iter().fold(Exit::DONE, |exit, plan| {
        let mut exit = exit;
        if crate::plan::has_unknown(plan) {
            exit = exit.worst(Exit::ERROR);
        }
        if detailed && (crate::plan::has_differences(plan) || !plan.authority.is_empty()) {
            exit = exit.worst(Exit::DIFFERENCES);
        }
        exit
    })
}

/// The journal of this run, and all manifests opened.
pub(crate) fn open_all<'a>(
    items: &'a [Item],
    since: Option<&str>,
    writes: bool,
    keyring: &mut Keyring,
    journal: &mut dyn Journal,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Opened<'a>>, CommandError> {
    items
        .iter()
        .map(|item| open(item, keyring, journal, since, writes, context, ui))
        .collect()
}

/// One manifest that was looked at.
pub(crate) struct Looked {
    pub(crate) plan: Plan,
    pub(crate) memory: Memory,
    /// What other machines last saw of their targets.
    pub(crate) seen: Elsewhere,
    /// Alerts that are open, where the journal was asked.
    pub(crate) alerts: Option<OpenAlerts>,
    /// What it was made from.
    pub(crate) origin: Origin,
}

/// The manifest that a plan was made from.
pub(crate) struct Origin {
    /// As people named it.
    pub(crate) shown: PathBuf,
    /// Absolute and without links.
    pub(crate) path: PathBuf,
    /// SHA-256 of its text.
    pub(crate) digest: [u8; 32],
    /// Proves what was made from it; or why nothing can.
    pub(crate) proves: Result<Fingerprinter, SealedBecause>,
}

impl Origin {
    fn of(opened: Opened<'_>) -> Result<Self, CommandError> {
        let file = &opened.item.file;
        let proves = match (opened.fingerprinter, opened.opening) {
            (_, Opening::Sealed(why)) => Err(why),
            (Some(fingerprinter), _) => Ok(fingerprinter),
            (None, _) => return Err(CommandError::error("a manifest that is open has no key")),
        };
        Ok(Self {
            shown: file.path.clone(),
            path: file.folder.join(file.path.file_name().unwrap_or_default()),
            digest: opened.item.loaded.digest,
            proves,
        })
    }
}

/// Loads, opens, reads and plans. Shared by every command that only looks. `keeps` says whether what
/// is made of it will be kept, so that whatever proves it has to last; `who` whether places are asked
/// who changed what differs.
pub(crate) fn look(
    selection: &super::selection::Selection,
    scope: &Scope,
    (keeps, who): (bool, bool),
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Looked>, CommandError> {
    let items = session::load_manifests(&selection.manifests, context, ui)?;
    check_targets(&items, &selection.target)?;
    for item in &items {
        ui.diagnostics(&item.file.path, &item.loaded.warnings);
    }
    let aim = Aim {
        items: &items,
        since: selection.since.as_deref(),
        scope,
        keeps,
        who,
        source: Source::Platforms,
        stop: None,
    };
    let mut keyring = session::keyring(global, context);
    look_at(&aim, &mut keyring, global, context, ui)
}

/// What to look at, and as whom.
pub(crate) struct Aim<'a> {
    pub(crate) items: &'a [Item],
    /// A former revision in place of the journal.
    pub(crate) since: Option<&'a str>,
    pub(crate) scope: &'a Scope,
    /// Whether what is made of it will be kept.
    pub(crate) keeps: bool,
    /// Whether places are asked who changed what differs.
    pub(crate) who: bool,
    /// Whether the platforms are asked at all.
    pub(crate) source: Source,
    /// What ends it early.
    pub(crate) stop: Option<&'a Stop>,
}

/// Opens, reads and plans manifests that are loaded: one result for each, in their order.
pub(crate) fn look_at(
    aim: &Aim<'_>,
    keyring: &mut Keyring,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Looked>, CommandError> {
    let mut journal = records::journal(global, context, aim.items, false, ui)?;
    let allows = Allows::load(global, aim.items, context, ui)?;
    let mut opened = open_all(
        aim.items,
        aim.since,
        aim.keeps,
        keyring,
        &mut *journal,
        context,
        ui,
    )?;
    meet(&mut opened, aim.since, &allows, &*journal, ui)?;
    let connections = session::connections(context, ui);
    let runtime = runtime()?;
    let mut plans = vec![];
    for opened in opened {
        let (plan, seen, alerts) = {
            let values = values(&opened, keyring, context.now(), ui);
            let pass = pass(&opened, &values, &connections, aim.scope, &allows);
            match aim.source {
                Source::Platforms => {
                    let live = drive(ui, &runtime, async |events| {
                        until(aim.stop, pass.read(&opened.memory, events)).await
                    });
                    let live = live.ok_or_else(|| CommandError::error("stopped by a signal"))?;
                    let seen = elsewhere(&pass, &opened, &*journal, context)?;
                    keep_seen(&pass, &opened, &live, &mut *journal, context);
                    let mut plan = pass.plan(live, &opened.memory);
                    if aim.who {
                        let asked = who::questions(&plan, pass.located, &opened.memory);
                        let answers = drive(ui, &runtime, async |_| {
                            who::ask(&connections, &asked, who::PATIENCE).await
                        });
                        plan.who = who::authors(asked, answers, context.now());
                    }
                    (plan, seen, None)
                }
                Source::Journal => {
                    let all = observe::Wants::All;
                    let seen = seen::seen(&pass, &opened, &*journal, all, context)?;
                    let alerts = seen::alerts(&opened, &*journal, ui)?;
                    (pass.plan(unread(&pass), &opened.memory), seen, alerts)
                }
            }
        };
        plans.push(Looked {
            plan,
            memory: opened.memory.clone(),
            seen,
            alerts,
            origin: Origin::of(opened)?,
        });
    }
    Ok(plans)
}

/// What comes of it, unless the end is asked for before.
async fn until<T>(stop: Option<&Stop>, work: impl Future<Output = T>) -> Option<T> {
    match stop {
        None => Some(work.await),
        Some(stop) => tokio::select! {
            done = work => Some(done),
            () = stop.requested() => None,
        },
    }
}

/// Of no target anything was asked.
fn unread(pass: &Pass<'_>) -> Vec<LiveState> {
    let machine = String::new();
    vec![LiveState::Elsewhere { machine }; pass.located.len()]
}
