//! Railway targets: what they say, when two are one place, and edits beside them.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{payload, seal};
use crate::manifest::{
    Editor, Fresh, FreshTarget, Manifest, Source, UseSource, parse, place_key, render_new,
};
use crate::model::{Address, RailwayAddress, VarName};

const TEXT: &str = include_str!("../../../tests/fixtures/valid/railway.yaml");

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn address(project: &str, environment: &str, service: Option<&str>) -> RailwayAddress {
    RailwayAddress {
        project: project.to_owned(),
        environment: environment.to_owned(),
        service: service.map(ToOwned::to_owned),
        token: None,
        sealed: BTreeSet::new(),
    }
}

fn manifest(text: &str) -> Manifest {
    parse(text).unwrap_or_else(|all| panic!("{all:?}")).manifest
}

#[test]
fn an_address_says_what_stands_there() {
    let manifest = manifest(TEXT);
    let address_of = |target: &str| {
        let found = manifest
            .targets
            .iter()
            .find(|one| one.name.as_str() == target);
        found.unwrap().address.clone()
    };
    let mut api = address("aurora", "production", Some("api"));
    api.sealed = [name("SECRET"), name("LOG_LEVEL")].into();
    assert_eq!(address_of("api"), Address::Railway(api));
    let shared = address("aurora", "production", None);
    assert_eq!(address_of("shared"), Address::Railway(shared));
    let mut numbers = address("42", "true", Some("6f1a9c2e-6f3b-4f0e-9a55-6f2f4f8f8a01"));
    numbers.token = Some("RAILWAY_STAGING_TOKEN".to_owned());
    assert_eq!(address_of("numbers"), Address::Railway(numbers));
    assert!(manifest.variables["DATABASE_URL"].metadata.reference);
    assert!(!manifest.variables["LOG_LEVEL"].metadata.reference);
}

#[test]
fn a_destination_names_service_and_token_and_keeps_names_apart() {
    let facts = manifest(TEXT).authority_facts();
    let shown = |target: &str| {
        let found = facts
            .targets
            .iter()
            .find(|(name, _)| name.as_str() == target);
        found.unwrap().1.destination.clone()
    };
    assert_eq!(shown("api"), "railway aurora/production/api");
    assert_eq!(shown("shared"), "railway aurora/production/(shared)");
    assert_eq!(shown("odd"), r#"railway "a/b (c)"/"p r"/shared"#);
    assert_eq!(
        shown("numbers"),
        "railway 42/true/6f1a9c2e-6f3b-4f0e-9a55-6f2f4f8f8a01 with RAILWAY_STAGING_TOKEN"
    );
}

/// A group that gives a Railway target a provided name is reported where the target names it.
#[test]
fn a_provided_name_is_found_in_a_group_too() {
    let text = "driftlock: 1\nname: t\nvariables:\n  RAILWAY_TOKEN: x\n\ngroups:\n  g: [RAILWAY_TOKEN]\n\n\
                targets:\n  api:\n    railway: { project: a, environment: b, service: c }\n    groups: [g]\n";
    let problems = parse(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].code, "provided-by-railway");
    let position = problems[0].position;
    assert_eq!((position.line, position.column), (12, 14));
    // a file may hold it: Railway's own command reads it from there
    let file = text.replace(
        "railway: { project: a, environment: b, service: c }",
        "file: { path: .env }",
    );
    assert!(parse(&file).is_ok());
}

#[test]
fn no_message_quotes_a_name_or_a_token_that_was_pasted() {
    let text = "driftlock: 1\nname: t\ntargets:\n  api:\n    railway: { project: \" hunter2\", \
                environment: \"hunter2\\n\", service: c, token: hunter2, shared: hunter2, sealed: [hunter2-] }\n";
    let problems = parse(text).unwrap_err();
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert!(!format!("{problems:?}").contains("hunter2"));
}

#[test]
fn a_removed_variable_is_no_longer_sealed() {
    let remove = |names: &[&str]| {
        let mut editor = Editor::new(TEXT).unwrap();
        for one in names {
            editor.unset(&name(one), true).unwrap();
        }
        editor.finish().unwrap().0
    };
    let renamed = remove(&["SESSION_SECRET"]);
    assert!(
        renamed.contains("service: api, sealed: [LOG_LEVEL] }"),
        "{renamed}"
    );
    let grouped = remove(&["LOG_LEVEL"]);
    assert!(
        grouped.contains("service: api, sealed: [SECRET] }"),
        "{grouped}"
    );
    assert!(grouped.contains("common: []"));
}

#[test]
fn a_name_that_stays_by_another_use_stays_sealed() {
    let text = TEXT.replace("      - RAILWAY_RUN_UID: 0\n", "      - LOG_LEVEL: debug\n");
    let mut editor = Editor::new(&text).unwrap();
    editor.unset(&name("LOG_LEVEL"), true).unwrap();
    let after = editor.finish().unwrap().0;
    assert!(after.contains("sealed: [SECRET, LOG_LEVEL]"), "{after}");
}

#[test]
fn a_sealed_list_in_block_style_loses_its_line() {
    let text = TEXT.replace(
        "      sealed: []\n",
        "      sealed:\n        - LOG_LEVEL # why\n",
    );
    let mut editor = Editor::new(&text).unwrap();
    editor.unset(&name("LOG_LEVEL"), true).unwrap();
    let after = editor.finish().unwrap().0;
    assert!(
        after.contains("      sealed: []\n    variables: []\n"),
        "{after}"
    );
}

