//! A file that somebody edited, on the way from the one who approved it.

use serde_json::Value;

use super::moved;
use crate::support::world::World;

/// Every single value of a document, as the steps to it.
fn leaves(at: &Value, path: &str, found: &mut Vec<String>) {
    match at {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, &format!("{path}/{name}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::Null => "x".into(),
        Value::Bool(is) => (!is).into(),
        Value::Number(number) => (number.as_u64().unwrap() + 1).into(),
        Value::String(text) if text.len() > 60 && text.ends_with('0') => {
            format!("{}1", &text[..text.len() - 1]).into()
        }
        Value::String(text) if text.len() > 60 => format!("{}0", &text[..text.len() - 1]).into(),
        Value::String(text) => format!("{text}x").into(),
        Value::Array(_) | Value::Object(_) => Value::Null,
    }
}

/// Every field in turn; nothing is written, whoever says yes.
#[test]
fn no_field_of_it_can_be_edited() {
    let world = moved();
    world.plan_out("--allow changes=7@app --overwrite B@app --target app");
    let good = world.saved();
    let mut fields = vec![];
    leaves(&good, "", &mut fields);
    assert!(fields.len() > 40, "{fields:?}");
    for field in fields {
        let mut edited = good.clone();
        let place = edited.pointer_mut(&field).unwrap();
        *place = other(place);
        world.write("plan.json", edited.to_string());
        let run = world.run("apply plan.json --yes");
        assert_eq!(run.code, 3, "{field}: {}", run.all());
        assert!(!run.stderr.contains("panicked"));
        assert_eq!(world.read("app.env"), "A=one\nB=b\n", "{field}");
    }
    world.write("plan.json", good.to_string());
    world.run("apply plan.json --yes").success();
    assert_eq!(world.read("app.env"), "A=two\nB=b\n");
}

/// Whoever holds only the file makes an id that fits, and has no proof.
#[test]
fn an_operation_of_another_plan_has_no_proof_here() {
    let world = moved();
    world.plan_out("");
    let good = world.saved();
    world.plan_out("--only B");
    let other = world.saved();
    let mut mixed = other.clone();
    mixed["plans"][0]["mac"] = good["plans"][0]["mac"].clone();
    world.write("plan.json", mixed.to_string());
    world
        .apply_id(mixed["id"].as_str().unwrap())
        .exits(3)
        .says("the proof in it is not one of what it says");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
}

#[test]
fn a_plan_is_of_one_version_of_one_manifest() {
    let world = moved();
    let id = world.plan_out("");
    let text = world.read("manifests/dev.yaml");
    world.write("manifests/dev.yaml", format!("{text}# a word more\n"));
    world
        .apply_id(&id)
        .exits(3)
        .says("the manifest changed since the plan was made")
        .says("driftlock plan --out plan.json");
    world.write(
        "manifests/dev.yaml",
        text.replace("name: dev", "name: prod"),
    );
    world.apply_id(&id).exits(3);
    std::fs::remove_file(world.path("manifests/dev.yaml")).unwrap();
    world
        .apply_id(&id)
        .exits(3)
        .says("the plan is of the manifest manifests/dev.yaml, which is not here");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    world.write("manifests/dev.yaml", text);
    world.apply_id(&id).success();
}

#[test]
fn without_recipients_the_proof_is_the_journals() {
    let world = moved();
    let id = world.plan_out("");
    for journal in ["other.sqlite3", "none.sqlite3"] {
        if journal == "other.sqlite3" {
            world.write("elsewhere.env", "");
            world
                .run(&format!(
                    "--journal {journal} apply --yes --take-over app --only B"
                ))
                .success();
        }
        world
            .run(&format!("--journal {journal} apply plan.json --id {id}"))
            .exits(3)
            .says("made under another key")
            .says("has its key in the journal");
    }
    assert!(!world.path("none.sqlite3").exists());
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    world.apply_id(&id).success();
}

#[test]
fn a_first_plan_makes_the_key_that_proves_it() {
    let world = World::new();
    world.declare(&[("A", "one")]);
    let id = world.plan_out("");
    assert!(!world.path("app.env").exists());
    world.apply_id(&id).success();
    assert_eq!(world.read("app.env"), "A=one\n");
    world.in_sync();
}

#[test]
fn without_an_identity_nothing_is_kept_and_nothing_is_applied() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.run("apply --yes").success();
    world.run_with("set TOKEN", "c4naryTwo").success();
    let id = world.plan_out("");
    let away = world.hide_identity();
    world
        .run("plan --out other.json")
        .exits(1)
        .says("cannot keep a plan that nobody could prove later")
        .omits("Plan:");
    assert!(!world.path("other.json").exists());
    world
        .apply_id(&id)
        .exits(1)
        .says("stays sealed")
        .hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=x\n");
    world
        .run(&format!("apply plan.json --id {id} -i {away}"))
        .success()
        .hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryTwo\nLOG=x\n");
}

#[test]
fn no_secret_is_in_it() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=x\n");
    world.write(".env", "TOKEN=c4naryLive\nLOG=x\n");
    world.run_with("set LOG", "c4naryTwo").success();
    let id = world.plan_out("");
    let file = world.read("plan.json");
    assert!(!file.contains("c4nary"));
    let manifest = world.read("manifests/dev.yaml");
    let sealed = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("age: "))
        .filter_map(|value| value.split_once('.'));
    for (_, payload) in sealed {
        assert!(!file.contains(payload), "no ciphertext either");
    }
    world.apply_id(&id).success().hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=c4naryTwo\n");
}
