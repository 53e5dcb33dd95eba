//! Texts, places and editors that are no good. Nothing changes, and nothing is left in clear.

use std::os::unix::fs::PermissionsExt;

use super::stage::{NEW, Stage};
use crate::support::shop::{MANIFEST, TOKEN};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

#[test]
fn a_text_that_is_no_manifest_says_where_and_is_kept() {
    for (lines, wanted) in [
        (
            "sed -i 's/secret: canary-token.*/secret: \"x\\\\0y\"/' \"$1\"",
            "holds a NUL character",
        ),
        ("printf '\\tx: 1\\n' >> \"$1\"", "this is not valid YAML"),
        (
            "printf 'variables: {}\\n' >> \"$1\"",
            "stands here a second time",
        ),
        (
            "sed -i 's/secret: canary-token/secret: \\&a canary-token/' \"$1\"",
            "anchors and aliases",
        ),
        (
            "sed -i 's/^name: dev/name: other/' \"$1\"",
            "`name` cannot be changed here",
        ),
        ("sed -i '/- age1/d' \"$1\"", "driftlock recipients"),
        (
            "printf 'key: x\\n' >> \"$1\"",
            "`key` is written by driftlock",
        ),
        (
            "sed -i 's/LOG_LEVEL: info/LOG_LEVEL: |\\n    -----BEGIN PRIVATE KEY-----\\n    x/' \"$1\"",
            "is a private key",
        ),
        (
            "head -c 9000000 /dev/zero | tr '\\0' x >> \"$1\"",
            "larger than 8 MiB",
        ),
        (
            "head -c 1100000 /dev/zero | tr '\\0' x > \"$1.v\"; v=$(cat \"$1.v\"); printf '  BIG: { secret: %s }\\n' \"$v\" | sed -i '/^variables:/r /dev/stdin' \"$1\"",
            "longer than 1 MiB",
        ),
    ] {
        let stage = Stage::new();
        let before = stage.manifest();
        stage
            .edit(lines)
            .exits(1)
            .says(wanted)
            .says("manifests/dev.yaml (decrypted)")
            .says("the edited text is kept, sealed")
            .says("driftlock edit manifests/dev.yaml --resume");
        assert_eq!(stage.manifest(), before, "{lines}");
        assert_eq!(stage.drafts().len(), 1, "{lines}");
    }
}

#[test]
fn what_comes_back_as_no_text_changes_nothing() {
    for (lines, wanted) in [
        ("rm \"$1\"", "is gone: the editor removed its file"),
        ("rm \"$1\"; ln -s /etc/hostname \"$1\"", "the edited text"),
        ("rm \"$1\"; mkdir \"$1\"", "no regular file"),
        ("rm \"$1\"; mkfifo \"$1\"", "no regular file"),
        ("printf '\\377' >> \"$1\"", "not UTF-8 at byte"),
        ("truncate -s 20M \"$1\"", "larger than 16 MiB"),
        (": > \"$1\"", "nothing is left of the manifest"),
    ] {
        let stage = Stage::new();
        let before = stage.manifest();
        stage.edit(lines).exits(1).says(wanted);
        assert_eq!(stage.manifest(), before, "{lines}");
    }
}

#[test]
fn an_editor_that_fails_keeps_what_it_saved() {
    let stage = Stage::new();
    let before = stage.manifest();
    stage
        .edit("exit 7")
        .exits(1)
        .says("the editor ended with exit code 7; nothing was changed")
        .omits("kept");
    assert!(stage.drafts().is_empty());
    stage
        .edit(&format!("{}; kill -9 $$", Stage::renew()))
        .exits(1)
        .says("the editor was ended by signal 9")
        .says("the edited text is kept, sealed");
    assert_eq!(stage.manifest(), before);
    stage
        .runs("edit --resume", "true")
        .success()
        .says("API_TOKEN has another value");
    assert_eq!(stage.token(), NEW);
}

