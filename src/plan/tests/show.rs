//! What a plan shows of a value, and the plan's id.

use super::world::{Place, World, clear, keys, only, var};
use crate::model::Sensitivity;
use crate::plan::{Glimpse, Summary, has_differences, has_holds, has_unknown, summary};

fn shown(change: impl FnOnce(&mut Place)) -> (Glimpse, Glimpse) {
    let plan = World::one(change).plan();
    let change = only(&plan);
    (change.before.clone(), change.after.clone())
}

fn text(text: &str) -> Glimpse {
    Glimpse::Text(text.to_owned())
}

#[test]
fn text_is_shown_where_it_is_and_was_clear() {
    let both = shown(|p| {
        p.want_clear("A", "new").has("A", "old");
        p.remember_as("A", "old", Sensitivity::Clear);
    });
    assert_eq!(both, (text("old"), text("new")));
    let (before, after) = shown(|p| {
        p.want_clear("A", "new").has("A", "never seen by us");
    });
    assert!(matches!(before, Glimpse::Fingerprint(_)));
    assert_eq!(after, text("new"));
    let (before, after) = shown(|p| {
        p.want_clear("A", "new")
            .has("A", "was secret")
            .remember("A", "was secret");
    });
    assert!(matches!(before, Glimpse::Fingerprint(_)));
    assert!(matches!(after, Glimpse::Fingerprint(_)));
    let (before, after) = shown(|p| {
        p.want("A", "new").has("A", "was clear");
        p.remember_as("A", "was clear", Sensitivity::Clear);
    });
    assert!(matches!(before, Glimpse::Fingerprint(_)));
    assert!(matches!(after, Glimpse::Fingerprint(_)));
}

#[test]
fn a_name_that_was_secret_elsewhere_stays_hidden() {
    let mut world = World::one(|p| {
        p.want_clear("A", "new");
    });
    let mut last = world.facts.clone();
    last.targets
        .get_mut("api")
        .unwrap()
        .secrets
        .insert(var("A"));
    world.last_facts = Some(last);
    assert!(matches!(only(&world.plan()).after, Glimpse::Fingerprint(_)));
}

#[test]
fn an_untrusted_key_or_none_shows_sealed() {
    let (before, after) = shown(|p| {
        p.want("A", "d").has("A", "l");
        p.desired.key_trusted = false;
    });
    assert_eq!((before, after), (Glimpse::Sealed, Glimpse::Sealed));
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "l");
    });
    world.fingerprinter = None;
    assert_eq!(only(&world.plan()).after, Glimpse::Sealed);
}

#[test]
fn the_id_covers_what_is_done_and_what_was_allowed() {
    let world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
        p.want_clear("B", "x");
    });
    let id = world.plan().id;
    assert_eq!(id.0.len(), 64);
    assert_eq!(id, world.plan().id);
    type Edit = fn(&mut World);
    let edits: &[(&str, Edit)] = &[
        ("value", |w| {
            w.places[0].want("A", "e");
        }),
        ("live", |w| {
            w.places[0].has("A", "e");
        }),
        ("clear text", |w| {
            w.places[0].want_clear("B", "y");
        }),
        ("one more", |w| {
            w.places[0].want("C", "y");
        }),
        ("override", |w| w.allow("changes", Some(3))),
        ("partial", |w| {
            w.overrides.partial.insert(var("A"));
        }),
        ("rail", |w| w.places[0].target.rails.changes.count = Some(0)),
        ("selection", |w| w.only_variables = Some([var("A")].into())),
        ("sequence", |w| {
            w.places[0].desired.vars.get_mut("A").unwrap().sequence = Some(2);
        }),
        ("key", |w| w.fingerprinter = Some(keys(2, &[1]))),
    ];
    for (what, edit) in edits {
        let mut other = world.clone();
        edit(&mut other);
        assert_ne!(other.plan().id, id, "{what}");
    }
    let stored = world.plan();
    assert_eq!(crate::plan::id_of(&stored, &[7; 32], &world.overrides), id);
    let mut tampered = stored.clone();
    tampered.targets[0].changes[0].after = Glimpse::Absent;
    assert_ne!(
        crate::plan::id_of(&tampered, &[7; 32], &world.overrides),
        id
    );
    // counts and findings are no part of it
    let mut same = world.clone();
    same.places[0]
        .has("FOREIGN", "x")
        .live
        .notes
        .push("CRLF".into());
    assert_eq!(same.plan().id, id);
    let mut input = world.input();
    input.manifest_digest = [8; 32];
    assert_ne!(crate::plan::build(input).id, id);
    let mut input = world.input();
    input.key_id = None;
    assert_ne!(crate::plan::build(input).id, id);
}

#[test]
fn a_plan_survives_json() {
    let plan = World::one(|p| {
        p.desired.vars.insert(var("A"), clear("A", "t\u{1}"));
        p.settled("B", "x").has("B", "y");
    })
    .plan();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(
        serde_json::from_str::<crate::plan::Plan>(&json).unwrap(),
        plan
    );
}

#[test]
fn counts_are_by_word() {
    let mut world = World::one(|p| {
        p.settled("SAME", "s").has("FOREIGN", "x").want("NEW", "n");
        p.want("MOVED", "d")
            .has("MOVED", "b")
            .remember("MOVED", "b");
        p.want("DRIFT", "b")
            .has("DRIFT", "l")
            .remember("DRIFT", "b");
        p.want("FIGHT", "d")
            .has("FIGHT", "l")
            .remember("FIGHT", "b");
        p.has("OLD", "b").remember("OLD", "b");
        p.remember("GONE", "b");
    });
    let plan = world.plan();
    let expected = Summary {
        create: 1,
        update: 1,
        delete: 1,
        drift: 1,
        conflict: 1,
        unknown: 0,
        held: 1,
        in_sync: 1,
        owed: 0,
        unmanaged: 1,
        elsewhere: 0,
    };
    assert_eq!(summary(&plan), expected);
    assert!(has_differences(&plan) && has_holds(&plan) && !has_unknown(&plan));
    // what was not asked for is not held
    world.only_variables = Some([var("NEW")].into());
    assert_eq!(summary(&world.plan()).held, 0);
    world
        .overrides
        .overwrite
        .insert((var("FIGHT"), "api".parse().unwrap()));
    assert!(!has_holds(&world.plan()));
    world.places[0].live_unknown = true;
    let blind = world.plan();
    assert_eq!((summary(&blind).unknown, has_unknown(&blind)), (1, true));
}

#[test]
fn what_pruning_would_delete_is_no_difference_where_it_is_off() {
    let plan = World::one(|p| {
        p.target.prune = false;
        p.has("A", "b").remember("A", "b");
    })
    .plan();
    assert!(!has_differences(&plan) && !has_holds(&plan));
    assert!(only(&plan).detail.is_some());
}

#[test]
fn there_is_nothing_to_adopt_of_a_new_name() {
    let mut world = World::one(|p| {
        p.want("A", "d");
    });
    world
        .overrides
        .adopt
        .insert((var("A"), "api".parse().unwrap()));
    assert_eq!(
        super::world::line(only(&world.plan())),
        "A Change/New Create []"
    );
}
