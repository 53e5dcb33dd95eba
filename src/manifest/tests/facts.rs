//! What counts as another thing to approve, and what does not.

use crate::manifest::parse;
use crate::model::{AuthorityFacts, TargetFacts};

const TEXT: &str = include_str!("../../../tests/fixtures/valid/hosts.yaml");

fn facts(text: &str) -> AuthorityFacts {
    parse(text)
        .unwrap_or_else(|all| panic!("{all:?}"))
        .manifest
        .authority_facts()
}

fn of(text: &str, target: &str) -> TargetFacts {
    facts(text).targets.get(target).unwrap().clone()
}

fn probes(target: &str) -> Vec<String> {
    of(TEXT, target).probes.into_iter().collect()
}

#[test]
fn facts_are_words_that_people_can_judge() {
    let vps = of(TEXT, "vps");
    assert_eq!(vps.destination, "file deploy@vps.example.com:/srv/app/.env");
    assert_eq!(
        vps.activation.as_deref(),
        Some("run `docker compose -f /srv/app/compose.yaml up -d`")
    );
    assert_eq!(vps.process.as_deref(), Some("container app-web-1"));
    assert_eq!(
        probes("vps"),
        ["GET https://vps.example.com/internal/health, header X-Auth with INTERNAL_AUTH_SECRET"]
    );
    let unit = of(TEXT, "unit");
    assert_eq!(
        unit.destination,
        "file vps.example.com:2222 (as root):/etc/app/env"
    );
    assert_eq!(unit.activation.as_deref(), Some("restart app.service"));
    assert_eq!(unit.process, None, "the activation says it");
    assert_eq!(
        probes("unit"),
        [
            "there, POST http://127.0.0.1:8080/login?site=${SITE|url}, header Content-Type, \
             a body with AUTH: {\"token\": \"${AUTH|json}\"}",
            "there, run `app-check --quiet\napp-check --token\n` with its variables",
        ]
    );
    assert_eq!(of(TEXT, "worker").process.as_deref(), Some("not looked at"));
    assert_eq!(
        of(TEXT, "daemon").activation.as_deref(),
        Some(
            "load system/org.example.daemon anew from /Library/LaunchDaemons/org.example.daemon.plist"
        )
    );
    let stack = of(TEXT, "stack");
    assert_eq!(
        stack.activation.as_deref(),
        Some("bring web and worker of ~/app/compose.yaml up")
    );
    assert_eq!(stack.process.as_deref(), Some("web of /srv/compose.yaml"));
}

#[test]
fn each_edit_of_where_and_what_shows_in_the_facts() {
    let before = facts(TEXT);
    for (old, new) in [
        ("host: deploy@vps", "host: root@vps"),
        (
            "host: deploy@vps.example.com",
            "host: deploy@vps.example.com:23",
        ),
        ("sudo: true", "sudo: app"),
        ("sudo: app, ", ""),
        ("path: /srv/app/.env", "path: /srv/app/.env2"),
        ("compose.yaml up -d\n", "compose.yaml up -d; id\n"),
        ("container: app-web-1", "container: app-web-2"),
        ("running: false\n", "running: { container: x }\n"),
        ("user: true", "user: false"),
        ("domain: system", "domain: user"),
        ("plist: /Library", "plist: /tmp"),
        ("[web, worker]", "[web]"),
        ("service: web", "service: worker"),
        ("vps.example.com/internal", "evil.example.com/internal"),
        ("X-Auth:", "X-Other:"),
        ("method: post", "method: put"),
        ("?site=", "?other="),
        (
            "from: target\n        timeout",
            "from: here\n        timeout",
        ),
        ("app-check --quiet", "app-check --loud"),
        (
            "{ X-Auth: \"${INTERNAL_AUTH_SECRET}\" }",
            "{ X-Auth: \"${LOG_LEVEL}\" }",
        ),
        ("{\"token\": ", "{\"other\": "),
    ] {
        assert!(TEXT.contains(old), "{old}");
        let after = facts(&TEXT.replacen(old, new, 1));
        assert_ne!(before, after, "{old} -> {new}");
    }
    for (old, new) in [
        ("timeout: 5s", "timeout: 6s"),
        ("expect: 200 }", "expect: 2xx }"),
        ("Content-Type: application/json", "Content-Type: text/plain"),
    ] {
        assert!(TEXT.contains(old), "{old}");
        assert_eq!(before, facts(&TEXT.replacen(old, new, 1)), "{old} -> {new}");
    }
}

