//! A plan in a file: it is read as it was written, and nothing of it can be edited.

use serde_json::Value;

use super::world::{World, keys, stamp, target, var};
use crate::plan::{
    Draft, DraftPlan, SavedError, SavedPlans, Selected, is_kept, is_saved, scrub_texts,
};

const DIGEST: [u8; 32] = [7; 32];

/// A change, a delete, a drift that is held, and something in sync.
pub(super) fn world() -> World {
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
    assert!(is_kept("{\"driftlock\": \"saved-plan/9\", cut"));
    assert!(!is_kept("{\"driftlock\": \"plan/1\", cut"));
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
