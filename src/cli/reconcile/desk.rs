//! A reconciler at work: what it watches, what it works with, and what it remembers between two looks.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;

use super::deliver::{self, Pinger};
use super::own::Own;
use super::rounds::{self, Rounds};
use super::shelf::{Broken, Opens, Shelf};
use super::{look, tell, trouble, whole};
use crate::alert::rules::Patience;
use crate::alert::sight::Failure;
use crate::alert::{Ping, Sinks};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::records;
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::journal::Journal;
use crate::model::{
    AlertBook, Fingerprinter, ManifestName, PlatformKind, Sighting, TargetName, VarName, Zones,
};
use crate::platforms::railway::RailwayPlatform;
use crate::platforms::{LiveRead, Platform};
use crate::reconcile::connect::{Connections, connection_of};
use crate::reconcile::event::{ManifestVitals, RoundReport, TargetVitals, Vitals};
use crate::reconcile::machines::Machines;
use crate::reconcile::schedule::{Ended, Entry, Job, Timetable, Told, Work};
use crate::reconcile::stop::Stop;
use crate::reconcile::targets::Visibility;
use crate::serve::Notifier;
use crate::source::Checkout;

/// How long a manifest is not looked at as a whole again, where that found nothing to write.
const IDLE: Duration = Duration::from_secs(900);

/// What the person who started it asked for.
pub(super) struct Asked {
    pub(super) folder: PathBuf,
    pub(super) paths: Vec<PathBuf>,
    /// How often a target is looked at that says nothing of it.
    pub(super) every: Duration,
    /// Only these; all where there is none.
    pub(super) targets: BTreeSet<TargetName>,
    /// Keep nothing of what is overwritten.
    pub(super) no_undo: bool,
    /// One round, which is reported.
    pub(super) once: bool,
}

/// What is remembered of one manifest between two looks.
#[derive(Default)]
pub(super) struct Recollected {
    /// The book of alerts as it was last.
    pub(super) book: AlertBook,
    /// Whether the journal had records of it.
    pub(super) recorded: bool,
    /// When it was asked for them last.
    pub(super) recalled_at: Option<Instant>,
    /// Since it is known that the journal was lost: why.
    pub(super) lost: Option<String>,
    /// What a look wanted to write, for which the manifest is looked at as a whole.
    wants: Wants,
    /// What turned out not to be writable as a whole: for that it is not looked at again before then.
    rests: Option<(Instant, Wants)>,
    /// What could not be applied, until it could.
    pub(super) failures: Vec<Failed>,
}

/// What is to be written: targets, and names on them; without one what is to be restarted there.
pub(super) type Wants = BTreeSet<(TargetName, Option<VarName>)>;

/// An apply that did not go well on one target.
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// When the target was recorded last, right after it.
    pub(super) recorded_at: Option<Timestamp>,
}

