//! What a round tells of each class, from its beginning to its end.

use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use serde_json::Value;

use super::{APPLY, Loop, PATIENCE, alert, applied, came_to, report, round, text, told};
use crate::support::page;
use crate::support::world::World;

/// The one alert of this class that a round tells, in words.
#[track_caller]
fn words(round: &Value, class: &str) -> String {
    let all = round["manifests"][0]["alerts"].as_array().unwrap();
    let mut those = all.iter().filter(|one| one["class"] == *class);
    let one = those
        .next()
        .unwrap_or_else(|| panic!("no {class}: {all:#?}"));
    assert!(those.next().is_none(), "{all:#?}");
    one["what"].as_str().unwrap().to_owned()
}

/// A manifest whose restart notes that it happens, and fails while there is a file `broken`.
fn restarted(world: &World, value: &str) {
    let [began, broken] = ["began", "broken"].map(|name| world.path(name));
    let line = format!(
        "echo x >>{}; test ! -e {}",
        began.display(),
        broken.display()
    );
    let with = format!("variables: [A, B], activate: '{line}' }}");
    let text = text("dev", APPLY, value, "b").replace("variables: [A, B] }", &with);
    world.write("manifests/dev.yaml", text);
}

/// A world in which `two` is wanted, and every restart fails.
fn broken() -> World {
    let world = World::new();
    restarted(&world, "one");
    world.run("apply --yes").success();
    restarted(&world, "two");
    world.write("broken", "");
    world.write("began", "");
    world
}

#[test]
fn an_apply_that_failed_is_told_until_one_succeeds() {
    let world = broken();
    let first = round(&world, "", 4);
    assert_eq!(came_to(&first, "app")[..2], [1, 0]);
    assert_eq!(told(&first, "failed"), ["opened"]);
    assert!(words(&first, "failed").starts_with("could not be applied: "));
    // each round tries again, and says nothing new
    let second = round(&world, "", 4);
    assert_eq!(told(&second, "failed"), [""; 0]);
    std::fs::remove_file(world.path("broken")).unwrap();
    let third = round(&world, "", 0);
    assert_eq!(told(&third, "failed"), ["resolved"]);
    assert_eq!(world.read("dev.env"), "A=two\nB=b\n");
}

#[test]
fn what_cannot_be_put_in_force_is_not_tried_by_each_look() {
    let world = broken();
    let socket = world.root().join("page.sock");
    let mut one = Loop::start(&world, &format!("--listen unix:{}", socket.display()));
    one.hears("opened", "dev", "failed");
    // the next look tries again, and then it is left alone for a while
    let tried = || world.read("began").lines().count();
    one.waits_for("another try", || tried() == 2);
    let before = looks(&socket);
    let until = Instant::now() + PATIENCE;
    while looks(&socket) < before + 2 {
        assert!(Instant::now() < until, "it does not look\n{}", one.log());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(tried(), 2);
    // nor is it over because nobody tries
    assert_eq!(one.count(alert("resolved", "dev", "failed")), 0);
    world.run("alert list").says("failed");
    // what moved in the manifest is another thing to try
    std::fs::remove_file(world.path("broken")).unwrap();
    restarted(&world, "three");
    one.hears("resolved", "dev", "failed");
    one.ends();
    assert_eq!(world.read("dev.env"), "A=three\nB=b\n");
}

/// How many looks a loop says that there were.
fn looks(socket: &std::path::Path) -> u64 {
    let page = page::ask(socket, "/metrics").unwrap_or_default();
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("driftlock_target_looks_total{"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}

#[test]
fn what_a_rail_holds_is_told_until_a_person_lets_it_go_or_nobody_writes() {
    for end in ["apply", "observe"] {
        let guarded =
            |mode: &str| format!("reconcile: {{ mode: {mode} }}\nrails: {{ changes: 0 }}");
        let world = applied(&guarded("apply"));
        let declare = |mode| {
            world.write(
                "manifests/dev.yaml",
                text("dev", &guarded(mode), "two", "b"),
            );
        };
        declare("apply");
        let first = round(&world, "", 0);
        assert_eq!(told(&first, "held"), ["opened"]);
        assert!(words(&first, "held").contains("A is held by "), "{first:#}");
        assert_eq!(came_to(&first, "app"), [0, 0, 1, 0]);
        assert_eq!(told(&round(&world, "", 0), "held"), [""; 0]);
        if end == "apply" {
            let next = first["manifests"][0]["alerts"][0]["next"][1]
                .as_str()
                .unwrap();
            let next = next.strip_prefix("driftlock ").unwrap();
            world.run(&format!("{next} --yes")).success();
            assert_eq!(world.read("dev.env"), "A=two\nB=b\n");
        } else {
            declare("observe");
        }
        assert_eq!(told(&round(&world, "", 0), "held"), ["resolved"], "{end}");
    }
}

#[test]
fn a_manifest_that_moved_waits_for_its_grace() {
    let world = applied("");
    let alerts = world.write(
        "../config/driftlock/alerts.yaml",
        "driftlock-alerts: 1\nsinks: {}\n",
    );
    std::fs::set_permissions(&alerts, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.write("manifests/dev.yaml", text("dev", "", "two", "b"));
    for _ in 0..4 {
        assert_eq!(told(&round(&world, "", 0), "pending"), [""; 0]);
    }
    std::fs::write(&alerts, "driftlock-alerts: 1\nsinks: {}\ngrace: 1s\n").unwrap();
    let until = Instant::now() + PATIENCE;
    let first = loop {
        let round = round(&world, "", 0);
        if !told(&round, "pending").is_empty() {
            break round;
        }
        assert!(Instant::now() < until, "it is never told");
    };
    assert_eq!(told(&first, "pending"), ["opened"]);
    world.run("apply --yes").success();
    assert_eq!(told(&round(&world, "", 0), "pending"), ["resolved"]);
}

#[test]
fn dates_are_told_once_and_are_over_with_another_date() {
    let dated = |date: &str| {
        text("dev", "", "one", "b").replace(
            "  A: one\n",
            &format!("  A: {{ value: one, expires: {date} }}\n"),
        )
    };
    let world = World::new();
    world.write("manifests/dev.yaml", dated("2020-01-31"));
    world.run("apply --yes").success();
    let first = round(&world, "", 0);
    assert_eq!(told(&first, "expiry"), ["opened"]);
    assert!(words(&first, "expiry").contains("2020-01-31"));
    assert_eq!(told(&round(&world, "", 0), "expiry"), [""; 0]);
    world.write("manifests/dev.yaml", dated("2020-02-29"));
    assert_eq!(told(&round(&world, "", 0), "expiry"), ["changed"]);
    world.write("manifests/dev.yaml", dated("2199-01-31"));
    assert_eq!(told(&round(&world, "", 0), "expiry"), ["resolved"]);
}

#[test]
fn a_target_that_cannot_be_read_is_told_at_the_third_look() {
    let world = applied("");
    std::fs::remove_file(world.path("dev.env")).unwrap();
    std::fs::create_dir(world.path("dev.env")).unwrap();
    let mut kinds = vec![];
    for _ in 0..5 {
        kinds.push(told(&round(&world, "", 1), "unknown"));
    }
    assert_eq!(kinds.concat(), ["opened"]);
    assert_eq!(kinds[2], ["opened"]);
    std::fs::remove_dir(world.path("dev.env")).unwrap();
    world.write("dev.env", "A=one\nB=b\n");
    let over = report(&world.run("reconcile --once --json").success());
    assert_eq!(told(&over, "unknown"), ["resolved"]);
}
