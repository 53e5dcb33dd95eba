//! Two manifests that claim one place, in runs of their own.

use super::lab::Team;
use crate::support::lab::manifest;
use crate::support::world::World;

fn both(world: &World, path: &str) {
    for (name, value) in [("dev", "mine"), ("other", "theirs")] {
        let target = format!("app: {{ file: {{ path: {path}, machine: any }}, variables: [A] }}");
        let text = manifest(name, &[("A", value)], &[&target]);
        world.write(format!("manifests/{name}.yaml"), text);
    }
}

fn hold_and_release(world: &World, flags: &str) {
    let run = |line: &str| world.run(&format!("{flags} {line}"));
    run("apply --yes manifests/dev.yaml").success();
    run("plan manifests/other.yaml")
        .success()
        .says("held by claimed: another manifest applied to this place last, dev@");
    run("apply --yes manifests/other.yaml --take-over app")
        .exits(3)
        .says("--allow claimed@app");
    // whoever is let go owns it, and the former one is held from then on
    run("apply --yes manifests/other.yaml --take-over app --allow authority@app --allow claimed@app").success();
    run("plan manifests/other.yaml --detailed-exitcode").success();
    run("apply --yes manifests/dev.yaml")
        .exits(3)
        .says("held by claimed: another manifest applied to this place last, other@");
    // what is only looked at is nobody's
    run("plan manifests/other.yaml --detailed-exitcode").success();
}

#[test]
fn on_one_machine() {
    let world = World::new();
    let path = world.path("app.env");
    both(&world, path.to_str().unwrap());
    hold_and_release(&world, "");
}

#[test]
fn in_a_shared_journal() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    both(&world, team.file("app").to_str().unwrap());
    hold_and_release(&world, "--journal git");
}
