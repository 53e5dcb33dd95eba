//! The file: how it is written, what it replaces, and what is no plan file at all.

use std::os::unix::fs::PermissionsExt;

use super::{moved, schema_errors};
use crate::cli::fits_schema;
use crate::support::world::World;

#[test]
fn what_is_printed_is_pasted_and_done() {
    let world = moved();
    let run = world.run("plan --out plan.json").success();
    let line = run
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("$ driftlock apply plan.json --id "))
        .unwrap();
    assert_eq!(line.len(), 64);
    assert!(
        run.stderr
            .contains(&format!("saved in plan.json as plan {line}"))
    );
    assert_eq!(
        world.read("app.env"),
        "A=one\nB=b\n",
        "a plan writes nothing"
    );
    let saved = world.saved();
    assert_eq!(saved["plans"][0]["path"], "manifests/dev.yaml");
    world
        .paste(&format!("driftlock apply plan.json --id {line}"))
        .success()
        .says("1 written");
    assert_eq!(world.read("app.env"), "A=two\nB=b\n");
    world.in_sync();
    let history = world.run("history --json").success();
    assert!(history.stdout.contains(line), "the receipt names the plan");
}

#[test]
fn every_form_of_a_plan_can_be_kept() {
    let world = moved();
    let json = world.run("plan --json --out plan.json").success();
    let document = fits_schema(&json, "plan");
    let saved = &document["saved"];
    assert_eq!(saved["id"], world.saved()["id"]);
    assert_eq!(saved["id"], document["plans"][0]["id"]);
    world.paste(saved["command"].as_str().unwrap()).success();
    world.declare(&[("A", "three"), ("B", "b")]);
    world
        .run("plan --markdown --out plan.json --detailed-exitcode")
        .exits(2)
        .says("To approve and do exactly this: `driftlock apply plan.json --id")
        .says("saved in plan.json");
    let none = world.run("plan --json").success();
    assert!(fits_schema(&none, "plan")["saved"].is_null());
}

