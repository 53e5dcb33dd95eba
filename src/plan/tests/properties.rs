//! What holds in every world, however odd.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::world::{Place, World, clear, line, secret, stamp, target, unknown, var};
use crate::model::{Completeness, LiveVar, SecretValue, Sensitivity, VarName};
use crate::plan::{ActionKind, Change, Class, Plan, Reason, TargetState, has_differences, summary};

/// Part of every value that must never be shown.
const CANARY: &str = "canary";
const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];

/// The three sides of one variable on one target, and what may be shown of it.
#[derive(Debug, Clone)]
struct Sides {
    desired: Option<u8>,
    undecryptable: bool,
    live: Option<u8>,
    live_kind: u8,
    recorded: Option<u8>,
    /// 0 clear for ever, 1 secret for ever, 2 secret when recorded and clear now, 3 the reverse.
    kind: u8,
}

fn sides() -> impl Strategy<Value = Sides> {
    (
        of(0..3_u8),
        0..20_u8,
        of(0..3_u8),
        0..20_u8,
        of(0..3_u8),
        0..4_u8,
    )
        .prop_map(
            |(desired, undecryptable, live, live_kind, recorded, kind)| Sides {
                desired,
                undecryptable: undecryptable == 0,
                live,
                live_kind,
                recorded,
                kind,
            },
        )
}

fn put(place: &mut Place, name: &str, sides: &Sides) {
    let text = |value: u8| match sides.kind {
        0 => format!("public-{value}"),
        _ => format!("{CANARY}-{value}"),
    };
    let recorded = match sides.kind {
        0 | 3 => Sensitivity::Clear,
        _ => Sensitivity::Secret,
    };
    if let Some(value) = sides.recorded {
        place.remember_as(name, &text(value), recorded);
    }
    if let Some(value) = sides.desired {
        // without a record nothing says that a clear value was ever secret
        let is_clear = sides.kind == 0 || (sides.kind == 2 && sides.recorded.is_some());
        let make = if is_clear { clear } else { secret };
        let desired = make(name, &text(value));
        if sides.undecryptable {
            place.desired.unknown.insert(var(name), unknown(name));
        } else {
            place.desired.vars.insert(var(name), desired);
        }
    }
    if let Some(value) = sides.live {
        let live = match sides.live_kind {
            0 => LiveVar::Unknown("odd".into()),
            1 => LiveVar::Sealed {
                changed_at: Some(stamp(100)),
            },
            2 => LiveVar::Sealed {
                changed_at: Some(stamp(101)),
            },
            3 => LiveVar::Sealed { changed_at: None },
            _ => LiveVar::Value(SecretValue::new(text(value))),
        };
        place.live.vars.insert(var(name), live);
    }
}

fn place(number: usize) -> impl Strategy<Value = Place> {
    let flags = (
        any::<bool>(),
        0..10_u8,
        any::<bool>(),
        of(0..4_u32),
        0..20_u8,
    );
    (vec(sides(), NAMES.len()), flags).prop_map(
        move |(all, (recorded, state, prune, deletes, comparable))| {
            let mut place = Place::new(&format!("t{number}"));
            for (name, sides) in NAMES.iter().zip(&all) {
                put(&mut place, name, sides);
            }
            place.last.recorded |= recorded;
            place.last.comparable = comparable != 0;
            place.target.prune = prune;
            place.target.rails.deletes.count = deletes;
            place.target.rails.deletes.percent = None;
            match state {
                0 => place.live_unknown = true,
                1 => place.desired_unknown = true,
                2 => place.elsewhere = true,
                3 => place.live.completeness = Completeness::Partial("cut".into()),
                4 => {
                    place.live.vars.clear();
                    place.live.exists = false;
                }
                _ => {}
            }
            place
        },
    )
}

prop_compose! {
    fn worlds()(
        places in (place(0), place(1), place(2)),
        unattended in any::<bool>(),
        partial in of(0..NAMES.len()),
        overwrite in of(0..NAMES.len()),
        adopt in of(0..NAMES.len()),
        only in of(0..NAMES.len()),
        only_target in 0..8_u8,
    ) -> World {
        let mut world = World::new(vec![places.0, places.1, places.2]);
        world.unattended = unattended;
        world.overrides.partial.extend(partial.map(|n| var(NAMES[n])));
        world.overrides.overwrite.extend(overwrite.map(|n| (var(NAMES[n]), target("t0"))));
        world.overrides.adopt.extend(adopt.map(|n| (var(NAMES[n]), target("t1"))));
        world.only_variables = only.filter(|n| *n < 2).map(|n| [var(NAMES[n])].into());
        world.only_targets = (only_target == 0).then(|| [target("t0")].into());
        world
    }
}

fn pairs<'a>(world: &'a World, plan: &'a Plan) -> impl Iterator<Item = (&'a Place, &'a Change)> {
    (world.places.iter().zip(&plan.targets))
        .flat_map(|(place, target)| target.changes.iter().map(move |change| (place, change)))
}

fn is_write(change: &Change) -> bool {
    !matches!(change.action, ActionKind::None | ActionKind::Record)
}

