//! A platform in memory, for tests and demonstrations: as real as any other, and made to fail on
//! demand. Clones share their stores, so that a test can look at what happened and disturb it.

mod fault;
mod state;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;

use super::{Batch, BatchOutcome, Capabilities, LiveRead, Platform, ReadError};
use crate::model::{Address, Live, LiveVar, SecretValue, Target, VarName};

pub use fault::Fault;
use state::Store;
pub use state::{Counts, Entry, Logged};

/// The longest value that a store takes, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// How long each read that a store lags behind is said to take.
const ONE_READ: Duration = Duration::from_millis(10);

/// Stores by name. A store that nobody wrote to does not exist yet.
#[derive(Debug, Clone, Default)]
pub struct MemoryPlatform(Arc<Mutex<BTreeMap<String, Store>>>);

impl MemoryPlatform {
    /// Without any store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The store of that name, to look at and to disturb as somebody else would.
    pub fn store(&self, name: &str) -> MemoryStore {
        MemoryStore {
            platform: self.clone(),
            name: name.to_owned(),
        }
    }

    fn stores(&self) -> MutexGuard<'_, BTreeMap<String, Store>> {
        // a test that panicked while it held the lock left whole values behind
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Store) -> T) -> T {
        work(self.stores().entry(name.to_owned()).or_default())
    }
}

/// One store, from the outside.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    platform: MemoryPlatform,
    name: String,
}

impl MemoryStore {
    /// Sets a value as somebody else would.
    pub fn set(&self, name: &VarName, value: impl Into<Box<str>>) {
        let value = Entry::Value(SecretValue::new(value));
        self.put(name, Some(value));
    }

    /// Puts any entry, or none, as somebody else would.
    pub fn put(&self, name: &VarName, entry: Option<Entry>) {
        self.with(|store| store.put(name, entry));
    }

    /// Removes a value as somebody else would.
    pub fn remove(&self, name: &VarName) {
        self.put(name, None);
    }

    /// Makes the store exist, without variables.
    pub fn create(&self) {
        self.with(|store| store.exists = true);
    }

    /// What it truly holds, whatever reads say.
    pub fn get(&self, name: &VarName) -> Option<Entry> {
        self.with(|store| store.entries.get(name).cloned())
    }

    /// All that it truly holds.
    pub fn entries(&self) -> BTreeMap<VarName, Entry> {
        self.with(|store| store.entries.clone())
    }

    /// Arranges for a failure; several can be arranged at once.
    pub fn fault(&self, fault: Fault) {
        self.with(|store| store.add_fault(fault));
    }

    /// Works without failures again.
    pub fn clear_faults(&self) {
        self.with(|store| store.faults.clear());
    }

    /// How often it was read and written.
    pub fn counts(&self) -> Counts {
        self.with(|store| store.counts)
    }

    /// The operations that took effect, in their order. Names only.
    pub fn log(&self) -> Vec<Logged> {
        self.with(|store| store.log.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        self.platform.with(&self.name, work)
    }
}

#[async_trait]
impl LiveRead for MemoryPlatform {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        targets
            .iter()
            .map(|target| self.with(store_name(target)?, Store::read))
            .collect()
    }

    fn capabilities(&self, target: &Target) -> Capabilities {
        let (lag, drops_empty) = store_name(target).map_or((0, false), |name| {
            self.with(name, |store| (store.lag(), store.has(&Fault::DropsEmpty)))
        });
        Capabilities {
            atomic: false,
            compare_and_swap: true,
            max_value_bytes: Some(MAX_VALUE_BYTES),
            read_lag: ONE_READ * lag,
            keeps_empty: !drops_empty,
            activates: false,
        }
    }

    fn accepts(&self, target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        let store = store_name(target).map_err(|error| error.reason)?;
        self.with(store, |store| store.accepts(name, value))
    }
}

#[async_trait]
impl Platform for MemoryPlatform {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        batches
            .iter()
            .map(|batch| match store_name(&batch.target) {
                Ok(name) => self.with(name, |store| store.write(batch)),
                Err(error) => BatchOutcome::refused(batch, &error.reason, false),
            })
            .collect()
    }
}

fn store_name(target: &Target) -> Result<&str, ReadError> {
    match &target.address {
        Address::Memory(name) => Ok(name),
        Address::File(_) | Address::Railway(_) | Address::Openclaw(_) => Err(ReadError {
            reason: format!("target {} is not kept in memory", target.name),
            help: None,
            retry_after: None,
        }),
    }
}

impl From<Entry> for LiveVar {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Value(value) => Self::Value(value),
            Entry::Sealed { changed_at, .. } => Self::Sealed { changed_at },
        }
    }
}
