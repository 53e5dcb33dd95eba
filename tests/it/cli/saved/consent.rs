//! Who said yes: the id is a person's yes to this plan; `--yes` is nobody's.

use super::moved;
use crate::support::world::World;

/// The target holds other values, and was never ours.
fn foreign() -> World {
    let world = World::new();
    world.write("app.env", "A=theirs\nOTHER=x\n");
    world.declare(&[("A", "two"), ("B", "two")]);
    world
}

#[test]
fn a_first_take_over_goes_with_the_id_and_waits_without() {
    let world = foreign();
    let id = world.plan_out("");
    world
        .run("apply plan.json --yes")
        .exits(3)
        .says("held by take-over")
        .hides("theirs");
    assert_eq!(world.read("app.env"), "A=theirs\nOTHER=x\n");
    world
        .run("apply plan.json")
        .exits(64)
        .says("nobody can be asked");
    world
        .apply_id(&id)
        .success()
        .omits("held by")
        .hides("theirs");
    assert_eq!(world.read("app.env"), "A=two\nOTHER=x\nB=two\n");
    world.in_sync();
}

#[test]
fn both_flags_are_the_id() {
    let world = foreign();
    let id = world.plan_out("");
    world
        .run(&format!("apply plan.json --yes --id {id}"))
        .success();
    world.in_sync();
}

#[test]
fn what_the_plan_allows_needs_no_person() {
    let world = foreign();
    world.plan_out("--take-over app");
    world.run("apply plan.json --yes").success();
    assert_eq!(world.read("app.env"), "A=two\nOTHER=x\nB=two\n");
}

#[test]
fn at_a_terminal_a_person_is_asked() {
    let world = foreign();
    world.plan_out("");
    let Some(no) = world.at_terminal(80, "apply plan.json", "n") else {
        return;
    };
    no.exits(3)
        .says("first take-over")
        .says("Apply this plan? [y/N]")
        .says("nothing was written");
    assert_eq!(world.read("app.env"), "A=theirs\nOTHER=x\n");
    world
        .at_terminal(80, "apply plan.json", "y")
        .unwrap()
        .success();
    world.in_sync();
    // nothing is left: nobody is asked
    world
        .at_terminal(80, "apply plan.json", "")
        .unwrap()
        .success()
        .says("as planned already")
        .omits("[y/N]");
}

/// Half of a target was taken over by a run that ended early: the rest is no conflict for whoever
/// approved all of it.
#[test]
fn a_take_over_that_came_half_way_is_finished() {
    let world = World::new();
    world.write("app.env", "A=theirs\nB=theirs\n");
    world.declare(&[("A", "two"), ("B", "two")]);
    let id = world.plan_out("");
    world
        .run("apply --yes --overwrite A@app --only A")
        .success();
    assert_eq!(world.read("app.env"), "A=two\nB=theirs\n");
    world.run("plan").says("conflict: there already, not ours");
    world.run("apply plan.json --yes").exits(3);
    world.apply_id(&id).success().says("1 written");
    assert_eq!(world.read("app.env"), "A=two\nB=two\n");
    world.in_sync();
    // unless it is not what was approved to be overwritten
    let world = World::new();
    world.write("app.env", "A=theirs\nB=theirs\n");
    world.declare(&[("A", "two"), ("B", "two")]);
    let id = world.plan_out("");
    world
        .run("apply --yes --overwrite A@app --only A")
        .success();
    world.write("app.env", "A=two\nB=others\n");
    world.apply_id(&id).exits(3);
    assert_eq!(world.read("app.env"), "A=two\nB=others\n");
}

fn with_a_second_target(text: &str) -> String {
    let at = text.find("targets:\n").unwrap() + "targets:\n".len();
    let added = "  two:\n    file: { path: ../two.env }\n    variables: [LOG]\n";
    format!("{}{added}{}", &text[..at], &text[at..])
}

#[test]
fn a_second_place_for_a_secret_goes_with_the_id() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=c4naryTwo\n");
    world.run("apply --yes").success();
    let text = world.read("manifests/dev.yaml");
    world.write("manifests/dev.yaml", with_a_second_target(&text));
    let id = world.plan_out("");
    world
        .run("plan --out plan.json")
        .says("goes with the plan's id, or a yes")
        .omits("--allow authority");
    world
        .run("apply plan.json --yes")
        .exits(3)
        .says("held by authority");
    assert!(!world.path("two.env").exists());
    world.apply_id(&id).success().hides("c4nary");
    assert_eq!(world.read("two.env"), "LOG=c4naryTwo\n");
    world.in_sync();
    // approved once, known from now on
    world.apply_id(&id).success();
    world.run("plan").omits("target added");
}

/// What the manifest may do more is seen against what was applied last: where another revision was
/// applied in between, nobody has approved the difference.
#[test]
fn what_the_plan_did_not_show_was_not_approved() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=c4naryTwo\n");
    let one = world.read("manifests/dev.yaml");
    world.write("manifests/dev.yaml", with_a_second_target(&one));
    world.run("apply --yes").success();
    world.run_with("set LOG", "c4naryThree").success();
    let two = world.read("manifests/dev.yaml");
    let id = world.plan_out("");
    world.write("manifests/dev.yaml", one);
    world.run("apply --yes").success();
    world.write("manifests/dev.yaml", two);
    world
        .apply_id(&id)
        .exits(3)
        .says("the plan did not show")
        .says("new target two");
    assert_eq!(world.read("two.env"), "LOG=c4naryTwo\n");
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nLOG=c4naryTwo\n");
    let id = world.plan_out("");
    world.apply_id(&id).success();
    assert_eq!(world.read("two.env"), "LOG=c4naryThree\n");
    world.in_sync();
}

#[test]
fn a_stale_plan_lets_no_new_place_be_known() {
    let world = World::with_env("TOKEN=c4naryOne\nLOG=c4naryTwo\n");
    world.run("apply --yes").success();
    let text = world.read("manifests/dev.yaml");
    world.write("manifests/dev.yaml", with_a_second_target(&text));
    let id = world.plan_out("");
    world.write("two.env", "LOG=theirs\n");
    world.apply_id(&id).exits(3);
    assert_eq!(world.read("two.env"), "LOG=theirs\n");
    world.run("plan").says("target added, two");
}

#[test]
fn a_lease_keeps_it_out() {
    use driftlock::journal::{Holder, Journal, LeaseRequest, Scope, SqliteJournal};
    let world = moved();
    let id = world.plan_out("");
    let scope = world.path("manifests").canonicalize().unwrap();
    let scope = Scope(format!("dev@{}", scope.join("dev.yaml").display()));
    let holder = Holder {
        pid: 4242,
        who: "somebody@else".to_owned(),
        run: None,
        since: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let request = LeaseRequest {
        holder,
        breaks: None,
    };
    let mut journal = SqliteJournal::new(world.journal());
    let lease = journal.lease(&[&scope], &request).unwrap();
    world.apply_id(&id).exits(3).says("held by process 4242");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    drop(lease);
    world.apply_id(&id).success();
}
