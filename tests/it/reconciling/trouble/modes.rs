//! What each mode writes by itself, and what it leaves to a person.

use super::{APPLY, applied, came_to, report, round, target, text, told};
use crate::support::world::World;

const HEAL: &str = "reconcile: { mode: heal }";

fn declare(world: &World, more: &str, a: &str, b: &str) {
    world.write("manifests/dev.yaml", text("dev", more, a, b));
}

fn env(world: &World) -> String {
    world.read("dev.env")
}

/// How many lines the journal has about applies.
fn receipts(world: &World) -> usize {
    world.run("history").success().stdout.lines().count()
}

#[test]
fn observing_writes_nothing_and_records_nothing() {
    let world = applied("");
    let before = receipts(&world);
    declare(&world, "", "two", "b");
    world.write("dev.env", "A=one\nB=outside\n");
    for kinds in [&["opened"][..], &[]] {
        let round = round(&world, "", 0);
        assert_eq!(came_to(&round, "app"), [0; 4]);
        assert_eq!(target(&round, "app")["mode"], "observe");
        let there = &target(&round, "app")["variables"];
        assert_eq!((&there["change"], &there["drift"]), (&1.into(), &1.into()));
        assert_eq!(told(&round, "drift"), kinds);
    }
    assert_eq!(env(&world), "A=one\nB=outside\n");
    assert_eq!(receipts(&world), before);
    // what was recorded is still what was applied: it is one that nobody recorded
    world.run("plan").says("1 to change").says("1 drift");
}

#[test]
fn applying_writes_what_moved_and_leaves_drift_and_conflicts() {
    let world = applied(APPLY);
    let before = receipts(&world);
    declare(&world, APPLY, "two", "b");
    world.write("dev.env", "A=one\nB=outside\n");
    let first = round(&world, "", 0);
    assert_eq!(came_to(&first, "app")[..2], [1, 0]);
    assert_eq!(told(&first, "drift"), ["opened"]);
    assert_eq!(env(&world), "A=two\nB=outside\n");
    let recorded = receipts(&world);
    assert_ne!(recorded, before, "what is written is recorded");
    // moved on both sides
    declare(&world, APPLY, "two", "c");
    let second = round(&world, "", 0);
    assert_eq!(came_to(&second, "app")[..2], [0, 0]);
    assert_eq!(told(&second, "conflict"), ["opened"]);
    assert_eq!(env(&world), "A=two\nB=outside\n");
    assert_eq!(receipts(&world), recorded);
}

#[test]
fn healing_puts_back_three_times_a_day_then_waits_for_a_person() {
    let world = applied(HEAL);
    let mut brakes = vec![];
    for time in 1..=5 {
        world.write("dev.env", "A=outside\nB=b\n");
        let round = round(&world, "", 0);
        let heals = u64::from(time <= 3);
        assert_eq!(came_to(&round, "app")[..2], [0, heals], "{time}");
        let value = if heals == 1 { "one" } else { "outside" };
        assert_eq!(env(&world), format!("A={value}\nB=b\n"), "{time}");
        brakes.extend(told(&round, "brake"));
    }
    assert_eq!(brakes, ["opened"]);
    // the brake is on one variable: another one is put back
    world.write("dev.env", "A=outside\nB=outside\n");
    round(&world, "", 0);
    assert_eq!(env(&world), "A=outside\nB=b\n");
    world.run("alert release A@app").success();
    let after = round(&world, "", 0);
    assert_eq!(came_to(&after, "app")[..2], [0, 1]);
    assert_eq!(told(&after, "brake"), ["resolved"]);
    assert_eq!(told(&after, "drift"), ["resolved"]);
    assert_eq!(env(&world), "A=one\nB=b\n");
}

#[test]
fn a_mode_counts_from_the_next_apply_on_and_less_at_once() {
    let world = applied("");
    declare(&world, APPLY, "two", "b");
    assert_eq!(came_to(&round(&world, "", 0), "app")[0], 0);
    assert_eq!(
        env(&world),
        "A=one\nB=b\n",
        "switched on by the same commit"
    );
    world.run("apply --yes").success();
    declare(&world, APPLY, "three", "b");
    assert_eq!(came_to(&round(&world, "", 0), "app")[0], 1);
    assert_eq!(env(&world), "A=three\nB=b\n");
    // the other way round at once
    declare(&world, "reconcile: { mode: observe }", "four", "b");
    assert_eq!(came_to(&round(&world, "", 0), "app")[0], 0);
    assert_eq!(env(&world), "A=three\nB=b\n");
}

