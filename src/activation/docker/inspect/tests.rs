//! Answers in the shape of docker 28.

use super::*;
use crate::model::VarName;

fn container(name: &str, state: &str, env: &str) -> String {
    format!(
        r#"{{"Id":"0123456789abcdef","Name":"/{name}","Created":"2026-11-22T10:00:00.123456789Z",
        "RestartCount":2,"State":{{{state},"StartedAt":"2026-11-22T11:00:00Z"}},"Config":{{"Env":{env}}}}}"#
    )
}

const RUNS: &str = r#""Status":"running","Running":true,"ExitCode":0"#;

fn looked(of: &[String]) -> Look {
    let containers = read(format!("[{}]", of.join(",")).as_bytes()).unwrap();
    look(&containers, "/srv/compose.yaml", "docker compose up -d")
}

#[test]
fn environments_are_read() {
    let of = [
        container("app-1", RUNS, r#"["TOKEN=a=b\nc","EMPTY=","NAMED"]"#),
        container("db-1", RUNS, "null"),
        container(
            "init-1",
            r#""Status":"exited","Running":false,"ExitCode":0"#,
            "[]",
        ),
    ];
    let Look::Runs(processes) = looked(&of) else {
        panic!("two of them run");
    };
    assert_eq!(processes.len(), 2);
    let vars = processes[0].vars.as_ref().unwrap();
    assert_eq!(vars[&VarName::new("TOKEN").unwrap()].expose(), "a=b\nc");
    assert_eq!(vars.len(), 2);
    assert_eq!(
        processes[0].since.unwrap().as_second(),
        "2026-11-22T10:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_second()
    );
    assert_eq!(processes[1].vars.as_ref().unwrap().len(), 0);
}

#[test]
fn one_that_fell_over_is_named() {
    let why = |state: &str| match looked(&[container("a", RUNS, "[]"), container("b", state, "[]")])
    {
        Look::Stopped {
            why, idle: false, ..
        } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        why(r#""Status":"exited","Running":false,"ExitCode":3"#),
        "container b does not run: it ended with status 3"
    );
    assert_eq!(
        why(r#""Status":"restarting","Running":true,"Restarting":true,"ExitCode":1"#),
        "container b does not run: it fell over with status 1, and is started again"
    );
    assert!(
        why(r#""Status":"exited","Running":false,"ExitCode":137,"OOMKilled":true"#)
            .contains("memory")
    );
}

#[test]
fn none_is_not_the_same_as_done() {
    assert!(matches!(looked(&[]), Look::Stopped { idle: false, .. }));
    let done = container(
        "a",
        r#""Status":"exited","Running":false,"ExitCode":0"#,
        "[]",
    );
    assert!(matches!(looked(&[done]), Look::Stopped { idle: true, .. }));
}

#[test]
fn names_and_ids_are_told_apart() {
    let text = format!("[{}]", container("app", RUNS, "[]"));
    let container = read(text.as_bytes()).unwrap().remove(0);
    assert!(container.is("app") && container.is("/app") && container.is("0123456789ab"));
    assert!(!container.is("ap") && !container.is("0123"));
}

#[test]
fn what_cannot_be_read_is_said_without_a_word_of_it() {
    assert!(read(b"[{\"Id\":1}]").is_none());
    assert!(read(b"").is_none());
}
