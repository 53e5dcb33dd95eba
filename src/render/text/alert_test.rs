//! A test of the sinks, for people.

use std::fmt::{self, Write};

use crate::reconcile::event::AlertTestReport;
use crate::render::escape;
use crate::render::layout::{Line, width};
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes a line for each sink, and the count as the last line.
pub fn render_alert_test(
    out: &mut dyn Write,
    style: &Style,
    report: &AlertTestReport,
) -> fmt::Result {
    let columns = |text: fn(&crate::reconcile::event::AlertTest) -> &str| {
        let widths = report.sinks.iter().map(|one| width(text(one)));
        widths.max().unwrap_or(0)
    };
    let (names, kinds) = (columns(|one| &one.sink), columns(|one| one.kind));
    for one in &report.sinks {
        let (role, sign, words) = match &one.outcome {
            Ok(proved) => (Role::Good, style.sign("✓", "ok"), proved),
            Err(fault) => (Role::Bad, style.sign("✗", "no"), &fault.what),
        };
        Line::new()
            .then(role, sign)
            .then(Role::Plain, format!(" {}", escape::terminal(&one.sink)))
            .pad_to(width(sign) + names + 3)
            .then(Role::Dim, one.kind)
            .pad_to(width(sign) + names + kinds + 5)
            .then(Role::Plain, escape::terminal(words))
            .write(out, style, 0, 4)?;
        if let Err(fault) = &one.outcome
            && let Some(help) = &fault.help
        {
            Line::new()
                .then(Role::Dim, "help: ")
                .then(Role::Plain, escape::terminal(help))
                .write(out, style, 4, 2)?;
        }
    }
    let total = report.sinks.len();
    let text = match report.failed() {
        0 if total == 0 => "there is no sink, so alerts go nowhere.".to_owned(),
        0 if total == 1 => "1 test arrived.".to_owned(),
        0 => format!("all {total} tests arrived."),
        failed => format!("{failed} of {} did not arrive.", counted(total, "test")),
    };
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}
