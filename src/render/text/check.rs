//! Problems of manifests as `file:line:column`, worst first in each file, by position.

use std::fmt::{self, Write};

use crate::model::{Diagnostic, Severity};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// One manifest and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct CheckedFile<'a> {
    /// As given on the command line.
    pub path: &'a str,
    /// In any order.
    pub diagnostics: &'a [Diagnostic],
}

/// Writes every problem, and the count as the last line.
pub fn render_check(out: &mut dyn Write, style: &Style, files: &[CheckedFile<'_>]) -> fmt::Result {
    let (mut errors, mut warnings) = (0, 0);
    for file in files {
        let mut sorted: Vec<&Diagnostic> = file.diagnostics.iter().collect();
        sorted.sort();
        for one in sorted {
            match one.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            diagnostic(out, style, file.path, one)?;
        }
    }
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

fn diagnostic(out: &mut dyn Write, style: &Style, path: &str, one: &Diagnostic) -> fmt::Result {
    let place = match (one.position.line, one.position.column) {
        (0, _) => escape::terminal(path),
        (line, 0) => format!("{}:{line}", escape::terminal(path)),
        (line, column) => format!("{}:{line}:{column}", escape::terminal(path)),
    };
    let (role, word) = match one.severity {
        Severity::Error => (Role::Bad, "error"),
        Severity::Warning => (Role::Change, "warning"),
    };
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
