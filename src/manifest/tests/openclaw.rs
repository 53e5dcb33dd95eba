//! Installations of OpenClaw as targets: what restarts them, what is looked at, what is asked.

use std::time::Duration;

use proptest::prelude::*;

use super::seal;
use crate::manifest::{
    Ask, Fresh, FreshTarget, Manifest, Source, TargetSpec, UseSource, parse, render_new,
    shared_places,
};
use crate::model::{
    Activation, Address, HostAddress, Machine, OpenclawAddress, OpenclawSecret, OpenclawService,
    ProbeFrom, Process, Sudo, SystemdUnit, VarName,
};

const TEXT: &str = include_str!("../../../tests/fixtures/valid/openclaw.yaml");

fn target<'m>(manifest: &'m Manifest, name: &str) -> &'m TargetSpec {
    let mut all = manifest.targets.iter();
    all.find(|one| one.name.as_str() == name).unwrap()
}

fn address(spec: &TargetSpec) -> &OpenclawAddress {
    match &spec.address {
        Address::Openclaw(openclaw) => openclaw,
        other => panic!("{other}"),
    }
}

/// One target, with this address and these lines.
fn only(fields: &str, more: &str) -> Result<TargetSpec, String> {
    let text = format!(
        "driftlock: 1\nname: t\nvariables:\n  OPENCLAW_GATEWAY_TOKEN: text\n\ntargets:\n  a:\n    openclaw: {{ {fields} }}\n{more}    variables: [OPENCLAW_GATEWAY_TOKEN]\n"
    );
    match parse(&text) {
        Ok(parsed) => Ok(parsed.manifest.targets.into_iter().next().unwrap()),
        Err(all) => Err(format!("{all:?}")),
    }
}

#[test]
fn what_restarts_and_what_is_looked_at() {
    let manifest = parse(TEXT).unwrap().manifest;
    let of = |name: &str| {
        let spec = target(&manifest, name);
        assert_eq!(spec.process, None, "its platform looks itself");
        (spec.activation.clone(), address(spec).service.clone())
    };
    let own = |profile: Option<&str>| {
        Some(Activation::Openclaw(OpenclawService {
            profile: profile.map(str::to_owned),
            ..OpenclawService::default()
        }))
    };
    assert_eq!(of("mini"), (own(None), None));
    assert_eq!(of("profile"), (own(Some("work")), None));
    let unit = SystemdUnit {
        unit: "gateway.service".to_owned(),
        user: true,
    };
    assert_eq!(
        of("far"),
        (
            Some(Activation::Systemd(unit.clone())),
            Some(Process::Systemd(unit))
        )
    );
    let (activation, service) = of("each");
    assert_eq!(activation, own(None), "`running` says what is looked at");
    assert!(matches!(&service, Some(Process::Launchd(job)) if job.label == "org.example.gateway"));
    let command = Activation::Command("systemctl restart claw".to_owned());
    assert_eq!(of("near"), (Some(command), None));
    // containers are not looked into
    let compose = only(
        "machine: here",
        "    activate: { compose: /srv/compose.yaml }\n",
    )
    .unwrap();
    assert!(matches!(compose.activation, Some(Activation::Compose(_))));
    assert_eq!(address(&compose).service, None);
    for running in [
        "false",
        "{ container: x }",
        "{ compose: /srv/compose.yaml }",
    ] {
        let why = only("machine: here", &format!("    running: {running}\n")).unwrap_err();
        assert!(
            why.contains("is the unit or the job of its gateway"),
            "{why}"
        );
    }
}

#[test]
fn each_secret_is_asked_for_once_after_what_the_manifest_asks_itself() {
    let manifest = parse(TEXT).unwrap().manifest;
    let of = |name: &str| -> Vec<(Option<OpenclawSecret>, ProbeFrom, Duration)> {
        let probes = target(&manifest, name).probes.iter();
        probes
            .map(|one| match &one.ask {
                Ask::Openclaw(secret) => (Some(*secret), one.from, one.limit),
                Ask::Http(_) | Ask::Command(_) => (None, one.from, one.limit),
            })
            .collect()
    };
    let limit = Duration::from_secs(10);
    let here = |secret| (Some(secret), ProbeFrom::Here, limit);
    assert_eq!(
        of("mini"),
        [here(OpenclawSecret::Gateway), here(OpenclawSecret::Hooks)]
    );
    let there = (Some(OpenclawSecret::Gateway), ProbeFrom::Target, limit);
    assert_eq!(of("far"), [there], "where its port is");
    let mut near = of("near");
    near.sort();
    assert_eq!(
        near,
        [
            (None, ProbeFrom::Here, limit),
            here(OpenclawSecret::Gateway)
        ],
        "an address of its own is asked from here"
    );
}

