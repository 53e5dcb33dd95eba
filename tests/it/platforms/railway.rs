//! Railway runs the battery, over a fake that was made from its published schema.

use std::sync::atomic::{AtomicUsize, Ordering};

use driftlock::model::{Address, Target, VarName};
use driftlock::platforms::Platform;
use driftlock::platforms::railway::RailwayPlatform;

use super::contract::{Disturbance, Fixture, battery};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::faults::{Fault, Which};
use crate::support::fake_railway::handles::{EnvironmentAt, Place};
use crate::support::railway::{address, fake, platform, target};

struct Railway {
    fake: FakeRailway,
    environment: EnvironmentAt,
    platform: RailwayPlatform,
    used: AtomicUsize,
    shared: bool,
}

impl Railway {
    fn new(fake: FakeRailway, shared: bool) -> Self {
        let environment = fake.project("aurora").environment("production");
        let token = fake.account_token();
        Self {
            platform: platform(&fake, &[("RAILWAY_API_TOKEN", &token)]),
            environment,
            fake,
            used: AtomicUsize::new(0),
            shared,
        }
    }

    fn place(&self, target: &Target) -> Place {
        let Address::Railway(address) = &target.address else {
            panic!("not ours");
        };
        let environment = self
            .fake
            .project("aurora")
            .environment(&address.environment);
        match &address.service {
            Some(service) => environment.service(service),
            None => environment.shared(),
        }
    }
}

impl Fixture for Railway {
    fn label(&self) -> String {
        let kind = if self.shared { "shared" } else { "services" };
        format!("railway ({kind})")
    }

    fn platform(&self) -> &dyn Platform {
        &self.platform
    }

    fn target(&self) -> Target {
        let number = self.used.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{number}");
        if self.shared {
            self.fake.project("aurora").environment(&name);
            target(&name, address("aurora", &name, None))
        } else {
            self.environment.service(&name);
            target(&name, address("aurora", "production", Some(&name)))
        }
    }

    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>) {
        match value {
            Some(value) => {
                self.place(target).set(name.as_str(), value);
            }
            None => {
                self.place(target).remove(name.as_str());
            }
        }
    }

    fn holds(&self, target: &Target, name: &VarName) -> Option<String> {
        self.fake.finish_workflows();
        self.place(target).value(name.as_str())
    }

    fn disturb(&self, target: &Target, disturbance: Disturbance) -> bool {
        let fake = &self.fake;
        match disturbance {
            Disturbance::ReadFails if self.shared => return false,
            Disturbance::ReadFails => {
                let id = self.place(target).id();
                fake.switches(|switches| {
                    switches.forbidden_services.insert(id);
                });
            }
            Disturbance::SilentBefore => fake.fault(Fault::Hang.on(Which::Mutations)),
            Disturbance::SilentAfter => {
                fake.fault(Fault::Hang.on(Which::Mutations).after_effect());
            }
            // each of our reads is a list of names and a request for values
            Disturbance::Lag(reads) => fake.switches(|switches| switches.lag.reads = 2 * reads),
            Disturbance::StrangerWrites(name, value) => fake.fault(
                self.place(target)
                    .meddling(name.as_str(), &value)
                    .on(Which::Mutations),
            ),
            // one answer holds all of a scope, and one commit is done or not
            Disturbance::Hides(_) | Disturbance::Unreadable(_) | Disturbance::StopsAfter(_) => {
                return false;
            }
        }
        true
    }

    fn calm(&self, _: &Target) {
        self.fake.clear_faults();
        self.fake.switches(|switches| {
            switches.forbidden_services.clear();
            switches.lag.reads = 0;
        });
    }
}

async fn keeps_the_contract(shared: bool, change: impl FnOnce(&FakeRailway)) {
    let Some(fake) = fake() else { return };
    change(&fake);
    let railway = Railway::new(fake, shared);
    battery(&railway).await;
    assert_eq!(railway.fake.unexpected(), Vec::<String>::new());
    assert!(railway.fake.most_concurrent_mutations() <= 1);
}

#[tokio::test]
async fn services_keep_the_contract() {
    keeps_the_contract(false, |_| {}).await;
}

#[tokio::test]
async fn shared_variables_keep_the_contract() {
    keeps_the_contract(true, |_| {}).await;
}

#[tokio::test]
async fn a_railway_that_drops_empty_values_keeps_the_contract() {
    keeps_the_contract(false, |fake| {
        fake.switches(|switches| switches.drops_empty_values = true);
    })
    .await;
}

#[tokio::test]
async fn a_slow_workflow_keeps_the_contract() {
    keeps_the_contract(false, |fake| {
        fake.switches(|switches| {
            switches.workflow_not_found = 2;
            switches.workflow_running = 2;
            switches.applies_late = true;
        });
    })
    .await;
}
