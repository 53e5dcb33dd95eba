//! GitHub workflow commands: lines of a job's log that become notes beside the code.

use std::fmt::{self, Write};

use super::{Checked, CheckedFile, clean, is_error, severity, unchecked};
use crate::model::Finding;
use crate::render::escape::{terminal, workflow_data, workflow_property};
use crate::render::words::counted;

/// GitHub shows this many errors of one step, and as many warnings.
const SHOWN: usize = 10;

/// Writes the worst as commands, and counts the rest in a last one.
pub fn render_annotations(out: &mut dyn Write, checked: &Checked) -> fmt::Result {
    let all = checked.worst_first();
    let errors = all.iter().filter(|(_, one)| is_error(one)).take(SHOWN);
    let warnings = all.iter().filter(|(_, one)| !is_error(one)).take(SHOWN);
    let shown: Vec<_> = errors.chain(warnings).collect();
    for (file, finding) in &shown {
        annotation(out, file, finding)?;
    }
    let mut notes = vec![];
    for file in &checked.files {
        let path = clean(&file.place.text());
        for (kinds, why) in unchecked(file) {
            notes.push(format!("{path}: not checked: {kinds}: {}", clean(why)));
        }
    }
    let rest = all.len() - shown.len();
    if rest > 0 {
        let rest = counted(rest, "more finding");
        notes.push(format!("{rest}: `driftlock check` shows all"));
    }
    if notes.is_empty() {
        return Ok(());
    }
    let title = workflow_property("driftlock check");
    let text = workflow_data(&notes.join("\n"));
    writeln!(out, "::notice title={title}::{text}")
}

fn annotation(out: &mut dyn Write, file: &CheckedFile, finding: &Finding) -> fmt::Result {
    let diagnostic = &finding.diagnostic;
    let position = diagnostic.position;
    write!(out, "::{} ", severity(diagnostic.severity))?;
    write!(out, "file={}", property(&file.place.text()))?;
    if position.line > 0 {
        write!(out, ",line={}", position.line)?;
        if position.column > 0 {
            write!(out, ",col={}", position.column)?;
        }
    }
    let title = format!("driftlock {}: {}", finding.kind.word(), diagnostic.code);
    write!(out, ",title={}", workflow_property(&title))?;
    let mut text = clean(&diagnostic.message);
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\nhelp: {}", clean(help)));
    }
    writeln!(out, "::{}", workflow_data(&text))
}

/// A path as the runner gives it back: line ends too, or the file is not found. What else could move
/// or hide the text of a log is made visible.
fn property(path: &str) -> String {
    let mut out = String::new();
    for part in path.split_inclusive(['\n', '\r']) {
        let text = part.trim_end_matches(['\n', '\r']);
        out.push_str(&workflow_property(&terminal(text)));
        out.push_str(&workflow_property(&part[text.len()..]));
    }
    out
}
