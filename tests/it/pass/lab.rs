//! One manifest whose targets are stores in memory, with a journal of its own.

use std::collections::BTreeMap;

use driftlock::crypto::{IdentityEnv, IdentityRequest, Keyring, NoPrompt};
use driftlock::journal::{Authenticator, Scope as JournalScope, SqliteJournal};
use driftlock::model::{
    Address, FingerprintKey, Fingerprinter, Overrides, PlatformKind, SecretValue, VarName,
};
use driftlock::plan::{Plan, has_differences, has_unknown};
use driftlock::platforms::memory::{Entry, MemoryPlatform, MemoryStore};
use driftlock::reconcile::apply::{Completed, Intended, Record, apply};
use driftlock::reconcile::connect::Connections;
use driftlock::reconcile::desired::Values;
use driftlock::reconcile::event::ApplyReport;
use driftlock::reconcile::load::{self, Loaded, Opener, Opening};
use driftlock::reconcile::pass::{Memory, Pass, Scope};
use driftlock::reconcile::remember::{Author, JournalRecord, recall};
use driftlock::reconcile::stop::Stop;
use driftlock::reconcile::targets::{Located, Surroundings, locate};

/// A manifest, its stores and its journal.
pub struct Lab {
    pub platform: MemoryPlatform,
    pub loaded: Loaded,
    journal: SqliteJournal,
    _folder: tempfile::TempDir,
    pub overrides: Overrides,
    pub stop: Stop,
    /// What happens while the journal is told what will be done.
    pub meanwhile: Option<Box<dyn FnMut()>>,
}

pub fn name(name: &str) -> VarName {
    name.parse().unwrap()
}

impl Lab {
    /// Each target is a store of its own name and uses all variables.
    pub fn new(variables: &[(&str, &str)], targets: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lab = Self {
            platform: MemoryPlatform::new(),
            loaded: load::load("driftlock: 1\nname: dev\n").unwrap(),
            journal: SqliteJournal::new(folder.path().join("journal.db")),
            _folder: folder,
            overrides: Overrides::default(),
            stop: Stop::default(),
            meanwhile: None,
        };
        lab.declare(variables, targets);
        lab
    }