/// Two addresses that differ in what is reached, written or run, and read almost alike.
#[test]
fn two_things_never_have_one_text() {
    let destination = |address: &str, more: &str| {
        let text = format!(
            "driftlock: 1\nname: t\nvariables:\n  OPENCLAW_GATEWAY_TOKEN: x\n\ntargets:\n  a:\n    {address}\n{more}    variables: [OPENCLAW_GATEWAY_TOKEN]\n"
        );
        of(&text, "a").destination
    };
    let claw =
        |fields: &str| destination(&format!("openclaw: {{ {fields} }}"), "    activate: x\n");
    let file = |fields: &str| destination(&format!("file: {{ {fields} }}"), "");
    for (one, other) in [
        (claw("machine: vps"), claw("host: vps")),
        (
            claw("machine: here, profile: work"),
            claw("machine: here, state: ~/.openclaw-work"),
        ),
        (
            claw("machine: here"),
            claw("machine: here, state: ~/.openclaw"),
        ),
        (
            claw("machine: here, state: '/a with /b'"),
            claw("machine: here, state: /a, config: /b"),
        ),
        (
            claw("machine: here, profile: work, config: /b"),
            claw("machine: here, state: '~/.openclaw-work (profile work)', config: /b"),
        ),
        (claw("host: vps"), claw("host: vps, sudo: true")),
        (file("machine: vps, path: /a"), file("host: vps, path: /a")),
        (file("machine: vps, path: /a"), file("path: 'vps:/a'")),
        (
            file("machine: vps, path: '/a at b', format: json"),
            file("machine: vps, path: /a, at: b, format: json"),
        ),
    ] {
        assert_ne!(one, other);
    }
    assert_eq!(
        claw("machine: vps, profile: work"),
        "openclaw vps:~/.openclaw-work (profile work)"
    );
    assert_eq!(
        claw("host: me@vps, state: '/my claw'"),
        "openclaw me@vps:/my claw"
    );
    assert_eq!(
        claw("host: vps, config: ~/c.json"),
        "openclaw ssh vps:~/.openclaw with ~/c.json"
    );
    assert_eq!(file("machine: vps, path: /a"), "file vps:/a", "as before");
}

const CLAW: &str = include_str!("../../../tests/fixtures/valid/openclaw.yaml");

#[test]
fn each_edit_of_an_installation_shows_in_the_facts() {
    let before = facts(CLAW);
    for (old, new) in [
        ("machine: mac-mini }", "machine: mac-max }"),
        ("machine: mac-mini }", "host: mac-mini }"),
        (
            "machine: mac-mini }",
            "machine: mac-mini, url: \"https://evil.example.com\" }",
        ),
        ("profile: work", "profile: other"),
        ("profile: work", "state: ~/.openclaw-work"),
        ("sudo: claw, ", ""),
        ("state: /srv/openclaw", "state: /srv/other"),
        ("config: /etc/openclaw.json", "config: /tmp/openclaw.json"),
        (", config: /etc/openclaw.json", ""),
        ("user: true", "user: false"),
        (
            "gateway.service, user: true }",
            "gateway.service, user: true }\n    running: { systemd: other.service, user: true }",
        ),
        ("gateway.example.com/claw", "gateway.example.com/clam"),
        (", url: \"https://gateway.example.com/claw\"", ""),
        ("launchd: org.example.gateway", "launchd: org.example.other"),
        ("    running: { launchd: org.example.gateway }\n", ""),
        ("http://127.0.0.1:18789", "http://127.0.0.1:18790"),
        ("systemctl restart claw", "systemctl restart clam"),
        ("    activate: systemctl restart claw\n", ""),
        (", { OPENCLAW_HOOKS_TOKEN: { from: HOOKS } }", ""),
    ] {
        assert!(CLAW.contains(old), "{old}");
        let after = facts(&CLAW.replacen(old, new, 1));
        assert_ne!(before, after, "{old} -> {new}");
    }
    assert_eq!(
        of(CLAW, "mini").activation.as_deref(),
        Some("restart the OpenClaw gateway")
    );
    assert_eq!(
        of(CLAW, "near").process,
        None,
        "its own service is looked at, as its address says"
    );
}

/// Records of before hosts had activations: they read, and what is not there now was not there then.
#[test]
fn facts_of_an_older_version_read_and_are_equal() {
    let plain = "driftlock: 1\nname: t\nvariables:\n  A: x\n\ntargets:\n  a:\n    file: { path: .env }\n    variables: [A]\n";
    let now = facts(plain);
    let json = serde_json::to_string(&now).unwrap();
    for key in ["activation", "process", "probes"] {
        assert!(!json.contains(key), "{json}");
    }
    let read: AuthorityFacts = serde_json::from_str(&json).unwrap();
    assert_eq!(read, now);
    let whole: AuthorityFacts =
        serde_json::from_str(&serde_json::to_string(&facts(TEXT)).unwrap()).unwrap();
    assert_eq!(whole, facts(TEXT));
}
