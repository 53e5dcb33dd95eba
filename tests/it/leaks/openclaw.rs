//! The same for installations of OpenClaw: another value at every place that one has for a secret,
//! those that count and those that do not, a gateway that repeats what it is told, and commands of
//! OpenClaw's own that print what they know and fail.

use std::fs;

use serde_json::{Value, json};

use super::forms::Canary;
use super::runs::Leaky;
use super::sink;
use crate::probe::server::{Reply, Server};
use crate::support::openclaw::{Home, Kind, Start};
use crate::support::shop::MANIFEST;
use crate::support::sshd::script;

const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";
const OURS: &str = "canary-oc-ours-\"q\"-4b1e";
const OUR_HOOKS: &str = "canary-oc-our-hooks-90d2";
const CONFIG: &str = "canary-oc-config-17f3";
const HOOKS: &str = "canary-oc-hooks-c0a8";
const REMOTE: &str = "canary-oc-remote-6e2b";
const VARS: &str = "canary-oc-vars-d941";
const DOTENV: &str = "canary-oc-dotenv-3c7e";
const AROUND: &str = "canary-oc-environment-8ab5";
const FLAG: &str = "canary-oc-flag-f1d6";
const FILE: &str = "canary-oc-file-25c9";
const STORE: &str = "canary-oc-store-e73a";
const STALE: &str = "canary-oc-stale-5b80";

const USES: &str = "    variables: [{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }, { OPENCLAW_HOOKS_TOKEN: { from: HOOKS } }]\n";

/// What looks, in the forms in which most is said.
const LOOKS: [&str; 6] = [
    "-vv plan --json",
    "plan --markdown",
    "-vv status --json",
    "-vv doctor --probe --all",
    "doctor OPENCLAW_GATEWAY_TOKEN --json",
    "history --json",
];

const TAKE_OVER: &str = "-vv apply --yes --take-over gateway --take-over local";

/// A person with an installation that holds a canary at every place.
struct Claw {
    leaky: Leaky,
    home: Home,
}

impl Claw {
    fn new() -> Option<Self> {
        let home = Home::new(Kind::StandIn)?;
        let mut leaky = Leaky::new();
        for (name, text) in [
            ("our token", OURS),
            ("our hooks token", OUR_HOOKS),
            ("the config's token", CONFIG),
            ("hooks.token", HOOKS),
            ("gateway.remote.token", REMOTE),
            ("env.vars", VARS),
            ("the .env", DOTENV),
            ("the environment", AROUND),
            ("the flag", FLAG),
            ("the file of a SecretRef", FILE),
            ("the secret store", STORE),
            ("a token of before", STALE),
        ] {
            leaky.canaries.push(Canary::new(name, text));
        }
        let bin = home.path("bin");
        home.program().install(&bin, home.record());
        let path = std::env::var("PATH").unwrap_or_default();
        let temporary = leaky.world.root().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let world = &mut leaky.world;
        world.variable("PATH", &format!("{}:{path}", bin.display()));
        world.variable("TMPDIR", &temporary.display().to_string());
        leaky.runs("set TOKEN", OURS).success();
        leaky.runs("set HOOKS --target local", OUR_HOOKS).success();
        let claw = Self { leaky, home };
        claw.declare("", "    activate: \"true\"\n");
        Some(claw)
    }

    /// The target from now on: more of its address, and more lines.
    fn declare(&self, address: &str, more: &str) {
        let state = self.home.state("");
        let target = format!(
            "targets:\n  gateway:\n    openclaw: {{ machine: here, state: {}{address} }}\n{more}{USES}",
            state.display()
        );
        let text = self.leaky.world.manifest();
        let begin = text.find("targets:\n").unwrap();
        let end = match text.find(USES) {
            Some(at) => at + USES.len(),
            None => begin + "targets:\n".len(),
        };
        let text = format!("{}{target}{}", &text[..begin], &text[end..]);
        self.leaky.world.write(MANIFEST, text);
    }

