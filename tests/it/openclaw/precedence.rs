//! Section 3.1: of all places that name a token, which one wins; and fact 10.

use serde_json::{Value, json};

use super::{agree, config, facts, merged, quick};
use crate::support::openclaw::{Gateway, Home, Kind};

facts!(
    of_all_places_one_wins,
    every_source_of_references_is_followed,
);

const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";
const A: &str = "of-the-config-a";
const B: &str = "of-the-environment-b";
const C: &str = "of-the-dotenv-c";
const F: &str = "of-the-flag-f";
const V: &str = "of-the-vars-v";
/// In the `.env` of the working folder, where nobody looks for it.
const W: &str = "of-the-working-folder-w";
const ALL: [&str; 6] = [A, B, C, F, V, W];

/// What a process is started with; the config it starts with is the first of the rows.
#[derive(Default)]
struct Given {
    env: Option<&'static str>,
    dotenv: Option<&'static str>,
    flag: bool,
    rows: Vec<Row>,
}

/// A config, and the token that is accepted then; `None` if nobody can know it.
struct Row(Value, Option<&'static str>);

impl Given {
    fn start(&self, home: &Home, config: &Value) -> Gateway {
        home.write_config(config);
        home.write_dotenv(
            &self
                .dotenv
                .map_or_else(String::new, |c| format!("{NAME}={c}\n")),
        );
        std::fs::write(home.path(".env"), format!("{NAME}={W}\n")).unwrap();
        let mut start = quick();
        if let Some(value) = self.env {
            start = start.env(NAME, value);
        }
        if self.flag {
            start = start.arguments(&["--token", F]);
        }
        home.start(&start)
    }
}

/// The table. A spaced variable is trimmed, which is fact 10.
fn table() -> Vec<Given> {
    let none = config(&json!({}));
    let a = config(&json!({ "token": A }));
    let text = config(&json!({ "token": "${OPENCLAW_GATEWAY_TOKEN}" }));
    let word = config(&json!({ "token": "$OPENCLAW_GATEWAY_TOKEN" }));
    let reference = json!({ "source": "env", "provider": "default", "id": NAME });
    let reference = config(&json!({ "token": reference }));
    let vars = merged(&none, &json!({ "env": { "vars": { NAME: V } } }));
    let empty = config(&json!({ "token": "" }));
    vec![
        Given {
            env: Some("  of-the-environment-b \r"),
            dotenv: Some(C),
            rows: vec![
                Row(a.clone(), Some(A)),
                Row(none.clone(), Some(B)),
                Row(text.clone(), Some(B)),
                Row(word, Some(B)),
                Row(reference.clone(), Some(B)),
            ],
            ..Given::default()
        },
        Given {
            dotenv: Some(C),
            rows: vec![
                Row(none.clone(), Some(C)),
                Row(text.clone(), Some(C)),
                Row(reference, Some(C)),
            ],
            ..Given::default()
        },
        Given {
            env: Some(B),
            flag: true,
            rows: vec![Row(a, Some(F))],
            ..Given::default()
        },
        // a variable that is there hides the file, also an empty one
        Given {
            env: Some(" "),
            dotenv: Some(C),
            rows: vec![Row(none.clone(), None)],
            ..Given::default()
        },
        Given {
            env: Some(B),
            rows: vec![Row(empty, Some(B))],
            ..Given::default()
        },
        Given {
            dotenv: Some(C),
            rows: vec![Row(vars.clone(), Some(C))],
            ..Given::default()
        },
        Given {
            env: Some(""),
            rows: vec![Row(vars, Some(V))],
            ..Given::default()
        },
        Given {
            rows: vec![Row(none, None), Row(text, None)],
            ..Given::default()
        },
    ]
}

/// Which of all tokens it accepts.
fn accepted(gateway: &Gateway) -> Vec<&'static str> {
    let probe = |token: &&str| match gateway.probe(token) {
        400 => true,
        401 => false,
        other => panic!("{other} is no verdict"),
    };
    ALL.into_iter().filter(probe).collect()
}

