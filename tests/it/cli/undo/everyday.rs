//! Updates, new variables and deletes are taken back exactly; an undo can be undone.

use std::os::unix::fs::PermissionsExt;

use super::{file, hides, moved, retarget, set, target, world};
use crate::cli::fits_schema;
use crate::support::world::World;

const BEFORE: &str = "# theirs\nTHEIRS=\"x y\"  # kept\nTOKEN=c4naryOne\nKEY=c4naryKey\n";

#[test]
fn an_update_is_taken_back_and_that_can_be_taken_back_too() {
    let world = moved();
    let after = world.read("one.env");
    world
        .run("undo")
        .success()
        .says("2 receipts of dev can be undone.")
        .says("~ TOKEN its former value")
        .hides("c4nary");
    let done = world.run("undo 2 --yes").success().hides("c4nary");
    done.says("back to what it was before")
        .says("Undone: 1 written")
        .says("the manifest still has what was undone (TOKEN)");
    assert_eq!(
        sorted(&world.read("one.env")),
        sorted(BEFORE),
        "foreign lines stay"
    );
    world.run("history").says("undone by tester@here");
    // the manifest wants the newer value, and nothing says otherwise
    world
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("TOKEN change: the manifest has a new value");
    let again = world.run("undo 3 --yes").success().hides("c4nary");
    again.omits("the manifest still has");
    assert_eq!(world.read("one.env"), after);
    world.run("undo 4 --yes").success();
    world.run("apply --yes").success();
    assert_eq!(world.read("one.env"), after);
    world.in_sync();
    hides(&world, "c4nary");
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn new_variables_are_taken_away_under_the_delete_rails() {
    let world = World::with_env("A=c4nary1\nB=c4nary2\nC=c4nary3\nD=c4nary4\n");
    retarget(&world, &[&target("one", "A, B, C", "")]);
    world.write("one.env", "THEIRS=1\n");
    world.run("apply --yes").success();
    retarget(&world, &[&target("one", "A, B, C, D", "")]);
    world.run("apply --yes --allow authority").success();
    let before = world.read("one.env");
    // one of four is within the limit of 25 %
    world
        .run("undo 2 --yes")
        .success()
        .says("- D")
        .says("1 deleted");
    assert_eq!(
        world.read("one.env"),
        "THEIRS=1\nA=c4nary1\nB=c4nary2\nC=c4nary3\n"
    );
    // all three are not; pruning was never switched on
    let held = world.run("undo 1 --yes").exits(3).says("held by deletes");
    let release = held.release("deletes");
    assert!(release.starts_with("driftlock undo 1 --yes --allow deletes=3@one"));
    world.paste(&release).success();
    assert_eq!(world.read("one.env"), "THEIRS=1\n");
    world.run("undo 4 --yes").success();
    world.run("undo 3 --yes").success();
    assert_eq!(world.read("one.env"), before);
    world.in_sync();
}

#[test]
fn a_prune_is_taken_back_with_its_value() {
    let world = world(
        "A=c4nary1\nB=c4nary2\n",
        &[&target("one", "A, B", ", prune: true")],
    );
    retarget(&world, &[&target("one", "A", ", prune: true")]);
    world
        .run("apply --yes --allow deletes=1@one")
        .success()
        .says("1 deleted");
    assert_eq!(world.read("one.env"), "A=c4nary1\n");
    world.run("undo 2 --yes").success().hides("c4nary");
    assert_eq!(world.read("one.env"), "A=c4nary1\nB=c4nary2\n");
    // ours again, and no manifest names it
    world
        .run("plan")
        .success()
        .says("no longer in the manifest");
    world.run("undo 3 --yes --allow deletes=1").success();
    assert_eq!(world.read("one.env"), "A=c4nary1\n");
    world.in_sync();
}

#[test]
fn clear_values_are_kept_without_recipients_and_no_others() {
    let world = World::applied_with(&[("A", "one"), ("B", "b")], ", prune: true");
    world.declare_with(&[("A", "two")], ", prune: true");
    world.run("apply --yes --allow deletes=1").success();
    assert_eq!(world.read("app.env"), "A=two\n");
    world.run("undo 2 --yes").success().says("two → one");
    assert_eq!(world.read("app.env"), "A=one\nB=b\n");
    // what somebody else wrote there is no clear value of ours
    world.run("apply --yes --allow deletes=1").success();
    world.write("app.env", "A=two\nC=c4naryTheirs\n");
    world.declare(&[("A", "two"), ("C", "c")]);
    world.run("apply --yes --overwrite C@app").success();
    world
        .run("undo")
        .says("? C not kept: it is no clear value")
        .hides("c4nary");
    world
        .run("undo 5 --yes")
        .exits(3)
        .says("cannot undo receipt 5: the former value of C is not kept");
    hides(&world, "c4nary");
}

#[test]
fn going_back_again_and_again_ends_where_it_began() {
    let world = moved();
    let mut files = vec![world.read("one.env")];
    for value in ["c4naryThree", "c4naryFour"] {
        set(&world, "TOKEN", value);
        world.run("apply --yes").success();
        files.push(world.read("one.env"));
    }
    // an older receipt alone: later applies moved it since
    let held = world.run("undo 2 --yes").exits(3).hides("c4nary");
    held.clone().says("changed since that receipt");
    assert_eq!(
        held.release("conflict"),
        "driftlock undo 2 --yes --overwrite TOKEN@one"
    );
    // all of them together go back to what the oldest found
    world.run("undo 4 2 3 --yes").success();
    assert!(world.read("one.env").contains("TOKEN=c4naryOne"));
    world.run("undo 5 --yes").success();
    assert_eq!(&world.read("one.env"), files.last().unwrap());
    world.paste(&held.release("conflict")).success();
    assert!(world.read("one.env").contains("TOKEN=c4naryOne"));
}

#[test]
fn what_was_changed_outside_since_is_held() {
    let world = moved();
    let text = world.read("one.env").replace("c4naryTwo", "c4naryOutside");
    world.write("one.env", &text);
    let held = world.run("undo 2 --yes").exits(3).hides("c4nary");
    held.clone().says("TOKEN on one was changed since");
    assert_eq!(world.read("one.env"), text);
    world.paste(&held.release("conflict")).success();
    assert!(world.read("one.env").contains("TOKEN=c4naryOne"));
    // removed outside is no agreement either
    world.run("apply --yes").success();
    world.write("one.env", text.replace("TOKEN=c4naryOutside\n", ""));
    world.run("undo 2 --yes").exits(3).says("held by conflict");
    // what is there already needs no write
    world.write("one.env", text.replace("c4naryOutside", "c4naryOne"));
    world
        .run("undo 2 --yes")
        .success()
        .says("recorded as known");
    hides(&world, "c4nary");
}

#[test]
fn a_reverted_manifest_agrees_after_one_apply() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::with_env("TOKEN=c4naryOne\nKEY=c4naryKey\n");
    world.git("init -q");
    world.git("add .");
    world.git("commit -qm first");
    world.run("apply --yes").success();
    set(&world, "TOKEN", "c4naryTwo");
    world.git("commit -qam second");
    world.run("apply --yes").success();
    let done = world.run("undo 2 --yes").success();
    world.run("plan --detailed-exitcode").exits(2);
    let revert = done.stderr.split('`').nth(1).unwrap().to_owned();
    assert!(revert.starts_with("git revert "), "{done:?}");
    world.git(&format!("revert --no-edit {}", &revert[11..]));
    // an older sealed value, but one that somebody agreed to
    world.in_sync();
    world.run("apply --yes").success();
    world.in_sync();
    assert_eq!(world.read(".env"), "TOKEN=c4naryOne\nKEY=c4naryKey\n");
    set(&world, "TOKEN", "c4naryThree");
    world.run("apply --yes").success();
    // without an undo in between it is noticed as ever
    let text = world.git("show HEAD:manifests/dev.yaml").stdout;
    world.write("manifests/dev.yaml", text);
    world.run("apply --yes").exits(3).says("held by rollback");
}

