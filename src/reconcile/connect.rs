//! From targets to the platforms that hold them.

use futures_util::future::join_all;

use super::desired::{Offer, Offered};
use crate::model::{PlatformKind, Target};
use crate::platforms::file::FilePlatform;
use crate::platforms::{Batch, BatchOutcome, LiveRead, Platform, ReadError};
use crate::reconcile::event::Event;

/// The connections of one run, each made when it is first needed.
pub struct Connections {
    /// By kind; one value is one connection.
    platforms: Vec<(PlatformKind, Box<dyn Platform>)>,
}

impl Connections {
    /// This machine's files.
    pub fn local() -> Self {
        Self {
            platforms: vec![(PlatformKind::File, Box::new(FilePlatform::local()))],
        }
    }

    /// No connection at all.
    pub fn none() -> Self {
        Self { platforms: vec![] }
    }

    /// Adds or replaces a connection, for tests and demonstrations.
    #[must_use]
    pub fn with(mut self, kind: PlatformKind, platform: Box<dyn Platform>) -> Self {
        self.platforms.retain(|(held, _)| *held != kind);
        self.platforms.push((kind, platform));
        self
    }

    fn platform(&self, kind: PlatformKind) -> Option<&dyn Platform> {
        self.platforms
            .iter()
            .find(|(held, _)| *held == kind)
            .map(|(_, platform)| &**platform)
    }

    /// How the target's platform takes a value.
    pub fn offer(&self, target: &Target, offer: &Offer<'_>) -> Offered {
        let refusal = match self.platform(target.address.platform()) {
            Some(platform) => refusal(platform, target, offer),
            None => Some(no_platform(target)),
        };
        Offered {
            sealed: target.address.seals(offer.name),
            refusal,
        }
    }

    /// Reads all targets, each connection's together; outcomes in the order of `targets`.
    pub async fn read(
        &self,
        targets: &[Target],
        events: &mut dyn FnMut(Event),
    ) -> Vec<Result<crate::model::Live, ReadError>> {
        let mut outcomes: Vec<Option<_>> = targets.iter().map(|_| None).collect();
        let of_kind = |target: &Target, kind| target.address.platform() == kind;
        let reads = self.platforms.iter().map(|(kind, platform)| async move {
            let (places, theirs) = pick(targets, |target| of_kind(target, *kind));
            let read = if theirs.is_empty() {
                vec![]
            } else {
                platform.read(&theirs).await
            };
            (places, read)
        });
        for (places, read) in join_all(reads).await {
            for (place, outcome) in places.into_iter().zip(read) {
                events(Event::TargetRead {
                    target: targets[place].name.clone(),
                    readable: outcome.is_ok(),
                });
                outcomes[place] = Some(outcome);
            }
        }
        outcomes
            .into_iter()
            .zip(targets)
            .map(|(outcome, target)| {
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
        let of_kind = |batch: &Batch, kind| batch.target.address.platform() == kind;
        let writes = self.platforms.iter().map(|(kind, platform)| async move {
            let (places, theirs) = pick(batches, |batch| of_kind(batch, *kind));
            let written = if theirs.is_empty() {
                vec![]
            } else {
                platform.write(&theirs).await
            };
            (places, written)
        });
        for (places, written) in join_all(writes).await {
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

    /// Whether a write to this target puts itself in force unless it is told not to.
    pub fn activates(&self, target: &Target) -> bool {
        self.platform(target.address.platform())
            .is_some_and(|platform| platform.capabilities(target).activates)
    }

    /// Whether an empty value is known to stay apart from an absent one there.
    pub fn keeps_empty(&self, target: &Target) -> bool {
        self.platform(target.address.platform())
            .is_none_or(|platform| platform.capabilities(target).keeps_empty)
    }

    /// How long a read of this target may lag a write.
    pub fn read_lag(&self, target: &Target) -> std::time::Duration {
        self.platform(target.address.platform())
            .map_or(std::time::Duration::ZERO, |platform| {
                LiveRead::capabilities(platform, target).read_lag
            })
    }
}

/// The items that are meant, and where they stand among all.
fn pick<T: Clone>(all: &[T], meant: impl Fn(&T) -> bool) -> (Vec<usize>, Vec<T>) {
    all.iter()
        .enumerate()
        .filter(|(_, one)| meant(one))
        .map(|(place, one)| (place, one.clone()))
        .unzip()
}

fn refusal(platform: &dyn Platform, target: &Target, offer: &Offer<'_>) -> Option<String> {
    if let Some(marker) = platform.reference_marker(target)
        && !offer.may_refer
        && offer.value.expose().contains(marker)
    {
        return Some(format!(
            "the value holds `{marker}`, which {} takes for a reference to another variable; if it is one, say `reference: true` at the variable",
            target.address.platform()
        ));
    }
    platform.accepts(target, offer.name, offer.value).err()
}

fn no_platform(target: &Target) -> String {
    format!(
        "there is no connection to a {} here",
        target.address.platform()
    )
}
