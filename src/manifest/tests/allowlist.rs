//! What an allowlist covers, and what only looks like it.

use crate::manifest::{Here, Manifest, parse, parse_allowlist};

const HERE: Here<'_> = Here {
    machine: "ci",
    home: Some("/home/ci"),
    folder: "/repo/manifests",
};

fn manifest(target: &str) -> Manifest {
    let uses = if target.starts_with("openclaw") {
        "{ OPENCLAW_GATEWAY_TOKEN: { from: A } }"
    } else {
        "A"
    };
    let text = format!(
        "driftlock: 1\nname: production\nvariables: {{ A: x }}\ntargets:\n  t: {{ {target}, variables: [{uses}] }}\n"
    );
    parse(&text).unwrap().manifest
}

/// Place, programs and probes of one target, under one entry.
fn covers(entry: &str, target: &str) -> [bool; 3] {
    let text = format!("driftlock-authority: 1\nallow: [{{ {entry} }}]\n");
    let list = parse_allowlist(&text).unwrap();
    let manifest = manifest(target);
    let spec = &manifest.targets[0];
    [
        list.covers_place(&manifest, spec, HERE),
        list.covers_programs(&manifest, spec, HERE),
        list.covers_probes(&manifest, spec, HERE),
    ]
}

fn place(entry: &str, target: &str) -> bool {
    covers(entry, target)[0]
}

#[test]
fn hosts_are_compared_as_they_are_spelled() {
    let entry = "hosts: [deploy@vps.example.com], paths: [/srv/app]";
    let at = |host: &str| {
        place(
            entry,
            &format!("file: {{ host: {host}, path: /srv/app/.env }}"),
        )
    };
    assert!(at("deploy@vps.example.com"));
    for near in [
        "vps.example.com",
        "root@vps.example.com",
        "deploy@vps.example.com:2222",
        "deploy@VPS.example.com",
        "deploy@vps.example.com.",
        "deploy@vps.example.com.evil.org",
        "deploy@vps.example.co",
        "deploy@vps.example.com, sudo: true",
        "deploy@vps.example.com, sudo: admin",
    ] {
        assert!(!at(near), "{near}");
    }
    let root = "hosts: [\"deploy@vps.example.com (as root)\"], paths: [/srv/app]";
    let target = "file: { host: deploy@vps.example.com, sudo: true, path: /srv/app/.env }";
    assert!(place(root, target));
}

#[test]
fn paths_are_compared_part_by_part() {
    let entry = "hosts: [vps], paths: [/srv/app]";
    let at = |path: &str| place(entry, &format!("file: {{ host: vps, path: {path} }}"));
    assert!(at("/srv/app/.env") && at("/srv//app/./x/.env"));
    for near in [
        "/srv/app-evil/.env",
        "/srv/app/../etc/passwd",
        "/srv/app/x/../.env",
        "/srv/.env",
        "/SRV/app/.env",
        "~/srv/app/.env",
    ] {
        assert!(!at(near), "{near}");
    }
}

#[test]
fn a_name_is_a_machine_or_a_host_and_not_both() {
    let host = "file: { host: mini, path: /a/.env }";
    let machine = "file: { machine: mini, path: /a/.env }";
    let any = "file: { machine: any, path: /a/.env }";
    let own = "file: { path: a/.env }";
    assert!(place("hosts: [mini], paths: [/a]", host));
    assert!(place("machines: [mini], paths: [/a]", machine));
    assert!(place("machines: [ci], paths: [/a]", any));
    assert!(place("machines: [ci], paths: [/repo]", own));
    assert!(!place("hosts: [mini], paths: [/a]", machine));
    assert!(!place("machines: [mini], paths: [/a]", host));
    assert!(!place("machines: [mini], paths: [/a]", any));
    assert!(!place("machines: [any], paths: [/a]", any));
    assert!(!place("paths: [/a]", any) && !place("machines: [ci]", any));
}

#[test]
fn railway_is_project_and_environment() {
    let at = |entry: &str, project: &str, environment: &str| {
        let target = format!(
            "railway: {{ project: \"{project}\", environment: \"{environment}\", service: s }}"
        );
        place(entry, &target)
    };
    let entry = "railway: [aurora/production]";
    assert!(at(entry, "aurora", "production"));
    assert!(!at(entry, "aurora", "staging") && !at(entry, "Aurora", "production"));
    assert!(!at("hosts: [aurora], paths: [/]", "aurora", "production"));
    assert!(!at("railway: [a/b]", "a/b", "c") && !at("railway: [a/b]", "a", "b/c"));
}

