//! Where the targets are: the real thing, looked at and disturbed from the outside.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use driftlock::model::{Address, Live, PlatformKind, SecretValue, Target, VarName};
use driftlock::platforms::memory::{Entry, Fault, MemoryPlatform};
use driftlock::platforms::{
    Batch, BatchOutcome, Capabilities, LiveRead, Outcome, Platform, ReadError,
};

use super::desk::var;
use super::steps::TroubleKind;
use super::wishes::{At, FOREIGN, NAMES, TARGETS, Truth};

/// A set of targets that a manifest can be applied to.
pub trait Stage: Send + Sync {
    const KIND: PlatformKind;
    /// Whether a write insists on what was read, so that nobody is overwritten who writes between.
    const INSISTS: bool;
    /// Whether a batch can end between two operations.
    const DIVIDES: bool;

    fn address(&self, target: &'static str) -> Address;

    fn platform(&self) -> Box<dyn Platform>;

    /// What is truly there, whatever reads say.
    fn truth(&self) -> Truth;

    fn put(&self, at: At, value: Option<&str>);

    /// Whether this can go wrong here.
    fn can_fail(kind: TroubleKind) -> bool
    where
        Self: Sized;

    /// Makes something go wrong that can.
    fn trouble(&self, target: &'static str, kind: TroubleKind);

    /// Everything works again.
    fn calm(&self);

    /// Another one that holds the same.
    fn fork(&self) -> Option<Self>
    where
        Self: Sized;
}

/// Stores in memory.
#[derive(Clone, Default)]
pub struct Stores(MemoryPlatform, Forgetful);

/// Targets whose writes are said to be done, and are not.
#[derive(Clone, Default)]
struct Forgetful(Arc<Mutex<BTreeSet<&'static str>>>);

impl Forgetful {
    fn targets(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        // a sequence that failed left whole names behind
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The platform in memory, where it does not forget.
struct Forgetting(MemoryPlatform, Forgetful);

#[async_trait]
impl LiveRead for Forgetting {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        self.0.read(targets).await
    }

    fn capabilities(&self, target: &Target) -> Capabilities {
        self.0.capabilities(target)
    }

    fn accepts(&self, target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        self.0.accepts(target, name, value)
    }
}

#[async_trait]
impl Platform for Forgetting {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        let mut outcomes = vec![];
        for batch in batches {
            let forgets = self.1.targets().contains(batch.target.name.as_str());
            outcomes.extend(match forgets {
                true => vec![BatchOutcome::of(vec![
                    Outcome::Done;
                    batch.operations.len()
                ])],
                false => self.0.write(std::slice::from_ref(batch)).await,
            });
        }
        outcomes
    }
}

/// The names that may be in a store.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(FOREIGN)
}

pub fn find(name: &str) -> &'static str {
    all_names().find(|known| *known == name).unwrap()
}

impl Stage for Stores {
    const KIND: PlatformKind = PlatformKind::Memory;
    const INSISTS: bool = true;
    const DIVIDES: bool = true;

    fn address(&self, target: &'static str) -> Address {
        Address::Memory(target.to_owned())
    }

    fn platform(&self) -> Box<dyn Platform> {
        Box::new(Forgetting(self.0.clone(), self.1.clone()))
    }

    fn truth(&self) -> Truth {
        let entries = TARGETS.into_iter().flat_map(|target| {
            let entries = self.0.store(target).entries().into_iter();
            entries.map(move |(name, entry)| {
                let value = entry.value().expose().to_owned();
                ((target, find(name.as_str())), value)
            })
        });
        entries.collect()
    }

    fn put(&self, (target, name): At, value: Option<&str>) {
        let entry = value.map(|value| Entry::Value(SecretValue::new(value)));
        self.0.store(target).put(&var(name), entry);
    }

    fn can_fail(_: TroubleKind) -> bool {
        true
    }

    fn trouble(&self, target: &'static str, kind: TroubleKind) {
        let fails = |times| Fault::ReadFails {
            times,
            reason: "the store is away".to_owned(),
            retry_after: None,
        };
        self.0.store(target).fault(match kind {
            TroubleKind::ReadFails => fails(1),
            TroubleKind::Away => fails(99),
            TroubleKind::Partial(name) => Fault::PartialRead(BTreeSet::from([var(name)])),
            TroubleKind::Unreadable(name) => Fault::Unreadable(var(name)),
            TroubleKind::Stops(after) => Fault::StopsAfter(after),
            TroubleKind::SilentBefore => Fault::TimesOutBefore(1),
            TroubleKind::SilentAfter => Fault::TimesOutAfter(1),
            TroubleKind::Lags(reads) => Fault::ReadLag(reads),
            TroubleKind::Refuses(name) => Fault::RefusesName(var(name)),
            TroubleKind::Forgets => {
                self.1.targets().insert(target);
                return;
            }
        });
    }

    fn calm(&self) {
        for target in TARGETS {
            self.0.store(target).clear_faults();
        }
        self.1.targets().clear();
    }

    fn fork(&self) -> Option<Self> {
        let other = Self::default();
        for target in TARGETS {
            other.0.store(target).create();
            for (name, entry) in self.0.store(target).entries() {
                other.0.store(target).put(&name, Some(entry));
            }
        }
        Some(other)
    }
}
