//! What comes out is what went in, whatever the services share.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::manifest::{Fresh, Manifest, Payload, Seal, Source, parse, render_new};
use crate::model::{KeyId, ManifestName};

type Values<'a> = &'a [(&'a str, &'a str)];

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn named(text: &str) -> Named {
    Named {
        id: format!("id-of-{}", text.trim()),
        name: text.to_owned(),
    }
}

fn place(service: Option<&str>, values: Values<'_>) -> Place {
    let value = |(key, value): &(&str, &str)| {
        let value = match *value {
            "<sealed>" => LiveVar::Sealed { changed_at: None },
            "<unknown>" => LiveVar::Unknown("why".to_owned()),
            text => LiveVar::Value(SecretValue::new(text)),
        };
        (name(key), value)
    };
    Place {
        service: service.map(named),
        vars: values.iter().map(value).collect(),
    }
}

fn environment(places: Vec<Place>) -> Environment {
    Environment {
        project: named("aurora"),
        project_by_id: false,
        environment: named("production"),
        token: None,
        places,
    }
}

/// `declared <- value`, then what each target uses.
fn shown(imported: &Imported) -> String {
    let mut lines: Vec<String> = imported
        .declared
        .iter()
        .map(|(name, declared)| format!("{name} = {}", declared.value.expose()))
        .collect();
    for target in &imported.targets {
        let uses: Vec<String> = target
            .uses
            .iter()
            .map(|(name, source)| match source {
                UseSource::Declared(declared) if declared == name => name.to_string(),
                UseSource::Declared(declared) => format!("{name}<-{declared}"),
                UseSource::Clear(text) => format!("{name}={text}"),
                UseSource::Template(_) => unreachable!("none is made"),
            })
            .collect();
        lines.push(format!("{}: {}", target.name, uses.join(" ")));
    }
    lines.join("\n")
}

