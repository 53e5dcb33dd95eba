//! Sealed variables: what nobody can read is neither called equal nor lost.

use super::yard::{CANARY, Yard, service, target};

const SEALING: &str = "service: api, sealed: [KEY]";

fn yard(variables: &str, targets: &[&str]) -> Option<Yard> {
    let yard = Yard::with_secrets(variables, targets)?;
    // it has run for a while
    yard.service("api");
    Some(yard)
}

fn set(yard: &Yard, name: &str, value: &str) {
    let file = yard.world.write("value", format!("{CANARY}{value}"));
    let line = format!("set {name} --from-file {}", file.display());
    yard.run(&line).success();
}

#[test]
fn a_sealed_one_is_taken_over_blind_and_then_followed_by_its_time() {
    let old = format!("KEY={CANARY}ours\n");
    let Some(yard) = yard(&old, &[&service("api", "KEY")]) else {
        return;
    };
    let api = yard.service("api").set("KEY", "theirs").seal("KEY");
    yard.fake.settle();
    yard.run("plan")
        .success()
        .says("written blind")
        .hides("theirs");
    let held = yard.run("apply --yes").exits(3);
    assert_eq!(api.value("KEY").as_deref(), Some("theirs"));
    yard.paste(&held.release("take-over")).success();
    assert_eq!(api.value("KEY"), Some(format!("{CANARY}ours")));
    assert!(api.is_sealed("KEY"));
    yard.in_sync();
    // our own new value: blind, and said so
    yard.later();
    set(&yard, "KEY", "rotated");
    yard.run("plan")
        .success()
        .says("the live one is sealed: written blind");
    yard.run("apply --yes").success();
    assert_eq!(api.value("KEY"), Some(format!("{CANARY}rotated")));
    assert!(api.is_sealed("KEY"));
    yard.in_sync();
    // somebody else's
    yard.later();
    let api = api.set("KEY", "stolen");
    assert!(api.is_sealed("KEY"));
    yard.fake.settle();
    yard.run("plan --detailed-exitcode")
        .exits(2)
        .says("drift: sealed, changed by someone after us")
        .hides("stolen");
    let run = yard.run("apply --yes");
    assert!(matches!(run.code, 0 | 3), "{}", run.all());
    if run.code == 0 {
        assert_eq!(api.value("KEY"), Some(format!("{CANARY}rotated")));
        yard.in_sync();
    }
}

#[test]
fn it_is_sealed_on_request_and_stays_so_where_a_write_would_unseal_it() {
    let text = format!("KEY={CANARY}one\nPLAIN={CANARY}two\n");
    let Some(yard) = yard(&text, &[&target("api", SEALING, "KEY, PLAIN", "")]) else {
        return;
    };
    let api = yard.service("api");
    yard.fake
        .switches(|switches| switches.writing_keeps_the_seal = false);
    yard.run("apply --yes").success();
    assert!(api.is_sealed("KEY") && !api.is_sealed("PLAIN"));
    yard.in_sync();
    // the manifest forgets that it was to be sealed; Railway does not
    yard.later();
    yard.retarget(&[&service("api", "KEY, PLAIN")]);
    yard.in_sync();
    set(&yard, "KEY", "three");
    yard.run("apply --yes").success();
    assert_eq!(api.value("KEY"), Some(format!("{CANARY}three")));
    assert!(api.is_sealed("KEY"), "the seal is lost");
    yard.in_sync();
}

#[test]
fn a_fresh_seal_that_can_still_be_read_is_sealed() {
    let text = format!("KEY={CANARY}one\n");
    let Some(yard) = yard(&text, &[&target("api", SEALING, "KEY", "")]) else {
        return;
    };
    let api = yard.service("api");
    yard.fake
        .switches(|switches| switches.fresh_seals_are_readable = true);
    for (line, next) in [
        ("apply --yes --no-activate", "two"),
        ("apply --yes", "three"),
    ] {
        yard.run(line).success();
        assert!(api.is_sealed("KEY"));
        yard.in_sync();
        yard.later();
        set(&yard, "KEY", next);
    }
    assert_eq!(api.value("KEY"), Some(format!("{CANARY}two")));
}

#[test]
fn a_readable_one_that_is_to_be_sealed_is_a_change() {
    let text = format!("KEY={CANARY}one\n");
    let Some(yard) = yard(&text, &[&service("api", "KEY")]) else {
        return;
    };
    let api = yard.service("api");
    yard.run("apply --yes").success();
    assert!(!api.is_sealed("KEY"));
    yard.retarget(&[&target("api", SEALING, "KEY", "")]);
    yard.run("plan").success().says("to be sealed");
    yard.run("apply --yes").success();
    assert!(api.is_sealed("KEY"));
    yard.in_sync();
}
