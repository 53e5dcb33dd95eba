//! `unset`: a variable leaves the manifest, and no place.

use crate::support::shop::{TOKEN, changed_lines, shop};

#[test]
fn a_variable_that_is_used_stays() {
    let world = shop();
    let before = world.files();
    world
        .run("unset API_TOKEN")
        .exits(1)
        .says("API_TOKEN is still used by the target local")
        .says("driftlock unset API_TOKEN --with-uses");
    world
        .run("unset NOPE")
        .exits(1)
        .says("NOPE is not declared");
    assert_eq!(world.files(), before);
}

#[test]
fn it_leaves_with_its_uses_and_deletes_nothing() {
    let world = shop();
    world.run("apply --yes").success();
    let before = world.manifest();
    world
        .run("unset API_TOKEN --with-uses")
        .success()
        .says("next: driftlock plan");
    let changed = changed_lines(&before, &world.manifest());
    assert!(
        changed.iter().all(|line| line.starts_with('-')),
        "{changed:#?}"
    );
    assert_eq!(changed.len(), 3, "{changed:#?}");
    world.run("apply --yes").hides(TOKEN);
    assert!(world.read(".env").contains(TOKEN));
    world.run("check --strict").success();
}

#[test]
fn an_unused_one_leaves_alone() {
    let world = shop();
    let before = world.manifest();
    world.run_with("set EXTRA", "x").success();
    world.run("unset EXTRA").success();
    assert_eq!(world.manifest(), before);
}
