//! Machines over SSH, activations, running processes and probes: what they say, which are one place,
//! and edits beside them.

use std::time::Duration;

use proptest::prelude::*;

use super::{payload, seal};
use crate::manifest::{
    Ask, Editor, ExpandError, Fresh, FreshTarget, HttpAsk, Manifest, Source, TargetSpec, parse,
    place_key, render_new, shared_places,
};
use crate::model::{
    Activation, Address, ComposeProject, FileAddress, HostAddress, LaunchdDomain, LaunchdJob,
    Machine, ProbeFrom, Process, SecretValue, Sudo, SystemdUnit, VarName,
};

const TEXT: &str = include_str!("../../../tests/fixtures/valid/hosts.yaml");

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn manifest(text: &str) -> Manifest {
    parse(text).unwrap_or_else(|all| panic!("{all:?}")).manifest
}

fn target<'m>(manifest: &'m Manifest, name: &str) -> &'m TargetSpec {
    let mut all = manifest.targets.iter();
    all.find(|one| one.name.as_str() == name).unwrap()
}

fn host(destination: &str, sudo: Sudo) -> HostAddress {
    HostAddress {
        destination: destination.parse().unwrap(),
        sudo,
    }
}

fn file(host: HostAddress, path: &str) -> Address {
    Address::File(FileAddress {
        machine: Machine::Host(host),
        path: path.to_owned(),
        format: "portable".to_owned(),
        at: None,
    })
}

/// The only target of a manifest, with more keys in it.
fn only(more: &str) -> Result<TargetSpec, Vec<crate::model::Diagnostic>> {
    let text = format!(
        "driftlock: 1\nname: t\nvariables:\n  TOKEN: text\n\ntargets:\n  a:\n    file: {{ path: .env }}\n    {more}\n    variables: [TOKEN]\n"
    );
    Ok(parse(&text)?.manifest.targets.remove(0))
}

#[test]
fn machines_say_what_stands_there() {
    let manifest = manifest(TEXT);
    let machine = |name: &str| match &target(&manifest, name).address {
        Address::File(file) => file.machine.clone(),
        other => panic!("{other}"),
    };
    let app = Sudo::User("app".parse().unwrap());
    assert_eq!(
        machine("vps"),
        Machine::Host(host("deploy@vps.example.com", Sudo::No))
    );
    assert_eq!(
        machine("unit"),
        Machine::Host(host("vps.example.com:2222", Sudo::Root))
    );
    assert_eq!(
        machine("worker"),
        Machine::Host(host("root@[2001:db8::7]:22", app))
    );
}

#[test]
fn activations_and_processes_say_what_stands_there() {
    let manifest = manifest(TEXT);
    let of = |name: &str| {
        let found = target(&manifest, name);
        (found.activation.clone(), found.process.clone())
    };
    let unit = |unit: &str, user| SystemdUnit {
        unit: unit.to_owned(),
        user,
    };
    let (activation, process) = of("vps");
    let line = "docker compose -f /srv/app/compose.yaml up -d";
    assert_eq!(activation, Some(Activation::Command(line.to_owned())));
    assert_eq!(process, Some(Process::Container("app-web-1".to_owned())));
    let app = unit("app.service", false);
    assert_eq!(
        of("unit"),
        (
            Some(Activation::Systemd(app.clone())),
            Some(Process::Systemd(app))
        )
    );
    let worker = Activation::Systemd(unit("worker@1.service", true));
    assert_eq!(
        of("worker"),
        (Some(worker), None),
        "looking is switched off"
    );
    let limit = |name: &str| target(&manifest, name).activation_limit;
    assert_eq!(limit("worker"), Some(Duration::from_secs(600)));
    assert_eq!(limit("agent"), None);
    let agent = LaunchdJob {
        label: "org.example.app".to_owned(),
        domain: LaunchdDomain::Gui,
        plist: None,
    };
    assert_eq!(
        of("agent"),
        (
            Some(Activation::Launchd(agent.clone())),
            Some(Process::Launchd(agent))
        )
    );
    let (_, daemon) = of("daemon");
    assert!(
        matches!(&daemon, Some(Process::Launchd(job)) if job.domain == LaunchdDomain::User && job.label == "org.example.other"),
        "{daemon:?}"
    );
    let stack = |file: &str, services: &[&str]| ComposeProject {
        file: file.to_owned(),
        services: services.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        of("stack"),
        (
            Some(Activation::Compose(stack(
                "~/app/compose.yaml",
                &["web", "worker"]
            ))),
            Some(Process::Compose(stack("/srv/compose.yaml", &["web"])))
        )
    );
    assert_eq!(of("api"), (None, None));
}

