//! The matrix of variables × targets: wrong side first; where it does not fit the window, a list
//! by variable.

use std::fmt::{self, Write};

use jiff::Timestamp;

use super::expiry::expiry;
use super::{age, command, names};
use crate::reconcile::event::{
    Cell, Freshness, Mover, OpenAlerts, Seen, SeenTarget, Sight, Source, StatusReport, StatusRow,
    StatusTarget, Then,
};
use crate::render::escape;
use crate::render::layout::{Line, width};
use crate::render::style::{Invocation, Role, Style};
use crate::render::words::{self, counted};

/// Writes the matrix, its last line the summary.
pub fn render_status(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    report: &StatusReport,
    now: Timestamp,
) -> fmt::Result {
    let longest = report
        .rows
        .iter()
        .map(|row| width(row.variable.as_str()))
        .max()
        .unwrap_or(0);
    let columns: Vec<usize> = (0..report.targets.len())
        .map(|column| column_width(report, column, now))
        .collect();
    let total = longest + columns.iter().map(|columns| columns + 2).sum::<usize>();
    if total <= style.width {
        table(out, style, report, now, longest, &columns)?;
    } else {
        list(out, style, report, now)?;
    }
    reasons(out, style, report)?;
    elsewhere(out, style, report, now)?;
    not_running(out, style, report)?;
    expiry(out, style, call, &report.expiry)?;
    ages(out, style, report, now)?;
    let wrong = report.rows.iter().filter(|row| is_wrong(row)).count();
    if report.alerts.is_some_and(|alerts| alerts.open > 0) {
        command(out, style, 0, &call.command("alert list", &[]))?;
    }
    if wrong > 0 {
        command(out, style, 0, &call.command("plan", &[]))?;
    }
    summary(out, style, report, wrong)
}

fn is_wrong(row: &StatusRow) -> bool {
    row.cells.iter().any(Cell::is_wrong)
}

fn column_width(report: &StatusReport, column: usize, now: Timestamp) -> usize {
    let heading = width(report.targets[column].name.as_str());
    let cells = report
        .rows
        .iter()
        .map(|row| width(&word(&row.cells[column], report.source, now).1));
    cells.max().unwrap_or(0).max(heading)
}

fn word(cell: &Cell, source: Source, now: Timestamp) -> (Role, String) {
    let (role, text) = match cell {
        Cell::Equal => (Role::Good, "equal"),
        Cell::Differs {
            who: Mover::Desired,
        } => (Role::Change, "to change"),
        Cell::Differs { who: Mover::Live } => (Role::Drift, "drift"),
        Cell::Differs { who: Mover::Both } => (Role::Bad, "conflict"),
        Cell::Missing => (Role::Bad, "missing"),
        Cell::Leftover => (Role::Change, "left over"),
        Cell::Unknown(_) => (Role::Unknown, "unknown"),
        Cell::NotUsed => (Role::Dim, "-"),
        Cell::Elsewhere(None) if source == Source::Journal => (Role::Unknown, "unknown"),
        Cell::Elsewhere(None) => (Role::Dim, "elsewhere"),
        Cell::Elsewhere(Some(seen)) if source == Source::Journal => kept_word(seen),
        Cell::Elsewhere(Some(seen)) => return seen_word(seen, now),
    };
    (role, text.to_owned())
}

/// How old it is stands once for each target, below.
const fn kept_word(seen: &Seen) -> (Role, &'static str) {
    match (seen.freshness, seen.then) {
        (Freshness::Future | Freshness::Stale, _) => (Role::Unknown, "unknown"),
        (Freshness::Young, Then::InSync) => (Role::Good, "equal"),
        (Freshness::Young, then) => then_word(then),
    }
}

fn seen_word(seen: &Seen, now: Timestamp) -> (Role, String) {
    let ago = age(now, seen.at);
    match seen.freshness {
        Freshness::Future => (Role::Unknown, "unknown, clocks differ".to_owned()),
        Freshness::Stale => (Role::Unknown, format!("unknown, seen {ago} ago")),
        Freshness::Young => {
            let (role, word) = then_word(seen.then);
            (role, format!("{word}, seen {ago} ago"))
        }
    }
}

const fn then_word(then: Then) -> (Role, &'static str) {
    match then {
        Then::InSync => (Role::Dim, "equal"),
        Then::DesiredMoved => (Role::Change, "to change"),
        Then::Differed => (Role::Bad, "differs"),
        Then::Missing => (Role::Bad, "missing"),
        Then::Leftover => (Role::Change, "left over"),
        Then::Unknown => (Role::Unknown, "unknown"),
        Then::Incomparable => (Role::Unknown, "not comparable"),
    }
}

/// What another machine last saw of its target, in one line.
pub(super) fn seen_line(
    out: &mut dyn Write,
    style: &Style,
    target: &str,
    seen: &SeenTarget,
    now: Timestamp,
) -> fmt::Result {
    line_of(out, style, target, "  elsewhere: ", seen, now)
}

