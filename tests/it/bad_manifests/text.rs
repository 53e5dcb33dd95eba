//! Text that is no manifest. Every line of the table is one file, with what must be said of it.

use super::Bad;
use crate::support::shop::MANIFEST;

#[test]
fn what_does_not_parse_or_contradicts_itself_is_refused_at_its_place() {
    let bad = Bad::new();
    let good = bad.good.clone();
    let replace = |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        text
    };
    let last_use = "      - LOG_LEVEL\n";
    let cases: Vec<(String, &[&str])> = vec![
        (
            "canary: [1, \"2\n".to_owned(),
            &["manifests/dev.yaml:", "[not-yaml]"],
        ),
        (replace("variables:\n", "variables: {\n"), &["[not-yaml]"]),
        ("\u{0}\u{1}canary".to_owned(), &["manifests/dev.yaml:1:"]),
        (String::new(), &["this file is empty", "driftlock init"]),
        ("- canary\n".to_owned(), &["manifests/dev.yaml:1:1"]),
        (format!("{good}---\ncanary: 1\n"), &["[several-documents]"]),
        (
            replace(
                "  LOG_LEVEL: info\n",
                "  LOG_LEVEL: info\n  LOG_LEVEL: canary\n",
            ),
            &[
                "manifests/dev.yaml:15:3",
                "`LOG_LEVEL` stands here a second time",
                "[duplicate-key]",
            ],
        ),
        (
            replace("name: dev\n", "name: dev\nsurprise: canary\n"),
            &[
                "manifests/dev.yaml:4:1",
                "has no key like this",
                "[unknown-key]",
            ],
        ),
        (
            replace(
                "  LOG_LEVEL: info\n",
                "  LOG_LEVEL: { value: info, vlaue: canary }\n",
            ),
            &["manifests/dev.yaml:14:", "vlaue", "[unknown-key]"],
        ),
        (
            replace(
                "  LOG_LEVEL: info\n",
                "  LOG_LEVEL:\n    <<: { value: canary }\n",
            ),
            &["manifests/dev.yaml:15:5", "[merge-key]"],
        ),
        (
            replace(
                "  LOG_LEVEL: info\n",
                "  LOG_LEVEL: &a canary\n  OTHER: *a\n",
            ),
            &[
                "manifests/dev.yaml:14:17",
                "manifests/dev.yaml:15:10",
                "[alias]",
            ],
        ),
        (
            replace("  LOG_LEVEL: info\n", "  LOG_LEVEL: !!binary canary\n"),
            &["manifests/dev.yaml:14:14", "[tag]"],
        ),
        (
            replace(
                last_use,
                "      - LOG_LEVEL\n  two:\n    file: { path: ./../.env, machine: any }\n    variables: [LOG_LEVEL]\n",
            ),
            &[
                "manifests/dev.yaml:23:3",
                "local and two write to one place",
                "[same-place]",
            ],
        ),
        (
            replace(last_use, "      - LOG_LEVEL\n      - MISSING\n"),
            &[
                "manifests/dev.yaml:23:9",
                "MISSING is used but not declared",
                "driftlock set MISSING --secret",
                "[undeclared]",
            ],
        ),
        (
            replace("driftlock: 1\n", "driftlock: 99\n"),
            &["manifests/dev.yaml:2:", "[newer-version]"],
        ),
    ];
    for (text, words) in cases {
        bad.runs(&text, [1, 1, 1], words);
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let bad = Bad::new();
    let text = bad
        .good
        .replace("name: dev\n", "name: dev\none: 1\ntwo: 2\n")
        .replace(
            "      - LOG_LEVEL\n",
            "      - LOG_LEVEL\n      - MISSING\n",
        );
    bad.runs(
        &text,
        [1, 1, 1],
        &["dev.yaml:4:1", "dev.yaml:5:1", "MISSING is used"],
    );
}

#[test]
fn a_giant_is_not_read() {
    let bad = Bad::new();
    let giant = format!("{}{}", bad.good, "# canary canary \n".repeat(530_000));
    assert!(giant.len() > 8 * 1024 * 1024);
    bad.runs(
        &giant,
        [1, 1, 1],
        &["manifests/dev.yaml", "larger than 8 MiB"],
    );
}

#[test]
fn a_bomb_of_aliases_does_not_go_off() {
    let bad = Bad::new();
    let mut bomb = String::from("a0: &a0 [canary, canary]\n");
    for level in 1..60 {
        let below = level - 1;
        bomb.push_str(&format!(
            "a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n"
        ));
    }
    let [plan, ..] = bad.runs(&bomb, [1, 1, 1], &["manifests/dev.yaml:1:9", "[alias]"]);
    assert!(plan.stderr.lines().count() < 45, "{}", plan.all());
    let deep = format!("variables: {}", "[".repeat(200_000));
    bad.runs(&deep, [1, 1, 1], &["manifests/dev.yaml:1:"]);
}

#[test]
fn what_is_declared_and_not_used_is_a_warning() {
    let bad = Bad::new();
    let text = bad
        .good
        .replace("  LOG_LEVEL: info\n", "  LOG_LEVEL: info\n\n  SPARE: x\n");
    bad.world.write(MANIFEST, text);
    let words = "manifests/dev.yaml:16:3: warning: no target uses SPARE";
    bad.world.run("plan").success().says(words);
    bad.world.run("check").success().says(words);
    bad.world
        .run("check --strict")
        .exits(2)
        .says("[unused-variable]");
    bad.world.run("apply --yes").success().hides("canary");
}

#[test]
fn two_manifests_must_not_write_one_place() {
    let bad = Bad::new();
    let two = "driftlock: 1\nname: two\nvariables:\n  A: \"1\"\ntargets:\n  mine:\n    file: { path: .././.env, machine: any }\n    variables: [A]\n";
    bad.world.write("manifests/two.yaml", two);
    let words = ["dev/local and two/mine are the same place"];
    bad.runs_as_it_is([1, 1, 1], &words);
    bad.world
        .run("check")
        .exits(1)
        .says("manifests/two.yaml:6:3");
    bad.world.run("status").exits(1).says(words[0]);
}

#[test]
fn one_bad_manifest_stops_the_others() {
    let bad = Bad::new();
    bad.world.write("manifests/two.yaml", "surprise: canary\n");
    bad.runs_as_it_is([1, 1, 1], &["manifests/two.yaml:1:1", "[unknown-key]"]);
}
