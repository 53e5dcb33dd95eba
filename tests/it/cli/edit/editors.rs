//! Real editors: what they leave, and where.

use std::fs;

use super::stage::{NEW, Stage};
use crate::support::peers;
use crate::support::shop::TOKEN;
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::Run;

#[test]
fn sed_in_place() {
    let stage = Stage::new();
    let mut command = stage.command("edit", &format!("sed -i s/{TOKEN}/other-token/"));
    command.env_remove("VISUAL");
    Run::of(command).success();
    assert_eq!(stage.token(), "other-token");
    stage.is_clean("sed");
}

#[test]
fn ed_with_a_script() {
    if peers::program("ed").is_none() {
        return;
    }
    let stage = Stage::new();
    let script = stage.world.root().join("script");
    fs::write(
        &script,
        "g/canary-token/s/secret: .*/secret: 'from ed'/\nw\nq\n",
    )
    .unwrap();
    let editor = stage.editor(&format!("ed -s \"$1\" < {}", script.display()));
    Run::of(stage.command("edit", &editor)).success();
    assert_eq!(stage.token(), "from ed");
    fs::remove_file(script).unwrap();
    stage.is_clean("ed");
}

/// A vim whose own settings would write swap files, backups, undo files and registers into the home.
fn spilling_vim(stage: &Stage) {
    for folder in ["swap", "backup", "undo"] {
        fs::create_dir_all(stage.world.home(folder)).unwrap();
    }
    let settings = "set nocompatible\nset directory=~/swap// backupdir=~/backup undodir=~/undo\n\
                    set backup writebackup swapfile updatecount=1\nset undofile\nset viminfo='100,<1000,s1000\n";
    fs::write(stage.world.home(".vimrc"), settings).unwrap();
}

#[test]
fn vim_writes_nothing_beside_the_room() {
    let big = std::path::Path::new("/usr/bin/vim");
    let vim = match big.is_file() {
        true => Some(big.to_owned()),
        false => peers::program("vim.tiny"),
    };
    let Some(vim) = vim else {
        return;
    };
    let mut stage = Stage::new();
    spilling_vim(&stage);
    stage.world.variable("EDITOR", &vim.display().to_string());
    // yanked and deleted lines are what registers keep
    let typed = format!("/canary-token\nyy:s/{TOKEN}/{NEW}/\ndd:undo\n:w\n:wq");
    let prompt = "canary-token";
    let Some(run) = at_terminal(&stage.world, "edit", &[Typed::Shown(prompt, &typed)]) else {
        return;
    };
    assert_eq!(run.code, 0, "vim ends well");
    stage.is_clean("vim");
    for folder in ["swap", "backup", "undo"] {
        let left = fs::read_dir(stage.world.home(folder)).unwrap().count();
        assert_eq!(left, 0, "vim left something in {folder}");
    }
    assert!(
        !stage.world.home(".viminfo").exists(),
        "vim kept its registers"
    );
    assert_eq!(stage.token(), NEW);
}