/// What a target holds of a wanted name differs from desired only with a word about it.
fn is_explained(change: &Change, live: Option<&LiveVar>) -> bool {
    !change.holds.is_empty()
        || change.class == Class::Unknown
        || change.reason == Reason::Adopted
        || (change.reason == Reason::SealedUnchanged
            && matches!(live, Some(LiveVar::Sealed { .. })))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_sides_give_no_change(values in vec(".{0,8}", 5), foreign in any::<bool>()) {
        let world = World::one(|p| {
            for (name, value) in NAMES.iter().zip(&values) {
                p.settled(name, value);
            }
            if foreign {
                p.has("FOREIGN", "x");
            }
        });
        let plan = world.plan();
        prop_assert!(pairs(&world, &plan).all(|(_, change)| line(change).ends_with("InSync/Equal None []")));
        prop_assert!(!has_differences(&plan));
    }

    #[test]
    fn carrying_a_plan_out_gives_desired_or_an_explanation(world in worlds()) {
        let plan = world.plan();
        let mut after = world.clone();
        after.apply(&plan);
        for ((before, place), part) in world.places.iter().zip(&after.places).zip(&plan.targets) {
            if matches!(part.state, TargetState::Elsewhere { .. } | TargetState::Unknown { .. }) {
                prop_assert_eq!(&before.live, &place.live);
                continue;
            }
            let changed = |name: &VarName| part.changes.iter().find(|change| change.name == *name);
            for name in NAMES.map(var) {
                let (was, now) = (before.live.vars.get(&name), place.live.vars.get(&name));
                let Some(change) = changed(&name) else {
                    prop_assert_eq!(was, now, "what is not in the plan is not touched");
                    continue;
                };
                if !change.will_write() {
                    prop_assert_eq!(was, now, "{}", line(change));
                }
                match place.desired.vars.get(&name) {
                    Some(desired) if now != Some(&LiveVar::Value(desired.value.clone())) => {
                        prop_assert!(is_explained(change, now), "{}", line(change));
                    }
                    Some(_) => {}
                    None => prop_assert!(
                        change.action != ActionKind::Delete || now.is_none() || !change.holds.is_empty()
                    ),
                }
            }
        }
    }

    #[test]
    fn every_hold_explains_itself(world in worlds()) {
        let plan = world.plan();
        for (_, change) in pairs(&world, &plan) {
            prop_assert!(change.holds.is_empty() || change.action != ActionKind::None);
            for hold in &change.holds {
                prop_assert!(!hold.why.is_empty() && !hold.why.ends_with('.'));
                prop_assert!(hold.release.as_ref().is_none_or(|flag| !flag.is_empty()));
            }
        }
    }

    #[test]
    fn unknown_never_writes(world in worlds()) {
        let plan = world.plan();
        for part in &plan.targets {
            let unknown = part.changes.iter().any(|change| change.class == Class::Unknown);
            for change in part.changes.iter().filter(|change| change.will_write()) {
                prop_assert!(change.class != Class::Unknown);
                let seen = matches!(part.state, TargetState::Read | TargetState::Partial { .. });
                prop_assert!(seen);
                prop_assert!(!unknown || world.overrides.partial.contains(&change.name));
            }
        }
    }

    #[test]
    fn only_what_is_as_we_recorded_it_is_deleted(world in worlds()) {
        let plan = world.plan();
        for (place, change) in pairs(&world, &plan) {
            if change.action != ActionKind::Delete {
                continue;
            }
            let recorded = place.last.vars.get(&change.name);
            prop_assert!(recorded.is_some() && place.target.prune && place.last.comparable);
            prop_assert!(!place.desired.vars.contains_key(&change.name));
            if change.will_write() {
                prop_assert_eq!(&place.live.completeness, &Completeness::Complete);
                let overwritten = world.overrides.overwrite.iter().any(|(name, _)| *name == change.name);
                prop_assert!(change.reason == Reason::Prune || overwritten);
            }
        }
    }

    #[test]
    fn a_unit_is_never_split(world in worlds()) {
        let plan = world.plan();
        for name in NAMES.map(var).iter().filter(|name| !world.overrides.partial.contains(*name)) {
            let part: Vec<&Change> = pairs(&world, &plan)
                .map(|(_, change)| change)
                .filter(|change| change.declared.as_ref() == Some(name)
                    || (change.class == Class::Unknown && change.name == *name))
                .collect();
            let goes = part.iter().any(|change| change.will_write());
            let waits = part.iter().any(|change| {
                change.class == Class::Unknown
                    || change.reason == Reason::Adopted
                    || (is_write(change) && !change.holds.is_empty())
            });
            prop_assert!(!(goes && waits), "{:?}", super::world::lines(&plan));
        }
    }

    #[test]
    fn the_order_of_targets_does_not_matter(world in worlds()) {
        let mut turned = world.clone();
        turned.places.reverse();
        let (one, other) = (world.plan(), turned.plan());
        prop_assert_eq!(&one.id, &other.id);
        prop_assert_eq!(summary(&one), summary(&other));
        let sorted = |plan: &Plan| {
            let mut lines = super::world::lines(plan);
            lines.sort();
            lines
        };
        prop_assert_eq!(sorted(&one), sorted(&other));
    }

    #[test]
    fn a_second_apply_has_nothing_to_do(mut world in worlds()) {
        world.overrides.adopt.clear();
        for place in &mut world.places {
            place.last.comparable = true;
        }
        let first = world.plan();
        world.apply(&first);
        let second = world.plan();
        for (_, change) in pairs(&world, &second) {
            prop_assert!(!change.will_happen(), "{} after\n{:#?}", line(change), super::world::lines(&first));
        }
    }

    #[test]
    fn a_plan_holds_no_secret(world in worlds()) {
        let plan = world.plan();
        let debug = format!("{plan:?}");
        prop_assert!(!debug.contains(CANARY));
        prop_assert!(!serde_json::to_string(&plan).unwrap().contains(CANARY));
    }
}

#[test]
fn a_thousand_settled_targets_plan_empty() {
    let places = (0..1000).map(|number| {
        let mut place = Place::new(&format!("t{number}"));
        for name in 0..20 {
            place.settled(&format!("V{name}"), &format!("value {name} of some length"));
        }
        place
    });
    let plan = World::new(places.collect()).plan();
    let sum = summary(&plan);
    assert_eq!((sum.in_sync, has_differences(&plan)), (20_000, false));
}
