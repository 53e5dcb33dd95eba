//! What happened during a pass, as values: the only thing `render` knows about one.

mod alert_test;
mod alerts;
mod apply;
mod doctor;
mod exit;
mod history;
mod journal;
mod recipients;
mod rotation;
mod round;
mod status;
mod undo;
mod vitals;

pub use alert_test::{AlertTest, AlertTestFault, AlertTestReport};
pub use alerts::{AlertsReport, BookState};
pub use apply::{
    ActivationReport, ApplyReport, HalfWritten, Held, OperationOutcome, OperationReport,
    ProbeReport, ReadBack, TargetReport,
};
pub use doctor::{
    Case, Check, Compared, DoctorReport, Finding, Form, Health, Holder, Holding, Moment, Patient,
    Severity, Side, Since, Stage, Step, Subject,
};
pub use exit::{Exit, Verdict};
pub use history::{HistoryAction, HistoryEntry, HistoryReport, HistoryVar};
pub use journal::{JournalEntry, JournalReport};
pub use recipients::{ListedSince, Reader, ReadersOf, RecipientsReport, Sealed};
pub use rotation::{RotationLine, RotationReport, RotationStage};
pub use round::{RoundAlert, RoundLook, RoundManifest, RoundReport, RoundSink, RoundTarget};
pub use status::{
    Cell, Freshness, Mover, OpenAlerts, Seen, SeenTarget, Sight, Source, StatusReport, StatusRow,
    StatusTarget, Then,
};
pub use undo::{UndoEntry, UndoKept, UndoList, UndoVar};
pub use vitals::{ManifestVitals, SinkVitals, TargetVitals, Vitals};

use crate::model::{TargetName, VarName};
use crate::plan::ActionKind;

/// One thing that happened, in the order in which it happened. Targets run at once, so that the
/// events of different targets interleave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Reading begins.
    ReadStarted {
        /// How many targets will be read.
        targets: usize,
    },
    /// One target was read, or could not be.
    TargetRead {
        /// Which.
        target: TargetName,
        /// Whether it could be read.
        readable: bool,
    },
    /// Writing begins.
    ApplyStarted {
        /// How many targets will be written.
        targets: usize,
    },
    /// A batch was sent to a target.
    WriteStarted {
        /// Which.
        target: TargetName,
        /// How many operations it has.
        operations: usize,
    },
    /// The outcome of one operation is known.
    OperationDone {
        /// Where.
        target: TargetName,
        /// Which variable.
        name: VarName,
        /// What was to be done.
        action: ActionKind,
        /// How it ended.
        outcome: OperationOutcome,
    },
    /// The target was read again after its write.
    ReadBack {
        /// Which.
        target: TargetName,
        /// What was seen.
        result: ReadBack,
    },
    /// Something is restarted or run on a machine.
    ActivationStarted {
        /// For which target.
        target: TargetName,
        /// In words that follow "would".
        what: String,
    },
    /// A service is asked whether the values work.
    ProbeStarted {
        /// Of which target.
        target: TargetName,
    },
    /// Nothing more will happen to this target: its receipt is written, or it failed.
    TargetFinished {
        /// Which.
        target: TargetName,
        /// Whether everything that was to be done was done.
        complete: bool,
    },
    /// The pass is over.
    Finished,
}