    /// A config with this as the gateway's token, and the other places filled.
    fn config(&self, token: &Value) -> Value {
        json!({
            "gateway": {
                "mode": "local",
                "port": self.home.port(),
                "auth": { "mode": "token", "token": token },
                "remote": { "token": REMOTE },
                "controlUi": { "enabled": false },
            },
            "env": { "vars": { NAME: VARS } },
            "hooks": { "enabled": true, "token": HOOKS, "path": "/nudge" },
            "secrets": { "providers": {
                "one": { "source": "file", "path": "~/.openclaw/token.txt", "mode": "singleValue" },
                "many": { "source": "file", "path": "~/.openclaw/secrets.json", "mode": "json" },
            } },
            "plugins": { "enabled": false },
            "meta": { "lastTouchedVersion": "2026.9.6" },
        })
    }

    fn files(&self) {
        self.home
            .write_dotenv(&format!("# mine\n{NAME}={DOTENV}\nOTHER={STALE}\n"));
        let secrets = json!({ "gw": { "token": FILE }, "other": STALE });
        for (name, text) in [
            ("token.txt", format!("{FILE}\n")),
            ("secrets.json", format!("{secrets:#}\n")),
            ("openclaw.json.bak", format!("{{ token: '{STALE}' }}\n")),
        ] {
            crate::gateway::lab::write_private(&self.home.state(name), &text);
        }
    }

    /// Runs one line and searches everything, what is left in the state folder too.
    fn runs(&mut self, line: &str) -> i32 {
        let run = self.leaky.runs(line, "");
        assert_eq!(
            self.home.files(".driftlock"),
            [""; 0],
            "`{line}` leaves a file"
        );
        let calls = self.home.record().calls().join("\n");
        sink::search(
            line,
            "a command line of openclaw",
            calls.as_bytes(),
            &self.leaky.canaries,
        );
        run.code
    }

    fn looks(&mut self) {
        for line in LOOKS {
            self.runs(line);
        }
    }

    /// The arguments and environments of all processes of this run.
    fn argv(&self, line: &str) {
        let Some(trace) = sink::started(&self.leaky.world, line, "") else {
            return;
        };
        assert!(trace.contains("execve("), "{trace}");
        let place = "the arguments or the environment of a process";
        sink::search(line, place, trace.as_bytes(), &self.leaky.canaries);
    }

    /// Something else in the place of `openclaw`.
    fn openclaw_is(&self, text: &str) {
        script(
            &self.home.path("bin/openclaw"),
            &format!("#!/bin/sh\n{text}\n"),
        );
    }
}

/// How the config may say where its token is.
fn references() -> [Value; 5] {
    let reference = |source: &str, provider: &str, id: &str| json!({ "source": source, "provider": provider, "id": id });
    [
        json!("${OPENCLAW_GATEWAY_TOKEN}"),
        reference("env", "default", NAME),
        reference("file", "one", "value"),
        reference("file", "many", "/gw/token"),
        reference("store", "default", "GW_TOKEN"),
    ]
}

#[test]
fn nothing_of_an_installation_is_shown() {
    let Some(mut claw) = Claw::new() else {
        return;
    };
    claw.files();
    claw.home.write_config(&claw.config(&json!(CONFIG)));
    let start = Start::default().env(NAME, AROUND);
    let gateway = claw.home.start(&start);
    claw.looks();
    assert_eq!(claw.runs(TAKE_OVER), 0);
    assert_eq!(gateway.probe(OURS), 400, "the canary is really there");
    claw.looks();
    claw.leaky
        .rotates("rotate TOKEN HOOKS --apply --yes -vv", &["TOKEN", "HOOKS"]);
    claw.looks();
    claw.argv("rotate TOKEN --apply --yes");
    claw.argv("-vv doctor --probe");
    claw.runs("-vv plan");
    // somebody restores an old one
    gateway.reload(&claw.home, &claw.config(&json!(STALE)));
    claw.looks();
    claw.argv("apply --yes");
}

