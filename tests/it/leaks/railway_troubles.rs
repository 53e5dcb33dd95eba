//! Railway in all its troubles, with canaries for tokens, values, and what others say: nothing comes
//! out of any command, in any form.

use std::collections::HashSet;

use super::forms::Canary;
use super::sink;
use crate::railway::bad_input::parrot::Parrot;
use crate::railway::binary::{DESIRED, LIVE, NEW, STRANGER, Setup};
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{Fault, RetryAfter, Which};
use crate::support::fake_railway::switches::Cursors;
use crate::support::fake_railway::world::tokens::{Kind, Token};
use crate::support::world::Run;

const PROJECT_TOKEN: &str = "canary-project-token-5d1e";
const ACCOUNT_TOKEN: &str = "canary-account-token-77b0";
const PROXY: &str = "canary-proxy-password-20";
const SAID: &str = "canary said by a server";

const ALWAYS: usize = usize::MAX;

/// Commands that talk to Railway, in their forms.
const LINES: [&str; 7] = [
    "-vv plan",
    "plan --markdown",
    "plan --json",
    "-vv status --json",
    "-vv import railway --name x",
    "-vv apply --yes",
    "apply --yes --json --no-activate",
];

struct Days {
    setup: Setup,
    canaries: Vec<Canary>,
    seen: HashSet<u64>,
}

impl Days {
    fn new() -> Option<Self> {
        let mut setup = Setup::applied()?;
        let environment = setup.environment.id.clone();
        setup.fake.world(|world| {
            for (text, kind) in [
                (PROJECT_TOKEN, Kind::Project(environment)),
                (ACCOUNT_TOKEN, Kind::Account),
            ] {
                let (id, created) = (world.ids.next(), world.clock.tick());
                let token = Token {
                    kind,
                    expired: false,
                    created,
                    id,
                };
                world.tokens.insert(text.to_owned(), token);
            }
        });
        setup.env("RAILWAY_TOKEN", PROJECT_TOKEN);
        setup.env("DRIFTLOCK_RAILWAY_HASTE", "200");
        let canaries = [
            ("the project token", PROJECT_TOKEN),
            ("the account's token", ACCOUNT_TOKEN),
            ("a proxy's password", PROXY),
            ("a desired value", DESIRED),
            ("a new value", NEW),
            ("a live value", LIVE),
            ("an unmanaged value", STRANGER),
            ("what a server said", SAID),
        ];
        Some(Self {
            setup,
            canaries: canaries.map(|(name, text)| Canary::new(name, text)).into(),
            seen: HashSet::new(),
        })
    }

    fn runs(&mut self, line: &str) -> Run {
        let run = Run::of(self.setup.command(line));
        self.searched(line, &run);
        run
    }

    fn searched(&mut self, line: &str, run: &Run) {
        assert!([0, 1, 2, 3, 4].contains(&run.code), "{line}: {}", run.all());
        assert!(!run.stderr.contains("panicked"), "`{line}` panicked");
        let meant = [
            self.setup.world.path(".env"),
            self.setup.world.config("driftlock/keys.txt"),
        ];
        let meant: Vec<_> = meant.iter().map(std::path::PathBuf::as_path).collect();
        let (world, seen) = (&self.setup.world, &mut self.seen);
        sink::search_run(line, run, world, &meant, &self.canaries, seen);
    }

    fn looks(&mut self) {
        for line in LINES {
            self.runs(line);
        }
    }

    /// Everything of ours, quoted by a server that means well.
    fn quoted() -> String {
        format!("{SAID} {PROJECT_TOKEN} {ACCOUNT_TOKEN} {DESIRED} {NEW} {LIVE} {STRANGER}")
    }
}

