//! One manifest of one environment of the fake, with a journal of its own, and passes over it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use driftlock::crypto::{IdentityEnv, IdentityRequest, Keyring, NoPrompt};
use driftlock::journal::{Authenticator, Scope as JournalScope, SqliteJournal};
use driftlock::model::{Overrides, PlatformKind};
use driftlock::plan::Plan;
use driftlock::platforms::railway::api::Pace;
use driftlock::platforms::railway::{RailwayPlatform, RailwaySettings};
use driftlock::reconcile::apply::apply;
use driftlock::reconcile::connect::Connections;
use driftlock::reconcile::desired::Values;
use driftlock::reconcile::event::ApplyReport;
use driftlock::reconcile::load::{Loaded, Opener};
use driftlock::reconcile::pass::{Memory, Pass, Scope};
use driftlock::reconcile::remember::{Author, JournalRecord, recall};
use driftlock::reconcile::stop::Stop;
use driftlock::reconcile::targets::{Located, Surroundings, locate};

use super::desk::{CANARY, Desk, Wishes};
use super::truth::{Places, Truth};
use crate::support::fake_railway::FakeRailway;
use crate::support::railway::settings;

/// A manifest, its environment and its journal.
pub struct Lab<'a> {
    pub fake: &'a FakeRailway,
    pub places: Places,
    pub wishes: Wishes,
    desk: Desk,
    project: String,
    token: (&'static str, String),
    folder: tempfile::TempDir,
    applies: usize,
    /// Where a secret was said.
    pub leaks: Vec<String>,
}

/// How a pass is made.
#[derive(Debug, Clone)]
pub struct How {
    pub pace: Pace,
    pub overrides: Overrides,
    pub unattended: bool,
    pub no_activate: bool,
}

/// What a pass said, and where in the fake's record its parts begin.
pub struct Passed {
    pub plan: Plan,
    pub report: ApplyReport,
    /// The number of the last request of the plan.
    pub planned: usize,
    /// What was there when the plan was made, and when the apply began.
    pub before: Truth,
    pub mid: Truth,
    pub after: Truth,
}

impl<'a> Lab<'a> {
    pub fn new(fake: &'a FakeRailway, project: &str, by_project: bool) -> Self {
        let environment = fake.project(project).environment("production");
        let token = match by_project {
            true => ("RAILWAY_TOKEN", environment.token()),
            false => ("RAILWAY_API_TOKEN", fake.account_token()),
        };
        Self {
            fake,
            places: Places::new(environment),
            wishes: Wishes::default(),
            desk: Desk::new(),
            project: project.to_owned(),
            token,
            folder: tempfile::tempdir().unwrap(),
            applies: 0,
            leaks: vec![],
        }
    }

    fn located(&self, loaded: &Loaded) -> Vec<Located> {
        let surroundings = Surroundings {
            machine: "here".to_owned(),
            home: None,
        };
        let targets = loaded.manifest.targets.iter();
        targets
            .map(|target| locate(target, std::path::Path::new("/"), &surroundings))
            .collect()
    }

    fn connections(&self, pace: Pace) -> Connections {
        let settings = RailwaySettings {
            pace,
            ..settings(self.fake, &[(self.token.0, &self.token.1)])
        };
        let platform = RailwayPlatform::new(settings);
        Connections::none().with(PlatformKind::Railway, Box::new(platform))
    }

    /// Plans, and applies the plan after `between`, as one run of the program.
    pub async fn pass(&mut self, how: &How, between: impl FnOnce(&Self)) -> Passed {
        let before = self.places.truth();
        let loaded = self.desk.load(&self.wishes, &self.project);
        let fingerprinter = self.desk.fingerprinter();
        let auth = Authenticator::new(fingerprinter);
        let journal_scope = JournalScope("production".to_owned());
        let located = self.located(&loaded);
        let path = self.folder.path().join("journal.db");
        let mut journal = SqliteJournal::new(path);
        let memory: Memory = recall(&journal, &journal_scope, &located, &auth).unwrap();
        let request = IdentityRequest {
            explicit: vec![],
            env: IdentityEnv::default(),
            config_dir: None,
            home: None,
        };
        let mut keyring = Keyring::new(&request, std::sync::Arc::new(NoPrompt));
        let mut opener = Opener {
            opening: &self.desk.opening,
            keyring: &mut keyring,
        };
        let manifest = &loaded.manifest;
        let values = Values::of_targets(manifest, &mut opener, &manifest.targets);
        let connections = self.connections(how.pace);
        let scope = Scope {
            overrides: how.overrides.clone(),
            unattended: how.unattended,
            no_activate: how.no_activate,
            undo: None,
            ..Scope::default()
        };
        let pass = Pass {
            loaded: &loaded,
            opening: &self.desk.opening,
            values: &values,
            located: &located,
            connections: &connections,
            fingerprinter: Some(fingerprinter),
            scope: &scope,
            machine: None,
        };
        let mut events = vec![];
        let live = pass.read(&memory, &mut |event| events.push(event)).await;
        let plan = pass.plan(live, &memory);
        let planned = self.requests();
        between(self);
        let mid = self.places.truth();
        let facts = manifest.authority_facts();
        let author = Author {
            // each apply's commits can be told apart by their message
            who: format!("tester-{}@here", self.applies),
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
            revision: None,
        };
        let mut record = JournalRecord {
            journal: &mut journal,
            scope: &journal_scope,
            auth: &auth,
            fingerprinter: Some(fingerprinter),
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
        };
        let tell = &mut |event| events.push(event);
        let stop = Stop::default();
        let report = apply(&pass, &plan, &memory, &mut record, &stop, tell).await;
        let notes = record.notes.clone();
        self.applies += 1;
        self.search("the plan", &plan);
        self.search("the report", &report);
        self.search("the events", &events);
        self.search("the journal's notes", &notes);
        self.search("the memory", &memory);
        let after = self.places.truth();
        Passed {
            plan,
            report,
            planned,
            before,
            mid,
            after,
        }
    }

    /// The number of the last request.
    pub fn requests(&self) -> usize {
        self.fake.requests().last().map_or(0, |last| last.number)
    }

    fn search(&mut self, what: &str, said: &impl Debug) {
        if format!("{said:?}").contains(CANARY) {
            self.leaks.push(format!("{what} shows a secret"));
        }
    }

    /// Looks for secrets in the journal's files.
    pub fn search_files(&mut self) {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            if String::from_utf8_lossy(&bytes).contains(CANARY) {
                self.leaks
                    .push(format!("{} holds a secret", path.display()));
            }
        }
    }
}
