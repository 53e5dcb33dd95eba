//! What one look at a running process says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{SecretValue, VarName};

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// These do; at least one. Several only where a compose project has several containers.
    Runs(Vec<RunningProcess>),
    /// Nothing does.
    Stopped {
        /// Lower case, no final period, no values.
        why: String,
        /// Whether that is as it should be: a job between two of its runs.
        idle: bool,
        /// The next thing to do.
        help: Option<String>,
    },
    /// Nobody knows.
    Unknown {
        /// Lower case, no final period, no values.
        why: String,
        /// The next thing to do.
        help: Option<String>,
    },
}

/// One running process, and the environment that it was given when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningProcess {
    /// For example "main process 123 of app.service".
    pub what: String,
    /// Its environment; `None` where it may not or cannot be read, and `note` says why.
    pub vars: Option<BTreeMap<VarName, SecretValue>>,
    /// Names that it has, with a value that nobody can tell for sure.
    pub unclear: BTreeSet<VarName>,
    /// When it got its environment: when the process began, or its container was made.
    pub since: Option<Timestamp>,
    /// Whether its start took over what was stored then. `false` for a job of launchd: that keeps
    /// what it was loaded with, however often its process begins anew.
    pub takes_at_start: bool,
    /// Whether its manager hands it what the target's file holds; `None` where that is not known.
    /// Where it does not, the program may still read the file by itself.
    pub reads: Option<bool>,
    /// What a person should know: lower case, no final period, no values.
    pub note: Option<String>,
    /// The command that puts stored values in force, by hand.
    pub refresh: Option<String>,
}

impl RunningProcess {
    pub(super) fn new(what: String) -> Self {
        Self {
            what,
            vars: None,
            unclear: BTreeSet::new(),
            since: None,
            takes_at_start: true,
            reads: None,
            note: None,
            refresh: None,
        }
    }
}

impl Look {
    pub(super) fn unknown(why: impl Into<String>, help: Option<String>) -> Self {
        Self::Unknown {
            why: why.into(),
            help,
        }
    }
}