#[test]
fn units_get_the_kind_that_is_meant() {
    for (written, whole) in [
        ("app", "app.service"),
        ("app.timer", "app.timer"),
        ("my.app", "my.app.service"),
        ("a:b_c.d-e\\x2df@1", "a:b_c.d-e\\x2df@1.service"),
    ] {
        let found = only(&format!("activate: {{ systemd: '{written}' }}")).unwrap();
        let Some(Activation::Systemd(unit)) = found.activation else {
            panic!("{written}");
        };
        assert_eq!(unit.unit, whole);
    }
    let long = |count| format!("activate: {{ systemd: {} }}", "a".repeat(count));
    assert!(only(&long(247)).is_ok());
    let bad = [
        ".service", "@1", "a/b", "a b", "-a", "a\\n", "*", "a;b", "$a", "é",
    ];
    for written in bad {
        let text = format!("activate: {{ systemd: \"{written}\" }}");
        assert!(only(&text).is_err(), "{written}");
    }
    assert!(only(&long(248)).is_err());
}

#[test]
fn probes_say_what_stands_there() {
    let manifest = manifest(TEXT);
    let http = |name: &str| match &target(&manifest, name).probes[0].ask {
        Ask::Http(ask) => ask.clone(),
        Ask::Command(_) | Ask::Openclaw(_) => panic!("{name}"),
    };
    let vps = http("vps");
    assert_eq!((vps.method.as_str(), vps.negative), ("GET", true));
    assert_eq!(vps.expect, [(200, 200)]);
    assert_eq!(vps.headers[0].0, "X-Auth");
    let unit = http("unit");
    assert_eq!((unit.method.as_str(), unit.negative), ("POST", false));
    assert_eq!(unit.expect, [(200, 200), (204, 204), (300, 399)]);
    assert_eq!(unit.content_type.as_deref(), Some("application/json"));
    let probes = &target(&manifest, "unit").probes;
    assert_eq!(
        (probes[0].from, probes[0].limit),
        (ProbeFrom::Target, Duration::from_secs(5))
    );
    assert_eq!(
        probes[1].ask,
        Ask::Command("app-check --quiet\napp-check --token\n".to_owned())
    );
    // nothing to leave out
    assert!(!http("stack").negative);
    assert_eq!(http("api").expect, [(200, 299)]);
    assert_eq!(
        target(&manifest, "api").probes[0].limit,
        Duration::from_secs(10)
    );
    let with_body = only("probe: { http: https://x.example, body: hi }").unwrap();
    assert!(matches!(&with_body.probes[0].ask, Ask::Http(ask) if ask.method == "POST"));
}

#[test]
fn only_this_machine_is_asked_without_encryption() {
    let url = |text: &str| only(&format!("probe: {{ http: '{text}' }}")).is_ok();
    for good in [
        "https://x.example",
        "https://x.example:8443/a?b=${TOKEN|url}",
        "HTTPS://x.example/${TOKEN}",
        "https://x.example/?a=$${literal",
        "http://127.0.0.1/",
        "http://127.8.9.1:80/",
        "http://[::1]:8080/a",
        "http://localhost/",
        "http://LOCALHOST:3000?a=b",
        "https://10.0.0.7/",
        "https://xn--bcher-kva.example/",
    ] {
        // a literal `${` holds a brace, which an address spells with `%`
        assert_eq!(url(good), !good.contains("$${"), "{good}");
    }
    for bad in [
        "",
        "x.example/",
        "https://",
        "https:///a",
        "https://:443/",
        "http://x.example/",
        "http://127.0.0.1.example/",
        "http://localhost.example/",
        "http://localhost@x.example/",
        "http://127.0.0.1:80@x.example/",
        "http://x.example\\@127.0.0.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://128.0.0.1/",
        "https://x.example:0/",
        "https://x.example:65536/",
        "https://x.example:+1/",
        "https://x..example/",
        "https://-x.example/",
        "https://x.example/a#${TOKEN}",
        "https://${TOKEN}",
        "https://${TOKEN}/",
        "https://x.example${TOKEN}/",
        "https://x.${TOKEN}.example/",
        "https://x.example:${TOKEN}/",
        "${TOKEN}",
        "${TOKEN}://x.example/",
        "http${TOKEN}://x.example/",
        "ftp://x.example/",
        "https://x.example/a b",
        "https://ünï.example/",
        "https:/x.example/",
        "//x.example/",
        "https://x.example%2f@y.example/",
    ] {
        assert!(!url(bad), "{bad}");
    }
}

