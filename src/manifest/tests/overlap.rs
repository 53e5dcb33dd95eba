use std::collections::BTreeMap;

use super::payload;
use crate::manifest::fresh::payload_text;
use crate::manifest::{Manifest, UseSource, parse};
use crate::model::{SecretValue, TargetName};

/// The fixture, whose rotation is at this stage, or at none.
fn manifest(stage: Option<&str>) -> Manifest {
    let text = include_str!("../../../tests/fixtures/valid/overlap.yaml");
    let text = match stage {
        Some(stage) => text.replace("rotating: accept", &format!("rotating: {stage}")),
        None => {
            let begin = text.find("  AUTH_OLD:").unwrap();
            let end = text.find("  LIST:").unwrap();
            format!("{}{}", &text[..begin], &text[end..]).replace("    rotating: accept\n", "")
        }
    };
    parse(&text).unwrap().manifest
}

/// What a target gets, by name, of values that are their declared names.
fn gets(manifest: &Manifest, target: &str) -> BTreeMap<String, String> {
    let values: BTreeMap<&str, SecretValue> = ["AUTH", "AUTH_OLD", "LIST"]
        .map(|name| (name, SecretValue::new(name.to_lowercase())))
        .into();
    let name: TargetName = target.parse().unwrap();
    let spec = manifest.targets.iter().find(|spec| spec.name == name);
    let uses = spec.unwrap().uses.iter().map(|used| {
        let value = manifest.expand_use(&used.source, |name| values.get(name.as_str()));
        (used.name.to_string(), value.unwrap().expose().to_owned())
    });
    uses.collect()
}

