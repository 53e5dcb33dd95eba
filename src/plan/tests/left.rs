//! What is left of an approved plan: only what still fits, and nothing that nobody approved.

use super::saved::world;
use super::world::{Place, World, keys, stamp, target, value, var};
use crate::model::{Completeness, LiveVar, Sensitivity};
use crate::plan::{Change, Glimpse, LiveState, Narrowed, Plan, STALE, narrow, unapproved};

fn live(world: &World) -> Vec<LiveState> {
    let state = |place: &Place| {
        if place.elsewhere {
            LiveState::Elsewhere {
                machine: "mini".into(),
            }
        } else if place.live_unknown {
            LiveState::Unknown {
                reason: "gone".into(),
                help: None,
            }
        } else {
            LiveState::Read(place.live.clone())
        }
    };
    world.places.iter().map(state).collect()
}

pub(super) fn left(approved: &Plan, world: &World) -> Narrowed {
    let with = keys(1, &[]);
    let partial = &world.overrides.partial;
    narrow(approved, &world.plan(), &live(world), &with, partial)
}

pub(super) fn going(plan: &Plan) -> Vec<String> {
    let targets = plan.targets.iter();
    let names = targets.flat_map(|target| {
        let goes = target.changes.iter().filter(|change| change.will_write());
        goes.map(move |change| format!("{}@{}", change.name, target.target))
    });
    names.collect()
}

fn find<'a>(plan: &'a Plan, name: &str) -> &'a Change {
    let mut changes = plan.targets.iter().flat_map(|target| &target.changes);
    changes.find(|change| change.name == var(name)).unwrap()
}

fn rails(change: &Change) -> Vec<&str> {
    change.holds.iter().map(|hold| hold.rail.as_str()).collect()
}

#[test]
fn what_did_not_move_goes_and_what_was_held_stays_held() {
    let world = world();
    let approved = world.plan();
    let now = left(&approved, &world);
    assert_eq!(now.plan, approved);
    assert_eq!(now.done, []);
    assert_eq!(going(&now.plan), ["A@api", "C@api", "GONE@api"]);
    assert_eq!(rails(find(&now.plan, "D")), ["conflict"]);
}

#[test]
fn what_is_as_planned_is_done() {
    let mut world = world();
    let approved = world.plan();
    world.apply(&approved);
    let now = left(&approved, &world);
    assert_eq!(going(&now.plan), [""; 0]);
    let done: Vec<&str> = now.done.iter().map(|(_, one)| one.name.as_str()).collect();
    assert_eq!(done, ["A", "C", "GONE"]);
    assert_eq!(now.plan.id, approved.id);
    // by another hand: it is recorded, and not written
    let mut world = self::world();
    world.places[0]
        .has("A", "new")
        .live
        .vars
        .remove(&var("GONE"));
    let now = left(&approved, &world);
    assert_eq!(going(&now.plan), ["C@api"]);
    assert!(find(&now.plan, "A").will_happen());
    assert_eq!(now.done.len(), 2);
}

#[test]
fn what_moved_is_stale() {
    let approved = world().plan();
    type Edit = fn(&mut World);
    let edits: [(&str, &str, Edit); 4] = [
        ("A", "another value", |w| {
            w.places[0].has("A", "outside");
        }),
        ("A", "removed", |w| {
            w.places[0].live.vars.remove(&var("A"));
        }),
        ("C", "there by now", |w| {
            w.places[0].has("C", "theirs");
        }),
        ("GONE", "changed", |w| {
            w.places[0].has("GONE", "theirs");
        }),
    ];
    for (name, what, edit) in edits {
        let mut world = world();
        edit(&mut world);
        let now = left(&approved, &world);
        assert_eq!(rails(find(&now.plan, name)), [STALE], "{what}");
        assert_eq!(going(&now.plan).len(), 2, "{what}");
    }
}

#[test]
fn a_place_with_something_unreadable_is_not_written() {
    let approved = world().plan();
    let mut world = world();
    let unknown = LiveVar::Unknown("no".into());
    world.places[0].live.vars.insert(var("A"), unknown);
    let now = left(&approved, &world);
    assert_eq!(rails(find(&now.plan, "A")), [STALE]);
    assert_eq!(rails(find(&now.plan, "C")), ["unknown"]);
    assert_eq!(going(&now.plan), [""; 0]);
}

#[test]
fn a_delete_whose_record_is_gone_is_done_only_where_that_can_be_seen() {
    let approved = world().plan();
    let mut world = world();
    world.places[0].last.vars.remove(&var("GONE"));
    let there = left(&approved, &world);
    assert_eq!(rails(find(&there.plan, "GONE")), [STALE]);
    world.places[0].live.vars.remove(&var("GONE"));
    assert_eq!(left(&approved, &world).done.len(), 1);
    world.places[0].live.completeness = Completeness::Partial("half".into());
    assert_eq!(left(&approved, &world).done.len(), 0);
}

#[test]
fn a_rail_that_holds_it_now_holds_it() {
    let approved = world().plan();
    let mut world = world();
    world.places[0].target.rails.changes.count = Some(0);
    let now = left(&approved, &world);
    assert_eq!(rails(find(&now.plan, "A")), ["changes"]);
}