#[test]
fn one_declaration_where_services_share_name_and_value() {
    let imported = import(&environment(vec![
        place(None, &[("LOG_LEVEL", "info")]),
        place(
            Some("api"),
            &[("LOG_LEVEL", "info"), ("PORT", "1"), ("ONLY", "x")],
        ),
        place(Some("web"), &[("LOG_LEVEL", "debug"), ("PORT", "2")]),
    ]));
    insta::assert_snapshot!(shown(&imported), @r"
    API_PORT = 1
    LOG_LEVEL = info
    ONLY = x
    WEB_LOG_LEVEL = debug
    WEB_PORT = 2
    shared: LOG_LEVEL
    api: LOG_LEVEL ONLY PORT<-API_PORT
    web: LOG_LEVEL<-WEB_LOG_LEVEL PORT<-WEB_PORT
    ");
    assert_eq!(
        imported.suggested,
        ["API_PORT", "LOG_LEVEL", "WEB_LOG_LEVEL", "WEB_PORT"]
            .map(name)
            .into()
    );
    assert_eq!(
        imported.renamed[&name("PORT")],
        ["API_PORT", "WEB_PORT"].map(name).into()
    );
}

#[test]
fn the_value_of_most_services_has_the_plain_name_and_of_equals_the_first() {
    let imported = import(&environment(vec![
        place(Some("d"), &[("A", "two"), ("B", "y")]),
        place(Some("c"), &[("A", "two"), ("B", "y")]),
        place(Some("b"), &[("A", "one"), ("B", "x")]),
        place(Some("a"), &[("A", "one"), ("B", "x")]),
        place(Some("e"), &[("A", "three"), ("B", "y")]),
    ]));
    insta::assert_snapshot!(shown(&imported), @r"
    A = one
    A_B = x
    B = y
    C_A = two
    E_A = three
    d: A<-C_A B
    c: A<-C_A B
    b: A B<-A_B
    a: A B<-A_B
    e: A<-E_A B
    ");
}

#[test]
fn a_made_name_never_hides_another_variable() {
    let imported = import(&environment(vec![
        place(Some("api"), &[("PORT", "1"), ("API_PORT", "taken")]),
        place(Some("API!"), &[("PORT", "2")]),
        place(Some("web"), &[("PORT", "3"), ("WEB_PORT", "${{X}}")]),
    ]));
    insta::assert_snapshot!(shown(&imported), @r"
    API_PORT = taken
    API_PORT_2 = 2
    API_PORT_3 = 1
    WEB_PORT_2 = 3
    api: API_PORT PORT<-API_PORT_3
    API-2: PORT<-API_PORT_2
    web: PORT<-WEB_PORT_2 WEB_PORT=${{X}}
    ");
}

#[test]
fn references_stay_raw_at_the_target_and_mixed_ones_are_marked() {
    let imported = import(&environment(vec![
        place(
            Some("api"),
            &[("DB", "${{Postgres.URL}}"), ("DSN", "x://${{Y}}/z")],
        ),
        place(
            Some("web"),
            &[("DB", "${{Postgres.URL}}"), ("DSN", "plain")],
        ),
    ]));
    insta::assert_snapshot!(shown(&imported), @r"
    API_DSN = x://${{Y}}/z
    WEB_DSN = plain
    api: DB=${{Postgres.URL}} DSN<-API_DSN
    web: DB=${{Postgres.URL}} DSN<-WEB_DSN
    ");
    assert!(imported.declared[&name("API_DSN")].refers);
    assert!(!imported.declared[&name("WEB_DSN")].refers);
    assert_eq!(imported.references, [name("DB")].into());
}

#[test]
fn what_cannot_come_along_is_named_and_an_empty_place_has_no_target() {
    let odd = place(
        Some("odd"),
        &[("SEALED", "<sealed>"), ("RAILWAY_TOKEN", "x")],
    );
    let imported = import(&environment(vec![
        place(None, &[]),
        odd,
        place(
            Some("api"),
            &[("BROKEN", "<unknown>"), ("RAILWAY_RUN_UID", "0")],
        ),
    ]));
    insta::assert_snapshot!(shown(&imported), @r"
    RAILWAY_RUN_UID = 0
    api: RAILWAY_RUN_UID
    ");
    let [shared, odd, api] = &imported.left_out[..] else {
        panic!("one for each place");
    };
    assert!(shared.is_empty && shared.sealed.is_empty());
    assert!(odd.is_empty);
    assert_eq!(odd.sealed, [name("SEALED")].into());
    assert_eq!(odd.provided, [name("RAILWAY_TOKEN")].into());
    assert!(!api.is_empty);
    assert_eq!(api.unknown[&name("BROKEN")], "why");
}

#[test]
fn names_address_unless_an_id_is_safer() {
    let one = [("A", "1")];
    let mut found = environment(vec![
        place(None, &one),
        place(Some("api"), &one),
        place(Some("Web"), &one),
        place(Some("web"), &one),
    ]);
    found.token = Some("RAILWAY_TOKEN_X".to_owned());
    let address = |imported: &Imported, index: usize| match &imported.targets[index].address {
        Address::Railway(railway) => railway.clone(),
        other => panic!("{other:?}"),
    };
    let imported = import(&found);
    let shared = address(&imported, 0);
    assert_eq!((shared.project.as_str(), shared.service), ("aurora", None));
    assert_eq!(shared.token.as_deref(), Some("RAILWAY_TOKEN_X"));
    assert_eq!(address(&imported, 1).service.as_deref(), Some("api"));
    assert_eq!(imported.targets[1].comment, None);
    assert_eq!(address(&imported, 2).service.as_deref(), Some("id-of-Web"));
    assert_eq!(imported.targets[2].comment.as_deref(), Some("service Web"));
    found.project_by_id = true;
    let imported = import(&found);
    assert_eq!(address(&imported, 1).project, "id-of-aurora");
    assert_eq!(
        imported.targets[1].comment.as_deref(),
        Some("project aurora")
    );
}

/// Two rooms that may not know each other say the same.
#[test]
fn manifest_and_platform_agree_on_names() {
    for text in [
        "RAILWAY_TOKEN",
        "RAILWAY_GIT_BRANCH",
        "RAILWAY_RUN_UID",
        "RAILWAY_SHM_SIZE_BYTES",
        "RAILWAY_DOCKERFILE_PATH",
        "RAILWAY_HEALTHCHECK_TIMEOUT_SEC",
        "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS",
        "RAILWAY_DEPLOYMENT_DRAINING_SECONDS",
        "RAILWAY_",
        "RAILWAY",
        "railway_token",
        "PORT",
    ] {
        let name = name(text);
        let provided = crate::platforms::railway::is_provided(name.as_str());
        assert_eq!(is_provided_by_railway(&name), provided, "{name}");
    }
}

/// Writes what was imported as a manifest, all declared values under a fake key, and reads it again.
fn written(imported: &Imported) -> Manifest {
    let key_id = KeyId::try_from("3fa9c1000000000000000000000000ff".to_owned()).unwrap();
    let payload = || Payload {
        key: key_id.short(),
        base64: "AQEB".repeat(32),
    };
    let seal = Seal {
        key_id,
        recipients_mac: [1; 32],
        header: "age-encryption.org/v1\n-> X25519 stanza\nbody\n--- mac\n".to_owned(),
        fingerprints: Some(payload()),
        former_fingerprints: vec![],
    };
    let is_clear = |name: &VarName| imported.suggested.contains(name);
    let variables: BTreeMap<VarName, Source> = imported
        .declared
        .iter()
        .map(|(name, declared)| {
            let source = match is_clear(name) {
                true => Source::Clear(declared.value.expose().to_owned()),
                false => Source::Sealed(payload()),
            };
            (name.clone(), source)
        })
        .collect();
    let references: BTreeSet<VarName> = imported
        .declared
        .iter()
        .filter(|(name, declared)| declared.refers && !is_clear(name))
        .map(|(name, _)| name.clone())
        .collect();
    let text = render_new(&Fresh {
        comment: None,
        name: &ManifestName::new("test").unwrap(),
        recipients: &[("age1first".to_owned(), String::new())],
        variables: &variables,
        references: &references,
        targets: &imported.targets,
        seal: Some(&seal),
    });
    let parsed = parse(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    parsed.manifest
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]",
        2 => prop::sample::select(vec![
            "${{X}}", "${{Postgres.URL}}", "a${{X}}b", "${{", "${X}", "", "null", "true", "8080",
            "two\nlines\n", "\u{feff}", "'", "a\r\nb", "info",
        ])
        .prop_map(ToOwned::to_owned),
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn variable() -> impl Strategy<Value = LiveVar> {
    prop_oneof![
        9 => value().prop_map(|text| LiveVar::Value(SecretValue::new(text))),
        1 => Just(LiveVar::Sealed { changed_at: None }),
    ]
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    let names = prop_oneof![
        6 => "[A-C]",
        2 => "(API|WEB|SHARED)_[AB](_2)?",
        1 => prop::sample::select(vec!["null", "RAILWAY_RUN_UID", "RAILWAY_TOKEN"])
            .prop_map(ToOwned::to_owned),
    ]
    .prop_map(|text| name(&text));
    let vars = prop::collection::btree_map(names, variable(), 0..6);
    let services = prop::sample::subsequence(
        vec![
            "api", "web", "Web", "API ", "a/b", "日本", "shared", "x: y", "#1", "null",
        ],
        0..7,
    );
    (prop::collection::vec(vars, 11), services, any::<bool>()).prop_map(
        |(vars, services, with_shared)| {
            let shared = with_shared.then_some(None);
            let names = shared.into_iter().chain(services.into_iter().map(Some));
            names
                .zip(vars)
                .zip(0..)
                .map(|((service, vars), index)| Place {
                    service: service.map(|name| Named {
                        id: format!("id-{index}"),
                        name: name.to_owned(),
                    }),
                    vars,
                })
                .collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_manifest_gives_every_service_exactly_what_it_had(places in places()) {
        let imported = import(&environment(places.clone()));
        let manifest = written(&imported);
        let mut expanded: Vec<BTreeMap<VarName, String>> = vec![];
        for target in &manifest.targets {
            let lookup = |name: &VarName| imported.declared.get(name).map(|one| &one.value);
            let uses = target.uses.iter().map(|used| {
                let value = manifest.expand_use(&used.source, lookup).unwrap();
                (used.name.clone(), value.expose().to_owned())
            });
            expanded.push(uses.collect());
        }
        let had: Vec<BTreeMap<VarName, String>> = places
            .iter()
            .map(|place| {
                let readable = place.vars.iter().filter_map(|(name, value)| match value {
                    LiveVar::Value(value) if !is_provided_by_railway(name) => {
                        Some((name.clone(), value.expose().to_owned()))
                    }
                    _ => None,
                });
                readable.collect()
            })
            .filter(|vars: &BTreeMap<_, _>| !vars.is_empty())
            .collect();
        prop_assert_eq!(expanded, had);
    }

    /// Two declarations of one name on the platform never have the same value, and a value that
    /// refers is marked unless it is in clear.
    #[test]
    fn nothing_is_declared_twice(places in places()) {
        let imported = import(&environment(places));
        let mut seen = BTreeSet::new();
        for target in &imported.targets {
            for (name, source) in &target.uses {
                if let UseSource::Declared(declared) = source {
                    let value = imported.declared[declared].value.expose();
                    seen.insert((name.clone(), value.to_owned(), declared.clone()));
                    prop_assert_eq!(imported.declared[declared].refers, value.contains("${{"));
                }
            }
        }
        let values: BTreeSet<_> = seen.iter().map(|(name, value, _)| (name, value)).collect();
        prop_assert_eq!(values.len(), seen.len());
    }

    #[test]
    fn the_order_of_the_services_does_not_matter(places in places()) {
        let forward = import(&environment(places.clone()));
        let backward = import(&environment(places.into_iter().rev().collect()));
        prop_assert_eq!(forward.declared, backward.declared);
        prop_assert_eq!(forward.suggested, backward.suggested);
    }
}