#[test]
fn folders_and_addresses_that_are_refused() {
    for (fields, words) in [
        ("profile: work", "needs a `machine` or a `host`"),
        (
            "machine: here, host: vps",
            "only one of `machine` and `host`",
        ),
        (
            "machine: here, profile: work, state: ~/x",
            "only one of `profile` and `state`",
        ),
        ("machine: here, profile: '-x'", "must be 1 to 64"),
        ("machine: here, profile: 'a/../b'", "must be 1 to 64"),
        ("machine: here, profile: 'a b'", "must be 1 to 64"),
        ("machine: here, profile: default", "no profile"),
        ("machine: here, state: relative", "absolute"),
        ("machine: here, state: ''", "absolute"),
        ("machine: here, state: \"/a\\nb\"", "absolute"),
        ("machine: here, config: '~other/x'", "absolute"),
        ("machine: here, url: 'http://gateway.example.com'", "https"),
        (
            "machine: here, url: 'http://127.0.0.1.example.com'",
            "https",
        ),
        (
            "machine: here, url: 'http://[::1].example.com'",
            "without user",
        ),
        (
            "machine: here, url: 'https://user:pass@x.example'",
            "without user",
        ),
        ("machine: here, url: 'https://x.example/?a'", "without user"),
        ("machine: here, url: 'ftp://x.example'", "without user"),
        ("machine: here, url: 'https:///'", "without user"),
    ] {
        match only(fields, "") {
            Err(why) => assert!(why.contains(words), "{fields}: {why}"),
            Ok(spec) => panic!("{fields}: {:?}", address(&spec)),
        }
    }
    assert_eq!(
        address(&only("machine: here, state: /srv/claw//", "").unwrap()).state(),
        "/srv/claw"
    );
}

#[test]
fn a_profile_and_its_folder_are_one_place() {
    let text = |second: &str| {
        format!(
            "driftlock: 1\nname: t\nvariables:\n  OPENCLAW_GATEWAY_TOKEN: text\n\ntargets:\n  a:\n    openclaw: {{ machine: here, profile: work }}\n    variables: [OPENCLAW_GATEWAY_TOKEN]\n  b:\n    openclaw: {{ {second} }}\n    variables: [OPENCLAW_GATEWAY_TOKEN]\n"
        )
    };
    for (second, shared) in [
        ("machine: HERE, state: ~/.openclaw-work", true),
        ("machine: here, state: ~/./.openclaw-work/", true),
        ("machine: here, profile: work, config: /x.json", true),
        ("machine: here", false),
        ("machine: here, profile: other", false),
        ("machine: there, profile: work", false),
        ("host: here, profile: work", false),
    ] {
        let found = match parse(&text(second)) {
            Ok(parsed) => !shared_places(&[("manifests", &parsed.manifest)]).is_empty(),
            Err(all) => format!("{all:?}").contains("one place"),
        };
        assert_eq!(found, shared, "{second}");
    }
}

fn machines() -> impl Strategy<Value = Machine> {
    prop_oneof![
        Just(Machine::Any),
        "[a-z0-9][a-z0-9._-]{0,8}".prop_map(Machine::Named),
        ("[a-z]{1,5}", any::<bool>()).prop_map(|(host, root)| Machine::Host(HostAddress {
            destination: host.parse().unwrap(),
            sudo: if root { Sudo::Root } else { Sudo::No },
        })),
    ]
}

fn paths() -> impl Strategy<Value = String> {
    "(/|~/)[ -~]{0,12}[!-.0-~]"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_installation_reads_back_as_it_was_made(
        machine in machines(),
        profile in proptest::option::of("[a-z0-9_][a-z0-9_-]{0,8}"),
        state in proptest::option::of(paths()),
        config in proptest::option::of(paths()),
        url in proptest::option::of("https://[a-z]{1,8}\\.example(:[1-9][0-9]{2})?(/[a-z]{1,4})?"),
    ) {
        prop_assume!(!matches!(profile.as_deref(), Some("default" | "gateway")));
        let address = Address::Openclaw(OpenclawAddress {
            state: state.filter(|_| profile.is_none()),
            machine,
            profile,
            config,
            url,
            service: None,
        });
        let secret = OpenclawSecret::Gateway.variable();
        let token: VarName = "TOKEN".parse().unwrap();
        let (name, seal) = ("t".parse().unwrap(), seal(1));
        let text = render_new(&Fresh {
            comment: None,
            name: &name,
            recipients: &[("age1x".to_owned(), String::new())],
            variables: &[(token.clone(), Source::Clear("x".to_owned()))].into(),
            references: &Default::default(),
            targets: &[FreshTarget {
                name: "a".parse().unwrap(),
                comment: None,
                address: address.clone(),
                uses: vec![(secret, UseSource::Declared(token))],
            }],
            seal: Some(&seal),
        });
        let read = parse(&text).unwrap_or_else(|all| panic!("{text}{all:?}"));
        prop_assert_eq!(&read.manifest.targets[0].address, &address);
    }
}
