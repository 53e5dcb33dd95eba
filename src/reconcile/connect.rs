//! From targets to the platforms and machines that hold them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::desired::{Offer, Offered};
use super::machines::Machines;
use crate::machine::{Host, LocalHost};
use crate::model::{Address, Desired, HostAddress, Live, Machine, PlatformKind, Target, VarName};
use crate::platforms::file::FilePlatform;
use crate::platforms::openclaw::OpenclawPlatform;
use crate::platforms::{self, Batch, BatchOutcome, LiveRead, Platform, ReadError};
use crate::probe::Prober;
use crate::reconcile::event::Event;

/// So many connections are used at a time.
const AT_ONCE: usize = 32;

/// The connections of one run, each made when it is first needed.
pub struct Connections {
    /// By kind; what is on machines over SSH is not among them.
    platforms: Vec<(PlatformKind, Arc<dyn Platform>)>,
    /// This machine's installations of OpenClaw, which are asked for more than their variables.
    openclaw: Arc<OpenclawPlatform>,
    machines: Machines,
    prober: Prober,
}

/// What is talked to at once: a kind of place, and the machine over SSH that it is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    kind: PlatformKind,
    host: Option<HostAddress>,
}

fn line(target: &Target) -> Line {
    Line {
        kind: target.address.platform(),
        host: target.address.host().cloned(),
    }
}

/// Names what a target is read together with: targets with one name share requests or a connection.
pub fn connection_of(target: &Target) -> String {
    let kind = target.address.platform();
    match (&target.address, target.address.host()) {
        (Address::Railway(address), _) => format!(
            "{kind} {}/{}/{}",
            address.token.as_deref().unwrap_or_default(),
            address.project,
            address.environment
        ),
        (_, Some(host)) => format!("{kind} on {host}"),
        (_, None) => kind.to_string(),
    }
}

impl Connections {
    /// This machine's files, and those of machines that can be reached.
    pub fn new(machines: Machines) -> Self {
        let files = FilePlatform::new(machines.local_files());
        let openclaw = Arc::new(OpenclawPlatform::new(machines.local()));
        Self {
            platforms: vec![
                (PlatformKind::File, Arc::new(files)),
                (PlatformKind::Openclaw, openclaw.clone()),
            ],
            openclaw,
            prober: Prober::new(machines.local_programs()),
            machines,
        }
    }

    /// This machine's files only.
    pub fn local() -> Self {
        Self::new(Machines::only(Arc::new(LocalHost::new())))
    }

    /// No connection at all.
    pub fn none() -> Self {
        let mut connections = Self::local();
        connections.platforms.clear();
        connections
    }

    /// Sends probes.
    pub const fn prober(&self) -> &Prober {
        &self.prober
    }

    /// Adds or replaces a connection, for tests and demonstrations.
    #[must_use]
    pub fn with(mut self, kind: PlatformKind, platform: Box<dyn Platform>) -> Self {
        self.platforms.retain(|(held, _)| *held != kind);
        self.platforms.push((kind, platform.into()));
        self
    }

    /// As [`Self::with`], for one that outlives this run.
    #[must_use]
    pub fn with_shared(mut self, kind: PlatformKind, platform: Arc<dyn Platform>) -> Self {
        self.platforms.retain(|(held, _)| *held != kind);
        self.platforms.push((kind, platform));
        self
    }

    /// The machine that a target is on, where it is one that programs can be run on.
    pub fn machine(&self, target: &Target) -> Option<Arc<dyn Host>> {
        match target.address.machine()? {
            Machine::Host(host) => self.machines.over_ssh(host),
            Machine::Any | Machine::Named(_) => Some(self.machines.local()),
        }
    }

    /// The platform of an OpenClaw installation, where its machine can be reached.
    pub(super) fn openclaw(&self, target: &Target) -> Option<Arc<OpenclawPlatform>> {
        match target.address.host() {
            Some(host) => self.machines.openclaw_over_ssh(host),
            None => Some(Arc::clone(&self.openclaw)),
        }
    }

    fn of_line(&self, line: &Line) -> Option<Arc<dyn Platform>> {
        match &line.host {
            Some(host) => self.machines.platform_over_ssh(host, line.kind),
            None => self
                .platforms
                .iter()
                .find(|(held, _)| *held == line.kind)
                .map(|(_, platform)| Arc::clone(platform)),
        }
    }

    fn platform(&self, target: &Target) -> Option<Arc<dyn Platform>> {
        self.of_line(&line(target))
    }

    /// How the target's platform takes a value.
    pub fn offer(&self, target: &Target, offer: &Offer<'_>) -> Offered {
        let refusal = match self.platform(target) {
            Some(platform) => refusal(&*platform, target, offer),
            None => Some(no_platform(target)),
        };
        Offered {
            sealed: target.address.seals(offer.name),
            refusal,
        }
    }

    /// Whether there is a connection to the target's platform.
    pub fn knows(&self, target: &Target) -> bool {
        self.platform(target).is_some()
    }

