//! Whole-process figures: what a person waits for, and what a small CI machine must have.
//!
//! `cargo bench --bench figures`, or `… -- journal`, `… -- railway`, `… -- review` and `… -- ssh` for those alone. Each figure is CPU
//! time (user + system) and peak memory of one run of the release binary, from its start to its
//! exit; wall time is shown beside it and limits nothing, because it says more about the machine
//! (except where round trips are counted by it). These are benchmarks: a figure over its limit is
//! marked, it does not fail the run.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a benchmark may print what it measured, panic, and look at its own environment"
)]

#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../it/support/fake_railway/mod.rs"]
mod fake_railway;
#[path = "../it/support/history.rs"]
mod history;
mod journal;
#[path = "../it/support/long_line.rs"]
mod long_line;
mod measure;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../it/support/peers.rs"]
mod peers;
mod railway;
#[path = "../it/support/rekeyed.rs"]
mod rekeyed;
mod review;
mod ssh;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../it/support/sshd.rs"]
mod sshd;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../it/support/world.rs"]
mod world;
mod worlds;

use std::process::Command;

use measure::{Measured, Table};

pub(crate) const RUNS: usize = 10;
const MIB: u64 = 1024;

fn main() {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| first == measure::CHILD)
    {
        measure::run_as_child(&arguments[1..]);
        return;
    }
    // `cargo test --all-targets` starts benchmarks too, without this
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("figures are taken by `cargo bench`");
        return;
    }
    let mut table = Table::new(RUNS);
    let named = |part: &str| arguments.iter().any(|argument| argument == part);
    let all = !["journal", "railway", "review", "ssh"]
        .into_iter()
        .any(named);
    if all {
        small(&mut table);
        values(&mut table, 1_000, 20);
        values(&mut table, 10_000, 150);
        set(&mut table);
        targets(&mut table);
    }
    if all || named("journal") {
        journal::measure(&mut table);
    }
    if all || named("railway") {
        railway::measure(&mut table);
    }
    if all || named("review") {
        review::measure(&mut table);
    }
    if all || named("ssh") {
        ssh::measure(&mut table);
    }
}

fn small(table: &mut Table) {
    let world = worlds::of_values(100);
    let start = runs(|_| world.command(["--version"]));
    table.row("start-up (--version)", Some(15), Some(25 * MIB), &start);
    let plan = runs(|_| world.command(["plan", "--detailed-exitcode"]));
    table.row(
        "plan, 100 variables, no change",
        Some(15),
        Some(25 * MIB),
        &plan,
    );
}

/// The limit is on parsing and decrypting, which is what `check` does; `plan` then reads and compares
/// a file of as many variables, and recalls as many records.
fn values(table: &mut Table, count: usize, limit: u64) {
    let world = worlds::of_values(count);
    let check = runs(|_| world.command(["check"]));
    table.row(
        &format!("check, {count} encrypted"),
        Some(limit),
        None,
        &check,
    );
    let plan = runs(|_| world.command(["plan", "--detailed-exitcode"]));
    table.row(&format!("plan, {count} encrypted"), None, None, &plan);
}

fn set(table: &mut Table) {
    let world = worlds::of_values(10_000);
    let before = world.read("manifests/dev.yaml");
    let set = runs(|run| {
        let value = world.write("value", format!("a new value, number {run}"));
        let mut command = world.command(["set", "VARIABLE_05000", "--from-file"]);
        command.arg(value);
        command
    });
    let after = world.read("manifests/dev.yaml");
    let changed = before
        .lines()
        .zip(after.lines())
        .filter(|(one, other)| one != other)
        .count();
    let same_length = before.lines().count() == after.lines().count();
    assert!(
        changed == 1 && same_length,
        "{changed} lines changed, not 1"
    );
    table.row("set, 10000 encrypted (1 line)", Some(200), None, &set);
}

fn targets(table: &mut Table) {
    let world = worlds::of_targets(1_000, 20);
    let plan = runs(|_| world.command(["plan", "--detailed-exitcode"]));
    table.row("plan, 1000 files of 20", Some(2_000), None, &plan);
    let round = runs(|_| world.command(["reconcile", "--once"]));
    table.row(
        "reconcile --once, 1000 files of 20",
        Some(2_000),
        None,
        &round,
    );
}

/// One run that is not counted, then those that are. Every one must succeed.
pub(crate) fn runs(mut command: impl FnMut(usize) -> Command) -> Vec<Measured> {
    measure::once(&command(RUNS));
    (0..RUNS).map(|run| measure::once(&command(run))).collect()
}
