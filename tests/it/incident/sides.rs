//! Each side fails in its turn. A variable stays equal everywhere, or is reported as half written.

use super::stage::{FRESH, NEW, SECRET, STALE, Stage, TOKEN};
use crate::support::fake_railway::faults::{Fault, Which};

const NEXT: &str = "c4nary-the-next-one";

/// A change of the secret that three places share.
fn changed(stage: &Stage) {
    stage.set(SECRET, NEXT);
}

#[test]
fn railway_does_not_answer() {
    let Some(stage) = Stage::new() else { return };
    changed(&stage);
    stage
        .yard
        .fake
        .fault(Fault::Gateway(503).on(Which::Any).times(1000));
    let run = stage.run("apply --yes").exits(1);
    drop(run.says("unknown"));
    assert_eq!(
        stage.everywhere(),
        [NEW; 4],
        "what one place cannot get, none gets"
    );
    assert_eq!(stage.tokens(), [FRESH; 2]);
    stage.yard.fake.clear_faults();
    stage.run("apply --yes").success();
    assert_eq!(stage.everywhere(), [NEXT; 4]);
    stage.yard.later();
    stage.yard.in_sync();
}

#[test]
fn railway_refuses_the_write_after_all_was_read() {
    let Some(stage) = Stage::new() else { return };
    changed(&stage);
    stage
        .yard
        .fake
        .fault(Fault::problem().on(Which::Mutations).times(1000));
    let run = stage.run("apply --yes").exits(4);
    // the others have it: that leads the report, and nothing is restarted into it
    drop(run.says("half written").says(SECRET));
    assert_eq!(
        stage.vps.runs_with(SECRET).as_deref(),
        Some(NEW),
        "what runs stays as it was"
    );
    assert_eq!(
        stage.yard.service("api").value(SECRET).as_deref(),
        Some(NEW)
    );
    stage.yard.fake.clear_faults();
    stage.run("apply --yes").success();
    assert_eq!(stage.everywhere(), [NEXT; 4]);
    stage.yard.later();
    stage.yard.in_sync();
}

#[test]
fn the_vps_cannot_be_reached() {
    let Some(stage) = Stage::new() else { return };
    changed(&stage);
    stage.set(TOKEN, "c4nary-gateway-next");
    // its host key is another one than is known
    let known = std::fs::read_to_string(stage.vps.stage.sshd.path("known_hosts")).unwrap();
    stage
        .vps
        .stage
        .sshd
        .know("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Wv2cY8Zf2r5mZ9b3m0mV1d5i5pQ0xw0N2cXcK3b1A");
    stage
        .run("apply --yes")
        .exits(4)
        .says("waits on all of its targets: on vps it is unknown");
    assert_eq!(
        stage.everywhere(),
        [NEW; 4],
        "what one place cannot get, none gets"
    );
    // the gateway's token is not on the VPS: it goes to both that have it
    assert_eq!(stage.tokens(), ["c4nary-gateway-next"; 2]);
    assert_eq!(stage.gateway.probe("c4nary-gateway-next"), 400);
    std::fs::write(stage.vps.stage.sshd.path("known_hosts"), known).unwrap();
    stage.run("apply --yes").success();
    assert_eq!(stage.everywhere(), [NEXT; 4]);
    stage.yard.later();
    stage.yard.in_sync();
}

#[test]
fn the_gateway_has_locked_us_out() {
    let Some(stage) = Stage::new() else { return };
    let mut strict = stage.home.config();
    strict["gateway"]["auth"]["rateLimit"] = serde_json::json!({ "exemptLoopback": false });
    stage.gateway.reload(&stage.home, &strict);
    for _ in 0..10 {
        stage.gateway.probe("c4nary-wrong");
    }
    assert_eq!(stage.gateway.probe(FRESH), 429);
    let asked = stage.home.record().requests().len();
    stage.set(TOKEN, "c4nary-gateway-next");
    let run = stage.run("apply --yes");
    assert_eq!(run.code, 4, "{}", run.all());
    // written and equal everywhere; that it works could not be shown
    drop(run.says("not tried").says("locked"));
    assert_eq!(stage.tokens(), ["c4nary-gateway-next"; 2]);
    let new = &stage.home.record().requests()[asked..];
    assert_eq!(new.len(), 1, "one try: {new:?}");
    stage.run("doctor").exits(1).says("probe ?");
    stage.yard.later();
    stage.yard.in_sync();
}

#[test]
fn the_gateway_is_down() {
    let Some(stage) = Stage::new() else { return };
    let Stage {
        yard,
        vps,
        home,
        gateway,
    } = stage;
    gateway.stop();
    let set = |value: &str| {
        yard.world
            .run_with(&format!("set {TOKEN}"), value)
            .success()
    };
    drop(set("c4nary-gateway-next"));
    let (run, took) = {
        let begin = std::time::Instant::now();
        (yard.run("apply --yes"), begin.elapsed())
    };
    drop(run.exits(4).says("nobody answered"));
    assert!(
        took < std::time::Duration::from_secs(15),
        "nobody waits for what does not run"
    );
    let gateway = home.start(&crate::support::openclaw::Start::default());
    let stage = Stage {
        yard,
        vps,
        home,
        gateway,
    };
    assert_eq!(
        stage.gateway.probe("c4nary-gateway-next"),
        400,
        "it began with the new one"
    );
    assert_eq!(stage.gateway.probe(STALE), 401);
    stage.yard.later();
    stage.yard.in_sync();
    stage.run("doctor").success();
}
