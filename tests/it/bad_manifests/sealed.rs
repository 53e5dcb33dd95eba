//! Ciphertext that is not what was written here, under this name, last.

use super::Bad;
use crate::support::shop::MANIFEST;

/// The same text with one character of a line exchanged.
fn tampered(text: &str, line: &str, at: usize) -> String {
    let other = if &line[at..=at] == "B" { "C" } else { "B" };
    let changed = format!("{}{other}{}", &line[..at], &line[at + 1..]);
    text.replace(line, &changed)
}

#[test]
fn a_tampered_value_is_unknown_wherever_it_was_touched() {
    let bad = Bad::new();
    let line = bad.payload(&bad.good, "DB_PASSWORD").to_owned();
    for at in ["    age: 123456.".len(), 40, 60, line.len() - 10] {
        bad.runs(
            &tampered(&bad.good, &line, at),
            [1, 1, 1],
            &[
                "DB_PASSWORD",
                "does not authenticate",
                "check: manifests/dev.yaml:11:3",
            ],
        );
    }
    let cut = bad.good.replace(&line, &line[..line.len() - 8]);
    bad.runs(
        &cut,
        [1, 1, 1],
        &["DB_PASSWORD", "check: manifests/dev.yaml:"],
    );
    let not_base64 = bad.good.replace(&line, &format!("{line}!!"));
    bad.runs(
        &not_base64,
        [1, 1, 1],
        &["manifests/dev.yaml:12:", "[bad-payload]"],
    );
}

#[test]
fn swapped_values_are_both_refused() {
    let bad = Bad::new();
    let (one, two) = (
        bad.payload(&bad.good, "API_TOKEN"),
        bad.payload(&bad.good, "DB_PASSWORD"),
    );
    let swapped = bad
        .good
        .replace(one, "@")
        .replace(two, one)
        .replace('@', two);
    bad.runs(
        &swapped,
        [1, 1, 1],
        &[
            "was sealed for the name DB_PASSWORD and moved here",
            "was sealed for the name API_TOKEN and moved here",
            "check: manifests/dev.yaml:8:3",
            "check: manifests/dev.yaml:11:3",
        ],
    );
}

#[test]
fn an_older_value_put_back_is_held() {
    let bad = Bad::new();
    bad.world.run("apply --yes").success();
    let old = bad.payload(&bad.good, "DB_PASSWORD").to_owned();
    bad.world
        .run_with("set DB_PASSWORD", "canary third")
        .success();
    bad.world.run("apply --yes").success();
    let new = bad.world.manifest();
    let back = new.replace(bad.payload(&new, "DB_PASSWORD"), &old);
    let [plan, apply, _] = bad.runs(&back, [0, 3, 0], &[]);
    for run in [plan, apply] {
        run.says("held by rollback").says("--allow rollback@local");
    }
    // who means it says so
    bad.world
        .run("apply --yes --allow rollback@local")
        .success()
        .hides("canary");
    assert!(bad.world.read(".env").contains("canary waiting"));
}

#[test]
fn a_value_of_another_manifest_is_refused() {
    let bad = Bad::new();
    // the same key, another name: what a copied file is
    let renamed = bad.good.replace("name: dev\n", "name: prod\n");
    bad.runs(
        &renamed,
        [1, 1, 1],
        &["manifests/dev.yaml", "sealed", "restore `key:`"],
    );
}

#[test]
fn a_value_under_another_key_is_found_without_an_identity() {
    let bad = Bad::new();
    bad.world.write("other/.env", "DB_PASSWORD=canary-other\n");
    bad.world
        .run("init --name two --env-file other/.env")
        .success();
    let two = bad.world.read("manifests/two.yaml");
    std::fs::remove_file(bad.world.path("manifests/two.yaml")).unwrap();
    bad.world.hide_identity();
    let mixed = bad.good.replace(
        bad.payload(&bad.good, "DB_PASSWORD"),
        bad.payload(&two, "DB_PASSWORD"),
    );
    bad.runs(
        &mixed,
        [1, 1, 1],
        &[
            "manifests/dev.yaml:11:3",
            "DB_PASSWORD is encrypted to another key",
            "[key-mismatch]",
        ],
    );
}

#[test]
fn the_way_out_that_is_named_works() {
    let bad = Bad::new();
    let line = bad.payload(&bad.good, "DB_PASSWORD");
    let other_key = bad
        .good
        .replace(line, &line.replace(&line[9..15], "abcdef"));
    let [_, _, check] = bad.runs(&other_key, [1, 1, 1], &["[key-mismatch]"]);
    check.says("DB_PASSWORD --secret");
    let later = bad
        .good
        .replace(&format!("  DB_PASSWORD:\n{line}"), "  DB_PASSWORD: later");
    bad.world.write(MANIFEST, later);
    bad.world
        .run_with("set DB_PASSWORD --secret", "again and again")
        .success();
    bad.world.run("check --strict").success();
    bad.world.run("apply --yes").success();
}