#[test]
fn programs_are_compared_whole() {
    let run = |entry: &str, activate: &str| {
        let target = format!("file: {{ host: vps, path: /srv/app/.env }}, activate: {activate}");
        covers(entry, &target)[1]
    };
    let compose = "docker compose -f /srv/app/compose.yaml up -d";
    let commands = format!("hosts: [vps], commands: [\"{compose}\"]");
    assert!(run(&commands, compose));
    assert!(!run(&commands, &format!("{compose} --build")));
    assert!(!run(&commands, &format!("{compose}; id")));
    assert!(!run(&commands, "docker compose"));
    assert!(!run(
        &format!("hosts: [other], commands: [\"{compose}\"]"),
        compose
    ));
    assert!(!run(&format!("commands: [\"{compose}\"]"), compose));
    let units = "hosts: [vps], units: [app.service, /srv/app/compose.yaml, com.example.app]";
    assert!(run(units, "{ systemd: app.service }"));
    assert!(!run(units, "{ systemd: app2.service }"));
    assert!(!run(units, "app.service"), "this is a command");
    assert!(run(units, "{ compose: /srv/app/compose.yaml }"));
    assert!(!run(units, "{ compose: /srv/app/other.yaml }"));
    let plist = "{ launchd: com.example.app, plist: /srv/x.plist }";
    assert!(!run(units, plist), "what it is loaded from is code");
    let with_path = format!("{units}, paths: [/srv]");
    assert!(run(&with_path, plist));
    let look = "{ systemd: app.service }, running: { container: db }";
    assert!(!run(units, look), "what is looked at counts too");
    assert!(run(&units.replace("app.service", "app.service, db"), look));
}

#[test]
fn probes_are_compared_by_their_origin() {
    let sent = |entry: &str, probe: &str| {
        let target = format!("file: {{ host: vps, path: /srv/app/.env }}, probe: {probe}");
        covers(entry, &target)[2]
    };
    let http = |url: &str| format!("{{ http: \"{url}\", header: {{ X: \"${{A}}\" }} }}");
    let entry = "probes: [\"https://vps.example.com\"]";
    for url in [
        "https://vps.example.com",
        "https://vps.example.com/health",
        "https://vps.example.com?q=${A|url}",
    ] {
        assert!(sent(entry, &http(url)), "{url}");
    }
    for near in [
        "https://vps.example.com.evil.org/",
        "https://vps.example.com./",
        "https://vps.example.com:8443/",
        "https://vps.example.com:443/",
        "https://vps.example.comx/",
        "https://VPS.example.com/",
        "https://example.com/",
        "http://127.0.0.1/",
    ] {
        assert!(!sent(entry, &http(near)), "{near}");
    }
    let both = format!(
        "[{}, {}]",
        http("https://vps.example.com/"),
        http("https://evil.org/")
    );
    assert!(!sent(entry, &both), "each of them");
    assert!(!sent(entry, "{ command: \"https://vps.example.com\" }"));
    let there = "{ http: \"http://127.0.0.1:8080/\", from: target }";
    assert!(!sent("probes: [\"http://127.0.0.1:8080\"]", there));
    assert!(sent(
        "hosts: [vps], probes: [\"http://127.0.0.1:8080\"]",
        there
    ));
}

#[test]
fn an_address_with_a_user_has_no_origin() {
    use crate::manifest::allowlist::origin;
    assert_eq!(origin("https://a.example/x@y"), Some("https://a.example"));
    for odd in [
        "https://vps.example.com@evil.org/",
        "https://",
        "https:///x",
        "vps",
    ] {
        assert_eq!(origin(odd), None, "{odd}");
    }
}

#[test]
fn an_openclaw_installation_is_its_state_its_config_and_its_address() {
    let entry = "machines: [ci], paths: [~/.openclaw], probes: [\"https://claw.example.com\"]";
    let claw = |more: &str| covers(entry, &format!("openclaw: {{ machine: ci{more} }}"));
    assert_eq!(claw(""), [true; 3]);
    assert_eq!(claw(", config: ~/.openclaw/other.json"), [true; 3]);
    assert_eq!(claw(", url: 'https://claw.example.com/x'"), [true; 3]);
    assert!(!claw(", profile: work")[0]);
    assert!(!claw(", state: ~/other")[0]);
    assert!(!claw(", config: ~/other.json")[0]);
    assert!(!claw(", url: 'https://claw.example.com.evil.org'")[2]);
}

#[test]
fn an_entry_for_one_manifest_is_for_that_one() {
    let target = "file: { machine: any, path: /a/.env }";
    assert!(place(
        "manifest: production, machines: [ci], paths: [/]",
        target
    ));
    assert!(!place(
        "manifest: staging, machines: [ci], paths: [/]",
        target
    ));
}

#[test]
fn a_command_that_makes_values_needs_its_whole_line_and_this_machine() {
    let manifest = manifest("file: { machine: ci, path: /x.env }");
    let covers = |entry: &str| {
        let text = format!("driftlock-authority: 1\nallow: [{{ {entry} }}]\n");
        let list = parse_allowlist(&text).unwrap();
        list.covers_recipe(&manifest, "mint --now", HERE)
    };
    assert!(covers("machines: [ci], commands: ['mint --now']"));
    assert!(covers(
        "manifest: production, machines: [ci], commands: ['mint --now']"
    ));
    for near in [
        "machines: [ci], commands: [mint]",
        "machines: [ci], commands: ['mint --now ']",
        "machines: [other], commands: ['mint --now']",
        "hosts: [ci], commands: ['mint --now']",
        "manifest: staging, machines: [ci], commands: ['mint --now']",
    ] {
        assert!(!covers(near), "{near}");
    }
}
