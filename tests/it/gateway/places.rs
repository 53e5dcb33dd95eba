//! Wherever a running gateway has its token from: the plan compares the one that counts, and an apply
//! changes it where it counts. The gateway itself is asked which one that is.

use serde_json::{Value, json};

use super::lab::{Lab, NEW};
use crate::openclaw::merged;
use crate::support::openclaw::{Home, Kind, Start};

const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";
const A: &str = "c4nary-of-the-config";
const B: &str = "c4nary-of-the-environment";
const C: &str = "c4nary-of-the-dotenv";
const F: &str = "c4nary-of-the-flag";
const V: &str = "c4nary-of-the-vars";

/// What an apply does about another token that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It changes the config, and the gateway takes that over.
    Config,
    /// It changes this file, which wants a restart.
    Restart(&'static str),
    /// It says whose the place is.
    Refused,
}

struct Case {
    label: &'static str,
    auth: Value,
    more: Value,
    env: Option<&'static str>,
    dotenv: Option<&'static str>,
    flag: bool,
    /// What the gateway takes.
    takes: Option<&'static str>,
    then: Then,
}

fn case(label: &'static str, auth: Value, takes: Option<&'static str>, then: Then) -> Case {
    Case {
        label,
        auth,
        more: json!({}),
        env: None,
        dotenv: None,
        flag: false,
        takes,
        then,
    }
}

/// The rows of the table of precedence, and every kind of reference.
fn cases() -> Vec<Case> {
    let by_name = || json!({ "token": "${OPENCLAW_GATEWAY_TOKEN}" });
    let by_reference =
        || json!({ "token": { "source": "env", "provider": "default", "id": NAME } });
    let nothing = || json!({});
    let file = |id: &str| json!({ "token": { "source": "file", "provider": "f", "id": id } });
    let provider = |mode: &str, path: &str| json!({ "secrets": { "providers": { "f": { "source": "file", "path": path, "mode": mode } } } });
    let both = |case: Case| Case {
        env: Some(B),
        dotenv: Some(C),
        ..case
    };
    let only_dotenv = |case: Case| Case {
        dotenv: Some(C),
        ..case
    };
    vec![
        both(case(
            "config A, env B, .env C",
            json!({ "token": A }),
            Some(A),
            Then::Config,
        )),
        both(case("env B, .env C", nothing(), Some(B), Then::Config)),
        only_dotenv(case(
            ".env C only",
            nothing(),
            Some(C),
            Then::Restart(".env"),
        )),
        both(case(
            "config ${…}, env B, .env C",
            by_name(),
            Some(B),
            Then::Refused,
        )),
        only_dotenv(case(
            "config ${…}, .env C",
            by_name(),
            Some(C),
            Then::Restart(".env"),
        )),
        only_dotenv(case(
            "SecretRef env, .env C",
            by_reference(),
            Some(C),
            Then::Restart(".env"),
        )),
        Case {
            flag: true,
            ..both(case(
                "--token F, config A, env B",
                json!({ "token": A }),
                Some(F),
                Then::Refused,
            ))
        },
        case("nothing", nothing(), None, Then::Restart("openclaw.json")),
        Case {
            more: json!({ "env": { "vars": { NAME: V } } }),
            ..case("config env.vars V", nothing(), Some(V), Then::Config)
        },
        Case {
            more: provider("singleValue", "~/.openclaw/token.txt"),
            ..case(
                "SecretRef file, one value",
                file("value"),
                Some(A),
                Then::Restart("token.txt"),
            )
        },
        Case {
            more: provider("json", "~/.openclaw/secrets.json"),
            ..case(
                "SecretRef file, a part",
                file("/gw/to~1ken"),
                Some(A),
                Then::Restart("secrets.json"),
            )
        },
    ]
}

