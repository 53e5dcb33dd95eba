//! What an apply tells whoever keeps its record.

use std::collections::BTreeSet;

use crate::model::{Desired, Live, VarName};
use crate::plan::{Change, Plan, TargetPlan};
use crate::reconcile::event::OperationOutcome;

/// One change after its write.
#[derive(Debug)]
pub struct Ended<'a> {
    /// The change.
    pub change: &'a Change,
    /// How it ended.
    pub outcome: &'a OperationOutcome,
    /// Whether the read back did not contradict it.
    pub verified: bool,
}

/// Where an apply says what it is about to do, and what it did. The journal behind it is the
/// caller's.
pub trait Record {
    /// Before the first write: what will be tried on which targets.
    fn intend(&mut self, plan: &Plan, targets: &[Intended<'_>]) -> Result<(), String>;

    /// Who writes this and why, for platforms that keep such a text. No values.
    fn message(&self, plan: &Plan) -> String;

    /// After the last read: what happened to each target. Gives the receipts' names, in order;
    /// `None` where there was nothing to tell.
    fn receipts(
        &mut self,
        plan: &Plan,
        done: &[Completed<'_>],
    ) -> Result<Vec<Option<String>>, String>;
}

/// One target before its write.
#[derive(Debug)]
pub struct Intended<'a> {
    /// The target's part of the plan.
    pub target: &'a TargetPlan,
    /// What will be tried or recorded.
    pub changes: Vec<&'a Change>,
    /// The place that records are kept under.
    pub place: &'a str,
    /// What it holds now.
    pub before: &'a Live,
}

/// One target after its write.
#[derive(Debug)]
pub struct Completed<'a> {
    /// The target's part of the plan.
    pub target: &'a TargetPlan,
    /// The place that records are kept under.
    pub place: &'a str,
    /// What the platform calls the place.
    pub identity: &'a str,
    /// Each change that was tried or recorded, and how it ended.
    pub results: Vec<Ended<'a>>,
    /// What the target shall hold.
    pub desired: &'a Desired,
    /// What it held before, to record what was adopted.
    pub before: &'a Live,
    /// What was read after the write, if it could be.
    pub after: Option<&'a Live>,
    /// Written empty and not kept: absent is what the platform made of it.
    pub dropped: BTreeSet<VarName>,
    /// Whether the platform put it in force; `None` where it does not do that.
    pub activated: Option<bool>,
    /// How it was put in force on its machine, and whether that is known to have succeeded.
    pub forced: Option<(&'static str, bool)>,
    /// Whether the platform was asked to write.
    pub wrote: bool,
}
