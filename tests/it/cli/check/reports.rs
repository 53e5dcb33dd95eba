//! `check --report`: where reports go, and what takes their place on the streams.

use serde_json::Value;

use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

const FORMATS: [&str; 5] = ["junit", "sarif", "code-quality", "annotations", "summary"];

fn troubled() -> World {
    let world = shop();
    world.run_with("set API_TOKEN", "changeme").success();
    world
}

#[test]
fn every_format_goes_to_a_file_beside_the_text() {
    let world = troubled();
    let mut line = "check".to_owned();
    for format in FORMATS {
        line.push_str(&format!(" --report {format}={format}.out"));
    }
    world.run(&line).success().says("[placeholder]");
    let first: Vec<String> = FORMATS
        .iter()
        .map(|format| world.read(format!("{format}.out")))
        .collect();
    for text in &first {
        assert!(
            text.replace('\\', "").contains("API_TOKEN") && !text.contains("changeme"),
            "{text}"
        );
    }
    // another run replaces them by the same bytes
    world.run(&line).success();
    for (format, text) in FORMATS.iter().zip(&first) {
        assert_eq!(&world.read(format!("{format}.out")), text);
    }
}

#[test]
fn one_report_takes_the_place_of_the_text() {
    let world = troubled();
    for format in FORMATS {
        if format == "summary" {
            continue;
        }
        let run = world.run(&format!("check --report {format} --report sarif=x.sarif"));
        let run = run.success();
        assert!(!run.stdout.contains("0 errors"), "{}", run.stdout);
        world.write("same.out", "");
        world
            .run(&format!("check --report {format}=same.out"))
            .success();
        assert_eq!(world.read("same.out"), run.stdout);
    }
    let run = world.run("check --json --report junit=j.xml").success();
    let _document: Value = serde_json::from_str(&run.stdout).unwrap();
}

#[test]
fn the_exit_code_does_not_depend_on_reports() {
    let world = troubled();
    world.run("check --report junit --strict").exits(2);
    world.write("manifests/two.yaml", "driftlock: 1\nname: two\noops: 1\n");
    for format in FORMATS {
        let run = world.run(&format!("check --report {format}=out.{format}"));
        run.exits(1).says("[unknown-key]");
        let text = world.read(format!("out.{format}"));
        assert!(text.contains("unknown-key") && text.contains("placeholder"));
    }
}

#[test]
fn a_step_summary_is_added_to_and_never_grows_too_large() {
    let mut world = troubled();
    world
        .run("check --report summary")
        .exits(64)
        .says("GITHUB_STEP_SUMMARY is not set")
        .says("--report summary=FILE");
    let page = world.write("step.md", "## before\n");
    world.variable("GITHUB_STEP_SUMMARY", &page.display().to_string());
    world
        .run("check --report summary")
        .success()
        .says("[placeholder]");
    let text = world.read("step.md");
    assert!(
        text.starts_with("## before\n\n\n### driftlock check: 0 errors, 1 warning in 1 file\n")
    );
    world.run("check --report summary").success();
    assert_eq!(world.read("step.md").matches("### driftlock").count(), 2);
    // a page that is full stays as it is, or nothing of it would be shown
    let full = "x".repeat(1024 * 1024 - 10);
    world.write("step.md", &full);
    world
        .run("check --report summary")
        .success()
        .says("the step's summary is full");
    assert_eq!(world.read("step.md"), full);
    std::fs::remove_file(&page).unwrap();
    world.run("check --report summary").success();
    assert!(world.read("step.md").starts_with("### driftlock check"));
    std::fs::remove_file(&page).unwrap();
    std::fs::create_dir(&page).unwrap();
    world
        .run("check --report summary")
        .exits(1)
        .says("cannot add to the step's summary")
        .says("it is not a regular file");
    world.variable("GITHUB_STEP_SUMMARY", "/dev/null");
    world.run("check --report summary").success();
}

fn uri(run: &Run) -> String {
    let sarif: Value = serde_json::from_str(&run.stdout).unwrap();
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let artifact = &location["artifactLocation"];
    let base = artifact["uriBaseId"].as_str().unwrap_or("-");
    format!("{base} {}", artifact["uri"].as_str().unwrap())
}

#[test]
fn paths_begin_at_the_repository() {
    let world = troubled();
    // no repository: at the folder of the run
    assert_eq!(
        uri(&world.run("check --report sarif")),
        "%SRCROOT% manifests/dev.yaml"
    );
    let inside = |folder: &str, line: &str| {
        let mut command = world.command(line.split_whitespace());
        command.current_dir(world.path(folder));
        Run::of(command)
    };
    let away = inside("manifests", "check --report sarif dev.yaml");
    assert_eq!(uri(&away), "%SRCROOT% dev.yaml");
    std::fs::create_dir(world.path("elsewhere")).unwrap();
    let away = inside("elsewhere", "check --report sarif ../manifests/dev.yaml");
    assert!(uri(&away).starts_with("- file:///"), "{}", uri(&away));
    let git = |line: &str| {
        let mut git = std::process::Command::new("git");
        git.args(line.split_whitespace())
            .current_dir(world.path(""))
            .env("HOME", world.home(""));
        assert!(git.output().unwrap().status.success(), "git {line}");
    };
    if crate::support::peers::program("git").is_none() {
        return;
    }
    git("init -q .");
    for folder in ["manifests", "elsewhere"] {
        let run = inside(folder, "check --report sarif ../manifests");
        assert_eq!(uri(&run), "%SRCROOT% manifests/dev.yaml");
    }
    // git does not answer: the work tree is found without it
    let mut command = world.command("check --report sarif dev.yaml".split_whitespace());
    command
        .current_dir(world.path("manifests"))
        .env("PATH", "/nonexistent");
    assert_eq!(uri(&Run::of(command)), "%SRCROOT% manifests/dev.yaml");
    // a shallow clone is a repository like any other
    git("add .");
    git("-c user.name=t -c user.email=t@example.invalid commit -qm one");
    git("clone -q --depth 1 file:///proc/self/cwd shallow");
    std::fs::create_dir(world.path("shallow/manifests/deep")).unwrap();
    let run = inside("shallow/manifests/deep", "check --report sarif ..");
    assert_eq!(uri(&run), "%SRCROOT% manifests/dev.yaml");
}

#[test]
fn names_stay_the_same_when_lines_move() {
    let world = troubled();
    let names = || {
        let run = world.run("check --report code-quality").success();
        let all: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        let of = |one: &Value| (one["fingerprint"].clone(), one["location"]["lines"].clone());
        all.iter().map(of).collect::<Vec<_>>()
    };
    let before = names();
    let text = format!("# one\n# two\n{}", world.manifest());
    world.write(MANIFEST, text);
    let after = names();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].0, after[0].0);
    assert_ne!(before[0].1, after[0].1);
}
