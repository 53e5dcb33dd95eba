//! What is wrong, on which side, since when, and what to do next: a diagnosis for a person in a
//! hurry. Names, reasons and fingerprints; no values.

use jiff::Timestamp;

use super::SeenTarget;
use crate::model::{
    Activation, HostAddress, ManifestName, PlatformKind, Position, Process, TargetName, VarName,
};
use crate::plan::Glimpse;

/// The way of a value from the manifest into a working service. The first stage that is wrong is the
/// cause; those after it follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Its platform or machine answers.
    Reached,
    /// The target lets itself be read.
    Read,
    /// It holds what the manifest says.
    Stored,
    /// The running process has what is stored.
    Running,
    /// The value works.
    Probe,
    /// No date has passed.
    Expiry,
}

impl Stage {
    /// In their order.
    pub const ALL: [Self; 6] = [
        Self::Reached,
        Self::Read,
        Self::Stored,
        Self::Running,
        Self::Probe,
        Self::Expiry,
    ];
}

/// What was found at one stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// As it should be.
    Well,
    /// It is not; what.
    Wrong(String),
    /// Nobody can say; why.
    Unknown(String),
    /// There is nothing to look at, or an earlier stage did not let us.
    #[default]
    NotApplicable,
}

impl Finding {
    /// Whether it is wrong.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }

    /// Whether nobody can say.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// How bad something is: the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is wrong.
    Wrong,
    /// Something is not known.
    Unknown,
    /// Worth a look.
    Advice,
}

/// How a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Something is wrong.
    Wrong,
    /// Nothing is known to be wrong, and not everything is known.
    Unknown,
    /// Another machine's; what it last saw, if that is known.
    Elsewhere {
        /// The machine.
        machine: String,
        /// What it saw.
        seen: Option<SeenTarget>,
    },
    /// Nothing is wrong, as far as there was something to look at.
    Well,
}

/// One target, stage by stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// Its name.
    pub target: TargetName,
    /// The kind of place.
    pub platform: PlatformKind,
    /// Its address as people read it.
    pub address: String,
    /// When it was last applied, if ever.
    pub applied_at: Option<Timestamp>,
    /// One for each of [`Stage::ALL`].
    pub stages: [Finding; 6],
    /// The stage that is the cause.
    pub cause: Option<Stage>,
    /// All in all.
    pub health: Health,
}

impl Patient {
    /// What was found at a stage.
    pub fn at(&self, stage: Stage) -> &Finding {
        &self.stages[stage as usize]
    }

    /// Whether anything was seen of what runs: by a look at the process, or by a probe.
    pub fn is_seen_running(&self) -> bool {
        [Stage::Running, Stage::Probe]
            .iter()
            .any(|stage| *self.at(*stage) == Finding::Well)
    }
}

/// Which side is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The manifest.
    Manifest,
    /// What the target holds.
    Target,
    /// The manifest and the target both moved.
    Both,
    /// The process that runs.
    Process,
    /// The value itself, or the service that should take it.
    Service,
    /// This machine's own set-up.
    Here,
    /// The way to the target, or the target's place.
    Place,
}

/// What a time stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// When the platform says it was changed.
    ChangedThere,
    /// When the file was last changed.
    FileChanged,
    /// When it was stored and did not get into the process.
    Stored,
    /// It happened at some time after our last record of it.
    AfterApply,
    /// The manifest has it since then.
    Sealed,
}

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The time.
    pub at: Timestamp,
    /// What it stands for.
    pub is: Moment,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One of our commands.
    Driftlock {
        /// `apply`, `plan`, …
        verb: String,
        /// Its words, quoted where a shell needs it.
        flags: Vec<String>,
        /// Whether it takes one manifest, behind `--manifest`.
        of_one: bool,
    },
    /// Another program, word by word.
    Program(Vec<String>),
    /// What puts stored values in force, by hand.
    Activate {
        /// The machine, if it is another one.
        host: Option<HostAddress>,
        /// What.
        activation: Activation,
        /// The target's own file, for a job that is loaded from it.
        own: Option<String>,
    },
    /// The same where only the process is known.
    Restart {
        /// The machine, if it is another one.
        host: Option<HostAddress>,
        /// Which.
        process: Process,
        /// The target's own file.
        own: Option<String>,
    },
    /// In words: lower case, no final period.
    Advice(String),
}