fn config(home: &Home, case: &Case) -> Value {
    let usual = json!({
        "gateway": {
            "mode": "local",
            "port": home.port(),
            "auth": { "mode": "token", "rateLimit": { "exemptLoopback": false, "maxAttempts": 100_000 } },
            "controlUi": { "enabled": false },
        },
        "plugins": { "enabled": false },
        "meta": { "lastTouchedVersion": "2026.9.6" },
    });
    merged(
        &merged(&usual, &json!({ "gateway": { "auth": case.auth } })),
        &case.more,
    )
}

fn given(home: &Home, case: &Case) -> Start {
    let mut start = Start::default();
    if let Some(value) = case.env {
        start = start.env(NAME, value);
    }
    if case.flag {
        start = start.arguments(&["--token", F]);
    }
    let dotenv = case
        .dotenv
        .map_or_else(String::new, |c| format!("# mine\n{NAME}={c}\n"));
    home.write_dotenv(&dotenv);
    super::lab::write_private(&home.state("token.txt"), &format!("{A}\n"));
    let secrets = json!({ "gw": { "to/ken": A }, "other": "stays" });
    super::lab::write_private(&home.state("secrets.json"), &format!("{secrets:#}\n"));
    start
}

/// A restart by hand, in the words of the manifest: what a person without a service has.
fn by_hand(lab: &Lab, home: &Home) {
    let line = format!("touch {}", home.path("restart-asked").display());
    lab.target(
        &super::lab::address(home),
        super::lab::TOKEN,
        &format!("    activate: {line}\n"),
    );
}

fn check(kind: Kind, case: &Case) {
    let Some((lab, home)) = Lab::beside(kind) else {
        return;
    };
    let label = case.label;
    by_hand(&lab, &home);
    let start = given(&home, case);
    home.write_config(&config(&home, case));
    let gateway = home.start(&start);
    // the plan sees what counts
    lab.set("TOKEN", case.takes.unwrap_or("c4nary-nothing"));
    let plan = lab.run("plan --detailed-exitcode");
    match case.takes {
        Some(token) => {
            assert_eq!(gateway.probe(token), 400, "{label}");
            assert_eq!(
                plan.code,
                i32::from(flag_is_hidden(case)) * 2,
                "{label}: {}",
                plan.all()
            );
        }
        None => drop(plan.exits(2).says("1 to create")),
    }
    if flag_is_hidden(case) {
        return;
    }
    // an apply changes it there
    lab.set("TOKEN", NEW);
    let done = lab.take_over();
    match case.then {
        Then::Config => {
            let done = done
                .success()
                .says("took its config over, without a restart");
            drop(done.says("it works POST /tools/invoke of its gateway"));
            assert_eq!(gateway.probe(NEW), 400, "{label}");
            assert!(
                !home.path("restart-asked").exists(),
                "{label}: nothing is restarted"
            );
            lab.in_sync();
        }
        Then::Restart(file) => {
            let text = lab.text(file);
            assert!(text.contains(NEW) && !text.contains(C), "{label}: {text}");
            assert!(
                home.path("restart-asked").exists(),
                "{label}: {}",
                done.all()
            );
            assert_eq!(
                gateway.probe(NEW),
                401,
                "{label}: only a restart brings it in force"
            );
            drop(gateway);
            let again = home.start(&start);
            assert_eq!(again.probe(NEW), 400, "{label}");
            lab.in_sync();
            let doctor = lab.run("doctor --probe");
            drop(doctor.success());
            assert_eq!(again.probe(NEW), 400, "{label}");
        }
        Then::Refused => {
            drop(done.exits(3).says("is not ours to change"));
            assert_eq!(gateway.probe(case.takes.unwrap()), 400, "{label}");
        }
    }
}

/// A flag on the command line of a process that nobody's service started cannot be seen by anybody.
fn flag_is_hidden(case: &Case) -> bool {
    case.flag
}

#[test]
fn the_token_that_counts_is_compared_and_changed_where_it_counts() {
    for case in cases() {
        check(Kind::StandIn, &case);
    }
}

#[test]
fn the_same_with_the_real_one() {
    for case in cases() {
        check(Kind::Real, &case);
    }
}
