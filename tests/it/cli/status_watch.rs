//! `status --watch` on a real terminal: drawn in place, again when something changes, and gone without a
//! trace.

use std::process::Stdio;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fits_schema;
use crate::support::sighted::look;
use crate::support::terminal::act;
use crate::support::world::{Run, World};

const TAKEN: &str = "\x1b[?1049h";
const BACK: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

fn world() -> World {
    let world = World::new();
    let one = "one: { file: { path: ../one.env }, variables: [A, B] }";
    world.declare_on(&[("A", "alpha"), ("B", "beta")], &[one]);
    world.run("apply --yes").success();
    let at = Timestamp::now() - SignedDuration::from_mins(4);
    assert!(look(&world, "here", at, SignedDuration::from_mins(5)));
    world
}

/// What was drawn, and the exit code. `None` where there is no python to sit there.
fn watch(world: &World, line: &str, size: [u16; 2], steps: &Value) -> Option<(String, i32)> {
    let run = act(world, line, "xterm", size, steps)?;
    Some((run.stdout, run.code))
}

fn stands_as_before(drawn: &str) {
    assert_eq!(drawn.matches(TAKEN).count(), 1, "{drawn:?}");
    assert!(drawn.ends_with(BACK), "{drawn:?}");
}

/// The frames, each as its lines.
fn frames(drawn: &str) -> Vec<Vec<&str>> {
    let body = drawn.split_once(TAKEN).unwrap().1;
    body.split("\x1b[H")
        .skip(1)
        .map(|frame| frame.split("\r\n").collect())
        .collect()
}

#[test]
fn ctrl_c_and_sigterm_end_it_and_the_terminal_is_as_before() {
    let world = world();
    for end in [
        json!({"seen": "equal everywhere", "type": "\u{3}"}),
        json!({"seen": "equal everywhere", "signal": "SIGTERM"}),
        json!({"seen": "equal everywhere", "signal": "SIGHUP"}),
        json!({"seen": "equal everywhere", "type": "\u{1c}"}),
    ] {
        let line = "status --watch=1h";
        let Some((drawn, code)) = watch(&world, line, [100, 30], &json!([end])) else {
            return;
        };
        assert_eq!(code, 0, "{drawn:?}");
        stands_as_before(&drawn);
        assert!(drawn.contains("from the journal, every 1h"), "{drawn:?}");
        assert!(drawn.contains("seen 4 min ago by here"), "{drawn:?}");
    }
}

#[test]
fn a_change_is_drawn_and_a_broken_manifest_leaves_the_last_page() {
    let world = world();
    let path = world.path("manifests/dev.yaml");
    let good = world.manifest();
    let steps = json!([
        {"seen": "equal everywhere", "write": [path, good.replace("alpha", "moved")]},
        {"seen": "to change", "write": [path, good.replace("variables:", "variables: [")]},
        {"seen": "problem", "write": [path, good]},
        {"seen": "equal everywhere", "type": "\u{3}"},
    ]);
    let Some((drawn, code)) = watch(&world, "status --watch=1s", [100, 30], &steps) else {
        return;
    };
    assert_eq!(code, 0);
    stands_as_before(&drawn);
    let frames = frames(&drawn);
    let broken = frames
        .iter()
        .find(|frame| frame.iter().any(|line| line.contains("problem")))
        .unwrap();
    let text = broken.join("\n");
    assert!(text.contains("what follows is from"), "{text}");
    assert!(text.contains("to change"), "the last good page: {text}");
}

#[test]
fn another_size_is_another_page_at_once() {
    let world = world();
    let steps = json!([
        {"seen": "equal everywhere", "resize": [100, 4]},
        {"seen": "more lines", "resize": [100, 30]},
        {"seen": "equal everywhere", "type": "\u{3}"},
    ]);
    // no look is due in between: only the window can have drawn these
    let Some((drawn, code)) = watch(&world, "status --watch=1h", [100, 30], &steps) else {
        return;
    };
    assert_eq!(code, 0);
    stands_as_before(&drawn);
    let frames = frames(&drawn);
    assert_eq!(frames.len(), 3, "{drawn:?}");
    assert_eq!(frames[1].len(), 4, "{drawn:?}");
    assert!(frames[0].len() > 4, "{drawn:?}");
    assert_eq!(frames[2].len(), frames[0].len(), "{drawn:?}");
}

#[test]
fn the_platforms_are_asked_where_that_is_wanted() {
    let world = world();
    let steps = json!([{"seen": "equal everywhere", "type": "\u{3}"}]);
    let line = "status --watch --live";
    let Some((drawn, code)) = watch(&world, line, [100, 30], &steps) else {
        return;
    };
    assert_eq!(code, 0);
    stands_as_before(&drawn);
    assert!(drawn.contains("from the platforms, every 10s"), "{drawn:?}");
    world
        .run("status --watch=5s --live")
        .exits(64)
        .says("every 10s at most");
}

#[test]
fn what_is_wrong_from_the_start_is_said_as_always() {
    let world = world();
    world.write("manifests/dev.yaml", "driftlock: [");
    let Some((drawn, code)) = watch(&world, "status --watch", [100, 30], &json!([])) else {
        return;
    };
    assert_eq!(code, 1, "{drawn:?}");
    assert!(!drawn.contains(TAKEN), "{drawn:?}");
    assert!(drawn.contains("dev.yaml:1:"), "{drawn:?}");
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let world = world();
    world
        .run("status --watch")
        .exits(64)
        .says("redraws a terminal")
        .says("driftlock status --from-journal");
    for odd in ["--watch=0s", "--watch=2d", "--watch=often", "--watch="] {
        world.run(&format!("status {odd}")).exits(64);
    }
}

#[test]
fn programs_read_a_document_a_line_until_they_have_enough() {
    use std::io::{BufRead, BufReader};
    let world = world();
    let mut command = world.command(["status", "--watch=1s", "--json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let stdout = lines.next().unwrap().unwrap();
        let run = Run {
            code: 0,
            stdout,
            stderr: String::new(),
        };
        let document = fits_schema(&run, "status");
        assert_eq!(document["manifests"][0]["source"], "journal");
    }
    // the reader goes away, and so does the writer
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
