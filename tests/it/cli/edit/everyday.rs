//! What an edit does.

use super::stage::{NEW, Stage};
use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, changed_lines};
use crate::support::world::{Run, World};

#[test]
fn one_value_is_another_one_and_only_its_line_changes() {
    let stage = Stage::new();
    let before = stage.manifest();
    stage
        .edit(&Stage::renew())
        .success()
        .says("manifests/dev.yaml is edited")
        .says("API_TOKEN has another value, encrypted")
        .says("next: driftlock plan");
    let lines = changed_lines(&before, &stage.manifest());
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with("+    age: "), "{lines:?}");
    assert_eq!(stage.token(), NEW);
    assert_eq!(stage.world.revealed("DB_PASSWORD"), PASSWORD);
    // the sequence goes on, so that the former value could not come back unseen
    stage.world.run("check").success();
}

#[test]
fn the_editor_sees_every_value_and_not_the_end() {
    let stage = Stage::new();
    let seen = stage.world.root().join("seen");
    let lines = format!(
        "grep -v 'secret: [\"c]' \"$1\" > {0}; ls -ld \"$1\" \"$(dirname \"$1\")\" | cut -c1-10 >> {0}; \
         grep -c 'secret: {TOKEN}' \"$1\" >> {0}; basename \"$1\" >> {0}; echo \"TMP=$TMPDIR\" >> {0}; \
         echo \"KEY=$DRIFTLOCK_AGE_KEY$SOPS_AGE_KEY\" >> {0}",
        seen.display()
    );
    let editor = stage.editor(&lines);
    let mut command = stage.command("edit", &editor);
    command
        .env("DRIFTLOCK_AGE_KEY", "AGE-SECRET-KEY-1NOT")
        .env("SOPS_AGE_KEY", "x");
    let before = stage.manifest();
    Run::of(command)
        .success()
        .says("nothing changed; manifests/dev.yaml is as it was");
    assert_eq!(stage.manifest(), before);
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(
        seen.starts_with("# driftlock edit: dev, decrypted."),
        "{seen}"
    );
    for line in [
        "-rw-------",
        "drwx------",
        "1",
        "dev.yaml",
        "KEY=",
        "  LOG_LEVEL: info",
    ] {
        assert!(seen.lines().any(|one| one == line), "{line}: {seen}");
    }
    assert!(
        seen.contains("/driftlock-edit-"),
        "its temporary files are in the room: {seen}"
    );
    for word in ["fingerprints:", "age-encryption.org", "\nkey:"] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}

#[test]
fn variables_come_go_and_change_their_kind() {
    let stage = Stage::new();
    let lines = format!(
        "sed -i -e 's/LOG_LEVEL: info/LOG_LEVEL: {{ secret: info }}/' -e 's/secret: \"{PASSWORD}\"/value: public/' \
         -e 's/^variables:/variables:\\n  ADDED:\\n    secret: |\\n      one\\n      two\\n    rotate: 90d\\n  \
         PLAIN: text # public\\n/' -e '/^  API_TOKEN:/,/secret:/d' -e '/- API_TOKEN/d' \"$1\""
    );
    stage
        .edit(&lines)
        .success()
        .says("ADDED added, encrypted")
        .says("PLAIN added")
        .says("DB_PASSWORD is not encrypted any more: everyone who may read the file can read it")
        .says("LOG_LEVEL is encrypted now; its former text stays in the history of the file")
        .says("API_TOKEN removed");
    let text = stage.manifest();
    assert!(
        text.contains("    value: public\n") && text.contains("  PLAIN: text # public\n"),
        "{text}"
    );
    assert_eq!(stage.world.revealed("ADDED"), "one\ntwo\n");
    assert_eq!(stage.world.revealed("LOG_LEVEL"), "info");
    stage.world.run("check").success();
}

#[test]
fn a_renamed_variable_is_sealed_under_its_new_name() {
    let stage = Stage::new();
    stage
        .edit("sed -i 's/API_TOKEN/API_KEY/' \"$1\"")
        .success()
        .says("API_KEY added, encrypted")
        .says("API_TOKEN removed");
    assert_eq!(stage.world.revealed("API_KEY"), TOKEN);
}

#[test]
fn comments_order_and_targets_stand_as_they_were_written() {
    let stage = Stage::new();
    let before = stage.manifest();
    stage
        .edit("sed -i -e 's/^targets:/# where it goes\\ntargets:/' -e 's/^variables:$/variables: # all/' \"$1\"")
        .success()
        .omits("API_TOKEN");
    let wanted = before
        .replace("\ntargets:", "\n# where it goes\ntargets:")
        .replace("\nvariables:\n", "\nvariables: # all\n");
    assert_eq!(stage.manifest(), wanted);
}

#[test]
fn a_manifest_of_clear_texts_gets_its_first_secret() {
    let world = World::with_env("A=1\n");
    let key = std::fs::read_to_string(world.config("driftlock/keys.txt")).unwrap();
    let public = key
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap()
        .to_owned();
    let text = "driftlock: 1\nname: dev\nvariables:\n  LEVEL: info\n";
    world.write(MANIFEST, text);
    let stage = Stage::with(world);
    stage.edit("true").success().says("nothing changed");
    stage
        .edit(&format!(
            "printf '  TOKEN: {{ secret: {TOKEN} }}\\n' >> \"$1\""
        ))
        .exits(1)
        .says("no `recipients`")
        .says("driftlock edit manifests/dev.yaml --resume");
    stage
        .runs(
            "edit --resume",
            &format!("sed -i 's/^name: dev/name: dev\\nrecipients: [{public}]/' \"$1\""),
        )
        .success()
        .says("TOKEN added, encrypted");
    assert_eq!(stage.world.revealed("TOKEN"), TOKEN);
    assert!(stage.drafts().is_empty());
    stage.world.run("check").success();
}

#[test]
fn what_was_written_without_the_key_is_not_opened() {
    let stage = Stage::new();
    let identity = stage.world.hide_identity();
    stage.world.run_with("set API_TOKEN", NEW).success();
    let mut command = stage.command(
        "edit",
        &stage.editor(
            "sed -i 's/LOG_LEVEL: info/LOG_LEVEL: debug/' \"$1\"; ! grep -q canary-edited \"$1\"",
        ),
    );
    command.args(["--identity", &identity]);
    let before = stage.manifest();
    Run::of(command).success();
    assert_eq!(
        changed_lines(&before, &stage.manifest()),
        ["-  LOG_LEVEL: info", "+  LOG_LEVEL: debug"]
    );
}

#[test]
fn the_way_to_an_editor() {
    let stage = Stage::new();
    let with = |visual: Option<&str>, editor: &str| {
        let mut command = stage.command("edit", editor);
        if let Some(visual) = visual {
            command.env("VISUAL", visual);
        }
        Run::of(command)
    };
    // VISUAL comes first; words, quotes and signs are a shell's
    with(Some("true"), "false")
        .success()
        .says("nothing changed");
    with(Some("  "), "true").success();
    with(
        None,
        "sh -c 'test \"$1\" = \"two words\" && test -s \"$2\"' x 'two words'",
    )
    .success();
    with(None, "A=1 true").success();
    with(None, "no-such-editor-4711")
        .exits(1)
        .says("there is no editor `no-such-editor-4711`")
        .says("EDITOR=nano driftlock edit");
    with(None, "A=1 no-such-editor-4711")
        .exits(1)
        .says("cannot be started; nothing was changed");
    let mut command = stage.command("edit", "");
    command.env("PATH", "/nowhere");
    Run::of(command)
        .exits(1)
        .says("neither VISUAL nor EDITOR is set");
}
