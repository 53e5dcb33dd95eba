//! The stores in memory under random sequences.

use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use super::stage::Stores;
use super::steps::{
    Beside, Keeps, Leave, Model, Moment, Reference, Step, Touch, TouchKind, Trouble, TroubleKind,
};
use super::tally::Tally;
use super::wishes::{At, Edit, Wishes};
use super::world::World;
use super::{play, sequences};

static TALLY: Tally = Tally::new();
static SCRIPTS: Tally = Tally::new();

/// What a run must have reached, or it shows nothing.
const REACHED: &[&str] = &[
    "crash after a target's write",
    "crash after the intent",
    "crash after the receipts",
    "crash before a read",
    "crash before the intent",
    "crash before the receipts",
    "crash before the write",
    "crash between two targets",
    "crash in the middle of a target",
    "exit 0",
    "exit 1",
    "exit 3",
    "exit 4",
    "half written",
    "held by authority",
    "held by conflict",
    "held by deletes",
    "held by new-key",
    "held by protected",
    "held by take-over",
    "held by unit",
    "held by unknown",
    "history verified",
    "in doubt",
    "journal: AuthorityBody forged",
    "journal: AuthorityGone forged",
    "journal: IntentsGone forged",
    "journal: Lost",
    "journal: PutBack",
    "journal: ReceiptBody forged",
    "journal: ReceiptsGone forged",
    "journal: StateBody forged",
    "journal: StateGone forged",
    "journal: StateMac forged",
    "plan: Change Adopted",
    "plan: Change DesiredMoved",
    "plan: Change FirstTakeOver",
    "plan: Change New",
    "plan: Change Prune",
    "plan: Change PruneOff",
    "plan: Conflict BothMoved",
    "plan: Conflict NotOurs",
    "plan: Conflict PruneChangedOutside",
    "plan: Drift ChangedOutside",
    "plan: Drift RemovedOutside",
    "plan: Unknown Unreadable",
    "plan: Unknown VariableUnreadable",
    "refused",
    "refused: stale",
    "settled by one clean apply",
    "step: kept plan applied, fresh, memory of now",
    "step: kept plan applied, fresh, memory of then",
    "step: kept plan applied, stale, memory of now",
    "step: kept plan applied, stale, memory of then",
    "step: re-key, former keys kept: All",
    "step: re-key, former keys kept: Last",
    "step: re-key, former keys kept: None",
    "stranger BeforeApply",
    "stranger BeforeWrite",
    "trouble: Forgets BeforeApply",
    "trouble: Lags BeforeApply",
    "trouble: SilentAfter BeforeApply",
    "trouble: SilentBefore BeforeApply",
    "trouble: Stops BeforeApply",
    "wrote: deleted",
    "wrote: set",
];

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
    play::<InMemory>("stores in memory", sequences(500, 8_000));
    TALLY.show(REACHED);
}

/// Plays these steps from a manifest with these uses, in which one target is pruned.
fn plays(uses: &[At], steps: Vec<Step>) {
    let uses = uses.iter().copied().collect();
    let mut model = Model::new(Wishes::new(uses, ["api"].into()));
    let mut world = World::new(Stores::default(), &SCRIPTS);
    for step in steps {
        model = Reference::apply(model, &step);
        world.step(&model.wishes, step);
    }
    world.settle(&model.wishes);
}

fn plain() -> Step {
    Step::Apply(Leave::default(), Beside::default())
}

fn touched(moment: Moment, at: At) -> Step {
    let kind = TouchKind::Change;
    let beside = Beside {
        touch: Some((moment, Touch { at, kind })),
        trouble: None,
    };
    Step::Apply(Leave::default(), beside)
}

#[test]
fn a_side_that_drifts_after_the_plan_keeps_the_other_side_from_being_written() {
    plays(
        &[("api", "REGION"), ("vps", "REGION")],
        vec![
            touched(Moment::BeforeWrite, ("vps", "LEVEL")),
            touched(Moment::BeforeApply, ("api", "REGION")),
        ],
    );
}

#[test]
fn a_value_that_moves_after_the_plan_is_left_alone_under_a_key_that_is_not_believed() {
    let at = ("api", "TOKEN");
    let change = Touch {
        at,
        kind: TouchKind::Change,
    };
    let leave = Leave {
        allow: ["new-key"].into(),
        ..Leave::default()
    };
    let again = Beside {
        touch: Some((Moment::BeforeApply, change.clone())),
        trouble: None,
    };
    plays(
        &[("api", "LEVEL"), at],
        vec![
            plain(),
            Step::Rekey(Keeps::None),
            Step::Touch(change),
            Step::Apply(leave, again),
        ],
    );
}

#[test]
fn the_last_variable_of_a_place_is_not_pruned_without_a_word() {
    let at = ("api", "TOKEN");
    plays(
        &[at, ("vps", "TOKEN")],
        vec![plain(), Step::Edit(Edit::Leave(at)), plain(), plain()],
    );
}

#[test]
fn a_read_that_does_not_show_all_deletes_nothing_whatever_may_be_split() {
    let at = ("api", "TOKEN");
    let leave = Leave {
        partial: ["TOKEN"].into(),
        ..Leave::default()
    };
    let beside = Beside {
        trouble: Some(Trouble {
            target: "api",
            kind: TroubleKind::Partial("LEVEL"),
            moment: Moment::BeforePlan,
        }),
        touch: None,
    };
    plays(
        &[at, ("api", "LEVEL"), ("api", "URL")],
        vec![
            plain(),
            Step::Edit(Edit::Leave(at)),
            Step::Apply(leave, beside),
        ],
    );
}
