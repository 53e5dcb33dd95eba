//! Schemas are current, good samples pass parser and schema, bad ones fail for the stated reason.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(
    clippy::disallowed_methods,
    reason = "a developer asks for a rewrite by environment"
)]

mod beside;

use std::path::{Path, PathBuf};

use driftlock::manifest;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn samples(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/fixtures").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    files.into_iter().map(read).collect()
}

/// As an editor's language server sees the file; `None` where it is no single YAML document.
fn as_json(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

#[test]
fn the_manifest_schema_is_current() {
    let path = root().join("schemas/manifest.json");
    let made = serde_json::to_string_pretty(&manifest::json_schema()).unwrap() + "\n";
    if std::env::var_os("DRIFTLOCK_WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "schemas/manifest.json is old: run this test with DRIFTLOCK_WRITE_SCHEMAS=1"
    );
}

#[test]
fn good_samples_pass_parser_and_schema() {
    let validator = jsonschema::validator_for(&manifest::json_schema()).unwrap();
    let samples = samples("valid");
    assert!(!samples.is_empty());
    for (path, text) in samples {
        let parsed = manifest::parse(&text);
        assert!(parsed.is_ok(), "{}: {parsed:?}", path.display());
        let json = as_json(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}

/// Problems that a schema cannot see: they are about two entries at once, or below its grasp.
const BEYOND_SCHEMA: [&str; 73] = [
    "alias",
    "alias-bomb",
    "duplicate-use",
    "header-without-key",
    "header-without-recipients",
    "json-same-place",
    "key-mismatch",
    "machine-required",
    "merge-key",
    "no-header",
    "no-recipients",
    "railway-provided",
    "railway-same-place",
    "railway-sealed-unused",
    "same-place",
    "stray-bits",
    "bad-payload",
    "tag",
    "template-cycle",
    "template-filter",
    "template-open",
    "undeclared",
    "unknown-group",
    "host-port",
    "host-same-place",
    "activate-no-plist",
    "activate-timeout",
    "activate-unit-template",
    "probe-undeclared",
    "probe-renamed",
    "probe-plain-http",
    "probe-number-host",
    "probe-space",
    "probe-header-twice",
    "probe-timeout",
    "probe-from-railway",
    "probe-host-variable",
    "probe-host-open",
    "openclaw-plist",
    "openclaw-same-place",
    "openclaw-variable",
    "overlap-name-taken",
    "overlap-no-target",
    "overlap-of-template",
    "overlap-template-role",
    "overlap-unused",
    "overlap-without-role",
    "previous-alone",
    "previous-clear",
    "previous-twice",
    "previous-used",
    "rotating-alone",
    "recipe-weak",
    "recipe-weak-alphabet",
    "recipe-alphabet-twice",
    "recipe-alphabet-reversed",
    "recipe-alphabet-mixed",
    "recipe-require-absent",
    "recipe-command-timeout",
    "recipe-pair-public-itself",
    "recipe-pair-public-secret",
    "recipe-pair-public-template",
    "recipe-pair-public-twice",
    "recipe-of-template",
    "reconcile-every-long",
    "reconcile-probe-long",
    "reconcile-probe-short",
    "reconcile-window-zone",
    "reconcile-window-no-time",
    "reconcile-window-date",
    "reconcile-window-backwards",
    "reconcile-window-twice",
    "reconcile-suspend-until-date",
];

#[test]
fn bad_samples_fail_for_the_stated_reason() {
    let validator = jsonschema::validator_for(&manifest::json_schema()).unwrap();
    let mut wrong = Vec::new();
    for (path, text) in samples("invalid") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# expect: "))
            .unwrap_or_else(|| panic!("{name} does not say what is expected"));
        let problems = manifest::parse(&text).err().unwrap_or_default();
        let found: Vec<String> = problems
            .iter()
            .map(|one| {
                format!(
                    "{} @ {}:{}",
                    one.code, one.position.line, one.position.column
                )
            })
            .collect();
        if !found.iter().any(|one| one == expected) {
            wrong.push(format!("{name}: {found:?} in place of {expected}"));
        }
        let beyond = BEYOND_SCHEMA.contains(&name.as_str());
        let passes = as_json(&text).is_some_and(|json| validator.is_valid(&json));
        if passes && !beyond {
            wrong.push(format!("{name}: the schema lets it pass"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
