//! Reports as others read them: the published schemas, and parsers that we did not write.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::peers;
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::World;

/// What Python says of a file.
pub(super) fn python(script: &str, file: &Path) -> Option<String> {
    let python = peers::installed("venv/bin/python")?;
    let output = Command::new(python)
        .args(["-c", script])
        .arg(file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Jenkins' schema, by an XML parser of its own.
pub(super) fn is_junit(file: &Path) {
    let (Some(xmllint), Some(schema)) = (
        peers::program("xmllint"),
        peers::installed("schemas/junit-10.xsd"),
    ) else {
        return;
    };
    let output = Command::new(xmllint)
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, file])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The schema of the standard.
pub(super) fn is_sarif(file: &Path) {
    let Some(schema) = peers::installed("schemas/sarif-2.1.0.json") else {
        return;
    };
    // a bracket too many in a pattern, which not every engine takes
    let schema = std::fs::read_to_string(schema).unwrap();
    let schema = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let document = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let wrong: Vec<String> = schema
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Suites, cases, failures and skipped cases, as junitparser counts them from the elements, and as the
/// file's own counts have it.
pub(super) const JUNIT_COUNTS: &str = "
import sys
from junitparser import JUnitXml, Failure, Skipped
read = JUnitXml.fromfile(sys.argv[1])
said = (sum(s.tests for s in read), sum(s.failures for s in read), sum(s.skipped for s in read))
cases = [case for suite in read for case in suite]
has = lambda kind: sum(any(isinstance(r, kind) for r in case.result) for case in cases)
assert said == (len(cases), has(Failure), has(Skipped)), (said, len(cases))
assert (read.tests, read.failures) == said[:2]
print(len(list(read)), *said)";

/// Results by level, as Microsoft's sarif-tools reads them.
pub(super) const SARIF_COUNTS: &str = "
import sys
from sarif import loader
read = loader.load_sarif_file(sys.argv[1])
assert read.get_distinct_tool_names() == ['driftlock']
counts = read.get_report().get_issue_type_histogram_for_severity
records = read.get_records()
assert len(records) == read.get_result_count()
for record in records:
    assert int(record['Line']) >= 1 and record['Code'], record
level = lambda name: sum(r['Severity'] == name for r in records)
print(level('error'), level('warning'), level('note'))";

/// Two manifests: one troubled, one that does not parse. Three warnings and an error.
fn two() -> World {
    let world = shop();
    world.run_with("set API_TOKEN", "changeme").success();
    world.run_with("set DB_PASSWORD", "").success();
    let text = world
        .manifest()
        .replace("  API_TOKEN:\n", "  API_TOKEN:\n    expires: 2020-01-31\n");
    world.write(MANIFEST, text);
    world.write("manifests/two.yaml", "driftlock: 1\nname: two\noops: 1\n");
    world
}

fn report(world: &World, format: &str, more: &str, code: i32) -> PathBuf {
    let file = format!("report.{format}");
    world
        .run(&format!("check {more} --report {format}={file}"))
        .exits(code);
    world.path(file)
}

#[test]
fn junit_files_are_read_by_others() {
    let world = two();
    let counts = |more: &str, code: i32| {
        let file = report(&world, "junit", more, code);
        is_junit(&file);
        python(JUNIT_COUNTS, &file).map(|text| text.trim().to_owned())
    };
    let Some(first) = counts("", 1) else { return };
    // suites, cases, failures, skipped: the second manifest's other kinds
    assert_eq!(first, "2 10 1 4");
    assert_eq!(counts("--strict", 1).unwrap(), "2 10 3 4");
    assert_eq!(counts("--only manifest", 1).unwrap(), "2 2 1 0");
    world.hide_identity();
    assert_eq!(counts("", 1).unwrap(), "2 10 1 8");
    std::fs::remove_file(world.path("manifests/two.yaml")).unwrap();
    assert_eq!(counts("", 0).unwrap(), "1 5 0 4");
}

#[test]
fn sarif_files_are_read_by_others() {
    let world = two();
    for (more, code, counts) in [
        ("", 1, "1 3 0"),
        ("--only manifest", 1, "1 0 0"),
        ("manifests/dev.yaml", 0, "0 3 0"),
        ("manifests/dev.yaml --only keys", 0, "0 0 0"),
    ] {
        let file = report(&world, "sarif", more, code);
        is_sarif(&file);
        let Some(read) = python(SARIF_COUNTS, &file) else {
            return;
        };
        assert_eq!(read.trim(), counts, "{more}");
    }
    world.hide_identity();
    is_sarif(&report(&world, "sarif", "", 1));
}

/// The fields that GitLab's documentation of the format names, and the severities it knows.
#[test]
fn code_quality_has_what_gitlab_asks_for() {
    let world = two();
    let file = report(&world, "code-quality", "", 1);
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(all.len(), 4);
    let mut names = std::collections::BTreeSet::new();
    for one in &all {
        for field in ["description", "check_name", "fingerprint", "severity"] {
            assert!(one[field].as_str().is_some_and(|text| !text.is_empty()));
        }
        let severity = one["severity"].as_str().unwrap();
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
        let path = one["location"]["path"].as_str().unwrap();
        assert!(
            world.path(path).is_file() && !path.starts_with("./"),
            "{path}"
        );
        assert!(one["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        assert!(names.insert(one["fingerprint"].as_str().unwrap()));
    }
}

/// GitHub's own Markdown: items and code spans, and no HTML but its own.
pub(super) const MARKDOWN_COUNTS: &str = "
import sys, re, cmarkgfm
from cmarkgfm.cmark import Options
text = open(sys.argv[1], encoding='utf-8', newline='').read()
html = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
tags = set(re.findall(r'<(/?[a-zA-Z][a-zA-Z0-9]*)', html))
known = {'h3', '/h3', 'ul', '/ul', 'li', '/li', 'code', '/code'}
assert tags <= known, tags - known
print(html.count('<li>'), html.count('<code>'))";

#[test]
fn the_summary_renders_as_a_list() {
    let world = two();
    let file = report(&world, "summary", "", 1);
    let Some(read) = python(MARKDOWN_COUNTS, &file) else {
        return;
    };
    // four findings, their help, and one line of what was not checked; two code spans in a finding
    assert_eq!(read.trim(), "9 9");
}
