//! A diagnosis on one screen, for somebody who was woken up: what is wrong first, with its side, its
//! time and the next command; what is well in one line.

mod case;
mod subject;

use std::cell::RefCell;
use std::fmt::{self, Write};

use jiff::Timestamp;

use crate::model::TargetName;
use crate::reconcile::event::{
    Case, Check, DoctorReport, Finding, Health, Patient, Severity, Stage,
};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Invocation, Role, Style};
use crate::render::words::counted;

/// So many cases are shown whole; what follows gets a line each.
const WHOLE: usize = 5;
/// And so many get a line.
const SHORT: usize = 8;
/// Names in a line.
const NAMES: usize = 6;

/// What is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Diagnosis<'a> {
    /// This machine's set-up.
    pub checks: &'a [Check],
    /// One for each manifest.
    pub reports: &'a [DoctorReport],
    /// The present moment.
    pub now: Timestamp,
    /// Fold nothing, and list what is well too.
    pub all: bool,
}

/// What every part needs.
#[derive(Clone, Copy)]
struct Page<'a> {
    style: &'a Style,
    call: &'a Invocation,
    now: Timestamp,
    all: bool,
    /// The commands that were given so far: one is enough.
    told: &'a RefCell<Vec<String>>,
}

/// Writes all of it, the last line the summary.
pub fn render_doctor(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    diagnosis: &Diagnosis<'_>,
) -> fmt::Result {
    let told = RefCell::new(vec![]);
    let page = Page {
        told: &told,
        style,
        call,
        now: diagnosis.now,
        all: diagnosis.all,
    };
    let setup: Vec<Case> = diagnosis.checks.iter().filter_map(Check::case).collect();
    // what cannot be known may be why other things are unknown: it leads
    let (unknown, wrong): (Vec<&Case>, Vec<&Case>) = setup
        .iter()
        .partition(|case| case.severity == Severity::Unknown);
    for case in unknown {
        case::whole(out, page, case, &[])?;
    }
    for report in diagnosis.reports {
        one_report(out, page, report, diagnosis.reports.len() > 1)?;
    }
    for case in wrong {
        case::whole(out, page, case, &[])?;
    }
    if diagnosis.all {
        checks(out, page, diagnosis.checks)?;
    }
    summary(out, style, diagnosis, &setup)
}

fn one_report(
    out: &mut dyn Write,
    page: Page<'_>,
    report: &DoctorReport,
    several: bool,
) -> fmt::Result {
    if several {
        Line::new()
            .then(Role::Heading, report.manifest.as_str())
            .then(Role::Dim, format!("  {}", escape::terminal(&report.file)))
            .write(out, page.style, 0, 2)?;
    }
    for one in &report.subjects {
        subject::subject(out, page, one, &report.file)?;
    }
    let most = if page.all { usize::MAX } else { WHOLE };
    let lines = if page.all { usize::MAX } else { SHORT };
    for case in report.cases.iter().take(most) {
        case::whole(out, page, case, &report.patients)?;
    }
    let rest = report.cases.get(most..).unwrap_or_default();
    for case in rest.iter().take(lines) {
        case::short(out, page, case)?;
    }
    if rest.len() > lines {
        let more = rest.len() - lines;
        let text = format!("and {more} more: `driftlock doctor --all` shows them");
        Line::new()
            .then(Role::Dim, text)
            .write(out, page.style, 2, 2)?;
    }
    elsewhere(out, page, report)?;
    well(out, page, report)
}

