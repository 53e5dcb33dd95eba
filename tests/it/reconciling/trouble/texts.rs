//! Texts that cannot be used: the last good one is watched on, somebody is told once, and nothing of what
//! cannot be used is written.

use std::fs;

use super::{APPLY, Loop, alert, round, text, told};
use crate::support::world::World;

/// Each way in which a text cannot be used, and who is told to be broken then.
const BROKEN: [(&str, &str); 6] = [
    ("syntax", "syntax"),
    ("rule", "rule"),
    ("railed", "railed"),
    ("gone", "gone"),
    ("folder", "folders"),
    ("sealed", "sealed"),
];

const PATHS: &str = "manifests railed named/gone.yaml folders";

fn path(name: &str) -> String {
    match name {
        "railed" => "railed/railed.yaml".to_owned(),
        "gone" => "named/gone.yaml".to_owned(),
        "folder" => "folders/folder.yaml".to_owned(),
        name => format!("manifests/{name}.yaml"),
    }
}

/// All of them, as they should be, and what is right in each.
fn world() -> World {
    let world = World::new();
    for name in [
        "syntax", "rule", "railed", "gone", "folder", "twice", "place", "good",
    ] {
        world.write(path(name), text(name, APPLY, "one", "b"));
    }
    world.write("sealed.env", "A=one\nB=b\n");
    world
        .run("init --yes --name sealed --env-file sealed.env --clear B")
        .success();
    let sealed = world.read(path("sealed"));
    let sealed = sealed.replacen("name: sealed\n", &format!("name: sealed\n{APPLY}\n"), 1);
    world.write(path("sealed"), sealed);
    world.run(&format!("apply --yes {PATHS}")).success();
    world
}

/// Somebody changes `A` on every place but the good one.
fn drift(world: &World, value: &str) {
    for (name, _) in BROKEN.into_iter().chain([("twice", ""), ("place", "")]) {
        let env = format!("{name}.env");
        let lines = world.read(&env);
        let now: Vec<String> = lines
            .lines()
            .map(|line| match line.starts_with("A=") {
                true => format!("A={value}"),
                false => line.to_owned(),
            })
            .collect();
        world.write(env, format!("{}\n", now.join("\n")));
    }
}

/// Every text that could be written moves `B`, and none but the good one can be used.
fn damage(world: &World) {
    let moved = |name: &str| text(name, APPLY, "one", "moved");
    world.write(path("syntax"), moved("syntax") + "more: [\n");
    world.write(path("rule"), moved("rule") + "      - C\n");
    world.write(path("railed"), moved("railed"));
    world.write("railed/rails.yaml", "rails: [\n");
    fs::remove_file(world.path(path("gone"))).unwrap();
    fs::rename(world.path("folders"), world.path("away")).unwrap();
    // before the incumbents in the order of files
    world.write("manifests/aaa.yaml", moved("twice"));
    world.write(
        "manifests/aab.yaml",
        moved("place").replace("name: place", "name: aab"),
    );
    world.write(path("good"), moved("good"));
    let sealed = world.read(path("sealed"));
    world.write(path("sealed"), sealed.replacen("B: b\n", "B: moved\n", 1));
    world.hide_identity();
}

fn mend(world: &World, sealed: &str) {
    let whole = |name: &str| text(name, APPLY, "one", "b");
    for name in ["syntax", "rule", "railed", "gone"] {
        world.write(path(name), whole(name));
    }
    fs::remove_file(world.path("railed/rails.yaml")).unwrap();
    fs::rename(world.path("away"), world.path("folders")).unwrap();
    for name in ["aaa", "aab"] {
        fs::remove_file(world.path(path(name))).unwrap();
    }
    let keys = world.config("driftlock/keys.txt");
    fs::rename(world.root().join("away.txt"), keys).unwrap();
    world.write(path("sealed"), sealed);
}

#[test]
fn a_loop_watches_the_last_good_one_and_writes_nothing_of_what_is_broken() {
    let world = world();
    let sealed = world.read(path("sealed"));
    drift(&world, "outside");
    let mut looped = Loop::start(&world, PATHS);
    let drifts = [
        "syntax", "rule", "railed", "gone", "folder", "sealed", "twice", "place",
    ];
    for name in drifts {
        looped.hears("opened", name, "drift");
    }
    damage(&world);
    let broken: Vec<&str> = BROKEN
        .map(|(_, told)| told)
        .into_iter()
        .chain(["aaa", "aab"])
        .collect();
    for name in &broken {
        looped.hears("opened", name, "manifest");
    }
    // the others go on
    looped.waits_for("the good one is written", || {
        world.read("good.env").contains("B=moved")
    });
    // and what was good of these is watched on
    drift(&world, "elsewhere");
    for name in drifts {
        looped.hears("changed", name, "drift");
        let env = world.read(format!("{name}.env"));
        assert!(env.contains("A=elsewhere"), "{name}: {env}");
        assert!(!env.contains("moved"), "{name}: {env}\n{}", looped.log());
    }
    mend(&world, &sealed);
    for name in &broken {
        looped.hears("resolved", name, "manifest");
    }
    let log = looped.ends();
    for name in &broken {
        for kind in ["opened", "resolved"] {
            let times = log
                .iter()
                .filter(|line| alert(kind, name, "manifest")(line))
                .count();
            assert_eq!(times, 1, "{name} {kind}: {log:#?}");
        }
    }
    let over = log.iter().filter(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("resolved: "))
            && line["fields"]["class"] == "drift"
    });
    assert_eq!(over.count(), 0, "no drift was taken for over");
}

