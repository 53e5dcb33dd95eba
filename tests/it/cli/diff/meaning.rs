//! What each kind of edit is called, with an identity and without one.

use super::{committed, pairs, values, variable};
use crate::support::shop::{MANIFEST, PASSWORD, TOKEN};

#[test]
fn nothing_changed() {
    let Some(world) = committed() else { return };
    world
        .run("diff --detailed-exitcode")
        .exits(0)
        .says("No difference in the manifests.");
    let (document, _) = world.diffed("HEAD..HEAD");
    assert_eq!(document["equal"], 1);
}

#[test]
fn a_new_value_and_the_same_one_sealed_anew() {
    let Some(world) = committed() else { return };
    let before = world.manifest();
    world.run_with("set API_TOKEN", "another-value").success();
    let review = world.reviewed("");
    assert_eq!(values(&review), pairs(&[("API_TOKEN", "changed")]));
    let one = variable(&review, "API_TOKEN");
    assert_eq!(one["sealing"]["sequence_before"], 1);
    assert_eq!(one["sealing"]["sequence_after"], 2);
    assert_eq!(one["kept"][0], "local");
    // the fingerprints of the target are those of the plan
    world.run("apply --yes --take-over local").success();
    world.run_with("set API_TOKEN", "a-third-value").success();
    let planned = world.run("plan").success().stdout;
    let said = world.run("diff").success().stdout;
    let print = |text: &str| {
        let line = text
            .lines()
            .rfind(|line| line.contains("API_TOKEN") && line.contains('→'));
        line.and_then(|line| line.split_whitespace().last().map(str::to_owned))
    };
    assert!(
        print(&planned).is_some_and(|print| print.len() == 8),
        "{planned}"
    );
    assert_eq!(print(&planned), print(&said), "{planned}{said}");
    // there and back again: another payload, the same value
    world.run_with("set API_TOKEN", TOKEN).success();
    let review = world.reviewed("");
    assert_eq!(
        values(&review),
        pairs(&[("API_TOKEN", "sealed-anew-the-same")])
    );
    assert_eq!(review["targets"].as_array().unwrap().len(), 0);
    world.run("diff --detailed-exitcode").exits(2);
    // without an identity neither can be told
    world.hide_identity();
    let review = world.reviewed("");
    assert_eq!(values(&review), pairs(&[("API_TOKEN", "sealed-anew")]));
    assert_eq!(
        (&review["base"], &review["head"]),
        (&"locked".into(), &"locked".into())
    );
    world
        .run("diff")
        .says("secrets were not compared: no identity here opens it")
        .says("sealed anew: whether with another value is not known");
    // what stands there unchanged needs none
    world.write(MANIFEST, before);
    world.run("diff --detailed-exitcode").exits(0);
}

#[test]
fn clear_and_secret() {
    let Some(world) = committed() else { return };
    // the value stays, and so it stays in the history
    world.run_with("set LOG_LEVEL --secret", "info").success();
    let review = world.reviewed("");
    assert_eq!(
        variable(&review, "LOG_LEVEL")["value"],
        "became-secret-with-the-same-value"
    );
    world
        .run("diff")
        .says("the history still shows it, so set a new one");
    world.run_with("set LOG_LEVEL", "a-new-level").success();
    assert_eq!(
        variable(&world.reviewed(""), "LOG_LEVEL")["value"],
        "became-secret-with-another-value"
    );
    world.git("commit -qam second");
    // the other way round, loudly, and first
    let text = world.manifest();
    let begin = text.find("  LOG_LEVEL:").unwrap();
    let end = begin + text[begin..].find("\n\n").unwrap();
    let clear = format!(
        "{}  LOG_LEVEL: in-clear-now{}",
        &text[..begin],
        &text[end..]
    );
    world.write(MANIFEST, clear);
    let run = world.run("diff").success();
    let loud = run.stdout.find("secret became clear").unwrap();
    assert!(
        loud < run.stdout.find("LOG_LEVEL  ").unwrap(),
        "{}",
        run.stdout
    );
    let run = world.run("diff --markdown").success();
    assert!(
        run.stdout.contains("**secret became clear**"),
        "{}",
        run.stdout
    );
    // a text is shown only where both sides are clear
    for format in ["", "--markdown", "--json"] {
        world
            .run(&format!("diff {format}"))
            .hides("in-clear-now")
            .hides("a-new-level");
    }
}

#[test]
fn names_come_go_and_change() {
    let Some(world) = committed() else { return };
    world
        .run_with("set BRAND_NEW --target local", "a-brand-new-value")
        .success();
    world.run("unset DB_PASSWORD --with-uses").success();
    let (document, run) = world.diffed("");
    let review = &document["manifests"][0];
    assert_eq!(variable(review, "BRAND_NEW")["state"], "added");
    assert_eq!(variable(review, "DB_PASSWORD")["state"], "removed");
    assert_eq!(document["totals"]["added"], 1);
    run.hides("a-brand-new-value").hides(PASSWORD);
    // a rename is a removal and an addition with one value
    world.git("checkout -q manifests");
    world
        .run_with("set DATABASE_PASSWORD --target local", PASSWORD)
        .success();
    world.run("unset DB_PASSWORD --with-uses").success();
    let review = world.reviewed("");
    let one = variable(&review, "DATABASE_PASSWORD");
    assert_eq!(one["was"], "DB_PASSWORD");
    assert_eq!(one["value"], "sealed-anew-the-same");
    world.run("diff").says("renamed from DB_PASSWORD");
    // which nobody can see without an identity
    world.hide_identity();
    let review = world.reviewed("");
    assert_eq!(
        variable(&review, "DATABASE_PASSWORD")["was"],
        serde_json::Value::Null
    );
}

