//! A value as the text after `NAME=`, or why a dialect has none for it.

use std::fmt;

use super::Dialect;
use crate::model::VarName;

/// Linux passes no variable longer than this to a process, name and `=` and the final NUL included.
const LONGEST_ENTRY: usize = 128 * 1024;
/// The docker client's line buffer.
const LONGEST_DOCKER_LINE: usize = 65_535;

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// A NUL.
    Nul,
    /// Longer than a process can be given.
    TooLong,
    /// Longer than the docker client's line buffer.
    LongLine,
    /// A carriage return.
    CarriageReturn,
    /// A newline.
    Newline,
    /// A noncharacter of Unicode.
    Noncharacter,
    /// `${`.
    DollarBrace,
    /// A single quote beside a double quote, `$`, backtick or backslash.
    MixedQuotes,
    /// Two backslashes in a row, or one at the end.
    Backslashes,
    /// Quotes of all kinds.
    AllQuotes,
}

impl Obstacle {
    /// What it is, and who misreads it.
    const fn describe(self, dialect: Dialect) -> (&'static str, &'static str) {
        match self {
            Self::Nul => ("a NUL character", "no process can be given one"),
            Self::TooLong => (
                "more than 128 KiB",
                "Linux passes no longer variable to a process",
            ),
            Self::LongLine => ("a line over 65,535 bytes", "docker refuses the whole file"),
            Self::CarriageReturn => (
                "a carriage return",
                match dialect {
                    Dialect::Docker => "docker drops it at the end of a line",
                    Dialect::Node => "dotenv and node turn it into a newline",
                    _ => "dotenv, node and python-dotenv turn it into a newline",
                },
            ),
            Self::Newline => ("a newline", "docker ends the value there"),
            Self::Noncharacter => (
                "a Unicode noncharacter",
                "systemd does not start a unit with one",
            ),
            Self::DollarBrace => ("`${`", "python-dotenv expands it in every kind of quotes"),
            Self::MixedQuotes => (
                "a single quote together with a double quote, `$`, a backtick or a backslash",
                "readers share no escape for that: dotenv, node, python-dotenv, systemd and shells differ",
            ),
            Self::Backslashes => (
                "two backslashes in a row or one at the end",
                "python-dotenv, compose and dotenvy read them as escapes",
            ),
            Self::AllQuotes => (
                "single quotes, backticks, and double quotes (or a literal `\\n` or `\\r`) in one value",
                "dotenv and node know no escape for quotes",
            ),
        }
    }
}

/// A value that a dialect has no text for. Says what is in the way, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrepresentable {
    /// The variable.
    pub name: VarName,
    /// The dialect.
    pub dialect: Dialect,
    /// What is in the way.
    pub obstacle: Obstacle,
    /// The dialects that have a text for it.
    pub alternatives: Vec<Dialect>,
}

impl std::error::Error for Unrepresentable {}

impl fmt::Display for Unrepresentable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, why) = self.obstacle.describe(self.dialect);
        write!(
            f,
            "the value of {} has {what}, which format {} cannot hold ({why})",
            self.name, self.dialect
        )?;
        if self.alternatives.is_empty() {
            return f.write_str("; no other format can: store it encoded, or in a file of its own");
        }
        let names: Vec<_> = self.alternatives.iter().map(|d| d.name()).collect();
        write!(
            f,
            "; if only that reader reads the file, name its format: {}",
            names.join(", ")
        )
    }
}

impl Dialect {
    /// The text after `NAME=`.
    pub fn encode(self, name: &VarName, value: &str) -> Result<String, Unrepresentable> {
        self.text_of(name, value)
            .map_err(|obstacle| Unrepresentable {
                name: name.clone(),
                dialect: self,
                obstacle,
                alternatives: Self::ALL
                    .into_iter()
                    .filter(|other| other.text_of(name, value).is_ok())
                    .collect(),
            })
    }

    fn text_of(self, name: &VarName, value: &str) -> Result<String, Obstacle> {
        if value.contains('\0') {
            return Err(Obstacle::Nul);
        }
        if name.as_str().len() + value.len() + 2 > LONGEST_ENTRY {
            return Err(Obstacle::TooLong);
        }
        if self == Self::Docker {
            return docker(name, value);
        }
        let fits_systemd = !value.chars().any(is_noncharacter);
        if matches!(self, Self::Systemd | Self::Portable) && !fits_systemd {
            return Err(Obstacle::Noncharacter);
        }
        if value.is_empty() || is_safe(value) {
            return Ok(value.to_owned());
        }
        match self {
            Self::Portable => portable(value),
            Self::Systemd => Ok(escaped(value, &['\\', '"', '$', '`'])),
            Self::Shell => Ok(format!("'{}'", value.replace('\'', r"'\''"))),
            Self::Compose => Ok(escaped(value, &['\\', '"', '$'])),
            Self::Node => node(value),
            Self::Python => python(value),
            Self::Docker => docker(name, value),
        }
    }
}

/// Whether every reader takes the bare text for the value. `:=` is out because zsh puts a command's
/// path in place of the word after it.
pub(super) fn is_safe(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,-".contains(&byte);
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|&first| plain(first))
        && bytes.iter().all(|&byte| plain(byte) || byte == b'=')
        && !value.contains(":=")
}

/// The code points that Unicode promises never to assign.
pub(super) fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

fn portable(value: &str) -> Result<String, Obstacle> {
    if value.contains('\r') {
        return Err(Obstacle::CarriageReturn);
    }
    if value.contains("${") {
        // double quotes cannot hold a `$` either
        return Err(Obstacle::DollarBrace);
    }
    let backslashes = value.contains(r"\\") || value.ends_with('\\');
    if !value.contains('\'') && !backslashes {
        return Ok(format!("'{value}'"));
    }
    if !value.contains(['"', '$', '`', '\\']) {
        return Ok(format!("\"{value}\""));
    }
    Err(if value.contains('\'') {
        Obstacle::MixedQuotes
    } else {
        Obstacle::Backslashes
    })
}

fn docker(name: &VarName, value: &str) -> Result<String, Obstacle> {
    if value.contains('\n') {
        Err(Obstacle::Newline)
    } else if value.ends_with('\r') {
        Err(Obstacle::CarriageReturn)
    } else if name.as_str().len() + 1 + value.len() > LONGEST_DOCKER_LINE {
        Err(Obstacle::LongLine)
    } else {
        Ok(value.to_owned())
    }
}

fn node(value: &str) -> Result<String, Obstacle> {
    if value.contains('\r') {
        return Err(Obstacle::CarriageReturn);
    }
    node_quoted(value)
        .into_iter()
        .next()
        .ok_or(Obstacle::AllQuotes)
}

/// Every quoted text for a value, the preferred one first. In a file with other values the first
/// may not do: see the node scanner on `\'`.
pub(super) fn node_quoted(value: &str) -> Vec<String> {
    let mut texts = vec![];
    if !value.contains('\'') {
        texts.push(format!("'{value}'"));
    }
    if !value.contains('`') {
        texts.push(format!("`{value}`"));
    }
    if !value.contains('"') && !value.contains(r"\n") && !value.contains(r"\r") {
        texts.push(format!("\"{value}\""));
    }
    texts
}

fn python(value: &str) -> Result<String, Obstacle> {
    if value.contains("${") {
        return Err(Obstacle::DollarBrace);
    }
    let text = escaped(value, &['\\', '"']);
    Ok(text.replace('\n', r"\n").replace('\r', r"\r"))
}

fn escaped(value: &str, special: &[char]) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        if special.contains(&c) {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}
