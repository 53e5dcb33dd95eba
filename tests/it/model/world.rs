//! The system under test: a stage, a journal, and runs of the program over them.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftlock::journal::{Authenticator, HistoryFilter, Journal, Proof, SqliteJournal};
use driftlock::plan::{ActionKind, Class, Plan, Reason, TargetPlan, has_holds, has_unknown};
use driftlock::reconcile::event::OperationOutcome;
use driftlock::reconcile::load::Loaded;

use super::desk;
use super::fuse::{Fuse, Hook};
use super::ledger::{Ledger, is_doubtful};
use super::mishaps::{self, Copy};
use super::rules::{self, Look, all_places, plan_is_true};
use super::run::{Applied, Planned, Run, scope};
use super::stage::Stage;
use super::steps::{Beside, Keeps, Leave, Mishap, Moment, Step, Touch, Trouble};
use super::tally::Tally;
use super::wishes::{At, CANARY, FOREIGN, TARGETS, Truth, Wishes, text};

/// Rounds in which everything that is allowed must be through: one release can bring another to
/// light.
const ROUNDS: usize = 8;

pub struct World<S> {
    pub stage: S,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    pub ledger: Ledger,
    kept: Option<(Planned, Ledger)>,
    copy: Option<Copy>,
    strangers: u32,
    /// Whether every receipt was made by us and can still be verified.
    honest: bool,
    loaded: RefCell<Option<(Wishes, Rc<Loaded>)>>,
    tally: &'static Tally,
}

/// In memory where the system has such a place: a journal waits for the disk many times.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// What an apply remembers.
enum Remembered {
    /// What its plan was made from, a moment ago.
    AsPlanned,
    /// What its plan was made from, long ago: this is what was recorded then.
    Then(Ledger),
    /// What is recorded now.
    Now,
}

/// One apply, and everything beside it.
struct Order<'a> {
    planned: &'a Planned,
    wishes: &'a Wishes,
    memory: Remembered,
    beside: &'a Beside,
    late: Option<(At, Option<String>)>,
    fuse: Fuse,
}

impl<'a> Order<'a> {
    /// An apply right after its plan, in which nothing happens.
    fn plain(planned: &'a Planned, wishes: &'a Wishes) -> Self {
        static NOTHING: Beside = Beside {
            trouble: None,
            touch: None,
        };
        Self {
            planned,
            wishes,
            memory: Remembered::AsPlanned,
            beside: &NOTHING,
            late: None,
            fuse: Fuse::never(),
        }
    }
}

