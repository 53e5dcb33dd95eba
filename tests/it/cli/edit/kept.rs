//! Edits that could not be finished: sealed, gone on with, joined with what others did, thrown away.

use super::stage::{NEW, Stage};
use crate::support::shop::{MANIFEST, PASSWORD};
use crate::support::world::Run;

/// An edit that ends badly with the new token in the text.
fn interrupted() -> Stage {
    let stage = Stage::new();
    stage
        .edit(&format!("{}; exit 1", Stage::renew()))
        .exits(1)
        .says("the edited text is kept, sealed");
    assert_eq!(stage.drafts().len(), 1);
    stage
}

#[test]
fn a_kept_edit_is_gone_on_with_or_thrown_away() {
    let stage = interrupted();
    stage
        .edit("true")
        .exits(3)
        .says("an edit of this manifest was kept")
        .says("driftlock edit manifests/dev.yaml --resume goes on with it")
        .says("driftlock edit manifests/dev.yaml --discard throws it away");
    stage
        .runs(
            "edit --resume",
            "grep -q '^# driftlock edit: This text was kept on' \"$1\"",
        )
        .success()
        .says("API_TOKEN has another value");
    assert_eq!(stage.token(), NEW);
    assert!(stage.drafts().is_empty());
    let stage = interrupted();
    stage
        .runs("edit --discard", "true")
        .success()
        .says("the kept edit is thrown away");
    assert!(stage.drafts().is_empty());
    stage.edit("true").success();
}

#[test]
fn a_resumed_edit_that_fails_again_is_kept_again() {
    let stage = interrupted();
    stage
        .runs(
            "edit --resume",
            "sed -i 's/LOG_LEVEL: info/LOG_LEVEL: debug/' \"$1\"; exit 2",
        )
        .exits(1);
    assert_eq!(stage.drafts().len(), 1);
    stage.runs("edit --resume", "true").success();
    assert_eq!(stage.token(), NEW);
    assert!(stage.manifest().contains("LOG_LEVEL: debug"));
}

#[test]
fn somebody_else_writes_meanwhile_and_both_are_joined() {
    let stage = Stage::new();
    let other = "sed -i 's/LOG_LEVEL: info/LOG_LEVEL: warn/' manifests/dev.yaml";
    let run = stage.edit(&format!("{}; {other}", Stage::renew()));
    run.exits(3)
        .says("was changed by somebody else meanwhile; nothing was written");
    assert!(stage.manifest().contains("LOG_LEVEL: warn"));
    stage
        .runs(
            "edit --resume",
            "grep -q 'both changes are in it now' \"$1\"; grep -q 'LOG_LEVEL: warn' \"$1\"",
        )
        .success();
    assert!(stage.manifest().contains("LOG_LEVEL: warn"));
    assert_eq!(stage.token(), NEW);
    assert_eq!(stage.world.revealed("DB_PASSWORD"), PASSWORD);
    stage.world.run("check").success();
}

#[test]
fn where_both_changed_the_same_the_text_says_so() {
    let stage = interrupted();
    stage
        .world
        .run_with("set API_TOKEN", "canary-other-word")
        .success();
    stage
        .runs(
            "edit --resume",
            "grep -q 'Changed there: API_TOKEN' \"$1\"; grep -q 'could not be joined' \"$1\"",
        )
        .success();
    assert_eq!(stage.token(), NEW);
}

#[test]
fn a_draft_that_is_damaged_or_of_somebody_else_is_not_taken() {
    let stage = interrupted();
    let draft = stage.drafts().pop().unwrap();
    let good = std::fs::read_to_string(&draft).unwrap();
    for bad in [
        "",
        "{",
        "null",
        &good.replace("edit-draft/1", "edit-draft/2"),
        &good.replace("\"parts\":[\"", "\"parts\":[\"AAAA"),
    ] {
        std::fs::write(&draft, bad).unwrap();
        stage
            .runs("edit --resume", "true")
            .exits(1)
            .says("is damaged")
            .says("driftlock edit --discard");
    }
    std::fs::write(&draft, &good).unwrap();
    let identity = stage.world.hide_identity();
    stage.runs("edit --resume", "true").exits(1);
    let mut command = stage.command("edit --resume", "true");
    command.args(["--identity", &identity]);
    Run::of(command).success();
}

#[test]
fn where_the_state_folder_cannot_be_used_the_draft_lies_in_memory() {
    let stage = Stage::new();
    let state = stage.world.root().join("state/driftlock");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("drafts"), "a file in its way").unwrap();
    stage
        .edit(&format!("{}; exit 1", Stage::renew()))
        .exits(1)
        .says("is kept, sealed");
    let beside = stage.drafts();
    assert_eq!(beside.len(), 1);
    assert!(beside[0].starts_with(stage.memory.path()));
    stage.runs("edit --resume", "true").success();
    assert_eq!(stage.token(), NEW);
    // and where it cannot lie anywhere, that is said
    let stage = Stage::new();
    std::fs::create_dir_all(stage.world.root().join("state/driftlock")).unwrap();
    std::fs::write(
        stage.world.root().join("state/driftlock/drafts"),
        "a file in its way",
    )
    .unwrap();
    // the other place is learned from a first try
    stage.edit(&format!("{}; exit 1", Stage::renew())).exits(1);
    let name = stage.drafts().pop().unwrap();
    std::fs::remove_file(&name).unwrap();
    std::fs::create_dir(&name).unwrap();
    stage
        .edit(&format!("{}; exit 1", Stage::renew()))
        .exits(1)
        .says("the editor ended with exit code 1")
        .says("the edited text cannot be kept")
        .omits("--resume");
}

#[test]
fn drafts_hold_no_value_and_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let stage = interrupted();
    let draft = stage.drafts().pop().unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&draft), 0o600);
    assert_eq!(mode(draft.parent().unwrap()), 0o700);
    assert!(stage.world.path(MANIFEST).exists());
}
