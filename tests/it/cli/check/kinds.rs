//! `check`: which findings belong to which kind, and what is left out.

use serde_json::Value;

use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

/// Codes and kinds of a run's findings, and the kinds that were skipped.
fn found(run: &Run) -> (Vec<(String, String)>, Vec<String>) {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let mut findings = vec![];
    let mut skipped = vec![];
    for file in document["files"].as_array().unwrap() {
        for one in file["diagnostics"].as_array().unwrap() {
            findings.push((word(&one["kind"]), word(&one["code"])));
        }
        for one in file["skipped"].as_array().unwrap() {
            skipped.push(word(&one["kind"]));
        }
    }
    findings.sort();
    (findings, skipped)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(kind, code): &(&str, &str)| ((*kind).to_owned(), (*code).to_owned());
    pairs.iter().map(own).collect()
}

/// One finding of each kind that needs no target.
fn troubled() -> World {
    let world = shop();
    world.run_with("set API_TOKEN", "changeme").success();
    let text = world
        .manifest()
        .replace("  API_TOKEN:\n", "  API_TOKEN:\n    expires: 2020-01-31\n")
        .replace("\nvariables:\n", "\nvariables:\n  UNUSED: text\n\n");
    world.write(MANIFEST, text);
    world
}

const ALL: [(&str, &str); 3] = [
    ("expiry", "expired"),
    ("lint", "placeholder"),
    ("manifest", "unused-variable"),
];

#[test]
fn each_finding_has_a_kind_that_chooses_it() {
    let world = troubled();
    let (findings, skipped) = found(&world.run("check --json").success());
    assert_eq!(findings, pairs(&ALL));
    assert!(skipped.is_empty());
    for one in ALL {
        let (kind, _) = one;
        let (findings, _) = found(&world.run(&format!("check --json --only {kind}")).success());
        assert_eq!(findings, pairs(&[one]));
        let (findings, _) = found(&world.run(&format!("check --json --skip {kind}")).success());
        let others: Vec<_> = ALL.into_iter().filter(|other| *other != one).collect();
        assert_eq!(findings, pairs(&others));
        world.run(&format!("check --strict --only {kind}")).exits(2);
    }
    world.run("check --strict --only keys,recipients").success();
    let (findings, _) = found(
        &world
            .run("check --json --only lint --only expiry")
            .success(),
    );
    assert_eq!(findings, pairs(&ALL[..2]));
}

#[test]
fn what_no_identity_opened_is_skipped_and_never_passed() {
    let world = troubled();
    world.hide_identity();
    let run = world.run("check --json").success();
    let (findings, skipped) = found(&run);
    // dates and clear texts need no key
    let seen = [ALL[0], ("keys", "sealed"), ALL[2]];
    assert_eq!(findings, pairs(&seen));
    assert_eq!(skipped, ["keys", "recipients", "lint", "expiry"]);
    world
        .run("check")
        .success()
        .says("not checked: keys, recipients, lint, expiry: no identity opens the manifest");
    // a kind that needs no identity asks for none
    let (findings, skipped) = found(&world.run("check --json --only manifest").success());
    assert_eq!((findings, skipped.len()), (pairs(&[ALL[2]]), 0));
    world
        .run("check --only manifest --require-identity")
        .success();
    // and one that does says why it could not
    let (findings, skipped) = found(&world.run("check --json --only lint").success());
    assert_eq!(findings, pairs(&[("keys", "sealed")]));
    assert_eq!(skipped, ["lint"]);
    world.run("check --only lint --require-identity").exits(1);
    let rotating = world
        .manifest()
        .replace("    expires: 2020-01-31\n", "    rotate: 90d\n");
    world.write(MANIFEST, rotating);
    let (_, skipped) = found(&world.run("check --json --only expiry").success());
    assert_eq!(skipped, ["expiry"]);
}

#[test]
fn the_header_is_held_against_the_recipients_without_an_identity() {
    let world = shop();
    let good = world.manifest();
    let other = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN me";
    let added = |text: &str| good.replace("recipients:\n", &format!("recipients:\n  - {text}\n"));
    let away = world.hide_identity();
    for (text, code, words) in [
        (added(other), "recipients-differ", "not for 1 X25519 key"),
        (added(ssh), "recipients-differ", "not for ssh-ed25519 AAAA"),
        (added("age1oops"), "bad-recipient", "mistyped or cut off"),
        (
            added("AGE-SECRET-KEY-1CANARY"),
            "bad-value",
            "this is a private key",
        ),
    ] {
        world.write(MANIFEST, text);
        world
            .run("check --only recipients")
            .exits(1)
            .says(&format!("[{code}]"))
            .says(words)
            .hides("CANARY");
        // a file that does not parse fails whatever is asked of it
        let others = if code == "bad-value" { 1 } else { 0 };
        world.run("check --only lint,expiry").exits(others);
        // who has the key knows more: nobody signed that list
        if code != "bad-value" {
            world
                .run(&format!("check --only recipients -i {away}"))
                .exits(1)
                .says("[recipients-changed]");
        }
    }
    world.write(MANIFEST, good);
    world
        .run(&format!("check --only recipients -i {away}"))
        .success();
}

#[test]
fn a_date_that_is_near_is_told() {
    let world = shop();
    // two weeks are long enough for a test, whatever day it is
    let soon = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let soon = soon.checked_add(jiff::Span::new().days(9)).unwrap();
    let text = world.manifest().replace(
        "  API_TOKEN:\n",
        &format!("  API_TOKEN:\n    expires: {soon}\n"),
    );
    world.write(MANIFEST, text);
    world
        .run("check --only expiry")
        .success()
        .says("[expires-soon]")
        .says(&format!("API_TOKEN expires on {soon}"));
    world.run("check --only expiry --strict").exits(2);
}

#[test]
fn choices_that_make_no_sense_are_refused_with_what_there_is() {
    let world = shop();
    let all = "manifest, keys, recipients, lint, expiry, drift";
    for line in [
        "check --only nonsense",
        "check --only",
        "check --only keys,,lint",
        "check --skip secrets",
    ] {
        world.run(line).exits(64);
    }
    world.run("check --only nonsense").exits(64).says(all);
    for (line, words) in [
        (
            "check --only lint --skip lint",
            "both asked for and skipped",
        ),
        ("check --drift --skip drift", "drift is both asked for"),
        (
            "check --skip manifest,keys,recipients,lint,expiry",
            "nothing to check",
        ),
    ] {
        world.run(line).exits(64).says(words).says(all);
    }
    for line in [
        "check --target local",
        "check --since HEAD",
        "check --only lint --require-all",
    ] {
        world.run(line).exits(64).says("add --drift");
    }
}

/// Whoever adds a code says what it stands for.
#[test]
fn every_code_of_the_parser_has_a_rule() {
    let source = include_str!("../../../../src/manifest/problem.rs");
    let codes: Vec<&str> = source
        .lines()
        .filter_map(|line| line.split_once(": &str = \"")?.1.strip_suffix("\";"))
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        assert!(driftlock::model::rule(code).is_some(), "{code} has no rule");
    }
}
