//! A plan as findings: what differs on each target, and what could not be known.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    CheckKind, Diagnostic, Finding, Position, Severity, TargetName, Unchecked, VarName,
};
use crate::plan::{ActionKind, Change, Class, Plan, PlannedActivation, TargetPlan, TargetState};
use crate::reconcile::event::SeenTarget;
use crate::render::style::Invocation;
use crate::render::words;

/// Where things stand in the manifest.
#[derive(Debug, Clone, Default)]
pub struct Positions {
    /// Of each declared variable.
    pub variables: BTreeMap<VarName, Position>,
    /// Of each target.
    pub targets: BTreeMap<TargetName, Position>,
}

/// What a run looked at, and how it would be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The plan of one manifest.
    pub plan: &'a Plan,
    /// What other machines last saw.
    pub seen: &'a BTreeMap<TargetName, SeenTarget>,
    /// Only these targets, if not all.
    pub targets: Option<&'a BTreeSet<TargetName>>,
    /// Whether what is not known of other machines is an error.
    pub require_all: bool,
    /// How the run was started.
    pub call: &'a Invocation,
}

/// Differences are warnings, and errors what is not known. Beside them, what only another machine can
/// look at.
pub fn drift_findings(
    looked: &Looked<'_>,
    positions: &Positions,
) -> (Vec<Finding>, Vec<Unchecked>) {
    let mut notes = Notes {
        looked,
        positions,
        findings: vec![],
        unchecked: vec![],
    };
    notes.authority();
    for target in &looked.plan.targets {
        notes.target(target);
    }
    (notes.findings, notes.unchecked)
}

struct Notes<'a> {
    looked: &'a Looked<'a>,
    positions: &'a Positions,
    findings: Vec<Finding>,
    unchecked: Vec<Unchecked>,
}

impl Notes<'_> {
    fn push(
        &mut self,
        (subject, position): (Option<String>, Position),
        severity: Severity,
        code: &'static str,
        message: String,
        help: Option<String>,
    ) {
        let diagnostic = Diagnostic {
            position,
            severity,
            code,
            message,
            help,
        };
        self.findings.push(Finding {
            kind: CheckKind::Drift,
            subject,
            diagnostic,
        });
    }

    fn of_target(&self, name: &TargetName) -> (Option<String>, Position) {
        let position = self.positions.targets.get(name).copied();
        (Some(name.to_string()), position.unwrap_or_default())
    }

    /// The command that shows more of a target.
    fn plan_of(&self, name: &TargetName) -> Option<String> {
        let target = format!("--target {name}");
        Some(self.looked.call.command("plan", &[&target]))
    }

    fn authority(&mut self) {
        for one in &self.looked.plan.authority {
            let mut about = match &one.target {
                Some(target) => self.of_target(target),
                None => (None, Position::default()),
            };
            // several things may be said of one target
            about.0 = None;
            let kind = words::authority(one.kind);
            let message = match &one.target {
                Some(target) => format!("{kind} on {target}: {}", one.what),
                None => format!("{kind}: {}", one.what),
            };
            let help = Some(self.looked.call.command("plan", &[]));
            self.push(about, Severity::Warning, "authority", message, help);
        }
    }

    fn target(&mut self, target: &TargetPlan) {
        let name = &target.target;
        match &target.state {
            TargetState::Read => {}
            TargetState::Unknown { reason, help } => {
                let message = format!("{name} is unknown: {reason}");
                let help = help.clone().or_else(|| self.plan_of(name));
                self.push(
                    self.of_target(name),
                    Severity::Error,
                    "unknown",
                    message,
                    help,
                );
                return;
            }
            TargetState::Partial { reason } => {
                let message = format!("{name} could not be read whole: {reason}");
                let help = self.plan_of(name);
                self.push(
                    self.of_target(name),
                    Severity::Warning,
                    "partial",
                    message,
                    help,
                );
            }
            TargetState::Elsewhere { machine } => {
                self.elsewhere(name, machine);
                return;
            }
        }
        for change in target.changes.iter().filter(|change| differs(change)) {
            self.change(target, change);
        }
        let activation = target.activation.as_ref();
        if activation.is_some_and(PlannedActivation::is_owed) {
            let why = target.behind.as_ref().map_or_else(
                || "what a former apply stored was not put in force".to_owned(),
                words::not_running,
            );
            let message = format!("{name} does not run what it stores: {why}");
            let help = self.plan_of(name);
            self.push(
                self.of_target(name),
                Severity::Warning,
                "not-running",
                message,
                help,
            );
        }
    }

    fn elsewhere(&mut self, name: &TargetName, machine: &str) {
        if self
            .looked
            .targets
            .is_some_and(|wanted| !wanted.contains(name))
        {
            return;
        }
        let known = self.looked.seen.get(name).is_some_and(SeenTarget::is_known);
        if !self.looked.require_all {
            self.unchecked.push(Unchecked {
                kind: CheckKind::Drift,
                why: format!("{name} can be read by {machine} only"),
            });
        } else if !known {
            let message = format!(
                "{name} can be read by {machine} only, and what is known of it does not count"
            );
            let help = Some(format!(
                "run `driftlock plan` on {machine}, with this journal"
            ));
            self.push(
                self.of_target(name),
                Severity::Error,
                "not-seen",
                message,
                help,
            );
        }
    }

    fn change(&mut self, target: &TargetPlan, change: &Change) {
        let declared = change.declared.as_ref();
        let position = declared
            .and_then(|name| self.positions.variables.get(name))
            .or_else(|| self.positions.targets.get(&target.target));
        let subject = format!("{}@{}", change.name, target.target);
        let (severity, code) = match change.class {
            Class::Unknown => (Severity::Error, "unknown"),
            Class::Conflict => (Severity::Warning, "conflict"),
            Class::Drift => (Severity::Warning, "drift"),
            _ => (Severity::Warning, "change"),
        };
        let mut message = format!(
            "{} on {}: {}, {}",
            change.name,
            target.target,
            words::class(change.class),
            words::reason(change.reason)
        );
        if let Some(detail) = &change.detail {
            message.push_str(&format!(" ({detail})"));
        }
        let help = self.plan_of(&target.target);
        let position = position.copied().unwrap_or_default();
        self.push((Some(subject), position), severity, code, message, help);
    }
}

/// Whether `plan --detailed-exitcode` would say so.
fn differs(change: &Change) -> bool {
    !change.is_left_out()
        && match change.class {
            Class::Change => change.action != ActionKind::None,
            Class::Drift | Class::Conflict | Class::Unknown => true,
            Class::InSync | Class::Unmanaged => false,
        }
}
