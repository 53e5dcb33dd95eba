//! Nothing is installed that could not work, and what is missing is said.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{printed, run, world};
use crate::support::peers;
use crate::support::world::{Run, World};

/// An install into the world's own settings, which writes nothing.
#[track_caller]
fn refused(world: &World, words: &[&str]) -> Run {
    let words = [&["schedule", "install", "systemd", "--user"], words].concat();
    let run = run(world, &words).exits(3).hides("c4nary");
    assert!(!world.config("systemd").exists(), "{}", run.all());
    run.says("nothing was installed")
}

#[test]
fn who_runs_by_itself_types_no_passphrase_and_has_no_shell() {
    let mut world = world();
    let away = world.hide_identity();
    refused(&world, &[]).says("cannot open manifests/dev.yaml");
    // to look at it is allowed: it may be for another machine
    let run = run(&world, &["schedule", "print", "systemd", "--user"]).success();
    run.says("warning: a scheduled run");
    let key = std::fs::read_to_string(&away).unwrap();
    let key = key.lines().last().unwrap().to_owned();
    world.variable("DRIFTLOCK_AGE_KEY", &key);
    refused(&world, &[])
        .hides(&key)
        .says("DRIFTLOCK_AGE_KEY is set here, and a scheduled run does not have it");
    let text = printed(&world, &["systemd", "--user", "--identity", &away]);
    assert!(
        text.contains(&format!("LoadCredential=identity-1:{away}\n")),
        "{text}"
    );
}

#[test]
fn a_key_with_a_passphrase_is_refused() {
    let Some(keygen) = peers::program("ssh-keygen") else {
        return;
    };
    let world = world();
    let key = world.home("id");
    let made = Command::new(keygen)
        .args(["-q", "-t", "ed25519", "-N", "open sesame", "-C", "", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let public = public.trim();
    run(&world, &["recipients", "add", public]).success();
    world.hide_identity();
    let key = key.to_str().unwrap();
    refused(&world, &["--identity", key]).says("needs a passphrase, and nobody can be asked");
    // the same key without one will do
    let opened = Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "open sesame", "-N", "", "-f", key])
        .stdout(std::process::Stdio::null())
        .status();
    assert!(opened.unwrap().success());
    printed(&world, &["systemd", "--user", "--identity", key]);
    let run = run(
        &world,
        &["schedule", "print", "systemd", "--user", "--identity", key],
    );
    assert!(!run.stderr.contains("cannot open"), "{}", run.all());
}

#[test]
fn what_is_named_is_there_and_nobody_elses() {
    let world = world();
    refused(&world, &["--alerts", "alerts.yaml"]).says("alerts.yaml: entity not found");
    refused(&world, &["--environment-file", "tokens.env"]).says("tokens.env: entity not found");
    let tokens = world.write("tokens.env", "RAILWAY_TOKEN=c4naryToken\n");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o640)).unwrap();
    refused(&world, &["--environment-file", "tokens.env"]).says("chmod 600");
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o600)).unwrap();
    let text = printed(
        &world,
        &["systemd", "--user", "--environment-file", "tokens.env"],
    );
    assert!(text.contains("EnvironmentFile=/"), "{text}");
    run(
        &world,
        &["schedule", "print", "systemd", "--user", "nowhere.yaml"],
    )
    .exits(1);
    run(
        &world,
        &["schedule", "print", "systemd", "--target", "nope"],
    )
    .exits(64)
    .says("no manifest has a target nope");
    world.write("manifests/dev.yaml", "driftlock: [");
    run(&world, &["schedule", "install", "systemd", "--user"])
        .exits(1)
        .says("dev.yaml:1:");
}

#[test]
fn tokens_and_agents_of_this_shell_are_not_there_then() {
    let mut world = World::new();
    world.declare_on(
        &[("A", "1")],
        &[
            "api: { railway: { project: p, environment: e, service: s }, variables: [A] }",
            "far: { file: { host: me@vps.example, path: /x.env }, variables: [A] }",
            "own: { file: { path: ../own.env }, variables: [A], activate: 'sudo systemctl restart x' }",
        ],
    );
    world.variable("RAILWAY_TOKEN", "c4naryRailway");
    world.variable("SSH_AUTH_SOCK", "/run/agent");
    let run = run(&world, &["schedule", "print", "systemd", "--user"]).success();
    run.hides("c4nary")
        .says("api is on Railway, and a scheduled run has no token of it")
        .says("has not the ssh-agent of this session")
        .says("runs sudo")
        .says("nobody is told");
}

#[test]
fn what_makes_no_sense_is_said_at_once() {
    let world = world();
    let print = |words: &[&str]| run(&world, &[&["schedule", "print"], words].concat());
    print(&["cron", "--every", "7m"])
        .exits(64)
        .says("--round takes the nearest");
    print(&["cron", "--every", "90m", "--round"])
        .success()
        .says("rounded to every 1h");
    print(&["cron", "--listen", "127.0.0.1:1"])
        .exits(64)
        .says("--metrics-file");
    print(&["systemd", "--every", "5s"]).exits(64);
    print(&["systemd", "--name", "No Name"]).exits(64);
    print(&["upstart"]).exits(64).says("possible values");
    for url in [
        "https://me:c4nary@git.example/x",
        "https://c4nary@git.example/x",
    ] {
        print(&["systemd", "--checkout", url])
            .exits(64)
            .hides("c4nary")
            .says("credential helper");
        let journal = format!("git:{url}");
        print(&["systemd", "--journal", &journal])
            .exits(64)
            .hides("c4nary");
    }
    print(&["cron", "--identity", "AGE-SECRET-KEY-1C4NARY"])
        .exits(64)
        .hides("C4NARY");
}

#[test]
fn settings_of_this_shell_come_along_and_secrets_do_not() {
    let mut world = world();
    world.variable("DRIFTLOCK_JOURNAL", "own/journal.sqlite3");
    world.variable("DRIFTLOCK_ALERTS", "alerts.yaml");
    world.variable("DRIFTLOCK_TOKENS", "RAILWAY_TOKEN_X=c4naryTokens");
    world.write("alerts.yaml", "driftlock-alerts: 1\n");
    let text = printed(
        &world,
        &["systemd", "--user", "--metrics-file", "m/driftlock.prom"],
    );
    let work = world.path("").display().to_string();
    let work = work.trim_end_matches('/');
    for wanted in [
        "Environment=DRIFTLOCK_MACHINE=here\n".to_owned(),
        format!("--journal {work}/own/journal.sqlite3"),
        format!("--alerts {work}/alerts.yaml"),
        format!("ReadWritePaths=-{work}/own\n"),
        format!("ReadWritePaths=-{work}/m\n"),
        format!("ReadWritePaths=-{work}\n"),
    ] {
        assert!(text.contains(&wanted), "{wanted}\n{text}");
    }
}