#[test]
fn nothing_is_shown_wherever_the_token_is() {
    let Some(mut claw) = Claw::new() else {
        return;
    };
    claw.home
        .cli_with(&["secrets", "store", "set", "GW_TOKEN"], &[], STORE)
        .success();
    for reference in references() {
        claw.files();
        let mut config = claw.config(&reference);
        // nothing of the config itself is to be written: an apply would wait until it is taken over
        config["hooks"]["token"] = json!(OUR_HOOKS);
        claw.home.write_config(&config);
        // who is there is asked once: an apply waits for a gateway that was just restarted
        let _gateway = claw.home.start(&Start::default());
        claw.looks();
        claw.runs(TAKE_OVER);
        claw.runs("plan");
        claw.files();
        claw.argv(
            "-vv apply --yes --allow authority@gateway --overwrite OPENCLAW_GATEWAY_TOKEN@gateway",
        );
    }
    // a secret on the command line of the service; OpenClaw has none for a folder of one's own choice
    claw.declare(
        "",
        "    activate: \"true\"\n    running: { systemd: gateway.service, user: true }\n",
    );
    let unit = format!(
        "case \"$*\" in *ExecStart*)\n  printf '%s\\n' LoadState=loaded MainPID=0 'ExecStart={{ path=/x ; argv[]=node openclaw.mjs gateway run --token {FLAG} ; ignore_errors=no }}'; exit 0 ;;\nesac\necho {FLAG}; echo {FLAG} >&2; exit 1"
    );
    script(
        &claw.home.path("bin/systemctl"),
        &format!("#!/bin/sh\n{unit}\n"),
    );
    let mut config = claw.config(&json!(CONFIG));
    config["hooks"]["token"] = json!(OUR_HOOKS);
    claw.home.write_config(&config);
    claw.looks();
    let run = claw.leaky.world.run("plan --target gateway");
    run.says("the command line of the gateway (--token)");
    claw.runs(TAKE_OVER);
}

/// Texts that end or begin at a secret, so that a parser's complaint might quote it.
fn broken() -> Vec<String> {
    let auth = |token: &str| format!("{{ gateway: {{ auth: {{ token: {token} }} }} }}");
    vec![
        auth(&format!("'{CONFIG}")),
        auth(&format!("\"{CONFIG}\n\"")),
        auth(CONFIG),
        auth(&format!("'\\u{CONFIG}'")),
        auth(&format!("'x', {CONFIG}: 1")),
        auth(&format!("'x', token: '{CONFIG}'")),
        auth(&format!("['{CONFIG}']")),
        auth(&format!("'{CONFIG}-${{HOME}}'")),
        auth(&format!(
            "{{ source: 'env', provider: '{CONFIG}', id: '{CONFIG}' }}"
        )),
        auth(&format!(
            "{{ source: 'store', provider: '{CONFIG}', id: '{CONFIG}' }}"
        )),
        auth(&format!(
            "{{ source: 'file', provider: '{CONFIG}', id: '{CONFIG}' }}"
        )),
        auth(&format!(
            "{{ source: 'exec', provider: '{CONFIG}', id: '{CONFIG}' }}"
        )),
        auth(&format!("{{ source: '{CONFIG}', id: '{CONFIG}' }}")),
        format!(
            "{{ gateway: {{ mode: '{CONFIG}', port: '{CONFIG}', auth: {{ mode: '{CONFIG}', token: '{CONFIG}' }}, reload: '{CONFIG}' }}, hooks: {{ enabled: '{CONFIG}', path: '/{CONFIG}', token: 4711 }}, meta: {{ lastTouchedVersion: '9999.1.1-{CONFIG}' }} }}"
        ),
        format!("{CONFIG}: {{}}"),
        format!("'{CONFIG}'"),
        format!("{{}} {CONFIG}"),
    ]
}

