//! Reports of hostile names and texts, read back as their readers do.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::*;
use crate::model::{Diagnostic, Position};

const HOSTILE: &str =
    "a,b:c\n%0A]]><x>&\u{1b}[31m\u{202e}::set-output name=x::y`|@all\u{0}\u{ffff}";

fn finding(line: u32, severity: Severity, code: &'static str, message: &str) -> Finding {
    Finding::of_file(Diagnostic {
        position: Position {
            line,
            column: line.min(1) * 3,
        },
        severity,
        code,
        message: message.to_owned(),
        help: Some(message.to_owned()),
    })
}

fn file(path: &str, findings: Vec<Finding>) -> CheckedFile {
    CheckedFile {
        path: path.to_owned(),
        place: Place::Below(path.into()),
        kinds: [CheckKind::Manifest, CheckKind::Keys, CheckKind::Lint].into(),
        findings,
        unchecked: vec![],
    }
}

fn checked(files: Vec<CheckedFile>) -> Checked {
    Checked {
        files,
        strict: false,
    }
}

fn mixed(path: &str, message: &str) -> Checked {
    let mut odd = file(
        path,
        vec![
            finding(0, Severity::Error, "unknown-key", message),
            finding(7, Severity::Warning, "placeholder", message),
            finding(9, Severity::Error, "unknown-key", message),
        ],
    );
    odd.unchecked = vec![Unchecked {
        kind: CheckKind::Keys,
        why: message.to_owned(),
    }];
    checked(vec![file("fine.yaml", vec![]), odd])
}

fn text(render: impl Fn(&mut String) -> std::fmt::Result) -> String {
    let mut out = String::new();
    render(&mut out).unwrap();
    out
}

/// Elements by name, and what each attribute of each says.
fn xml(text: &str) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let mut reader = Reader::from_str(text);
    let mut found: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Start(start) | Event::Empty(start) => {
                let attributes = start.attributes().map(|one| {
                    let one = one.unwrap();
                    let value = quick_xml::escape::unescape(&one.value)
                        .unwrap()
                        .into_owned();
                    (one.key.0.to_owned(), value)
                });
                let name = start.name().0.to_owned();
                found.entry(name).or_default().push(attributes.collect());
            }
            _ => {}
        }
    }
}

#[test]
fn junit_counts_cases_and_never_passes_what_was_skipped() {
    let report = mixed("odd.yaml", "wrong");
    let out = text(|out| render_junit(out, &report));
    let found = xml(&out);
    let suites = &found["testsuite"];
    let counts =
        |suite: usize| ["tests", "failures", "skipped"].map(|name| suites[suite][name].as_str());
    assert_eq!(counts(0), ["3", "0", "0"]);
    assert_eq!(counts(1), ["3", "1", "1"]);
    assert_eq!(found["testsuites"][0]["tests"], "6");
    assert_eq!(found["testcase"].len(), 6);
    assert_eq!(found["failure"][0]["message"], "2 findings of manifest");
    assert!(out.contains("odd.yaml:9:3: error: wrong [unknown-key]\n  help: wrong\n"));
    // a warning is shown, and fails only where warnings do
    assert!(out.contains("<system-out>odd.yaml:7:3: warning: wrong [placeholder]"));
    let strict = Checked {
        strict: true,
        ..report
    };
    let found = xml(&text(|out| render_junit(out, &strict)));
    assert_eq!(found["testsuite"][1]["failures"], "2");
}

#[test]
fn junit_in_a_log_is_no_command_and_still_the_same_text() {
    let report = mixed(" ::error::a##[b]", "##[set-env name=x]y");
    let out = text(|out| render_junit(out, &report));
    assert!(!out.contains("##"));
    let commands = out
        .lines()
        .filter(|line| line.trim_start().starts_with("::"));
    assert_eq!(commands.count(), 0, "{out}");
    let found = xml(&out);
    assert_eq!(found["testsuite"][1]["name"], " ::error::a##[b]");
    assert_eq!(found["skipped"][0]["message"], "##[set-env name=x]y");
}

#[test]
fn a_run_without_files_is_an_empty_report() {
    let found = xml(&text(|out| render_junit(out, &checked(vec![]))));
    assert_eq!(found["testsuites"][0]["tests"], "0");
    assert_eq!(
        text(|out| render_code_quality(out, &checked(vec![]))),
        "[]\n"
    );
    assert_eq!(text(|out| render_annotations(out, &checked(vec![]))), "");
}

