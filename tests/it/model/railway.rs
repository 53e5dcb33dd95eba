//! The fake Railway under random sequences, with our platform in front of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use driftlock::model::{Address, PlatformKind};
use driftlock::platforms::Platform;
use driftlock::platforms::railway::api::Pace;
use driftlock::platforms::railway::{RailwayPlatform, RailwaySettings};
use proptest_state_machine::StateMachineTest;

use super::stage::{Stage, all_names};
use super::steps::{Model, Reference, Step, TroubleKind};
use super::tally::Tally;
use super::wishes::{At, TARGETS, Truth};
use super::world::World;
use super::{play, sequences};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::faults::{Fault, Rule, Which};
use crate::support::fake_railway::handles::Place;
use crate::support::fake_railway::switches::Switches;
use crate::support::railway::{address, fake, settings};

static TALLY: Tally = Tally::new();

/// What a run must have reached, or it shows nothing.
const REACHED: &[&str] = &[
    "crash after the write",
    "crash before the write",
    "exit 0",
    "exit 1",
    "exit 3",
    "held by conflict",
    "held by unit",
    "refused: stale",
    "settled by one clean apply",
    "trouble: Away BeforeApply",
    "trouble: SilentAfter BeforeApply",
    "wrote: deleted",
    "wrote: set",
];

/// The real waits by the thousandth; only what hangs is waited for, and not for long.
const HURRIED: Pace = Pace {
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(4),
    give_up: Duration::from_millis(400),
    read_timeout: Duration::from_secs(5),
    write_timeout: Duration::from_millis(200),
    problem_tries: 2,
};

thread_local! {
    /// Each thread has one of its own: what goes wrong does so for all who use it.
    static FAKE: RefCell<Option<Arc<FakeRailway>>> = const { RefCell::new(None) };
}

/// Names projects.
static PROJECTS: AtomicUsize = AtomicUsize::new(0);

/// Services of one environment that nobody else uses.
struct Services {
    fake: Arc<FakeRailway>,
    project: String,
    token: String,
    places: BTreeMap<&'static str, Place>,
}

impl Services {
    fn new() -> Self {
        let fake = FAKE.with_borrow_mut(|known| {
            let fake = known.get_or_insert_with(|| Arc::new(fake().expect("looked for before")));
            fake.clone()
        });
        let project = format!("model-{}", PROJECTS.fetch_add(1, Ordering::Relaxed));
        let environment = fake.project(&project).environment("production");
        let places = TARGETS.map(|name| (name, environment.service(name)));
        let services = Self {
            token: environment.token(),
            places: places.into(),
            project,
            fake,
        };
        services.calm();
        services
    }

    fn rule(&self, rule: Rule) {
        self.fake.fault(rule);
    }
}

impl Stage for Services {
    const KIND: PlatformKind = PlatformKind::Railway;
    const INSISTS: bool = false;
    const DIVIDES: bool = false;

    fn address(&self, target: &'static str) -> Address {
        Address::Railway(address(&self.project, "production", Some(target)))
    }

    fn platform(&self) -> Box<dyn Platform> {
        Box::new(RailwayPlatform::new(RailwaySettings {
            pace: HURRIED,
            ..settings(&self.fake, &[("RAILWAY_TOKEN", &self.token)])
        }))
    }

    fn truth(&self) -> Truth {
        let mut truth = Truth::new();
        for (target, place) in &self.places {
            for name in all_names() {
                if let Some(value) = place.value(name) {
                    truth.insert((*target, name), value);
                }
            }
        }
        truth
    }

    fn put(&self, (target, name): At, value: Option<&str>) {
        let place = &self.places[target];
        match value {
            Some(value) => drop(place.clone().set(name, value)),
            None => drop(place.remove(name)),
        }
    }

    fn can_fail(kind: TroubleKind) -> bool {
        matches!(
            kind,
            TroubleKind::Away | TroubleKind::SilentBefore | TroubleKind::SilentAfter
        )
    }

    fn trouble(&self, target: &'static str, kind: TroubleKind) {
        let hang = || Fault::Hang.on(Which::Mutations).nth(1);
        match kind {
            TroubleKind::Away => {
                let id = self.places[target].id();
                self.fake
                    .switches(|switches| switches.forbidden_services = [id].into());
            }
            TroubleKind::SilentBefore => self.rule(hang()),
            TroubleKind::SilentAfter => self.rule(hang().after_effect()),
            _ => {}
        }
    }

    fn calm(&self) {
        self.fake.clear_faults();
        self.fake
            .switches(|switches| *switches = Switches::default());
        self.fake.finish_workflows();
    }

    fn fork(&self) -> Option<Self> {
        None
    }
}

struct OnRailway;

impl StateMachineTest for OnRailway {
    type SystemUnderTest = World<Services>;
    type Reference = Reference;

    fn init_test(_: &Model) -> World<Services> {
        World::new(Services::new(), &TALLY)
    }

    fn apply(mut world: World<Services>, model: &Model, step: Step) -> World<Services> {
        world.step(&model.wishes, step);
        world
    }

    fn teardown(world: World<Services>, model: Model) {
        world.settle(&model.wishes);
    }
}

#[test]
fn random_sequences_over_railway_break_no_promise() {
    if fake().is_none() {
        return;
    }
    play::<OnRailway>("the fake Railway", sequences(100, 2_000));
    TALLY.show(REACHED);
}
