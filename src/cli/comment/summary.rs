//! The summary of a job of GitHub Actions: a file that the runner shows.

use std::fs::OpenOptions;
use std::io::{self, Write};

use crate::cli::context::Context;
use crate::forge::Text;

/// A longer one is not shown at all. Source: docs.github.com, "Workflow commands", job summaries.
const MOST: u64 = 1024 * 1024;

/// Appends the text. False where there is no summary.
///
/// # Errors
/// When it cannot be written, or would not be shown.
pub(super) fn append(text: &Text, context: &Context) -> Result<bool, io::ErrorKind> {
    let Some(path) = context.path("GITHUB_STEP_SUMMARY") else {
        return Ok(false);
    };
    let path = context.absolute(&path);
    // others may have left an open line
    let text = format!("\n\n{}\n", text.body());
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|error| error.kind())?;
    let there = file.metadata().map_err(|error| error.kind())?.len();
    if there + text.len() as u64 > MOST {
        return Err(io::ErrorKind::FileTooLarge);
    }
    file.write_all(text.as_bytes())
        .map_err(|error| error.kind())?;
    Ok(true)
}