#[test]
fn places_that_cannot_be_written_are_told_before_the_editor() {
    let stage = Stage::new();
    let path = stage.world.path(MANIFEST);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    stage
        .edit("touch ran")
        .exits(1)
        .says("manifests/dev.yaml is read-only; nothing was edited")
        .says("chmod u+w manifests/dev.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(!stage.world.path("ran").exists());
}

#[test]
fn without_an_identity_or_with_a_damaged_value_nothing_is_edited() {
    let stage = Stage::new();
    let identity = stage.world.hide_identity();
    stage.edit("touch ran").exits(1).says("stays sealed");
    let text = stage.manifest();
    let line = text.lines().find(|line| line.contains(" age: ")).unwrap();
    let at = line.len() - 8;
    let other = if line.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    let damaged = format!("{}{other}{}", &line[..at], &line[at + 1..]);
    stage.world.write(MANIFEST, text.replace(line, &damaged));
    let mut command = stage.command("edit", &stage.editor("touch ran"));
    command.args(["--identity", &identity]);
    Run::of(command)
        .exits(1)
        .says("not every value of this manifest opens")
        .says("API_TOKEN:");
    assert!(!stage.world.path("ran").exists());
}

#[test]
fn which_manifest() {
    let stage = Stage::new();
    let text = stage.manifest();
    stage.world.write(
        "manifests/prod.yaml",
        "driftlock: 1\nname: prod\nvariables: { A: x }\n",
    );
    stage
        .edit("true")
        .exits(64)
        .says("there are several manifests")
        .says("manifests/prod.yaml");
    stage.runs("edit manifests/prod.yaml", "true").success();
    stage
        .world
        .write("manifests/prod.yaml", "{driftlock: 1, name: prod}\n");
    stage
        .runs("edit manifests/prod.yaml", "true")
        .exits(1)
        .says("cannot be shown decrypted");
    stage
        .world
        .write("manifests/prod.yaml", "driftlock: 1\nname: [\n");
    stage
        .runs("edit manifests/prod.yaml", "true")
        .exits(1)
        .says("not valid YAML");
    assert_eq!(stage.manifest(), text);
    let empty = Stage::with(World::new());
    empty.edit("true").exits(1);
    stage
        .runs("edit manifests/dev.yaml --resume", "true")
        .exits(1)
        .says("there is no kept edit");
    stage
        .runs("edit manifests/dev.yaml --discard", "true")
        .success()
        .says("there is no kept edit");
}

#[test]
fn at_a_terminal_the_editor_comes_back_with_what_is_wrong() {
    let mut stage = Stage::new();
    let count = stage.world.root().join("count");
    let head = stage.world.root().join("head");
    let lines = format!(
        "echo x >> {0}; case $(wc -l < {0}) in 1) sed -i 's/^name: dev/name: other/' \"$1\";; \
         2) grep '^# driftlock edit' \"$1\" > {1}; sed -i 's/^name: other/name: dev/' \"$1\"; {2};; esac",
        count.display(),
        head.display(),
        Stage::renew()
    );
    let editor = stage.editor(&lines);
    stage.world.variable("EDITOR", &editor);
    let Some(run) = at_terminal(
        &stage.world,
        "edit",
        &[Typed::Shown("Edit it again? [Y/n] ", "")],
    ) else {
        return;
    };
    run.success()
        .says("`name` cannot be changed here")
        .hides(TOKEN)
        .hides(NEW);
    let head = std::fs::read_to_string(head).unwrap();
    assert!(
        head.contains("error: line ") && head.contains("`name` cannot be changed here"),
        "{head}"
    );
    assert_eq!(stage.token(), NEW);
    assert!(!stage.manifest().contains("driftlock edit"));
    // and a no keeps the text
    let editor = stage.editor(&format!(
        "{}; sed -i 's/^name: dev/name: other/' \"$1\"",
        "true"
    ));
    stage.world.variable("EDITOR", &editor);
    let run = at_terminal(
        &stage.world,
        "edit",
        &[Typed::Shown("Edit it again? [Y/n] ", "n")],
    )
    .unwrap();
    run.exits(1).says("the edited text is kept, sealed");
    stage.is_clean("after a no");
}