#[test]
fn what_nobody_approved_is_left_out_and_does_not_count() {
    let approved = world().plan();
    let mut world = world();
    world.places[0].has("B", "outside").want_clear("H", "h");
    let now = left(&approved, &world);
    assert_eq!(going(&now.plan), ["A@api", "C@api", "GONE@api"]);
    for name in ["B", "H"] {
        assert!(find(&now.plan, name).is_left_out(), "{name}");
    }
}

#[test]
fn a_text_and_its_fingerprint_are_one_value() {
    let mut before = World::one(|p| {
        p.want_clear("A", "new").has("A", "old");
        p.remember_as("A", "old", Sensitivity::Clear);
    });
    let approved = before.plan();
    assert_eq!(find(&approved, "A").before, Glimpse::Text("old".into()));
    // another journal, which never recorded it
    before.places[0].last.vars.clear();
    before.places[0].last.recorded = false;
    assert_ne!(
        find(&before.plan(), "A").before,
        Glimpse::Text("old".into())
    );
    assert_eq!(going(&left(&approved, &before).plan), ["A@api"]);
    before.places[0].has("A", "older");
    assert_eq!(going(&left(&approved, &before).plan), [""; 0]);
}

#[test]
fn what_nobody_could_see_cannot_be_compared() {
    let mut world = World::one(|p| {
        p.want("A", "new").has("A", "old");
        p.desired.key_trusted = false;
    });
    world.allow("new-key", None);
    let approved = world.plan();
    assert_eq!(going(&approved), ["A@api"]);
    assert_eq!(find(&approved, "A").before, Glimpse::Sealed);
    let now = left(&approved, &world);
    assert_eq!(rails(find(&now.plan, "A")), [STALE]);
}

/// `S` on two targets, and one variable of each.
fn unit() -> World {
    let place = |name: &str| {
        let mut place = Place::new(name);
        place.want("S", "new").has("S", "old").remember("S", "old");
        place.want(name, "x");
        place
    };
    World::new(vec![place("one"), place("two")])
}

#[test]
fn a_unit_waits_everywhere_where_one_side_moved() {
    let approved = unit().plan();
    type Edit = fn(&mut World);
    let edits: [Edit; 4] = [
        |w| {
            w.places[1].has("S", "outside");
        },
        |w| w.places[1].live_unknown = true,
        |w| {
            w.places[1].live.vars.remove(&var("S"));
        },
        |w| {
            let unknown = LiveVar::Unknown("no".into());
            w.places[1].live.vars.insert(var("S"), unknown);
        },
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut world = unit();
        edit(&mut world);
        let now = left(&approved, &world);
        let goes = going(&now.plan);
        assert!(goes.contains(&"one@one".to_owned()), "{number}");
        assert!(!goes.iter().any(|name| name.starts_with('S')), "{number}");
        assert!(
            !find(&now.plan, "S").holds.is_empty(),
            "{number}: it says why"
        );
    }
    // one side is there already: the other goes
    let mut world = unit();
    world.places[1].has("S", "new");
    assert_eq!(
        going(&left(&approved, &world).plan),
        ["S@one", "one@one", "two@two"]
    );
}

#[test]
fn a_side_that_was_in_sync_and_drifted_holds_the_unit() {
    let mut world = unit();
    world.places[1].settled("S", "new");
    let approved = world.plan();
    assert!(going(&approved).contains(&"S@one".to_owned()));
    world.places[1].has("S", "outside");
    let now = left(&approved, &world);
    assert_eq!(rails(find(&now.plan, "S")), ["unit"]);
    world.overrides.partial.insert(var("S"));
    let now = left(&approved, &world);
    assert!(going(&now.plan).contains(&"S@one".to_owned()));
}

#[test]
fn a_place_of_another_machine_is_not_written() {
    let approved = unit().plan();
    let mut world = unit();
    world.places[1].elsewhere = true;
    let now = left(&approved, &world);
    assert_eq!(going(&now.plan), ["S@one", "one@one"]);
    assert_eq!(now.plan.targets[1].changes.len(), 2);
    assert!(
        now.plan.targets[1]
            .changes
            .iter()
            .all(|change| rails(change) == [STALE])
    );
}

#[test]
fn what_was_not_shown_was_not_approved() {
    let gained = crate::plan::Authority {
        kind: crate::plan::AuthorityKind::DestinationChanged,
        target: Some(target("api")),
        variable: None,
        what: "elsewhere".into(),
        held: true,
    };
    let mut world = world();
    let before = world.plan();
    world.authority.push(gained.clone());
    assert_eq!(unapproved(&before, &world.plan()), Some(&gained));
    assert_eq!(unapproved(&world.plan(), &world.plan()), None);
    assert_eq!(unapproved(&world.plan(), &before), None);
}

#[test]
fn a_value_that_only_the_platform_sees_goes_by_its_time_stamp() {
    let sealed = |second: i64| LiveVar::Sealed {
        changed_at: Some(stamp(second)),
    };
    let mut world = World::one(|p| {
        p.want("A", "new").remember("A", "old");
        p.live.vars.insert(var("A"), sealed(100));
    });
    let approved = world.plan();
    assert_eq!(going(&approved), ["A@api"]);
    assert_eq!(going(&left(&approved, &world).plan), ["A@api"]);
    world.places[0].live.vars.insert(var("A"), sealed(101));
    assert_eq!(going(&left(&approved, &world).plan), [""; 0]);
    world.places[0].live.vars.insert(var("A"), value("old"));
    assert_eq!(going(&left(&approved, &world).plan), [""; 0]);
}