    /// The manifest says this from now on.
    pub fn declare(&mut self, variables: &[(&str, &str)], targets: &[&str]) {
        let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
        let uses = names.join(", ");
        let lines: Vec<String> = targets
            .iter()
            .map(|target| {
                format!(
                    "{target}: {{ file: {{ path: {target} }}, variables: [{uses}], prune: true, \
                     rails: {{ deletes_percent: none }} }}"
                )
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let text = crate::support::lab::manifest("dev", variables, &lines);
        self.loaded = load::load(&text).unwrap();
        // the manifest's own words know no memory
        for target in &mut self.loaded.manifest.targets {
            target.address = Address::Memory(target.name.to_string());
        }
    }

    pub fn store(&self, target: &str) -> MemoryStore {
        self.platform.store(target)
    }

    /// What a store truly holds.
    pub fn holds(&self, target: &str) -> BTreeMap<String, String> {
        self.store(target)
            .entries()
            .into_iter()
            .map(|(name, entry)| (name.to_string(), entry.value().expose().to_owned()))
            .collect()
    }

    pub fn put(&self, target: &str, variable: &str, value: &str) {
        self.store(target)
            .put(&name(variable), Some(Entry::Value(SecretValue::new(value))));
    }

    fn located(&self) -> Vec<Located> {
        let surroundings = Surroundings {
            machine: "here".to_owned(),
            home: None,
        };
        self.loaded
            .manifest
            .targets
            .iter()
            .map(|target| locate(target, std::path::Path::new("/"), &surroundings))
            .collect()
    }

    /// Plans, and applies the plan after `between`.
    async fn pass(&mut self, applies: bool, between: impl FnOnce(&Self)) -> (Plan, ApplyReport) {
        let fingerprinter = Fingerprinter::new(FingerprintKey::new([7; 32]), vec![]);
        let auth = Authenticator::new(&fingerprinter);
        let journal_scope = JournalScope("dev".to_owned());
        let located = self.located();
        let memory: Memory = recall(&self.journal, &journal_scope, &located, &auth).unwrap();
        let opening = Opening::Clear;
        let request = IdentityRequest {
            explicit: vec![],
            env: IdentityEnv::default(),
            config_dir: None,
            home: None,
        };
        let mut keyring = Keyring::new(&request, std::sync::Arc::new(NoPrompt));
        let mut opener = Opener {
            opening: &opening,
            keyring: &mut keyring,
        };
        let manifest = &self.loaded.manifest;
        let values = Values::of_targets(manifest, &mut opener, &manifest.targets);
        let connections =
            Connections::none().with(PlatformKind::Memory, Box::new(self.platform.clone()));
        let scope = Scope {
            overrides: self.overrides.clone(),
            unattended: true,
            ..Scope::default()
        };
        let pass = Pass {
            loaded: &self.loaded,
            opening: &opening,
            values: &values,
            located: &located,
            connections: &connections,
            fingerprinter: Some(&fingerprinter),
            scope: &scope,
            machine: None,
        };
        let live = pass.read(&memory, &mut |_| {}).await;
        let plan = pass.plan(live, &memory);
        between(self);
        let facts = manifest.authority_facts();
        let author = Author {
            who: "tester@here".to_owned(),
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            revision: None,
        };
        let mut journal = SqliteJournal::new(self.journal_path());
        let mut record = Meanwhile {
            inner: JournalRecord {
                journal: &mut journal,
                scope: &journal_scope,
                auth: &auth,
                fingerprinter: Some(&fingerprinter),
                last_facts: memory.authority.as_ref(),
                facts: &facts,
                consented: &|target| {
                    !scope.unattended || scope.overrides.allows("authority", target, None)
                },
                key_accepted: true,
                undoing: false,
                author: &author,
                intents: BTreeMap::new(),
                notes: vec![],
                failure: None,
            },
            hook: self.meanwhile.take(),
        };
        let stop = if applies {
            self.stop.clone()
        } else {
            let stopped = Stop::default();
            stopped.request("a signal");
            stopped
        };
        let events = &mut |_| {};
        let report = apply(&pass, &plan, &memory, &mut record, &stop, events).await;
        (plan, report)
    }

    fn journal_path(&self) -> std::path::PathBuf {
        self._folder.path().join("journal.db")
    }

    /// What would be done. An apply that is told to stop at once writes nothing.
    pub async fn plan(&mut self) -> Plan {
        self.pass(false, |_| {}).await.0
    }

    pub async fn apply(&mut self) -> ApplyReport {
        self.pass(true, |_| {}).await.1
    }

    /// Somebody else acts between the plan and the apply.
    pub async fn apply_after(&mut self, between: impl FnOnce(&Self)) -> ApplyReport {
        self.pass(true, between).await.1
    }

    /// The next plan is empty, and the next apply finds nothing to do.
    pub async fn settled(&mut self) {
        let plan = self.plan().await;
        assert!(!has_differences(&plan) && !has_unknown(&plan), "{plan:#?}");
        let before = self.writes();
        self.apply().await;
        assert_eq!(self.writes(), before, "the second apply wrote");
    }

    fn writes(&self) -> usize {
        let targets = self.loaded.manifest.targets.iter();
        targets
            .map(|target| self.store(target.name.as_str()).counts().operations)
            .sum()
    }

    /// The changes of a plan as `target/NAME class reason`.
    pub fn lines(plan: &Plan) -> Vec<String> {
        plan.targets
            .iter()
            .flat_map(|target| {
                target.changes.iter().map(move |change| {
                    format!(
                        "{}/{} {:?} {:?}",
                        target.target, change.name, change.class, change.reason
                    )
                })
            })
            .collect()
    }
}

struct Meanwhile<'a> {
    inner: JournalRecord<'a>,
    hook: Option<Box<dyn FnMut()>>,
}

impl Record for Meanwhile<'_> {
    fn intend(&mut self, plan: &Plan, targets: &[Intended<'_>]) -> Result<(), String> {
        self.inner.intend(plan, targets)?;
        if let Some(hook) = &mut self.hook {
            hook();
        }
        Ok(())
    }

    fn message(&self, plan: &Plan) -> String {
        self.inner.message(plan)
    }

    fn receipts(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
    ) -> Result<Vec<Option<String>>, String> {
        self.inner.receipts(plan, done)
    }
}

/// The exit code of a report.
pub fn code(report: &ApplyReport) -> u8 {
    report.verdict().exit.code()
}
