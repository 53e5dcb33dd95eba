//! Changes the lines of some variables and no other byte, and proves it by reading the result.
//!
//! The line that is written ends as the old one did; shells keep a CR in the value, so lines of
//! `shell` and `portable` end in LF. A comment after a value stays there where the dialect knows
//! such comments and the value is not empty, else it moves to a line of its own above.

use std::collections::BTreeMap;
use std::ops::Range;

use super::document::{Document, Reading};
use super::encode::{Unrepresentable, is_safe, node_quoted};
use super::portable::READERS;
use super::scan::{Statement, bom, without_end};
use super::{Dialect, ParseError};
use crate::model::VarName;

/// One variable to set, or to delete where there is no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit<'a> {
    /// Which.
    pub name: VarName,
    /// What to set it to.
    pub value: Option<&'a str>,
}

impl std::fmt::Debug for Edit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.value.is_some() {
            "set"
        } else {
            "delete"
        };
        write!(f, "Edit({what} {})", self.name)
    }
}

/// Why a file was not rewritten. Nothing is lost: the old text stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// The dialect has no text for a value.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
    /// A variable to delete shares its line with another.
    #[error(
        "line {line} sets {name} and another variable, so {name} alone cannot be deleted there; put them on lines of their own"
    )]
    SharedLine {
        /// The variable.
        name: VarName,
        /// Line, from 1.
        line: u32,
    },
    /// The reader would not read back what would be written.
    #[error("{name} would not read back as written: {why}; mend the file by hand")]
    Misread {
        /// The variable.
        name: VarName,
        /// Why, without values.
        why: String,
    },
    /// A variable that was not to be edited would change.
    #[error(
        "the file cannot be edited without changing what is read of {name} too; mend the file by hand"
    )]
    Neighbour {
        /// The variable that would change.
        name: VarName,
    },
    /// The reader would refuse the file.
    #[error("the file cannot be edited without becoming unreadable")]
    Unreadable(#[source] ParseError),
}

type Wanted<'a> = BTreeMap<&'a VarName, Option<&'a str>>;

