//! What is stored against what runs, by hand-made looks.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Completeness, Version};

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn names(of: &[&str]) -> BTreeSet<VarName> {
    of.iter().map(|text| name(text)).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn live(vars: &[(&str, &str)]) -> Live {
    Live {
        changed_at: std::collections::BTreeMap::new(),
        vars: vars
            .iter()
            .map(|(key, value)| (name(key), LiveVar::Value(SecretValue::new(*value))))
            .collect(),
        completeness: Completeness::Complete,
        version: Version::default(),
        exists: true,
        stored_at: None,
        identity: String::new(),
        taken_over: std::collections::BTreeSet::new(),
        unsettled: None,
        drafts: vec![],
        running: Running::Unknown,
        notes: vec![],
    }
}

fn process(vars: &[(&str, &str)]) -> RunningProcess {
    let vars: BTreeMap<_, _> = vars
        .iter()
        .map(|(key, value)| (name(key), SecretValue::new(*value)))
        .collect();
    RunningProcess {
        vars: Some(vars),
        since: Some(at(0)),
        reads: Some(true),
        refresh: Some("systemctl restart app.service".to_owned()),
        ..RunningProcess::new("main process 7 of app.service".to_owned())
    }
}

const STORED: [(&str, &str); 2] = [("A", "new-hunter2"), ("B", "same")];

fn compared(of: Vec<RunningProcess>, stored_at: Option<Timestamp>) -> Compared {
    let compared = compare(
        &live(&STORED),
        &names(&["A", "B", "C"]),
        &Look::Runs(of),
        stored_at,
    );
    assert!(!format!("{compared:?}").contains("hunter2"));
    compared
}

fn behind_of(compared: Compared) -> Behind {
    match compared.running {
        Running::Behind(behind) => behind,
        other => panic!("{other:?}, {:?}", compared.why),
    }
}

#[test]
fn equal_values_are_current_whatever_the_clock_says() {
    for stored in [None, Some(at(-60)), Some(at(60))] {
        let found = compared(vec![process(&STORED)], stored);
        assert_eq!(found.running, Running::Current);
    }
}

#[test]
fn an_older_process_with_another_value_is_behind_and_a_restart_helps() {
    let old = process(&[("A", "old-hunter2"), ("B", "same")]);
    let found = behind_of(compared(vec![old], Some(at(60))));
    assert_eq!(found.names, names(&["A"]));
    assert_eq!(found.since, Some(at(60)));
    assert!(found.restart_helps);
    assert_eq!(
        found.why,
        "main process 7 of app.service started before the values were stored"
    );
    assert_eq!(found.help.as_deref(), Some("systemctl restart app.service"));
}

#[test]
fn a_younger_process_with_another_value_is_not_helped_by_a_restart() {
    let old = process(&[("A", "old-hunter2"), ("B", "same")]);
    let found = behind_of(compared(vec![old.clone()], Some(at(-60))));
    assert!(!found.restart_helps);
    assert_eq!(found.since, None);
    assert!(
        found.why.contains("started after the values were stored"),
        "{}",
        found.why
    );
    // within a second nobody knows which was first
    assert!(behind_of(compared(vec![old.clone()], Some(at(-1)))).restart_helps);
    // launchd keeps what a job was loaded with
    let job = RunningProcess {
        takes_at_start: false,
        ..old
    };
    assert!(behind_of(compared(vec![job.clone()], Some(at(-60)))).restart_helps);
    let elsewhere = RunningProcess {
        reads: Some(false),
        ..job
    };
    assert!(!behind_of(compared(vec![elsewhere], Some(at(-60)))).restart_helps);
}

#[test]
fn a_missing_name_counts_only_where_it_should_be_there() {
    let without = process(&[("B", "same")]);
    let found = behind_of(compared(vec![without.clone()], Some(at(60))));
    assert_eq!(found.names, names(&["A"]));
    // nobody knows how values get there, but others of them did
    let some = RunningProcess {
        reads: None,
        ..without.clone()
    };
    assert_eq!(behind_of(compared(vec![some], None)).names, names(&["A"]));
    // the program may read the file by itself
    for reads in [None, Some(false)] {
        let none = RunningProcess {
            reads,
            ..process(&[("PATH", "/bin")])
        };
        let found = compared(vec![none.clone()], Some(at(-60)));
        assert_eq!(found.running, Running::Unknown);
        assert!(found.why.unwrap().contains("by itself"));
        let found = behind_of(compared(vec![none], Some(at(60))));
        assert_eq!((found.names, found.since), (names(&[]), Some(at(60))));
    }
}

#[test]
fn a_closed_environment_is_judged_by_the_clock_alone() {
    let closed = RunningProcess {
        vars: None,
        ..process(&[])
    };
    let found = behind_of(compared(vec![closed.clone()], Some(at(60))));
    assert_eq!(found.names, names(&[]));
    for stored in [None, Some(at(0)), Some(at(-60))] {
        assert_eq!(
            compared(vec![closed.clone()], stored).running,
            Running::Unknown
        );
    }
}

#[test]
fn all_containers_must_agree_and_the_one_that_does_not_is_named() {
    let container = |what: &str, vars: &[(&str, &str)]| RunningProcess {
        what: format!("container {what}"),
        reads: None,
        ..process(vars)
    };
    let (web, database) = (
        container("web", &STORED),
        container("db", &[("PGDATA", "/x")]),
    );
    let found = compared(vec![web.clone(), database.clone()], None);
    assert_eq!(found.running, Running::Current);
    let worker = container("worker", &[("A", "old-hunter2")]);
    let found = behind_of(compared(vec![web, database, worker], Some(at(60))));
    assert_eq!(found.names, names(&["A"]));
    assert!(
        found.why.starts_with("container worker started before"),
        "{}",
        found.why
    );
}

#[test]
fn what_cannot_be_told_is_not_said_to_differ() {
    let unclear = RunningProcess {
        unclear: names(&["A"]),
        ..process(&[("A", "x"), ("B", "same")])
    };
    let found = compared(vec![unclear], Some(at(-60)));
    assert_eq!(found.running, Running::Unknown);
    let sealed = Live {
        vars: [(name("A"), LiveVar::Unknown("no".to_owned()))].into(),
        ..live(&[])
    };
    let look = Look::Runs(vec![process(&[("A", "x")])]);
    assert_eq!(
        compare(&sealed, &names(&["A"]), &look, None).running,
        Running::Unknown
    );
}

#[test]
fn nothing_running_is_behind_unless_it_is_idle() {
    let stopped = |idle| Look::Stopped {
        why: "it ended".to_owned(),
        idle,
        help: None,
    };
    let of = |look: &Look| compare(&live(&STORED), &names(&["A"]), look, None).running;
    assert!(matches!(of(&stopped(false)), Running::Behind(_)));
    assert_eq!(of(&stopped(true)), Running::Unknown);
    assert_eq!(of(&Look::unknown("no", None)), Running::Unknown);
}
