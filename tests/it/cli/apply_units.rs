//! A variable on several targets goes together or waits.

use crate::support::world::World;

const THREE: [&str; 3] = [
    "one: { file: { path: ../one.env }, variables: [ONLY, SHARED] }",
    "two: { file: { path: ../two.env }, variables: [{ RENAMED: { from: SHARED } }] }",
    "three: { file: { path: ../three.env }, variables: [SHARED] }",
];

fn applied(targets: &[&str]) -> World {
    let world = World::new();
    world.declare_on(&[("SHARED", "old"), ("ONLY", "old")], targets);
    world.run("apply --yes").success();
    world.declare_on(&[("SHARED", "new"), ("ONLY", "new")], targets);
    world
}

#[test]
fn one_unreadable_target_holds_the_variable_everywhere() {
    for targets in [&THREE[..2], &THREE] {
        let world = applied(targets);
        std::fs::remove_file(world.path("two.env")).unwrap();
        std::fs::create_dir(world.path("two.env")).unwrap();
        let waits = world
            .run("apply --yes")
            .exits(4)
            .says("is a directory")
            .says("SHARED waits on all of its targets");
        assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=old\n");
        let release = waits.release("unit");
        assert_eq!(release, "driftlock apply --yes --partial SHARED");
        // done where it can be; the target that is unknown still counts
        world.paste(&release).exits(1);
        assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=new\n");
        world.run("plan").exits(1).says("? unknown");
        std::fs::remove_dir(world.path("two.env")).unwrap();
        world.run("apply --yes").exits(3).says("vanished");
        let allowed = "--allow vanished@two --overwrite RENAMED@two";
        world.run(&format!("apply --yes {allowed}")).success();
        assert_eq!(world.read("two.env"), "RENAMED=new\n");
        world.in_sync();
    }
}

#[test]
fn a_conflict_on_one_side_holds_the_others() {
    let world = applied(&THREE);
    world.write("two.env", "RENAMED=outside\n");
    let waits = world.run("apply --yes").exits(4);
    assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=old\n");
    assert_eq!(world.read("three.env"), "SHARED=old\n");
    assert_eq!(world.read("two.env"), "RENAMED=outside\n");
    world.paste(&waits.release("conflict")).success();
    assert_eq!(world.read("two.env"), "RENAMED=new\n");
    assert_eq!(world.read("three.env"), "SHARED=new\n");
    world.in_sync();
}

#[test]
fn a_value_that_does_not_decrypt_holds_its_other_names() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=info\n");
    world.run("apply --yes").success();
    let text = world.read("manifests/dev.yaml").replace(
        "targets:\n",
        "targets:\n  second:\n    file: { path: ../second.env }\n    variables: [{ RENAMED: { from: TOKEN } }]\n",
    );
    world.write("manifests/dev.yaml", &text);
    world.run("apply --yes --allow authority@second").success();
    assert_eq!(world.read("second.env"), "RENAMED=c4naryOne\n");
    world.run_with("set LOG", "debug").success();
    // a changed byte in the middle of the payload
    let text = world.read("manifests/dev.yaml");
    let at = text.find("TOKEN:\n    age: ").unwrap() + 60;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    let broken = format!("{}{other}{}", &text[..at], &text[at + 1..]);
    world.write("manifests/dev.yaml", broken);
    world.write("second.env", "RENAMED=c4naryOne\n");
    let run = world.run("plan").exits(1).hides("c4nary");
    assert!(run.stdout.contains("could not be decrypted"), "{run:?}");
    world.run("apply --yes").exits(1).hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=info\n");
    assert_eq!(world.read("second.env"), "RENAMED=c4naryOne\n");
}

#[test]
fn a_target_of_another_machine_does_not_hold_ours() {
    let world = applied(&[
        THREE[0],
        "far: { file: { machine: elsewhere, path: /srv/x.env }, variables: [SHARED] }",
    ]);
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("1 target elsewhere");
    world.run("apply --yes").success();
    assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=new\n");
    world.run("plan --detailed-exitcode").exits(0);
    world.run("plan --require-all").exits(1);
    world.run("status --require-all").exits(1);
    world.run("status").exits(0).says("elsewhere");
}
