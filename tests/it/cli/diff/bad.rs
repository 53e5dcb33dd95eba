//! What cannot be compared, and what to do about it.

use super::{committed, variable};
use crate::support::peers;
use crate::support::shop::{MANIFEST, TOKEN, shop};
use crate::support::world::Run;

#[test]
fn no_repository_no_commit_no_manifest() {
    if peers::program("git").is_none() {
        return;
    }
    let world = shop();
    world
        .run("diff")
        .exits(1)
        .says("it is not in a git repository");
    world.git("init -q");
    world.run("diff").exits(1).says("HEAD");
    world.git("commit -q --allow-empty -m x");
    world.run("diff").success().says("new manifest");
    world
        .run("diff HEAD nowhere")
        .exits(1)
        .says("there is no manifest at nowhere");
    world
        .run("diff HEAD manifests/rails.yaml")
        .exits(1)
        .says("limits");
    world
        .run("diff HEAD /etc")
        .exits(1)
        .says("does not lie in the repository");
    world.run("diff --json --markdown").exits(64);
    let mut command = world.command(["diff"]);
    command.env("PATH", world.path("nowhere"));
    Run::of(command).exits(1).says("git");
}

#[test]
fn a_revision_that_is_not_there() {
    let Some(world) = committed() else { return };
    world.run("diff nowhere..HEAD").exits(1).says("nowhere");
    world.run("diff HEAD..nowhere").exits(1).says("nowhere");
    world.run("diff=--output=x").exits(64);
    world
        .run("diff -- --output=x")
        .exits(1)
        .says("must not be empty or begin with");
    // a file in the place of the range is what people type
    world
        .run("diff manifests/dev.yaml")
        .exits(1)
        .says("driftlock diff HEAD manifests/dev.yaml");
}

#[test]
fn a_shallow_clone_says_how_to_fetch() {
    let Some(world) = committed() else { return };
    world.run_with("set API_TOKEN", "second").success();
    world.git("commit -qam second");
    world.git("clone -q --depth 1 --no-local . clone");
    let within = |line: &str| {
        let mut command = world.command(line.split_whitespace());
        command.current_dir(world.path("clone"));
        Run::of(command)
    };
    let base = world.git("rev-parse HEAD~1").stdout;
    within(&format!("diff {}..HEAD", base.trim()))
        .exits(1)
        .says("fetch-depth: 0");
    within("diff HEAD..HEAD").success();
}

#[test]
fn histories_that_share_nothing() {
    let Some(world) = committed() else { return };
    world.git("checkout -q --orphan other");
    world.git("commit -qm other");
    world
        .run("diff main...other")
        .exits(1)
        .says("no commit in common");
    world.run("diff main..other").success();
}

#[test]
fn a_side_that_does_not_parse_is_named_with_its_place() {
    let Some(world) = committed() else { return };
    let good = world.manifest();
    let second = good
        .replace("name: dev", "name: other")
        .replace("../.env", "../other.env");
    world.write("manifests/other.yaml", second);
    world.write(MANIFEST, good.replace("variables:\n", "variabels:\n"));
    world.git("add manifests");
    world.git("commit -qm broken");
    // broken at the head: the other one is still compared
    let run = world.run("diff --json HEAD~1..HEAD").exits(1);
    super::super::fits_schema(&run, "diff");
    let run = world
        .run("diff HEAD~1..HEAD")
        .exits(1)
        .says("manifests/dev.yaml cannot be read at HEAD")
        .says("new manifest");
    assert!(run.stdout.contains("manifests/dev.yaml:"), "{}", run.stdout);
    assert!(
        !run.stdout.contains("was removed"),
        "unknown is not gone\n{}",
        run.stdout
    );
    run.hides(TOKEN);
    // broken at the base
    world.write(MANIFEST, good);
    world
        .run("diff")
        .exits(1)
        .says("manifests/dev.yaml cannot be read at HEAD")
        .says("1 file could not be read");
    let comment = world.run("diff --markdown").exits(1).stdout;
    assert!(
        comment.contains("cannot be read in the former state"),
        "{comment}"
    );
}

