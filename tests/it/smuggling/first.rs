//! A manifest that is not on record, on a machine that knows others: nobody agreed to it.

use super::thief::{Victim, target};
use crate::support::lab::manifest;
use crate::support::world::World;

/// What the attacker would write: the known text with other targets.
fn copied(victim: &Victim, targets: &str) -> String {
    let text = victim.manifest();
    let begin = text.find("\ntargets:\n").unwrap();
    let end = text.find("\nkey: ").unwrap();
    format!("{}\ntargets:\n{targets}{}", &text[..begin], &text[end..])
}

#[test]
fn the_known_manifest_in_a_second_file() {
    for file in ["manifests/again.yaml", "manifests/dev.yml"] {
        let victim = Victim::new();
        let more = format!("    activate: {}\n", victim.command());
        let loot = target("loot", "loot.env", "AUTH, DB", &more);
        victim.world.write(file, copied(&victim, &loot));
        victim.holds("authority");
        // and with the name of a target that is known elsewhere
        let loot = target("app", "loot.env", "AUTH, DB", &more);
        victim.world.write(file, copied(&victim, &loot));
        victim.holds("authority");
    }
}

#[test]
fn the_known_manifest_under_another_file_name() {
    let victim = Victim::new();
    let loot = copied(&victim, &Victim::app("loot.env", "AUTH, PLAIN", ""));
    victim.world.write("manifests/renamed.yaml", loot);
    std::fs::remove_file(victim.world.path("manifests/dev.yaml")).unwrap();
    victim.holds("authority");
}

#[test]
fn the_known_manifest_in_another_folder() {
    let victim = Victim::new();
    let loot = copied(&victim, &Victim::app("loot.env", "AUTH, PLAIN", ""));
    victim.world.write("deploy/dev.yaml", loot);
    for _ in 0..2 {
        victim
            .run("apply --yes deploy")
            .exits(3)
            .says("held by authority:");
        victim.nothing_came_out();
    }
}

#[test]
fn a_manifest_of_its_own_with_ciphertexts_of_another() {
    let victim = Victim::new();
    let loot = copied(&victim, &target("loot", "loot.env", "AUTH, DB", ""));
    let loot = loot.replace("\nname: dev\n", "\nname: other\n");
    victim.world.write("manifests/other.yaml", loot);
    for _ in 0..2 {
        // they are bound to the manifest's name
        victim.apply().exits(1);
        victim.nothing_came_out();
    }
    victim.run("apply --yes --allow authority").exits(1);
    victim.nothing_came_out();
}

#[test]
fn a_manifest_of_its_own_that_runs_something() {
    let victim = Victim::new();
    let (command, address) = (victim.command(), victim.address());
    for more in [
        format!("activate: \"{command}\""),
        format!("probe: {{ command: \"{command}\" }}"),
        format!("probe: {{ http: \"{address}\", header: {{ X: \"${{X}}\" }}, timeout: 1s }}"),
    ] {
        let one = format!("x: {{ file: {{ path: ../x.env }}, variables: [X], {more} }}");
        let text = manifest("other", &[("X", "1")], &[&one]);
        victim.world.write("manifests/other.yaml", text);
        victim.holds("authority");
        assert!(!victim.world.path("x.env").exists());
    }
}

#[test]
fn a_place_that_another_manifest_has() {
    let victim = Victim::new();
    let one = "x: { file: { path: ../app.env }, variables: [X] }";
    let text = manifest("other", &[("X", "1")], &[one]);
    victim.world.write("manifests/other.yaml", text);
    let before = victim.world.read("app.env");
    victim
        .run("apply --yes --allow authority")
        .exits(1)
        .says("are the same place");
    victim.nothing_came_out();
    assert_eq!(victim.world.read("app.env"), before);
    // alone it is not held to be the same, and not let in either
    victim.run("apply --yes manifests/other.yaml").exits(3);
    assert_eq!(victim.world.read("app.env"), before);
}

#[test]
fn the_first_manifest_of_a_machine_is_believed_and_the_next_is_asked_for() {
    let world = World::new();
    world.declare(&[("A", "1")]);
    world.run("apply --yes").success().omits("is new here");
    let one = "x: { file: { path: ../x.env }, variables: [X] }";
    world.write("manifests/x.yaml", manifest("x", &[("X", "1")], &[one]));
    world
        .run("plan")
        .says("manifests/x.yaml is new here")
        .says("target added, x");
    let held = world.run("apply --yes").exits(3);
    world.paste(&held.release("authority")).success();
    assert_eq!(world.read("x.env"), "X=1\n");
    world.in_sync();
    world.run("plan").omits("is new here");
}

/// What was found equal is recorded, and agrees to nothing.
#[test]
fn a_place_in_sync_is_not_an_agreement() {
    let victim = Victim::new();
    let one = "x: { file: { path: ../x.env }, variables: [X], activate: \"COMMAND\" }";
    let one = one.replace("COMMAND", &victim.command());
    let of = |value: &str| manifest("other", &[("X", value)], &[&one]);
    victim.world.write("x.env", "X=1\n");
    victim.world.write("manifests/other.yaml", of("1"));
    victim.apply();
    victim.nothing_came_out();
    victim.world.write("manifests/other.yaml", of("2"));
    victim.holds("authority");
    assert_eq!(victim.world.read("x.env"), "X=1\n");
}

#[test]
fn a_person_is_asked_as_ever() {
    let world = World::new();
    world.declare(&[("A", "1")]);
    world.run("apply --yes").success();
    let one = "x: { file: { path: ../x.env }, variables: [X] }";
    world.write("manifests/x.yaml", manifest("x", &[("X", "1")], &[one]));
    let Some(run) = world.at_terminal(120, "apply", "y") else {
        return;
    };
    run.success().says("target added, x");
    assert_eq!(world.read("x.env"), "X=1\n");
    world.in_sync();
}
