//! A person at a terminal: the binary on a pseudo terminal, with somebody who types when asked.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;

use super::peers;
use super::world::{Run, World};

/// One question, and what is typed then.
pub enum Typed<'a> {
    /// On this prompt, seen by everyone.
    Shown(&'a str, &'a str),
    /// On this prompt, once the terminal does not echo any more.
    Hidden(&'a str, &'a str),
}

/// Runs with the words of one line as arguments. All that the person saw is the standard output of
/// the run. `None` where there is no python to act the person.
pub fn at_terminal(world: &World, line: &str, steps: &[Typed<'_>]) -> Option<Run> {
    let python = peers::program("python3")?;
    let inner = world.command(line.split_whitespace());
    let argv: Vec<&str> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| word.to_str().expect("arguments are text"))
        .collect();
    let steps: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Typed::Shown(prompt, typed) => (prompt, typed, false),
            Typed::Hidden(prompt, typed) => (prompt, typed, true),
        })
        .map(|(prompt, typed, hidden)| json!({"prompt": prompt, "typed": typed, "hidden": hidden}))
        .collect();
    let mut command = Command::new(python);
    command
        .args(["-c", include_str!("terminal.py")])
        .current_dir(world.path(""))
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("python runs");
    let task = json!({"argv": argv, "steps": steps}).to_string();
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    stdin.write_all(task.as_bytes()).expect("python reads");
    drop(stdin);
    Some(Run::from_output(
        &child.wait_with_output().expect("it ends"),
    ))
}
