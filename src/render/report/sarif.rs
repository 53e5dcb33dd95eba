//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use serde_json::{Value, json};

use super::identity::Identity;
use super::{Checked, CheckedFile, Place, clean, severity, unchecked};
use crate::model::{CheckKind, Finding, rule};
use crate::render::json::render_json;

/// Code scanning takes no more of one run.
const MOST: usize = 25_000;

/// The schema that the document keeps to.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the document; `version` is the program's.
pub fn render_sarif(out: &mut dyn Write, checked: &Checked, version: &str) -> fmt::Result {
    let all = checked.named();
    let shown = &all[..all.len().min(MOST)];
    let codes: BTreeSet<(&str, CheckKind)> = shown
        .iter()
        .map(|(_, one, _)| (one.diagnostic.code, one.kind))
        .collect();
    let codes: Vec<(&str, CheckKind)> = codes.into_iter().collect();
    let results: Vec<Value> = shown.iter().map(|one| result(one, &codes)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "driftlock",
                "version": version,
                "semanticVersion": version,
                "rules": codes.iter().map(|code| descriptor(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "%SRCROOT%": {
                "description": { "text": "The top folder of the repository." },
            }},
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(checked, all.len() - shown.len()),
            }],
            "results": results,
        }],
    });
    render_json(out, &document)
}

fn descriptor((code, kind): (&str, CheckKind)) -> Value {
    let title = rule(code).map_or("Something to look at", |rule| rule.title);
    json!({
        "id": code,
        "shortDescription": { "text": title },
        "help": { "text": help(kind) },
        "properties": { "tags": [kind.word()] },
    })
}

/// What a kind is, for who has never seen the tool.
const fn help(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Manifest => {
            "Correct the file at the line that is named; `driftlock schema` prints its JSON Schema."
        }
        CheckKind::Keys => {
            "Header, key id and values of a manifest belong together: take them from one commit, or set the value again."
        }
        CheckKind::Recipients => {
            "The recipients of a manifest are who may read it. A list that no reader signed must not be merged unseen."
        }
        CheckKind::Lint => "Look at the value, and set the one that was meant.",
        CheckKind::Expiry => "Replace the value where it is issued, and set the new one.",
        CheckKind::Drift => "`driftlock plan` shows what differs and who moved.",
    }
}

fn result(
    (file, finding, name): &(&CheckedFile, &Finding, Identity),
    codes: &[(&str, CheckKind)],
) -> Value {
    let diagnostic = &finding.diagnostic;
    let mut text = clean(&diagnostic.message);
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("; {}", clean(help)));
    }
    let of = (diagnostic.code, finding.kind);
    let index = codes.iter().position(|code| *code == of);
    json!({
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": severity(diagnostic.severity),
        "message": { "text": text },
        "locations": [location(file, Some(finding))],
        "partialFingerprints": {
            "primaryLocationLineHash": name.short(),
            "driftlock/v1": name.whole(),
        },
    })
}

/// Code scanning wants a line: what is about a whole file is on its first.
fn location(file: &CheckedFile, finding: Option<&Finding>) -> Value {
    let mut artifact = json!({ "uri": file.place.uri() });
    if matches!(file.place, Place::Below(_)) {
        artifact["uriBaseId"] = json!("%SRCROOT%");
    }
    let position = finding
        .map(|one| one.diagnostic.position)
        .unwrap_or_default();
    let mut region = json!({ "startLine": position.line.max(1) });
    if position.line > 0 && position.column > 0 {
        region["startColumn"] = json!(position.column);
    }
    json!({ "physicalLocation": { "artifactLocation": artifact, "region": region } })
}

/// What no result says: what was not checked, and what was left out.
fn notifications(checked: &Checked, left_out: usize) -> Vec<Value> {
    let mut all = vec![];
    for file in &checked.files {
        for (kinds, why) in unchecked(file) {
            let text = format!("not checked: {kinds}: {}", clean(why));
            all.push(json!({
                "level": "note",
                "message": { "text": text },
                "locations": [location(file, None)],
            }));
        }
    }
    if left_out > 0 {
        let text = format!("{left_out} more findings are left out");
        all.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    all
}
