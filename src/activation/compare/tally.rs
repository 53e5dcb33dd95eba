//! What processes have of the stored values, and which was first.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::super::look::RunningProcess;
use super::Stored;
use crate::model::VarName;

/// Time stamps of files and processes are whole seconds at worst: nearer than that, nobody can say
/// which was first.
const TOGETHER: SignedDuration = SignedDuration::from_secs(1);

/// What the processes have of the stored values.
#[derive(Default)]
pub(super) struct Tally<'a> {
    pub(super) equal: usize,
    /// There with another value; the processes, too.
    pub(super) differ: BTreeSet<&'a VarName>,
    /// Which have others, in their order.
    pub(super) which: Vec<&'a RunningProcess>,
    /// There, but nobody can tell the value.
    pub(super) unclear: BTreeSet<&'a VarName>,
    /// In no process.
    pub(super) missing: BTreeSet<&'a VarName>,
}

pub(super) fn tally<'a>(stored: &Stored<'a>, processes: &'a [RunningProcess]) -> Tally<'a> {
    let mut tally = Tally::default();
    for (name, value) in stored {
        let mut found = false;
        for process in processes {
            let Some(runs) = process.vars.as_ref().and_then(|vars| vars.get(*name)) else {
                continue;
            };
            found = true;
            if process.unclear.contains(*name) {
                tally.unclear.insert(name);
            } else if runs != *value {
                tally.differ.insert(name);
                if !tally
                    .which
                    .iter()
                    .any(|known| std::ptr::eq(*known, process))
                {
                    tally.which.push(process);
                }
            }
        }
        if !found {
            tally.missing.insert(name);
        } else if !tally.differ.contains(name) && !tally.unclear.contains(name) {
            tally.equal += 1;
        }
    }
    tally
}

/// Which was first: the process's environment, or the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    StartedBefore,
    StartedLater,
    /// Nobody can say.
    Nobody,
}

impl Order {
    pub(super) fn of(process: &RunningProcess, stored_at: Option<Timestamp>) -> Self {
        let (Some(since), Some(stored)) = (process.since, stored_at) else {
            return Self::Nobody;
        };
        if stored.duration_since(since) > TOGETHER {
            Self::StartedBefore
        } else if process.takes_at_start && since.duration_since(stored) > TOGETHER {
            Self::StartedLater
        } else {
            Self::Nobody
        }
    }
}
