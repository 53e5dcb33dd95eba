//! A second apply of one plan finishes an interrupted one, and a third finds nothing to do.
#![expect(clippy::print_stdout, reason = "what the kills hit")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::moved;
use crate::support::world::World;

#[test]
fn a_second_time_everything_is_done_already() {
    let world = moved();
    let id = world.plan_out("");
    world.apply_id(&id).success().says("1 written");
    let (file, journal) = (
        world.read("app.env"),
        std::fs::read(world.journal()).unwrap(),
    );
    world
        .apply_id(&id)
        .exits(0)
        .says("A  as wanted already")
        .says("1 variable as planned already, nothing written");
    assert_eq!(world.read("app.env"), file);
    assert_eq!(std::fs::read(world.journal()).unwrap(), journal);
    let json = world
        .run(&format!("apply plan.json --id {id} --json"))
        .success();
    let report = crate::cli::fits_schema(&json, "apply");
    assert!(report.to_string().contains("already-done"), "{report:#}");
}

#[test]
fn a_delete_is_done_already_too() {
    let all = [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4"), ("E", "5")];
    let world = World::applied_with(&all, ", prune: true");
    world.declare_with(&all[1..], ", prune: true");
    let id = world.plan_out("");
    world.apply_id(&id).success().says("1 deleted");
    world.apply_id(&id).success().says("as planned already");
    assert_eq!(world.read("app.env"), "B=2\nC=3\nD=4\nE=5\n");
    world.in_sync();
}

#[test]
fn what_somebody_else_did_already_is_recorded_as_known() {
    let world = moved();
    let id = world.plan_out("");
    world.write("app.env", "A=two\nB=b\n");
    world.apply_id(&id).success().says("A  as wanted already");
    world.in_sync();
    // recorded: what moves now is drift
    world.write("app.env", "A=outside\nB=b\n");
    world.run("plan").says("drift: changed outside");
}

#[test]
fn what_is_adopted_is_recorded_and_not_written() {
    let world = World::applied(&[("A", "one")]);
    world.write("app.env", "A=one\nB=theirs\n");
    world.declare(&[("A", "one"), ("B", "ours")]);
    let id = world.plan_out("--adopt B@app");
    for _ in 0..2 {
        world.apply_id(&id).success().says("nothing written");
        assert_eq!(world.read("app.env"), "A=one\nB=theirs\n");
    }
    world.write("app.env", "A=one\nB=others\n");
    world.apply_id(&id).exits(3).says("held by stale");
}

const FILES: [&str; 3] = ["one.env", "two.env", "three.env"];

fn declare(world: &World, value: &str, more: &str) {
    let targets = ["one", "two", "three"].map(|name| {
        format!("{name}: {{ file: {{ path: ../{name}.env }}, variables: [A, B]{more} }}")
    });
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    world.declare_on(&[("A", value), ("B", value)], &targets);
}

#[test]
fn an_interrupted_apply_is_finished() {
    let world = World::new();
    declare(&world, "old", "");
    world.run("apply --yes").success();
    declare(&world, "new", "");
    let id = world.plan_out("");
    // as a kill between two targets leaves it
    world.write("one.env", "A=new\nB=new\n");
    world.apply_id(&id).success().says("4 written");
    for file in FILES {
        assert_eq!(world.read(file), "A=new\nB=new\n");
    }
    world.in_sync();
}

/// kill -9 at any moment: the same file, approved once, ends what was begun.
#[test]
fn kill_9_at_any_moment_is_finished_by_the_same_plan() {
    let world = World::new();
    declare(&world, "v0", "");
    let begin = Instant::now();
    world.run("apply --yes").success();
    let most = begin.elapsed();
    let mut half = 0;
    let rounds: u32 = 20;
    for round in 1..=rounds {
        let value = format!("v{round}");
        declare(&world, &value, "");
        let id = world.plan_out("");
        let mut child = world
            .command(["apply", "plan.json", "--id", &id])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(most * round / rounds + Duration::from_micros(u64::from(round)));
        child.kill().unwrap();
        child.wait().unwrap();
        let new = format!("A={value}\nB={value}\n");
        let written = FILES.iter().filter(|file| world.read(file) == new).count();
        half += usize::from(written == 1 || written == 2);
        world.apply_id(&id).success();
        for file in FILES {
            assert_eq!(world.read(file), new, "round {round}");
        }
        world.in_sync();
        world.apply_id(&id).success().says("as planned already");
    }
    println!("{rounds} kills, {half} between two targets");
}

#[test]
fn what_an_interrupted_run_did_not_put_in_force_is_put_in_force() {
    let world = World::new();
    let log = world.path("log");
    let more = format!(", activate: 'echo x >> {}'", log.display());
    declare(&world, "old", &more);
    world.run("apply --yes").success();
    std::fs::remove_file(&log).unwrap();
    declare(&world, "new", &more);
    let id = world.plan_out("");
    // stored, and the run ended before the command
    world
        .run(&format!("apply plan.json --id {id} --no-activate"))
        .success();
    assert!(!log.exists());
    world.apply_id(&id).success();
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "x\n");
    world.apply_id(&id).success();
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "x\n", "only once");
    world.in_sync();
}

#[test]
fn a_command_that_nobody_approved_does_not_run() {
    let world = World::new();
    let log = world.path("log");
    let more = format!(", activate: 'echo x >> {}'", log.display());
    declare(&world, "old", &more);
    world.run("apply --yes").success();
    std::fs::remove_file(&log).unwrap();
    let id = world.plan_out("");
    // somebody stores something and does not put it in force
    declare(&world, "new", &more);
    world.run("apply --yes --no-activate").success();
    declare(&world, "old", &more);
    let run = world.apply_id(&id);
    assert!(!log.exists(), "{}", run.all());
    assert_eq!(world.read("one.env"), "A=new\nB=new\n");
}