/// What the runner takes from a line: command, properties, message.
fn command(line: &str) -> (String, BTreeMap<String, String>, String) {
    let unescape = |text: &str| {
        [
            ("%0D", "\r"),
            ("%0A", "\n"),
            ("%3A", ":"),
            ("%2C", ","),
            ("%25", "%"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let rest = line.strip_prefix("::").expect("a command");
    let (head, data) = rest.split_once("::").expect("a command has two marks");
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties.split(',').filter_map(|one| {
        let (key, value) = one.split_once('=')?;
        Some((key.to_owned(), unescape(value)))
    });
    let data = data
        .replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%");
    (name.to_owned(), properties.collect(), data)
}

#[test]
fn annotations_keep_to_the_limit_the_worst_first() {
    let mut findings: Vec<Finding> = (1..=30)
        .map(|line| finding(line, Severity::Warning, "placeholder", "w"))
        .collect();
    findings.extend((31..=45).map(|line| finding(line, Severity::Error, "does-not-open", "e")));
    let report = checked(vec![file("m.yaml", findings)]);
    let out = text(|out| render_annotations(out, &report));
    let commands: Vec<_> = out.lines().map(command).collect();
    let count = |word: &str| commands.iter().filter(|(name, _, _)| name == word).count();
    assert_eq!(
        (count("error"), count("warning"), count("notice")),
        (10, 10, 1)
    );
    assert_eq!(commands[0].1["line"], "31");
    assert!(commands[20].2.starts_with("25 more findings"));
}

#[test]
fn a_runner_finds_the_file_whatever_its_name() {
    let path = "a,b:c\n%0A 100%/=x::y.yaml";
    let out = text(|out| render_annotations(out, &mixed(path, HOSTILE)));
    assert_eq!(out.lines().count(), 4);
    let (name, properties, data) = command(out.lines().next().unwrap());
    assert_eq!(
        (name.as_str(), properties["file"].as_str()),
        ("error", path)
    );
    assert_eq!(properties["title"], "driftlock manifest: unknown-key");
    assert!(!data.contains(['\u{1b}', '\u{202e}', '\u{0}']));
    assert!(!properties.contains_key("line"), "the whole file is meant");
}

#[test]
fn a_sealed_manifest_is_no_finding_of_a_review_and_never_passes() {
    let mut sealed = file(
        "m.yaml",
        vec![finding(0, Severity::Warning, "sealed", "no identity")],
    );
    sealed.unchecked = vec![Unchecked {
        kind: CheckKind::Keys,
        why: "no identity opens it".to_owned(),
    }];
    let report = checked(vec![sealed]);
    assert_eq!(text(|out| render_code_quality(out, &report)), "[]\n");
    let out = text(|out| render_annotations(out, &report));
    assert!(
        out.starts_with("::notice ") && out.contains("not checked: keys"),
        "{out}"
    );
    let sarif: Value = serde_json::from_str(&text(|out| render_sarif(out, &report, "1"))).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    let notes = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes[0]["level"], "note");
    let strict = Checked {
        strict: true,
        ..report
    };
    assert!(text(|out| render_code_quality(out, &strict)).contains("driftlock/keys/sealed"));
}

fn names(report: &Checked) -> Vec<(String, String)> {
    let quality = text(|out| render_code_quality(out, report));
    let quality: Vec<Value> = serde_json::from_str(&quality).unwrap();
    let sarif: Value = serde_json::from_str(&text(|out| render_sarif(out, report, "1"))).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), quality.len());
    let name = |(one, result): (&Value, &Value)| {
        let hash = &result["partialFingerprints"]["primaryLocationLineHash"];
        let whole = one["fingerprint"].as_str().unwrap().to_owned();
        (whole, hash.as_str().unwrap().to_owned())
    };
    quality.iter().zip(results).map(name).collect()
}

#[test]
fn names_of_findings_are_unique_and_do_not_move_with_lines() {
    let at = |first: u32| {
        let mut one = finding(
            first,
            Severity::Error,
            "does-not-open",
            "A does not open: why",
        );
        one.subject = Some("A".to_owned());
        let same = || finding(first + 5, Severity::Warning, "unused-group", "again");
        checked(vec![file("m.yaml", vec![one, same(), same()])])
    };
    let names_of = |report| names(&report);
    let before = names_of(at(3));
    assert_eq!(before, names_of(at(40)));
    let unique: BTreeSet<_> = before.iter().map(|(whole, _)| whole).collect();
    assert_eq!(unique.len(), 3);
    let mut elsewhere = at(3);
    elsewhere.files[0].place = Place::Below("other.yaml".into());
    assert_ne!(before, names_of(elsewhere));
}

