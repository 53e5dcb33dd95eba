//! A journal that was set back, deleted or replaced: noticed by every machine that saw it, and never
//! mended without a person.

use super::lab::{JOURNAL, Team, sure};
use crate::support::world::World;

/// Three values were applied; the journal's tip after each.
fn history() -> Option<(Team, World, Vec<String>)> {
    let team = Team::new(&[("A", "v0")])?;
    let world = team.clone();
    world.run("--journal git apply --yes").success();
    let mut tips = vec![team.tip().unwrap()];
    for value in ["v1", "v2"] {
        team.edit(&[&world], &[("A", value)]);
        world.run("apply --yes").success();
        tips.push(team.tip().unwrap());
    }
    Some((team, world, tips))
}

/// Plans go on and say so, applies stop.
#[track_caller]
fn is_noticed(team: &Team, world: &World, words: &str) {
    let before = team.tip();
    world
        .run("plan --detailed-exitcode")
        .exits(0)
        .says(words)
        .says("going on from what this machine saw")
        .says("No changes.");
    world
        .run("apply --yes")
        .exits(3)
        .says(words)
        .says("nothing was written")
        .says("driftlock journal restore")
        .says("driftlock journal accept");
    assert_eq!(team.tip(), before);
}

#[test]
fn set_back_to_an_older_commit() {
    let Some((team, world, tips)) = history() else {
        return;
    };
    team.set_tip(&tips[1]);
    is_noticed(
        &team,
        &world,
        "this machine saw receipt 3 of dev, and the newest there is 2: it was set back",
    );
    world
        .run("journal restore")
        .exits(3)
        .says("nothing was changed");
    world.run("journal restore --yes").success();
    world
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    // everybody else finds all of it again
    let other = team.clone();
    other.run("history").success().says("3 receipts of dev");
    other.run("plan --detailed-exitcode").success();
}

#[test]
fn an_older_tree_in_a_newer_commit() {
    let Some((team, world, tips)) = history() else {
        return;
    };
    let tree = format!("{}^{{tree}}", tips[0]);
    let remote = team.remote();
    let words = ["commit-tree", "-p", &tips[2], "-m", "x", &tree];
    let commit = sure(&remote, &words);
    team.set_tip(&commit);
    is_noticed(
        &team,
        &world,
        "this machine saw receipt 3 of dev, and the newest there is 1",
    );
    world.run("journal accept --yes").success();
    world.run("history").success().says("1 receipt of dev");
    // what is there is not what the journal says was applied: somebody has to decide
    world
        .run("plan --detailed-exitcode")
        .exits(0)
        .says("No changes.");
    team.edit(&[&world], &[("A", "v3")]);
    world.run("plan").success().says("conflict");
    world.run("apply --yes").exits(3);
    assert_eq!(team.read("app"), "A=v2\n");
}

#[test]
fn another_receipt_of_the_same_number() {
    let Some((team, world, tips)) = history() else {
        return;
    };
    // somebody applied on a journal that was set back
    team.set_tip(&tips[1]);
    let other = team.clone();
    team.edit(&[&other], &[("A", "other")]);
    other.run("apply --yes --overwrite A@app").success();
    is_noticed_only(
        &world,
        "receipt 3 of dev is another one than this machine saw",
    );
}

#[track_caller]
fn is_noticed_only(world: &World, words: &str) {
    world.run("plan").says(words);
    world.run("apply --yes").exits(3).says(words);
}

#[test]
fn the_ref_is_deleted() {
    let Some((team, world, _)) = history() else {
        return;
    };
    sure(&team.remote(), &["update-ref", "-d", JOURNAL]);
    is_noticed(&team, &world, "its ref is gone from the remote");
    world.run("journal restore --yes").success();
    world.run("history").success().says("3 receipts of dev");
    sure(&team.remote(), &["update-ref", "-d", JOURNAL]);
    world.run("journal accept --yes").success();
    // as if there had never been one: this machine's own journal counts
    world
        .run("plan")
        .success()
        .says("No changes.")
        .hides("going on");
    world.run("history").success().says("No receipts");
}

#[test]
fn begun_anew_by_somebody_else() {
    let Some((team, world, _)) = history() else {
        return;
    };
    sure(&team.remote(), &["update-ref", "-d", JOURNAL]);
    let other = team.clone();
    other.run("--journal git apply --yes").success();
    is_noticed_only(&world, "the records of dev were begun anew");
}

#[test]
fn what_was_pruned_is_not_missed() {
    let Some((team, world, _)) = history() else {
        return;
    };
    team.tamper(|path, text| {
        (!path.ends_with("/1.json") || path.contains("intents")).then(|| text.to_owned())
    });
    world
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.")
        .hides("going on");
    world.run("history").success().says("2 receipts of dev");
}

#[test]
fn a_machine_that_saw_nothing_cannot_know() {
    let Some((team, _, tips)) = history() else {
        return;
    };
    team.set_tip(&tips[0]);
    let fresh = team.clone();
    // in sync with the manifest, whatever the journal says
    fresh
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    // a new value meets a place that is not as the journal says: a conflict, and not a silent write
    team.edit(&[&fresh], &[("A", "v9")]);
    fresh.run("apply --yes").exits(3).says("conflict");
    assert_eq!(team.read("app"), "A=v2\n");
}

#[test]
fn a_restore_that_did_not_arrive_changes_nothing() {
    let Some((team, world, tips)) = history() else {
        return;
    };
    team.set_tip(&tips[0]);
    let hook = team.remote().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    world
        .run("journal restore --yes")
        .exits(1)
        .says("a hook of the remote declined it");
    is_noticed(&team, &world, "it was set back");
    std::fs::remove_file(&hook).unwrap();
    world.run("journal restore --yes").success();
    world.run("history").success().says("3 receipts of dev");
}

#[test]
fn a_hostile_name_in_the_ref_does_nothing_to_the_clone() {
    let Some((team, world, _)) = history() else {
        return;
    };
    // a folder whose name would be a command of the script that a restore is made of
    let remote = team.remote();
    let name = "x\nreset refs/heads/stolen\nfrom refs/heads/main\n-0123456789abcdef";
    let blob = sure(&remote, &["rev-parse", "main:manifests/dev.yaml"]);
    let index = team.file("index").display().to_string();
    let with_index = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(words).current_dir(&remote);
        let output = command.env("GIT_INDEX_FILE", &index).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    with_index(&["read-tree", JOURNAL]);
    let entry = format!("100644,{blob},{name}/scope.json");
    with_index(&["update-index", "--add", "--cacheinfo", &entry]);
    let tree = with_index(&["write-tree"]);
    let tip = team.tip().unwrap();
    let commit = sure(&remote, &["commit-tree", "-p", &tip, "-m", "x", &tree]);
    team.set_tip(&commit);
    world
        .run("plan")
        .success()
        .says("1 file of the journal at origin");
    world.run("journal restore --yes").success();
    let refs = sure(&world.path(""), &["for-each-ref", "--format=%(refname)"]);
    assert!(!refs.contains("stolen"), "{refs}");
    world.run("history").success().says("3 receipts of dev");
}
