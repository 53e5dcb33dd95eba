//! What somebody staged in an environment and did not deploy, in words and without values.

use std::collections::BTreeMap;

use super::wire::{Patch, Staged, VariablePatch};

/// Each part of what waits there. Empty when nothing does: then the API answers with an empty patch
/// whose id is no id, so only the patch counts. `service` gives a service's name.
pub(super) fn in_words(staged: &Staged, service: impl Fn(&str) -> Option<String>) -> Vec<String> {
    if staged.patch.is_empty() || staged.status == "COMMITTED" {
        return vec![];
    }
    let under_way = if staged.status == "APPLYING" {
        " (being applied right now)"
    } else {
        ""
    };
    let mut words = parts(&staged.patch, service);
    for word in &mut words {
        word.push_str(under_way);
    }
    words
}

fn parts(patch: &Patch, service: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut words = vec![];
    for (id, part) in patch.services.iter().filter(|(_, part)| !part.is_empty()) {
        let name = service(id).unwrap_or_else(|| format!("service {}", plain(id)));
        if !part.variables.is_empty() {
            words.push(format!("{name}: {}", variables(&part.variables)));
        }
        if !part.others.is_empty() {
            words.push(format!(
                "{name}: settings ({})",
                list(part.others.iter().map(plain))
            ));
        }
    }
    if !patch.shared.is_empty() {
        words.push(format!("shared variables: {}", variables(&patch.shared)));
    }
    if !patch.others.is_empty() {
        let others = list(patch.others.iter().map(plain));
        words.push(format!("the environment: settings ({others})"));
    }
    words
}

fn variables(edits: &BTreeMap<String, VariablePatch>) -> String {
    list(edits.iter().map(|(name, edit)| match edit {
        VariablePatch::Delete => format!("{} deleted", plain(name)),
        VariablePatch::Set { .. } => plain(name),
    }))
}

fn list(mut all: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = all.by_ref().take(SHOWN).collect();
    let more = all.count();
    let shown = shown.join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

/// Names come from other people: only plain ones are shown.
fn plain(name: impl AsRef<str>) -> String {
    let name = name.as_ref();
    let fits = (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if fits { name } else { "(an odd name)" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(patch: &str) -> Vec<String> {
        let text = format!(r#"{{"id":"x","status":"STAGED","patch":{patch}}}"#);
        let staged: Staged = serde_json::from_str(&text).unwrap();
        in_words(&staged, |id| (id == "s1").then(|| "api".to_owned()))
    }

    #[test]
    fn an_empty_patch_is_nothing() {
        for patch in [
            "null",
            "{}",
            r#"{"services":{},"sharedVariables":{},"volumes":{}}"#,
            r#"{"services":null,"sharedVariables":null,"buckets":null}"#,
            r#"{"services":{"s1":{"variables":{}}}}"#,
        ] {
            assert!(words(patch).is_empty(), "{patch}");
        }
    }

    #[test]
    fn everything_else_is_a_draft_and_shows_no_value() {
        let patch = r#"{
            "services": {
                "s1": { "variables": { "A": { "value": "c4n4ry" }, "B": null }, "deploy": { "x": 1 } },
                "s2": { "isDeleted": true }
            },
            "sharedVariables": { "S": { "value": "c4n4ry" }, "A=\u001b[2J": { "value": "x" } },
            "privateNetworkDisabled": false,
            "volumes": {}
        }"#;
        assert_eq!(
            words(patch),
            [
                "api: A, B deleted",
                "api: settings (deploy)",
                "service s2: settings (isDeleted)",
                "shared variables: (an odd name), S",
                "the environment: settings (privateNetworkDisabled)",
            ]
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..9).map(|at| format!(r#""V{at}":null"#)).collect();
        let words = words(&format!(r#"{{"sharedVariables":{{{}}}}}"#, many.join(",")));
        assert!(words[0].ends_with("V5 deleted and 3 more"), "{words:?}");
    }
}