#[test]
fn rounds_tell_it_once_and_once_that_it_is_over() {
    type Way = (&'static str, fn(&World), fn(&World), &'static str);
    fn back(world: &World) {
        world.write(path("dev"), text("dev", APPLY, "one", "b"));
    }
    let ways: [Way; 6] = [
        (
            "",
            |world| drop(world.write(path("dev"), text("dev", APPLY, "moved", "b") + "more: [\n")),
            back,
            "this is not valid YAML",
        ),
        (
            "",
            |world| {
                world.write(path("dev"), text("dev", APPLY, "moved", "b"));
                world.write("manifests/rails.yaml", "rails: [\n");
            },
            |world| {
                back(world);
                fs::remove_file(world.path("manifests/rails.yaml")).unwrap();
            },
            "rails.yaml",
        ),
        (
            "manifests/dev.yaml",
            |world| fs::remove_file(world.path(path("dev"))).unwrap(),
            back,
            "manifests/dev.yaml",
        ),
        (
            "",
            |world| drop(world.write(path("dev2"), text("dev", APPLY, "moved", "b"))),
            |world| fs::remove_file(world.path(path("dev2"))).unwrap(),
            "another manifest has its name",
        ),
        (
            "",
            |world| {
                let other = text("dev", APPLY, "moved", "b").replace("name: dev", "name: dev2");
                world.write(path("dev2"), other);
            },
            |world| fs::remove_file(world.path(path("dev2"))).unwrap(),
            "the same place",
        ),
        (
            "",
            |world| {
                let two = "\n  web: { file: { path: ../dev.env }, variables: [A] }\n";
                world.write(path("dev"), text("dev", APPLY, "moved", "b") + two);
            },
            back,
            "write to one place",
        ),
    ];
    for (line, damage, mend, why) in ways {
        let world = World::new();
        world.write(path("dev"), text("dev", APPLY, "one", "b"));
        world.write("fine/ok.yaml", text("ok", APPLY, "one", "b"));
        world.run("apply --yes manifests fine").success();
        world.write("fine/ok.yaml", text("ok", APPLY, "two", "b"));
        let line = match line {
            "" => "manifests fine",
            named => &format!("{named} fine"),
        };
        damage(&world);
        let first = round(&world, line, 1);
        let said = first["manifests"].as_array().unwrap().iter();
        let said: Vec<_> = said.filter_map(|one| one["broken"].as_str()).collect();
        assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
        assert_eq!(told(&first, "manifest"), ["opened"], "{why}");
        assert!(!world.read("dev.env").contains("moved"), "{why}");
        assert_eq!(world.read("ok.env"), "A=two\nB=b\n", "{why}: others go on");
        let second = round(&world, line, 1);
        assert_eq!(told(&second, "manifest"), [""; 0], "{why}: told again");
        mend(&world);
        let over = round(&world, line, 0);
        assert_eq!(told(&over, "manifest"), ["resolved"], "{why}");
        let after = round(&world, line, 0);
        assert_eq!(told(&after, "manifest"), [""; 0], "{why}: resolved again");
    }
}

#[test]
fn a_round_without_the_identity_writes_nothing() {
    let world = World::with_env("TOKEN=c4naryOneLong\nLOG=x\n");
    let manifest = world.read(path("dev"));
    world.write(
        path("dev"),
        manifest.replacen("name: dev\n", &format!("name: dev\n{APPLY}\n"), 1),
    );
    world.run("apply --yes").success();
    world.run_with("set TOKEN", "c4naryTwoLong").success();
    let keys = world.config("driftlock/keys.txt");
    let away = world.hide_identity();
    let before = world.read(".env");
    for kinds in [&["opened"][..], &[]] {
        let round = round(&world, "", 1);
        assert_eq!(told(&round, "manifest"), kinds);
        let why = round["manifests"][0]["broken"].as_str().unwrap();
        assert!(why.starts_with("it stays sealed: "), "{why}");
        assert_eq!(world.read(".env"), before);
    }
    fs::rename(away, keys).unwrap();
    let after = round(&world, "", 0);
    assert_eq!(told(&after, "manifest"), ["resolved"]);
    assert!(world.read(".env").contains("c4naryTwoLong"));
}

#[test]
fn a_header_of_another_commit_opens_nothing() {
    let world = World::with_env("TOKEN=c4naryOneLong\nLOG=x\n");
    world.write("other.env", "TOKEN=c4naryTwoLong\nLOG=x\n");
    world
        .run("init --yes --name other --env-file other.env")
        .success();
    let (ours, theirs) = (world.read(path("dev")), world.read(path("other")));
    fs::remove_file(world.path(path("other"))).unwrap();
    let header = |text: &str| text.find("\nkey: ").unwrap();
    let mixed = format!("{}{}", &ours[..header(&ours)], &theirs[header(&theirs)..]);
    world.run("apply --yes").success();
    let before = world.read(".env");
    world.write(path("dev"), mixed);
    for kinds in [&["opened"][..], &[]] {
        let round = round(&world, "", 1);
        assert_eq!(told(&round, "manifest"), kinds);
        assert_eq!(world.read(".env"), before);
    }
    world.write(path("dev"), ours);
    assert_eq!(told(&round(&world, "", 0), "manifest"), ["resolved"]);
}
