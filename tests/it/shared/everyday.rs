//! One begins, the others find it.

use super::lab::{Team, sure};
use crate::support::world::World;

#[test]
fn what_one_applied_the_others_know() {
    let Some(team) = Team::new(&[("A", "one"), ("B", "two")]) else {
        return;
    };
    let (ci, ops) = (team.clone(), team.clone());
    ci.run("--journal git apply --yes").success();
    assert_eq!(team.read("app"), "A=one\nB=two\n");
    // nobody has to name it again, and this machine has no journal of its own
    ops.run("plan").success().says("No changes.");
    ops.run("history")
        .success()
        .says("+ A")
        .says("1 receipt of dev");
    for world in [&ci, &ops] {
        assert!(!world.journal().exists());
    }
    team.edit(&[&ci, &ops], &[("A", "new"), ("B", "two")]);
    ops.run("plan")
        .success()
        .says("change: the manifest has a new value");
    ops.run("apply --yes").success();
    ci.run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    // who changed it on the machine is told apart from who changed the manifest
    std::fs::write(team.file("app"), "A=hand\nB=two\n").unwrap();
    ci.run("plan").success().says("drift");
    ci.run("journal")
        .success()
        .says("git origin (refs/driftlock/journal)")
        .says("dev: 2 receipts");
    ops.run("doctor --all")
        .says("git origin (refs/driftlock/journal)");
    let json = crate::cli::fits_schema(&ops.run("journal --json").success(), "journal");
    assert_eq!(json["manifests"][0]["receipts"], 2);
}

#[test]
fn a_remote_without_a_journal_changes_nothing() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    world.run("apply --yes").success();
    assert!(world.journal().exists());
    assert_eq!(team.tip(), None);
    world.run("plan").success().says("No changes.");
    assert_eq!(team.tip(), None);
}

#[test]
fn clones_of_ci_systems() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    team.clone().run("--journal git apply --yes").success();
    sure(
        &team.remote(),
        &["config", "uploadpack.allowFilter", "true"],
    );
    let shallow = team.clone_with(&["--depth=1"]);
    let partial = team.clone_with(&["--filter=blob:none"]);
    let detached = team.clone_with(&["--depth=1"]);
    sure(&detached.path(""), &["checkout", "--quiet", "--detach"]);
    let single = team.clone_with(&["--single-branch", "--no-tags"]);
    for (number, world) in [&shallow, &partial, &detached, &single]
        .into_iter()
        .enumerate()
    {
        let value = format!("v{number}");
        team.edit(&[], &[("A", &value)]);
        sure(
            &world.path(""),
            &["fetch", "--quiet", "--depth=1", "origin", "main"],
        );
        sure(&world.path(""), &["checkout", "--quiet", "FETCH_HEAD"]);
        world
            .run("plan")
            .success()
            .says("the manifest has a new value");
        world.run("apply --yes").success();
        assert_eq!(team.read("app"), format!("A={value}\n"));
        world.run("plan --detailed-exitcode").success();
    }
    shallow.run("history").success().says("5 receipts of dev");
    // what a clone of this kind lacks is not brought along
    let history = sure(&shallow.path(""), &["rev-parse", "--is-shallow-repository"]);
    assert_eq!(history, "true");
}

#[test]
fn a_branch_instead_where_a_forge_takes_no_other_refs() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (one, two) = (team.clone(), team.clone());
    let journal = "--journal git:origin#refs/heads/driftlock-journal";
    one.run(&format!("{journal} apply --yes")).success();
    assert_eq!(team.tip(), None);
    two.run(&format!("{journal} history"))
        .success()
        .says("1 receipt of dev");
    // a worktree, and a folder below
    let mut below = two.command(["--journal", "git#refs/heads/driftlock-journal", "plan", "."]);
    below.current_dir(two.path("manifests"));
    crate::support::world::Run::of(below)
        .success()
        .says("No changes.");
}

#[test]
fn an_encrypted_manifest_leaves_no_secret_in_the_remote() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world: World = team.clone();
    world.write("secret.env", "TOKEN=c4nary-0123456789\n");
    std::fs::remove_file(world.path("manifests/dev.yaml")).unwrap();
    world
        .run("init --yes --name dev --env-file secret.env")
        .success();
    let run = |line: &str| world.run(line).hides("c4nary");
    run("-vv --journal git apply --yes").success();
    world.run_with("set TOKEN", "c4nary-9876543210").success();
    for line in [
        "-vv apply --yes",
        "-vv plan",
        "-vv journal",
        "-vv history",
        "-vv status",
    ] {
        run(line).success();
    }
    run("history").success().says("2 receipts");
    let all = team.everything();
    assert!(all.contains("\"place\"") && !all.contains("c4nary"));
    // nor in what this machine keeps of it
    let kept = world.path("../state/driftlock/git");
    for file in std::fs::read_dir(kept).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("c4nary"), "{}", path.display());
    }
}