impl<S: Stage> World<S> {
    pub fn new(stage: S, tally: &'static Tally) -> Self {
        let world = Self {
            stage,
            folder: folder(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            ledger: Ledger::new(),
            kept: None,
            copy: None,
            strangers: 0,
            honest: true,
            loaded: RefCell::default(),
            tally,
        };
        // one target is empty at first
        for target in &TARGETS[1..] {
            for name in FOREIGN {
                let value = text(name, target, 0);
                world.stage.put((*target, name), Some(&value));
            }
        }
        world
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    /// Another world that is just like this one, where the stage can be doubled.
    fn fork(&self) -> Option<Self> {
        let twin = Self {
            stage: self.stage.fork()?,
            folder: folder(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            ledger: self.ledger.clone(),
            kept: None,
            copy: None,
            strangers: self.strangers,
            honest: true,
            loaded: RefCell::default(),
            tally: self.tally,
        };
        let _absent = std::fs::copy(self.journal(), twin.journal());
        Some(twin)
    }

    pub fn step(&mut self, wishes: &Wishes, step: Step) {
        match step {
            Step::Edit(_) => self.tally.count("step: edit"),
            Step::Rekey(keeps) => {
                self.honest &= keeps == Keeps::All;
                self.tally
                    .count(format!("step: re-key, former keys kept: {keeps:?}"));
            }
            Step::Touch(touch) => {
                let (at, value) = self.touched(&touch, wishes);
                self.stage.put(at, value.as_deref());
                self.tally
                    .count(format!("step: stranger, {:?}", touch.kind));
            }
            Step::Plan(trouble) => {
                let trouble = trouble.filter(|one| S::can_fail(one.kind));
                self.trouble(trouble.as_ref(), Moment::BeforePlan);
                self.plan(wishes, &Leave::default(), trouble.as_ref());
                self.stage.calm();
            }
            Step::Apply(leave, mut beside) => {
                beside.trouble = beside.trouble.filter(|one| S::can_fail(one.kind));
                self.apply(wishes, &leave, &beside);
            }
            Step::Keep(leave) => {
                let planned = self.plan(wishes, &leave, None);
                self.kept = Some((planned, self.ledger.clone()));
                self.tally.count("step: plan kept");
            }
            Step::ApplyKept { now } => self.apply_kept(wishes, now),
            Step::Crash(_, leave, at) => self.crash(wishes, &leave, at),
            Step::Mishap(mishap) => self.mishap(mishap),
        }
    }

    fn touched(&mut self, touch: &Touch, wishes: &Wishes) -> (At, Option<String>) {
        self.strangers += 1;
        let fresh = text(touch.at.1, "stranger", self.strangers);
        rules::touched(touch, wishes, &fresh)
    }

    fn trouble(&self, trouble: Option<&Trouble>, moment: Moment) {
        if let Some(trouble) = trouble.filter(|one| one.moment == moment) {
            self.stage.trouble(trouble.target, trouble.kind);
            self.count_trouble(trouble, moment);
        }
    }

    fn count_trouble(&self, trouble: &Trouble, moment: Moment) {
        if trouble.moment == moment {
            let kind = format!("{:?}", trouble.kind);
            let kind = kind.split('(').next().unwrap_or_default();
            self.tally.count(format!("trouble: {kind} {moment:?}"));
        }
    }

    /// The manifest, read once for the runs that follow each other.
    fn load(&self, wishes: &Wishes) -> Rc<Loaded> {
        let mut kept = self.loaded.borrow_mut();
        match &*kept {
            Some((of, loaded)) if of == wishes => loaded.clone(),
            _ => {
                let loaded = Rc::new(desk::load(wishes, |target| self.stage.address(target)));
                *kept = Some((wishes.clone(), loaded.clone()));
                loaded
            }
        }
    }

    fn run<T>(&self, wishes: &Wishes, work: impl FnOnce(&Run<'_, S>) -> T) -> T {
        work(&Run {
            stage: &self.stage,
            loaded: &self.load(wishes),
            wishes,
            journal: &self.journal(),
            runtime: &self.runtime,
        })
    }

    fn plan(&self, wishes: &Wishes, leave: &Leave, trouble: Option<&Trouble>) -> Planned {
        let planned = self.run(wishes, |run| run.plan(leave));
        plan_is_true(&planned, trouble);
        self.tell(&planned.plan);
        planned
    }

    fn tell(&self, plan: &Plan) {
        for change in plan.targets.iter().flat_map(|target| &target.changes) {
            self.tally
                .count(format!("plan: {:?} {:?}", change.class, change.reason));
            for hold in &change.holds {
                self.tally.count(format!("held by {}", hold.rail));
            }
        }
    }

    /// Plans and applies, with what happens beside it.
    fn apply(&mut self, wishes: &Wishes, leave: &Leave, beside: &Beside) {
        self.trouble(beside.trouble.as_ref(), Moment::BeforePlan);
        let planned = self.plan(
            wishes,
            leave,
            beside
                .trouble
                .as_ref()
                .filter(|one| one.moment == Moment::BeforePlan),
        );
        let mut late = None;
        if let Some((moment, touch)) = &beside.touch {
            let (at, value) = self.touched(touch, wishes);
            match moment {
                Moment::BeforeWrite => late = Some((at, value)),
                _ => self.stage.put(at, value.as_deref()),
            }
            self.tally.count(format!("stranger {moment:?}"));
        }
        self.trouble(beside.trouble.as_ref(), Moment::BeforeApply);
        self.carry_out(Order {
            beside,
            late,
            ..Order::plain(&planned, wishes)
        });
        self.stage.calm();
        self.is_settled_if_clean(&planned, wishes, beside);
    }

    /// Applies a plan and looks at what became of it.
    fn carry_out(&mut self, order: Order<'_>) -> Applied {
        let begun = AtomicUsize::new(0);
        let (stage, begun_now, beside) = (&self.stage, &begun, order.beside);
        let late_now = order.late.clone();
        let hook: Hook<'_> = Box::new(move || {
            begun_now.store(1, Ordering::Relaxed);
            if let Some((at, value)) = late_now {
                stage.put(at, value.as_deref());
            }
            let trouble = beside.trouble.as_ref();
            if let Some(trouble) = trouble.filter(|one| one.moment == Moment::BeforeWrite) {
                stage.trouble(trouble.target, trouble.kind);
            }
        });
        let (planned, wishes) = (order.planned, order.wishes);
        let of_then = !matches!(order.memory, Remembered::Now);
        let applied = self.run(wishes, |run| {
            run.apply(planned, of_then, order.fuse, Some(hook))
        });
        let happened = begun.load(Ordering::Relaxed) == 1;
        if let Some(trouble) = beside.trouble.as_ref().filter(|_| happened) {
            self.count_trouble(trouble, Moment::BeforeWrite);
        }
        let look = Look {
            planned,
            wishes,
            ledger: match &order.memory {
                Remembered::Then(ledger) => ledger,
                Remembered::Now | Remembered::AsPlanned => &self.ledger,
            },
            applied: &applied,
            beside,
            late: order.late.filter(|_| happened),
            insists: S::INSISTS,
        };
        look.holds();
        self.count(&look);
        if matches!(order.memory, Remembered::Then(_)) {
            // it believes what it knew, and says so
            self.ledger.keys.insert(Some(wishes.key));
        }
        self.ledger.settle(planned, wishes, &applied);
        applied
    }

    fn count(&self, look: &Look<'_>) {
        for at in look.written() {
            let gone = !look.applied.after.contains_key(&at);
            self.tally
                .count(if gone { "wrote: deleted" } else { "wrote: set" });
        }
        let Some(report) = &look.applied.report else {
            return;
        };
        let exit = rules::exit(&look.planned.plan, report);
        self.tally.count(format!("exit {}", exit.code()));
        if !report.half_written().is_empty() {
            self.tally.count("half written");
        }
        if is_doubtful(report) {
            self.tally.count("in doubt");
        }
        for result in report.targets.iter().flat_map(|target| &target.results) {
            if let OperationOutcome::Refused(why) = &result.outcome {
                let stale = why.contains("changed since");
                self.tally
                    .count(if stale { "refused: stale" } else { "refused" });
            }
        }
    }

    /// After an apply that says that all is done, the next plan is empty.
    fn is_settled_if_clean(&self, planned: &Planned, wishes: &Wishes, beside: &Beside) {
        let last = self.plan(wishes, &Leave::default(), None);
        let plan = &planned.plan;
        let clean = !has_holds(plan) && !has_unknown(plan) && beside.touch.is_none();
        let adopted = !planned.leave.adopt.is_empty();
        if !clean || adopted || beside.trouble.is_some() {
            return;
        }
        let lines = lines(&last.plan);
        assert!(
            is_empty(&last.plan),
            "the next plan is not empty: {lines:?}"
        );
        self.tally.count("settled by one clean apply");
    }

    fn apply_kept(&mut self, wishes: &Wishes, now: bool) {
        let Some((planned, ledger)) = self.kept.take() else {
            return;
        };
        let moved = planned.truth != self.stage.truth();
        let (wishes, memory) = match now {
            true => (wishes, Remembered::Now),
            false => (&planned.wishes, Remembered::Then(ledger)),
        };
        self.carry_out(Order {
            memory,
            ..Order::plain(&planned, wishes)
        });
        let how = if moved { "stale" } else { "fresh" };
        let whose = if now { "of now" } else { "of then" };
        self.tally
            .count(format!("step: kept plan applied, {how}, memory {whose}"));
    }

    /// Whatever step an apply ends at, running it again ends where it would have ended.
    fn crash(&mut self, wishes: &Wishes, leave: &Leave, at: usize) {
        let mut twin = self.fork();
        let planned = self.plan(wishes, leave, None);
        let applied = self.carry_out(Order {
            fuse: Fuse::new(at),
            ..Order::plain(&planned, wishes)
        });
        match applied.crashed {
            Some(step) => self.tally.count(format!("crash {step}")),
            None => self.tally.count("crash: came too late"),
        }
        let end = self.again(wishes, leave);
        if let Some(twin) = &mut twin {
            let wanted = twin.again(wishes, leave);
            assert_eq!(
                self.stage.truth(),
                twin.stage.truth(),
                "{:?}",
                applied.crashed
            );
            // a first take-over that was cut off is asked for as one again, and not as a conflict
            assert_eq!(open(&end), open(&wanted), "{:?}", applied.crashed);
        }
    }

    /// Runs until a plan writes nothing, and gives that plan.
    fn again(&mut self, wishes: &Wishes, leave: &Leave) -> Plan {
        let mut quiet = false;
        for _ in 0..ROUNDS {
            let planned = self.plan(wishes, leave, None);
            let writes = planned.plan.targets.iter().any(TargetPlan::will_write);
            // also what only records can let more go the next time
            if quiet && !writes {
                return planned.plan;
            }
            self.carry_out(Order::plain(&planned, wishes));
            quiet = !writes;
        }
        panic!("it does not come to an end");
    }

    fn mishap(&mut self, mishap: Mishap) {
        let journal = self.journal();
        match mishap {
            Mishap::Lost => mishaps::lose(&journal, &mut self.ledger),
            Mishap::Copied => self.copy = Some(mishaps::copy(&journal, &self.ledger)),
            Mishap::PutBack => match &self.copy {
                Some(copy) => mishaps::put_back(&journal, copy, &mut self.ledger),
                None => return,
            },
            Mishap::Forged(forgery, target) => {
                self.honest = false;
                if !mishaps::forge(&journal, forgery, target, &mut self.ledger) {
                    return;
                }
            }
        }
        self.tally.count(match mishap {
            Mishap::Forged(forgery, _) => format!("journal: {forgery:?} forged"),
            other => format!("journal: {other:?}"),
        });
    }

    /// The end of a sequence: a person lets everything go, and all is as wanted.
    pub fn settle(mut self, wishes: &Wishes) {
        let before = self.stage.truth();
        let leave = Leave {
            take_over: true,
            overwrite: all_places().collect(),
            allow: [
                "authority",
                "deletes",
                "new-key",
                "protected",
                "prune",
                "would-be-empty",
            ]
            .into(),
            ..Leave::default()
        };
        let last = self.again(wishes, &leave);
        let left = lines(&last);
        assert!(is_empty(&last), "it does not settle: {left:?}");
        let after = self.stage.truth();
        for at in &wishes.uses {
            assert_eq!(after.get(at), wishes.at(at).as_ref(), "{at:?}");
        }
        assert_eq!(foreign(&before), foreign(&after));
        if self.honest {
            self.history_is_verified(wishes);
        }
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            let found = String::from_utf8_lossy(&bytes).contains(CANARY);
            assert!(!found, "the journal holds a secret");
        }
    }
}

impl<S> World<S> {
    fn history_is_verified(&self, wishes: &Wishes) {
        let journal = SqliteJournal::new(self.folder.path().join("journal.db"));
        let auth = Authenticator::new(&desk::fingerprinter(wishes));
        let all = journal.history(&scope(), &HistoryFilter::default(), &auth);
        for entry in all.unwrap() {
            assert_eq!(entry.proof, Proof::Verified, "receipt {:?}", entry.id);
        }
        self.tally.count("history verified");
    }
}

fn foreign(truth: &Truth) -> Vec<(&At, &String)> {
    let all = truth.iter();
    all.filter(|(at, _)| FOREIGN.contains(&at.1)).collect()
}

/// Nothing is left to do. What is no longer wanted and was changed outside stays a conflict where
/// pruning is off, and what cannot be compared stays one where it was ours: somebody has to decide.
fn is_empty(plan: &Plan) -> bool {
    let mut changes = plan.targets.iter().flat_map(|target| &target.changes);
    let open = changes.any(|change| {
        let undecided = matches!(
            change.reason,
            Reason::PruneChangedOutside | Reason::CannotCompare
        );
        // what is protected is not deleted, whoever lets it go
        let kept = change.action == ActionKind::Delete
            && change.holds.iter().any(|hold| hold.rail == "protected");
        let waits = undecided && change.action == ActionKind::None || kept;
        let differs = match change.class {
            Class::Change => change.action != ActionKind::None,
            Class::Drift | Class::Conflict => true,
            Class::InSync | Class::Unmanaged | Class::Unknown => false,
        };
        differs && !waits
    });
    !open && !has_unknown(plan)
}

/// What is not in sync, and whether something holds it.
fn open(plan: &Plan) -> Vec<(&str, &str, bool)> {
    let changes = plan.targets.iter().flat_map(|target| {
        let open = target
            .changes
            .iter()
            .filter(|one| one.class != Class::InSync);
        open.map(|one| {
            let held = !one.holds.is_empty();
            (target.target.as_str(), one.name.as_str(), held)
        })
    });
    changes.collect()
}

/// The changes of a plan that are not in sync, in short.
fn lines(plan: &Plan) -> Vec<String> {
    let changes = plan.targets.iter().flat_map(|target| {
        let name = &target.target;
        let open = target
            .changes
            .iter()
            .filter(|one| one.class != Class::InSync);
        open.map(move |change| {
            let holds: Vec<&str> = change.holds.iter().map(|hold| hold.rail.as_str()).collect();
            let (reason, action) = (change.reason, change.action);
            format!("{name}/{} {reason:?} {action:?} {holds:?}", change.name)
        })
    });
    changes.collect()
}
