//! One diagnosis: whose, what, which side, since when, and the next command.

use std::fmt::{self, Write};

use super::super::{age, command};
use super::Page;
use crate::plan::Glimpse;
use crate::reconcile::event::{Case, Finding, Moment, Patient, Severity, Side, Since, Stage};
use crate::render::escape;
use crate::render::layout::{Line, truncated};
use crate::render::paste::{Paste, paste};
use crate::render::style::{Role, Style};
use crate::render::words::opaque;

/// Columns of a clear text.
const TEXT: usize = 24;

/// With everything that is known.
pub(super) fn whole(
    out: &mut dyn Write,
    page: Page<'_>,
    case: &Case,
    patients: &[Patient],
) -> fmt::Result {
    let what = escape::terminal(&case.what);
    let (role, sign) = severity(case.severity, page.style);
    let mut head = Line::new().then_whole(role, format!("{sign} "));
    let date = case.stage == Some(Stage::Expiry);
    if case.targets.is_empty() || date || case.severity == Severity::Advice {
        let targets = super::targets(case.targets.iter(), page.all);
        let targets = if targets.is_empty() || date {
            String::new()
        } else {
            format!("{targets}: ")
        };
        head = head
            .then(role, targets)
            .then(Role::Plain, what)
            .then(Role::Dim, used_by(page, case));
        head.write(out, page.style, 0, 4)?;
        return next(out, page, case);
    }
    head = head.then(role, super::targets(case.targets.iter(), page.all));
    if let Some(patient) = alike(case, patients) {
        head = row(head.then(Role::Plain, "  "), page.style, patient);
    }
    head.write(out, page.style, 0, 4)?;
    Line::new()
        .then(Role::Heading, what)
        .write(out, page.style, 4, 2)?;
    side(out, page, case, patients)?;
    values(out, page, case)?;
    follows(out, page, case, patients)?;
    next(out, page, case)
}

/// In one line.
pub(super) fn short(out: &mut dyn Write, page: Page<'_>, case: &Case) -> fmt::Result {
    let (role, sign) = severity(case.severity, page.style);
    let targets = super::targets(case.targets.iter(), page.all);
    let gap = if targets.is_empty() { "" } else { ": " };
    let text = format!("{targets}{gap}{}", escape::terminal(&case.what));
    let room = page.style.width.saturating_sub(4).max(20);
    Line::new()
        .then_whole(role, format!("{sign} "))
        .then_whole(Role::Plain, truncated(&text, room, page.style))
        .write(out, page.style, 0, 4)
}

/// A date is of a variable; who has it comes after.
fn used_by(page: Page<'_>, case: &Case) -> String {
    if case.stage == Some(Stage::Expiry) && !case.targets.is_empty() {
        let targets = super::targets(case.targets.iter(), page.all);
        format!(" (on {targets})")
    } else {
        String::new()
    }
}

/// The patient of a case, if all of its targets look the same.
fn alike<'a>(case: &Case, patients: &'a [Patient]) -> Option<&'a Patient> {
    if case.stage == Some(Stage::Expiry) {
        return None;
    }
    let kind = |finding: &Finding| match finding {
        Finding::Well => 0,
        Finding::Wrong(_) => 1,
        Finding::Unknown(_) => 2,
        Finding::NotApplicable => 3,
    };
    let mut of_case = patients
        .iter()
        .filter(|patient| case.targets.contains(&patient.target));
    let first = of_case.next()?;
    let same = |other: &Patient| {
        let pairs = other.stages.iter().zip(&first.stages);
        pairs.into_iter().all(|(a, b)| kind(a) == kind(b))
    };
    of_case.all(same).then_some(first)
}

/// Every stage with its sign; what follows from the cause is dim.
pub(super) fn row(mut line: Line, style: &Style, patient: &Patient) -> Line {
    for stage in Stage::ALL {
        let (role, sign) = sign(patient.at(stage), style);
        let follows = patient.cause.is_some_and(|cause| stage > cause);
        let role = if follows { Role::Dim } else { role };
        let gap = if stage == Stage::Reached { "" } else { "  " };
        let text = format!("{} {sign}", name(stage));
        let is_told = patient.at(stage).is_wrong() || patient.at(stage).is_unknown();
        let text = if follows && is_told {
            format!("({text})")
        } else {
            text
        };
        line = line.then(Role::Plain, gap).then_whole(role, text);
    }
    line
}

pub(super) const fn sign(finding: &Finding, style: &Style) -> (Role, &'static str) {
    match finding {
        Finding::Well => (Role::Good, style.sign("✓", "ok")),
        Finding::Wrong(_) => (Role::Bad, style.sign("✗", "WRONG")),
        Finding::Unknown(_) => (Role::Unknown, "?"),
        Finding::NotApplicable => (Role::Dim, style.sign("·", "-")),
    }
}

const fn severity(severity: Severity, style: &Style) -> (Role, &'static str) {
    match severity {
        Severity::Wrong => (Role::Bad, style.sign("✗", "x")),
        Severity::Unknown => (Role::Unknown, "?"),
        Severity::Advice => (Role::Change, "!"),
    }
}

