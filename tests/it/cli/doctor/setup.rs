//! This machine's own set-up: told when it matters.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::commands;
use crate::cli::fits_schema;
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::World;

#[test]
fn a_key_that_others_can_read_is_wrong_and_the_command_mends_it() {
    let world = shop();
    world.run("apply --yes").success();
    world.run("doctor").success();
    let keys = world.config("driftlock/keys.txt");
    fs::set_permissions(&keys, Permissions::from_mode(0o644)).unwrap();
    let run = world.run("doctor").exits(2);
    let run = run
        .says("✗ identity: ")
        .says("holds private keys and is open to other users")
        .says("1 problem in this machine's set-up");
    assert_eq!(commands(&run), [format!("chmod 600 {}", keys.display())]);
    fs::set_permissions(&keys, Permissions::from_mode(0o600)).unwrap();
    world.run("doctor --all").success().says("is opened by");
}

#[test]
fn without_an_identity_it_says_where_it_looked_and_knows_nothing() {
    let world = shop();
    world.run("apply --yes").success();
    let away = world.hide_identity();
    let run = world.run("doctor").exits(1).hides("canary");
    let first = run.stdout.lines().next().unwrap();
    assert!(first.starts_with("? identity: "), "{}", run.all());
    run.says("stays sealed")
        .says("--identity or DRIFTLOCK_AGE_KEY_FILE")
        .says("API_TOKEN, DB_PASSWORD: the manifest stays sealed");
    world.run(&format!("doctor -i {away}")).success();
}

#[test]
fn a_broken_manifest_does_not_hide_the_others() {
    let world = World::applied(&[("A", "1")]);
    world.write("app.env", "A=outside\n");
    world.write(
        "manifests/other.yaml",
        "driftlock: 1\nname: other\nwhat: 1\n",
    );
    let run = world.run("doctor").exits(1);
    let run = run
        .says("other.yaml has 1 problem and was left out")
        .says("driftlock check")
        .says("✗ app");
    assert!(run.stderr.contains("other.yaml:3:1"), "{}", run.all());
    let json = fits_schema(&world.run("doctor --json").exits(1), "doctor");
    assert_eq!(json["checks"][0]["finding"]["is"], "unknown");
    assert_eq!(json["manifests"][0]["cases"][0]["severity"], "wrong");
    world.run("doctor -f manifests/dev.yaml").exits(2);
}

#[test]
fn a_journal_that_cannot_be_read_does_not_hide_what_differs() {
    let world = shop();
    world.run("apply --yes").success();
    world.write(
        ".env",
        "API_TOKEN=canary-other\nDB_PASSWORD=x\nLOG_LEVEL=info\n",
    );
    fs::write(
        world.journal(),
        "this is no database, and it is long enough",
    )
    .unwrap();
    let run = world.run("doctor").exits(1).hides("canary");
    run.says("? journal: ")
        .says("what was applied last is not known, so neither is who moved")
        .says("API_TOKEN");
}

#[test]
fn paths_with_spaces_are_quoted_in_what_is_pasted() {
    let world = shop();
    world.run("apply --yes").success();
    fs::rename(world.path(MANIFEST), world.path("manifests/it's mine.yaml")).unwrap();
    world.write(".env", "API_TOKEN=other\nDB_PASSWORD=x\nLOG_LEVEL=info\n");
    let mut command = world.command(["doctor", "-f", "manifests/it's mine.yaml"]);
    command.args(["--color", "never"]);
    let run = crate::support::world::Run::of(command).exits(2);
    let command = commands(&run).remove(0);
    assert!(
        command.starts_with(r"driftlock apply 'manifests/it'\''s mine.yaml' --target "),
        "{command}"
    );
    // a known manifest under another name is a new one
    world.paste(&format!("{command} --yes")).exits(3);
    let agreed = format!("{command} --yes --allow authority");
    world.paste(&agreed).success();
}

#[test]
fn ssh_and_tokens_are_told_where_a_target_needs_them() {
    let world = World::new();
    let railway = "api: { railway: { project: p, environment: e, service: s }, variables: [A] }";
    world.declare_on(&[("A", "1")], &[railway]);
    let run = world.run("doctor --all").exits(1);
    run.says("? api  reached ?  read ·  stored ·")
        .says("neither RAILWAY_TOKEN nor RAILWAY_API_TOKEN is set")
        .says("? Railway token: ");
}
