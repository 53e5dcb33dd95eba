//! `apply` through the binary: each row of the classification table on a real file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::world::World;

const ONE: [(&str, &str); 1] = [("A", "one")];
const TWO: [(&str, &str); 1] = [("A", "two")];

/// Applied, and then the manifest or the file (or both) moved.
fn moved(manifest: bool, file: Option<&str>) -> World {
    let world = World::applied(&[("A", "one"), ("KEEP", "k")]);
    if manifest {
        world.declare(&[("A", "two"), ("KEEP", "k")]);
    }
    if let Some(text) = file {
        world.write("app.env", text);
    }
    world
}

#[test]
fn a_missing_file_is_made_for_its_owner_alone() {
    let world = World::new();
    world.declare(&ONE);
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("+ A  change: new")
        .says("app  file ../app.env (portable)");
    assert!(!world.app().exists(), "a plan writes nothing");
    world
        .run("apply --yes")
        .success()
        .says("Applied: 1 written, 0 deleted on 1 target.");
    assert_eq!(world.read("app.env"), "A=one\n");
    let mode = fs::metadata(world.app()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    world.in_sync();
    world
        .run("apply --yes")
        .success()
        .says("No changes.")
        .omits("Applied");
}

#[test]
fn desired_moved_is_written() {
    let world = moved(true, None);
    world
        .run("plan")
        .says("change: the manifest has a new value  one → two")
        .says("1 to change");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=two\nKEEP=k\n");
    world.in_sync();
}

#[test]
fn drift_is_shown_as_such_and_restored() {
    for (text, words, after) in [
        (
            "# mine\nA=outside\nKEEP=k\n",
            "drift: changed outside",
            "# mine\nA=one\nKEEP=k\n",
        ),
        ("KEEP=k\n", "drift: removed outside", "KEEP=k\nA=one\n"),
    ] {
        let world = moved(false, Some(text));
        world
            .run("plan --detailed-exitcode")
            .exits(2)
            .says(words)
            .says("1 drift");
        world.run("apply --yes").success();
        assert_eq!(world.read("app.env"), after);
        world.in_sync();
    }
}

#[test]
fn a_conflict_stops_until_somebody_decides() {
    for (text, after) in [
        ("A=outside\nKEEP=k\n", "A=two\nKEEP=k\n"),
        ("KEEP=k\n", "KEEP=k\nA=two\n"),
    ] {
        let world = moved(true, Some(text));
        let refused = world.run("apply --yes").exits(3).says("1 conflict");
        assert_eq!(world.read("app.env"), text, "nothing is written");
        world.paste(&refused.release("conflict")).success();
        assert_eq!(world.read("app.env"), after);
        world.in_sync();
    }
}

#[test]
fn what_was_there_already_is_not_ours() {
    let world = World::applied(&ONE);
    world.write("app.env", "A=one\nB=theirs\n");
    world.declare(&[("A", "one"), ("B", "ours")]);
    let refused = world
        .run("apply --yes")
        .exits(3)
        .says("conflict: there already, not ours");
    assert_eq!(world.read("app.env"), "A=one\nB=theirs\n");
    assert!(refused.stdout.contains("adopt it with --adopt B@app"));
    // the live value was never applied by us: it is not shown, though the new one is clear
    refused.hides("theirs");
    world
        .run("apply --yes --overwrite B@app")
        .success()
        .says("B  updated");
    world.in_sync();
}

#[test]
fn adopted_is_recorded_and_not_written() {
    let world = World::applied(&ONE);
    world.write("app.env", "A=one\nB=theirs\n");
    world.declare(&[("A", "one"), ("B", "ours")]);
    world
        .run("apply --yes --adopt B@app")
        .success()
        .says("1 variable recorded as known, nothing written");
    assert_eq!(world.read("app.env"), "A=one\nB=theirs\n");
    // known from now on: the manifest is what moved, and the next apply says so and writes
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("B  change: the manifest has a new value");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=one\nB=ours\n");
    world.in_sync();
}

#[test]
fn a_first_take_over_waits_for_a_word() {
    let world = World::new();
    world.write("app.env", "A=theirs\nOTHER=x\n");
    world.declare(&TWO);
    let refused = world
        .run("apply --yes")
        .exits(3)
        .says("change: first take-over of this target")
        .hides("theirs");
    assert_eq!(world.read("app.env"), "A=theirs\nOTHER=x\n");
    let release = refused.release("take-over");
    assert_eq!(release, "driftlock apply --yes --take-over app");
    world.paste(&release).success();
    assert_eq!(world.read("app.env"), "A=two\nOTHER=x\n");
    world.in_sync();
}

#[test]
fn a_person_is_asked_once() {
    let world = World::new();
    world.write("app.env", "A=theirs\n");
    world.declare(&TWO);
    let Some(no) = world.at_terminal(80, "apply", "n") else {
        return;
    };
    no.exits(3)
        .says("Apply this plan? [y/N]")
        .says("nothing was written");
    assert_eq!(world.read("app.env"), "A=theirs\n");
    let yes = world.at_terminal(80, "apply", "y").unwrap().success();
    assert_eq!(yes.stdout.matches("first take-over").count(), 1, "{yes:?}");
    assert!(!yes.stdout.contains("$ driftlock apply"), "{yes:?}");
    assert_eq!(world.read("app.env"), "A=two\n");
    world.in_sync();
    world
        .run("apply")
        .exits(64)
        .says("nobody can be asked here");
}

#[test]
fn pruning_deletes_only_what_we_applied() {
    let all = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];
    let world = World::applied_with(&all, ", prune: true");
    let text = world.read("app.env") + "STRANGER=s\n";
    world.write("app.env", &text);
    world.declare_with(&all[1..], ", prune: true");
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("- A  change: no longer in the manifest")
        .says("1 unmanaged");
    world.run("apply --yes").success().says("1 deleted");
    assert_eq!(world.read("app.env"), "B=2\nC=3\nD=4\nE=5\nSTRANGER=s\n");
    world.in_sync();

    // changed outside since: not ours to delete
    let text = world.read("app.env").replace("B=2", "B=outside");
    world.write("app.env", &text);
    world.declare_with(&all[2..], ", prune: true");
    let refused = world
        .run("apply --yes")
        .exits(3)
        .says("no longer in the manifest, but changed outside");
    assert_eq!(world.read("app.env"), text);
    world
        .paste(&format!(
            "{} --allow deletes=1@app",
            refused.release("conflict")
        ))
        .success();
    assert_eq!(world.read("app.env"), "C=3\nD=4\nE=5\nSTRANGER=s\n");
    world.in_sync();
}