#[test]
fn windows_and_suspensions_withhold_and_tighter_ones_at_once() {
    // in the zone of the clock on some wall it is any time, so that these hold whenever the test runs
    let always = "daily 00:00-24:00 Pacific/Kiritimati";
    let (first, last) = ("2000-01-01", "2999-01-01");
    for withheld in [
        format!("deny: [\"{always}\"]"),
        format!("allow: [\"{always}\"], deny: [\"daily Europe/Zurich\"]"),
        "allow: [\"2000-01-01 00:00-24:00 Asia/Tokyo\"]".to_owned(),
        format!("suspend: {{ reason: a move, until: {last} }}"),
    ] {
        let world = applied(APPLY);
        let more = format!("reconcile: {{ mode: apply, {withheld} }}");
        declare(&world, &more, "two", "b");
        let withheld = round(&world, "", 0);
        assert_eq!(came_to(&withheld, "app")[0], 0, "{more}");
        assert_eq!(env(&world), "A=one\nB=b\n", "{more}");
        // it was in no apply: without it all is as before
        declare(&world, APPLY, "two", "b");
        assert_eq!(came_to(&round(&world, "", 0), "app")[0], 1, "{more}");
        assert_eq!(env(&world), "A=two\nB=b\n", "{more}");
    }
    for open in [
        format!("allow: [\"{always}\", \"2000-01-01 00:00-24:00 Asia/Tokyo\"]"),
        "deny: [\"2000-01-01 00:00-24:00 Asia/Tokyo\"]".to_owned(),
        format!("suspend: {{ reason: a move, until: {first} }}"),
    ] {
        let more = format!("reconcile: {{ mode: apply, {open} }}");
        let world = applied(&more);
        declare(&world, &more, "two", "b");
        assert_eq!(came_to(&round(&world, "", 0), "app")[0], 1, "{more}");
    }
    // one that was applied is lifted by an apply only
    let more = format!("reconcile: {{ mode: apply, deny: [\"{always}\"] }}");
    let world = applied(&more);
    declare(&world, APPLY, "two", "b");
    assert_eq!(came_to(&round(&world, "", 0), "app")[0], 0);
    world.run("apply --yes").success();
    declare(&world, APPLY, "three", "b");
    assert_eq!(came_to(&round(&world, "", 0), "app")[0], 1);
}

#[test]
fn what_only_a_person_may_do_is_not_done() {
    // take-over: the place had a value of its own before the manifest named it
    let world = applied(HEAL);
    world.write("dev.env", "A=one\nB=b\nC=theirs\n");
    let more = text("dev", HEAL, "one", "b")
        .replace("targets:", "  C: { value: ours }\ntargets:")
        .replace("[A, B]", "[A, B, C]");
    world.write("manifests/dev.yaml", more);
    for _ in 0..2 {
        let round = round(&world, "", 0);
        assert_eq!(came_to(&round, "app")[..2], [0, 0]);
        assert_eq!(env(&world), "A=one\nB=b\nC=theirs\n");
    }
    // authority: another place, a new target, another reader
    for (from, to) in [
        ("../dev.env", "../other.env"),
        (
            "variables: [A, B] }",
            "variables: [A, B] }\n  two: { file: { path: ../other.env }, variables: [A] }",
        ),
    ] {
        let world = applied(HEAL);
        world.write(
            "manifests/dev.yaml",
            text("dev", HEAL, "one", "b").replace(from, to),
        );
        for _ in 0..2 {
            let run = world.run("reconcile --once --json");
            let round = report(&run);
            for one in round["manifests"][0]["targets"].as_array().unwrap() {
                assert_eq!(
                    (&one["written"], &one["put_back"]),
                    (&0.into(), &0.into()),
                    "{to}"
                );
            }
            assert!(!world.path("other.env").exists(), "{to}");
            assert_eq!(env(&world), "A=one\nB=b\n", "{to}");
        }
    }
}

#[test]
fn a_value_that_an_observed_target_shares_waits_for_a_person() {
    let two = |value: &str| {
        format!(
            "driftlock: 1
name: dev
variables:
  A: {{ value: {value} }}
targets:
  app: {{ file: {{ path: ../dev.env }}, variables: [A], reconcile: {{ mode: apply }} }}
  web: {{ file: {{ path: ../web.env }}, variables: [A] }}
"
        )
    };
    let world = World::new();
    world.write("manifests/dev.yaml", two("one"));
    world.run("apply --yes").success();
    world.write("manifests/dev.yaml", two("two"));
    let waits = round(&world, "", 0);
    assert_eq!(came_to(&waits, "app")[0], 0);
    assert_eq!(
        (env(&world), world.read("web.env")),
        ("A=one\n".into(), "A=one\n".into())
    );
    // a person writes both
    world.run("apply --yes").success();
    assert_eq!(
        (env(&world), world.read("web.env")),
        ("A=two\n".into(), "A=two\n".into())
    );
}
