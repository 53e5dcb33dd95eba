//! `reconcile:` in a manifest, as plan, diff and apply see it: what scheduled runs may do more is an
//! authority change, and counts once it was applied.

use crate::support::world::World;

const VARIABLES: [(&str, &str); 2] = [("A", "1"), ("B", "2")];
const TOLD: &str = "scheduled runs may do more, app";

/// What the next apply says of one way to be looser, and that it says it once.
#[track_caller]
fn told_once(before: &str, after: &str, what: &str) {
    let world = World::applied_with(&VARIABLES, before);
    world.declare_with(&VARIABLES, after);
    world.run("plan").says(TOLD).says(what);
    let detailed = world.run("plan --detailed-exitcode").exits(2);
    assert!(
        detailed.stdout.contains(TOLD),
        "nothing is to be written for it: {detailed:?}"
    );
    world.run("apply --yes").success();
    let later = world.run("plan").success();
    assert!(!later.stdout.contains(TOLD), "{later:?}");
    // and back: tighter is routine
    world.declare_with(&VARIABLES, before);
    let back = world.run("plan").success();
    assert!(!back.stdout.contains(TOLD), "{back:?}");
}

#[test]
fn another_mode_is_told_until_it_was_applied() {
    told_once(
        "",
        ", reconcile: { mode: heal }",
        "also put back what somebody changed (was: observe)",
    );
    told_once(
        ", reconcile: { mode: observe }",
        ", reconcile: { mode: apply }",
        "write what the manifest changed (was: observe)",
    );
}

#[test]
fn wider_windows_are_told_until_they_were_applied() {
    told_once(
        ", reconcile: { mode: apply, allow: [mon-fri 09:00-17:00 Europe/Zurich] }",
        ", reconcile: { mode: apply, allow: [daily 09:00-17:00 Europe/Zurich] }",
        "may write in wider windows",
    );
    told_once(
        ", reconcile: { mode: apply, deny: [fri UTC, sat UTC] }",
        ", reconcile: { mode: apply, deny: [fri UTC] }",
        "may write in a window that was denied",
    );
    told_once(
        ", reconcile: { mode: apply, suspend: { reason: a move, until: 2031-01-01 } }",
        ", reconcile: { mode: apply }",
        "are no longer suspended for as long",
    );
}

#[test]
fn the_folder_caps_what_a_manifest_asks_for() {
    let heal = ", reconcile: { mode: heal }";
    let world = World::applied(&VARIABLES);
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nreconcile: { mode: observe }\n",
    );
    world.declare_with(&VARIABLES, heal);
    let capped = world.run("plan").success();
    assert!(!capped.stdout.contains(TOLD), "{capped:?}");
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nreconcile: { mode: apply }\n",
    );
    world
        .run("plan")
        .says("write what the manifest changed (was: observe)");
}

#[test]
fn a_diff_of_two_revisions_names_it() {
    let world = World::new();
    world.git("init --quiet -b main");
    world.declare(&VARIABLES);
    world.git("add -A");
    world.git("commit --quiet -m one");
    world.declare_with(&VARIABLES, ", reconcile: { mode: heal, every: 1m }");
    let said = world.run("diff HEAD");
    let said = said
        .says("scheduled runs on app")
        .says("mode of scheduled runs: heal (was observe)");
    let said = said.says("looked at every 1m");
    assert!(!said.stdout.contains("suspended"), "{said:?}");
    // tighter than before is told too
    world.git("commit --quiet -a -m two");
    world.declare_with(&VARIABLES, ", reconcile: { mode: apply, deny: [fri UTC], suspend: { reason: \"a [move](x)\", until: 2031-01-01 } }");
    let said = world
        .run("diff HEAD")
        .says("mode of scheduled runs: apply (was heal)");
    said.says("denied to scheduled runs: fri UTC (was nothing)");
    let markdown = world.run("diff --markdown HEAD");
    let line = markdown
        .stdout
        .lines()
        .find(|line| line.contains("[move](x)"));
    assert!(
        line.is_some_and(|line| line.starts_with("- `")),
        "no link: {markdown:?}"
    );
}

#[test]
fn a_window_that_is_none_is_one_clear_error() {
    let world = World::new();
    world.declare_with(
        &VARIABLES,
        ", reconcile: { deny: [fri 16:00-24:00 Europe/Zurch] }",
    );
    let said = world.run("check").exits(1);
    let said = said.says("this window has a time zone that this driftlock does not know");
    let all = said.all();
    assert_eq!(all.matches("bad-value").count(), 1, "{all}");
    assert!(!all.contains("Zurch"), "values are not quoted: {all}");
}
