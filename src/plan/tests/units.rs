//! A variable on several targets goes together or waits.

use super::world::{Place, World, line, target, unknown, var};
use crate::model::LiveVar;
use crate::plan::Plan;

/// `A` moved in the manifest, on both targets.
fn moved(name: &str) -> Place {
    let mut place = Place::recorded(name);
    place.want("A", "d").has("A", "b").remember("A", "b");
    place.settled("OTHER", "o");
    place
}

fn first(plan: &Plan) -> String {
    line(&plan.targets[0].changes[0])
}

const GOES: &str = "A Change/DesiredMoved Update []";
const WAITS: &str = "A Change/DesiredMoved Update [unit]";

fn beside(change: impl FnOnce(&mut Place)) -> World {
    let mut other = moved("vps");
    change(&mut other);
    World::new(vec![moved("api"), other])
}

#[test]
fn one_side_that_cannot_go_holds_the_other() {
    assert_eq!(first(&beside(|_| ()).plan()), GOES);
    type Setup = fn(&mut Place);
    let sides: &[(Setup, &str)] = &[
        (|p| p.live_unknown = true, WAITS),
        (|p| p.elsewhere = true, GOES),
        (
            |p| {
                p.has("A", "theirs");
            },
            WAITS,
        ),
        (
            |p| {
                p.has("A", "d");
            },
            GOES,
        ),
        (
            |p| {
                p.live.vars.insert(var("A"), LiveVar::Unknown("odd".into()));
            },
            WAITS,
        ),
        (
            |p| {
                p.desired.vars.remove("A");
                p.desired.unknown.insert(var("A"), unknown("A"));
            },
            WAITS,
        ),
        (
            |p| {
                p.live
                    .vars
                    .insert(var("OTHER"), LiveVar::Unknown("odd".into()));
            },
            WAITS,
        ),
        (
            |p| {
                p.desired.vars.get_mut("A").unwrap().refusal = Some("a newline".into());
            },
            WAITS,
        ),
        (|p| p.target.rails.changes.count = Some(0), WAITS),
    ];
    for (number, (side, expected)) in sides.iter().enumerate() {
        let mut world = beside(side);
        let plan = world.plan();
        assert_eq!(first(&plan), *expected, "side {number}");
        if *expected == WAITS {
            let hold = &plan.targets[0].changes[0].holds[0];
            assert!(hold.why.contains("on vps it"), "{}", hold.why);
            assert_eq!(hold.release.as_deref(), Some("--partial A"));
        }
        world.overrides.partial.insert(var("A"));
        assert_eq!(first(&world.plan()), GOES, "side {number}");
    }
}

#[test]
fn a_renamed_variable_is_one_unit() {
    let world = beside(|p| {
        let desired = p.desired.vars.remove("A").unwrap();
        p.desired.vars.insert(var("RENAMED"), desired);
        p.live.vars.remove("A");
        p.last.vars.remove("A");
        p.has("RENAMED", "theirs");
    });
    assert_eq!(first(&world.plan()), WAITS);
}

#[test]
fn a_selection_that_splits_a_unit_waits() {
    let mut world = beside(|_| ());
    world.only_targets = Some([target("api")].into());
    assert_eq!(first(&world.plan()), WAITS);
    world.overrides.partial.insert(var("A"));
    assert_eq!(first(&world.plan()), GOES);
    // nothing to write on the other side: no split
    let mut world = beside(|p| {
        p.has("A", "d");
    });
    world.only_targets = Some([target("api")].into());
    assert_eq!(first(&world.plan()), GOES);
}

#[test]
fn three_targets_wait_for_the_third() {
    let mut third = moved("third");
    third.live_unknown = true;
    let plan = World::new(vec![moved("api"), moved("vps"), third]).plan();
    for target in &plan.targets[..2] {
        assert_eq!(line(&target.changes[0]), WAITS);
    }
}
