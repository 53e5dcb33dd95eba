//! What is stored against what runs.

mod tally;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::look::{Look, RunningProcess};
use crate::model::{Behind, Live, LiveVar, Running, SecretValue, VarName};
use tally::{Order, Tally, tally};

/// Whether what is stored is what runs, and what else is to be said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// The answer.
    pub running: Running,
    /// Why it is [`Running::Unknown`]: lower case, no final period, no values.
    pub why: Option<String>,
    /// What to do about not knowing.
    pub help: Option<String>,
    /// What people should know of the processes, whatever the answer.
    pub notes: Vec<String>,
}

/// Holds what is stored against what runs, for the names that the target wants. `stored_at` is when
/// the target's file was written.
pub fn compare(
    live: &Live,
    wanted: &BTreeSet<VarName>,
    look: &Look,
    stored_at: Option<Timestamp>,
) -> Compared {
    match look {
        Look::Runs(processes) => {
            let stored = stored(live, wanted);
            let mut compared = of_processes(&stored, processes, stored_at);
            compared.notes = processes.iter().filter_map(|it| it.note.clone()).collect();
            compared
        }
        Look::Stopped {
            why,
            idle: false,
            help,
        } => behind(Behind {
            names: BTreeSet::new(),
            since: None,
            why: why.clone(),
            help: help.clone(),
            restart_helps: true,
        }),
        Look::Stopped {
            why,
            idle: true,
            help,
        }
        | Look::Unknown { why, help } => unknown(why.clone(), help.clone()),
    }
}

fn unknown(why: String, help: Option<String>) -> Compared {
    Compared {
        running: Running::Unknown,
        why: Some(why),
        help,
        notes: vec![],
    }
}

fn behind(behind: Behind) -> Compared {
    Compared {
        running: Running::Behind(behind),
        why: None,
        help: None,
        notes: vec![],
    }
}

type Stored<'a> = Vec<(&'a VarName, &'a SecretValue)>;

fn stored<'a>(live: &'a Live, wanted: &BTreeSet<VarName>) -> Stored<'a> {
    let value = |var: &'a LiveVar| match var {
        LiveVar::Value(value) => Some(value),
        LiveVar::Sealed { .. } | LiveVar::Unknown(_) => None,
    };
    live.vars
        .iter()
        .filter(|(name, _)| wanted.contains(*name))
        .filter_map(|(name, var)| Some((name, value(var)?)))
        .collect()
}

fn of_processes(
    stored: &Stored<'_>,
    processes: &[RunningProcess],
    stored_at: Option<Timestamp>,
) -> Compared {
    let Some(first) = processes.first() else {
        return unknown("no process was found".to_owned(), None);
    };
    if stored.is_empty() {
        return unknown("nothing is stored that could be compared".to_owned(), None);
    }
    // a name that one process lacks may be meant for another, whose environment cannot be read
    if let Some(closed) = processes.iter().find(|process| process.vars.is_none()) {
        let open = tally(stored, processes);
        if open.differ.is_empty() {
            return by_time(closed, "its environment cannot be read", stored_at);
        }
        return others(&open, open.differ.clone(), first, stored_at);
    }
    let tally = tally(stored, processes);
    let mut names = tally.differ.clone();
    if misses(&tally, processes) {
        names.extend(&tally.missing);
    }
    if !names.is_empty() {
        return others(&tally, names, first, stored_at);
    }
    if let Some(name) = tally.missing.first() {
        let why = format!(
            "its environment does not hold {}: the program may read the file by itself",
            with_count(name, tally.missing.len())
        );
        return by_time(first, &why, stored_at);
    }
    if let Some(name) = tally.unclear.first() {
        let why = format!(
            "its value of {} cannot be told for sure",
            with_count(name, tally.unclear.len())
        );
        return by_time(first, &why, stored_at);
    }
    Compared {
        running: Running::Current,
        why: None,
        help: None,
        notes: vec![],
    }
}

/// Whether a name that is in no process is one that should be: the manager hands the file over, or
/// nobody knows how the values get there, and others of them did.
fn misses(tally: &Tally<'_>, processes: &[RunningProcess]) -> bool {
    let others_are_there = tally.equal + tally.differ.len() + tally.unclear.len() > 0;
    processes.iter().any(|process| match process.reads {
        Some(reads) => reads,
        None => others_are_there,
    })
}

/// Names that the running process has otherwise, or not at all.
fn others(
    tally: &Tally<'_>,
    names: BTreeSet<&VarName>,
    first: &RunningProcess,
    stored_at: Option<Timestamp>,
) -> Compared {
    let process = tally.which.first().copied().unwrap_or(first);
    let order = Order::of(process, stored_at);
    let useless =
        order == Order::StartedLater || (!process.takes_at_start && process.reads == Some(false));
    let who = match tally.which.len() {
        0 | 1 => process.what.clone(),
        more => format!("{} and {} more", process.what, more - 1),
    };
    let has = if tally.differ.is_empty() {
        "does not have what is stored"
    } else {
        "has other values"
    };
    let why = if useless && process.reads == Some(false) {
        format!("{who} {has}, and is not given this file by what starts it")
    } else if useless {
        format!(
            "{who} started after the values were stored, and {has} all the same: something else sets them, or this file is not read"
        )
    } else if order == Order::StartedBefore {
        format!("{who} started before the values were stored")
    } else {
        format!("{who} {has}")
    };
    let help = if useless {
        Some(format!(
            "a restart does not help: look at where {} gets them from",
            process.what
        ))
    } else {
        process.refresh.clone()
    };
    behind(Behind {
        names: names.into_iter().cloned().collect(),
        since: (order == Order::StartedBefore)
            .then_some(stored_at)
            .flatten(),
        why,
        help,
        restart_helps: !useless,
    })
}

/// What only the clock can say something about.
fn by_time(process: &RunningProcess, but: &str, stored_at: Option<Timestamp>) -> Compared {
    let what = &process.what;
    match Order::of(process, stored_at) {
        Order::StartedBefore => behind(Behind {
            names: BTreeSet::new(),
            since: stored_at,
            why: format!("{what} started before the file was last written; {but}"),
            help: process.refresh.clone(),
            restart_helps: true,
        }),
        Order::StartedLater => unknown(
            format!(
                "{what} started after the file was last written, so it may well have read it; {but}"
            ),
            None,
        ),
        Order::Nobody => unknown(format!("{what}: {but}"), None),
    }
}

fn with_count(name: &VarName, count: usize) -> String {
    match count {
        1 => name.to_string(),
        _ => format!("{name} and {} more", count - 1),
    }
}

#[cfg(test)]
mod tests;
