//! A plan in a file: nothing of it can be edited, and what is left of it is only what still fits.

use proptest::prelude::*;
use serde_json::Value;

use super::world::{Place, World, clear, keys, stamp, target, value, var};
use crate::model::{Completeness, LiveVar, Sensitivity};
use crate::plan::{
    Change, Class, Draft, DraftPlan, Glimpse, LiveState, Narrowed, Plan, STALE, SavedError,
    SavedPlans, Selected, is_saved, narrow, scrub_texts, unapproved,
};

const DIGEST: [u8; 32] = [7; 32];

/// A change, a delete, a drift that is held, and something in sync.
fn world() -> World {
    let mut world = World::one(|p| {
        p.want("A", "new").has("A", "old").remember("A", "old");
        p.settled("B", "b").want_clear("C", "clear");
        p.want("D", "d").has("D", "outside").remember("D", "other");
        p.settled("E", "e").settled("F", "f").settled("G", "g");
        p.has("GONE", "g").remember("GONE", "g");
    });
    world.allow("deletes", Some(1));
    world.overrides.take_over.insert(target("api"));
    world.overrides.adopt.insert((var("X"), target("api")));
    world.overrides.partial.insert(var("Y"));
    world
}

fn sealed(world: &World) -> SavedPlans {
    SavedPlans::seal(Draft {
        by: "0.1.0",
        made_at: stamp(1000),
        selection: Selected {
            targets: Some([target("api")].into()),
            ..Selected::default()
        },
        overrides: &world.overrides,
        plans: vec![DraftPlan {
            path: "manifests/production.yaml".to_owned(),
            manifest_digest: DIGEST,
            plan: world.plan(),
            fingerprinter: &keys(1, &[]),
        }],
    })
}

fn text(saved: &SavedPlans) -> String {
    serde_json::to_string_pretty(saved).unwrap()
}

/// As whoever applies a file looks at it.
fn read(text: &str) -> Result<SavedPlans, SavedError> {
    let saved = SavedPlans::parse(text)?;
    for place in 0..saved.plans().len() {
        saved.verify(place, &DIGEST, &keys(1, &[]))?;
    }
    Ok(saved)
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let world = world();
    let saved = sealed(&world);
    let again = read(&text(&saved)).unwrap();
    assert_eq!(again, saved);
    assert_eq!(again.overrides(), world.overrides);
    assert_eq!(again.plans()[0].plan, world.plan());
    assert_eq!(*again.id(), world.plan().id);
    assert!(is_saved(&text(&saved)));
}

/// Every place of a document, and how it looks with something else there.
fn edits(at: &Value) -> Vec<Value> {
    let mut all = vec![match at {
        Value::Null => Value::from("x"),
        Value::Bool(is) => Value::from(!is),
        Value::Number(number) => Value::from(number.as_i64().unwrap_or_default() + 1),
        Value::String(text) if text.is_empty() => Value::from("x"),
        Value::String(text) => Value::from(text[..text.len() - 1].to_owned()),
        Value::Array(_) | Value::Object(_) => Value::Null,
    }];
    match at {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                for edited in edits(item) {
                    let mut items = items.clone();
                    items[place] = edited;
                    all.push(Value::from(items));
                }
                let mut fewer = items.clone();
                fewer.remove(place);
                all.push(Value::from(fewer));
                let mut twice = items.clone();
                twice.push(item.clone());
                all.push(Value::from(twice));
            }
        }
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("more".to_owned(), Value::Null);
            all.push(Value::from(more));
            for (name, field) in fields {
                for edited in edits(field) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), edited);
                    all.push(Value::from(fields));
                }
                let mut fewer = fields.clone();
                fewer.remove(name);
                all.push(Value::from(fewer));
            }
        }
        _ => {}
    }
    all
}

#[test]
fn no_field_can_be_edited() {
    let good: Value = serde_json::from_str(&text(&sealed(&world()))).unwrap();
    let edited = edits(&good);
    assert!(edited.len() > 300, "{}", edited.len());
    for edited in edited {
        let refused = read(&edited.to_string());
        assert!(refused.is_err(), "{edited:#}");
    }
}

