//! What a run of `undo` adds to the decision.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Place, World, line, target, var};
use crate::plan::{Plan, Undo, UndoTarget};

/// `A` holds what receipt 12 left, `b`; it goes back to `a`. `OTHER` is wanted otherwise than it is.
fn back(name: &str) -> Place {
    let mut place = Place::recorded(name);
    place.want("A", "a").has("A", "b").remember("A", "b");
    place.want("OTHER", "new").has("OTHER", "o");
    place.remember("OTHER", "o");
    place
}

fn undo(targets: &[(&str, u64)]) -> Undo {
    let one = |(name, receipt): &(&str, u64)| {
        let names = BTreeMap::from([(var("A"), Some(var("A")))]);
        let receipts = BTreeSet::from([*receipt]);
        (target(name), UndoTarget { receipts, names })
    };
    Undo {
        targets: targets.iter().map(one).collect(),
        companions: BTreeMap::new(),
    }
}

fn world(places: Vec<Place>, targets: &[(&str, u64)]) -> World {
    let mut world = World::new(places);
    world.undo = Some(undo(targets));
    world
}

fn lines(plan: &Plan, place: usize) -> Vec<String> {
    plan.targets[place].changes.iter().map(line).collect()
}

fn one(change: impl FnOnce(&mut Place)) -> String {
    let mut place = back("api");
    change(&mut place);
    let plan = world(vec![place], &[("api", 12)]).plan();
    lines(&plan, 0)[0].clone()
}

#[test]
fn nothing_but_what_is_taken_back_goes() {
    let plan = world(vec![back("api")], &[("api", 12)]).plan();
    assert_eq!(
        lines(&plan, 0),
        [
            "A Change/GoingBack Update []",
            "OTHER Change/DesiredMoved Update [not-selected]"
        ]
    );
}

#[test]
fn whatever_moved_since_is_a_conflict() {
    let held = "A Conflict/MovedSince Update [conflict]";
    assert_eq!(
        one(|p| {
            p.has("A", "theirs");
        }),
        held
    );
    // also where the value that goes back is what was recorded: somebody moved it all the same
    assert_eq!(
        one(|p| {
            p.remember("A", "a");
        }),
        held
    );
    let gone = one(|p| drop(p.live.vars.remove("A")));
    assert_eq!(gone, "A Conflict/MovedSince Create [conflict]");
    let there = one(|p| {
        p.has("A", "a");
    });
    assert_eq!(there, "A InSync/EqualUnrecorded Record []");
}

#[test]
fn what_was_not_there_is_taken_away_without_pruning() {
    let gone = |change: fn(&mut Place)| {
        one(|p| {
            p.target.prune = false;
            p.target.rails.deletes.percent = None;
            p.desired.vars.remove("A");
            change(p);
        })
    };
    assert_eq!(gone(|_| ()), "A Change/GoingBack Delete []");
    assert_eq!(
        gone(|p| {
            p.has("A", "theirs");
        }),
        "A Conflict/MovedSince Delete [conflict]"
    );
    assert_eq!(
        gone(|p| p.target.rails.deletes.count = Some(0)),
        "A Change/GoingBack Delete [deletes]"
    );
}

#[test]
fn a_value_that_another_target_would_keep_is_held() {
    let mut both = world(vec![back("api"), back("web")], &[("api", 12)]);
    let changes = |world: &World| lines(&world.plan(), 0)[0].clone();
    // on the other target the manifest's value is in sync
    both.places[1].want("A", "b");
    assert_eq!(changes(&both), "A Change/GoingBack Update [unit]");
    let why = |world: &World| world.plan().targets[0].changes[0].holds[0].why.clone();
    assert!(!why(&both).contains("driftlock undo"), "{}", why(&both));
    both.undo.as_mut().unwrap().companions = BTreeMap::from([(target("web"), 13)]);
    assert!(
        why(&both).contains("`driftlock undo 12 13`"),
        "{}",
        why(&both)
    );
    both.places[1].elsewhere = true;
    assert_eq!(changes(&both), "A Change/GoingBack Update []");
    both.places[1].elsewhere = false;
    both.overrides.partial.insert(var("A"));
    assert_eq!(changes(&both), "A Change/GoingBack Update []");
    both.overrides.partial.clear();
    // it never got the new value, or has the former one again
    both.places[1].has("A", "a").remember("A", "a");
    assert_eq!(changes(&both), "A Change/GoingBack Update []");
    both.places[1].live_unknown = true;
    assert_eq!(changes(&both), "A Change/GoingBack Update [unit]");
}

#[test]
fn both_sides_go_together() {
    let mut both = world(vec![back("api"), back("web")], &[("api", 12), ("web", 13)]);
    let plan = both.plan();
    assert_eq!(lines(&plan, 0)[0], "A Change/GoingBack Update []");
    assert_eq!(lines(&plan, 1)[0], "A Change/GoingBack Update []");
    both.places[1].has("A", "theirs");
    let plan = both.plan();
    assert_eq!(lines(&plan, 0)[0], "A Change/GoingBack Update [unit]");
}

#[test]
fn its_id_is_no_other_plans_and_names_the_receipts() {
    let id = |undo: Option<Undo>| {
        let mut world = World::new(vec![back("api")]);
        world.only_variables = Some(BTreeSet::from([var("A")]));
        world.undo = undo;
        world.plan().id
    };
    let ids = BTreeSet::from([
        id(None),
        id(Some(undo(&[("api", 12)]))),
        id(Some(undo(&[("api", 13)]))),
    ]);
    assert_eq!(ids.len(), 3);
}
