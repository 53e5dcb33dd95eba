//! The command line: facts 1 and 7, sections 3.3, 3.4 and 7.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{config, facts, token};
use crate::support::openclaw::{Home, Kind, Start};

facts!(
    nothing_shows_a_token,
    files_are_where_the_environment_says,
    a_patch_changes_one_value_and_adds_meta,
    patches_that_are_refused_change_nothing,
    doctor_makes_a_token_once,
    stored_secrets_go_in_and_not_out,
    a_stored_token_is_reloaded_with_the_old_one,
    a_restart_by_command_keeps_the_environment,
);

const SECRET: &str = "s3cret-token";

fn nothing_shows_a_token(home: &Home) {
    home.write_config(&token(SECRET));
    let refresh = home.cli(&["gateway", "token-refresh"]).exits(1);
    refresh.says("OpenClaw gateway has no command \"token-refresh\".");
    let shown = home.cli(&["config", "get", "gateway.auth.token"]).success();
    assert_eq!(shown.hides(SECRET).stdout, "__OPENCLAW_REDACTED__\n");
    let part = home.cli(&["config", "get", "gateway.auth"]).success();
    let part: Value = serde_json::from_str(&part.hides(SECRET).stdout).unwrap();
    assert_eq!(part["token"], "__OPENCLAW_REDACTED__");
    let refused = home.cli(&["gateway", "auth-token", "--show"]).exits(1);
    refused
        .hides(SECRET)
        .says("outside an interactive terminal");
    let version = home.cli(&["--version"]).success();
    version.says("OpenClaw 2026.9.6");
}

fn files_are_where_the_environment_says(home: &Home) {
    let at = |name: &str| home.path(name).display().to_string();
    let elsewhere = at("elsewhere");
    let own = ["config", "file"];
    let profile = ["--profile", "work", "config", "file"];
    for (words, environment, wanted) in [
        (&own[..], None, ".openclaw/openclaw.json"),
        (&profile[..], None, ".openclaw-work/openclaw.json"),
        // the variable of that name does not move them
        (
            &own,
            Some(("OPENCLAW_PROFILE", "work")),
            ".openclaw/openclaw.json",
        ),
        (
            &own,
            Some(("OPENCLAW_STATE_DIR", &*elsewhere)),
            "elsewhere/openclaw.json",
        ),
        (
            &own,
            Some(("OPENCLAW_STATE_DIR", "~/elsewhere")),
            "elsewhere/openclaw.json",
        ),
        (
            &own,
            Some(("OPENCLAW_HOME", &*elsewhere)),
            "elsewhere/.openclaw/openclaw.json",
        ),
        (
            &own,
            Some(("OPENCLAW_CONFIG_PATH", &*elsewhere)),
            "elsewhere",
        ),
    ] {
        let ran = home.cli_with(words, environment.as_slice(), "").success();
        assert_eq!(ran.stdout.trim(), at(wanted), "{words:?} {environment:?}");
    }
}

fn patch(home: &Home, text: &str) -> crate::support::world::Run {
    home.cli_with(&["config", "patch", "--stdin"], &[], text)
}

fn token_patch(token: &str) -> String {
    format!("{{gateway:{{auth:{{token:\"{token}\"}}}}}}")
}

