//! `init` takes a folder in and is done at once.

use std::process::Command;

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

#[test]
fn the_next_plan_is_empty_and_the_file_is_as_it_was() {
    let world = World::new();
    let env = format!("# mine\nAPI_TOKEN='{TOKEN}'\n\nPORT=80\n");
    world.write(".env", &env);
    world
        .run("init --yes --clear PORT")
        .success()
        .says("made your identity in")
        .says("with 2 variables of .env")
        .says("next: driftlock plan")
        .hides(TOKEN);
    let manifest = world.manifest();
    assert!(manifest.contains("  PORT: \"80\"") || manifest.contains("  PORT: 80"));
    assert!(!manifest.contains(TOKEN));
    world
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    world.run("check --strict --require-identity").success();
    assert_eq!(world.read(".env"), env);
    assert_eq!(world.revealed("API_TOKEN"), TOKEN);
}

#[test]
fn the_identity_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = shop();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(world.config("driftlock/keys.txt")), 0o600);
    assert_eq!(mode(world.config("driftlock")), 0o700);
}

#[test]
fn nobody_to_ask_means_no_identity_and_no_file() {
    let world = World::new();
    world.write(".env", "A=1\n");
    let before = world.files();
    world
        .run("init")
        .exits(3)
        .says("nothing was written")
        .says("driftlock init --yes makes one");
    assert_eq!(world.files(), before);
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let world = World::new();
    world.write(".env", "A=1\n");
    let before = world.files();
    let no = [Typed::Shown("Make one in", "n")];
    let Some(run) = at_terminal(&world, "init", &no) else {
        return;
    };
    run.exits(3).says("nothing was written");
    assert_eq!(world.files(), before);

    let yes = [
        Typed::Shown("Make one in", "y"),
        Typed::Shown("[y/N] ", "y"),
    ];
    at_terminal(&world, "init", &yes).unwrap().success();
    world.run("plan --detailed-exitcode").success();
}

#[test]
fn an_identity_that_is_there_is_used() {
    let world = shop();
    let public = first_recipient(&world.manifest());
    world.write("other/.env", "B=2\n");
    world
        .run("init --name two --env-file other/.env")
        .success()
        .says("using the identity in");
    assert_eq!(first_recipient(&world.read("manifests/two.yaml")), public);
}

#[test]
fn a_file_that_has_a_manifest_gets_no_second_one() {
    let world = shop();
    let before = world.files();
    world
        .run("init --yes")
        .exits(3)
        .says("manifests/dev.yaml is there already")
        .says("--name");
    world
        .run("init --yes --name two")
        .exits(3)
        .says(".env belongs to dev/local already; nothing was written");
    assert_eq!(world.files(), before);
}

#[test]
fn key_and_env_file_stay_out_of_git() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = World::new();
    world.write(".env", "A=1\n");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(world.path(""))
            .output();
        output.unwrap()
    };
    assert!(git(&["init", "-q"]).status.success());
    world.write(".gitignore", "target");
    world
        .run("init --yes --identity my*key.txt")
        .success()
        .says("added /.env to .gitignore");
    assert_eq!(world.read(".gitignore"), "target\n/.env\n/my\\*key.txt\n");
    let listed = git(&["status", "--porcelain", "--untracked-files=all"]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    assert!(
        !listed.contains(".env") && !listed.contains("key.txt"),
        "{listed}"
    );
    assert!(listed.contains(MANIFEST));

    // what is ignored already needs no second line
    world.write("deploy/target", "B=1\n");
    world
        .run("init --yes --name two --env-file deploy/target --identity my*key.txt")
        .success();
    assert_eq!(world.read(".gitignore"), "target\n/.env\n/my\\*key.txt\n");
}

#[test]
fn what_cannot_be_taken_in_is_named_and_not_shown() {
    let world = World::new();
    world.write(".env", format!("GOOD=1\nODD_ONE=${{OTHER:-{TOKEN}}}\n"));
    let run = world
        .run("init --yes --format compose")
        .success()
        .says("ODD_ONE was left out:")
        .hides(TOKEN);
    assert!(run.stderr.contains("with 1 variable"), "{}", run.all());
    assert!(!world.manifest().contains("ODD_ONE"));
    world.run("plan --detailed-exitcode").success();
}

#[test]
fn a_file_that_programs_read_differently_needs_a_word_from_its_owner() {
    let world = World::new();
    world.write(".env", format!("export A='{TOKEN}'\nexport B=2\n"));
    let before = world.files();
    world
        .run("init --yes")
        .exits(3)
        .says("nothing was written")
        .says("driftlock init --format DIALECT")
        .hides(TOKEN);
    assert!(world.files() == before);
    world.run("init --yes --format node").success();
    world.run("plan --detailed-exitcode").success();
}

#[test]
fn other_readers_open_it_too() {
    let world = shop();
    let colleague = first_recipient(&world.manifest());
    let key = world.hide_identity();
    world.write("other/.env", format!("B=\"{PASSWORD}\"\n"));
    Run::of(world.command([
        "init",
        "--yes",
        "--name",
        "two",
        "--env-file",
        "other/.env",
        "--recipient",
        &colleague,
    ]))
    .success();
    std::fs::remove_file(world.config("driftlock/keys.txt")).unwrap();
    let revealed = world.run(&format!(
        "reveal B -f manifests/two.yaml --yes-print-the-secret --identity {key}"
    ));
    assert_eq!(revealed.success().stdout, PASSWORD);
}

#[test]
fn a_private_key_is_no_recipient() {
    let world = shop();
    let secret = std::fs::read_to_string(world.config("driftlock/keys.txt")).unwrap();
    let secret = secret.lines().last().unwrap().to_owned();
    world.write("other/.env", "B=2\n");
    Run::of(world.command([
        "init",
        "--name",
        "two",
        "--env-file",
        "other/.env",
        "--recipient",
        &secret,
    ]))
    .exits(64)
    .says("this is a private key")
    .hides(&secret);
    assert!(!world.path("manifests/two.yaml").exists());
}

#[test]
fn a_folder_without_env_file_gets_an_empty_manifest() {
    let world = World::new();
    world
        .run("init --yes")
        .success()
        .says("there is no .env here");
    world.run("check").success();
    world.run("plan").success();
    world.run_with("set A", "x").success();
    world
        .run("init --env-file nope --name two")
        .exits(1)
        .says("nope does not exist");
}

fn first_recipient(manifest: &str) -> String {
    let line = manifest.lines().find(|line| line.starts_with("  - age1"));
    let key = line.unwrap().trim_start_matches("  - ");
    key.split_whitespace().next().unwrap().to_owned()
}
