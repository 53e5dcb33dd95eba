//! Which alerts are open, for people.

use std::fmt::{self, Write};

use jiff::Timestamp;

use super::{age, command};
use crate::model::{Alert, AlertBook, AlertEvent, AlertEventKind, AlertKey};
use crate::reconcile::event::{AlertsReport, BookState};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes what is open and what is braked; with `all` also what waits, and what happened lately.
pub fn render_alerts(
    out: &mut dyn Write,
    style: &Style,
    reports: &[AlertsReport],
    all: bool,
    now: Timestamp,
) -> fmt::Result {
    let (mut open, mut muted, mut unknown) = (0, 0, 0);
    for report in reports {
        if report.has_something(all) {
            Line::new()
                .then(Role::Heading, escape::terminal(&report.manifest))
                .write(out, style, 0, 2)?;
        }
        match &report.book {
            BookState::Nothing => {}
            BookState::Unknown(why) => {
                unknown += 1;
                Line::new()
                    .then(Role::Unknown, "? unknown")
                    .then(Role::Plain, format!(": {}", escape::terminal(why)))
                    .write(out, style, 2, 2)?;
            }
            BookState::Known(book) => {
                let silent = |alert: &&Alert| book.mute_of(alert, now).is_some();
                let count = book.open.values().filter(silent).count();
                open += book.open.len() - count;
                muted += count;
                manifest(out, style, report, book, all, now)?;
            }
        }
    }
    let text = match (open, muted) {
        (0, 0) => "No alert is open".to_owned(),
        (open, 0) => format!("{} open", counted(open, "alert")),
        (open, muted) => format!("{} open, {muted} muted", counted(open, "alert")),
    };
    let unknown = match unknown {
        0 => String::new(),
        count => format!(", of {} nothing is known", counted(count, "manifest")),
    };
    Line::new()
        .then(Role::Heading, format!("{text}{unknown}."))
        .write(out, style, 0, 2)
}

impl AlertsReport {
    fn has_something(&self, all: bool) -> bool {
        match &self.book {
            BookState::Nothing => false,
            BookState::Unknown(_) => true,
            BookState::Known(book) => {
                let more = all && !(book.strikes.is_empty() && book.events.is_empty());
                !book.open.is_empty() || !self.braked.is_empty() || more
            }
        }
    }
}

fn manifest(
    out: &mut dyn Write,
    style: &Style,
    report: &AlertsReport,
    book: &AlertBook,
    all: bool,
    now: Timestamp,
) -> fmt::Result {
    let mut alerts: Vec<&Alert> = book.open.values().collect();
    alerts.sort_by_key(|alert| {
        let silent = book.mute_of(alert, now).is_some();
        (silent, !alert.urgent, alert.opened_at, &alert.key)
    });
    for alert in alerts {
        one(out, style, book, alert, now)?;
    }
    if book.left_out > 0 {
        let text = format!("and {} more than a book holds", book.left_out);
        Line::new().then(Role::Bad, text).write(out, style, 2, 2)?;
    }
    for (target, name) in &report.braked {
        Line::new()
            .then(Role::Bad, "! not healed any more")
            .then(
                Role::Plain,
                format!(": {name} on {target}, put back too often within a day"),
            )
            .write(out, style, 2, 2)?;
        command(
            out,
            style,
            4,
            &format!("driftlock alert release {name}@{target}"),
        )?;
    }
    if all {
        waiting(out, style, book, now)?;
        lately(out, style, book, now)?;
    }
    Ok(())
}

fn one(
    out: &mut dyn Write,
    style: &Style,
    book: &AlertBook,
    alert: &Alert,
    now: Timestamp,
) -> fmt::Result {
    let mute = book.mute_of(alert, now);
    let role = match (&mute, alert.urgent) {
        (Some(_), _) => Role::Dim,
        (None, true) => Role::Bad,
        (None, false) => Role::Drift,
    };
    Line::new()
        .then(
            role,
            format!("{}  {}", escape::terminal(&alert.id), alert.key.class),
        )
        .then(Role::Heading, place(&alert.key))
        .then(Role::Plain, format!(": {}", escape::terminal(&alert.what)))
        .write(out, style, 2, 4)?;
    let mut facts = format!(
        "since {} ({} ago)",
        alert.opened_at.strftime("%Y-%m-%d %H:%M UTC"),
        age(now, alert.opened_at)
    );
    if let Some(owner) = &alert.owner {
        facts.push_str(&format!("; ask {}", escape::terminal(owner)));
    }
    if let Some(who) = &alert.who {
        facts.push_str(&format!("; {}", escape::terminal(&who.words(Some(now)))));
    }
    Line::new().then(Role::Dim, facts).write(out, style, 6, 2)?;
    if let Some((since, why)) = &alert.unchecked {
        let text = format!(
            "? nobody could look since {}",
            since.strftime("%Y-%m-%d %H:%M UTC")
        );
        Line::new()
            .then(Role::Unknown, text)
            .then(Role::Plain, format!(": {}", escape::terminal(why)))
            .write(out, style, 6, 2)?;
    }
    if let Some(mute) = mute {
        let text = format!(
            "muted until {} by {}: {}",
            mute.until.strftime("%Y-%m-%d %H:%M UTC"),
            escape::terminal(&mute.by),
            escape::terminal(&mute.reason)
        );
        return Line::new().then(Role::Dim, text).write(out, style, 6, 2);
    }
    match alert.next.first() {
        Some(next) => command(out, style, 6, next),
        None => Ok(()),
    }
}

/// ` A on api`, with a gap before it.
fn place(key: &AlertKey) -> String {
    match (&key.variable, &key.target) {
        (Some(name), Some(target)) => format!("  {name} on {target}"),
        (Some(name), None) => format!("  {name}"),
        (None, Some(target)) => format!("  {target}"),
        (None, None) => String::new(),
    }
}

fn waiting(out: &mut dyn Write, style: &Style, book: &AlertBook, now: Timestamp) -> fmt::Result {
    for (key, strike) in &book.strikes {
        let text = format!("not told yet: {}{}, ", key.class, place(key));
        let since = format!("for {}", age(now, strike.since));
        Line::new()
            .then(Role::Dim, format!("{text}{since}"))
            .write(out, style, 2, 2)?;
    }
    Ok(())
}

fn lately(out: &mut dyn Write, style: &Style, book: &AlertBook, now: Timestamp) -> fmt::Result {
    let shown = book.events.len().saturating_sub(AlertBook::KEPT_EVENTS);
    for event in &book.events[shown..] {
        Line::new()
            .then(Role::Dim, happened(event, now))
            .write(out, style, 2, 2)?;
    }
    Ok(())
}

fn happened(event: &AlertEvent, now: Timestamp) -> String {
    let kind = match event.kind {
        AlertEventKind::Opened => "opened",
        AlertEventKind::Changed => "changed",
        AlertEventKind::Reminder => "told again",
        AlertEventKind::Resolved => "over",
        AlertEventKind::CouldNotCheck => "could not be checked",
    };
    let key = &event.alert.key;
    let id = escape::terminal(&event.alert.id);
    format!(
        "{} ago, {id}  {}{}: {kind}",
        age(now, event.at),
        key.class,
        place(key)
    )
}
