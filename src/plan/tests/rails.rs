//! Each rail: what it holds, how it says so, and what lets it go.

use std::collections::BTreeSet;

use super::world::{Place, World, only, target, var};
use crate::model::{
    AuthorityFacts, Completeness, Due, EXPIRED, Expiring, LiveVar, Overrides, TargetFacts, Trust,
};
use crate::plan::{Authority, AuthorityKind, Plan, compare_authority, id_of};

/// The holds of one name on the first target, as `rail release`.
fn holds(plan: &Plan, name: &str) -> Vec<String> {
    (plan.targets[0].changes.iter())
        .find(|change| change.name == var(name))
        .expect("the change is there")
        .holds
        .iter()
        .map(|hold| {
            let release = hold.release.as_deref().unwrap_or("-");
            format!("{} {release}", hold.rail)
        })
        .collect()
}

/// A rail holds `A`, and the flag that it names lets it go.
fn held_until_allowed(mut world: World, rail: &str, most: Option<u32>) {
    let spelled = most.map(|most| format!("={most}")).unwrap_or_default();
    assert_eq!(
        holds(&world.plan(), "A"),
        [format!("{rail} --allow {rail}{spelled}@api")]
    );
    world.allow(rail, most);
    assert_eq!(holds(&world.plan(), "A"), [""; 0], "{rail}");
}

#[test]
fn limits_act_at_any_size() {
    // one of one: 100 %
    let mut one = Place::recorded("api");
    one.has("A", "b").remember("A", "b").has("X", "foreign");
    held_until_allowed(World::new(vec![one]), "deletes", Some(1));

    let mut many = Place::recorded("api");
    many.target.rails.changes.count = Some(1);
    many.want("A", "d").has("A", "b").remember("A", "b");
    many.want("B", "d").has("B", "b").remember("B", "b");
    many.want("C", "d");
    let world = World::new(vec![many]);
    assert_eq!(
        holds(&world.plan(), "C"),
        [""; 0],
        "a new name overwrites nothing"
    );
    held_until_allowed(world, "changes", Some(2));
}

#[test]
fn a_number_allows_no_more_than_it_says() {
    let mut world = World::one(|p| {
        p.target.rails.changes.count = Some(0);
        for name in ["A", "B"] {
            p.want(name, "d").has(name, "b").remember(name, "b");
        }
    });
    world.allow("changes", Some(1));
    assert_eq!(holds(&world.plan(), "A"), ["changes --allow changes=2@api"]);
    world.only_variables = Some([var("A")].into());
    assert_eq!(holds(&world.plan(), "A"), [""; 0]);
    assert_eq!(holds(&world.plan(), "B"), ["not-selected -"]);
}

#[test]
fn a_target_does_not_become_empty() {
    let world = World::one(|p| {
        p.target.rails.deletes.percent = None;
        p.has("A", "b").remember("A", "b");
    });
    held_until_allowed(world, "would-be-empty", None);
}

#[test]
fn a_target_does_not_become_empty_because_its_new_variable_waits() {
    let mut api = Place::recorded("api");
    api.target.rails.deletes.percent = None;
    api.has("A", "b").remember("A", "b").want("NEW", "n");
    let mut vps = Place::recorded("vps");
    vps.want("NEW", "n").has("NEW", "theirs");
    let plan = World::new(vec![api, vps]).plan();
    assert_eq!(holds(&plan, "NEW"), ["unit --partial NEW"]);
    assert_eq!(
        holds(&plan, "A"),
        ["would-be-empty --allow would-be-empty@api"]
    );
}

#[test]
fn protected_is_not_overwritten_and_never_deleted() {
    let protected = |p: &mut Place| {
        p.want("A", "d").has("A", "b").remember("A", "b");
        p.desired.vars.get_mut("A").unwrap().protected = true;
    };
    held_until_allowed(World::one(protected), "protected", None);

    let mut gone = World::one(|p| {
        p.target.rails.deletes.percent = None;
        p.has("A", "b").remember("A", "b").has("X", "x");
    });
    let facts = gone.facts.clone();
    gone.facts.protected.insert(var("A"));
    gone.allow("protected", None);
    assert_eq!(holds(&gone.plan(), "A"), ["protected -"]);

    // dropped in this revision: counts one apply later
    gone.last_facts = Some(std::mem::replace(&mut gone.facts, facts));
    gone.overrides = Default::default();
    held_until_allowed(gone, "protected", None);
}