#[test]
fn a_summary_stays_below_its_limit_and_counts_the_rest() {
    let long = "w".repeat(300);
    let mut findings: Vec<Finding> = (1..=9000)
        .map(|line| finding(line, Severity::Warning, "placeholder", &long))
        .collect();
    findings.push(finding(
        9999,
        Severity::Error,
        "does-not-open",
        "the one error",
    ));
    let report = checked(vec![file("m.yaml", findings)]);
    for most in [MAX_SUMMARY_BYTES, 40_000, 3_000] {
        let out = text(|out| render_summary(out, &report, most));
        assert!(
            out.len() <= most && out.len() > most / 2,
            "{} of {most}",
            out.len()
        );
        assert!(out.contains("1 error, 9000 warnings in 1 file"));
        assert!(out.contains("the one error"), "errors come first");
        assert!(out.lines().last().unwrap().contains("more lines"));
    }
    assert_eq!(text(|out| render_summary(out, &report, 20)), "");
}

fn hostile_text() -> impl Strategy<Value = String> {
    let parts = [
        "::error::",
        " ",
        "\n",
        "\r",
        "%0A",
        "%25",
        ",",
        "=",
        "]]>",
        "<![CDATA[",
        "&amp;",
        "\u{1b}[2J",
        "\u{202e}",
        "`",
        "``",
        "|",
        "\u{ffff}",
        "\u{fffe}",
        "\u{0}",
        "##[set-env]",
        "<b>",
        "é",
        "a",
    ];
    let part = prop_oneof![
        prop::sample::select(parts.map(str::to_owned).to_vec()),
        any::<String>(),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_breaks_out_of_any_report(path in hostile_text(), message in hostile_text()) {
        let report = mixed(&path, &message);
        let junit = text(|out| render_junit(out, &report));
        let found = xml(&junit);
        let elements: Vec<&str> = found.keys().map(String::as_str).collect();
        prop_assert_eq!(
            elements,
            ["failure", "skipped", "system-out", "testcase", "testsuite", "testsuites"]
        );
        prop_assert_eq!(found["testcase"].len(), 6);
        prop_assert!(!junit.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(!junit.contains("##"));
        prop_assert!(!junit.lines().any(|line| line.trim_start().starts_with("::")));

        let sarif = text(|out| render_sarif(out, &report, "1.0.0"));
        prop_assert!(!sarif.contains("##"));
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            let uri = artifact["uri"].as_str().unwrap();
            let wrong = |b: u8| !b.is_ascii_graphic() || b"<>\"\\^`{|}:".contains(&b);
            prop_assert!(!uri.bytes().any(wrong), "a URI holds what it may not");
            let text = result["message"]["text"].as_str().unwrap();
            prop_assert!(!text.chars().any(char::is_control));
        }

        let quality = text(|out| render_code_quality(out, &report));
        prop_assert!(!quality.contains("##"));
        let quality: Vec<Value> = serde_json::from_str(&quality).unwrap();
        prop_assert_eq!(quality.len(), 3);
        prop_assert_eq!(quality[0]["location"]["path"].as_str(), Some(path.as_str()));

        let annotations = text(|out| render_annotations(out, &report));
        prop_assert_eq!(annotations.lines().count(), 4);
        for line in annotations.lines() {
            let (name, properties, _) = command(line);
            prop_assert!(["error", "warning", "notice"].contains(&name.as_str()));
            let known = ["file", "line", "col", "title"];
            prop_assert!(properties.keys().all(|key| known.contains(&key.as_str())));
        }

        let summary = text(|out| render_summary(out, &report, MAX_SUMMARY_BYTES));
        let begins = ["### driftlock check: ", "- ❌ `", "- ⚠️ `", "- ⏭️ `", "  - help: "];
        prop_assert!(summary.lines().all(|l| l.is_empty() || begins.iter().any(|b| l.starts_with(b))));
        prop_assert_eq!(summary.lines().count(), 9);
    }
}
