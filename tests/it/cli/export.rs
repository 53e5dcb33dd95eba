//! `export`: every format through the programs that read it, and what is refused.

mod readers;

use std::os::unix::fs::PermissionsExt;

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::world::{Run, World};

const PRINT: &str = "--yes-print-the-secrets";

#[test]
fn it_prints_only_where_it_was_told_to() {
    let world = shop();
    for format in ["dotenv", "json", "shell", "k8s-secret", "compose"] {
        world
            .run(&format!("export local --format {format}"))
            .exits(3)
            .says("standard output is no terminal")
            .says("--out FILE")
            .says(PRINT)
            .hides(TOKEN);
        let run = world
            .run(&format!("export local --format {format} {PRINT}"))
            .success();
        assert_eq!(
            run.stderr,
            "3 variables of local printed with their values\n"
        );
        assert!(run.stdout.ends_with('\n'));
    }
    world
        .run("export local --format github")
        .exits(1)
        .says("no job of a GitHub runner")
        .hides(TOKEN);
    world.run("export local --format toml").exits(64);
    world.run("export local").exits(64);
}

#[test]
fn a_person_at_a_terminal_sees_it() {
    let world = shop();
    let line = "export local --format shell";
    if let Some(run) = crate::support::terminal::at_terminal(&world, line, &[]) {
        run.success()
            .says(&format!("export API_TOKEN='{TOKEN}'"))
            .says("3 variables of local printed with their values");
    }
}

#[test]
fn a_file_is_for_its_owner_whole_and_never_taken_by_accident() {
    let world = shop();
    let mode = |path: &str| {
        std::fs::metadata(world.path(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    let run = world
        .run("export local --format json --out out.json")
        .success();
    assert_eq!(run.stdout, "");
    assert_eq!(mode("out.json"), 0o600);
    let text = world.read("out.json");
    world.run("set LOG_LEVEL=debug").success();
    world
        .run("export local --format json --out out.json")
        .exits(3)
        .says("out.json is there already")
        .says("--replace takes its place")
        .hides(TOKEN);
    assert_eq!(world.read("out.json"), text);
    std::fs::set_permissions(
        world.path("out.json"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    world
        .run("export local --format json --out out.json --replace")
        .success();
    assert!(world.read("out.json").contains("debug"));
    assert_eq!(
        mode("out.json"),
        0o600,
        "whatever the mode of the one before"
    );
    std::os::unix::fs::symlink("out.json", world.path("link")).unwrap();
    for place in ["link", "manifests", "/dev/null"] {
        world
            .run(&format!(
                "export local --format json --out {place} --replace"
            ))
            .exits(3)
            .says("and not written")
            .hides(TOKEN);
    }
    world
        .run("export local --format json --out no/where.json")
        .exits(1)
        .hides(TOKEN);
    world.run("export local --format json --replace").exits(64);
    let left: Vec<_> = std::fs::read_dir(world.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".driftlock-")),
        "{left:?}"
    );
}

#[test]
fn a_file_that_git_would_commit_is_told() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let world = shop();
    let git = |words: &[&str]| {
        let done = std::process::Command::new("git")
            .args(words)
            .current_dir(world.path(""))
            .output()
            .unwrap();
        assert!(done.status.success());
    };
    git(&["init", "-q"]);
    world
        .run("export local --format json --out a.json")
        .success()
        .says("git does not ignore a.json");
    world.write(".gitignore", "/b.json\n");
    world
        .run("export local --format json --out b.json")
        .success()
        .omits("git does not ignore");
}

#[test]
fn a_value_that_a_format_cannot_hold_is_named_and_nothing_is_printed() {
    let world = shop();
    world.run_with("set API_TOKEN", "it's \"quoted\"").success();
    let run = world
        .run(&format!("export local --format dotenv {PRINT}"))
        .exits(1);
    assert_eq!(run.stdout, "");
    run.says("the value of API_TOKEN has a single quote together")
        .says("nothing was exported")
        .hides("it's");
    world
        .run(&format!(
            "export local --format dotenv --without API_TOKEN {PRINT}"
        ))
        .success();
    world
        .run("export local --format dotenv --out x.env")
        .exits(1);
    assert!(!world.path("x.env").exists());
    world
        .run("set GITHUB_TOKEN=x --clear --target local")
        .success();
    world
        .run("export local --format github --out x.env")
        .exits(1)
        .says("GITHUB_TOKEN is a variable that a job cannot set");
}

#[test]
fn names_of_kubernetes() {
    let world = shop();
    let line = |more: &str| world.run(&format!("export local --format k8s-secret {PRINT} {more}"));
    line("--secret-name Api")
        .exits(64)
        .says("--secret-name: \"Api\" is no name that Kubernetes takes");
    line("--namespace a.b").exits(64).says("--namespace:");
    line("--secret-name app.v1 --namespace shop")
        .success()
        .says("  name: \"app.v1\"\n  namespace: \"shop\"\n");
    line("").success().says("  name: \"local\"\n");
    world
        .run(&format!("export local --format json --namespace x {PRINT}"))
        .exits(64);
}

#[test]
fn what_is_not_known_stops_it_as_it_stops_run() {
    let world = shop();
    let identity = world.hide_identity();
    world
        .run(&format!("export local --format json {PRINT}"))
        .exits(1)
        .says("stays sealed");
    world.run_with("set API_TOKEN", "a stranger's").success();
    world
        .run(&format!(
            "--identity {identity} export local --format json {PRINT}"
        ))
        .exits(3)
        .says("API_TOKEN was written by somebody without the key")
        .hides(PASSWORD);
    world
        .run(&format!("export lokal --format json {PRINT}"))
        .exits(64)
        .says("did you mean local?");
}

#[test]
fn an_empty_target_is_an_empty_export() {
    let world = World::new();
    world.write(
        MANIFEST,
        "driftlock: 1\nname: dev\ntargets:\n  e: { file: { path: ../.env } }\n",
    );
    let out = |format: &str| {
        world
            .run(&format!("export e --format {format} {PRINT}"))
            .success()
            .stdout
    };
    assert_eq!(out("dotenv"), "");
    assert_eq!(out("json"), "{}\n");
    assert_eq!(out("shell"), "");
    assert_eq!(out("compose"), "environment: {}\n");
    assert!(out("k8s-secret").ends_with("data: {}\n"));
}

#[test]
fn a_job_of_github() {
    let world = shop();
    let file = world.write("github.env", "BEFORE=1");
    world
        .run_with("set DB_PASSWORD", "first line\n}\nsecond line\n")
        .success();
    let mut command = world.command(["export", "local", "--format", "github"]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_ENV", &file);
    let run = Run::of(command).success();
    let mut lines: Vec<&str> = run.stdout.lines().collect();
    lines.sort_unstable();
    let whole = "::add-mask::first line%0A}%0Asecond line";
    assert_eq!(
        lines,
        [
            &format!("::add-mask::{TOKEN}") as &str,
            "::add-mask::first line",
            whole,
            "::add-mask::second line"
        ],
        "secrets only, whole and line by line"
    );
    assert_eq!(
        run.stderr,
        "3 variables of local set for the later steps of this job\n"
    );
    let found = readers::github(&world.read("github.env"));
    assert_eq!(found["BEFORE"], "1");
    assert_eq!(found["DB_PASSWORD"], "first line\n}\nsecond line");
    assert_eq!(found["LOG_LEVEL"], "info");
    // the file that the runner named is gone
    let mut command = world.command(["export", "local", "--format", "github"]);
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_ENV", "/no/where");
    Run::of(command)
        .exits(1)
        .says("the file of GITHUB_ENV cannot be written: ");
}