/// It moved and broke at once: that it is gone cannot be known.
#[test]
fn what_may_only_have_moved_is_not_simply_gone() {
    let Some(world) = committed() else { return };
    let good = world.manifest();
    std::fs::remove_file(world.path(MANIFEST)).unwrap();
    world.write(
        "manifests/moved.yaml",
        good.replace("variables:\n", "variabels:\n"),
    );
    world
        .run("diff")
        .exits(1)
        .says("manifests/moved.yaml cannot be read")
        .says("it may be one of the files that could not be read");
    // with nothing unread it is gone
    std::fs::remove_file(world.path("manifests/moved.yaml")).unwrap();
    let run = world.run("diff").success().says("was removed");
    assert!(!run.stdout.contains("it may be"), "{}", run.stdout);
    // a link to nowhere is there, and is not taken for nothing
    std::fs::remove_dir(world.path("manifests")).unwrap();
    std::os::unix::fs::symlink("nowhere", world.path("manifests")).unwrap();
    world.run("diff").exits(1);
}

#[test]
fn limits_that_do_not_parse_hide_their_folder() {
    let Some(world) = committed() else { return };
    world.run_with("set API_TOKEN", "second").success();
    world.write(
        "manifests/rails.yaml",
        "driftlock-rails: 1\nprotekted: [A]\n",
    );
    let run = world.run("diff").exits(1);
    assert!(!run.stdout.contains("another value"), "{}", run.stdout);
    run.says("manifests/rails.yaml cannot be read");
}

#[test]
fn what_is_no_text_or_no_file_at_a_revision() {
    let Some(world) = committed() else { return };
    let good = world.manifest();
    world.write(MANIFEST, b"driftlock: 1\nname: \xff\n");
    world.git("commit -qam bytes");
    world.write(MANIFEST, good);
    world
        .run("diff")
        .exits(1)
        .says("git could not give the file");
    std::fs::remove_file(world.path(MANIFEST)).unwrap();
    std::os::unix::fs::symlink("elsewhere.yaml", world.path(MANIFEST)).unwrap();
    world.git("commit -qam link");
    world
        .run("diff HEAD~2..HEAD")
        .exits(1)
        .says("it was not a regular file then");
}

#[test]
fn odd_paths_are_found() {
    let Some(world) = committed() else { return };
    let text = world.manifest();
    world.write(
        "odd dir/ü -x.yaml",
        text.replace("name: dev", "name: odd")
            .replace("../.env", "../odd.env"),
    );
    world.git("add .");
    world.git("commit -qm odd");
    world.write(
        "odd dir/ü -x.yaml",
        text.replace("name: dev", "name: odd")
            .replace("../.env", "../odd.env")
            .replace("info", "debug"),
    );
    let mut command = world.command(["diff", "--json", "HEAD", "odd dir"]);
    let run = Run::of(command).success();
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        variable(&document["manifests"][0], "LOG_LEVEL")["value"],
        "changed"
    );
    assert_eq!(document["manifests"][0]["path"], "odd dir/ü -x.yaml");
    // from a folder below
    command = world.command(["diff", "HEAD", "../odd dir"]);
    command.current_dir(world.path("manifests"));
    Run::of(command)
        .success()
        .says("1 changed")
        .says("../odd dir/ü -x.yaml");
}

#[test]
fn the_comment_is_the_same_each_time() {
    let Some(world) = committed() else { return };
    world.run_with("set API_TOKEN", "second").success();
    let first = world.run("diff --markdown").success().stdout;
    assert_eq!(first, world.run("diff --markdown").success().stdout);
    assert!(
        first.starts_with("<!-- driftlock:diff manifests -->\n"),
        "{first}"
    );
    // another set of changed manifests is still the same comment
    world.write(
        "manifests/more.yaml",
        "driftlock: 1\nname: more\nvariables: { A: b }\n",
    );
    let second = world.run("diff --markdown").success().stdout;
    assert_eq!(first.lines().next(), second.lines().next());
}

#[test]
fn nothing_is_written() {
    let Some(world) = committed() else { return };
    world.run_with("set API_TOKEN", "second").success();
    let before = world.files();
    for line in ["diff", "diff --markdown", "diff --json HEAD..HEAD"] {
        world.run(line).success();
    }
    assert!(before == world.files(), "a look wrote something");
}