fn a_patch_changes_one_value_and_adds_meta(home: &Home) {
    let before = token(SECRET);
    home.write_config_text(&format!("// ours\n{before:#}\n"));
    let original = home.config_text();
    let done = patch(home, &token_patch("second")).success();
    done.says("Applied 1 config update(s). Restart the gateway to apply.")
        .says("Config write will strip JSON5 comments")
        .hides(SECRET);
    let mut after = home.config();
    assert_eq!(after["meta"]["lastTouchedVersion"], "2026.9.6");
    after.as_object_mut().unwrap().remove("meta");
    assert_eq!(
        after,
        super::merged(
            &before,
            &json!({ "gateway": { "auth": { "token": "second" } } })
        )
    );
    let mode = fs::metadata(home.config_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let backup = |name: &str| fs::read_to_string(home.state(name)).unwrap();
    assert_eq!(backup("openclaw.json.bak"), original);
    let same = patch(home, &token_patch("second")).success();
    same.says("No gateway restart needed.");
    patch(home, &token_patch("third")).success();
    // each write keeps one more old token
    assert_eq!(backup("openclaw.json.bak.2"), original);
    assert!(backup("openclaw.json.bak").contains("second"));
    let gone = patch(home, "{gateway:{controlUi:null}}").success();
    gone.hides(SECRET);
    assert_eq!(home.config()["gateway"].get("controlUi"), None);
    // the placeholder leaves the value alone
    patch(home, &token_patch("__OPENCLAW_REDACTED__")).success();
    assert_eq!(home.config()["gateway"]["auth"]["token"], "third");
    let set = home
        .cli(&["config", "set", "gateway.auth.token", "fourth"])
        .success();
    set.says("Updated gateway.auth.token.");
    assert_eq!(home.config()["gateway"]["auth"]["token"], "fourth");
}

fn patches_that_are_refused_change_nothing(home: &Home) {
    home.write_config(&token(SECRET));
    let before = home.config_text();
    let half = patch(home, "{gateway:{auth:{token:").exits(1);
    half.says("Failed to parse --stdin as JSON5");
    patch(home, "").exits(1);
    let unknown = patch(home, "{gateway:{auth:{nope:1}}}").exits(1);
    unknown.says("Config validation failed: gateway.auth: Unrecognized key: \"nope\"");
    let frozen = [("OPENCLAW_CONFIG_READONLY", "1")];
    let words = ["config", "patch", "--stdin"];
    let refused = home
        .cli_with(&words, &frozen, &token_patch("second"))
        .exits(1);
    refused.says("externally managed");
    let words = ["doctor", "--generate-gateway-token", "--non-interactive"];
    home.cli_with(&words, &frozen, "").exits(1);
    assert_eq!(home.config_text(), before);
    // a config of a newer one is written all the same, with a warning, and called older then
    let newer = super::merged(
        &token(SECRET),
        &json!({ "meta": { "lastTouchedVersion": "2027.1.1" } }),
    );
    home.write_config(&newer);
    let done = patch(home, &token_patch("second")).success();
    done.says("was written by version 2027.1.1");
    assert_eq!(home.config()["meta"]["lastTouchedVersion"], "2026.9.6");
}

/// A creator, not a rotator. It looks for the gateway for a minute where none runs.
fn doctor_makes_a_token_once(home: &Home) {
    home.write_config(&config(&json!({})));
    let gateway = home.start(&Start::default());
    let words = ["doctor", "--generate-gateway-token", "--non-interactive"];
    home.cli(&words).success().says("Gateway token configured.");
    let made = home.config()["gateway"]["auth"]["token"].clone();
    let text = made.as_str().unwrap();
    assert_eq!(text.len(), 48);
    assert!(text.chars().all(|letter| letter.is_ascii_hexdigit()));
    assert_eq!(home.config()["gateway"]["auth"]["mode"], "token");
    let mode = fs::metadata(home.config_file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(home.state("openclaw.json.bak").exists());
    let fix = [&words[..], &["--fix"]].concat();
    home.cli(&fix)
        .exits(1)
        .says("another OpenClaw process owns");
    gateway.stop();
    if home.kind() == Kind::StandIn {
        home.cli(&fix).success();
    }
    assert_eq!(home.config()["gateway"]["auth"]["token"], made);
}

fn stored_secrets_go_in_and_not_out(home: &Home) {
    let store = |words: &[&str], input: &str| {
        home.cli_with(&[&["secrets", "store"], words].concat(), &[], input)
    };
    store(&["set", "GW_TOKEN"], SECRET)
        .success()
        .says("Stored GW_TOKEN (secret).");
    store(&["set", "LOG_LEVEL"], "debug")
        .success()
        .says("Stored LOG_LEVEL (env).");
    store(&["set", "GW_TOKEN", "--value", "x"], "")
        .exits(2)
        .says("--value is refused");
    store(&["set", "lower"], "x")
        .exits(2)
        .says("Name must match");
    store(&["set", "EMPTY_TOKEN"], "")
        .exits(2)
        .says("value is empty");
    store(&["get", "GW_TOKEN"], "")
        .exits(2)
        .hides(SECRET)
        .says("write-only by design");
    store(&["get", "NOT_THERE"], "")
        .exits(3)
        .says("was not found");
    assert_eq!(
        store(&["get", "LOG_LEVEL"], "").success().stdout,
        "LOG_LEVEL=debug\n"
    );
    let list = || -> Value {
        let list = store(&["list", "--json"], "").success().hides(SECRET);
        serde_json::from_str(&list.stdout).unwrap()
    };
    let before = list();
    assert_eq!(before[0]["name"], "GW_TOKEN");
    assert_eq!(before[0]["kind"], "secret");
    assert_eq!(before[1]["valuePreview"], "debug");
    store(&["set", "GW_TOKEN"], "another").success();
    let after = list();
    let at = |list: &Value, key: &str| list[0][key].as_i64().unwrap();
    assert!(at(&after, "updatedAtMs") > at(&before, "updatedAtMs"));
    assert_eq!(at(&after, "createdAtMs"), at(&before, "createdAtMs"));
    store(&["rm", "GW_TOKEN"], "").exits(2);
    store(&["rm", "GW_TOKEN", "--yes"], "").success();
    store(&["rm", "GW_TOKEN", "--yes"], "").success();
    store(&["get", "GW_TOKEN"], "").exits(3);
}

/// The command line looks its token up where the gateway does, and has the new one already.
fn a_stored_token_is_reloaded_with_the_old_one(home: &Home) {
    let set = |value: &str| {
        let done = home.cli_with(&["secrets", "store", "set", "GW_TOKEN"], &[], value);
        done.success()
    };
    set("stored-one");
    let reference = json!({ "source": "store", "provider": "default", "id": "GW_TOKEN" });
    home.write_config(&config(&json!({ "token": reference })));
    let gateway = home.start(&Start::default());
    assert_eq!(gateway.probe("stored-one"), 400);
    set("stored-two").says("A gateway is running.");
    let reload = ["secrets", "reload", "--json"];
    assert_eq!(
        gateway.probe("stored-two"),
        401,
        "nothing reads it by itself"
    );
    let refused = home.cli(&reload).exits(1);
    refused.says("gateway token mismatch").hides("stored-two");
    let old = [("OPENCLAW_GATEWAY_TOKEN", "stored-one")];
    home.cli_with(&reload, &old, "").exits(1);
    assert_eq!(gateway.probe("stored-one"), 400);
    let done = home
        .cli(&[&reload[..], &["--token", "stored-one"]].concat())
        .success();
    let done: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done, json!({ "ok": true, "warningCount": 0 }));
    assert_eq!(
        (gateway.probe("stored-two"), gateway.probe("stored-one")),
        (400, 401)
    );
    assert_eq!(home.config()["gateway"]["auth"]["token"], reference);
}

fn a_restart_by_command_keeps_the_environment(home: &Home) {
    const NAME: &str = "OPENCLAW_GATEWAY_TOKEN";
    home.write_dotenv(&format!("{NAME}=dotenv-one\n"));
    home.write_config(&config(&json!({})));
    let gateway = home.start(&Start::default());
    home.write_dotenv(&format!("{NAME}=dotenv-two\n"));
    // it asks the gateway with the token that it finds, which is the new one
    home.cli(&["gateway", "restart"])
        .exits(1)
        .says("gateway token mismatch");
    let mark = gateway.log().mark();
    let old = [(NAME, "dotenv-one")];
    let done = home.cli_with(&["gateway", "restart"], &old, "").success();
    done.says(&format!(
        "sent to foreground process on port {}: {}.",
        gateway.port(),
        gateway.id()
    ));
    gateway.wait(mark, &["[gateway] ready"]);
    assert_eq!(
        (gateway.probe("dotenv-one"), gateway.probe("dotenv-two")),
        (400, 401)
    );
    assert_eq!(gateway.stop().code(), Some(0));
    home.cli(&["gateway", "restart"])
        .exits(1)
        .says("service management skipped");
}