/// Everything that the loop's work is done with.
pub(super) struct Desk<'a> {
    pub(super) global: &'a Global,
    pub(super) context: &'a Context,
    pub(super) asked: Asked,
    pub(super) railway: Arc<RailwayPlatform>,
    pub(super) shelf: RefCell<Shelf>,
    pub(super) keyring: RefCell<Keyring>,
    pub(super) zones: Zones,
    pub(super) vitals: Arc<Mutex<Vitals>>,
    pub(super) known: RefCell<BTreeMap<ManifestName, Recollected>>,
    /// Journals that could not be used at the last look, by manifest: why.
    pub(super) journals: RefCell<BTreeMap<ManifestName, String>>,
    /// What is wrong with sinks, by manifest.
    pub(super) sink_troubles: RefCell<BTreeMap<ManifestName, Vec<Sighting>>>,
    pub(super) own: RefCell<Own>,
    /// Where alerts go.
    pub(super) sinks: Sinks,
    pub(super) pinger: Pinger,
    /// A checkout that it keeps for itself.
    checkout: Option<Arc<Mutex<Checkout>>>,
    /// Why that cannot be followed, since it could not.
    checkout_trouble: RefCell<Option<Broken>>,
    /// What one round came to; whoever stays has nobody to tell that.
    round: Option<RefCell<Rounds>>,
    ui: RefCell<&'a mut Ui>,
    notifier: RefCell<Notifier>,
    /// Requests that were charged to a budget already.
    charged: Cell<u64>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        global: &'a Global,
        context: &'a Context,
        asked: Asked,
        railway: Arc<RailwayPlatform>,
        tools: Tools<'a>,
    ) -> Self {
        Self {
            zones: context.zones(),
            sinks: tools.sinks,
            pinger: Pinger::new(tools.ping),
            checkout: tools
                .checkout
                .map(|checkout| Arc::new(Mutex::new(checkout))),
            checkout_trouble: RefCell::default(),
            round: asked.once.then(RefCell::default),
            ui: RefCell::new(tools.ui),
            notifier: RefCell::new(tools.notifier),
            global,
            context,
            asked,
            railway,
            shelf: RefCell::default(),
            keyring: RefCell::new(session::quiet_keyring(global, context)),
            vitals: Arc::default(),
            known: RefCell::default(),
            journals: RefCell::default(),
            sink_troubles: RefCell::default(),
            own: RefCell::default(),
            charged: Cell::new(0),
        }
    }

    /// Names this reconciler in alerts: the machine, or the CI system's run of it.
    pub(super) fn observer(&self) -> String {
        self.context.machine()
    }

    /// When what is told.
    pub(super) fn patience(&self) -> Patience {
        let alerting = self.sinks.alerting();
        Patience {
            remind: alerting.remind,
            grace: alerting.grace,
            after: alerting.after,
        }
    }

    /// The sinks that it serves.
    pub(super) fn sink_names(&self) -> BTreeSet<String> {
        self.sinks.names().map(str::to_owned).collect()
    }

    pub(super) fn vitals(&self) -> MutexGuard<'_, Vitals> {
        self.vitals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections of one look. What keeps state between looks is shared, the rest is made anew, so
    /// that nothing that broke is used again.
    pub(super) fn connections(&self) -> Connections {
        let machines = Machines::new(Arc::new(self.context.local_host()), self.context.ssh());
        let railway: Arc<dyn Platform> = self.railway.clone();
        Connections::new(machines).with_shared(PlatformKind::Railway, railway)
    }

    /// The journal of manifests in this folder.
    pub(super) fn journal(
        &self,
        folder: &Path,
        writes: bool,
    ) -> Result<Box<dyn Journal>, CommandError> {
        let warn = &mut |text: &str| tracing::warn!("{text}");
        records::journal_beside(self.global, self.context, Some(folder), writes, warn)
    }

    /// Looks at the files again.
    fn turn(&self) -> bool {
        let mut keyring = session::quiet_keyring(self.global, self.context);
        let own_key = &mut |item: &session::Item| -> Result<Fingerprinter, String> {
            let journal = self.journal(&item.file.folder, true);
            let mut journal = journal.map_err(|error| error.message)?;
            let key = journal.local_key(&item.scope);
            let key = key.map_err(|error| records::explain(&error).message)?;
            Ok(Fingerprinter::new(key, vec![]))
        };
        let turned = self.shelf.borrow_mut().turn(
            &self.asked.folder,
            &self.asked.paths,
            &mut Opens {
                context: self.context,
                keyring: &mut keyring,
                own_key,
            },
        );
        if turned.changed {
            self.keyring.replace(keyring);
            for broken in self.shelf.borrow().broken() {
                let path = crate::render::escape::terminal(&broken.path.display().to_string());
                tracing::error!(manifest = %broken.name, %path, "{}", broken.why);
            }
            for gone in &turned.gone {
                tracing::info!(manifest = %gone.name(), "is not there any more");
                tell::farewell(self, gone);
            }
            self.note_manifests();
            self.protect();
        }
        turned.changed
    }

    /// Notes something for the report of a round.
    pub(super) fn in_round(&self, note: impl FnOnce(&mut Rounds)) {
        if let Some(round) = &self.round {
            note(&mut round.borrow_mut());
        }
    }

    /// What the round came to.
    pub(super) fn report(&self, started_at: Timestamp, took: Duration) -> RoundReport {
        let nothing = RefCell::default();
        let round = self.round.as_ref().unwrap_or(&nothing).borrow();
        rounds::report(self, &round, started_at, took)
    }

    /// Prints a result.
    pub(super) fn page(&self, text: &str) {
        self.ui.borrow_mut().page(text);
    }

    /// Makes the values known to the net that everything passes which is printed or logged.
    fn protect(&self) {
        let now = self.context.now();
        let mut ui = self.ui.borrow_mut();
        for watched in self.shelf.borrow().watched() {
            let values = super::eyes::values(self, watched, now);
            ui.protect(values.secrets().cloned(), values.public());
        }
    }

    /// What of the manifests cannot be used as it is now.
    pub(super) fn broken(&self) -> Vec<Broken> {
        let mut all: Vec<Broken> = self.shelf.borrow().broken().cloned().collect();
        all.extend(self.checkout_trouble.borrow().clone());
        all
    }

    /// Follows the checkout, where it keeps one.
    async fn follow(&self) {
        let Some(checkout) = &self.checkout else {
            return;
        };
        let (checkout, now) = (Arc::clone(checkout), self.context.now());
        // git may take its time, and the loop turns on
        let updated = tokio::task::spawn_blocking(move || {
            let mut checkout = checkout.lock().unwrap_or_else(PoisonError::into_inner);
            let origin = checkout.origin().to_string();
            (origin, checkout.update(now))
        });
        let Ok((origin, updated)) = updated.await else {
            return;
        };
        let mut trouble = self.checkout_trouble.borrow_mut();
        match updated {
            Ok(update) => {
                *trouble = None;
                for path in &update.restored {
                    let path = crate::render::escape::terminal(&path.display().to_string());
                    tracing::warn!(%path, "was changed in the checkout by hand, and is as in its commit again");
                }
                if update.is_another() {
                    tracing::info!(commit = %update.to, "the checkout is another one");
                }
            }
            Err(error) => {
                let why = CommandError::of(&error).message;
                if trouble.as_ref().is_none_or(|known| known.why != why) {
                    tracing::error!("{why}");
                    *trouble = Some(Broken::of_checkout(&origin, why, &error, now));
                }
            }
        }
    }

    fn note_manifests(&self) {
        let shelf = self.shelf.borrow();
        let mut vitals = self.vitals();
        let mut former = std::mem::take(&mut vitals.manifests);
        for watched in shelf.watched() {
            let name = watched.name();
            let mut one: ManifestVitals = former.remove(name).unwrap_or_default();
            one.revision.clone_from(&watched.revision);
            one.broken_since = None;
            vitals.manifests.insert(name.clone(), one);
        }
        for broken in shelf.broken() {
            let one = vitals.manifests.entry(broken.name.clone()).or_default();
            one.broken_since = Some(broken.since);
        }
    }

    /// What there is to look at.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![];
        for watched in self.shelf.borrow().watched() {
            let specs = &watched.item.loaded.manifest.targets;
            for (located, spec) in watched.item.located.iter().zip(specs) {
                if !self.is_asked(&spec.name) {
                    continue;
                }
                let connection = match &located.visibility {
                    Visibility::Here => connection_of(&located.target),
                    Visibility::Elsewhere(_) | Visibility::Unresolvable(_) => "none".to_owned(),
                };
                entries.push(Entry {
                    key: (watched.name().clone(), spec.name.clone()),
                    connection,
                    platform: located.target.address.platform(),
                    every: spec.reconciling.every.unwrap_or(self.asked.every),
                });
            }
        }
        let keys: BTreeSet<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let mut vitals = self.vitals();
        vitals.targets.retain(|key, _| keys.contains(key));
        for key in keys {
            vitals.targets.entry(key).or_default();
        }
        entries
    }

    pub(super) fn is_asked(&self, target: &TargetName) -> bool {
        self.asked.targets.is_empty() || self.asked.targets.contains(target)
    }

    /// Whether a manifest is to be looked at as a whole for this: not if that was done a moment ago, and
    /// nothing of it could be written.
    pub(super) fn wants(&self, manifest: &ManifestName, wants: Wants) -> bool {
        let mut known = self.known.borrow_mut();
        let one = known.entry(manifest.clone()).or_default();
        let rests = one.rests.as_ref().is_some_and(|(until, for_these)| {
            Instant::now() < *until && wants.is_subset(for_these)
        });
        if wants.is_empty() || rests {
            return false;
        }
        one.wants.extend(wants);
        true
    }

    /// It was looked at as a whole; `idle` says that nothing could be written.
    pub(super) fn rest(&self, manifest: &ManifestName, idle: bool) {
        let mut known = self.known.borrow_mut();
        let one = known.entry(manifest.clone()).or_default();
        let wants = std::mem::take(&mut one.wants);
        one.rests = idle.then(|| (Instant::now() + IDLE, wants));
    }

    /// Requests that were sent since this was asked last.
    fn requests(&self) -> BTreeMap<PlatformKind, u64> {
        let total = LiveRead::requests(&*self.railway);
        let new = total.saturating_sub(self.charged.replace(total));
        self.vitals().requests.insert("railway".to_owned(), total);
        BTreeMap::from([(PlatformKind::Railway, new)])
    }

    /// Tells the service manager that the loop turns, and whether it is up.
    fn beat(&self, timetable: &Timetable) {
        let seen = timetable.all_seen();
        let first = seen && !std::mem::replace(&mut self.vitals().first_round, seen);
        self.vitals().first_round |= seen;
        let mut notifier = self.notifier.borrow_mut();
        if first {
            let watched = timetable.len();
            let told = notifier.ready(&format!("watching {watched} targets"));
            unheard(told);
        }
        unheard(notifier.beat());
    }

    /// Tells the service manager that it is about to end.
    pub(super) fn stopping(&self) {
        self.vitals().stopping = true;
        unheard(self.notifier.borrow().stopping("stopping"));
    }

    fn note_looks(&self, manifest: &ManifestName, ended: &Ended, took: Duration) {
        let now = self.context.now();
        let mut vitals = self.vitals();
        for (target, told) in &ended.targets {
            let key = (manifest.clone(), target.clone());
            self.in_round(|round| round.took(manifest, target, took));
            let one: &mut TargetVitals = vitals.targets.entry(key).or_default();
            one.looks += 1;
            one.look_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            match told {
                Told::Read => {
                    one.failing = 0;
                    one.read_at = Some(now);
                }
                Told::Failed(_) | Told::Blind => {
                    one.failures += 1;
                    one.failing = one.failing.saturating_add(1);
                }
            }
        }
    }
}

