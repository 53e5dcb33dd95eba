//! A person at a terminal: the binary on a pseudo terminal, with somebody who types when asked.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

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
    let steps = steps.iter().map(|step| match step {
        Typed::Shown(prompt, typed) => json!({ "seen": prompt, "type": format!("{typed}\n") }),
        Typed::Hidden(prompt, typed) => {
            json!({ "seen": prompt, "type": format!("{typed}\n"), "hidden": true })
        }
    });
    // of no known size
    act(world, line, "dumb", [0, 0], &steps.collect())
}

/// The same on a terminal of this kind with so many columns and lines; `terminal.py` says what steps are.
pub fn act(world: &World, line: &str, term: &str, size: [u16; 2], steps: &Value) -> Option<Run> {
    let python = peers::program("python3")?;
    let inner = world.command(line.split_whitespace());
    let argv: Vec<&str> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| word.to_str().expect("arguments are text"))
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
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("python runs");
    let task = json!({"argv": argv, "term": term, "size": size, "steps": steps}).to_string();
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    stdin.write_all(task.as_bytes()).expect("python reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("it says what was drawn");
    Some(Run {
        code: i32::try_from(told["code"].as_i64().expect("a number")).expect("a code"),
        stdout: told["drawn"].as_str().expect("text").to_owned(),
        stderr: String::new(),
    })
}