/// `a, b and 2 more`.
fn targets<'a>(names: impl Iterator<Item = &'a TargetName>, all: bool) -> String {
    let names: Vec<&str> = names.map(|name| name.as_str()).collect();
    let most = if all { usize::MAX } else { NAMES };
    let shown = names.iter().take(most).copied().collect::<Vec<_>>();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn well(out: &mut dyn Write, page: Page<'_>, report: &DoctorReport) -> fmt::Result {
    let well: Vec<&Patient> = report
        .patients
        .iter()
        .filter(|patient| patient.health == Health::Well)
        .collect();
    if well.is_empty() {
        return Ok(());
    }
    let names = targets(well.iter().map(|patient| &patient.target), page.all);
    let is = if well.len() == 1 { "is" } else { "are" };
    let mut line = Line::new()
        .then(Role::Good, page.style.sign("✓ ", "ok "))
        .then(
            Role::Plain,
            format!("{} {is} well: {names}", counted(well.len(), "target")),
        );
    // stored is not running: nobody shall read more into it
    let unseen: Vec<&TargetName> = well
        .iter()
        .filter(|patient| !patient.is_seen_running())
        .map(|patient| &patient.target)
        .collect();
    if unseen.len() == well.len() {
        line = line.then(
            Role::Dim,
            " (stored as wanted; nothing says what runs there)",
        );
    } else if !unseen.is_empty() {
        let names = targets(unseen.into_iter(), page.all);
        line = line.then(Role::Dim, format!(" (nothing says what runs on {names})"));
    }
    line.write(out, page.style, 0, 4)?;
    if page.all {
        for patient in well {
            let name = Line::new().then(Role::Plain, format!("{}  ", patient.target));
            case::row(name, page.style, patient).write(out, page.style, 4, 4)?;
        }
    }
    Ok(())
}

fn elsewhere(out: &mut dyn Write, page: Page<'_>, report: &DoctorReport) -> fmt::Result {
    let each = report
        .patients
        .iter()
        .filter_map(|patient| match &patient.health {
            Health::Elsewhere { machine, seen } => {
                let seen = match seen {
                    Some(seen) => super::status::seen_text(seen, page.now).1,
                    None => format!("on {machine}, never seen from here"),
                };
                Some(format!("{} ({})", patient.target, escape::terminal(&seen)))
            }
            Health::Wrong | Health::Unknown | Health::Well => None,
        });
    let each: Vec<String> = each.collect();
    if each.is_empty() {
        return Ok(());
    }
    let most = if page.all { usize::MAX } else { NAMES };
    let mut text = each
        .iter()
        .take(most)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if each.len() > most {
        text.push_str(&format!(" and {} more", each.len() - most));
    }
    let is = if each.len() == 1 { "is" } else { "are" };
    Line::new()
        .then(Role::Dim, page.style.sign("· ", ". "))
        .then(
            Role::Plain,
            format!("{} {is} elsewhere: {text}", counted(each.len(), "target")),
        )
        .write(out, page.style, 0, 4)
}

/// Every look at the set-up, also where all is well.
fn checks(out: &mut dyn Write, page: Page<'_>, checks: &[Check]) -> fmt::Result {
    if !checks.is_empty() {
        Line::new()
            .then(Role::Heading, "This machine's set-up")
            .write(out, page.style, 0, 0)?;
    }
    for check in checks {
        let (role, sign) = case::sign(&check.finding, page.style);
        let seen = match &check.finding {
            Finding::Wrong(what) | Finding::Unknown(what) => what,
            Finding::Well | Finding::NotApplicable => &check.seen,
        };
        Line::new()
            .then(role, sign)
            .then(Role::Plain, format!(" {}: ", escape::terminal(&check.what)))
            .then(Role::Plain, escape::terminal(seen))
            .write(out, page.style, 2, 4)?;
    }
    Ok(())
}

fn summary(
    out: &mut dyn Write,
    style: &Style,
    diagnosis: &Diagnosis<'_>,
    setup: &[Case],
) -> fmt::Result {
    let reports = diagnosis.reports;
    let count = |is: fn(&Health) -> bool| reports.iter().map(|one| one.count(is)).sum::<usize>();
    let total: usize = reports.iter().map(|report| report.patients.len()).sum();
    let mut parts = vec![];
    for (number, word) in [
        (count(|health| *health == Health::Wrong), "wrong"),
        (count(|health| *health == Health::Unknown), "unknown"),
        (
            count(|health| matches!(health, Health::Elsewhere { .. })),
            "elsewhere",
        ),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let well = count(|health| *health == Health::Well);
    parts.push(if parts.is_empty() {
        "all well".to_owned()
    } else {
        format!("{well} well")
    });
    let name = match reports {
        [one] => format!("{}: ", one.manifest),
        _ => String::new(),
    };
    let mut text = format!("{name}{}: {}", counted(total, "target"), parts.join(", "));
    // what concerns no target alone
    let dates = reports
        .iter()
        .flat_map(|report| &report.cases)
        .filter(|case| case.stage == Some(Stage::Expiry) && case.severity == Severity::Wrong);
    let dates = dates.count();
    if dates > 0 {
        text.push_str(&format!("; {} expired", counted(dates, "variable")));
    }
    if !setup.is_empty() {
        let problems = counted(setup.len(), "problem");
        text.push_str(&format!("; {problems} in this machine's set-up"));
    }
    let unprobed: usize = reports.iter().map(|report| report.unprobed).sum();
    if unprobed > 0 {
        let targets = counted(unprobed, "target");
        text.push_str(&format!("; probes of {targets} not asked"));
    }
    text.push('.');
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}
