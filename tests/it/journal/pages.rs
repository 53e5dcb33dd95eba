//! What a plan reads of a long journal, counted from outside: it finds its records, and does not
//! look through the receipts.

use std::process::Command;

use crate::support::history::{applied, fill};
use crate::support::peers;
use crate::support::world::World;

const TARGETS: usize = 3;
const RECEIPTS: usize = 10_000;

/// The reads of the journal's files in one plan; `None` where there is no strace.
fn reads(world: &World) -> Option<usize> {
    let strace = peers::program("strace")?;
    let plain = world.command(["plan", "--detailed-exitcode"]);
    let log = world.root().join("calls");
    let mut command = Command::new(strace);
    command
        .args(["-f", "-y", "-e", "trace=read,pread64", "-o"])
        .arg(&log)
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(world.path(""))
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.expect("none is removed"));
    }
    let output = command.output().unwrap();
    if output.status.code() != Some(0) {
        return peers::unavailable("the right to trace a child");
    }
    let log = std::fs::read_to_string(log).unwrap();
    let journal = world.journal().display().to_string();
    Some(log.lines().filter(|line| line.contains(&journal)).count())
}

#[test]
fn a_plan_does_not_look_through_the_receipts() {
    let world = applied(TARGETS);
    let Some(short) = reads(&world) else { return };
    assert!(short > 0, "the journal is read at all");
    fill(&world, RECEIPTS);
    let long = reads(&world).unwrap();
    println!("reads of the journal: {short} with {TARGETS} receipts, {long} with {RECEIPTS}");
    // the way down three trees, for each target; all receipts are thousands of pages
    assert!(long <= short + 4 * TARGETS, "{short} reads became {long}");
}