#[test]
fn the_list_and_the_receipts_are_json_too() {
    let world = moved();
    let list = fits_schema(&world.run("undo --json").success(), "undo");
    assert_eq!(list["receipts"][0]["receipt"], 2);
    assert_eq!(list["receipts"][0]["variables"][0]["name"], "TOKEN");
    assert_eq!(list["receipts"][0]["variables"][0]["kept"], "value");
    assert_eq!(list["receipts"][1]["variables"][0]["kept"], "absent");
    assert!(list["receipts"][0]["until"].as_str() > list["receipts"][0]["at"].as_str());
    let history = fits_schema(&world.run("history --json").success(), "history");
    assert_eq!(history["entries"][0]["receipt"], 2);
    let done = fits_schema(&world.run("undo 2 --yes --json").success(), "apply");
    assert_eq!(done["applies"][0]["targets"][0]["receipt"], "3");
    let plan = fits_schema(&world.run("plan --json").success(), "plan");
    assert_ne!(plan["plans"][0]["id"], done["applies"][0]["plan_id"]);
    world
        .run("undo --list --manifest manifests/dev.yaml")
        .success();
    world.run("undo --list 2").exits(64);
    world.run("undo 2").exits(64).says("driftlock undo 2 --yes");
}

#[test]
fn a_person_is_shown_the_plan_and_asked() {
    let world = moved();
    let after = world.read("one.env");
    let Some(no) = world.at_terminal(100, "undo 2", "n") else {
        return;
    };
    assert_eq!(no.code, 3, "{no:?}");
    assert_eq!(world.read("one.env"), after);
    let yes = world.at_terminal(100, "undo 2", "y").unwrap();
    assert_eq!(yes.code, 0, "{yes:?}");
    yes.says("Put this back?").hides("c4nary");
    assert!(world.read("one.env").contains("TOKEN=c4naryOne"));
}

#[test]
fn only_the_owner_can_read_the_file() {
    let world = moved();
    let mode = std::fs::metadata(file(&world))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    hides(&world, "c4nary");
}