#[test]
fn values_and_uses_can_be_changed_beside_a_railway_target() {
    let mut editor = Editor::new(TEXT).unwrap();
    editor
        .set(&name("NEW"), &Source::Clear("1".to_owned()))
        .unwrap();
    editor
        .add_use(&"api".parse().unwrap(), &name("NEW"))
        .unwrap();
    editor
        .add_use(&"shared".parse().unwrap(), &name("NEW"))
        .unwrap();
    editor
        .set(
            &name("DATABASE_URL"),
            &Source::Clear("${{Other.URL}}".to_owned()),
        )
        .unwrap();
    let (after, parsed) = editor.finish().unwrap();
    assert!(parsed.manifest.variables["DATABASE_URL"].metadata.reference);
    let added: Vec<&str> = after.lines().filter(|line| !TEXT.contains(line)).collect();
    assert_snapshot!(added.join("\n"), @r#"
        value: "${{Other.URL}}"
      NEW: 1
          - NEW
        variables: [LOG_LEVEL, SESSION_SECRET, NEW]
    "#);
}

#[test]
fn a_new_manifest_with_uses_of_every_kind() {
    let variables = BTreeMap::from([
        (name("API_KEY"), Source::Sealed(payload(1))),
        (name("DSN"), Source::Sealed(payload(2))),
        (name("MOTD"), Source::Clear("two\nlines\n".to_owned())),
    ]);
    let mut api = address("aurora", "production", Some("api: one"));
    api.token = Some("RAILWAY_API_TOKEN".to_owned());
    api.sealed = [name("KEY")].into();
    let declared = |text: &str| UseSource::Declared(name(text));
    let targets = [
        FreshTarget {
            name: "api".parse().unwrap(),
            comment: Some("the service `api: one`\nof aurora".to_owned()),
            address: Address::Railway(api),
            uses: vec![
                (name("DB"), UseSource::Clear("${{Postgres.URL}}".to_owned())),
                (name("DSN"), declared("DSN")),
                (name("KEY"), declared("API_KEY")),
                (name("NOTE"), UseSource::Clear("first\nsecond\n".to_owned())),
                (name("null"), UseSource::Clear(String::new())),
            ],
        },
        FreshTarget {
            name: "shared".parse().unwrap(),
            comment: None,
            address: Address::Railway(address("aurora", "production", None)),
            uses: vec![(name("MOTD"), declared("MOTD"))],
        },
    ];
    let text = render_new(&Fresh {
        comment: None,
        name: &"production".parse().unwrap(),
        recipients: &[("age1first".to_owned(), String::new())],
        variables: &variables,
        references: &[name("DSN"), name("MOTD")].into(),
        targets: &targets,
        seal: Some(&seal(1)),
    });
    let parsed = parse(&text).unwrap();
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    for (made, read) in targets.iter().zip(&parsed.manifest.targets) {
        assert_eq!(made.address, read.address);
        let uses = read
            .uses
            .iter()
            .map(|one| (one.name.clone(), one.source.clone()));
        assert_eq!(made.uses, uses.collect::<Vec<_>>());
    }
    assert!(parsed.manifest.variables["DSN"].metadata.reference);
    let short: Vec<&str> = text
        .lines()
        .map(|line| line.get(..64).unwrap_or(line))
        .collect();
    assert_snapshot!(short[5..short.len() - 7].join("\n"), @r#"
    variables:
      API_KEY:
        age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB

      DSN:
        age: 3fa9c1.AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC
        reference: true

      MOTD:
        value: |
          two
          lines
        reference: true

    targets:
      api:
        # the service `api: one` of aurora
        railway: { project: aurora, environment: production, service
        variables:
          - DB: "${{Postgres.URL}}"
          - DSN
          - KEY: { from: API_KEY }
          - NOTE: |
              first
              second
          - "null": ""

      shared:
        railway: { project: aurora, environment: production, shared:
        variables:
          - MOTD
    "#);
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab/\"(\\\\ ]{1,5}",
        "[a-zA-Z0-9 /\"(){}#:,'-]{1,20}",
        prop::sample::select(vec![
            "(shared)", "~", "null", "true", "1.10", "é", "a b", "*", "&a"
        ])
        .prop_map(ToOwned::to_owned),
    ]
    .prop_map(|text| text.trim().to_owned())
    .prop_filter("empty", |text| !text.is_empty())
}

fn any_address() -> impl Strategy<Value = RailwayAddress> {
    let token = prop::option::of(Just("RAILWAY_X_TOKEN".to_owned()));
    (part(), part(), prop::option::of(part()), token).prop_map(
        |(project, environment, service, token)| RailwayAddress {
            project,
            environment,
            service,
            token,
            sealed: BTreeSet::new(),
        },
    )
}

proptest! {
    #[test]
    fn any_address_reads_back_as_it_was_made(railway in any_address()) {
        let target = FreshTarget {
            name: "one".parse().unwrap(),
            comment: Some(railway.project.clone()),
            address: Address::Railway(railway.clone()),
            uses: vec![],
        };
        let text = render_new(&Fresh {
            comment: None,
            name: &"t".parse().unwrap(),
            recipients: &[],
            variables: &BTreeMap::new(),
            references: &BTreeSet::new(),
            targets: &[target],
            seal: None,
        });
        let parsed = parse(&text);
        prop_assert!(parsed.is_ok(), "{parsed:?}\n{text}");
        prop_assert_eq!(&parsed.unwrap().manifest.targets[0].address, &Address::Railway(railway));
    }

    /// One key is one place: nothing else than the case of a service's name and the token may differ.
    #[test]
    fn places_have_one_key_each(one in any_address(), two in any_address()) {
        let same = one.project == two.project
            && one.environment == two.environment
            && one.service.as_ref().map(|name| name.to_lowercase())
                == two.service.as_ref().map(|name| name.to_lowercase());
        let key = |railway: RailwayAddress| place_key("here", &Address::Railway(railway));
        prop_assert_eq!(key(one) == key(two), same);
    }
}