#[test]
fn only_a_plan_is_replaced_and_nothing_is_left_beside_it() {
    let world = moved();
    let first = world.plan_out("");
    world.declare(&[("A", "three"), ("B", "b")]);
    assert_ne!(world.plan_out(""), first);
    let mode = std::fs::metadata(world.path("plan.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o700, 0o600);
    for (file, text) in [
        ("notes.txt", "mine"),
        ("other.json", "{\"driftlock\": \"someone's\"}"),
        ("empty.json", ""),
        ("printed.json", "{\"driftlock\": \"plan/1\"}"),
    ] {
        world.write(file, text);
        world
            .run(&format!("plan --out {file}"))
            .exits(3)
            .says("is no plan, and is left alone")
            .omits("Plan:");
        assert_eq!(world.read(file), text);
    }
    let manifest = world.read("manifests/dev.yaml");
    world.run("plan --out manifests/dev.yaml").exits(3);
    assert_eq!(world.read("manifests/dev.yaml"), manifest);
    world.run("plan --out manifests").exits(3);
    world.run("plan --out no/where/plan.json").exits(1);
    let mut left: Vec<_> = std::fs::read_dir(world.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let known = [
        "app.env",
        "empty.json",
        "manifests",
        "notes.txt",
        "other.json",
        "plan.json",
        "printed.json",
    ];
    assert_eq!(left, known);
}

#[test]
fn what_is_no_plan_of_ours_is_told_apart() {
    let world = moved();
    let id = world.plan_out("");
    let good = world.read("plan.json");
    let before = world.read("app.env");
    for (from, to, words) in [
        (
            "saved-plan/1",
            "saved-plan/2",
            "made by a newer driftlock, in the format saved-plan/2",
        ),
        ("saved-plan/1", "saved-plan/0", "made by an older driftlock"),
        ("\"selection\"", "\"selections\"", "it is no plan at line"),
        (
            "\"made_at\"",
            "\"more\": 1, \"made_at\"",
            "it is no plan at line",
        ),
    ] {
        world.write("plan.json", good.replacen(from, to, 1));
        world
            .apply_id(&id)
            .exits(3)
            .says(words)
            .says("driftlock plan --out plan.json");
    }
    world.write("plan.json", &good[..good.len() / 2]);
    world.apply_id(&id).exits(3).says("it ends in the middle");
    let printed = world.run("plan --json").stdout;
    world.write("plan.json", printed);
    world.apply_id(&id).exits(3).says("which is for reading");
    let large = format!("{}{}", good.trim_end(), " ".repeat(65 << 20));
    world.write("plan.json", large);
    world.apply_id(&id).exits(1).says("larger than 64 MiB");
    for text in ["", "nonsense", "{\"a\": 1}", "driftlock: 1\nname: x\n"] {
        world.write("plan.json", text);
        world
            .apply_id(&id)
            .exits(64)
            .says("none of what was named is a plan file");
        world.run("apply plan.json --yes").omits("Applied");
    }
    assert_eq!(world.read("app.env"), before);
    world.write("plan.json", good);
    world.apply_id(&id).success();
}

#[test]
fn a_flag_of_another_plan_has_no_place_beside_it() {
    let world = moved();
    let id = world.plan_out("");
    for flags in [
        "--target app",
        "--only A",
        "--since HEAD",
        "--allow authority",
        "--overwrite A@app",
        "--adopt A@app",
        "--take-over app",
        "--partial A",
    ] {
        let flag = flags.split(' ').next().unwrap();
        world
            .run(&format!("apply plan.json --id {id} {flags}"))
            .exits(64)
            .says(&format!("{flag} has no place beside a plan file"));
    }
    for line in [
        "apply plan.json manifests --yes".to_owned(),
        format!("apply plan.json plan.json --id {id}"),
    ] {
        world
            .run(&line)
            .exits(64)
            .says("a plan file is applied alone");
    }
    world.run(&format!("apply --id {id}")).exits(64);
    world.run(&format!("apply manifests --id {id}")).exits(64);
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
}

#[test]
fn an_id_names_the_plan_or_nothing_is_done() {
    let world = moved();
    let id = world.plan_out("");
    for wrong in [
        &id[..11],
        "",
        "zzzzzzzzzzzz",
        &id.to_uppercase(),
        &format!("{id}0"),
    ] {
        let run = world.command(["apply", "plan.json", "--id", wrong]);
        crate::support::world::Run::of(run)
            .exits(64)
            .says("12 hex digits or more");
    }
    let other = if id.starts_with('0') { "1" } else { "0" };
    world
        .apply_id(&format!("{other}{}", &id[1..]))
        .exits(3)
        .says("does not hold the plan that was approved");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    world.apply_id(&id[..12]).success();
    world.in_sync();
}

#[test]
fn several_manifests_are_one_plan() {
    let world = World::new();
    for name in ["a", "b"] {
        let target = format!("app: {{ file: {{ path: ../{name}.env }}, variables: [X] }}");
        let text = crate::support::lab::manifest(name, &[("X", name)], &[&target]);
        world.write(format!("manifests/{name}.yaml"), text);
    }
    let id = world.plan_out("");
    let plan = world.saved();
    assert_ne!(plan["plans"][0]["plan"]["id"], id.as_str());
    // one of them changed: neither is applied
    let text = world.read("manifests/b.yaml");
    world.write("manifests/b.yaml", text.replace("X: b", "X: c"));
    world
        .apply_id(&id)
        .exits(3)
        .says("the manifest changed since the plan was made")
        .says("of manifests/b.yaml");
    assert!(!world.path("a.env").exists() && !world.path("b.env").exists());
    world.write("manifests/b.yaml", text);
    world.apply_id(&id).success();
    assert_eq!(world.read("a.env") + &world.read("b.env"), "X=a\nX=b\n");
    world.apply_id(&id).success();
    world.in_sync();
}

#[test]
fn the_schema_knows_a_bad_file() {
    let world = moved();
    world.plan_out("--allow changes=3 --overwrite A@app --only A");
    let good = world.saved();
    type Edit = fn(&mut serde_json::Value);
    let edits: [Edit; 6] = [
        |file| file["driftlock"] = "saved-plan/2".into(),
        |file| file["more"] = 1.into(),
        |file| file["plans"][0]["mac"] = 1.into(),
        |file| file["plans"][0]["plan"]["targets"][0]["changes"][0]["action"] = "explode".into(),
        |file| file["overrides"]["allow"][0]["rail"] = serde_json::Value::Null,
        |file| drop(file.as_object_mut().unwrap().remove("id")),
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut bad = good.clone();
        edit(&mut bad);
        assert!(!schema_errors(&bad).is_empty(), "{number}");
    }
}
