//! Live decides: as planned already, as it was, or moved. A stale plan writes nothing.

use super::moved;
use crate::support::world::World;

#[test]
fn drift_after_the_approval_is_left_alone() {
    for text in ["A=outside\nB=b\n", "B=b\n"] {
        let world = moved();
        let id = world.plan_out("");
        world.write("app.env", text);
        world
            .apply_id(&id)
            .exits(3)
            .says("held by stale: app does not hold what it held when the plan was made")
            .says("not updated, refused")
            .hides("outside");
        assert_eq!(world.read("app.env"), text);
        // as it was again
        world.write("app.env", "A=one\nB=b\n");
        world.apply_id(&id).success();
        world.in_sync();
    }
}

#[test]
fn one_that_moved_does_not_hide_the_others() {
    let world = World::applied(&[("A", "one"), ("B", "one"), ("C", "c")]);
    world.declare(&[("A", "two"), ("B", "two"), ("C", "c")]);
    let id = world.plan_out("");
    world.write("app.env", "A=outside\nB=one\nC=c\n");
    world.apply_id(&id).exits(4).says("1 written");
    assert_eq!(world.read("app.env"), "A=outside\nB=two\nC=c\n");
}

#[test]
fn a_later_value_that_was_applied_since_stays() {
    let world = moved();
    let manifest = world.read("manifests/dev.yaml");
    let id = world.plan_out("");
    world.declare(&[("A", "three"), ("B", "b")]);
    world.run("apply --yes").success();
    world
        .apply_id(&id)
        .exits(3)
        .says("the manifest changed since the plan was made");
    // also where the manifest is the approved one again
    world.write("manifests/dev.yaml", manifest);
    world.apply_id(&id).exits(3).says("held by stale");
    assert_eq!(world.read("app.env"), "A=three\nB=b\n");
    let json = world
        .run(&format!("apply plan.json --id {id} --json"))
        .exits(3);
    let report = crate::cli::fits_schema(&json, "apply");
    assert!(report.to_string().contains("does not hold what it held"));
}

#[test]
fn what_was_not_approved_is_not_done() {
    let world = moved();
    let id = world.plan_out("");
    // drift of something else: a plain apply would restore it
    world.write("app.env", "A=one\nB=outside\n");
    world.apply_id(&id).success();
    assert_eq!(world.read("app.env"), "A=two\nB=outside\n");
    world.run("plan").says("drift: changed outside");
    // and what was left out on purpose stays out
    let world = World::applied(&[("A", "one"), ("B", "one")]);
    world.declare(&[("A", "two"), ("B", "two")]);
    let id = world.plan_out("--only A");
    world.apply_id(&id).success();
    assert_eq!(world.read("app.env"), "A=two\nB=one\n");
}

#[test]
fn what_was_held_stays_held() {
    let world = moved();
    world.write("app.env", "A=outside\nB=b\n");
    let id = world.plan_out("");
    world
        .apply_id(&id)
        .exits(3)
        .says("held by conflict")
        .says("driftlock plan manifests/dev.yaml --overwrite A@app --out plan.json");
    let release = world.apply_id(&id).release("conflict");
    world.paste(&release).success();
    let id = world.saved()["id"].as_str().unwrap().to_owned();
    world.apply_id(&id).success();
    assert_eq!(world.read("app.env"), "A=two\nB=b\n");
    world.in_sync();
}

const TWO: [&str; 2] = [
    "one: { file: { path: ../one.env }, variables: [ONLY, SHARED] }",
    "two: { file: { path: ../two.env }, variables: [SHARED] }",
];

fn unit() -> (World, String) {
    let world = World::new();
    world.declare_on(&[("SHARED", "old"), ("ONLY", "old")], &TWO);
    world.run("apply --yes").success();
    world.declare_on(&[("SHARED", "new"), ("ONLY", "new")], &TWO);
    let id = world.plan_out("");
    (world, id)
}

#[test]
fn a_unit_waits_everywhere_where_one_side_moved() {
    let (world, id) = unit();
    world.write("two.env", "SHARED=outside\n");
    world
        .apply_id(&id)
        .exits(4)
        .says("SHARED waits on all of its targets");
    assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=old\n");
    assert_eq!(world.read("two.env"), "SHARED=outside\n");
    // and one whose other side cannot be read
    let (world, id) = unit();
    std::fs::remove_file(world.path("two.env")).unwrap();
    std::fs::create_dir(world.path("two.env")).unwrap();
    world.apply_id(&id).exits(4);
    assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=old\n");
}

#[test]
fn a_unit_that_is_half_there_is_finished_or_leads_the_report() {
    let (world, id) = unit();
    world.write("two.env", "SHARED=new\n");
    world
        .apply_id(&id)
        .success()
        .says("SHARED  as wanted already");
    assert_eq!(world.read("one.env"), "ONLY=new\nSHARED=new\n");
    world.in_sync();
    let (world, id) = unit();
    world.write("one.env", "ONLY=new\nSHARED=new\n");
    world.write("two.env", "SHARED=outside\n");
    world
        .apply_id(&id)
        .exits(3)
        .says("SHARED is half written: new on one, not for sure on two");
}
