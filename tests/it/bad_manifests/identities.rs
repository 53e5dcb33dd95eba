//! Identities that are missing, wrong, damaged or out of reach.

use std::fs;

use super::Bad;
use crate::support::shop::{TOKEN, shop};

#[test]
fn without_an_identity_nothing_secret_is_decided() {
    let bad = Bad::new();
    bad.world.hide_identity();
    let [plan, apply, _] = bad.runs_as_it_is([1, 1, 0], &["driftlock/keys.txt", "--identity"]);
    for run in [plan, apply] {
        run.says("unknown").says("API_TOKEN").says("DB_PASSWORD");
    }
    bad.world.run("status").exits(1).says("unknown");
}

#[test]
fn a_wrong_identity_is_named_with_its_line() {
    let bad = Bad::new();
    bad.world.hide_identity();
    let other = shop();
    fs::copy(
        other.config("driftlock/keys.txt"),
        bad.world.config("driftlock/keys.txt"),
    )
    .unwrap();
    bad.runs_as_it_is([1, 1, 0], &["keys.txt, line", "is not a recipient"]);
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let bad = Bad::new();
    bad.world.hide_identity();
    fs::create_dir(bad.world.config("driftlock/keys.txt")).unwrap();
    bad.runs_as_it_is([1, 1, 0], &["keys.txt cannot be read (is a directory)"]);
}

#[test]
fn one_bad_line_does_not_lose_the_others() {
    let bad = Bad::new();
    let path = bad.world.config("driftlock/keys.txt");
    let good = fs::read_to_string(&path).unwrap();
    let cut = &good.lines().last().unwrap()[..40];
    fs::write(
        &path,
        format!("AGE-SECRET-KEY-1CANARY\nhunter2\n{cut}\n\u{0}\n{good}"),
    )
    .unwrap();
    bad.world
        .run("plan")
        .success()
        .says("keys.txt:1 is a mistyped or cut off identity; the line is left out")
        .says("keys.txt:2 is not an identity")
        .says("keys.txt:3")
        .hides("CANARY")
        .hides("hunter2")
        .hides(cut);
    bad.world
        .run("apply --yes")
        .success()
        .hides("CANARY")
        .hides(cut);
}

#[test]
fn a_key_in_the_place_of_a_file_is_not_repeated() {
    let bad = Bad::new();
    let text = fs::read_to_string(bad.world.config("driftlock/keys.txt")).unwrap();
    let key = text.lines().last().unwrap().to_owned();
    bad.world.hide_identity();
    for line in [
        "plan",
        "check",
        "apply --yes",
        "reveal API_TOKEN --yes-print-the-secret",
        "init",
    ] {
        bad.world
            .run(&format!("{line} --identity {key}"))
            .exits(64)
            .says("--identity takes a file")
            .hides(&key);
    }
    for variable in [
        "DRIFTLOCK_AGE_KEY_FILE",
        "SOPS_AGE_KEY_FILE",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    ] {
        let mut command = bad.world.command(["plan"]);
        command.env(variable, &key);
        crate::support::world::Run::of(command)
            .exits(1)
            .says(variable)
            .says("where a file is wanted")
            .hides(&key);
    }
    // in the variable that is meant for it, it works
    let mut command = bad.world.command(["plan"]);
    command.env("DRIFTLOCK_AGE_KEY", &key);
    crate::support::world::Run::of(command)
        .success()
        .hides(&key)
        .hides(TOKEN);
}

#[test]
fn a_key_file_open_to_others_is_used_and_said() {
    use std::os::unix::fs::PermissionsExt;
    let bad = Bad::new();
    let path = bad.world.config("driftlock/keys.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    bad.world
        .run("plan")
        .success()
        .says("is open to other users")
        .says("chmod 600");
}
