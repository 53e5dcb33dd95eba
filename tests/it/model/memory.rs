//! The stores in memory under random sequences.

use proptest_state_machine::StateMachineTest;

use super::stage::Stores;
use super::steps::{Model, Reference, Step};
use super::tally::Tally;
use super::world::World;
use super::{play, sequences};

static TALLY: Tally = Tally::new();

/// What a run must have reached, or it shows nothing.
const REACHED: &[&str] = &["exit 0", "exit 1", "exit 3", "exit 4"];

struct InMemory;

impl StateMachineTest for InMemory {
    type SystemUnderTest = World<Stores>;
    type Reference = Reference;

    fn init_test(_: &Model) -> World<Stores> {
        World::new(Stores::default(), &TALLY)
    }

    fn apply(mut world: World<Stores>, model: &Model, step: Step) -> World<Stores> {
        world.step(&model.wishes, step);
        world
    }

    fn teardown(world: World<Stores>, model: Model) {
        world.settle(&model.wishes);
    }
}

#[test]
fn random_sequences_over_stores_in_memory_break_no_promise() {
    play::<InMemory>("stores in memory", sequences(800, 8_000));
    TALLY.show(REACHED);
}
