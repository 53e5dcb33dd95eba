//! What is left of an approved plan, in every world.

use proptest::prelude::*;

use super::left::{going, left};
use super::world::{Place, World, clear, keys, var};
use crate::model::{LiveVar, SecretValue};
use crate::plan::{Change, Class, Glimpse};

/// What the three sides of one variable may be; `None` where it is on none of them.
type Sides = (Option<u8>, Option<u8>, Option<u8>, bool);

fn place(name: &str, sides: &[Sides]) -> Place {
    let mut place = Place::new(name);
    for (number, (desired, live, recorded, is_clear)) in sides.iter().enumerate() {
        let name = format!("V{number}");
        let text = |value: u8| format!("value-{value}");
        if let Some(value) = desired {
            if *is_clear {
                let wanted = clear(&name, &text(*value));
                place.desired.vars.insert(var(&name), wanted);
            } else {
                place.want(&name, &text(*value));
            }
        }
        if let Some(value) = live {
            place.has(&name, &text(*value));
        }
        if let Some(value) = recorded {
            place.remember(&name, &text(*value));
        }
    }
    place
}

fn sides() -> impl Strategy<Value = Vec<Sides>> {
    let side = || proptest::option::of(0..3_u8);
    proptest::collection::vec((side(), side(), side(), any::<bool>()), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever an apply of it got done, a second one does the rest, and a third finds nothing.
    #[test]
    fn a_second_apply_finishes_an_interrupted_one(
        one in sides(), two in sides(), written in any::<[bool; 2]>(), recorded in any::<bool>(),
    ) {
        let mut world = World::new(vec![place("one", &one), place("two", &two)]);
        let approved = world.plan();
        let mut whole = world.clone();
        whole.apply(&approved);
        for (number, written) in written.iter().enumerate() {
            if *written {
                world.places[number].live = whole.places[number].live.clone();
                if recorded {
                    world.places[number].last = whole.places[number].last.clone();
                }
            }
        }
        let rest = left(&approved, &world);
        let expected: Vec<String> = going(&approved)
            .into_iter()
            .filter(|name| !(written[0] && name.ends_with("one") || written[1] && name.ends_with("two")))
            .collect();
        prop_assert_eq!(going(&rest.plan), expected);
        world.apply(&rest.plan);
        for (place, whole) in world.places.iter().zip(&whole.places) {
            prop_assert_eq!(&place.live.vars, &whole.live.vars);
        }
        let nothing = left(&approved, &world);
        prop_assert_eq!(going(&nothing.plan), Vec::<String>::new());
        prop_assert_eq!(nothing.done.len(), going(&approved).len());
    }

    /// Whatever happened in between, only approved writes are left, from the value that was seen to
    /// the value that was approved.
    #[test]
    fn only_what_was_approved_is_written_and_only_over_what_was_seen(
        one in sides(), two in sides(), later in sides(), forgotten in any::<bool>(),
    ) {
        let mut world = World::new(vec![place("one", &one), place("two", &two)]);
        let approved = world.plan();
        let moved = place("one", &later);
        world.places[0].live = moved.live;
        if forgotten {
            world.places[0].last = moved.last;
        }
        let now = left(&approved, &world);
        let known = |name: &crate::model::TargetName, change: &Change| {
            let targets = approved.targets.iter().filter(|one| one.target == *name);
            targets.flat_map(|one| &one.changes).any(|one| {
                one.name == change.name && one.action == change.action && one.will_write()
            })
        };
        for (planned, place) in now.plan.targets.iter().zip(&world.places) {
            for change in planned.changes.iter().filter(|one| one.will_write()) {
                prop_assert!(known(&planned.target, change));
                let then = approved.targets.iter().find(|one| one.target == planned.target).unwrap();
                let then = then.changes.iter().find(|one| one.name == change.name).unwrap();
                let print = |text: &Glimpse| match text {
                    Glimpse::Text(text) => Glimpse::Fingerprint(keys(1, &[]).fingerprint(
                        &planned.target, &change.name, &SecretValue::new(text.as_str()),
                    )),
                    other => other.clone(),
                };
                let seen = place.live.vars.get(&change.name).map_or(Glimpse::Absent, |live| match live {
                    LiveVar::Value(value) => Glimpse::Fingerprint(
                        keys(1, &[]).fingerprint(&planned.target, &change.name, value),
                    ),
                    _ => Glimpse::Unknown,
                });
                prop_assert_eq!(print(&then.before), seen);
                prop_assert_eq!(print(&then.after), print(&change.after));
                prop_assert!(change.class != Class::InSync);
            }
        }
    }
}