#[test]
fn nothing_is_shown_of_files_that_are_broken_at_a_secret() {
    let Some(mut claw) = Claw::new() else {
        return;
    };
    for text in broken() {
        claw.home.write_config_text(&text);
        for line in [
            "-vv plan --json",
            "plan",
            "-vv doctor --all",
            "-vv apply --yes",
        ] {
            claw.runs(line);
        }
        assert_eq!(claw.home.config_text(), text);
    }
    claw.home
        .write_config_text("{ gateway: { mode: 'local' } }");
    for text in [
        format!("{NAME}='{DOTENV}\n"),
        format!("{NAME}=\"{DOTENV}\n{DOTENV}"),
        format!("{NAME}={DOTENV}\n{NAME}={STALE}\n"),
        format!("{DOTENV}\n={DOTENV}\n{NAME}=\u{0}{DOTENV}\n"),
    ] {
        claw.home.write_dotenv(&text);
        claw.runs("-vv plan");
        claw.runs("-vv apply --yes");
    }
    claw.home.write_dotenv("");
    claw.home.write_config(&claw.config(&references()[3]));
    for text in [
        format!("{{ \"gw\": {{ \"token\": \"{FILE} }} }}"),
        format!("{{ \"gw\": {{ \"token\": {FILE} }} }}"),
        format!("{{ \"gw\": \"{FILE}\" }}"),
        FILE.to_owned(),
    ] {
        crate::gateway::lab::write_private(&claw.home.state("secrets.json"), &text);
        claw.runs("-vv plan");
        claw.runs("-vv apply --yes");
    }
}

#[test]
fn a_gateway_that_repeats_what_it_is_told_tells_nobody_else() {
    let Some(mut claw) = Claw::new() else {
        return;
    };
    claw.files();
    claw.home.write_config(&claw.config(&json!(OURS)));
    for status in [200, 301, 400, 401, 403, 404, 429, 500, 503] {
        for kind in ["application/json", "text/html"] {
            let server = Server::start(move |request| {
                let said = request
                    .header("authorization")
                    .unwrap_or("nothing")
                    .to_owned();
                let quoted = said.replace('"', "\\\"");
                let body = format!(
                    "{{\"ok\":false,\"error\":{{\"type\":\"{quoted}\",\"message\":\"{quoted}\"}}}}"
                );
                let head = format!(
                    "content-type: {kind}; x={said}\r\nlocation: http://127.0.0.1:9/{said}\r\nx-said: {said}\r\nretry-after: {said}\r\n"
                );
                Reply::Answer(status, head, body.into_bytes())
            });
            claw.declare(
                &format!(", url: 'http://127.0.0.1:{}'", server.port),
                "    activate: \"true\"\n",
            );
            claw.runs("-vv doctor --probe --all --target gateway");
            claw.runs("doctor --probe --json --target gateway");
            let asked = server.seen();
            let sent = |one: &crate::probe::server::Seen| one.head.contains(OURS);
            assert!(asked.iter().any(sent), "the token was sent there");
        }
    }
}

#[test]
fn commands_of_openclaw_that_print_what_they_know_are_not_quoted() {
    let Some(mut claw) = Claw::new() else {
        return;
    };
    let says = format!(
        "echo {STORE}; echo {STORE} >&2; cat; cat >&2; env; env >&2; cat {}",
        claw.home.state(".env").display()
    );
    let list = format!("[{{ \"name\": \"{STORE}\", \"updatedAtMs\": \"{STORE}\" }}]");
    claw.files();
    for text in [
        format!("{says}; exit 1"),
        format!("{says}; exit 0"),
        format!("{says}; exit 127"),
        format!("{says}; kill -9 $$"),
        format!("echo '{list}'; exit 0"),
        format!(
            "echo '[{{\"name\":\"GW_TOKEN\",\"updatedAtMs\":1}}]'; case $3 in set) {says}; exit 2;; esac"
        ),
    ] {
        claw.openclaw_is(&text);
        // what asks the store, and what has to mend the config
        claw.home.write_config(&claw.config(&references()[4]));
        claw.runs("-vv plan");
        claw.runs(TAKE_OVER);
        let mut config = claw.config(&json!(CONFIG));
        let kept = format!("{config:#}");
        config.as_object_mut().unwrap().remove("meta");
        crate::gateway::lab::write_private(&claw.home.state("openclaw.json.bak"), &kept);
        claw.home.write_config(&config);
        claw.declare("", "");
        claw.runs(TAKE_OVER);
        claw.argv("-vv apply --yes --allow authority@gateway");
        claw.declare("", "    activate: \"true\"\n");
    }
}