fn line_of(
    out: &mut dyn Write,
    style: &Style,
    target: &str,
    label: &str,
    seen: &SeenTarget,
    now: Timestamp,
) -> fmt::Result {
    let (role, text) = seen_text(seen, now);
    Line::new()
        .then(Role::Heading, target)
        .then(Role::Dim, label)
        .then(role, escape::terminal(&text))
        .write(out, style, 0, 4)
}

pub(super) fn seen_text(seen: &SeenTarget, now: Timestamp) -> (Role, String) {
    let by = match &seen.machine {
        Some(machine) => format!(" by {machine}"),
        None => String::new(),
    };
    match seen.sight {
        Sight::Never => (Role::Unknown, format!("unknown, never seen{by}")),
        Sight::OtherKey => (
            Role::Unknown,
            format!("seen{by} under another key, cannot be compared"),
        ),
        Sight::Seen {
            at,
            freshness,
            readable,
        } => {
            let ago = age(now, at);
            match freshness {
                Freshness::Future => {
                    let ahead = age(at, now);
                    let text = format!(
                        "unknown, seen {ahead} in the future{by}: one of the two clocks is wrong"
                    );
                    (Role::Unknown, text)
                }
                Freshness::Stale => {
                    let text = format!("unknown, last seen {ago} ago{by}, which is too long");
                    (Role::Unknown, text)
                }
                Freshness::Young if !readable => {
                    let text = format!("unknown, could not be read {ago} ago{by}");
                    (Role::Unknown, text)
                }
                Freshness::Young => {
                    let (role, text) = differences(seen);
                    (role, format!("{text}, seen {ago} ago{by}"))
                }
            }
        }
    }
}

fn differences(seen: &SeenTarget) -> (Role, String) {
    const WORDS: [(Then, Role, &str); 6] = [
        (Then::Differed, Role::Bad, "differed then"),
        (Then::Missing, Role::Bad, "missing then"),
        (Then::Unknown, Role::Unknown, "unknown then"),
        (
            Then::Incomparable,
            Role::Unknown,
            "seen, cannot be compared",
        ),
        (
            Then::DesiredMoved,
            Role::Change,
            "differs: desired moved since it was seen",
        ),
        (Then::Leftover, Role::Change, "left over then"),
    ];
    let mut found = (Role::Dim, Vec::new());
    for (then, role, word) in WORDS {
        let of_it = seen.vars.iter().filter(|(_, one)| **one == then);
        let of_it: Vec<_> = of_it.map(|(name, _)| name.clone()).collect();
        if !of_it.is_empty() {
            if found.1.is_empty() {
                found.0 = role;
            }
            found.1.push(format!("{word} ({})", names(&of_it, 5)));
        }
    }
    if found.1.is_empty() {
        return (Role::Dim, "in sync".to_owned());
    }
    (found.0, found.1.join("; "))
}

fn elsewhere(
    out: &mut dyn Write,
    style: &Style,
    report: &StatusReport,
    now: Timestamp,
) -> fmt::Result {
    let label = match report.source {
        Source::Platforms => "  elsewhere: ",
        Source::Journal => "  ",
    };
    for target in &report.targets {
        if let Some(seen) = &target.seen {
            line_of(out, style, target.name.as_str(), label, seen, now)?;
        }
    }
    Ok(())
}

fn table(
    out: &mut dyn Write,
    style: &Style,
    report: &StatusReport,
    now: Timestamp,
    names: usize,
    columns: &[usize],
) -> fmt::Result {
    if report.rows.is_empty() {
        return Ok(());
    }
    let mut heading = Line::new();
    let mut column = names + 2;
    for (target, columns) in report.targets.iter().zip(columns) {
        heading = heading
            .pad_to(column)
            .then(Role::Heading, target.name.as_str());
        column += columns + 2;
    }
    heading.write(out, style, 0, 0)?;
    for row in &report.rows {
        let role = if is_wrong(row) {
            Role::Heading
        } else {
            Role::Plain
        };
        let mut line = Line::new().then(role, row.variable.as_str());
        let mut column = names + 2;
        for (cell, columns) in row.cells.iter().zip(columns) {
            let (role, text) = word(cell, report.source, now);
            line = line.pad_to(column).then(role, text);
            column += columns + 2;
        }
        line.write(out, style, 0, 2)?;
    }
    Ok(())
}