/// A service manager that does not listen is no reason to stop.
fn unheard(told: std::io::Result<()>) {
    if let Err(error) = told {
        tracing::debug!(%error, "the service manager was not told");
    }
}

/// What it works with, made before it begins.
pub(super) struct Tools<'a> {
    pub(super) sinks: Sinks,
    pub(super) ping: Option<Ping>,
    pub(super) checkout: Option<Checkout>,
    pub(super) notifier: Notifier,
    pub(super) ui: &'a mut Ui,
}

#[async_trait(?Send)]
impl Work for Desk<'_> {
    async fn carry_out(&self, job: &Job, stop: &Stop) -> Ended {
        let Some(watched) = self.shelf.borrow().find(job.manifest()) else {
            return Ended::default();
        };
        let begun = Instant::now();
        let mut ended = match job {
            Job::Look(_, targets) => look::look(self, &watched, targets, stop).await,
            Job::Whole(_, parts) => whole::whole(self, &watched, &parts.rests, stop).await,
        };
        ended.requests = self.requests();
        self.note_looks(job.manifest(), &ended, begun.elapsed());
        ended
    }

    async fn reload(&self) -> Option<Vec<Entry>> {
        self.follow().await;
        let changed = self.turn();
        trouble::own(self);
        changed.then(|| self.entries())
    }

    async fn deliver(&self) -> Option<Duration> {
        deliver::deliver(self).await
    }

    fn turned(&self, timetable: &Timetable) {
        self.beat(timetable);
        let mut vitals = self.vitals();
        vitals.beat_at = Some(self.context.now());
        for (platform, waited) in timetable.throttled() {
            vitals.throttled.insert(platform.to_string(), *waited);
        }
    }
}
