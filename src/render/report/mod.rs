//! What `check` found, in the formats that CI systems read. Pure, and free of values.
//!
//! | file | for |
//! |---|---|
//! | `junit` | every CI system: one suite for each file, one case for each kind |
//! | `sarif` | code scanning, SARIF 2.1.0 |
//! | `code_quality` | GitLab's merge request widget |
//! | `annotations` | the lines of a GitHub job's log that become notes beside the code |
//! | `summary` | Markdown, for a job's summary page |
//! | `drift` | a plan as findings |

mod annotations;
mod code_quality;
mod drift;
mod identity;
mod junit;
mod place;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;

pub use annotations::render_annotations;
pub use code_quality::render_code_quality;
pub use drift::{Looked, Positions, drift_findings};
pub use junit::render_junit;
pub use place::Place;
pub use sarif::render_sarif;
pub use summary::{MAX_SUMMARY_BYTES, render_summary};

use std::collections::BTreeSet;

use super::escape;
use crate::model::{CheckKind, Finding, Severity, Unchecked};

/// The code of what is said where no identity opens a manifest.
const SEALED: &str = "sealed";

/// The files of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// In the order of the command line.
    pub files: Vec<CheckedFile>,
    /// Whether a warning fails the run.
    pub strict: bool,
}

/// One file and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// As people named it.
    pub path: String,
    /// Where it is for others than this machine.
    pub place: Place,
    /// What was asked of it.
    pub kinds: BTreeSet<CheckKind>,
    /// In any order.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

impl CheckedFile {
    /// By position, errors first in each.
    pub fn sorted(&self) -> Vec<&Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort();
        sorted
    }
}

impl Checked {
    /// Every finding with its file, the worst first, by file and position. That no identity was at
    /// hand is no finding here, unless it fails the run: what was not checked is told as such, and a
    /// note on every pull request helps nobody.
    fn worst_first(&self) -> Vec<(&CheckedFile, &Finding)> {
        let files = self.files.iter();
        let is_told =
            |one: &&Finding| self.strict || is_error(one) || one.diagnostic.code != SEALED;
        let mut all: Vec<_> = files
            .flat_map(|file| file.sorted().into_iter().map(move |one| (file, one)))
            .filter(|(_, one)| is_told(one))
            .collect();
        all.sort_by_key(|(_, one)| one.diagnostic.severity);
        all
    }

    /// How many errors and warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let all = || self.files.iter().flat_map(|file| &file.findings);
        let errors = all().filter(|one| is_error(one)).count();
        (errors, all().count() - errors)
    }
}

pub(in crate::render) fn is_error(finding: &Finding) -> bool {
    finding.diagnostic.severity == Severity::Error
}

/// The word of a severity.
pub(in crate::render) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// `LINE:COLUMN` behind a path, as far as both are known.
pub(in crate::render) fn at(finding: &Finding) -> String {
    let position = finding.diagnostic.position;
    match (position.line, position.column) {
        (0, _) => String::new(),
        (line, 0) => format!(":{line}"),
        (line, column) => format!(":{line}:{column}"),
    }
}

/// Why something was not checked, and which kinds: one entry for each reason.
pub(in crate::render) fn unchecked(file: &CheckedFile) -> Vec<(String, &str)> {
    let whys: BTreeSet<&str> = file.unchecked.iter().map(|one| one.why.as_str()).collect();
    let kinds = |why: &str| {
        let kinds: BTreeSet<CheckKind> = file
            .unchecked
            .iter()
            .filter(|one| one.why == why)
            .map(|one| one.kind)
            .collect();
        let words: Vec<&str> = kinds.into_iter().map(CheckKind::word).collect();
        words.join(", ")
    };
    whys.into_iter().map(|why| (kinds(why), why)).collect()
}

/// A text of one line for any report: what would move, hide or reorder becomes visible, and what XML
/// cannot hold at all.
fn clean(text: &str) -> String {
    let text = escape::terminal(text);
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        text.replace('\u{fffe}', "\\u{fffe}")
            .replace('\u{ffff}', "\\u{ffff}")
    } else {
        text
    }
}
