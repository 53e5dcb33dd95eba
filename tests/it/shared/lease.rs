//! One at a time, whoever and wherever they are.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::lab::Team;
use crate::support::world::World;

/// An apply that holds the lease until its gate is opened: the target's activation waits there.
pub struct Gated {
    child: Child,
    gate: std::path::PathBuf,
}

impl Gated {
    /// Begins, and returns when the lease is held and the values are written.
    pub fn begin(team: &Team, world: &World, flags: &str) -> Self {
        let (gate, here) = (team.file("gate"), team.file("here"));
        for pipe in [&gate, &here] {
            let _none = std::fs::remove_file(pipe);
            let made = std::process::Command::new("mkfifo").arg(pipe).status();
            assert!(made.unwrap().success());
        }
        let line = format!("apply --yes --allow authority@app {flags}");
        let child = world
            .command(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // opens when the other side does
        std::fs::read_to_string(&here).unwrap();
        Self { child, gate }
    }

    /// What the manifest runs.
    pub fn command(team: &Team) -> String {
        let (gate, here) = (team.file("gate"), team.file("here"));
        format!(
            "sh -c 'echo here > {}; cat {}'",
            here.display(),
            gate.display()
        )
    }

    /// Opens the gate; the exit code, and what was said.
    pub fn finish(self) -> (i32, String) {
        std::fs::write(&self.gate, "go\n").unwrap();
        self.end()
    }

    /// Waits for its end without opening the gate before.
    pub fn end(self) -> (i32, String) {
        let output = self.child.wait_with_output().unwrap();
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8(said).unwrap();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        (output.status.code().unwrap(), said)
    }

    /// As by kill -9: nothing is given back.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // whatever waits at the gate goes, too
        let gate = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.gate);
        std::io::Write::write_all(&mut gate.unwrap(), b"go\n").unwrap();
    }
}

/// A manifest whose activation waits at the gate.
pub fn gated(team: &Team, clones: &[&World], value: &str) {
    let seed = team.folder.path().join("seed");
    let text = format!(
        "driftlock: 1\nname: dev\nvariables:\n  A: {value}\ntargets:\n  app:\n    file: {{ path: {}, machine: any }}\n    variables: [A]\n    activate: \"{}\"\n",
        team.file("app").display(),
        Gated::command(team),
    );
    std::fs::write(seed.join("manifests/dev.yaml"), text).unwrap();
    team.commit(clones, "gated");
}

#[test]
fn who_comes_second_is_told_who_was_first_and_may_wait() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mut ci, mut ops) = (team.clone(), team.clone());
    ci.variable("CI_JOB_URL", "https://forge.example.com/jobs/17");
    ci.variable("USER", "ci");
    ops.variable("USER", "ops");
    ci.run("--journal git apply --yes").success();
    gated(&team, &[&ci, &ops], "two");
    let first = Gated::begin(&team, &ci, "");
    ops.run("apply --yes --allow authority@app")
        .exits(3)
        .says("the lease: it is held by process")
        .says("of ci@here (https://forge.example.com/jobs/17) since")
        .says("nothing was written");
    ops.run("journal")
        .success()
        .says("the lease is held by process");
    // looking needs no lease
    ops.run("plan").success();
    let waiting = ops
        .command("apply --yes --lock-timeout 60s --allow authority@app".split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut waiting = waiting.unwrap();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("waiting for the lease")));
    assert_eq!(first.finish().0, 0);
    // the second one finds everything done
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
    ops.run("journal").success().says("dev: 2 receipts");
}

#[test]
fn a_dead_process_of_the_same_machine_holds_nobody_up() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    world.run("--journal git apply --yes").success();
    gated(&team, &[&world], "two");
    Gated::begin(&team, &world, "").kill();
    let second = Gated::begin(&team, &world, "");
    let (code, said) = second.finish();
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("taken over from process") && said.contains("has ended"),
        "{said}"
    );
    world
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
}

