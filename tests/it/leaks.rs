//! The canary test: every command, in every form that makes sense, with values that exist nowhere
//! else; then everything that came out of it is searched, also for encoded forms of them.

mod alert_test;
mod alerts;
mod beside;
mod dates;
mod edit;
pub mod forms;
mod git;
mod hardening;
mod hosts;
mod openclaw;
mod overlap;
mod railway;
mod railway_troubles;
mod recipes;
mod recipients;
mod reconcile;
mod runs;
mod schedule;
mod sink;
mod sources;
mod who;

use std::collections::BTreeSet;

use crate::support::world::World;
use runs::Leaky;

/// The commands that there are, as `driftlock --help` lists them.
pub fn commands(world: &World) -> Vec<String> {
    let help = world.run("--help").success().stdout;
    let listed: Vec<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .filter(|name| name != "help")
        .collect();
    assert!(listed.len() > 10, "the help lists its commands: {help}");
    listed
}

/// The long flags of a command, as its help lists them.
fn flags(world: &World, command: &str) -> BTreeSet<String> {
    let help = world.run(&format!("{command} --help")).success().stdout;
    help.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .flat_map(|line| line.split([' ', ',']))
        .filter(|word| word.starts_with("--"))
        // `--flag[=<VALUE>]` may stand without its value
        .map(|word| word.split('[').next().unwrap_or(word))
        .map(|word| word.trim_end_matches("...").to_owned())
        .filter(|flag| !matches!(flag.as_str(), "--help" | "--version"))
        .collect()
}

#[test]
fn no_command_shows_a_value() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut leaky = Leaky::new();
    leaky.edits();
    leaky.good_days();
    leaky.bad_days();
    let world = Leaky::new().world;
    for command in commands(&world) {
        let run = leaky.ran.get(&command).cloned().unwrap_or_default();
        assert!(
            !run.is_empty(),
            "`{command}` has no canary run: add one to leaks/runs.rs"
        );
        let missing: Vec<String> = flags(&world, &command)
            .into_iter()
            .filter(|flag| {
                !leaky
                    .ran
                    .values()
                    .flatten()
                    .any(|line| uses(line, flag, &command))
            })
            .collect();
        assert!(
            missing.is_empty(),
            "`{command}` has no canary run with {missing:?}"
        );
    }
}

/// Whether a run of this command has the flag; a global flag counts with any command.
fn uses(line: &str, flag: &str, command: &str) -> bool {
    let global = [
        "--identity",
        "--journal",
        "--authority",
        "--color",
        "--verbose",
    ]
    .contains(&flag);
    let short = match flag {
        "--verbose" => "-vv",
        "--identity" => "-i",
        _ => flag,
    };
    let mut words = line.split_whitespace();
    let named = words.clone().any(|word| word == command);
    (global || named) && words.any(|word| word == flag || word == short)
}
