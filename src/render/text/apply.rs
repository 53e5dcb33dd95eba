//! What an apply did, for people: half-written units first, then what went wrong, then the rest.

use std::fmt::{self, Write};

use super::{command, holds, names, past};
use crate::model::Activated;
use crate::plan::ActionKind;
use crate::reconcile::event::{
    ActivationReport, ApplyReport, Exit, OperationOutcome, OperationReport, ProbeReport, ReadBack,
    TargetReport,
};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Invocation, Role, Style};
use crate::render::words::{self, counted};

/// Writes the report, its last line the summary.
pub fn render_apply(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    report: &ApplyReport,
) -> fmt::Result {
    half_written(out, style, call, report)?;
    let mut targets: Vec<&TargetReport> = report.targets.iter().collect();
    targets.sort_by_key(|target| (!target.in_doubt(), target.error.is_none()));
    for target in targets {
        target_block(out, style, target)?;
    }
    held(out, style, call, report)?;
    let verdict = report.verdict();
    if verdict.exit != Exit::Clean && report.targets.iter().any(needs_a_look) {
        command(out, style, 0, &call.command("plan", &[]))?;
    }
    summary(out, style, call, report)
}

/// What the plan held. Inside `apply` the plan stands above, with its reasons and releases.
fn held(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    report: &ApplyReport,
) -> fmt::Result {
    for held in report.held.iter().filter(|_| !call.applying) {
        Line::new()
            .then(Role::Bad, format!("{}@{}", held.name, held.target))
            .then(Role::Plain, " was held, nothing was written for it")
            .write(out, style, 2, 4)?;
        holds(out, style, call, &held.holds)?;
    }
    Ok(())
}

/// Whether the next plan says more than this report.
fn needs_a_look(target: &TargetReport) -> bool {
    target.error.is_some()
        || target.in_doubt()
        || target.is_not_in_force()
        || target
            .results
            .iter()
            .any(|result| !result.outcome.is_good())
}

/// Recorded as known, without a write: only counted.
fn is_record(result: &OperationReport) -> bool {
    result.action == ActionKind::Record && result.outcome.is_good()
}

fn half_written(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    report: &ApplyReport,
) -> fmt::Result {
    for unit in report.half_written() {
        let join = |targets: &std::collections::BTreeSet<crate::model::TargetName>| {
            let names: Vec<&str> = targets.iter().map(|name| name.as_str()).collect();
            names.join(", ")
        };
        Line::new()
            .then(Role::Bad, format!("{} is half written", unit.variable))
            .then(
                Role::Plain,
                format!(
                    ": new on {}, not for sure on {}",
                    join(&unit.written),
                    join(&unit.missing)
                ),
            )
            .write(out, style, 0, 2)?;
        let flag = format!("--only {}", unit.variable);
        command(out, style, 2, &call.command("plan", &[&flag]))?;
    }
    Ok(())
}

fn target_block(out: &mut dyn Write, style: &Style, target: &TargetReport) -> fmt::Result {
    let quiet = target.activation.is_none() && target.probes.is_empty();
    if quiet && target.results.iter().all(is_record) && target.error.is_none() {
        return Ok(());
    }
    Line::new()
        .then(Role::Heading, target.target.as_str())
        .then(
            Role::Dim,
            format!("  {}", escape::terminal(&target.address)),
        )
        .write(out, style, 0, 4)?;
    if let Some(error) = &target.error {
        Line::new()
            .then(Role::Bad, "error")
            .then(Role::Plain, format!(": {}", escape::terminal(error)))
            .write(out, style, 2, 2)?;
    }
    for result in target.results.iter().filter(|one| !is_record(one)) {
        operation(out, style, result)?;
    }
    read_back(out, style, &target.read_back)?;
    if let Some(activated) = target.activated {
        let (role, text) = if activated {
            (Role::Dim, "deploy started")
        } else {
            (Role::Drift, "stored only, not deployed")
        };
        Line::new().then(role, text).write(out, style, 2, 2)?;
    }
    if let Some(activation) = &target.activation {
        activated(out, style, activation)?;
    }
    for probe in &target.probes {
        probed(out, style, probe)?;
    }
    for note in &target.notes {
        Line::new()
            .then(Role::Dim, format!("note: {}", escape::terminal(note)))
            .write(out, style, 2, 2)?;
    }
    if let Some(receipt) = &target.receipt {
        Line::new()
            .then(Role::Dim, format!("receipt {}", escape::terminal(receipt)))
            .write(out, style, 2, 2)?;
    }
    Ok(())
}

fn activated(out: &mut dyn Write, style: &Style, one: &ActivationReport) -> fmt::Result {
    let (role, text, help) = match &one.outcome {
        Activated::Done => (Role::Good, format!("done: {}", one.what), None),
        Activated::Failed { why, help } => (
            Role::Bad,
            format!("stored, but failed to {}: {why}", one.what),
            help.as_deref(),
        ),
        Activated::InDoubt { why } => (
            Role::Bad,
            format!(
                "stored, but nobody knows whether it did {}: {why}",
                one.what
            ),
            None,
        ),
        Activated::Skipped { why } => (
            Role::Drift,
            format!("stored only, did not {}: {why}", one.what),
            None,
        ),
    };
    Line::new()
        .then(role, escape::terminal(&text))
        .write(out, style, 2, 4)?;
    match help {
        Some(help) => Line::new()
            .then(Role::Dim, format!("help: {}", escape::terminal(help)))
            .write(out, style, 4, 2),
        None => Ok(()),
    }
}