#[test]
fn without_pruning_a_leftover_is_reported_only() {
    let world = World::applied(&[("A", "1"), ("B", "2")]);
    world.declare(&[("B", "2")]);
    world
        .run("plan --detailed-exitcode")
        .exits(0)
        .says("A  change: no longer in the manifest, pruning is off");
    world.run("apply --yes").success();
    assert_eq!(world.read("app.env"), "A=1\nB=2\n");
}

#[test]
fn what_is_equal_and_unknown_to_us_is_recorded_in_silence() {
    let world = World::new();
    world.write("app.env", "A=one\nB=b\n");
    world.declare(&ONE);
    world.in_sync();
    world
        .run("apply --yes")
        .success()
        .says("1 variable recorded as known, nothing written")
        .omits("A  recorded");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    // recorded: what moves now is drift, no first take-over
    world.write("app.env", "A=moved\nB=b\n");
    world.run("plan").says("drift: changed outside");
}

#[test]
fn a_run_can_be_limited() {
    let world = World::new();
    let vars = [("A", "1"), ("B", "2"), ("C", "3")];
    let targets = [
        "one: { file: { path: ../one.env }, variables: [A, B] }",
        "two: { file: { path: ../two.env }, variables: [C] }",
    ];
    world.declare_on(&vars, &targets);
    world.run("apply --yes --only A").success();
    assert_eq!(world.read("one.env"), "A=1\n");
    assert!(!world.path("two.env").exists());
    world.run("apply --yes --target two").success();
    assert_eq!(world.read("two.env"), "C=3\n");
    assert_eq!(world.read("one.env"), "A=1\n");
    world.run("apply --yes --target three").exits(64);
    // what is left out does not count, though a rail holds it too
    world.write("one.env", "A=1\nB=theirs\n");
    world.run("apply --yes --target two").exits(0);
    world.run("apply --yes").exits(3);
    world.run("apply --yes --overwrite B@one").success();
    world.in_sync();
}

#[test]
fn a_secret_is_never_shown() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=c4naryTwo\n");
    world.run("apply --yes").success().hides("c4nary");
    world
        .run_with("set TOKEN", "c4naryThree")
        .success()
        .hides("c4nary");
    world.run("plan").says("1 to change").hides("c4nary");
    world.write(".env", "TOKEN=c4naryFour\nLOG=c4naryTwo\n");
    world.run("apply --yes").exits(3).hides("c4nary");
    let done = world.run("apply --yes --overwrite TOKEN@local").success();
    done.hides("c4nary");
    assert_eq!(world.read(".env"), "TOKEN=c4naryThree\nLOG=c4naryTwo\n");
    world.in_sync();
    world.run("history TOKEN").success().hides("c4nary");
}
