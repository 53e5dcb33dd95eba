//! Going back on Railway, and what is put in force and probed afterwards.

use super::{retarget, set, target};
use crate::railway::yard::{CANARY, Yard, service};
use crate::support::world::World;

#[test]
fn a_service_of_railway_gets_its_former_value_and_is_deployed() {
    let old = format!("{CANARY}old");
    let Some(yard) = Yard::with_secrets(&format!("KEY={CANARY}new\n"), &[&service("api", "KEY")])
    else {
        return;
    };
    let api = yard.service("api").set("KEY", &old).set("OTHER", "x");
    yard.run("apply --yes --take-over api").success();
    assert_eq!(api.value("KEY"), Some(format!("{CANARY}new")));
    yard.fake.clear_record();
    yard.run("undo 1 --yes").success().says("deploy started");
    assert_eq!(api.value("KEY"), Some(old));
    assert_eq!(api.value("OTHER").as_deref(), Some("x"));
    assert_eq!(yard.fake.counters().mutation_fields, 1);
    yard.run("undo 2 --yes").success();
    yard.in_sync();
}

#[test]
fn what_stood_there_as_a_reference_is_one_again() {
    let Some(yard) = Yard::with_secrets(&format!("KEY={CANARY}new\n"), &[&service("api", "KEY")])
    else {
        return;
    };
    yard.shared().set("REGION", "us");
    let api = yard.service("api").set("KEY", "${{shared.REGION}}");
    yard.run("apply --yes --take-over api").success();
    yard.run("undo 1 --yes").success();
    assert_eq!(api.value("KEY").as_deref(), Some("${{shared.REGION}}"));
}

#[test]
fn the_activation_runs_again_and_the_probe_sends_what_was_put_back() {
    let world = World::with_env("TOKEN=c4naryOne\n");
    let (file, marker) = (world.path("one.env"), world.path("activated"));
    let probing = target(
        "one",
        "TOKEN",
        &format!(
            ", activate: 'echo again >> {}', probe: {{ command: 'grep -qx TOKEN=$TOKEN {}' }}",
            marker.display(),
            file.display()
        ),
    );
    retarget(&world, &[&probing]);
    world.run("apply --yes").success();
    set(&world, "TOKEN", "c4naryTwo");
    world.run("apply --yes").success().says("it works");
    let done = world.run("undo 2 --yes").success();
    done.says("it works").hides("c4nary");
    assert_eq!(world.read("one.env"), "TOKEN=c4naryOne\n");
    assert_eq!(world.read("activated"), "again\nagain\nagain\n");
    world.run("undo 3 --yes --no-activate").success();
    assert_eq!(world.read("activated"), "again\nagain\nagain\n");
}