/// A live value beside the desired one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name on the target.
    pub name: VarName,
    /// What the target holds.
    pub live: Glimpse,
    /// What the manifest says.
    pub desired: Glimpse,
}

/// One diagnosis, of one target or of several that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// How bad.
    pub severity: Severity,
    /// Where; empty for what concerns no target in particular.
    pub targets: Vec<TargetName>,
    /// The cause's stage.
    pub stage: Option<Stage>,
    /// Which side is wrong.
    pub side: Side,
    /// Lower case but for names, no final period, no values.
    pub what: String,
    /// Live beside desired, where it is a difference of one target.
    pub values: Vec<Compared>,
    /// Since when.
    pub since: Option<Since>,
    /// What to do, in order.
    pub next: Vec<Step>,
}

/// One look at this machine's own set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `identity`, `journal`, …
    pub what: String,
    /// What was seen, in a few words; for what is wrong the finding says it.
    pub seen: String,
    /// What was found.
    pub finding: Finding,
    /// What to do about it.
    pub next: Vec<Step>,
    /// Whether the targets that suffer from it say the same.
    pub told: bool,
}

impl Check {
    /// What it adds to a run's diagnosis: only what is not well.
    pub fn case(&self) -> Option<Case> {
        let (severity, what) = match &self.finding {
            Finding::Wrong(what) => (Severity::Wrong, what),
            Finding::Unknown(why) => (Severity::Unknown, why),
            Finding::Well | Finding::NotApplicable => return None,
        };
        (!self.told).then(|| Case {
            severity,
            targets: vec![],
            stage: None,
            side: Side::Here,
            what: format!("{}: {what}", self.what),
            values: vec![],
            since: None,
            next: self.next.clone(),
        })
    }
}

/// What a target has of one variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holding {
    /// Another value; why, and which of several other values it is.
    Another {
        /// Lower case, no final period.
        why: String,
        /// Targets with the same number hold the same value.
        alike: Option<usize>,
    },
    /// Wanted, and not there.
    Missing {
        /// Lower case, no final period.
        why: String,
    },
    /// No longer wanted, and still there.
    Leftover,
    /// As wanted, and the running process does not have it.
    NotRunning,
    /// Not known; why.
    Unknown(String),
    /// Another machine's.
    Elsewhere(String),
    /// As wanted.
    Equal,
}

/// One target that uses a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Which.
    pub target: TargetName,
    /// Its name there.
    pub name: VarName,
    /// Whether it goes in through a template of that name.
    pub through_template: bool,
    /// What it has.
    pub holding: Holding,
    /// Since when, where it is not as wanted.
    pub since: Option<Since>,
}

/// How a variable's value stands in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Public.
    Clear,
    /// Encrypted.
    Encrypted,
    /// Made of others.
    Template,
    /// Given at the targets only.
    AtTargets,
}

/// Everything about one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its name.
    pub variable: VarName,
    /// Where it is declared.
    pub position: Option<Position>,
    /// How.
    pub form: Form,
    /// When it was sealed, where that is known.
    pub sealed_at: Option<Timestamp>,
    /// Who has it: wrong ones first.
    pub holders: Vec<Holder>,
}

/// A whole manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorReport {
    /// Its name.
    pub manifest: ManifestName,
    /// Its file.
    pub file: String,
    /// The variables that were asked for.
    pub subjects: Vec<Subject>,
    /// Wrong ones first, else in the manifest's order.
    pub patients: Vec<Patient>,
    /// What is wrong, the worst first.
    pub cases: Vec<Case>,
    /// How many targets have probes that were not asked.
    pub unprobed: usize,
}

impl DoctorReport {
    /// Whether something is known to be wrong.
    pub fn has_wrong(&self) -> bool {
        self.cases
            .iter()
            .any(|case| case.severity == Severity::Wrong)
    }

    /// Whether something could not be known.
    pub fn has_unknown(&self) -> bool {
        let unknown = |case: &Case| case.severity == Severity::Unknown;
        self.cases.iter().any(unknown)
    }

    /// Targets of this health.
    pub fn count(&self, is: impl Fn(&Health) -> bool) -> usize {
        let patients = self.patients.iter();
        patients.filter(|patient| is(&patient.health)).count()
    }
}
