//! One run of the program at the level of the library: recall, read, plan, and apply.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use driftlock::crypto::{IdentityEnv, IdentityRequest, Keyring, NoPrompt};
use driftlock::journal::{Authenticator, Scope as JournalScope, SqliteJournal};
use driftlock::model::Overrides;
use driftlock::plan::{Plan, summary};
use driftlock::reconcile::apply::apply;
use driftlock::reconcile::connect::Connections;
use driftlock::reconcile::desired::Values;
use driftlock::reconcile::event::{ApplyReport, Exit, Verdict};
use driftlock::reconcile::load::{Loaded, Opener};
use driftlock::reconcile::pass::{Memory, Pass, Scope};
use driftlock::reconcile::remember::{Author, JournalRecord, recall};
use driftlock::reconcile::stop::Stop;
use driftlock::reconcile::targets::{Located, Surroundings, locate};
use driftlock::render::json::{ApplyDocument, PlanDocument, render_json};
use driftlock::render::{Invocation, Style, markdown, text};

use super::desk::{self, var};
use super::fuse::{Crashed, DoomedJournal, DoomedPlatform, Fuse, Hook};
use super::stage::Stage;
use super::steps::Leave;
use super::wishes::{At, CANARY, Truth, Wishes};

/// A plan and what it was made from.
#[derive(Debug, Clone)]
pub struct Planned {
    pub wishes: Wishes,
    pub leave: Leave,
    pub plan: Plan,
    pub memory: Memory,
    /// What was there when it was made.
    pub truth: Truth,
}

/// How an apply ended.
pub struct Applied {
    /// `None` if its process ended before it could say.
    pub report: Option<ApplyReport>,
    /// At which step it ended.
    pub crashed: Option<&'static str>,
    /// What was there when it began, and afterwards.
    pub mid: Truth,
    pub after: Truth,
}

/// What one run is made with.
pub struct Run<'a, S> {
    pub stage: &'a S,
    pub wishes: &'a Wishes,
    /// The same, read.
    pub loaded: &'a Loaded,
    pub journal: &'a Path,
    pub runtime: &'a tokio::runtime::Runtime,
}

pub fn scope() -> JournalScope {
    JournalScope("production".to_owned())
}

fn overrides(leave: &Leave) -> Overrides {
    let pairs = |all: &std::collections::BTreeSet<At>| {
        let pairs = all.iter();
        pairs
            .map(|(target, name)| (var(name), target.parse().unwrap()))
            .collect()
    };
    Overrides {
        take_over: match leave.take_over {
            true => super::wishes::TARGETS
                .map(|name| name.parse().unwrap())
                .into(),
            false => [].into(),
        },
        overwrite: pairs(&leave.overwrite),
        adopt: pairs(&leave.adopt),
        allow: leave
            .allow
            .iter()
            .map(|rail| {
                let most = (*rail == "deletes").then_some(9);
                (((*rail).to_owned(), None), most)
            })
            .collect(),
        partial: leave.partial.iter().map(|name| var(name)).collect(),
    }
}

