//! What one machine saw of its own files, known to the others through the remote.

use super::lab::Team;
use crate::support::world::World;

/// A target that only the machine `mini` can read.
fn declare(team: &Team, value: &str) {
    let target = "far: { file: { machine: mini, path: ~/far.env }, variables: [A] }";
    let text = crate::support::lab::manifest("dev", &[("A", value)], &[target]);
    let seed = team.folder.path().join("seed/manifests/dev.yaml");
    std::fs::write(seed, text).unwrap();
}

fn two(team: &Team) -> (World, World) {
    let (mut mini, mut laptop) = (team.clone(), team.clone());
    mini.variable("DRIFTLOCK_MACHINE", "mini");
    laptop.variable("DRIFTLOCK_MACHINE", "laptop");
    (mini, laptop)
}

#[test]
fn a_machine_tells_the_others_what_it_holds() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mini, laptop) = two(&team);
    declare(&team, "one");
    team.commit(&[&mini, &laptop], "far");
    mini.run("--journal git apply --yes").success();
    laptop
        .run("plan --require-all")
        .success()
        .says("far elsewhere: in sync, seen")
        .says("ago by mini");
    // it changes there, and the next plan of that machine says so to everybody
    std::fs::write(mini.home("far.env"), "A=c4nary-hand\n").unwrap();
    mini.run("plan").success().says("drift");
    laptop
        .run("plan")
        .success()
        .says("differed then (A), seen")
        .hides("c4nary");
    assert!(!team.everything().contains("c4nary"));
    let tip = team.tip();
    // nothing new: nothing is written for it
    mini.run("plan").success();
    assert_eq!(team.tip(), tip);
}

#[test]
fn a_runner_that_cannot_push_keeps_its_plan() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mini, _) = two(&team);
    declare(&team, "one");
    team.commit(&[&mini], "far");
    mini.run("--journal git apply --yes").success();
    let hook = team.remote().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    std::fs::write(mini.home("far.env"), "A=hand\n").unwrap();
    mini.run("plan").success().says("drift");
}
