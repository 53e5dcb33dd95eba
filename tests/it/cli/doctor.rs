//! `doctor` through the binary: which side is wrong, since when, and the next command.

mod incident;
mod probes;
mod setup;

use crate::cli::fits_schema;
use crate::support::world::{Run, World};

/// The commands that a run gives to paste.
pub fn commands(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().map(str::trim_start);
    let commands = lines.filter_map(|line| line.strip_prefix("$ "));
    commands.map(str::to_owned).collect()
}

const TARGETS: [&str; 3] = [
    "one: { file: { path: ../one.env }, variables: [SAME, MOVED, GONE] }",
    "two: { file: { path: ../two.env }, variables: [SAME, { M: { template: '${MOVED}' } }] }",
    "far: { file: { machine: elsewhere, path: /x.env }, variables: [SAME] }",
];

/// `SAME` is equal everywhere, `MOVED` differs on `one`, `GONE` is gone.
fn sick() -> World {
    let world = World::new();
    let vars = [("SAME", "s"), ("MOVED", "m"), ("GONE", "g")];
    world.declare_on(&vars, &TARGETS);
    world.run("apply --yes").success();
    world.write("one.env", "SAME=s\nMOVED=outside\n");
    world
}

#[test]
fn all_well_is_one_line_and_says_what_was_not_seen() {
    let world = World::applied(&[("A", "1")]);
    let run = world.run("doctor").success();
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.all());
    run.says("1 target is well: app (stored as wanted; nothing says what runs there)")
        .says("dev: 1 target: all well.");
    let run = world.run("doctor --all").success();
    run.says("app  reached ✓  read ✓  stored ✓  running ·  probe ·  expiry ✓")
        .says("✓ machine: this is here")
        .says("✓ journal: ");
    let json = fits_schema(&world.run("doctor --json").success(), "doctor");
    assert_eq!(json["manifests"][0]["targets"][0]["health"]["is"], "well");
}

#[test]
fn the_wrong_side_comes_first_and_its_command_heals() {
    let world = sick();
    let before = world.files();
    let run = world.run("doctor").exits(2).hides("outside there");
    assert!(before == world.files(), "doctor wrote something");
    let first = run.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("✗ one  reached ✓  read ✓  stored ✗  running ·"),
        "{}",
        run.all()
    );
    let run = run
        .says("MOVED: another value than the manifest (changed outside); GONE: missing (removed outside)")
        .says("wrong side: this target")
        .says("at some time after our apply of")
        .says("MOVED: it holds outside, the manifest says m")
        .says("1 target is elsewhere: far (unknown, never seen by elsewhere)")
        .says("1 target is well: two")
        .says("dev: 3 targets: 1 wrong, 1 elsewhere, 1 well.");
    assert_eq!(commands(&run), ["driftlock apply --target one"]);
    let json = fits_schema(&world.run("doctor --json").exits(2), "doctor");
    let case = &json["manifests"][0]["cases"][0];
    assert_eq!(case["side"], "target");
    assert_eq!(case["stage"], "stored");
    assert_eq!(
        case["next"][0]["line"], "driftlock apply --target one",
        "{case}"
    );
    for command in commands(&run) {
        world.paste(&format!("{command} --yes")).success();
    }
    world.run("doctor").success();
}

#[test]
fn a_variable_is_told_side_by_side() {
    let world = sick();
    let run = world.run("doctor MOVED").exits(2);
    assert!(!run.stdout.contains("GONE"), "{}", run.all());
    assert!(!run.stdout.contains("far"), "{}", run.all());
    run.says("MOVED manifests/dev.yaml:")
        .says("✗ one: another value than the manifest: changed outside")
        .says("✓ two (in the template M): as wanted")
        .says("dev: 2 targets: 1 wrong, 1 well.");
    world
        .run("doctor SAME")
        .success()
        .says("✓ one, two: as wanted")
        .says("· far: elsewhere, on elsewhere");
    // by its name on a target
    world.run("doctor M").success().says("at targets only");
    let json = world.run("doctor MOVED --json").exits(2);
    let json = fits_schema(&json, "doctor");
    let holders = &json["manifests"][0]["variables"][0]["holders"];
    assert_eq!(holders[0]["target"], "one");
    assert_eq!(holders[0]["holds"]["is"], "another");
    assert_eq!(holders[1]["through_template"], true);
    let run = world.run("doctor NOPE").exits(64);
    run.says("no manifest has a variable NOPE");
    let run = world.run("doctor hunter2").exits(64).hides("hunter2");
    run.says("no manifest has the variable that was asked for");
    world.run("doctor --target nobody").exits(64);
}