impl<S: Stage> Run<'_, S> {
    /// Plans, without leave to write.
    pub fn plan(&self, leave: &Leave) -> Planned {
        let truth = self.stage.truth();
        let (plan, memory) = self.with(leave, None, |pass, memory| {
            let live = self.runtime.block_on(pass.read(&memory, &mut |_| {}));
            (pass.plan(live, &memory), memory)
        });
        assert_eq!(self.stage.truth(), truth, "a plan wrote");
        say_plan(&plan);
        no_canary("the memory", &memory);
        Planned {
            wishes: self.wishes.clone(),
            leave: leave.clone(),
            plan,
            memory,
            truth,
        }
    }

    /// Applies a plan with what is remembered: as of the plan, or now.
    pub fn apply(
        &self,
        planned: &Planned,
        of_then: bool,
        fuse: Fuse,
        begun: Option<Hook<'_>>,
    ) -> Applied {
        let mid = self.stage.truth();
        let then = of_then.then(|| planned.memory.clone());
        let ended = catch_unwind(AssertUnwindSafe(|| {
            self.carry_out(planned, then, fuse, begun)
        }));
        let (report, crashed) = match ended {
            Ok(report) => (Some(report), None),
            Err(why) => match why.downcast::<Crashed>() {
                Ok(crashed) => (None, Some(crashed.0)),
                Err(why) => resume_unwind(why),
            },
        };
        if let Some(report) = &report {
            say_report(report);
        }
        Applied {
            report,
            crashed,
            mid,
            after: self.stage.truth(),
        }
    }

    fn carry_out(
        &self,
        planned: &Planned,
        then: Option<Memory>,
        fuse: Fuse,
        begun: Option<Hook<'_>>,
    ) -> ApplyReport {
        let fingerprinter = desk::fingerprinter(self.wishes);
        let auth = Authenticator::new(&fingerprinter);
        let doom = Some(fuse.clone());
        self.with(&planned.leave, doom, |pass, now| {
            let memory = then.unwrap_or(now);
            let mut journal = DoomedJournal {
                inner: SqliteJournal::new(self.journal),
                fuse,
                begun,
            };
            let facts = pass.loaded.manifest.authority_facts();
            let author = Author {
                who: "tester@here".to_owned(),
                at: "2026-02-03T04:05:06Z".parse().unwrap(),
                revision: None,
            };
            let scope = scope();
            let mut record = JournalRecord {
                journal: &mut journal,
                scope: &scope,
                auth: &auth,
                fingerprinter: Some(&fingerprinter),
                last_facts: memory.authority.as_ref(),
                facts: &facts,
                consented: &|target| {
                    let overrides = &pass.scope.overrides;
                    !pass.scope.unattended || overrides.allows("authority", target, None)
                },
                key_accepted: pass.key_accepted(&planned.plan, &memory),
                undoing: false,
                author: &author,
                intents: BTreeMap::new(),
                notes: vec![],
                failure: None,
            };
            let stop = Stop::default();
            let mut events = vec![];
            let tell = &mut |event| events.push(event);
            let done = apply(pass, &planned.plan, &memory, &mut record, &stop, tell);
            let report = self.runtime.block_on(done);
            no_canary("the journal's notes", &(&record.notes, &record.failure));
            no_canary("the events", &events);
            report
        })
    }

    /// Everything of the manifest, with what the journal remembers now.
    fn with<T>(
        &self,
        leave: &Leave,
        doom: Option<Fuse>,
        work: impl FnOnce(&Pass<'_>, Memory) -> T,
    ) -> T {
        let loaded = self.loaded;
        let opening = desk::opening(self.wishes);
        let fingerprinter = desk::fingerprinter(self.wishes);
        let surroundings = Surroundings {
            machine: "here".to_owned(),
            home: None,
        };
        let targets = loaded.manifest.targets.iter();
        let located: Vec<Located> = targets
            .map(|target| locate(target, Path::new("/"), &surroundings))
            .collect();
        let auth = Authenticator::new(&fingerprinter);
        let journal = SqliteJournal::new(self.journal);
        let memory = recall(&journal, &scope(), &located, &auth).unwrap();
        drop(journal);
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
        let values = Values::of_targets(&loaded.manifest, &mut opener, &loaded.manifest.targets);
        let platform = match doom {
            Some(fuse) => Box::new(DoomedPlatform {
                inner: self.stage.platform(),
                fuse,
                divides: S::DIVIDES,
            }),
            None => self.stage.platform(),
        };
        let connections = Connections::none().with(S::KIND, platform);
        let scope = Scope {
            overrides: overrides(leave),
            unattended: leave.unattended,
            ..Scope::default()
        };
        let pass = Pass {
            loaded,
            opening: &opening,
            values: &values,
            located: &located,
            connections: &connections,
            fingerprinter: Some(&fingerprinter),
            scope: &scope,
            machine: None,
        };
        work(&pass, memory)
    }
}

pub fn no_canary(what: &str, said: &impl Debug) {
    search(what, &format!("{said:?}"));
}

fn search(what: &str, text: &str) {
    assert!(!text.contains(CANARY), "{what} shows a secret:\n{text}");
}

/// The plan in every form that people and programs get.
fn say_plan(plan: &Plan) {
    no_canary("the plan", plan);
    let (call, summary) = (Invocation::default(), summary(plan));
    let verdict = Verdict::new(Exit::Clean, "done");
    let plans = std::slice::from_ref(plan);
    let mut out = String::new();
    text::render_plan(&mut out, &Style::plain(), &call, plan).unwrap();
    markdown::render_markdown(&mut out, &call, plans, &summary).unwrap();
    render_json(&mut out, &PlanDocument::new(plans, &summary, &verdict)).unwrap();
    search("the plan as people see it", &out);
    search("the plan's file", &serde_json::to_string(plan).unwrap());
}

fn say_report(report: &ApplyReport) {
    no_canary("the report", report);
    let call = Invocation::default();
    let mut out = String::new();
    text::render_apply(&mut out, &Style::plain(), &call, report).unwrap();
    let document = ApplyDocument::new(std::slice::from_ref(report), report.verdict());
    render_json(&mut out, &document).unwrap();
    search("the report as people see it", &out);
}