/// A line for each variable: cells that are alike stand together.
fn list(out: &mut dyn Write, style: &Style, report: &StatusReport, now: Timestamp) -> fmt::Result {
    for row in &report.rows {
        Line::new()
            .then(Role::Heading, row.variable.as_str())
            .write(out, style, 0, 2)?;
        let mut groups: Vec<(u8, Role, String, Vec<&str>)> = Vec::new();
        for (cell, target) in row.cells.iter().zip(&report.targets) {
            if *cell == Cell::NotUsed {
                continue;
            }
            let (role, text) = word(cell, report.source, now);
            match groups.iter_mut().find(|group| group.2 == text) {
                Some(group) => group.3.push(target.name.as_str()),
                None => groups.push((cell.rank(), role, text, vec![target.name.as_str()])),
            }
        }
        groups.sort_by_key(|group| group.0);
        for (_, role, text, targets) in groups {
            Line::new()
                .then(role, text)
                .then(Role::Plain, format!(": {}", targets.join(", ")))
                .write(out, style, 2, 2)?;
        }
    }
    Ok(())
}

/// Why something is unknown, once for each target and reason.
fn reasons(out: &mut dyn Write, style: &Style, report: &StatusReport) -> fmt::Result {
    for (column, target) in report.targets.iter().enumerate() {
        let mut seen: Vec<&str> = Vec::new();
        for row in &report.rows {
            if let Cell::Unknown(why) = &row.cells[column]
                && !why.is_empty()
                && !seen.contains(&why.as_str())
            {
                seen.push(why);
                Line::new()
                    .then(Role::Unknown, format!("? {}", target.name))
                    .then(Role::Plain, format!(": {}", escape::terminal(why)))
                    .write(out, style, 0, 4)?;
            }
        }
    }
    Ok(())
}

/// Equal in the store is not equal in the process.
fn not_running(out: &mut dyn Write, style: &Style, report: &StatusReport) -> fmt::Result {
    for target in &report.targets {
        if let Some(behind) = &target.behind {
            Line::new()
                .then(
                    Role::Drift,
                    format!("! {}, stored but not running", target.name),
                )
                .then(Role::Plain, format!(": {}", words::not_running(behind)))
                .write(out, style, 0, 4)?;
        }
    }
    Ok(())
}

fn ages(out: &mut dyn Write, style: &Style, report: &StatusReport, now: Timestamp) -> fmt::Result {
    let mut parts: Vec<String> = Vec::new();
    let named = |target: &StatusTarget| match target.applied_at {
        Some(at) => format!("{} {} ago", target.name, age(now, at)),
        None => format!("{} never", target.name),
    };
    parts.extend(report.targets.iter().map(named));
    if parts.is_empty() {
        return Ok(());
    }
    Line::new()
        .then(Role::Dim, format!("last applied: {}", parts.join(", ")))
        .write(out, style, 0, 2)
}

/// Another machine's, and nothing that counts is known of it.
fn not_seen(cell: &Cell) -> bool {
    match cell {
        Cell::Elsewhere(None) => true,
        Cell::Elsewhere(Some(seen)) => seen.freshness != Freshness::Young || seen.then.is_unknown(),
        _ => false,
    }
}

fn summary(out: &mut dyn Write, style: &Style, report: &StatusReport, wrong: usize) -> fmt::Result {
    let cells = || report.rows.iter().flat_map(|row| &row.cells);
    let unknown = cells()
        .filter(|cell| matches!(cell, Cell::Unknown(_)))
        .count();
    let behind = report.targets.iter().filter(|one| one.behind.is_some());
    let behind = behind.count();
    let unmanaged = report.targets.iter().filter_map(|target| target.unmanaged);
    let unmanaged: usize = unmanaged.sum();
    let variables = counted(report.rows.len(), "variable");
    let targets = counted(report.targets.len(), "target");
    let mut text = format!("{}: {variables} on {targets}, ", report.manifest);
    text.push_str(&match wrong {
        // what nobody here can see is not "equal everywhere"
        0 if cells().any(not_seen) => match report.source {
            Source::Platforms => "equal wherever it can be seen".to_owned(),
            Source::Journal => "equal wherever it was seen lately".to_owned(),
        },
        0 => "equal everywhere".to_owned(),
        count => format!("{count} not as wanted"),
    });
    if unknown > 0 {
        text.push_str(&format!(", {unknown} unknown"));
    }
    if behind > 0 {
        let targets = counted(behind, "target");
        text.push_str(&format!(", stored but not running on {targets}"));
    }
    if unmanaged > 0 {
        text.push_str(&format!(", {unmanaged} unmanaged"));
    }
    for (past, word) in [(true, "past"), (false, "near")] {
        let dates = report.expiry.iter().filter(|one| one.past == past).count();
        if dates > 0 {
            text.push_str(&format!(", {} {word}", counted(dates, "date")));
        }
    }
    if let Some(alerts) = report.alerts {
        text.push_str(&alerts_text(alerts));
    }
    text.push('.');
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn alerts_text(alerts: OpenAlerts) -> String {
    let mut text = format!(", {} open", counted(alerts.open, "alert"));
    if alerts.urgent > 0 {
        text.push_str(&format!(" ({} urgent)", alerts.urgent));
    }
    if alerts.muted > 0 {
        text.push_str(&format!(", {} muted", alerts.muted));
    }
    text
}