#[test]
fn targets_templates_and_metadata() {
    let Some(world) = committed() else { return };
    world.edit(
        "targets:\n",
        "targets:\n  second:\n    file: { path: ../b.env }\n    variables: [API_TOKEN, { URL: { template: 'https://${DB_PASSWORD|url}@x/' } }]\n",
    );
    world.git("commit -qam second");
    world
        .run_with("set DB_PASSWORD", "another password")
        .success();
    world.edit(
        "  second:\n    file: { path: ../b.env }\n    variables: [API_TOKEN, ",
        "  second:\n    file: { path: ../b.env }\n    variables: [",
    );
    let review = world.reviewed("");
    let targets = review["targets"].as_array().unwrap();
    let second = targets
        .iter()
        .find(|one| one["target"] == "second")
        .unwrap();
    let uses: Vec<(&str, &str)> = second["uses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["is"].as_str().unwrap()))
        .collect();
    assert_eq!(uses, [("API_TOKEN", "removed"), ("URL", "changed")]);
    assert_eq!(second["uses"][1]["through"][0], "DB_PASSWORD");
    assert_eq!(variable(&review, "API_TOKEN")["lost"][0], "second");
    world.git("checkout -q manifests");
    // one secret on one more target is authority
    world.edit(
        "variables: [API_TOKEN, ",
        "variables: [API_TOKEN, LOG_LEVEL, DB_PASSWORD, ",
    );
    let review = world.reviewed("");
    let kinds: Vec<&str> = review["authority"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        Vec::<&str>::new(),
        "it reached it by the template already"
    );
    world.git("checkout -q manifests");
    world.edit(
        "  LOG_LEVEL: info",
        "  LOG_LEVEL: { value: info, expires: 2030-01-01, owner: ada }",
    );
    let review = world.reviewed("");
    assert_eq!(values(&review), pairs(&[("LOG_LEVEL", "same")]));
    assert_eq!(
        variable(&review, "LOG_LEVEL")["meta"][0]["what"],
        "expiry set"
    );
}

#[test]
fn a_new_reader_is_named() {
    let Some(world) = committed() else { return };
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    world.edit(
        "recipients:\n",
        &format!("recipients:\n  - {key} # the new laptop\n"),
    );
    let run = world.run("diff").success();
    let run = run.says(&format!("new recipient {key} (the new laptop)"));
    run.says("the recipients list is not the one that a reader signed");
    let comment = world.run("diff --markdown").success().stdout;
    let first = comment.find("the new laptop").unwrap();
    assert!(
        first < comment.find("<details>").unwrap_or(usize::MAX),
        "{comment}"
    );
}

#[test]
fn manifests_come_go_and_move() {
    let Some(world) = committed() else { return };
    world.git("mv manifests/dev.yaml manifests/moved.yaml");
    let review = world.reviewed("");
    assert_eq!(review["was_path"], MANIFEST);
    assert_eq!(review["path"], "manifests/moved.yaml");
    assert!(values(&review).is_empty());
    world
        .run("diff")
        .says("the file moved from manifests/dev.yaml");
    world.git("commit -qm moved");
    std::fs::remove_file(world.path("manifests/moved.yaml")).unwrap();
    let (document, _) = world.diffed("");
    assert_eq!(document["manifests"][0]["state"], "removed");
    assert_eq!(document["totals"]["removed"], 3);
    // and as seen from the commit that first had it
    let (document, _) = world.diffed("HEAD~1..HEAD~1");
    assert_eq!(document["equal"], 1);
}

#[test]
fn the_limits_of_the_folder_count() {
    let Some(world) = committed() else { return };
    let rails = "driftlock-rails: 1\nprotected: [API_TOKEN]\n";
    world.write("manifests/rails.yaml", rails);
    world.git("add manifests");
    world.git("commit -qm rails");
    world.git("rm -q manifests/rails.yaml");
    let run = world.run("diff").success();
    run.says("API_TOKEN is no longer protected");
    // a single manifest is judged with the limits beside it, too
    world
        .run("diff HEAD manifests/dev.yaml")
        .says("API_TOKEN is no longer protected");
}

#[test]
fn what_a_branch_brings_is_not_what_it_lacks() {
    let Some(world) = committed() else { return };
    world.git("checkout -qb feature");
    world.run_with("set API_TOKEN", "of the feature").success();
    world.git("commit -qam feature");
    world.git("checkout -q main");
    world.run_with("set DB_PASSWORD", "of the trunk").success();
    world.git("commit -qam trunk");
    let names = |range: &str| -> Vec<String> {
        let review = world.reviewed(range);
        values(&review).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("main...feature"), ["API_TOKEN"]);
    assert_eq!(names("main..feature"), ["API_TOKEN", "DB_PASSWORD"]);
    // as CI checks it out
    world.git("checkout -q --detach feature");
    assert_eq!(names("main...HEAD"), ["API_TOKEN"]);
}