#[test]
fn nothing_leaks_while_railway_is_well() {
    let Some(mut days) = Days::new() else { return };
    days.setup.env("DRIFTLOCK_RAILWAY_HASTE", "20");
    for token in [PROJECT_TOKEN, ACCOUNT_TOKEN] {
        days.setup.env("RAILWAY_TOKEN", token);
        for line in [
            "-vv plan",
            "plan --json",
            "-vv status",
            "check",
            "-vv apply --yes",
        ] {
            days.runs(line).success();
        }
        let run = days.setup.run_with("set TOKEN --apply --yes -vv", DESIRED);
        days.searched("set TOKEN --apply", &run);
        let run = days.setup.run_with("set TOKEN -vv", NEW);
        days.searched("set TOKEN", &run);
        days.setup.api.clone().set("TOKEN", LIVE);
        days.setup.api.clone().seal("EXTRA");
        days.setup.worker.clone().set("MORE", STRANGER);
        for line in [
            "-vv plan",
            "plan --json",
            "-vv apply --yes",
            "history --json",
        ] {
            days.runs(line);
        }
        days.runs("-vv apply --yes --overwrite TOKEN@api").success();
    }
}

#[test]
fn nothing_leaks_when_reading_fails() {
    let Some(mut days) = Days::new() else { return };
    let quoted = Days::quoted();
    let mut quoting = Fail::coded(&quoted, SAID);
    quoting.extensions.push(("traceId", quoted.clone()));
    for fault in [
        Fault::NullData(quoting.clone()),
        Fault::NullData(Fail::coded(&quoted, "BAD_USER_INPUT")),
        Fault::NullData(Fail::coded(&quoted, "GRAPHQL_VALIDATION_FAILED")),
        Fault::NullData(Fail::not_found(&quoted)),
        Fault::NullData(Fail::not_authorized()),
        Fault::two_factor(&quoted),
        Fault::problem(),
        Fault::Limited(RetryAfter::Seconds(3600)),
        Fault::EdgeLimited { html: true },
        Fault::Gateway(503),
        Fault::Html,
        Fault::Nothing,
        Fault::HalfBody,
        Fault::Reset,
    ] {
        days.setup.fake.fault(fault.clone().times(ALWAYS));
        days.looks();
        days.setup.fake.clear_faults();
        // a half body with values in it, and errors beside good data
        let values = Which::With("variables".to_owned());
        days.setup
            .fake
            .fault(fault.on(values).after_effect().times(ALWAYS));
        for line in ["-vv plan --json", "-vv apply --yes"] {
            days.runs(line);
        }
        days.setup.fake.clear_faults();
    }
    days.setup.untouched();
    for cursors in [Cursors::Repeating, Cursors::NullWithMore] {
        days.setup.fake.switches(|switches| {
            switches.cursors = cursors;
            switches.page_cap = 1;
        });
        days.looks();
    }
}

#[test]
fn nothing_leaks_when_somebody_else_answers() {
    let Some(mut days) = Days::new() else { return };
    let quoted = Days::quoted();
    let json = serde_json::json!({ "data": { "projectToken": quoted }, "errors": [
        { "message": quoted, "path": [quoted, 1], "extensions": { "code": quoted, "traceId": quoted } },
    ] })
    .to_string();
    let values = serde_json::json!({ "data": { "projectToken": { "id": LIVE, "projectId": 5 } } });
    for parrot in [
        Parrot::with("200 OK", "application/json", json.as_bytes()),
        Parrot::with("400 Bad", "application/json", json.as_bytes()),
        Parrot::with("401 No", "application/json", json.as_bytes()),
        Parrot::with("200 OK", "application/json", values.to_string().as_bytes()),
        Parrot::with(
            "200 OK",
            "application/json",
            &json.as_bytes()[..json.len() / 2],
        ),
        Parrot::with("200 OK", "text/html", quoted.as_bytes()),
        Parrot::with("200 OK", &quoted, b"x"),
        Parrot::with(&format!("500 {quoted}"), "text/plain", quoted.as_bytes()),
        Parrot::says(quoted.as_str()),
        Parrot::says(format!(
            "HTTP/1.1 302 Go\r\nlocation: http://x/{PROJECT_TOKEN}\r\n\r\n"
        )),
    ] {
        days.setup.env("DRIFTLOCK_RAILWAY_URL", &parrot.url());
        days.looks();
    }
    for url in [
        format!("https://me:{PROXY}@localhost:1/"),
        format!("http://me:{PROXY}@10.0.0.1/{PROJECT_TOKEN}"),
        format!("{PROXY}://["),
    ] {
        days.setup.env("DRIFTLOCK_RAILWAY_URL", &url);
        days.looks();
    }
    days.setup
        .env("DRIFTLOCK_RAILWAY_URL", "https://api.driftlock.invalid/");
    for proxy in [
        format!("http://me:{PROXY}@127.0.0.1:9"),
        format!("socks5://me:{PROXY}@127.0.0.1:9"),
        format!("http://{PROXY}:{PROXY}"),
    ] {
        days.setup.env("HTTPS_PROXY", &proxy);
        days.looks();
    }
}

