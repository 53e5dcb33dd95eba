//! Problems of manifests as `file:line:column`, by position, and what was not checked.

use std::fmt::{self, Write};

use crate::model::{Diagnostic, Severity};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::report::{Checked, at, severity, unchecked};
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes every problem, and the count as the last line.
pub fn render_check(out: &mut dyn Write, style: &Style, checked: &Checked) -> fmt::Result {
    let files = &checked.files;
    for file in files {
        for one in file.sorted() {
            let place = format!("{}{}", escape::terminal(&file.path), at(one));
            diagnostic(out, style, place, &one.diagnostic)?;
        }
        for (kinds, why) in unchecked(file) {
            let why = escape::terminal(why);
            Line::new()
                .then(Role::Heading, escape::terminal(&file.path))
                .then(Role::Dim, format!(": not checked: {kinds}: {why}"))
                .write(out, style, 0, 4)?;
        }
    }
    let (errors, warnings) = checked.counts();
    let text = if errors + warnings == 0 {
        format!("{}, no problems.", counted(files.len(), "manifest"))
    } else {
        let checked = counted(files.len(), "manifest");
        let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
        format!("{errors}, {warnings} in {checked}.")
    };
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn diagnostic(out: &mut dyn Write, style: &Style, place: String, one: &Diagnostic) -> fmt::Result {
    let role = match one.severity {
        Severity::Error => Role::Bad,
        Severity::Warning => Role::Change,
    };
    let word = severity(one.severity);
    Line::new()
        .then(Role::Heading, place)
        .then(Role::Plain, ": ")
        .then(role, word)
        .then(Role::Plain, format!(": {}", escape::terminal(&one.message)))
        .then(Role::Dim, format!(" [{}]", one.code))
        .write(out, style, 0, 4)?;
    match &one.help {
        Some(help) => Line::new()
            .then(Role::Dim, format!("help: {}", escape::terminal(help)))
            .write(out, style, 4, 6),
        None => Ok(()),
    }
}
