//! `apply`, ended at any moment: kill -9, SIGTERM, Ctrl-C. The next run converges.
#![expect(clippy::print_stdout, reason = "the seed of a run that failed")]

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::lab::manifest;
use crate::support::world::World;

const FILES: [&str; 3] = ["one.env", "two.env", "three.env"];

fn seed() -> u64 {
    std::env::var("DRIFTLOCK_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| rand::thread_rng().r#gen())
}

fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("DRIFTLOCK_LONG").is_some() {
        long
    } else {
        short
    }
}

/// Three targets of three variables, all with this value.
fn declare(world: &World, value: &str) {
    let targets: Vec<String> = ["one", "two", "three"]
        .iter()
        .map(|name| format!("{name}: {{ file: {{ path: ../{name}.env }}, variables: [A, B, C] }}"))
        .collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let vars = [("A", value), ("B", value), ("C", value)];
    world.write("manifests/dev.yaml", manifest("dev", &vars, &targets));
}

fn text(value: &str) -> String {
    format!("A={value}\nB={value}\nC={value}\n")
}

fn begin(world: &World) -> Child {
    world
        .command(["apply", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How long an apply takes here, about.
fn duration(world: &World) -> Duration {
    let begin = Instant::now();
    world.run("apply --yes").success();
    begin.elapsed()
}

/// Ends applies after random times and looks at what they left. `end` ends a child.
fn end_at_random(rounds: usize, end: impl Fn(&mut Child)) -> usize {
    let seed = seed();
    println!("DRIFTLOCK_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::new();
    declare(&world, "v0");
    let most = duration(&world).as_micros() as u64;
    let mut value = "v0".to_owned();
    let mut half = 0;
    for round in 1..=rounds {
        let new = format!("v{round}");
        declare(&world, &new);
        let mut child = begin(&world);
        std::thread::sleep(Duration::from_micros(random.gen_range(0..most)));
        end(&mut child);
        let status = child.wait().unwrap();
        let states = FILES.map(|file| {
            let seen = world.read(file);
            assert!(
                seen == text(&value) || seen == text(&new),
                "round {round}: neither old nor new: {seen}"
            );
            seen == text(&new)
        });
        let all = states.iter().all(|new| *new);
        half += usize::from(!all && states.iter().any(|new| *new));
        match status.code() {
            // who says that it is done has done it
            Some(0) => assert!(all, "round {round}"),
            Some(code) => assert!([1, 4].contains(&code), "round {round}: exit {code}"),
            None => assert!(status.signal().is_some()),
        }
        world.run("history").success().omits("NOT VERIFIED");
        world.run("apply --yes").success();
        for file in FILES {
            assert_eq!(world.read(file), text(&new), "round {round}");
        }
        world
            .run("plan --detailed-exitcode")
            .exits(0)
            .says("No changes.")
            .omits("did not say how it ended");
        value = new;
    }
    let left = std::fs::read_dir(world.path("")).unwrap().count();
    assert_eq!(left, FILES.len() + 1, "nothing is left behind");
    half
}

#[test]
fn kill_9_at_any_moment_converges() {
    let rounds = rounds(60, 500);
    let half = end_at_random(rounds, |child| child.kill().unwrap());
    println!("{rounds} kills, {half} with some targets written and others not");
}

#[test]
fn sigterm_at_any_moment_converges() {
    if crate::support::peers::program("kill").is_none() {
        return;
    }
    let signals = ["TERM", "INT"];
    let next = std::cell::Cell::new(0);
    end_at_random(rounds(30, 250), |child| {
        next.set(next.get() + 1);
        signal(child, signals[next.get() % 2]);
    });
}

/// Sends a signal to one child; it may have ended already.
fn signal(child: &Child, name: &str) {
    let _ended = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

#[test]
fn drift_that_was_being_restored_is_settled() {
    let world = World::new();
    declare(&world, "v");
    world.run("apply --yes").success();
    for round in 0..10 {
        world.write("one.env", format!("A=outside\nB={round}\nC=v\n"));
        let mut child = begin(&world);
        std::thread::sleep(Duration::from_micros(500 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        world.run("apply --yes").success();
        world
            .run("plan --detailed-exitcode")
            .exits(0)
            .omits("did not say how it ended");
    }
}

#[test]
fn ctrl_c_at_the_question_writes_nothing() {
    let world = World::new();
    declare(&world, "v");
    // the terminal turns this byte into SIGINT
    let Some(run) = world.at_terminal(80, "apply", "\u{3}") else {
        return;
    };
    assert_ne!(run.code, 0, "{run:?}");
    assert!(!world.path("one.env").exists());
    world.run("apply --yes").success();
}