const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Reached => "reached",
        Stage::Read => "read",
        Stage::Stored => "stored",
        Stage::Running => "running",
        Stage::Probe => "probe",
        Stage::Expiry => "expiry",
    }
}

/// Which side, where it is, since when, and when we were there last.
fn side(out: &mut dyn Write, page: Page<'_>, case: &Case, patients: &[Patient]) -> fmt::Result {
    let mut line = Line::new();
    let mut gap = "";
    if case.severity == Severity::Wrong {
        line = line
            .then(Role::Plain, "wrong side: ")
            .then(Role::Bad, side_words(case));
        gap = ", ";
    }
    let patient = match case.targets.as_slice() {
        [one] => patients.iter().find(|patient| patient.target == *one),
        _ => None,
    };
    if let Some(patient) = patient {
        let place = format!(
            "{gap}{} {}",
            patient.platform,
            escape::terminal(&patient.address)
        );
        line = line.then(Role::Plain, place);
        gap = ", ";
    }
    if let Some(since) = case.since {
        line = line.then(
            Role::Plain,
            format!("{gap}{}", since_words(since, page.now)),
        );
        gap = "; ";
    }
    let told = case
        .since
        .is_some_and(|since| since.is == Moment::AfterApply);
    if let Some(at) = patient
        .and_then(|patient| patient.applied_at)
        .filter(|_| !told)
    {
        let ago = format!("{gap}last applied {} ago", age(page.now, at));
        line = line.then(Role::Dim, ago);
    }
    if line.width() == 0 {
        return Ok(());
    }
    line.write(out, page.style, 4, 2)
}

fn side_words(case: &Case) -> &'static str {
    let one = case.targets.len() == 1;
    match (case.side, one) {
        (Side::Manifest, _) => "the manifest",
        (Side::Target, true) => "this target",
        (Side::Target, false) => "these targets",
        (Side::Both, true) => "the manifest or this target, which both moved",
        (Side::Both, false) => "the manifest or these targets, which all moved",
        (Side::Process, true) => "the running process",
        (Side::Process, false) => "the running processes",
        (Side::Service, _) => "the value, or the service that takes it",
        (Side::Here, _) => "this machine",
        (Side::Place, _) => "the way there",
    }
}

/// `changed there 2026-11-22 01:58 UTC (75 min ago)`.
pub(super) fn since_words(since: Since, now: jiff::Timestamp) -> String {
    let at = since.at.strftime("%Y-%m-%d %H:%M UTC");
    let ago = age(now, since.at);
    match since.is {
        Moment::ChangedThere => format!("changed there {at} ({ago} ago)"),
        Moment::FileChanged => format!("the file changed last {at} ({ago} ago)"),
        Moment::Stored => format!("stored {at} ({ago} ago)"),
        Moment::AfterApply => format!("at some time after our apply of {at} ({ago} ago)"),
        Moment::Sealed => format!("in the manifest since {at} ({ago} ago)"),
    }
}

fn values(out: &mut dyn Write, page: Page<'_>, case: &Case) -> fmt::Result {
    let told = |glimpse: &Glimpse| match glimpse {
        Glimpse::Text(text) => {
            let text = escape::terminal(text);
            let text = text.replace('\n', page.style.sign("⏎", " "));
            truncated(&text, TEXT, page.style)
        }
        other => opaque(other),
    };
    let is_told = |glimpse: &Glimpse| matches!(glimpse, Glimpse::Text(_) | Glimpse::Fingerprint(_));
    for value in &case.values {
        // "absent" and "sealed" were said in words
        if !is_told(&value.live) || !is_told(&value.desired) {
            continue;
        }
        Line::new()
            .then(Role::Dim, format!("{}: it holds ", value.name))
            .then_whole(Role::Plain, told(&value.live))
            .then(Role::Dim, ", the manifest says ")
            .then_whole(Role::Plain, told(&value.desired))
            .write(out, page.style, 4, 2)?;
    }
    Ok(())
}

/// What a service says about it, where that is not the cause but comes of it.
fn follows(out: &mut dyn Write, page: Page<'_>, case: &Case, patients: &[Patient]) -> fmt::Result {
    let of_case = patients.iter().find(|patient| {
        case.targets.first() == Some(&patient.target)
            && patient.cause == case.stage
            && patient.cause != Some(Stage::Probe)
    });
    match of_case.map(|patient| patient.at(Stage::Probe)) {
        Some(Finding::Wrong(what)) => Line::new()
            .then(Role::Dim, format!("so {}", escape::terminal(what)))
            .write(out, page.style, 4, 2),
        _ => Ok(()),
    }
}

fn next(out: &mut dyn Write, page: Page<'_>, case: &Case) -> fmt::Result {
    for step in &case.next {
        match paste(step, page.call) {
            Paste::Line(line) if page.told.borrow().contains(&line) => Line::new()
                .then(Role::Dim, "next: the same command as above")
                .write(out, page.style, 4, 2)?,
            Paste::Line(line) => {
                command(out, page.style, 4, &line)?;
                page.told.borrow_mut().push(line);
            }
            Paste::Words(words) => Line::new()
                .then(Role::Dim, "next: ")
                .then(Role::Plain, escape::terminal(&words))
                .write(out, page.style, 4, 2)?,
        }
    }
    Ok(())
}
