//! A manifest that is there gets more, under its key: every line that it had stays as it was.

use crate::support::world::World;

const MANIFEST: &str = "manifests/dev.yaml";

/// Every line of `before` stands in `after`, in order; how many lines came new.
#[track_caller]
fn only_added(before: &str, after: &str) -> usize {
    let mut lines = after.lines();
    for line in before.lines() {
        assert!(
            lines.any(|found| found == line),
            "{line}\nis gone from\n{after}"
        );
    }
    after.lines().count() - before.lines().count()
}

#[test]
fn equal_values_are_shared_and_others_named_apart() {
    let world = World::with_env("SAME=c4nary-same\nOTHER=c4nary-old\n");
    let before = world.manifest();
    world.write(
        "web/.env",
        "SAME=c4nary-same\nOTHER=c4nary-new\nMORE=c4nary-more\n",
    );
    let run = world
        .quietly("import web/.env --into manifests/dev.yaml")
        .success();
    run.clone()
        .says("declared already with the same value, and shared: SAME");
    run.says("web/.env has WEB_OTHER");
    let after = world.manifest();
    // two variables of two lines and a blank one; a blank line, and a target of six lines
    assert_eq!(only_added(&before, &after), 13, "{after}");
    assert_eq!(
        world.targets_of(MANIFEST)[1],
        "web ../web/.env: MORE OTHER<-WEB_OTHER SAME"
    );
    assert_eq!(world.revealed("OTHER"), "c4nary-old");
    assert_eq!(world.revealed("WEB_OTHER"), "c4nary-new");
    world.taken_in();
}

#[test]
fn a_target_gets_what_has_no_place_of_its_own() {
    let world = World::with_env("A=c4nary-a\nM=c4nary-m\n");
    let import = "import - -f manifests/dev.yaml --target local";
    // a manifest that others wrote may use a clear name for another value
    world
        .run_with(import, "A=c4nary-other\nB=c4nary-b\n")
        .exits(3)
        .says("local has A already");
    let before = world.manifest();
    world
        .run_with(import, "A=c4nary-a\nB=c4nary-b\n")
        .success()
        .hides("c4nary");
    only_added(&before, &world.manifest());
    assert_eq!(world.targets_of(MANIFEST), ["local ../.env: A B M"]);
    world.run("plan --detailed-exitcode").exits(2).says("B");
    let before = world.manifest();
    world.run_with(import, "A=c4nary-a\nB=c4nary-b\n").success();
    assert_eq!(
        world.manifest(),
        before,
        "the same once more changes nothing"
    );
    world
        .run_with("import - -f manifests/dev.yaml --target nope", "C=x\n")
        .exits(64)
        .says("its targets: local");
    world.run_with("import - --target local", "C=x\n").exits(64);
}

#[test]
fn without_an_identity_nothing_is_written() {
    let world = World::with_env("A=c4nary-a\n");
    world.write("b.env", "B=c4nary-b\n");
    let before = world.manifest();
    std::fs::remove_file(world.config("driftlock/keys.txt")).unwrap();
    world
        .quietly("import b.env --into manifests/dev.yaml")
        .exits(1)
        .says("stays sealed");
    world
        .quietly("import b.env --into manifests/dev.yaml --clear B")
        .exits(1);
    assert_eq!(world.manifest(), before);
}

#[test]
fn a_manifest_in_clear_gets_its_first_key() {
    let world = World::with_env("A=c4nary-a\n");
    let key = world.manifest();
    let recipient = key
        .lines()
        .find(|line| line.contains("- age1"))
        .unwrap()
        .to_owned();
    for (recipients, code) in [
        (format!("recipients:\n{recipient}\n"), 0),
        (String::new(), 1),
    ] {
        let before = format!(
            "driftlock: 1\nname: dev\n{recipients}\nvariables:\n  LEVEL: info\n\ntargets: {{}}\n"
        );
        world.write(MANIFEST, &before);
        world.write("b.env", "B=c4nary-b\nLEVEL=info\n");
        world
            .quietly("import b.env --into manifests/dev.yaml")
            .exits(code);
        if code == 0 {
            assert_eq!(world.targets_of(MANIFEST), ["b ../b.env: B LEVEL"]);
            world.taken_in();
        } else {
            assert_eq!(world.manifest(), before);
            world
                .quietly("import b.env --into manifests/dev.yaml --clear B")
                .success();
            world.taken_in();
        }
    }
}

#[test]
fn a_template_that_gives_the_same_is_shared_too() {
    let world = World::with_env("PASS=c4nary-p\n");
    let text = world.manifest();
    world.write(
        MANIFEST,
        text.replace(
            "variables:\n  PASS",
            "variables:\n  DSN:\n    template: db://${PASS}\n\n  PASS",
        ),
    );
    world.write("b.env", "DSN=db://c4nary-p\nPASS=c4nary-p\n");
    world
        .quietly("import b.env --into manifests/dev.yaml")
        .success();
    assert_eq!(world.targets_of(MANIFEST)[1], "b ../b.env: DSN PASS");
    world.taken_in();
}

#[test]
fn a_new_one_or_a_present_one_is_said() {
    let world = World::with_env("A=c4nary-a\n");
    world.write("b.env", "B=c4nary-b\n");
    world
        .quietly("import b.env")
        .exits(64)
        .says("--into manifests/dev.yaml")
        .says("--name NAME");
    world
        .quietly("import b.env --name dev")
        .exits(3)
        .says("is there already");
    world
        .quietly("import b.env --name x --into manifests/dev.yaml")
        .exits(64);
    world
        .quietly("import b.env --into manifests/nope.yaml")
        .exits(1);
    world.quietly("import b.env --name next").success();
    assert_eq!(world.targets_of("manifests/next.yaml"), ["b ../b.env: B"]);
    world.taken_in();
}