#[test]
fn two_targets_with_one_cause_are_one_case() {
    let world = World::new();
    let names: Vec<String> = (0..12).map(|number| format!("t{number}")).collect();
    let targets: Vec<String> = names
        .iter()
        .map(|name| format!("{name}: {{ file: {{ path: ../{name}.env }}, variables: [A] }}"))
        .collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    world.declare_on(&[("A", "1")], &targets);
    world.run("apply --yes").success();
    world.declare_on(&[("A", "2")], &targets);
    let run = world.run("doctor").exits(2);
    assert!(run.stdout.lines().count() < 10, "{}", run.all());
    let run = run
        .says("✗ t0, t1, t2, t3, t4, t5 and 6 more")
        .says("the manifest has a new value that was not applied here")
        .says("wrong side: these targets");
    assert_eq!(commands(&run), ["driftlock apply"]);
    let run = world.run("doctor A").exits(2);
    run.says("another value than the manifest, the same on all of them");
}

#[test]
fn what_cannot_be_read_is_unknown_and_hides_nothing() {
    let world = sick();
    std::fs::remove_file(world.path("two.env")).unwrap();
    std::fs::create_dir(world.path("two.env")).unwrap();
    let run = world.run("doctor").exits(1);
    let place = |name: &str| run.stdout.find(name).unwrap();
    assert!(place("✗ one") < place("? two"), "{}", run.all());
    let run = run
        .says("? two  reached ✓  read ?  stored ·")
        .says("is a directory")
        .says("1 wrong, 1 unknown, 1 elsewhere, 0 well");
    // the template on `two` waits for nobody: `MOVED` itself is on `one` alone
    assert_eq!(commands(&run)[0], "driftlock apply --target one");
    world.run("doctor --target one").exits(2);
    world.run("doctor --target far").success();
    world
        .run("doctor --target far --require-all")
        .exits(1)
        .says("only elsewhere can see it")
        .says("run `driftlock plan` on elsewhere, with this journal");
}

#[test]
fn what_was_never_applied_says_so_with_the_flag_that_takes_it_over() {
    let world = World::new();
    world.write("app.env", "A=theirs\nOLD=x\n");
    world.declare(&[("A", "1"), ("B", "2")]);
    let run = world.run("doctor").exits(2);
    let run = run.says("A: another value than the manifest (this target was never applied)");
    let command = commands(&run).remove(0);
    assert_eq!(command, "driftlock apply --target app --take-over app");
    world.paste(&format!("{command} --yes")).success();
    world.run("doctor").success();
}

#[test]
fn a_conflict_names_both_sides() {
    let world = World::applied(&[("A", "1")]);
    world.write("app.env", "A=theirs\n");
    world.declare(&[("A", "2")]);
    let run = world.run("doctor").exits(2);
    let run = run.says("the manifest and this target both moved");
    let command = commands(&run).remove(0);
    assert!(command.contains("--overwrite A@app"), "{command}");
    world.paste(&format!("{command} --yes")).success();
    world.run("doctor").success();
}

#[test]
fn dates_that_passed_are_told_once_with_who_has_the_value() {
    let world = World::with_env("TOKEN=c4nary\nOTHER=c4nary2\n");
    world.run("apply --yes").success();
    let text = world.read("manifests/dev.yaml");
    let begin = text.find("  TOKEN:\n").unwrap() + "  TOKEN:\n".len();
    let text = format!(
        "{}    expires: 2020-01-02\n{}",
        &text[..begin],
        &text[begin..]
    );
    world.write("manifests/dev.yaml", text);
    let run = world.run("doctor").exits(2).hides("c4nary");
    let run = run
        .says("✗ TOKEN has expired, on 2020-01-02 (on ")
        .says("1 variable expired");
    assert_eq!(commands(&run), ["driftlock set TOKEN"]);
    world.run("doctor OTHER").success();
    world.run("doctor TOKEN").exits(2).says("expired");
}