    /// What the target's platform does not take beside each other.
    pub(super) fn refused_together(
        &self,
        target: &Target,
        desired: &Desired,
    ) -> Vec<(VarName, String)> {
        let Some(platform) = self.platform(target) else {
            return Vec::new();
        };
        let values = desired.vars.iter().map(|(name, var)| (name, &var.value));
        platform.accepts_together(target, &values.collect::<Vec<_>>())
    }

    /// Reads all targets, each connection's together; outcomes in the order of `targets`.
    pub async fn read(
        &self,
        targets: &[Target],
        events: &mut dyn FnMut(Event),
    ) -> Vec<Result<Live, ReadError>> {
        let mut outcomes: Vec<Option<_>> = targets.iter().map(|_| None).collect();
        let reads = self.groups(targets, line).map(|(platform, places)| {
            let theirs: Vec<Target> = places.iter().map(|at| targets[*at].clone()).collect();
            async move { (places, platform.read(&theirs).await) }
        });
        let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
        while let Some((places, read)) = reads.next().await {
            for (place, outcome) in places.into_iter().zip(read) {
                events(Event::TargetRead {
                    target: targets[place].name.clone(),
                    readable: outcome.is_ok(),
                });
                outcomes[place] = Some(outcome);
            }
        }
        let all = outcomes.into_iter().zip(targets);
        all.map(|(outcome, target)| {
            outcome.unwrap_or_else(|| {
                Err(ReadError {
                    reason: no_platform(target),
                    help: None,
                    retry_after: None,
                })
            })
        })
        .collect()
    }

    /// Writes all batches, each connection's together; outcomes in the order of `batches`.
    pub async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        let mut outcomes: Vec<Option<BatchOutcome>> = batches.iter().map(|_| None).collect();
        let of = |batch: &Batch| line(&batch.target);
        let writes = self.groups(batches, of).map(|(platform, places)| {
            let theirs: Vec<Batch> = places.iter().map(|at| batches[*at].clone()).collect();
            async move { (places, platform.write(&theirs).await) }
        });
        let mut writes = stream::iter(writes).buffer_unordered(AT_ONCE);
        while let Some((places, written)) = writes.next().await {
            for (place, outcome) in places.into_iter().zip(written) {
                outcomes[place] = Some(outcome);
            }
        }
        outcomes
            .into_iter()
            .zip(batches)
            .map(|(outcome, batch)| {
                outcome.unwrap_or_else(|| {
                    BatchOutcome::refused(batch, &no_platform(&batch.target), false)
                })
            })
            .collect()
    }

    /// The items of each connection there is, by their places among all.
    fn groups<T>(
        &self,
        all: &[T],
        line: impl Fn(&T) -> Line,
    ) -> impl Iterator<Item = (Arc<dyn Platform>, Vec<usize>)> {
        let mut places: BTreeMap<Line, Vec<usize>> = BTreeMap::new();
        for (place, one) in all.iter().enumerate() {
            places.entry(line(one)).or_default().push(place);
        }
        let found = places
            .into_iter()
            .filter_map(|(line, places)| Some((self.of_line(&line)?, places)));
        found.collect::<Vec<_>>().into_iter()
    }

    /// Whether a write to this target puts itself in force unless it is told not to.
    pub fn activates(&self, target: &Target) -> bool {
        self.platform(target)
            .is_some_and(|platform| platform.capabilities(target).activates)
    }

    /// Whether an empty value is known to stay apart from an absent one there.
    pub fn keeps_empty(&self, target: &Target) -> bool {
        self.platform(target)
            .is_none_or(|platform| platform.capabilities(target).keeps_empty)
    }

    /// How long a read of this target may lag a write.
    pub fn read_lag(&self, target: &Target) -> Duration {
        self.platform(target).map_or(Duration::ZERO, |platform| {
            LiveRead::capabilities(&*platform, target).read_lag
        })
    }
}

fn refusal(platform: &dyn Platform, target: &Target, offer: &Offer<'_>) -> Option<String> {
    unmeant_reference(platform.reference_marker(target), &target.address, offer)
        .or_else(|| platform.accepts(target, offer.name, offer.value).err())
}

fn unmeant_reference(
    marker: Option<&'static str>,
    address: &Address,
    offer: &Offer<'_>,
) -> Option<String> {
    let marker = marker?;
    (!offer.may_refer && offer.value.expose().contains(marker)).then(|| {
        format!(
            "the value holds `{marker}`, which {} takes for a reference to another variable; if it is one, say `reference: true` at the variable",
            address.platform()
        )
    })
}

/// The same as far as it is known without a connection.
pub(super) fn refusal_of(address: &Address, offer: &Offer<'_>) -> Option<String> {
    unmeant_reference(platforms::reference_marker(address), address, offer)
        .or_else(|| platforms::accepts(address, offer.name, offer.value).err())
}

fn no_platform(target: &Target) -> String {
    format!(
        "there is no connection to a {} here",
        target.address.platform()
    )
}