#[test]
fn a_renamed_protected_variable_is_not_deleted_either() {
    let mut world = World::one(|p| {
        p.target.rails.deletes.percent = None;
        p.has("A", "b").remember("A", "b").has("X", "x");
    });
    let here: &mut TargetFacts = world.facts.targets.get_mut("api").unwrap();
    here.protected.insert(var("A"));
    assert_eq!(holds(&world.plan(), "A"), ["protected -"]);
}

#[test]
fn findings_about_a_value_hold_where_none_was() {
    for (lint, same) in [
        ("empty", ""),
        ("placeholder", "changeme"),
        ("ciphertext", "ENC[AES256_GCM,x]"),
        ("private-key", "-----BEGIN PRIVATE KEY-----"),
    ] {
        let world = World::one(|p| {
            p.want("A", "d").has("A", "b").remember("A", "b");
            p.desired.vars.get_mut("A").unwrap().lints = vec![lint];
        });
        held_until_allowed(world, lint, None);
        let before = World::one(|p| {
            p.want("A", "d").has("A", same).remember("A", same);
            p.desired.vars.get_mut("A").unwrap().lints = vec![lint];
        });
        assert_eq!(holds(&before.plan(), "A"), [""; 0], "{lint}");
    }
}

#[test]
fn a_value_that_has_ended_waits_whatever_is_there() {
    for (live, last) in [(Some("b"), Some("b")), (None, None), (Some("d0"), None)] {
        let world = World::one(|p| {
            p.want("A", "d").has("X", "x").remember("X", "x");
            if let Some(live) = live {
                p.has("A", live);
            }
            if let Some(last) = last {
                p.remember("A", last);
            }
            p.desired.vars.get_mut("A").unwrap().lints = vec![EXPIRED];
        });
        let plan = world.plan();
        let held = holds(&plan, "A");
        assert!(
            held.contains(&"expired --allow expired@api".to_owned()),
            "{held:?}"
        );
    }
    // what was applied once is put back where somebody changed it, and nothing is written where
    // it is equal
    for live in ["moved", "d"] {
        let world = World::one(|p| {
            p.want("A", "d").has("A", live).remember("A", "d");
            p.desired.vars.get_mut("A").unwrap().lints = vec![EXPIRED];
        });
        assert_eq!(holds(&world.plan(), "A"), [""; 0], "{live}");
    }
}

#[test]
fn dates_are_no_part_of_what_a_plan_is() {
    let world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
    });
    let plan = world.plan();
    let mut told = plan.clone();
    told.expiry = vec![Expiring {
        name: var("A"),
        due: Due::Expired(jiff::civil::Date::constant(2026, 3, 20)),
        past: true,
        fails: true,
        owner: None,
    }];
    let digest = [7; 32];
    let overrides = Overrides::default();
    assert_eq!(
        id_of(&plan, &digest, &overrides),
        id_of(&told, &digest, &overrides)
    );
    let kept = |plan: &Plan| serde_json::to_string(plan).unwrap();
    assert_eq!(
        kept(&plan),
        kept(&told),
        "a plan that is kept tells no time"
    );
}

#[test]
fn a_new_private_key_is_everyday_work() {
    for (lint, held) in [("private-key", 0), ("placeholder", 1)] {
        let new = World::one(|p| {
            p.want("A", "d").remember("X", "x").has("X", "x");
            p.desired.vars.get_mut("A").unwrap().lints = vec![lint];
        });
        assert_eq!(holds(&new.plan(), "A").len(), held, "{lint}");
    }
}

#[test]
fn the_place_is_the_one_that_we_know() {
    let world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
        p.last.identity = "project 1".into();
        p.live.identity = "project 2".into();
    });
    held_until_allowed(world, "identity", None);
    let world = World::one(|p| {
        p.want("A", "b").remember("A", "b");
        p.live.exists = false;
    });
    held_until_allowed(world, "vanished", None);
}

#[test]
fn what_somebody_prepared_there_waits_for_them() {
    let world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
        p.live.drafts = vec!["2 variables of api".to_owned()];
    });
    assert_eq!(world.plan().targets[0].drafts, ["2 variables of api"]);
    held_until_allowed(world, "drafts", None);
}

#[test]
fn the_value_is_one_that_we_may_believe() {
    let base = |p: &mut Place| {
        p.want("A", "d").has("A", "b").remember("A", "b");
    };
    held_until_allowed(
        World::one(|p| {
            base(p);
            p.desired.key_trusted = false;
        }),
        "new-key",
        None,
    );
    held_until_allowed(
        World::one(|p| {
            base(p);
            p.last.sequences.insert(var("A"), 2);
        }),
        "rollback",
        None,
    );
    let stranger = World::one(|p| {
        base(p);
        p.desired.vars.get_mut("A").unwrap().trust = Trust::Unauthenticated;
    });
    assert_eq!(
        holds(&stranger.plan(), "A"),
        ["unauthenticated driftlock accept A"]
    );
    let refused = World::one(|p| {
        base(p);
        p.desired.vars.get_mut("A").unwrap().refusal = Some("it holds a newline".into());
    });
    assert_eq!(holds(&refused.plan(), "A"), ["unrepresentable -"]);
}