/// The first row of each is started with, the others come as changes; the stand-in, which is quick,
/// starts with them, too.
fn of_all_places_one_wins(home: &Home) {
    let mut differing = vec![];
    for given in table() {
        let (first, others) = given.rows.split_first().unwrap();
        let gateway = start(home, &given, first, &mut differing);
        for row in others.iter().filter(|row| row.1.is_some()) {
            gateway.reload(home, &row.0);
            compare(&gateway, "reload", row, &mut differing);
        }
        drop(gateway);
        for row in others.iter().filter(|_| home.kind() == Kind::StandIn) {
            start(home, &given, row, &mut differing);
        }
    }
    agree(&differing);
}

fn start(home: &Home, given: &Given, row: &Row, differing: &mut Vec<String>) -> Gateway {
    // what one that was killed has left is no other gateway
    let gateway = given.start(home, &row.0);
    compare(&gateway, "start", row, differing);
    assert_eq!(gateway.probe_without(), 401);
    let log = gateway.log().text();
    let generated = log.contains("auth token was missing. Generated a runtime token for this");
    assert_eq!(generated, row.1.is_none(), "{log}");
    gateway
}

fn compare(gateway: &Gateway, how: &str, row: &Row, differing: &mut Vec<String>) {
    let Row(config, wanted) = row;
    let found = accepted(gateway);
    if found != wanted.as_slice() {
        differing.push(format!(
            "{how} with {}: accepts {found:?}, not {wanted:?}",
            config["gateway"]["auth"]
        ));
    }
}

fn every_source_of_references_is_followed(home: &Home) {
    private(
        home,
        "keys.json",
        r#"{"gw": {"token": "from-json"}, "a/b": "from-slash"}"#,
        0o600,
    );
    private(home, "single.txt", "from-single\n", 0o600);
    let program = "#!/bin/sh\ncat >/dev/null\necho '{\"protocolVersion\":1,\"values\":{\"x/y\":\"from-exec\"}}'\n";
    private(home, "program", program, 0o700);
    let stored = home.cli_with(&["secrets", "store", "set", "GW_TOKEN"], &[], "from-store");
    stored.success();
    let at = |name: &str| home.state(name).display().to_string();
    let providers = json!({ "secrets": { "providers": {
        "keys": { "source": "file", "path": "~/.openclaw/keys.json" },
        "single": { "source": "file", "path": at("single.txt"), "mode": "singleValue" },
        "program": { "source": "exec", "command": at("program") },
        "allowed": { "source": "env", "allowlist": ["GW_ENV"] },
    } } });
    home.write_config(&merged(&config(&json!({ "token": A })), &providers));
    let gateway = home.start(&quick().env("GW_ENV", "from-env"));
    let mut differing = vec![];
    for (source, provider, id, wanted) in [
        ("file", "keys", "/gw/token", "from-json"),
        ("file", "keys", "/a~1b", "from-slash"),
        ("file", "single", "value", "from-single"),
        ("exec", "program", "x/y", "from-exec"),
        ("env", "allowed", "GW_ENV", "from-env"),
        ("env", "default", "GW_ENV", "from-env"),
        ("store", "default", "GW_TOKEN", "from-store"),
    ] {
        let reference = json!({ "source": source, "provider": provider, "id": id });
        gateway.reload(
            home,
            &merged(&config(&json!({ "token": reference })), &providers),
        );
        if gateway.probe(wanted) != 400 {
            differing.push(format!(
                "{source} {provider} {id}: {wanted} is not accepted"
            ));
        }
    }
    agree(&differing);
    let lost = json!({ "source": "store", "provider": "default", "id": "NOT_THERE" });
    let lost = merged(&config(&json!({ "token": lost })), &providers);
    let verdict = gateway.verdict(|| home.write_config(&lost));
    assert!(
        verdict.contains("config reload failed: SecretRefResolutionError"),
        "{verdict}"
    );
    assert_eq!(gateway.probe("from-store"), 400, "what was in force stays");
}

fn private(home: &Home, name: &str, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(home.state(name), text).unwrap();
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(home.state(name), mode).unwrap();
}
