//! From targets to the platforms that hold them.

use crate::model::{PlatformKind, SecretValue, Target, VarName};
use crate::platforms::file::FilePlatform;
use crate::platforms::{Batch, BatchOutcome, LiveRead, Outcome, Platform, ReadError};
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

    /// Why the target's platform cannot hold this value, if it cannot.
    pub fn accepts(
        &self,
        target: &Target,
        name: &VarName,
        value: &SecretValue,
    ) -> Result<(), String> {
        match self.platform(target.address.platform()) {
            Some(platform) => platform.accepts(target, name, value),
            None => Err(no_platform(target)),
        }
    }

    /// Reads all targets, each connection's together; outcomes in the order of `targets`.
    pub async fn read(
        &self,
        targets: &[Target],
        events: &mut dyn FnMut(Event),
    ) -> Vec<Result<crate::model::Live, ReadError>> {
        let mut outcomes: Vec<Option<_>> = targets.iter().map(|_| None).collect();
        for (kind, platform) in &self.platforms {
            let (places, theirs): (Vec<usize>, Vec<Target>) = targets
                .iter()
                .enumerate()
                .filter(|(_, target)| target.address.platform() == *kind)
                .map(|(place, target)| (place, target.clone()))
                .unzip();
            if theirs.is_empty() {
                continue;
            }
            for (place, outcome) in places.into_iter().zip(platform.read(&theirs).await) {
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
        for (kind, platform) in &self.platforms {
            let (places, theirs): (Vec<usize>, Vec<Batch>) = batches
                .iter()
                .enumerate()
                .filter(|(_, batch)| batch.target.address.platform() == *kind)
                .map(|(place, batch)| (place, batch.clone()))
                .unzip();
            if theirs.is_empty() {
                continue;
            }
            for (place, outcome) in places.into_iter().zip(platform.write(&theirs).await) {
                outcomes[place] = Some(outcome);
            }
        }
        outcomes
            .into_iter()
            .zip(batches)
            .map(|(outcome, batch)| {
                outcome.unwrap_or_else(|| BatchOutcome {
                    operations: batch
                        .operations
                        .iter()
                        .map(|_| Outcome::Refused(no_platform(&batch.target)))
                        .collect(),
                    stale: false,
                })
            })
            .collect()
    }

    /// How long a read of this target may lag a write.
    pub fn read_lag(&self, target: &Target) -> std::time::Duration {
        self.platform(target.address.platform())
            .map_or(std::time::Duration::ZERO, |platform| {
                LiveRead::capabilities(platform, target).read_lag
            })
    }
}

fn no_platform(target: &Target) -> String {
    format!(
        "there is no connection to a {} here",
        target.address.platform()
    )
}