#[test]
fn nobody_to_ask_means_no_take_over() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "l");
    });
    assert_eq!(holds(&world.plan(), "A"), [""; 0], "a person is asked");
    world.unattended = true;
    assert_eq!(holds(&world.plan(), "A"), ["take-over --take-over api"]);
    world.overrides.take_over.insert(target("api"));
    assert_eq!(holds(&world.plan(), "A"), [""; 0]);
}

#[test]
fn a_target_is_taken_over_whole() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "l");
        p.want("NEW", "d");
        p.want("SAME", "d").has("SAME", "d");
    });
    world.unattended = true;
    for name in ["A", "NEW", "SAME"] {
        let held = holds(&world.plan(), name);
        assert_eq!(held, ["take-over --take-over api"], "{name}");
    }
    // what is equal is only recorded, but that makes the target ours
    (world.overrides.overwrite).insert((var("SAME"), target("api")));
    assert_eq!(holds(&world.plan(), "SAME"), ["take-over --take-over api"]);
    world.overrides.overwrite.clear();
    let plan = world.plan();
    world.apply(&plan);
    world.overrides.take_over.insert(target("api"));
    for name in ["A", "NEW", "SAME"] {
        assert_eq!(holds(&world.plan(), name), [""; 0], "{name}");
    }
    // nothing to take over, nothing to wait for
    world.overrides.take_over.clear();
    world.places[0].live.vars.remove("A");
    assert_eq!(holds(&world.plan(), "NEW"), [""; 0]);
}

#[test]
fn authority_waits_for_a_person() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
    });
    let last = AuthorityFacts {
        targets: world.facts.targets.clone(),
        ..AuthorityFacts::default()
    };
    world.facts.recipients.insert("age1new".into());
    world.authority = compare_authority(Some(&last), &world.facts, &BTreeSet::new());
    assert_eq!(holds(&world.plan(), "A"), [""; 0], "the prompt approves");
    world.unattended = true;
    held_until_allowed(world.clone(), "authority", None);
    // of another target, of another variable, or covered by an allowlist: no hold
    let mut other = world.clone();
    other.authority[0].target = Some(target("vps"));
    assert_eq!(holds(&other.plan(), "A"), [""; 0]);
    other.authority = vec![Authority {
        kind: AuthorityKind::SecretBecameClear,
        target: None,
        variable: Some(var("B")),
        what: "B was a secret".into(),
        held: true,
    }];
    assert_eq!(holds(&other.plan(), "A"), [""; 0]);
    world.authority[0].held = false;
    assert_eq!(holds(&world.plan(), "A"), [""; 0]);
}

#[test]
fn a_recipients_list_that_no_reader_signed_waits() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
    });
    world.recipients_authentic = false;
    held_until_allowed(world, "recipients", None);
}

#[test]
fn pruning_just_switched_on_counts_one_apply_later() {
    let mut world = World::one(|p| {
        p.target.rails.deletes.percent = None;
        p.has("A", "b").remember("A", "b").has("X", "x");
    });
    let mut last = world.facts.clone();
    last.targets.get_mut("api").unwrap().prune = false;
    world.last_facts = Some(last);
    held_until_allowed(world, "prune", None);
}

#[test]
fn unknown_holds_the_rest_of_its_target() {
    let mut world = World::one(|p| {
        p.want("A", "d").has("A", "b").remember("A", "b");
        p.want("B", "d");
        p.live.vars.insert(var("B"), LiveVar::Unknown("odd".into()));
    });
    assert_eq!(holds(&world.plan(), "A"), ["unknown --partial A"]);
    world.overrides.partial.insert(var("A"));
    assert_eq!(holds(&world.plan(), "A"), [""; 0]);
}

#[test]
fn a_partial_read_never_deletes() {
    let mut world = World::one(|p| {
        p.target.rails.deletes.percent = None;
        p.has("A", "b").remember("A", "b").has("X", "x");
        p.live.completeness = Completeness::Partial("cut".into());
    });
    world.overrides.partial.insert(var("A"));
    let plan = world.plan();
    assert_eq!(holds(&plan, "A"), ["unknown -"]);
    assert!(!only(&plan).will_happen());
}
