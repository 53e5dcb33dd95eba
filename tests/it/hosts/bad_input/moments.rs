//! Somebody else writes the file while an apply is at it: theirs stays, ours says so.

use std::fs;

use super::super::stage::Stage;
use super::declare_one;
use crate::support::sshd::{Far, script};

/// Lets the far side's `tool` run this line of a shell first, at its `count`-th call.
fn at_call(stage: &Stage, tool: &str, count: usize, line: &str) {
    let folder = stage.sshd.path("moments");
    let _none_yet = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let text = format!(
        "#!/bin/sh\necho x >>'{at}/calls'\n\
         [ \"$(wc -l <'{at}/calls')\" -eq {count} ] && {{ {line}; }}\n\
         PATH=${{PATH#*:}} exec {tool} \"$@\"\n",
        at = folder.display()
    );
    script(&folder.join(tool), &text);
    let profile = format!("PATH='{}':$PATH; export PATH", folder.display());
    stage.sshd.profile(Far::Own, &profile);
}

#[test]
fn an_edit_at_any_moment_is_never_lost() {
    let Some(stage) = Stage::new() else { return };
    let path = stage.far(".env");
    let edit = format!("echo A=theirs >'{}'", path.display());
    let swap = format!("{edit}.new; mv '{0}.new' '{0}'", path.display());
    let edit_of_swap = swap.replacen(
        &format!("'{}'.new", path.display()),
        &format!("'{}.new'", path.display()),
        1,
    );
    for (moment, tool, count, line) in [
        ("between the plan and the second look", "cat", 2, &edit),
        ("once the write is prepared", "mkdir", 1, &edit),
        ("right before the rename", "cmp", 1, &edit),
        (
            "right before the rename, by another file",
            "cmp",
            1,
            &edit_of_swap,
        ),
    ] {
        stage.sshd.profile(Far::Own, "");
        declare_one(&stage);
        stage.run("apply --yes").success();
        stage.declare(
            &[("A", "2"), ("B", "3")],
            &format!(
                "{}{}",
                stage.target("vps", ".env", &super::uses("A")),
                super::HERE
            ),
        );
        at_call(&stage, tool, count, line);
        let run = stage.run("apply --yes").exits(4);
        assert_eq!(stage.far_text(".env"), "A=theirs\n", "{moment}");
        run.says("not updated").says("changed since");
        assert_eq!(stage.world.read("here.env"), "B=3\n");
        let left: Vec<_> = fs::read_dir(stage.sshd.path("srv")).unwrap().collect();
        assert_eq!(left.len(), 1, "{moment}");
        stage.sshd.profile(Far::Own, "");
        stage.run("apply --yes").exits(3).says("conflict");
        assert_eq!(stage.far_text(".env"), "A=theirs\n");
        stage.run("apply --yes --overwrite A@vps").success();
        assert_eq!(stage.far_text(".env"), "A=2\n");
        stage.in_sync();
        fs::remove_file(&path).unwrap();
        super::forget(&stage);
    }
}

#[test]
fn a_file_that_comes_to_be_meanwhile_is_not_overwritten() {
    let Some(stage) = Stage::new() else { return };
    declare_one(&stage);
    let edit = format!("echo A=theirs >'{}'", stage.far(".env").display());
    at_call(&stage, "ln", 1, &edit);
    stage.run("apply --yes").exits(4).says("changed since");
    assert_eq!(stage.far_text(".env"), "A=theirs\n");
    stage.sshd.profile(Far::Own, "");
    stage.run("apply --yes --take-over vps").success();
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage.in_sync();
}
