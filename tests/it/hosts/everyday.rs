//! Days in the life of a file on a VPS.

use super::stage::{Stage, uses};
use crate::support::sshd::{Far, HOST};
use crate::support::world::World;

#[test]
fn a_file_is_written_read_back_and_quiet_then() {
    for far in [Far::Own, Far::Busybox] {
        let Some(stage) = Stage::with(far, World::new()) else {
            return;
        };
        stage.far_write(".env", "# ours and theirs\nFOREIGN=kept\n");
        let target = stage.target("vps", ".env", &uses("PORT, MODE"));
        stage.declare(&[("PORT", "8080"), ("MODE", "a $HOME b")], &target);
        stage.run("plan").success().says("vps");
        assert!(!stage.far_text(".env").contains("8080"));
        stage.run("apply --yes").success().says("read back");
        let text = stage.far_text(".env");
        assert!(
            text.starts_with("# ours and theirs\nFOREIGN=kept\n"),
            "{text}"
        );
        assert!(text.contains("PORT=8080"), "{text}");
        stage.in_sync();
        // somebody edits it there
        stage.far_write(".env", &text.replace("8080", "9090"));
        stage
            .run("plan --detailed-exitcode")
            .exits(2)
            .says("drift")
            .says("changed outside");
        stage.run("apply --yes").success();
        assert_eq!(stage.far_text(".env"), text);
        stage.in_sync();
    }
}

#[test]
fn a_path_below_the_home_there_is_that_of_who_works_there() {
    let Some(stage) = Stage::new() else { return };
    let target = format!(
        "  vps:\n    file: {{ host: {HOST}, path: ~/srv/.env }}\n{}",
        uses("PORT")
    );
    stage.declare(&[("PORT", "8080")], &target);
    stage.run("apply --yes").success().says("read back");
    assert_eq!(stage.far_text(".env"), "PORT=8080\n");
    stage.in_sync();
}

#[test]
fn one_run_logs_in_once() {
    let Some(stage) = Stage::new() else { return };
    let targets: String = (1..=5)
        .map(|n| stage.target(&format!("t{n}"), &format!("{n}.env"), &uses("A")))
        .collect();
    stage.declare(&[("A", "1")], &targets);
    stage.run("apply --yes").success();
    assert_eq!(
        stage.sshd.logins(),
        1,
        "five files were written over one login"
    );
    stage.in_sync();
    assert_eq!(stage.sshd.logins(), 2);
}

#[test]
fn a_host_that_is_down_hides_no_other() {
    let Some(stage) = Stage::new() else { return };
    stage
        .sshd
        .configure("Host gone\nHostName 127.0.0.1\nPort 1\n");
    let gone = "  gone:\n    file: { host: gone, path: /srv/.env }\n    variables: [B]\n";
    let targets = stage.target("vps", ".env", &uses("A")) + gone;
    stage.declare(&[("A", "1"), ("B", "2")], &targets);
    let run = stage.run("apply --yes").exits(1);
    run.says("refused").says("gone");
    assert_eq!(stage.far_text(".env"), "A=1\n");
}
