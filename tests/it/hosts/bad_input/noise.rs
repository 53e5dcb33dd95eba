//! Logins that talk.

use std::fs;

use super::super::stage::{Stage, uses};
use super::{declare, declare_one, forget, mended, unknown};
use crate::support::sshd::Far;

const CANARY: &str = "canary-of-a-profile";

#[test]
fn what_a_profile_prints_harms_nothing_and_is_not_shown() {
    let Some(stage) = Stage::new() else { return };
    let log = stage.far("log");
    let activate = format!("    activate: echo up >> {}\n", log.display());
    declare(
        &stage,
        &stage.target("vps", ".env", &(activate + &uses("A"))),
    );
    for (number, profile) in [
        format!("echo '{CANARY}'; echo '{CANARY}' >&2"),
        format!("printf '{CANARY}; no line end'; printf '\\033[31m\\000{CANARY}' >&2"),
        format!("i=0; while [ $i -lt 5000 ]; do echo '{CANARY} Welcome'; i=$((i+1)); done"),
        // what it does at the end of the session
        format!("sh -c \"$SSH_ORIGINAL_COMMAND\"; echo '{CANARY}'; echo bye >&2; exit 7"),
        "set -u; PS1='$ '; alias ls='ls --color=always' cat='cat -v'; umask 000".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        stage.sshd.profile(Far::Own, profile);
        let run = stage.run("apply --yes -vv");
        run.success().says("done: run").hides(CANARY);
        assert_eq!(stage.far_text(".env"), "A=1\n", "{number}");
        assert_eq!(fs::read_to_string(&log).unwrap(), "up\n", "{number}");
        stage
            .run("plan --detailed-exitcode")
            .success()
            .hides(CANARY);
        fs::remove_file(stage.far(".env")).unwrap();
        fs::remove_file(&log).unwrap();
        forget(&stage);
    }
}

#[test]
fn a_login_without_a_shell_is_told() {
    let Some(stage) = Stage::new() else { return };
    declare_one(&stage);
    for profile in [
        "echo 'This service allows sftp connections only.'; exit 1",
        "exit 0",
        "kill -9 $$",
    ] {
        stage.sshd.profile(Far::Own, profile);
        unknown(
            &stage,
            &[
                "the login on vps worked, but no POSIX shell answered",
                "its profile must not wait for input",
            ],
        );
    }
    stage.sshd.profile(Far::Posix, "");
    fs::remove_file(stage.sshd.path("tools/cmp")).unwrap();
    unknown(&stage, &["vps has no command cmp", "install it there"]);
    stage.sshd.profile(Far::Posix, "");
    mended(&stage);
}
