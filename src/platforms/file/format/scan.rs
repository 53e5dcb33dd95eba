//! What the scanners of all dialects share: statements with their places, remarks, and lines.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Reading;
use crate::model::VarName;

/// A file that the dialect's reader refuses as a whole. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: u32,
    /// Why: lower case, no final period.
    pub why: &'static str,
}

/// One `NAME=value` of a file.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) line: u32,
    /// From the start of its first line to the end of its last, line end included.
    pub(super) span: Range<usize>,
    /// Where `export` or else the name begins.
    pub(super) head: usize,
    /// The raw text of the value, quotes included.
    pub(super) value: Range<usize>,
    /// `None` for a name that is none for us.
    pub(super) name: Option<VarName>,
    pub(super) reading: Reading,
    /// Another statement stands on the same line.
    pub(super) shared: bool,
}

/// What a scan found beside the statements. By kind, the lines where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remark {
    Crlf,
    Bom,
    Export,
    NoEquals,
    BadName,
    Command,
    BadLine,
    BlankedLine,
    IndentedComment,
    LeadingTab,
    ExportTwoBlanks,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    pub(super) statements: Vec<Statement>,
    pub(super) remarks: BTreeMap<Remark, Vec<u32>>,
    /// Variables that are set otherwise than by a statement.
    pub(super) elsewhere: BTreeMap<VarName, Reading>,
}

impl Scan {
    pub(super) fn remark(&mut self, kind: Remark, line: u32) {
        self.remarks.entry(kind).or_default().push(line);
    }

    /// Adds a statement; `key` and `value` are places in the text.
    pub(super) fn push(
        &mut self,
        lines: &Lines<'_>,
        head: usize,
        key: &str,
        value: Range<usize>,
        reading: Reading,
    ) {
        let name = VarName::new(key).ok();
        let line = lines.number(head);
        if name.is_none() {
            self.remark(Remark::BadName, line);
        }
        let span = lines.start(head)..lines.end(value.end);
        let mut shared = false;
        if let Some(before) = self.statements.last_mut()
            && before.span.end > span.start
        {
            before.shared = true;
            before.span.end = before.span.end.max(span.end);
            shared = true;
        }
        self.statements.push(Statement {
            line,
            span,
            head,
            value,
            name,
            reading,
            shared,
        });
    }
}

pub(super) fn ambiguous(line: u32, why: impl Into<String>) -> Reading {
    Reading::Ambiguous {
        line,
        why: why.into(),
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    pub(super) text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at) - 1
    }

    /// The number of the line that holds `at`, from 1.
    pub(super) fn number(&self, at: usize) -> u32 {
        u32::try_from(self.index(at) + 1).unwrap_or(u32::MAX)
    }

    /// Where the line that holds `at` begins.
    pub(super) fn start(&self, at: usize) -> usize {
        self.starts[self.index(at)]
    }

    /// Where the next line begins.
    pub(super) fn end(&self, at: usize) -> usize {
        let next = self.starts.get(self.index(at) + 1);
        next.copied().unwrap_or(self.text.len())
    }

    /// Where the line's text ends, before LF or CR LF.
    pub(super) fn text_end(&self, at: usize) -> usize {
        let line = &self.text[self.start(at)..self.end(at)];
        self.start(at) + without_end(line).len()
    }
}

/// A line without its LF or CR LF.
pub(super) fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// How long the byte order mark at the start of the text is: 3 or 0.
pub(super) fn bom(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') { 3 } else { 0 }
}

/// The first place from `at` on where `pattern` does not hold.
pub(super) fn skip(text: &str, at: usize, pattern: impl Fn(char) -> bool) -> usize {
    text[at..]
        .find(|c| !pattern(c))
        .map_or(text.len(), |found| at + found)
}

/// Whether bare text begins or ends with something that some readers take for a blank.
pub(super) fn has_odd_edge(text: &str) -> bool {
    let odd = |c: Option<char>| {
        c.is_some_and(|c| {
            c == '\u{FEFF}' || (c.is_whitespace() && !matches!(c, ' ' | '\t' | '\n' | '\r'))
        })
    };
    odd(text.chars().next()) || odd(text.chars().next_back())
}

/// What several scanners say about an unclosed quote.
pub(super) const UNCLOSED: &str = "a quote is opened and never closed";
/// What several scanners say about a name without `=`.
pub(super) const INHERITED: &str = "there is no `=`: the reader takes the value from elsewhere";
/// What several scanners say about `$`.
pub(super) const EXPANDS: &str =
    "the reader expands `$` there, so the value depends on where it is read";