#[test]
fn a_probe_gets_the_values_of_its_target_by_their_names_there() {
    let manifest = manifest(TEXT);
    let unit = target(&manifest, "unit");
    let Ask::Http(ask) = &unit.probes[0].ask else {
        panic!()
    };
    let secret = SecretValue::new("s\"3");
    let lookup = |asked: &VarName| (asked.as_str() == "INTERNAL_AUTH_SECRET").then_some(&secret);
    let body = ask.body.as_ref().unwrap();
    let filled = manifest.expand_probe_text(unit, body, lookup).unwrap();
    assert_eq!(filled.expose(), r#"{"token": "s\"3"}"#);
    assert!(manifest.is_secret_probe_text(unit, body));
    assert!(!manifest.is_secret_probe_text(unit, &ask.url));
    assert!(manifest.is_secret_request(unit, ask));
    let url = manifest.expand_probe_text(unit, &ask.url, lookup).unwrap();
    assert_eq!(url.expose(), "http://127.0.0.1:8080/login?site=vps");
    // without its secrets: what stands in passes the same filters, and no value is asked for
    let nobody = |_: &VarName| None;
    let without = |stand_in| {
        let text = manifest.expand_probe_text_without_secrets(unit, body, nobody, stand_in);
        text.unwrap().expose().to_owned()
    };
    assert_eq!(without("none"), r#"{"token": "none"}"#);
    assert_eq!(without("\""), r#"{"token": "\""}"#);
    assert_eq!(
        manifest.expand_probe_text(unit, body, nobody).unwrap_err(),
        ExpandError::Unavailable(name("INTERNAL_AUTH_SECRET"))
    );
    // another target does not have the name
    let vps = target(&manifest, "vps");
    assert_eq!(
        manifest.expand_probe_text(vps, body, lookup).unwrap_err(),
        ExpandError::NotOnTarget(name("AUTH"))
    );
    assert!(manifest.is_secret_probe_text(vps, body));
}

#[test]
fn no_message_quotes_what_was_pasted() {
    for text in [
        "file: { host: \"deploy:hunter2@vps\", path: /a, sudo: \"hunter2 x\" }",
        "file: { host: \"hunter2 vps\", path: /a }",
        "file: { host: \"vps:hunter2\", path: /a }",
        "file: { host: vps, path: \"hunter2\\n\" }",
    ] {
        let text = format!("driftlock: 1\nname: t\ntargets:\n  a:\n    {text}\n");
        let problems = parse(&text).unwrap_err();
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
    for more in [
        "activate: { systemd: \"hunter2 \" }",
        "activate: \"hunter2\\e\"",
        "activate: { launchd: \"hunter2 \", plist: \"hunter2\", domain: hunter2 }",
        "activate: { compose: hunter2 }",
        "running: hunter2",
        "running: { container: \"hunter2 \" }",
        "probe: hunter2",
        "probe: { http: \"https://a:hunter2@x.example/\" }",
        "probe: { http: \"https://x.example/\", header: { \"hunter2 \": x, A: \"hunter2\\n\" } }",
        "probe: { http: \"https://x.example/\", method: \"hunter2 \", expect: hunter2, content_type: hunter2, from: hunter2, timeout: hunter2 }",
        "probe: { http: \"https://x.example/${hunter2}\" }",
    ] {
        let problems = only(more).unwrap_err();
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
}

#[test]
fn hosts_and_paths_that_could_be_anything_else_are_refused() {
    let file = |host: &str, path: &str| {
        let (host, path) = (
            serde_json::to_string(host).unwrap(),
            serde_json::to_string(path).unwrap(),
        );
        parse(&format!(
            "driftlock: 1\nname: t\ntargets:\n  a:\n    file: {{ host: {host}, path: {path} }}\n"
        ))
        .is_ok()
    };
    for bad in [
        "",
        " ",
        "-l",
        "-oProxyCommand=id",
        "a b",
        "a'b",
        "a\"b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a;b",
        "$(id)",
        "`id`",
        "a|b",
        "a/b",
        "@a",
        "a@",
        "a@-b",
        "-a@b",
        "ssh://a",
        "%h",
        "~",
        "*",
        "a:0",
        "a:-1",
        "a@b@c",
        "ü",
    ] {
        assert!(!file(bad, "/srv/.env"), "{bad:?}");
    }
    for bad in [
        "",
        "a",
        "./a",
        "../a",
        "-a",
        "~a/b",
        "~",
        "~/",
        "/",
        "/a/",
        "/a\nb",
        "/a\u{1b}b",
    ] {
        assert!(!file("vps", bad), "{bad:?}");
    }
    // odd names of files are names of files
    for good in [
        "/-rf", "/a b", "/a'b", "/a\"b", "/$HOME", "/a;id", "/ü", "~/-x", "~/a b",
    ] {
        assert!(file("vps", good), "{good:?}");
    }
}

#[test]
fn who_works_there_does_not_make_it_another_place() {
    let key = |text: &str, sudo: Sudo, path: &str| place_key(".", &file(host(text, sudo), path));
    let app = || Sudo::User("app".parse().unwrap());
    let one = key("deploy@vps.example.com", Sudo::No, "/srv/app/.env");
    for other in [
        key("VPS.example.com", Sudo::No, "/srv/app/.env"),
        key("root@vps.example.com", app(), "/srv/app/.env"),
        key("vps.example.com", Sudo::Root, "/srv//app/./.env"),
        key("vps.example.com", Sudo::Root, "/srv/x/../app/.env"),
    ] {
        assert_eq!(one, other);
    }
    for other in [
        key("deploy@vps.example.com:2222", Sudo::No, "/srv/app/.env"),
        key("deploy@vps2.example.com", Sudo::No, "/srv/app/.env"),
        key("deploy@vps.example.com", Sudo::No, "/srv/app/.env2"),
        key("deploy@vps.example.com", Sudo::No, "~/srv/app/.env"),
    ] {
        assert_ne!(one, other);
    }
    assert_eq!(
        key("::1", Sudo::No, "/a"),
        key("0:0:0:0:0:0:0:1", Sudo::No, "/a")
    );
    // a home folder is another one for each user
    let home = |text, sudo| key(text, sudo, "~/.env");
    assert_ne!(home("a@vps", Sudo::No), home("b@vps", Sudo::No));
    assert_ne!(home("a@vps", Sudo::No), home("a@vps", app()));
    assert_eq!(home("a@vps", app()), home("b@VPS", app()));
    assert_eq!(home("root@vps", Sudo::No), home("b@vps", Sudo::Root));
}

#[test]
fn two_manifests_on_one_host_and_path_are_found() {
    let text = |name: &str, host: &str| {
        format!(
            "driftlock: 1\nname: {name}\ntargets:\n  a:\n    file: {{ host: {host}, path: /srv/.env }}\n"
        )
    };
    let (one, other) = (
        manifest(&text("one", "a@vps")),
        manifest(&text("two", "b@VPS")),
    );
    assert_eq!(shared_places(&[("x", &one), ("y", &other)]).len(), 1);
}

#[test]
fn edits_keep_hosts_activations_and_probes() {
    let before = manifest(TEXT);
    let mut editor = Editor::new(TEXT).unwrap();
    editor
        .set(&name("LOG_LEVEL"), &Source::Clear("debug".to_owned()))
        .unwrap();
    editor
        .set(&name("INTERNAL_AUTH_SECRET"), &Source::Sealed(payload(9)))
        .unwrap();
    editor
        .set(&name("NEW_ONE"), &Source::Clear("text".to_owned()))
        .unwrap();
    editor
        .add_use(&"unit".parse().unwrap(), &name("NEW_ONE"))
        .unwrap();
    let (text, parsed) = editor.finish().unwrap();
    assert!(text.contains("        method: post\n"), "{text}");
    for (was, is) in before.targets.iter().zip(&parsed.manifest.targets) {
        assert_eq!(was.address, is.address);
        assert_eq!(was.activation, is.activation);
        assert_eq!(was.process, is.process);
        let asks = |target: &TargetSpec| -> Vec<Ask> {
            target
                .probes
                .iter()
                .map(|probe| probe.ask.clone())
                .collect()
        };
        assert_eq!(asks(was), asks(is));
    }
}

#[test]
fn what_a_probe_sends_is_not_taken_from_its_target() {
    let refused = |one: &str| {
        let mut editor = Editor::new(TEXT).unwrap();
        editor.unset(&name(one), true).unwrap_err().to_string()
    };
    // renamed on `unit`, under its own name on `vps`
    assert_eq!(
        refused("INTERNAL_AUTH_SECRET"),
        "INTERNAL_AUTH_SECRET is still used by a probe of the target vps, a probe of the target unit"
    );
    assert_eq!(
        refused("SITE"),
        "SITE is still used by a probe of the target unit"
    );
    let mut editor = Editor::new(TEXT).unwrap();
    editor.unset(&name("LOG_LEVEL"), true).unwrap();
    assert!(editor.finish().is_ok());
}

fn destinations() -> impl Strategy<Value = HostAddress> {
    let word = "[a-zA-Z0-9_][a-zA-Z0-9_-]{0,8}";
    let host = prop_oneof![
        word.prop_map(|name| name),
        Just("true".to_owned()),
        Just("12345".to_owned()),
        Just("::1".to_owned()),
    ];
    let user = prop_oneof![
        Just(String::new()),
        word.prop_map(|user| format!("{user}@"))
    ];
    let sudo = prop_oneof![
        Just(Sudo::No),
        Just(Sudo::Root),
        "[a-z_][a-z0-9_-]{0,8}"
            .prop_filter("these are words of the manifest", |user| {
                !["true", "false", "root", "null"].contains(&user.as_str())
            })
            .prop_map(|user| Sudo::User(user.parse().unwrap())),
    ];
    (user, host, proptest::option::of(1_u16..), sudo).prop_map(|(user, host, port, sudo)| {
        let bare = host.contains(':');
        let text = match port {
            Some(port) if bare => format!("{user}[{host}]:{port}"),
            Some(port) => format!("{user}{host}:{port}"),
            None => format!("{user}{host}"),
        };
        super::hosts::host(&text, sudo)
    })
}

proptest! {
    #[test]
    fn a_fresh_manifest_reads_back_with_its_hosts(
        host in destinations(),
        path in prop_oneof!["/[ -~]{0,12}[!-.0-~]", "~/[ -~]{0,12}[!-.0-~]"],
    ) {
        let address = file(host, &path);
        let (name, seal) = ("t".parse().unwrap(), seal(1));
        let variables = [(super::hosts::name("A"), Source::Clear("x".to_owned()))].into();
        let recipients = [("age1x".to_owned(), String::new())];
        let Address::File(one) = address.clone() else { unreachable!() };
        let targets = [FreshTarget::file("a".parse().unwrap(), one, vec![super::hosts::name("A")])];
        let text = render_new(&Fresh {
            comment: None,
            name: &name,
            recipients: &recipients,
            variables: &variables,
            references: &Default::default(),
            targets: &targets,
            seal: Some(&seal),
        });
        let read = parse(&text).unwrap_or_else(|all| panic!("{text}{all:?}"));
        prop_assert_eq!(&read.manifest.targets[0].address, &address);
    }

    /// Nothing that somebody writes there makes the parser fall over or repeat it.
    #[test]
    fn odd_texts_are_refused_or_read(text in ".{0,40}", key in 0_usize..7) {
        let shown = serde_json::to_string(&text).unwrap();
        let line = [
            format!("activate: {shown}"),
            format!("activate: {{ systemd: {shown} }}"),
            format!("activate: {{ compose: {shown} }}"),
            format!("running: {{ container: {shown} }}"),
            format!("probe: {{ http: {shown} }}"),
            format!("probe: {{ http: \"https://x.example/\", header: {{ {shown}: {shown} }} }}"),
            format!("probe: {{ http: \"https://x.example/\", expect: {shown}, method: {shown} }}"),
        ][key].clone();
        if let Ok(target) = only(&line)
            && let Some(Ask::Http(HttpAsk { url, method, headers, .. })) =
                target.probes.first().map(|probe| probe.ask.clone())
        {
            let whole = url.to_source();
            prop_assert!(whole.to_ascii_lowercase().starts_with("http"));
            prop_assert!(!method.contains(' '));
            prop_assert!(headers.iter().all(|(name, _)| !name.contains([':', ' ', '\n'])));
        }
    }
}
