//! Names and texts that try to leave their place in a report.

use serde_json::Value;

use super::readers::{JUNIT_COUNTS, MARKDOWN_COUNTS, SARIF_COUNTS, is_junit, is_sarif, python};
use crate::support::world::{Run, World};

/// A file's name, without a slash and with all else that is special somewhere.
const NAMES: [&str; 7] = [
    "a,b:c=d;e.yaml",
    "::set-output name=x::y.yaml",
    "new\nline\r::error::x.yaml",
    "%0A%0D%25.yaml",
    "x]]><y attr=\"&'`|`@all.yaml",
    "\u{1b}[31mred\u{202e}lmay.yaml",
    "##[set-env name=x]y ##vso[x].yaml",
];

const GOOD: &str = "driftlock: 1\nname: NAME\nvariables:\n  UNUSED: text\n";
const BAD: &str = "driftlock: 1\nname: NAME\noops: 1\n\"::error::`<b>\\u001b[2J|\": 1\n";

fn world() -> World {
    let world = World::new();
    for (number, name) in NAMES.iter().enumerate() {
        let text = if number % 2 == 0 { GOOD } else { BAD };
        world.write(
            format!("manifests/{name}"),
            text.replace("NAME", &format!("m{number}")),
        );
    }
    // as large as a clear value gets, in every way that a line can begin
    let lines = "::set-output name=a::b\n##[error]x\n]]><x>`|%0A\u{1b}[2J".repeat(20_000);
    let huge = serde_json::to_string(&lines).unwrap();
    world.write(
        "manifests/huge.yaml",
        format!("driftlock: 1\nname: huge\nvariables:\n  HUGE: {huge}\n"),
    );
    world
}

fn report(world: &World, format: &str) -> std::path::PathBuf {
    let file = format!("report.{format}");
    world
        .run(&format!("check --report {format}={file}"))
        .exits(1);
    world.path(file)
}

#[test]
fn parsers_of_others_find_each_file_and_nothing_more() {
    let world = world();
    let junit = report(&world, "junit");
    is_junit(&junit);
    if let Some(counts) = python(JUNIT_COUNTS, &junit) {
        // eight suites of five kinds; three do not parse, so that four kinds of each are skipped
        assert_eq!(counts.trim(), "8 40 3 12");
    }
    let sarif = report(&world, "sarif");
    is_sarif(&sarif);
    if let Some(counts) = python(SARIF_COUNTS, &sarif) {
        assert_eq!(counts.trim(), "6 5 0");
    }
    let summary = report(&world, "summary");
    if let Some(counts) = python(MARKDOWN_COUNTS, &summary) {
        let items: usize = counts.split(' ').next().unwrap().parse().unwrap();
        let text = std::fs::read_to_string(&summary).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.trim_start().starts_with("- "));
        assert_eq!(items, lines.count());
    }
    for file in [junit, sarif, summary] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains(['\u{1b}', '\u{202e}', '\r']),
            "{}",
            file.display()
        );
        assert!(text.len() < 40_000, "no value is in it");
    }
}

#[test]
fn reports_name_files_as_they_are_called() {
    let world = world();
    let sarif = std::fs::read_to_string(report(&world, "sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let quality = std::fs::read_to_string(report(&world, "code-quality")).unwrap();
    let quality: Vec<Value> = serde_json::from_str(&quality).unwrap();
    for name in NAMES {
        let path = format!("manifests/{name}");
        let of = |one: &&Value| one["location"]["path"] == path.as_str();
        assert!(quality.iter().any(|one| of(&one)), "{name:?}");
        let decoded = |result: &Value| {
            let location = &result["locations"][0]["physicalLocation"];
            let uri = location["artifactLocation"]["uri"].as_str().unwrap();
            percent_encoding::percent_decode_str(uri)
                .decode_utf8()
                .unwrap()
                .into_owned()
        };
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert!(results.iter().any(|one| decoded(one) == path), "{name:?}");
    }
}

#[test]
fn a_runner_sees_our_commands_only() {
    let mut world = world();
    let run = world.run("check --report annotations").exits(1);
    for line in run.stdout.lines() {
        let known = ["::error file=", "::warning file=", "::notice title="];
        assert!(
            known.iter().any(|known| line.starts_with(known)),
            "{line:?}"
        );
        assert_eq!(line.matches("::").next().map(|_| ()), Some(()));
        let head = line[2..].split("::").next().unwrap();
        let keys = head
            .split([',', ' '])
            .filter_map(|part| part.split_once('='));
        assert!(head.starts_with("notice") || keys.count() >= 2, "{line:?}");
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line:?}");
    }
    // text has no command at all, whatever a line begins with
    world.variable("GITHUB_ACTIONS", "true");
    let runs = [
        world.run("check"),
        world.run("check --drift"),
        world.run("plan"),
        Run::of({
            let mut command = world.command(["check", NAMES[1], NAMES[2], NAMES[6]]);
            command.current_dir(world.path("manifests"));
            command
        }),
    ];
    for run in runs {
        // a runner takes a lone carriage return for a line end, too
        let ends = ['\n', '\r'];
        for line in run.stdout.split(ends).chain(run.stderr.split(ends)) {
            assert!(!line.trim_start().starts_with("::"), "{line:?}");
            assert!(
                !line.contains("##[") && !line.contains("##vso["),
                "{line:?}"
            );
        }
    }
}
