//! From green health checks to the two causes, and from there to green probes, in two commands.

use super::stage::{FRESH, SECRET, STALE, Stage, TOKEN};

#[test]
fn one_look_names_every_cause_and_one_apply_repairs_all() {
    let Some(stage) = Stage::new() else { return };
    stage.run("doctor").success();
    stage.happens();
    // the health checks that everybody looked at are green, whoever asks
    assert_eq!(stage.gateway.get("/healthz").status, 200);
    assert_eq!(stage.gateway.get("/sessions").status, 200);
    let starts = stage.vps.starts();

    let status = stage.run("status");
    for words in [
        SECRET,
        TOKEN,
        "api",
        "vps",
        "mac-mini",
        "gateway",
        "drift",
        "not running",
    ] {
        drop(status.clone().says(words));
    }
    stage
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("changed outside")
        .says("stored but not running: INTERNAL_AUTH_SECRET")
        .says("Apply will restart");

    let before = stage.yard.world.files();
    let doctor = stage.run("doctor").exits(2);
    assert!(before == stage.yard.world.files(), "a look wrote");
    assert_eq!(stage.vps.starts(), starts, "a look restarted something");
    assert_eq!(stage.tokens(), [STALE, FRESH], "a look changed the gateway");
    assert!(doctor.stdout.lines().count() <= 32, "{}", doctor.all());
    let restart = format!("systemctl --user restart {}", stage.vps.app());
    doctor
        .says("✗ api reached ✓ read ✓ stored ✗")
        .says("wrong side: this target, railway aurora/production/api, changed there 20")
        .says("✗ vps reached ✓ read ✓ stored ✓ running ✗ (probe ✗)")
        .says("wrong side: the running process")
        .says("stored 20")
        .says(&restart)
        .says("✗ gateway reached ✓ read ✓ stored ✗")
        .says("OPENCLAW_GATEWAY_TOKEN: another value than the manifest and 1 other target")
        .says("the file changed last 20")
        .says("driftlock apply --target")
        .says("1 target is well: mac-mini");

    let done = stage.run("apply --yes").success();
    done.says("2 written")
        .says("done: restart")
        .says("took its config over, without a restart")
        .says("it works");
    assert_eq!(stage.vps.starts(), starts + 1, "restarted once");
    assert_eq!(stage.gateway.probe(STALE), 401);
    assert_eq!(
        stage.home.config()["agents"]["defaults"]["model"],
        "left as it is"
    );
    stage.is_well();
}

#[test]
fn doctor_of_one_variable_shows_who_has_what() {
    let Some(stage) = Stage::new() else { return };
    stage.happens();
    stage
        .run("doctor INTERNAL_AUTH_SECRET")
        .exits(2)
        .says("✗ api: another value than the manifest: changed outside")
        .says("changed there 20")
        .says("! vps: stored as wanted, but not what runs")
        .says("mac-mini")
        .says("driftlock apply --target api");
    stage
        .run("doctor OPENCLAW_GATEWAY_TOKEN")
        .exits(2)
        .says("✗ gateway: another value than the manifest")
        .says("api");
}

/// The order is the one of the manifest, after everything is stored.
#[test]
fn everything_is_stored_before_anything_is_restarted() {
    let Some(stage) = Stage::new() else { return };
    stage.happens();
    let out = stage.run("apply --yes").success().all();
    let (_, report) = out.split_once("Plan: ").unwrap();
    let at = |words: &str| {
        let found = report.find(words);
        found.unwrap_or_else(|| panic!("{words}\n{out}"))
    };
    let order = ["deploy started", "done: restart", "without a restart"].map(at);
    assert!(order.is_sorted(), "{out}");
    stage.is_well();
}

/// Renewing a token that never expires: a new value in the manifest, then one apply for all who use it.
#[test]
fn the_gateways_token_is_renewed_by_rotate() {
    let Some(stage) = Stage::new() else { return };
    let before = stage.yard.world.read("manifests/incident.yaml");
    stage
        .run("rotate OPENCLAW_GATEWAY_TOKEN")
        .success()
        .says("api")
        .says("gateway");
    let after = stage.yard.world.read("manifests/incident.yaml");
    let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 1, "one line of the manifest changed");
    assert_eq!(stage.tokens(), [FRESH; 2], "nothing is written by that");
    stage.run("apply --yes").success().says("it works");
    let [at_the_gateway, on_railway] = stage.tokens();
    assert_eq!(at_the_gateway, on_railway);
    assert_ne!(at_the_gateway, FRESH);
    assert_eq!(stage.gateway.probe(&at_the_gateway), 400);
    assert_eq!(stage.gateway.probe(FRESH), 401);
    stage.yard.later();
    stage.yard.in_sync();
}
