//! Hosts, files and services that give trouble, through the binary: one clear message with the next
//! step, the exit code of the table, nothing written there, no other target hidden; and once the
//! trouble is over, the next run converges.

mod files;
mod hangs;
mod keys;
mod moments;
mod names;
mod noise;
mod probes;
mod programs;
mod reach;
mod sudo;
mod texts;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::stage::{Stage, uses};
use crate::support::world::Run;

/// A target on this machine that has no part in the trouble.
const HERE: &str = "  here:\n    file: { path: ../here.env }\n    variables: [B]\n";

/// A manifest with these targets, which use A, and `here`.
fn declare(stage: &Stage, targets: &str) {
    stage.declare(&[("A", "1"), ("B", "2")], &format!("{targets}{HERE}"));
}

/// The target `vps` at `.env` of the VPS, and `here`.
fn declare_one(stage: &Stage) {
    declare(stage, &stage.target("vps", ".env", &uses("A")));
}

/// What lies on the VPS: mode, owner, and content of what is a file.
fn far_side(stage: &Stage) -> BTreeMap<PathBuf, (u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    below(&stage.sshd.path("srv"), &mut found);
    found
}

fn below(folder: &Path, found: &mut BTreeMap<PathBuf, (u32, u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        let content = if meta.is_file() {
            fs::read(&path).unwrap()
        } else {
            vec![]
        };
        found.insert(path.clone(), (meta.mode(), meta.uid(), content));
        if meta.is_dir() {
            below(&path, found);
        }
    }
}

/// Plan and apply say this of a target that cannot be known, leave its machine alone, and do the
/// rest.
#[track_caller]
fn unknown(stage: &Stage, words: &[&str]) {
    let before = far_side(stage);
    let plan = stage.run("plan").exits(1);
    let apply = stage.run("apply --yes").exits(1);
    for run in [plan.says("here"), apply] {
        words.iter().fold(run, |run, words| run.says(words));
    }
    assert!(far_side(stage) == before, "something was written");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    forget(stage);
}

/// Begins anew: nothing is known, and nothing was written on this machine.
fn forget(stage: &Stage) {
    fs::remove_file(stage.world.path("here.env")).unwrap();
    fs::remove_dir_all(stage.world.root().join("state/driftlock")).unwrap();
}

/// The trouble is over.
#[track_caller]
fn mended(stage: &Stage) {
    stage.run("apply --yes").success();
    assert_eq!(stage.far_text(".env"), "A=1\n");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    stage.in_sync();
}

/// Apply refuses to write there, says this, and does the rest.
#[track_caller]
fn refused(stage: &Stage, words: &[&str]) -> Run {
    let before = far_side(stage);
    let apply = stage.run("apply --yes").exits(4);
    let apply = words.iter().fold(apply, |run, words| run.says(words));
    assert!(far_side(stage) == before, "something was written");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    forget(stage);
    apply
}

/// What a target of a plan in JSON is.
#[track_caller]
fn planned(run: &Run, target: &str) -> serde_json::Value {
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let plans = document["plans"].as_array().unwrap();
    let mut targets = plans
        .iter()
        .flat_map(|plan| plan["targets"].as_array().unwrap());
    let found = targets.find(|one| one["name"] == target || one["target"] == target);
    found
        .unwrap_or_else(|| panic!("no {target} in {document}"))
        .clone()
}

/// Starts a run whose output is kept.
fn start(stage: &Stage, line: &str) -> Child {
    let mut command = stage.world.command(line.split_whitespace());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Asks a run to end.
fn terminate(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

fn ended(child: Child) -> Run {
    Run::from_output(&child.wait_with_output().unwrap())
}
