//! Commands, and the variables that they find.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftlock::machine::{Call, Ran, Run, RunError};
use driftlock::model::{VarName, Verdict};
use driftlock::probe::{CommandProbe, Probe, Prober};

use super::local::{Answers, Local};
use super::{prober, secret};
use crate::support::peers;

fn command(line: &str, variables: &[(&str, &str)]) -> Probe {
    Probe::Command(CommandProbe {
        line: line.into(),
        variables: variables
            .iter()
            .map(|(name, value)| (VarName::new(name).unwrap(), secret(value)))
            .collect(),
        limit: Duration::from_secs(10),
    })
}

async fn verdict(line: &str, variables: &[(&str, &str)]) -> Verdict {
    let probe = command(line, variables);
    let here = prober().run(&probe, None).await;
    assert_eq!(prober().run(&probe, Some(&Local::default())).await, here);
    let text = format!("{here:?} {probe:?}");
    assert!(!text.contains("c4nary"), "{text}");
    here
}

#[tokio::test]
async fn each_end_has_its_verdict() {
    let unexpected = |what: &str| Verdict::Unexpected { what: what.into() };
    for (line, expected) in [
        ("true", Verdict::Works),
        ("echo c''4nary; echo c''4nary >&2", Verdict::Works),
        ("test -z \"$(cat)\"", Verdict::Works),
        ("exit 7", unexpected("exit status 7")),
        ("kill -9 $$", unexpected("exit status 128")),
        (
            "/nonexistent/driftlock",
            unexpected("exit status 127: a program of the command was not found"),
        ),
        (
            "/etc/passwd",
            unexpected("exit status 126: a program of the command could not be run"),
        ),
        ("if", unexpected("exit status 2")),
        ("", Verdict::Works),
    ] {
        assert_eq!(verdict(line, &[]).await, expected, "{line}");
    }
}

/// All that a value may hold: every character that some shell has an opinion about.
fn nasty() -> Vec<String> {
    let mut all: Vec<String> = [
        "",
        " ",
        "'",
        "''",
        "\"$HOME\" `id` $(id) \\",
        "a\nb\n\n",
        "\n",
        "\r\n",
        "a\tb",
        "-n",
        "!!",
        "~",
        "#",
        "%s\\n",
        "\u{1}\u{7f}\u{81}\u{84}\u{88}",
        "ü€🦀",
        "'\\''",
        "c4nary",
    ]
    .map(str::to_owned)
    .into();
    all.push((1..=255_u8).map(char::from).collect());
    all.push("x'".repeat(30_000));
    all
}

/// A machine whose `sh` is another one.
struct Other(&'static str, Vec<&'static str>);

#[async_trait::async_trait]
impl Run for Other {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        assert_eq!((call.program.as_str(), call.arguments.len()), ("sh", 1));
        let mut call = call.clone();
        call.program = self.0.into();
        let mut arguments: Vec<String> = self.1.iter().map(|&one| one.into()).collect();
        arguments.append(&mut call.arguments);
        call.arguments = arguments;
        Local::default().run(&call).await
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        Err(RunError::NoHome)
    }
}

#[tokio::test]
async fn values_arrive_exactly_through_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    let found = folder.path().join("found");
    let nasty = nasty();
    let names: Vec<String> = (0..nasty.len())
        .map(|number| format!("V_{number}"))
        .collect();
    let mut variables: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(nasty.iter().map(String::as_str))
        .collect();
    variables.extend([
        ("PATH", "/nowhere"),
        ("IFS", "e"),
        ("SECONDS", "c4nary"),
        ("RANDOM", "x"),
    ]);
    // the environment as the system keeps it, without a tool that could change it
    let line = format!("exec /bin/cat /proc/self/environ >'{}'", found.display());
    let probe = command(&line, &variables);
    for (shell, program, arguments) in [
        ("sh", "sh", vec![]),
        ("dash", "dash", vec![]),
        ("bash", "bash", vec!["--posix"]),
        ("busybox", "busybox", vec!["sh"]),
        ("zsh", "zsh", vec!["--emulate", "sh"]),
    ] {
        if peers::program(program).is_none() {
            continue;
        }
        let host = Other(program, arguments);
        let prober = Prober::new(Arc::new(host));
        assert_eq!(prober.run(&probe, None).await, Verdict::Works, "{shell}");
        let environment = std::fs::read(&found).unwrap();
        let environment: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
        for (name, value) in &variables {
            // what the last shell counts in by itself is its own affair
            if ["SECONDS", "RANDOM", "IFS"].contains(name) {
                continue;
            }
            let wanted = format!("{name}={value}");
            assert!(environment.contains(&wanted.as_bytes()), "{shell}: {name}");
        }
        std::fs::remove_file(&found).unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_handed_over_is_not_tried() {
    let long = "c4nary".repeat(200_000);
    for (variables, words) in [
        (vec![("A", "c4nary\0")], "A holds a NUL"),
        (vec![("A", long.as_str())], "too long"),
    ] {
        let verdict = verdict("true", &variables).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.contains(words)),
            "{verdict:?}"
        );
    }
    if peers::program("bash").is_some() {
        let prober = Prober::new(Arc::new(Other("bash", vec!["--posix"])));
        let verdict = prober.run(&command("true", &[("UID", "1")]), None).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.contains("UID")),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn a_command_without_end_is_ended() {
    let Probe::Command(mut probe) = command("read x <&1; sleep 60", &[]) else {
        unreachable!()
    };
    probe.limit = Duration::from_millis(500);
    let why = "the command did not end within 0.5 s".to_owned();
    assert_eq!(
        prober().run(&Probe::Command(probe), None).await,
        Verdict::Unreachable { why }
    );
}

#[tokio::test]
async fn a_machine_that_fails_is_told() {
    let program = "sh".to_owned();
    for (error, unknown) in [
        (
            RunError::NotFound {
                program: program.clone(),
            },
            true,
        ),
        (RunError::Lost { program }, true),
    ] {
        let verdict = prober()
            .run(&command("true", &[]), Some(&Answers(Err(error))))
            .await;
        assert_eq!(verdict.is_unknown(), unknown, "{verdict:?}");
    }
}
