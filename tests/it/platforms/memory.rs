//! The platform in memory runs the battery.

use std::sync::atomic::{AtomicUsize, Ordering};

use driftlock::model::{Address, Rails, SecretValue, Target, VarName};
use driftlock::platforms::Platform;
use driftlock::platforms::memory::{Entry, Fault, MemoryPlatform, MemoryStore};

use super::contract::{Disturbance, Fixture, battery};

#[derive(Default)]
struct Memory {
    platform: MemoryPlatform,
    used: AtomicUsize,
    drops_empty: bool,
}

impl Memory {
    fn store(&self, target: &Target) -> MemoryStore {
        self.platform.store(&target.place)
    }
}

impl Fixture for Memory {
    fn label(&self) -> String {
        format!("memory (drops empty: {})", self.drops_empty)
    }

    fn platform(&self) -> &dyn Platform {
        &self.platform
    }

    fn target(&self) -> Target {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let place = format!("store{number}");
        if self.drops_empty {
            self.platform.store(&place).fault(Fault::DropsEmpty);
        }
        Target {
            name: place.parse().unwrap(),
            address: Address::Memory(place.clone()),
            path: None,
            place,
            known: String::new(),
            prune: true,
            rails: Rails::default(),
            activation: None,
            process: None,
        }
    }

    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>) {
        let entry = value.map(|value| Entry::Value(SecretValue::new(value)));
        self.store(target).put(name, entry);
    }

    fn holds(&self, target: &Target, name: &VarName) -> Option<String> {
        let entry = self.store(target).get(name)?;
        Some(entry.value().expose().to_owned())
    }

    fn disturb(&self, target: &Target, disturbance: Disturbance) -> bool {
        let fault = match disturbance {
            Disturbance::ReadFails => Fault::ReadFails {
                times: 1,
                reason: "the store is away".to_owned(),
                retry_after: None,
            },
            Disturbance::Hides(name) => Fault::PartialRead([name].into()),
            Disturbance::Unreadable(name) => Fault::Unreadable(name),
            Disturbance::StopsAfter(operations) => Fault::StopsAfter(operations),
            Disturbance::SilentBefore => Fault::TimesOutBefore(1),
            Disturbance::SilentAfter => Fault::TimesOutAfter(1),
            Disturbance::Lag(reads) => Fault::ReadLag(reads),
            Disturbance::StrangerWrites(name, value) => {
                Fault::ConcurrentWriter(name, Some(Entry::Value(SecretValue::new(value))))
            }
        };
        self.store(target).fault(fault);
        true
    }

    fn calm(&self, target: &Target) {
        self.store(target).clear_faults();
        if self.drops_empty {
            self.store(target).fault(Fault::DropsEmpty);
        }
    }
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    battery(&Memory::default()).await;
}

#[tokio::test]
async fn memory_that_drops_empty_values_keeps_the_contract() {
    let memory = Memory {
        drops_empty: true,
        ..Memory::default()
    };
    battery(&memory).await;
}