fn of(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

#[test]
fn each_stage_gives_each_role_its_values() {
    let rest = manifest(None);
    let list = ("LIST", "list");
    let same = of(&[("AUTH", "auth"), ("AUTH_OLD", "auth"), list]);
    assert_eq!(gets(&rest, "api"), same);
    assert_eq!(gets(&rest, "worker"), of(&[("AUTH", "auth"), list]));
    let accept = manifest(Some("accept"));
    let both = of(&[("AUTH", "auth"), ("AUTH_OLD", "auth_old"), list]);
    assert_eq!(gets(&accept, "api"), both);
    assert_eq!(gets(&accept, "worker"), of(&[("AUTH", "auth_old"), list]));
    let used = manifest(Some("use"));
    assert_eq!(gets(&used, "api"), both);
    assert_eq!(gets(&used, "worker"), of(&[("AUTH", "auth"), list]));
}

/// Both values are one variable to whoever asks what a target may have.
#[test]
fn a_stage_is_no_authority_and_one_unit() {
    let facts = |stage| manifest(stage).authority_facts().targets;
    assert_eq!(facts(None), facts(Some("accept")));
    assert_eq!(facts(None), facts(Some("use")));
    let accept = manifest(Some("accept"));
    for spec in &accept.targets {
        let declared = spec
            .uses
            .iter()
            .map(|used| used.declared().unwrap().as_str());
        assert!(declared.into_iter().all(|name| name != "AUTH_OLD"));
    }
}

/// A template in a template is put in with its filters, and names what it is made from.
#[test]
fn templates_follow_their_targets_value() {
    let text = include_str!("../../../tests/fixtures/valid/overlap.yaml")
        .replace("variables:\n", "variables:\n  URL: { template: 'x/${INNER|url}' }\n  INNER: { template: 'p ${AUTH}' }\n")
        .replace("path: b.env }, variables: [AUTH, LIST]", "path: b.env }, variables: [AUTH, LIST, URL]");
    let manifest = parse(&text).unwrap().manifest;
    assert_eq!(gets(&manifest, "worker")["URL"], "x/p%20auth_old");
    let spec = manifest
        .targets
        .iter()
        .find(|spec| spec.name.as_str() == "worker")
        .unwrap();
    let url = spec
        .uses
        .iter()
        .find(|used| used.name.as_str() == "URL")
        .unwrap();
    assert_eq!(url.declared().unwrap().as_str(), "URL");
    let UseSource::Template(template) = &url.source else {
        panic!("it is a template");
    };
    let named: Vec<&str> = template.references().map(|name| name.as_str()).collect();
    assert_eq!(named, ["AUTH_OLD"]);
}

/// Templates that double again and again end with an error, not with the memory.
#[test]
fn templates_do_not_grow_without_end() {
    let mut more = String::from("  T0: { template: '${AUTH}' }\n");
    for level in 1..14 {
        let below = format!("${{T{}}}", level - 1).repeat(4);
        more += &format!("  T{level}: {{ template: '{below}' }}\n");
    }
    let text = include_str!("../../../tests/fixtures/valid/overlap.yaml")
        .replace("variables:\n", &format!("variables:\n{more}"))
        .replace(
            "path: b.env }, variables: [AUTH, LIST]",
            "path: b.env }, variables: [AUTH, LIST, T13]",
        );
    let problems = parse(&text).unwrap_err();
    assert!(
        problems
            .iter()
            .any(|one| one.message.contains("nested too much")),
        "{problems:?}"
    );
}

#[test]
fn marks_are_written_beside_values_and_taken_away() {
    use super::edits::{difference, edit, name};
    let rest = {
        let text = include_str!("../../../tests/fixtures/valid/overlap.yaml");
        let begin = text.find("\n  AUTH_OLD:").unwrap();
        let end = text.find("\n  LIST:").unwrap();
        format!("{}{}", &text[..begin], &text[end..]).replace("    rotating: accept\n", "")
    };
    let begun = edit(&rest, |editor| {
        editor.set_metadata(&name("AUTH"), "rotating", "accept")?;
        let of = vec![("previous_of", "AUTH".to_owned())];
        editor.add(&name("AUTH_OLD"), payload(7), of)
    })
    .unwrap();
    let short = &payload_text(&payload(7))[..30];
    let said = difference(&rest, &begun);
    assert!(said.contains("+    rotating: accept\n"), "{said}");
    assert!(
        said.contains("+  AUTH_OLD:\n") && said.contains(short),
        "{said}"
    );
    assert!(said.contains("+    previous_of: AUTH\n"), "{said}");
    assert!(!said.contains('-'), "{said}");
    let used = edit(&begun, |editor| {
        editor.set_metadata(&name("AUTH"), "rotating", "use")
    })
    .unwrap();
    assert_eq!(
        difference(&begun, &used),
        "-    rotating: accept\n+    rotating: use\n"
    );
    let again = edit(&used, |editor| {
        editor.set_metadata(&name("AUTH"), "rotating", "use")
    })
    .unwrap();
    assert_eq!(used, again);
    let ended = edit(&used, |editor| {
        editor.remove_metadata(&name("AUTH"), "rotating")?;
        editor.unset(&name("AUTH_OLD"), false)
    })
    .unwrap();
    assert_eq!(ended, rest);
}

#[test]
fn marks_fit_into_braces_too() {
    use super::edits::{edit, name};
    let text = "driftlock: 1\nname: test\nvariables:\n  A: { value: x, owner: ops }\n  B: y\ntargets:\n  t: { file: { path: .env }, variables: [A, B] }\n";
    let owned = edit(text, |editor| {
        editor.set_metadata(&name("A"), "description", "why: this")
    })
    .unwrap();
    assert!(
        owned.contains("  A: { value: x, owner: ops, description: \"why: this\" }\n"),
        "{owned}"
    );
    let back = edit(&owned, |editor| {
        editor.remove_metadata(&name("A"), "description")
    })
    .unwrap();
    assert_eq!(back, text);
    let plain = edit(text, |editor| {
        editor.set_metadata(&name("B"), "owner", "ops")
    });
    assert!(plain.is_err());
}
