//! Targets of another machine: two names on one journal.

use rusqlite::Connection;

use crate::support::world::{Run, World};

/// One target that only `mini` can read, in the home that both names share.
fn declare(world: &World, value: &str) {
    declare_stale(world, value, "24h");
}

fn declare_stale(world: &World, value: &str, stale_after: &str) {
    let target = format!(
        "far: {{ file: {{ machine: mini, path: ~/far.env }}, variables: [A, B], stale_after: {stale_after} }}"
    );
    world.declare_on(&[("A", value), ("B", "two")], &[&target]);
}

fn run_on(world: &World, machine: &str, line: &str) -> Run {
    let mut command = world.command(line.split_whitespace());
    command.env("DRIFTLOCK_MACHINE", machine);
    Run::of(command)
}

fn rows(world: &World) -> i64 {
    let journal = Connection::open(world.journal()).unwrap();
    let count = "SELECT count(*) FROM observations";
    journal.query_row(count, [], |row| row.get(0)).unwrap()
}

fn body(world: &World) -> String {
    let journal = Connection::open(world.journal()).unwrap();
    let body = "SELECT body FROM observations";
    journal.query_row(body, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_target_elsewhere_is_shown_as_its_machine_saw_it() {
    let world = World::new();
    declare(&world, "one");
    run_on(&world, "laptop", "plan")
        .success()
        .says("far elsewhere: unknown, never seen by mini");
    run_on(&world, "laptop", "plan --require-all")
        .exits(1)
        .says("far can be read by mini only")
        .says("run `driftlock plan` on mini");

    run_on(&world, "mini", "apply --yes").success();
    let seen = run_on(&world, "laptop", "plan --require-all").success();
    seen.says("far elsewhere: in sync, seen")
        .says("ago by mini");
    run_on(&world, "laptop", "status --require-all")
        .success()
        .says("equal, seen")
        .says("equal everywhere");

    declare(&world, "three");
    run_on(&world, "laptop", "plan")
        .success()
        .says("differs: desired moved since it was seen (A), seen");
    run_on(&world, "laptop", "status")
        .success()
        .says("to change, seen");

    declare(&world, "one");
    std::fs::write(world.home("far.env"), "A=c4naryOutside\n").unwrap();
    run_on(&world, "mini", "plan").success();
    assert!(!body(&world).contains("c4nary"));
    run_on(&world, "laptop", "plan")
        .success()
        .hides("c4nary")
        .says("differed then (A); missing then (B), seen");
    let run = run_on(&world, "laptop", "plan --json").success();
    let json = super::fits_schema(&run, "plan");
    let far = &json["plans"][0]["targets"][0]["elsewhere"];
    assert_eq!(far["machine"], "mini");
    assert_eq!(far["variables"]["A"], "differed");
    let run = run_on(&world, "laptop", "status --json").success();
    let json = super::fits_schema(&run, "status");
    let cells = &json["manifests"][0]["variables"][0]["cells"][0]["state"];
    assert_eq!(cells["seen"]["then"], "differed");

    // what could not be read there is not "missing"
    std::fs::remove_file(world.home("far.env")).unwrap();
    std::fs::create_dir(world.home("far.env")).unwrap();
    run_on(&world, "mini", "plan").exits(1);
    run_on(&world, "laptop", "plan --require-all")
        .exits(1)
        .says("could not be read");
    run_on(&world, "laptop", "plan").success();
}

#[test]
fn what_is_seen_too_long_ago_counts_as_unknown() {
    let world = World::new();
    declare_stale(&world, "one", "1s");
    run_on(&world, "mini", "apply --yes").success();
    let seen: serde_json::Value = serde_json::from_str(&body(&world)).unwrap();
    let at: jiff::Timestamp = seen["at"].as_str().unwrap().parse().unwrap();
    while jiff::Timestamp::now().duration_since(at) <= jiff::SignedDuration::from_secs(1) {
        std::thread::yield_now();
    }
    run_on(&world, "laptop", "plan")
        .success()
        .says("unknown, last seen");
    run_on(&world, "laptop", "status")
        .success()
        .says("unknown, seen");
    run_on(&world, "laptop", "plan --require-all").exits(1);
}

#[test]
fn nothing_is_written_where_it_would_say_nothing_new() {
    let world = World::new();
    declare(&world, "one");
    run_on(&world, "mini", "plan").success();
    assert_eq!(rows(&world), 1);
    let first = body(&world);
    run_on(&world, "mini", "plan").success();
    run_on(&world, "mini", "status").success();
    assert_eq!(body(&world), first);
    std::fs::write(world.home("far.env"), "A=one\n").unwrap();
    run_on(&world, "mini", "status").success();
    assert_ne!(body(&world), first);
    // whoever cannot read it has nothing to say
    let before = body(&world);
    run_on(&world, "laptop", "apply --yes").success();
    assert_eq!((rows(&world), body(&world)), (1, before));
}

#[test]
fn a_plan_of_other_files_creates_no_journal() {
    let world = World::new();
    let target = "one: { file: { path: ../one.env }, variables: [A] }";
    world.declare_on(&[("A", "1")], &[target]);
    world.run("plan").success();
    assert!(!world.journal().exists());
}

#[test]
fn a_journal_that_another_process_writes_to_stops_no_plan() {
    let world = World::new();
    declare(&world, "one");
    run_on(&world, "mini", "apply --yes").success();
    let before = body(&world);
    std::fs::write(world.home("far.env"), "A=other\n").unwrap();
    let journal = Connection::open(world.journal()).unwrap();
    journal.execute_batch("BEGIN IMMEDIATE").unwrap();
    run_on(&world, "mini", "plan").success().says("drift");
    journal.execute_batch("ROLLBACK").unwrap();
    assert_eq!(body(&world), before);
}

#[test]
fn a_forged_observation_counts_as_none() {
    let world = World::new();
    declare(&world, "one");
    run_on(&world, "mini", "apply --yes").success();
    let journal = Connection::open(world.journal()).unwrap();
    let forge = "UPDATE observations SET body = replace(body, '\"equal\"', '\"missing\"')";
    assert_eq!(journal.execute(forge, []).unwrap(), 1);
    drop(journal);
    run_on(&world, "laptop", "plan")
        .success()
        .says("never seen");
}
