//! The files beside the manifests: `rails.yaml`, `authority.yaml` and `alerts.yaml`.

use std::path::Path;

use driftlock::manifest::{
    alerts_schema, authority_schema, parse_alerts, parse_allowlist, parse_rails, rails_schema,
};
use driftlock::model::Diagnostic;
use serde_json::Value;

use super::{as_json, root, samples};

struct Kind {
    name: &'static str,
    schema: Value,
    parse: fn(&str) -> Result<(), Vec<Diagnostic>>,
    /// Problems that a schema cannot see.
    beyond: &'static [&'static str],
}

fn kinds() -> [Kind; 3] {
    [
        Kind {
            name: "rails",
            schema: rails_schema(),
            parse: |text| parse_rails(text).map(|_| ()),
            beyond: &["alias", "merge-key"],
        },
        Kind {
            name: "authority",
            schema: authority_schema(),
            parse: |text| parse_allowlist(text).map(|_| ()),
            beyond: &["alias"],
        },
        Kind {
            name: "alerts",
            schema: alerts_schema(),
            parse: |text| parse_alerts(text).map(|_| ()),
            beyond: &[
                "alias",
                "command-relative",
                "header-line",
                "header-name",
                "header-ours",
                "header-secret",
                "header-twice",
                "route-sink",
                "timeout-long",
                "webhook-query-token",
                "webhook-slack",
            ],
        },
    ]
}

#[test]
fn their_schemas_are_current() {
    for kind in kinds() {
        let path = root().join(format!("schemas/{}.json", kind.name));
        let made = serde_json::to_string_pretty(&kind.schema).unwrap() + "\n";
        if std::env::var_os("DRIFTLOCK_WRITE_SCHEMAS").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            made == kept,
            "{} is old: run this test with DRIFTLOCK_WRITE_SCHEMAS=1",
            path.display()
        );
    }
}

#[test]
fn their_good_samples_pass_parser_and_schema() {
    for kind in kinds() {
        let validator = jsonschema::validator_for(&kind.schema).unwrap();
        let good = samples(&format!("{}/valid", kind.name));
        assert!(!good.is_empty());
        for (path, text) in good {
            let parsed = (kind.parse)(&text);
            assert!(parsed.is_ok(), "{}: {parsed:?}", path.display());
            let json = as_json(&text).unwrap();
            assert!(validator.is_valid(&json), "{}", path.display());
        }
    }
}

#[test]
fn their_bad_samples_fail_for_the_stated_reason() {
    let mut wrong = Vec::new();
    for kind in kinds() {
        let validator = jsonschema::validator_for(&kind.schema).unwrap();
        let bad = samples(&format!("{}/invalid", kind.name));
        assert!(bad.len() > 10);
        for (path, text) in bad {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let first = text.lines().next().unwrap();
            let expected = first.strip_prefix("# expect: ").unwrap();
            let problems = (kind.parse)(&text).err().unwrap_or_default();
            let found: Vec<String> = problems
                .iter()
                .map(|one| {
                    let at = one.position;
                    format!("{} @ {}:{}", one.code, at.line, at.column)
                })
                .collect();
            if !found.iter().any(|one| one == expected) {
                wrong.push(format!("{name}: {found:?} in place of {expected}"));
            }
            let passes = as_json(&text).is_some_and(|json| validator.is_valid(&json));
            if passes && !kind.beyond.contains(&name.as_str()) {
                wrong.push(format!("{}/{name}: the schema lets it pass", kind.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What an editor reads at the top of a sample leads to the schema.
#[test]
fn their_samples_name_their_schema() {
    for kind in kinds() {
        let sample = format!("tests/fixtures/{}/valid/full.yaml", kind.name);
        let text = std::fs::read_to_string(root().join(&sample)).unwrap();
        let named = text.lines().next().unwrap().split_once("$schema=").unwrap();
        let folder = root().join(Path::new(&sample).parent().unwrap());
        assert!(folder.join(named.1).is_file(), "{sample}");
    }
}
