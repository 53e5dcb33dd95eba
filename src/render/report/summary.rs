//! Markdown for a job's summary page.

use std::fmt::{self, Write};

use super::{Checked, CheckedFile, at, is_error, unchecked};
use crate::model::Finding;
use crate::render::escape::{markdown, markdown_code};
use crate::render::words::counted;

/// A job's summary page holds no more of one step.
pub const MAX_SUMMARY_BYTES: usize = 1024 * 1024;

/// The last line of a list that was cut needs no more.
const LAST_LINE: usize = 256;

/// Writes the counts, and each finding by file, the worst file first. Never more than `most` bytes:
/// errors come before warnings where not all fit.
pub fn render_summary(out: &mut dyn Write, checked: &Checked, most: usize) -> fmt::Result {
    let all = checked.worst_first();
    let errors = all.iter().filter(|(_, one)| is_error(one)).count();
    let warnings = all.len() - errors;
    let files = counted(checked.files.len(), "file");
    let counts = match (errors, warnings) {
        (0, 0) => format!("no problems in {files}"),
        _ => {
            let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
            format!("{errors}, {warnings} in {files}")
        }
    };
    let mut text = format!("### driftlock check: {counts}\n\n");
    let room = most.saturating_sub(LAST_LINE);
    let mut left_out = 0;
    for (file, finding) in all {
        left_out += usize::from(!push(&mut text, &line(file, finding), room));
    }
    for file in &checked.files {
        for (kinds, why) in unchecked(file) {
            let path = markdown_code(&file.place.text());
            let line = format!("- ⏭️ {path}: not checked: {kinds}: {}\n", markdown(why));
            left_out += usize::from(!push(&mut text, &line, room));
        }
    }
    if left_out > 0 {
        let rest = counted(left_out, "more line");
        text.push_str(&format!("- {rest}: `driftlock check` shows all\n"));
    }
    if text.len() > most {
        return Ok(());
    }
    out.write_str(&text)
}

/// Whether there was room for it.
fn push(text: &mut String, line: &str, room: usize) -> bool {
    let fits = text.len() + line.len() <= room;
    if fits {
        text.push_str(line);
    }
    fits
}

fn line(file: &CheckedFile, finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let sign = if is_error(finding) { "❌" } else { "⚠️" };
    let place = markdown_code(&format!("{}{}", file.place.text(), at(finding)));
    let message = markdown(&diagnostic.message);
    let code = markdown_code(diagnostic.code);
    let mut text = format!("- {sign} {place}: {message} ({code})\n");
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("  - help: {}\n", markdown(help)));
    }
    text
}
