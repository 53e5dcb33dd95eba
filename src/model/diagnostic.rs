//! A problem in a file that somebody wrote.

use serde::Serialize;

/// A place in a text: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Position {
    /// Line, from 1; 0 where the whole file is meant.
    pub line: u32,
    /// Column, from 1, in characters; 0 where the whole file is meant.
    pub column: u32,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is done with this file until it is mended.
    Error,
    /// Worth a look; nothing is held up.
    Warning,
}

/// One problem of a manifest. Its texts never hold a value of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// Where in the file.
    pub position: Position,
    /// How much it matters.
    pub severity: Severity,
    /// A stable word for scripts, kebab-case, for example `unknown-key`.
    pub code: &'static str,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}
