//! Activations, and what runs after them.

mod command;
mod docker;
mod launchd;
mod over_ssh;
mod systemd;
mod systemd_bad_input;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use driftlock::activation::{Compared, Look, RunningProcess};
use driftlock::machine::{Call, LocalHost, Ran, Run, RunError};
use driftlock::model::{
    Activated, Behind, Completeness, Live, LiveVar, Running, SecretValue, VarName, Version,
};

/// What no text may show.
const CANARY: &str = "canary-5f1c";

fn name(text: &str) -> VarName {
    VarName::new(text).unwrap()
}

fn names(of: &[&str]) -> BTreeSet<VarName> {
    of.iter().map(|text| name(text)).collect()
}

/// What a target holds.
fn live(vars: &BTreeMap<VarName, String>) -> Live {
    Live {
        changed_at: BTreeMap::new(),
        vars: vars
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    LiveVar::Value(SecretValue::new(value.as_str())),
                )
            })
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

fn vars(of: &[(&str, &str)]) -> BTreeMap<VarName, String> {
    of.iter()
        .map(|(key, value)| (name(key), (*value).to_owned()))
        .collect()
}

fn the_only(look: Look) -> RunningProcess {
    match look {
        Look::Runs(mut processes) if processes.len() == 1 => processes.remove(0),
        other => panic!("{other:?}"),
    }
}

fn behind(compared: Compared) -> Behind {
    match compared.running {
        Running::Behind(behind) => behind,
        other => panic!("{other:?}: {:?}", compared.why),
    }
}

/// Why it failed, and the help; no canary in either.
fn failed(activated: Activated) -> (String, String) {
    assert!(!format!("{activated:?}").contains(CANARY), "{activated:?}");
    match activated {
        Activated::Failed { why, help } => (why, help.unwrap_or_default()),
        other => panic!("{other:?}"),
    }
}

fn in_doubt(activated: Activated) -> String {
    assert!(!format!("{activated:?}").contains(CANARY), "{activated:?}");
    match activated {
        Activated::InDoubt { why } => why,
        other => panic!("{other:?}"),
    }
}

fn stopped(look: Look) -> (String, bool) {
    assert!(!format!("{look:?}").contains(CANARY), "{look:?}");
    match look {
        Look::Stopped { why, idle, .. } => (why, idle),
        other => panic!("{other:?}"),
    }
}

fn unknown(look: Look) -> String {
    assert!(!format!("{look:?}").contains(CANARY), "{look:?}");
    match look {
        Look::Unknown { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// This machine with a `PATH` and a `HOME` of a test.
fn machine(path: &str, home: &std::path::Path) -> LocalHost {
    LocalHost::with_environment(vec![
        (OsString::from("PATH"), OsString::from(path)),
        (OsString::from("HOME"), home.as_os_str().to_owned()),
    ])
}

/// Counts what a machine is asked to run.
struct Counted<'a> {
    host: &'a dyn Run,
    calls: AtomicUsize,
}

impl<'a> Counted<'a> {
    fn new(host: &'a dyn Run) -> Self {
        let calls = AtomicUsize::new(0);
        Self { host, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Run for Counted<'_> {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.host.run(call).await
    }

    async fn home(&self) -> Result<std::path::PathBuf, RunError> {
        self.host.home().await
    }
}

/// A machine on which one thing happens, whatever is run.
struct Always<E>(E);

#[async_trait]
impl<E: Fn(&Call) -> Result<Ran, RunError> + Send + Sync> Run for Always<E> {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        (self.0)(call)
    }

    async fn home(&self) -> Result<std::path::PathBuf, RunError> {
        Err(RunError::NoHome)
    }
}

fn answer(status: i32, output: &str, errors: &str) -> Ran {
    Ran {
        status,
        output: zeroize::Zeroizing::new(output.as_bytes().to_vec()),
        errors: zeroize::Zeroizing::new(errors.as_bytes().to_vec()),
    }
}
