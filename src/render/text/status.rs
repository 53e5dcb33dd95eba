//! The matrix of variables × targets: wrong side first; where it does not fit the window, a list
//! by variable.

use std::fmt::{self, Write};

use jiff::Timestamp;

use super::{age, command};
use crate::reconcile::event::{Cell, Mover, Seen, StatusReport, StatusRow, StatusTarget};
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
    let names = report
        .rows
        .iter()
        .map(|row| width(row.variable.as_str()))
        .max()
        .unwrap_or(0);
    let columns: Vec<usize> = (0..report.targets.len())
        .map(|column| column_width(report, column, now))
        .collect();
    let total = names + columns.iter().map(|columns| columns + 2).sum::<usize>();
    if total <= style.width {
        table(out, style, report, now, names, &columns)?;
    } else {
        list(out, style, report, now)?;
    }
    reasons(out, style, report)?;
    not_running(out, style, report)?;
    ages(out, style, report, now)?;
    let wrong = report.rows.iter().filter(|row| is_wrong(row)).count();
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
        .map(|row| width(&word(&row.cells[column], now).1));
    cells.max().unwrap_or(0).max(heading)
}

fn word(cell: &Cell, now: Timestamp) -> (Role, String) {
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
        Cell::Elsewhere(None) => (Role::Dim, "elsewhere"),
        Cell::Elsewhere(Some(Seen { at, equal })) => {
            let word = if *equal { "equal" } else { "differs" };
            let role = if *equal { Role::Dim } else { Role::Bad };
            return (role, format!("{word}, seen {} ago", age(now, *at)));
        }
    };
    (role, text.to_owned())
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
            let (role, text) = word(cell, now);
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
            let (role, text) = word(cell, now);
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

fn summary(out: &mut dyn Write, style: &Style, report: &StatusReport, wrong: usize) -> fmt::Result {
    let cells = || report.rows.iter().flat_map(|row| &row.cells);
    let unknown = cells()
        .filter(|cell| matches!(cell, Cell::Unknown(_)))
        .count();
    let behind = report.targets.iter().filter(|one| one.behind.is_some());
    let behind = behind.count();
    let unmanaged: usize = report.targets.iter().map(|target| target.unmanaged).sum();
    let variables = counted(report.rows.len(), "variable");
    let targets = counted(report.targets.len(), "target");
    let mut text = format!("{}: {variables} on {targets}, ", report.manifest);
    text.push_str(&match wrong {
        // what nobody here can see is not "equal everywhere"
        0 if cells().any(|cell| matches!(cell, Cell::Elsewhere(None))) => {
            "equal wherever it can be seen".to_owned()
        }
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
    text.push('.');
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}