#[test]
fn who_computes_the_id_anew_has_no_proof() {
    let world = world();
    let mut other = world.clone();
    other.places[0].want("A", "theirs");
    let forged = SavedPlans::seal(Draft {
        by: "0.1.0",
        made_at: stamp(1000),
        selection: Selected::default(),
        overrides: &world.overrides,
        plans: vec![DraftPlan {
            path: "manifests/production.yaml".to_owned(),
            manifest_digest: DIGEST,
            plan: other.plan(),
            fingerprinter: &keys(2, &[]),
        }],
    });
    assert_eq!(read(&text(&forged)), Err(SavedError::OtherKey));
    // with the hint of our key
    let mut forged: Value = serde_json::from_str(&text(&forged)).unwrap();
    let good: Value = serde_json::from_str(&text(&sealed(&world))).unwrap();
    forged["plans"][0]["key"] = good["plans"][0]["key"].clone();
    assert_eq!(read(&forged.to_string()), Err(SavedError::Forged));
}

#[test]
fn each_way_to_be_no_plan_is_told_apart() {
    let good = text(&sealed(&world()));
    let with = |from: &str, to: &str| read(&good.replacen(from, to, 1));
    let found = |found: &str| found.to_owned();
    assert_eq!(
        with("saved-plan/1", "saved-plan/2"),
        Err(SavedError::Newer {
            found: found("saved-plan/2")
        })
    );
    assert_eq!(
        with("saved-plan/1", "saved-plan/0"),
        Err(SavedError::Older {
            found: found("saved-plan/0")
        })
    );
    assert_eq!(with("saved-plan/1", "plan/1"), Err(SavedError::Printed));
    assert_eq!(with("saved-plan/1", "sneaky"), Err(SavedError::Otherwise));
    assert_eq!(read(&good[..good.len() / 2]), Err(SavedError::Truncated));
    assert!(matches!(
        with("\"made_at\": \"", "\"made_at\": \"c4nary"),
        Err(SavedError::Shape { line: 4, .. })
    ));
    assert!(matches!(
        with("\"by\": ", "\"by\": \"x\", \"by\": "),
        Err(SavedError::Shape { line: 3, .. })
    ));
    let saved = SavedPlans::parse(&good).unwrap();
    assert_eq!(
        saved.verify(0, &[8; 32], &keys(1, &[])),
        Err(SavedError::ManifestChanged)
    );
}

#[test]
fn a_manifest_is_not_taken_for_a_plan() {
    assert!(is_saved("{\"driftlock\": \"saved-plan/9\", cut"));
    assert!(is_saved(
        "\u{feff} {\n \"by\": \"x\", \"driftlock\": \"plan/1\" }"
    ));
    for manifest in [
        "",
        "driftlock: 1\nname: x\n",
        "{\"driftlock\": 1, \"name\": \"saved-plan/1\"}",
        "{driftlock: 1}",
        "{",
    ] {
        assert!(!is_saved(manifest), "{manifest}");
    }
}

#[test]
fn several_plans_have_an_id_over_theirs_and_stay_together() {
    let (one, two) = (world(), {
        let mut other = world();
        other.places[0].want("A", "another");
        other
    });
    let key = keys(1, &[]);
    let draft = |world: &World, path: &str| DraftPlan {
        path: path.to_owned(),
        manifest_digest: DIGEST,
        plan: world.plan(),
        fingerprinter: &key,
    };
    let both = SavedPlans::seal(Draft {
        by: "0.1.0",
        made_at: stamp(1000),
        selection: Selected::default(),
        overrides: &one.overrides,
        plans: vec![draft(&one, "a.yaml"), draft(&two, "b.yaml")],
    });
    assert!(read(&text(&both)).is_ok());
    assert_ne!(*both.id(), one.plan().id);
    let mut edited: Value = serde_json::from_str(&text(&both)).unwrap();
    edited["plans"].as_array_mut().unwrap().swap(0, 1);
    assert_eq!(read(&edited.to_string()), Err(SavedError::Edited));
    edited["plans"].as_array_mut().unwrap().pop();
    assert_eq!(read(&edited.to_string()), Err(SavedError::Edited));
}

#[test]
fn what_others_said_passes_the_net() {
    let mut plan = world().plan();
    let place = &mut plan.targets[0];
    place.notes = vec!["c4nary".to_owned()];
    place.changes[0].detail = Some("c4nary".to_owned());
    scrub_texts(&mut plan, &|text| text.replace("c4nary", "***"));
    assert!(!format!("{plan:?}").contains("c4nary"));
    assert_eq!(plan.targets[0].notes, ["***"]);
}

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

fn left(approved: &Plan, world: &World) -> Narrowed {
    let with = keys(1, &[]);
    let partial = &world.overrides.partial;
    narrow(approved, &world.plan(), &live(world), &with, partial)
}

fn going(plan: &Plan) -> Vec<String> {
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
                        &planned.target, &change.name, &crate::model::SecretValue::new(text.as_str()),
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
