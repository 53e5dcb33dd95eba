//! A reconciler at work: what it watches, what it works with, and what it remembers between two looks.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::own::{Own, OwnBook};
use super::pinger::Pinger;
use super::rounds::Rounds;
use super::shelf::{Broken, Shelf, Watched};
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
    AlertBook, LastProbe, ManifestName, PlatformKind, Sighting, TargetName, VarName, Zones,
};
use crate::platforms::Platform;
use crate::platforms::railway::RailwayPlatform;
use crate::reconcile::connect::Connections;
use crate::reconcile::event::Vitals;
use crate::reconcile::machines::Machines;
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
    /// The probes that were sent from here, also where the book could not be told.
    pub(super) probed: BTreeMap<TargetName, LastProbe>,
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
    /// Manifests that are not there any more, until everybody was told what is over with them.
    pub(super) leaving: RefCell<BTreeMap<ManifestName, Rc<Watched>>>,
    /// Journals that could not be used at the last look, by manifest: why.
    pub(super) journals: RefCell<BTreeMap<ManifestName, String>>,
    /// What is wrong with sinks, by manifest.
    pub(super) sink_troubles: RefCell<BTreeMap<ManifestName, Vec<Sighting>>>,
    pub(super) own: RefCell<Own>,
    /// Where alerts go.
    pub(super) sinks: Sinks,
    pub(super) pinger: Pinger,
    /// A checkout that it keeps for itself.
    pub(super) checkout: Option<Arc<Mutex<Checkout>>>,
    /// Why that cannot be followed, since it could not.
    pub(super) checkout_trouble: RefCell<Option<Broken>>,
    /// What one round came to; whoever stays has nobody to tell that.
    pub(super) round: Option<RefCell<Rounds>>,
    pub(super) ui: RefCell<&'a mut Ui>,
    pub(super) notifier: RefCell<Notifier>,
    /// Requests that were charged to a budget already.
    pub(super) charged: Cell<u64>,
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
            leaving: RefCell::default(),
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

    /// The reconciler's own book, where it is kept.
    pub(super) fn own_book(&self) -> OwnBook {
        let own = self.own.borrow();
        own.open(self.global, self.context, &self.asked.folder)
    }

    /// Notes something for the report of a round.
    pub(super) fn in_round(&self, note: impl FnOnce(&mut Rounds)) {
        if let Some(round) = &self.round {
            note(&mut round.borrow_mut());
        }
    }

    /// Prints a result.
    pub(super) fn page(&self, text: &str) {
        self.ui.borrow_mut().page(text);
    }

    /// What of the manifests cannot be used as it is now.
    pub(super) fn broken(&self) -> Vec<Broken> {
        let mut all: Vec<Broken> = self.shelf.borrow().broken().cloned().collect();
        all.extend(self.checkout_trouble.borrow().clone());
        all
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
}

/// What it works with, made before it begins.
pub(super) struct Tools<'a> {
    pub(super) sinks: Sinks,
    pub(super) ping: Option<Ping>,
    pub(super) checkout: Option<Checkout>,
    pub(super) notifier: Notifier,
    pub(super) ui: &'a mut Ui,
}
