//! Probes through the binary: sent once, and only where an apply agreed to them.

use super::commands;
use crate::cli::fits_schema;
use crate::support::lab::app;
use crate::support::world::World;

/// A probe that notes each time it is sent, and succeeds while the file `up` is there.
fn declare(world: &World, more: &str) {
    let sent = world.path("sent.txt");
    let up = world.path("up");
    let line = format!(
        "echo sent >> {}; test \"$A\" = 1 && test -e {}{more}",
        sent.display(),
        up.display()
    );
    let probe = format!(", probe: {{ command: {line:?} }}");
    world.declare_on(&[("A", "1")], &[&app(&[("A", "1")], &probe)]);
}

fn sent(world: &World) -> usize {
    let text = std::fs::read_to_string(world.path("sent.txt")).unwrap_or_default();
    text.lines().count()
}

#[test]
fn a_probe_is_sent_once_by_each_run_and_its_verdict_is_a_stage() {
    let world = World::new();
    world.write("up", "");
    declare(&world, "");
    world.run("apply --yes").success();
    let before = sent(&world);
    let run = world.run("doctor").success();
    assert_eq!(sent(&world), before + 1);
    assert!(
        !run.stdout.contains("nothing says what runs"),
        "{}",
        run.all()
    );
    run.says("1 target is well: app");
    std::fs::remove_file(world.path("up")).unwrap();
    let run = world.run("doctor").exits(2);
    assert_eq!(sent(&world), before + 2);
    run.says("✗ app reached ✓ read ✓ stored ✓ running · probe ✗")
        .says("wrong side: the value, or the service that takes it");
    let json = fits_schema(&world.run("doctor --json").exits(2), "doctor");
    let target = &json["manifests"][0]["targets"][0];
    assert_eq!(target["stages"]["probe"]["is"], "wrong");
    assert_eq!(target["cause"], "probe");
    // where it is not stored as wanted, that is the cause, and the probe follows
    world.write("app.env", "A=2\n");
    let run = world.run("doctor A").exits(2);
    let run = run
        .says("stored ✗")
        .says("(probe ✗)")
        .says("wrong side: this target");
    assert_eq!(commands(&run), ["driftlock apply --target app"]);
    let before = sent(&world);
    world
        .run("doctor --no-probe")
        .exits(2)
        .says("probes of 1 target not asked");
    assert_eq!(sent(&world), before);
}

#[test]
fn what_no_apply_agreed_to_is_not_sent_unless_the_person_says_so() {
    let world = World::new();
    world.write("up", "");
    declare(&world, "");
    let not_agreed = "was not tried: ";
    // that nothing is stored yet is the cause; the probe follows
    world.run("doctor").exits(2).says("(probe ?)");
    assert_eq!(sent(&world), 0);
    world.run("doctor --probe").exits(2);
    assert_eq!(sent(&world), 1);
    world.run("apply --yes").success();
    world.run("doctor").success();
    // a pull request that changes the probe
    declare(&world, " && true");
    let before = sent(&world);
    world.run("doctor").exits(1).says(not_agreed);
    assert_eq!(sent(&world), before);
    world.run("doctor --probe").success();
    assert_eq!(sent(&world), before + 1);
    world.run("doctor --probe --no-probe").exits(64);
}
