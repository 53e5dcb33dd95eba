//! From this machine's journal to the remote, and back.

use super::lab::Team;

#[test]
fn a_journal_moves_with_all_that_it_knows() {
    let Some(team) = Team::new(&[("A", "v0")]) else {
        return;
    };
    let (world, other) = (team.clone(), team.clone());
    for value in ["v1", "v2"] {
        team.edit(&[&world, &other], &[("A", value)]);
        world.run("apply --yes").success();
    }
    let before = world.run("history --json").success().stdout;
    world
        .run("journal move git")
        .success()
        .says("dev: 2 receipts moved")
        .says("every clone of these manifests uses it from now on");
    assert_eq!(world.run("history --json").success().stdout, before);
    assert_eq!(other.run("history --json").success().stdout, before);
    other
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    // drift is drift, on any machine
    std::fs::write(team.file("app"), "A=hand\n").unwrap();
    other.run("plan").success().says("drift");
    other.run("apply --yes").success();
    world.run("history").success().says("3 receipts of dev");
    // once more, from the old one: what is there is more
    world
        .run("journal move git")
        .success()
        .says("there already");
    world.run("history").success().says("3 receipts of dev");
    // and back to a file
    world
        .run("journal move own.sqlite3")
        .success()
        .says("dev: 3 receipts moved")
        .says("--journal own.sqlite3");
    world
        .run("--journal own.sqlite3 history")
        .success()
        .says("3 receipts of dev");
    world
        .run("--journal own.sqlite3 plan --detailed-exitcode")
        .success();
}

#[test]
fn records_of_two_lives_are_not_mixed() {
    let Some(team) = Team::new(&[("A", "v0")]) else {
        return;
    };
    let (world, other) = (team.clone(), team.clone());
    world.run("apply --yes").success();
    other.run("--journal git apply --yes").success();
    world
        .run("journal move git")
        .exits(3)
        .says("holds other records of it already")
        .says("nothing of it was moved");
    other.run("history").success().says("1 receipt of dev");
    world
        .run("journal move git:nowhere")
        .exits(1)
        .says("no remote `nowhere`");
    world.run("journal move").exits(64);
}
