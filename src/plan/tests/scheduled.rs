//! What a schedule may do by itself: the mode of each target, its windows, the brake.

use super::world::{Place, World, var};
use crate::model::{Activation, Mode, Scheduled, TargetName};
use crate::plan::{Class, Plan};

fn target(name: &str) -> TargetName {
    name.parse().unwrap()
}

fn scheduled(modes: &[(&str, Mode)]) -> Scheduled {
    Scheduled {
        modes: modes
            .iter()
            .map(|(name, mode)| (target(name), *mode))
            .collect(),
        ..Scheduled::default()
    }
}

/// Class and rails of one name.
fn of<'a>(plan: &'a Plan, on: &str, name: &str) -> (Class, Vec<&'a str>) {
    let mut targets = plan.targets.iter();
    let changes = &targets
        .find(|one| one.target.as_str() == on)
        .unwrap()
        .changes;
    let change = changes
        .iter()
        .find(|change| change.name == var(name))
        .unwrap();
    let rails = change.holds.iter().map(|hold| hold.rail.as_str());
    (change.class, rails.collect())
}

/// A change, a drift, and a value that is equal and not recorded.
fn world(mode: Mode) -> World {
    let mut world = World::one(|place| {
        *place = Place::recorded("api");
        place
            .want("MOVED", "new")
            .has("MOVED", "old")
            .remember("MOVED", "old");
        place
            .want("DRIFTED", "ours")
            .has("DRIFTED", "theirs")
            .remember("DRIFTED", "ours");
        place.want("EQUAL", "same").has("EQUAL", "same");
    });
    world.unattended = true;
    world.scheduled = Some(scheduled(&[("api", mode)]));
    world
}

#[test]
fn each_mode_does_what_it_says_and_no_more() {
    let plan = world(Mode::Observe).plan();
    for name in ["MOVED", "DRIFTED", "EQUAL"] {
        assert_eq!(of(&plan, "api", name).1, ["mode"], "{name}");
    }
    let plan = world(Mode::Apply).plan();
    assert_eq!(of(&plan, "api", "MOVED"), (Class::Change, vec![]));
    assert_eq!(of(&plan, "api", "DRIFTED"), (Class::Drift, vec!["mode"]));
    assert!(of(&plan, "api", "EQUAL").1.is_empty());
    let plan = world(Mode::Heal).plan();
    assert_eq!(of(&plan, "api", "DRIFTED"), (Class::Drift, vec![]));
}

#[test]
fn a_target_that_the_schedule_does_not_know_is_only_looked_at() {
    let mut world = world(Mode::Heal);
    world.scheduled = Some(scheduled(&[("another", Mode::Heal)]));
    assert_eq!(of(&world.plan(), "api", "MOVED").1, ["mode"]);
}

#[test]
fn outside_its_windows_nothing_is_written_or_recorded() {
    let mut world = world(Mode::Heal);
    let why = "the next window begins at 09:00".to_owned();
    let scheduled = world.scheduled.as_mut().unwrap();
    scheduled.withheld.insert(target("api"), why.clone());
    let plan = world.plan();
    for name in ["MOVED", "DRIFTED", "EQUAL"] {
        assert_eq!(of(&plan, "api", name).1, ["window"], "{name}");
    }
    let hold = &plan.targets[0].changes[0].holds[0];
    assert_eq!(hold.why, format!("api is not written now: {why}"));
    assert_eq!(hold.release, None, "no flag opens a window");
}

#[test]
fn the_brake_stops_one_variable_and_no_other() {
    let mut world = world(Mode::Heal);
    world.places[0]
        .want("OTHER", "ours")
        .has("OTHER", "theirs")
        .remember("OTHER", "ours");
    let scheduled = world.scheduled.as_mut().unwrap();
    scheduled.braked.insert((target("api"), var("DRIFTED")));
    scheduled.braked.insert((target("api"), var("MOVED")));
    let plan = world.plan();
    assert_eq!(of(&plan, "api", "DRIFTED").1, ["brake"]);
    assert!(of(&plan, "api", "OTHER").1.is_empty());
    assert!(
        of(&plan, "api", "MOVED").1.is_empty(),
        "a change is no healing"
    );
}

#[test]
fn a_variable_waits_for_a_target_that_is_only_looked_at() {
    let place = |name: &str, live: &str| {
        let mut place = Place::recorded(name);
        place
            .want("TOKEN", "new")
            .has("TOKEN", live)
            .remember("TOKEN", "old");
        place
    };
    let mut world = World::new(vec![place("api", "old"), place("vps", "old")]);
    world.unattended = true;
    world.scheduled = Some(scheduled(&[("api", Mode::Apply)]));
    assert_eq!(of(&world.plan(), "api", "TOKEN").1, ["unit"]);
    // somebody applied it there
    let mut world = World::new(vec![place("api", "old"), place("vps", "new")]);
    world.unattended = true;
    world.scheduled = Some(scheduled(&[("api", Mode::Apply)]));
    assert_eq!(of(&world.plan(), "vps", "TOKEN").0, Class::InSync);
    assert!(of(&world.plan(), "api", "TOKEN").1.is_empty());
}

#[test]
fn nothing_is_restarted_where_nothing_may_be_written() {
    let restarted = |mode: Mode| {
        let mut world = World::one(|place| {
            *place = Place::recorded("api");
            place
                .want("A", "same")
                .has("A", "same")
                .remember("A", "same");
            place.last.pending = Some("2026-01-01T00:00:00Z".parse().unwrap());
            place.target.activation = Some(Activation::Command("true".to_owned()));
        });
        world.unattended = true;
        world.scheduled = Some(scheduled(&[("api", mode)]));
        world.plan().targets[0].will_activate()
    };
    assert!(!restarted(Mode::Observe));
    assert!(restarted(Mode::Apply));
}