#[test]
fn a_dead_machine_is_watched_or_broken_and_never_believed_dead() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mut dead, ops, cron) = (team.clone(), team.clone(), team.clone());
    dead.variable("DRIFTLOCK_LEASE", "10");
    dead.run("--journal git apply --yes").success();
    gated(&team, &[&dead, &ops, &cron], "two");
    Gated::begin(&team, &dead, "").kill();
    // at once: it may only be slow
    ops.run("apply --yes --allow authority@app")
        .exits(3)
        .says("--lock-timeout 40s takes it over after watching it")
        .says("--break-lease REASON");
    // watched for its ten seconds
    let second = Gated::begin(&team, &ops, "--lock-timeout 40s");
    second.kill();
    let third = {
        let line = "apply --yes --allow authority@app --break-lease";
        let words = line.split_whitespace().chain(["the runner was deleted"]);
        let mut command = cron.command(words);
        let child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        std::fs::read_to_string(team.file("here")).unwrap();
        Gated {
            child: child.unwrap(),
            gate: team.file("gate"),
        }
    };
    let (code, said) = third.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("taken over from process") && said.contains("the runner was deleted"));
    assert_eq!(team.read("app"), "A=two\n");
    // the reason is in the history of the ref
    assert!(team.everything().contains("the runner was deleted"));
}

#[test]
fn a_holder_that_lost_its_lease_stops() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mut slow, ops) = (team.clone(), team.clone());
    // a sign of life every two and a half seconds
    slow.variable("DRIFTLOCK_LEASE", "10");
    slow.run("--journal git apply --yes").success();
    gated(&team, &[&slow, &ops], "two");
    let first = Gated::begin(&team, &slow, "");
    let line = "apply --yes --no-activate --allow authority@app --break-lease stuck";
    ops.run(line).success();
    // nobody opens its gate: it hears of it, and ends
    let (code, said) = first.end();
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("stopped by the lease was taken by"), "{said}");
}

#[test]
fn a_lease_that_was_broken_while_its_holder_lived_fences_it() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (slow, ops) = (team.clone(), team.clone());
    slow.run("--journal git apply --yes").success();
    gated(&team, &[&slow, &ops], "two");
    let first = Gated::begin(&team, &slow, "");
    // without the activation, which waits for the first
    ops.command([
        "apply",
        "--yes",
        "--no-activate",
        "--allow",
        "authority@app",
        "--break-lease",
        "it hangs",
    ])
    .output()
    .unwrap();
    let before = team.tip();
    let (code, said) = first.finish();
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("the lease was taken by"), "{said}");
    assert_eq!(
        team.tip(),
        before,
        "the first one wrote over the second one's records"
    );
    // a local lease cannot be broken: its process lives
    let local = World::applied(&[("A", "one")]);
    local.run("apply --yes --break-lease because").success();
}

#[test]
fn a_copy_of_what_another_machine_keeps_is_not_that_machine() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mut ci, mut restored) = (team.clone(), team.clone());
    ci.variable("USER", "ci");
    ci.run("--journal git apply --yes").success();
    gated(&team, &[&ci, &restored], "two");
    // a runner that begins with the state folder of another one, as caches of CI systems restore it
    let copied = restored.path("../restored");
    let copy = std::process::Command::new("cp")
        .arg("-r")
        .args([ci.path("../state"), copied.clone()])
        .status();
    assert!(copy.unwrap().success());
    restored.variable("XDG_STATE_HOME", copied.to_str().unwrap());
    let first = Gated::begin(&team, &ci, "");
    restored
        .run("apply --yes --allow authority@app")
        .exits(3)
        .says("of ci@here");
    assert_eq!(first.finish().0, 0);
}

#[test]
fn where_nothing_can_be_kept_the_remote_alone_decides() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (mut bare, other) = (team.clone(), team.clone());
    bare.variable("XDG_STATE_HOME", "/dev/null/state");
    bare.run("--journal git apply --yes").success();
    bare.run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    other.run("history").success().says("1 receipt of dev");
    gated(&team, &[&bare, &other], "two");
    let first = Gated::begin(&team, &other, "");
    bare.run("apply --yes --allow authority@app")
        .exits(3)
        .says("held by process");
    assert_eq!(first.finish().0, 0);
    bare.run("apply --yes").success();
}