fn probed(out: &mut dyn Write, style: &Style, probe: &ProbeReport) -> fmt::Result {
    let (role, text) = words::verdict(&probe.verdict);
    Line::new()
        .then(role, text)
        .then(Role::Dim, format!("  {}", escape::terminal(&probe.what)))
        .write(out, style, 2, 4)
}

fn operation(out: &mut dyn Write, style: &Style, result: &OperationReport) -> fmt::Result {
    let ok = style.sign("✓", "ok");
    let bad = style.sign("✗", "x");
    let verb = past(result.action);
    let (sign, role, text) = match &result.outcome {
        OperationOutcome::Done => (ok, Role::Good, verb.to_owned()),
        OperationOutcome::AlreadyDone => (ok, Role::Dim, "as wanted already".to_owned()),
        OperationOutcome::Refused(why) => (bad, Role::Bad, format!("not {verb}, refused: {why}")),
        OperationOutcome::InDoubt(why) => {
            ("?", Role::Bad, format!("perhaps {verb}, in doubt: {why}"))
        }
        OperationOutcome::NotDone(why) => (
            style.sign("·", "."),
            Role::Change,
            format!("not {verb}: {why}"),
        ),
    };
    Line::new()
        .then(role, format!("{sign} {}", result.name))
        .then(Role::Plain, format!("  {}", escape::terminal(&text)))
        .write(out, style, 2, 4)
}

fn read_back(out: &mut dyn Write, style: &Style, read_back: &ReadBack) -> fmt::Result {
    let (role, text) = match read_back {
        ReadBack::Verified => (Role::Dim, "read back, as written".to_owned()),
        ReadBack::NotNeeded => return Ok(()),
        ReadBack::Differs(list) => (
            Role::Bad,
            format!("read back, not as written: {}", names(list, 8)),
        ),
        ReadBack::Unknown(why) => (
            Role::Bad,
            format!("could not be read back: {}", escape::terminal(why)),
        ),
    };
    Line::new().then(role, text).write(out, style, 2, 2)
}

fn summary(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    report: &ApplyReport,
) -> fmt::Result {
    let count = |wanted: fn(&OperationReport) -> bool| {
        let all = report.targets.iter().flat_map(|target| &target.results);
        all.filter(|result| wanted(result)).count()
    };
    use OperationOutcome as O;
    let written = count(|r| {
        r.outcome == O::Done && r.action != ActionKind::Record && r.action != ActionKind::Delete
    });
    let deleted = count(|r| r.outcome == O::Done && r.action == ActionKind::Delete);
    let not_done = count(|r| matches!(r.outcome, O::Refused(_) | O::NotDone(_)));
    let doubt = count(|r| matches!(r.outcome, O::InDoubt(_)));
    let recorded = count(is_record);
    let already = count(|r| r.outcome == O::AlreadyDone);
    let wrote = report.targets.iter().filter(|t| t.wrote()).count();
    let exit = report.verdict().exit;
    let mut text = if exit == Exit::Clean && wrote == 0 && recorded > 0 {
        let recorded = counted(recorded, "variable");
        format!("{recorded} recorded as known, nothing written")
    } else if exit == Exit::Clean && wrote == 0 && already > 0 {
        let already = counted(already, "variable");
        format!("{already} as planned already, nothing written")
    } else {
        let word = match (exit, &call.undo) {
            (Exit::Clean, None) => "Applied",
            (Exit::Partial, None) => "Partly applied",
            (_, None) => "Not applied",
            (Exit::Clean, Some(_)) => "Undone",
            (Exit::Partial, Some(_)) => "Partly undone",
            (_, Some(_)) => "Not undone",
        };
        let targets = counted(wrote, "target");
        let forced = report.targets.iter().filter(|t| t.is_in_force()).count();
        let mut text = format!("{word}: {written} written, {deleted} deleted on {targets}");
        if forced > 0 {
            text.push_str(&format!(", put in force on {forced}"));
        }
        if recorded > 0 {
            text.push_str(&format!(", {recorded} recorded as known"));
        }
        text
    };
    for (number, what) in [
        (not_done, "not done"),
        (doubt, "in doubt"),
        (
            report.held.iter().filter(|held| held.counts()).count(),
            "held",
        ),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    let waiting = report.held_activations.len();
    if waiting > 0 {
        let targets = counted(waiting, "target");
        text.push_str(&format!(", not put in force on {targets} (held)"));
    }
    let unforced = report
        .targets
        .iter()
        .filter(|t| t.is_not_in_force())
        .count();
    if unforced > 0 {
        text.push_str(&format!(
            ", not in force on {}",
            counted(unforced, "target")
        ));
    }
    let broken = report.targets.iter().filter(|t| t.does_not_work()).count();
    if broken > 0 {
        text.push_str(&format!(
            ", not shown to work on {}",
            counted(broken, "target")
        ));
    }
    let failed = report.targets.iter().filter(|t| t.error.is_some()).count();
    if failed > 0 {
        text.push_str(&format!(", {} failed", counted(failed, "target")));
    }
    if let Some(signal) = &report.interrupted {
        text.push_str(&format!(", stopped by {}", escape::terminal(signal)));
    }
    text.push('.');
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}
