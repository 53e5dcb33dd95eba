//! A parsed file: the whole text, and what its readers take from it.

use std::collections::BTreeMap;

use super::scan::{Lines, ParseError, Remark, Scan, Statement};
use super::{Dialect, compose, docker, node, portable, python, shell, systemd};
use crate::model::VarName;

/// What a file says about one variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Reading {
    /// Every reader of the dialect takes this value.
    Value(String),
    /// What a reader takes cannot be known from the file.
    Ambiguous {
        /// Line, from 1.
        line: u32,
        /// Why: lower case, no final period, no values.
        why: String,
    },
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(redacted)"),
            Self::Ambiguous { line, why } => write!(f, "Ambiguous(line {line}: {why})"),
        }
    }
}

/// A parsed file. It keeps every byte.
#[derive(Clone)]
pub struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) dialect: Dialect,
    pub(super) scan: Scan,
    readings: BTreeMap<VarName, Reading>,
}

impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            dialect, readings, ..
        } = self;
        write!(f, "Document({dialect}, {readings:?})")
    }
}

impl Dialect {
    /// Reads a file by this dialect's rule. An error means that its reader refuses the file whole.
    pub fn parse(self, text: &str) -> Result<Document<'_>, ParseError> {
        let mut scan = self.scan(text)?;
        remark_crlf(&mut scan, text);
        if text.starts_with('\u{FEFF}') && !scan.remarks.contains_key(&Remark::Bom) {
            scan.remark(Remark::Bom, 1);
        }
        let readings = scan.readings();
        Ok(Document {
            text,
            dialect: self,
            scan,
            readings,
        })
    }

    pub(super) fn scan(self, text: &str) -> Result<Scan, ParseError> {
        if let Some(at) = text.find('\0') {
            let line = Lines::new(text).number(at);
            let why = "there is a NUL character, which no reader takes";
            return Err(ParseError { line, why });
        }
        match self {
            Self::Portable => portable::scan(text),
            Self::Compose => compose::scan(text),
            Self::Docker => docker::scan(text),
            Self::Systemd => systemd::scan(text),
            Self::Shell => shell::scan(text),
            Self::Node => node::scan(text),
            Self::Python => python::scan(text),
        }
    }
}

fn remark_crlf(scan: &mut Scan, text: &str) {
    for (line, content) in (1..).zip(text.split('\n')) {
        if content.ends_with('\r') {
            scan.remark(Remark::Crlf, line);
        }
    }
}

impl Scan {
    /// By name; the last of several statements counts.
    pub(super) fn readings(&self) -> BTreeMap<VarName, Reading> {
        let mut readings: BTreeMap<&VarName, &Reading> = self
            .statements
            .iter()
            .filter_map(|statement| Some((statement.name.as_ref()?, &statement.reading)))
            .collect();
        readings.extend(&self.elsewhere);
        let owned = |(name, reading): (&VarName, &Reading)| (name.clone(), reading.clone());
        readings.into_iter().map(owned).collect()
    }

    /// The same, where the rest of the scan is not needed any more.
    pub(super) fn into_readings(self) -> BTreeMap<VarName, Reading> {
        let mut readings: BTreeMap<VarName, Reading> = self
            .statements
            .into_iter()
            .filter_map(|statement| Some((statement.name?, statement.reading)))
            .collect();
        readings.extend(self.elsewhere);
        readings
    }

    /// The last statement of each name.
    pub(super) fn last_by_name(&self) -> BTreeMap<&VarName, &Statement> {
        self.statements
            .iter()
            .filter_map(|statement| Some((statement.name.as_ref()?, statement)))
            .collect()
    }
}

impl Document<'_> {
    /// The dialect that it was read by.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What the file says about one variable; `None` if it does not have it.
    pub fn value(&self, name: &VarName) -> Option<Reading> {
        self.readings.get(name).cloned()
    }

    /// What the file says, by name.
    pub fn values(&self) -> BTreeMap<VarName, Reading> {
        self.readings.clone()
    }

    /// The same, where the rest of the document is not needed any more.
    pub fn into_values(self) -> BTreeMap<VarName, Reading> {
        self.readings
    }

    /// Findings about the file that people should see. They name lines, never what is in them,
    /// and variables.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .scan
            .remarks
            .iter()
            .filter_map(|(kind, lines)| {
                Some(format!(
                    "{}: {}",
                    name_lines(lines),
                    describe(*kind, self.dialect)?
                ))
            })
            .collect();
        let mut seen: BTreeMap<&VarName, Vec<u32>> = BTreeMap::new();
        for statement in &self.scan.statements {
            if let Some(name) = &statement.name {
                seen.entry(name).or_default().push(statement.line);
            }
        }
        for (name, lines) in seen.iter().filter(|(_, lines)| lines.len() > 1) {
            notes.push(format!(
                "{}: {name} is set more than once, the last counts",
                name_lines(lines)
            ));
        }
        notes
    }
}

fn name_lines(lines: &[u32]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = lines.iter().take(SHOWN).map(u32::to_string).collect();
    let word = if lines.len() == 1 { "line" } else { "lines" };
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{word} {}{more}", shown.join(", "))
}

/// `None` where the dialect does not mind.
fn describe(kind: Remark, dialect: Dialect) -> Option<&'static str> {
    let node = matches!(dialect, Dialect::Node | Dialect::Portable);
    Some(match kind {
        Remark::Crlf if dialect.allows_crlf() => "ends in CR LF",
        Remark::Crlf => "ends in CR LF; shells keep the CR in the value",
        Remark::Bom => {
            "a byte order mark comes before the first name; node, systemd and shells take it for a part of it"
        }
        Remark::Export if dialect.allows_export() => return None,
        Remark::Export => "`export` before the name; systemd and docker do not take it",
        Remark::NoEquals => "there is no `=`",
        Remark::BadName => "not a name of a variable",
        Remark::Command => "a shell command; what it sets is not known",
        Remark::BadLine => "not an assignment; readers skip it",
        Remark::BlankedLine if node => "a line of blanks only; node 20 misreads the name after it",
        Remark::IndentedComment if node => {
            "an indented comment; node 20 misreads the name after it"
        }
        Remark::LeadingTab if node => "a tab before the name; node 20 misreads it",
        Remark::ExportTwoBlanks if node => {
            "more than one blank after `export`; node 20 misreads the name"
        }
        Remark::BlankedLine
        | Remark::IndentedComment
        | Remark::LeadingTab
        | Remark::ExportTwoBlanks => return None,
    })
}
