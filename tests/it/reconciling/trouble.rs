//! Bad days of `reconcile`, with the real binary: as a round of `--once`, and where it must stay, as a loop.

mod classes;
mod codes;
mod endings;
mod follow;
mod journals;
mod modes;
mod pair;
mod probes;
mod sinks;
mod texts;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::fits_schema;
use crate::support::world::{Run, World};

/// So long anything is waited for. The loop looks at its files every 10 seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// A loop at work, whose log is read.
struct Loop {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<Value>,
}

impl Loop {
    fn start(world: &World, line: &str) -> Self {
        let line = format!("reconcile --log-format json --every 10s {line}");
        Self::of(world.command(line.split_whitespace()))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            heard: vec![],
        }
    }

    /// Takes in what was written until now, and waits for one more line at most until then.
    #[track_caller]
    fn listen(&mut self, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            // what is said before the log begins is for people
            Ok(line) => self.heard.extend(serde_json::from_str::<Value>(&line)),
            Err(RecvTimeoutError::Timeout) => panic!("not said in time\n{}", self.log()),
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended\n{}", self.log()),
        }
    }

    /// Waits until that many lines are so.
    #[track_caller]
    fn hears_times(&mut self, times: usize, is: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        while self.count(&is) < times {
            self.listen(until);
        }
    }

    /// Waits until an alert of this class of this manifest is opened, changed or resolved.
    #[track_caller]
    fn hears(&mut self, kind: &str, manifest: &str, class: &str) {
        self.hears_times(1, alert(kind, manifest, class));
    }

    /// Waits for something that nobody says.
    #[track_caller]
    fn waits_for(&mut self, what: &str, is: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is() {
            assert!(Instant::now() < until, "{what}: never\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn count(&self, is: impl Fn(&Value) -> bool) -> usize {
        self.heard.iter().filter(|line| is(line)).count()
    }

    fn log(&self) -> String {
        let lines: Vec<String> = self.heard.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    /// Asks it to end, and reads to the end of its log.
    fn ends(mut self) -> Vec<Value> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        let mut heard = std::mem::take(&mut self.heard);
        let rest = self.lines.iter();
        heard.extend(rest.filter_map(|line| serde_json::from_str::<Value>(&line).ok()));
        heard
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Whether a line of the log says this of an alert.
fn alert(kind: &str, manifest: &str, class: &str) -> impl Fn(&Value) -> bool {
    let (kind, manifest, class) = (format!("{kind}: "), manifest.to_owned(), class.to_owned());
    move |line| {
        let says = line["message"]
            .as_str()
            .is_some_and(|text| text.starts_with(&kind));
        says && line["fields"]["manifest"] == *manifest && line["fields"]["class"] == *class
    }
}

/// One round: how it ended, and its report.
#[track_caller]
fn round(world: &World, line: &str, code: i32) -> Value {
    report(
        &world
            .run(&format!("reconcile --once --json {line}"))
            .exits(code),
    )
}

#[track_caller]
fn report(run: &Run) -> Value {
    fits_schema(run, "round")
}

/// What happened to alerts of this class in a round.
fn told(round: &Value, class: &str) -> Vec<String> {
    let manifests = round["manifests"].as_array().unwrap();
    let all = manifests
        .iter()
        .flat_map(|one| one["alerts"].as_array().unwrap());
    all.filter(|one| one["class"] == *class)
        .map(|one| one["event"].as_str().unwrap().to_owned())
        .collect()
}

/// A target of the first manifest of a round.
fn target<'r>(round: &'r Value, name: &str) -> &'r Value {
    let mut all = round["manifests"][0]["targets"].as_array().unwrap().iter();
    all.find(|one| one["target"] == *name).unwrap()
}

/// What a target came to: written, put back, held, failed.
fn came_to(round: &Value, name: &str) -> [u64; 4] {
    let of = target(round, name);
    ["written", "put_back", "held", "failed"].map(|part| of[part].as_u64().unwrap())
}

/// A manifest whose target `app` keeps `A` and `B` in `NAME.env`. `more` are lines of its own.
fn text(name: &str, more: &str, a: &str, b: &str) -> String {
    format!(
        "driftlock: 1
name: {name}
{more}
variables:
  A: {a}
  B: {b}
targets:
  app: {{ file: {{ path: ../{name}.env }}, variables: [A, B] }}
"
    )
}

/// May be written by itself.
const APPLY: &str = "reconcile: { mode: apply }";

/// A world in which `dev` is as it should be, with this in its manifest.
fn applied(more: &str) -> World {
    let world = World::new();
    world.write("manifests/dev.yaml", text("dev", more, "one", "b"));
    world.run("apply --yes").success();
    world
}