impl Document<'_> {
    /// The text with these variables set or deleted. Of several edits of one name the last counts;
    /// an edit that changes nothing touches nothing.
    pub fn rewrite(&self, edits: &[Edit<'_>]) -> Result<String, RewriteError> {
        let mut wanted: Wanted<'_> = edits.iter().map(|e| (&e.name, e.value)).collect();
        for (name, value) in &wanted {
            if let Some(value) = value {
                self.dialect.encode(name, value)?;
            }
        }
        wanted.retain(|name, value| !self.is_already(name, *value));
        let mut outcome = self.attempt(&wanted, 0);
        // npm dotenv can be misled by a backslash before a quote; other quotes may do
        for spelling in 1..3 {
            if self.dialect == Dialect::Node && outcome.is_err() {
                outcome = self.attempt(&wanted, spelling).or(outcome);
            }
        }
        outcome
    }

    fn is_already(&self, name: &VarName, value: Option<&str>) -> bool {
        match (self.value(name), value) {
            (None, None) => true,
            (Some(Reading::Value(is)), Some(value)) => is == value,
            _ => false,
        }
    }

    fn attempt(&self, wanted: &Wanted<'_>, spelling: usize) -> Result<String, RewriteError> {
        let mut splices = vec![];
        let mut added = vec![];
        let last = self.scan.last_by_name();
        for (&name, value) in wanted {
            match (value, last.get(name)) {
                (Some(value), Some(statement)) => {
                    let text = self.spell(name, value, spelling)?;
                    splices.push(self.updated(statement, name, &text));
                }
                (Some(value), None) => {
                    added.push(format!("{name}={}", self.spell(name, value, spelling)?));
                }
                (None, _) => self.delete(name, &mut splices)?,
            }
        }
        splices.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(self.text.len() + 64);
        let mut at = 0;
        for (range, new) in splices {
            text.push_str(&self.text[at..range.start]);
            text.push_str(&new);
            at = range.end;
        }
        text.push_str(&self.text[at..]);
        self.append(&mut text, &added);
        self.verify(&text, wanted)?;
        Ok(text)
    }

    fn spell(&self, name: &VarName, value: &str, spelling: usize) -> Result<String, RewriteError> {
        if spelling > 0 && value.contains('\\') && !is_safe(value) {
            let mut texts = node_quoted(value);
            if !texts.is_empty() {
                return Ok(texts.swap_remove(spelling.min(texts.len() - 1)));
            }
        }
        Ok(self.dialect.encode(name, value)?)
    }

    fn updated(&self, statement: &Statement, name: &VarName, text: &str) -> (Range<usize>, String) {
        if statement.shared {
            return (statement.value.clone(), text.to_owned());
        }
        let Statement {
            span, head, value, ..
        } = statement;
        let mut indent = &self.text[span.start..*head];
        if matches!(self.dialect, Dialect::Node | Dialect::Portable) && indent.contains('\t') {
            indent = ""; // node 20 would misread the name
        }
        let statement_end = span.start + without_end(&self.text[span.clone()]).len();
        let end = self.line_end(&self.text[statement_end.max(value.end)..span.end]);
        let tail = self.text.get(value.end..statement_end).unwrap_or_default();
        let comment = tail.trim();
        let comment = if comment.starts_with('#') {
            comment
        } else {
            ""
        };
        let export = self.text[*head..]
            .strip_prefix("export")
            .is_some_and(|rest| rest.starts_with([' ', '\t']) && name.as_str() != "export");
        let export = if export && self.dialect.allows_export() {
            "export "
        } else {
            ""
        };
        let line = if comment.is_empty() {
            format!("{indent}{export}{name}={text}{end}")
        } else if self.dialect.allows_inline_comment() && !text.is_empty() {
            let gap = &tail[..tail.len() - tail.trim_start().len()];
            let gap = if gap.is_empty() { " " } else { gap };
            format!("{indent}{export}{name}={text}{gap}{comment}{end}")
        } else {
            let between = if end.is_empty() { "\n" } else { end };
            format!("{indent}{comment}{between}{indent}{export}{name}={text}{end}")
        };
        (span.clone(), line)
    }

    fn line_end<'e>(&self, old: &'e str) -> &'e str {
        if self.dialect.allows_crlf() {
            old
        } else {
            old.trim_start_matches('\r')
        }
    }

    fn delete(
        &self,
        name: &VarName,
        splices: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), RewriteError> {
        let all = self.scan.statements.iter();
        for statement in all.filter(|statement| statement.name.as_ref() == Some(name)) {
            if statement.shared {
                return Err(RewriteError::SharedLine {
                    name: name.clone(),
                    line: statement.line,
                });
            }
            let start = statement.span.start.max(bom(self.text));
            splices.push((start..statement.span.end, String::new()));
        }
        Ok(())
    }

    fn append(&self, text: &mut String, added: &[String]) {
        let crlf = self.text.contains('\n')
            && self.text.matches('\n').count() == self.text.matches("\r\n").count();
        let end = if crlf && self.dialect.allows_crlf() {
            "\r\n"
        } else {
            "\n"
        };
        if !added.is_empty() && text.len() > bom(text) && !text.ends_with('\n') {
            text.push_str(end);
        }
        for line in added {
            text.push_str(line);
            text.push_str(end);
        }
    }

    /// Reads the new text as its reader would: every edit is there, and nothing else moved.
    fn verify(&self, text: &str, wanted: &Wanted<'_>) -> Result<(), RewriteError> {
        let new = self.dialect.parse(text).map_err(RewriteError::Unreadable)?;
        for (&name, value) in wanted {
            let why = match (new.value(name), value) {
                (None, None) => continue,
                (Some(Reading::Value(read)), Some(value)) if read == *value => continue,
                (Some(Reading::Ambiguous { line, why }), _) => format!("line {line}: {why}"),
                (_, Some(_)) => "what stands around it changes what is read".to_owned(),
                (_, None) => "it would still be set".to_owned(),
            };
            return Err(RewriteError::Misread {
                name: name.clone(),
                why,
            });
        }
        unchanged(&self.values(), &new.values(), wanted)?;
        if self.dialect == Dialect::Portable {
            for reader in READERS {
                if let (Ok(old), Ok(new)) = (reader.scan(self.text), reader.scan(text)) {
                    unchanged(&old.readings(), &new.readings(), wanted)?;
                }
            }
        }
        Ok(())
    }
}

fn unchanged(
    old: &BTreeMap<VarName, Reading>,
    new: &BTreeMap<VarName, Reading>,
    wanted: &Wanted<'_>,
) -> Result<(), RewriteError> {
    let same = |name: &VarName| match (old.get(name), new.get(name)) {
        (Some(Reading::Ambiguous { .. }), Some(Reading::Ambiguous { .. })) => true,
        (old, new) => old == new,
    };
    let moved = old
        .keys()
        .chain(new.keys())
        .find(|name| !wanted.contains_key(name) && !same(name));
    moved.map_or(Ok(()), |name| {
        Err(RewriteError::Neighbour { name: name.clone() })
    })
}