#[test]
fn nothing_leaks_of_tokens_that_are_not_taken() {
    let Some(mut days) = Days::new() else { return };
    days.setup.fake.expire(PROJECT_TOKEN);
    days.looks();
    for token in [
        format!("{PROJECT_TOKEN} {ACCOUNT_TOKEN}"),
        format!(" {PROJECT_TOKEN}"),
        format!("{PROJECT_TOKEN}\n\n"),
        format!("{PROJECT_TOKEN}\u{7f}"),
        format!("Bearer {ACCOUNT_TOKEN}"),
    ] {
        days.setup.env("RAILWAY_TOKEN", &token);
        days.looks();
    }
    days.setup.untouched();
}

#[test]
fn nothing_leaks_when_writing_fails() {
    let quoted = Days::quoted();
    for fault in [
        Fault::NullData(Fail::coded(&quoted, "BAD_USER_INPUT")),
        Fault::NullData(Fail::new(&quoted)),
        Fault::Limited(RetryAfter::Seconds(3600)),
        Fault::Gateway(502),
        Fault::Html,
        Fault::HalfBody,
        Fault::Reset,
        Fault::deployments_limited(),
    ] {
        for line in ["-vv apply --yes", "apply --yes --json --no-activate"] {
            let Some(mut days) = Days::new() else { return };
            days.setup.env("DRIFTLOCK_RAILWAY_HASTE", "60");
            days.setup.fake.fault(
                fault
                    .clone()
                    .on(Which::Mutations)
                    .after_effect()
                    .times(ALWAYS),
            );
            days.runs(line);
            days.setup.fake.clear_faults();
            for line in ["-vv plan", "history --json", "status --json"] {
                days.runs(line);
            }
        }
    }
    let Some(mut days) = Days::new() else { return };
    for in_band in [false, true] {
        days.setup.fake.switches(|switches| {
            switches.refused_values.insert(NEW.to_owned());
            switches.refusals_in_band = in_band;
        });
        days.looks();
    }
}

/// Our own process has the token in its environment; those that it starts have it nowhere.
#[test]
fn no_process_gets_a_token() {
    let Some(days) = Days::new() else { return };
    if crate::support::peers::program("git").is_none() {
        return;
    }
    days.setup.world.git("init -q");
    days.setup.world.git("add manifests");
    days.setup.world.git("commit -qm x");
    for line in ["plan --since HEAD", "apply --yes"] {
        let command = days.setup.command(line);
        let Some(trace) = sink::traced(&days.setup.world, &command, "") else {
            return;
        };
        let started: Vec<&str> = trace
            .lines()
            .filter(|line| line.contains("execve(") && !line.contains("/driftlock\""))
            .collect();
        assert!(
            line == "apply --yes" || !started.is_empty(),
            "git is started"
        );
        for started in started {
            sink::search(
                line,
                "what git is started with",
                started.as_bytes(),
                &days.canaries,
            );
        }
    }
}
