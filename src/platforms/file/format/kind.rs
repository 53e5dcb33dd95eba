//! One interface over the formats of a file: dotenv dialects, property lists, JSON.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::json::{self, Flavour};
use super::{Dialect, Document, Edit, ParseError, Reading, RewriteError, plist};
use crate::model::{KeyPath, VarName};

/// How a file is written, and where in it the variables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Lines of `NAME=value`.
    Dotenv(Dialect),
    /// The `EnvironmentVariables` of a launchd property list.
    Launchd,
    /// The members of one object of a JSON or JSON5 file.
    Json {
        /// Which of the two.
        flavour: Flavour,
        /// The object; `None` for the outermost one.
        at: Option<KeyPath>,
    },
}

/// A format that is not known, or a place where a format has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// No format has this name.
    #[error(
        "format must be one of portable, compose, docker, systemd, shell, node, python, launchd, json, json5"
    )]
    Name,
    /// A place inside a file that does not nest.
    #[error("only the formats json and json5 take `at`")]
    At,
}

/// Why a file could not be read in its format. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its reader would refuse it, or could read it in two ways.
    #[error(transparent)]
    Line(#[from] ParseError),
    /// The same, where lines do not count.
    #[error("{0}")]
    Whole(&'static str),
    /// The object is not where it should be.
    #[error(transparent)]
    Path(#[from] json::PathError),
    /// Bytes that are not text.
    #[error("it is not UTF-8 text (first bad byte: {at})")]
    NotText {
        /// Which byte, from 1.
        at: usize,
    },
    /// A file of this format cannot be made from nothing.
    #[error(
        "it does not exist, and a property list of only variables is no agent: write it first, with its Label"
    )]
    Absent,
}

/// Why a file was not rewritten. Nothing is lost: the old text stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// A dotenv file.
    #[error(transparent)]
    Dotenv(#[from] RewriteError),
    /// The format has no text for a value.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// What stands there is not one text.
    #[error("{name} {why}; it is not replaced, mend the file by hand")]
    NotReplaced {
        /// The variable.
        name: VarName,
        /// Line and reason.
        why: String,
    },
    /// The object to put it into is not one.
    #[error(transparent)]
    Path(#[from] json::PathError),
    /// The last net.
    #[error("the new text would not read back as wanted; mend the file by hand")]
    Misread,
}

/// A value that a property list or JSON file cannot hold for a process. Never quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of {name} has {}, and {}", obstacle.0, obstacle.1)]
pub struct Unfit {
    name: VarName,
    /// What it is, and whom it stops.
    obstacle: (&'static str, &'static str),
}

impl Unfit {
    pub(super) fn new(name: &VarName, what: &'static str, why: &'static str) -> Self {
        Self {
            name: name.clone(),
            obstacle: (what, why),
        }
    }

    /// What no process can be given, whatever the file.
    pub(super) fn check(name: &VarName, value: &str) -> Result<(), Self> {
        if value.contains('\0') {
            return Err(Self::new(
                name,
                "a NUL character",
                "no process can be given one",
            ));
        }
        if name.as_str().len() + value.len() + 2 > LONGEST_ENTRY {
            return Err(Self::new(
                name,
                "more than 128 KiB",
                "Linux passes no longer variable to a process",
            ));
        }
        Ok(())
    }
}

/// Linux's limit for name, `=`, value and a final NUL.
const LONGEST_ENTRY: usize = 128 * 1024;

impl Format {
    /// The names that are not a [`Dialect`]'s.
    pub const NESTED: [&str; 3] = ["launchd", "json", "json5"];

    /// By its name in a manifest, and the place in the file that the manifest names.
    pub fn new(name: &str, at: Option<&KeyPath>) -> Result<Self, UnknownFormat> {
        let flat = |format| match at {
            None => Ok(format),
            Some(_) => Err(UnknownFormat::At),
        };
        let json = |flavour| Self::Json {
            flavour,
            at: at.cloned(),
        };
        match name {
            "launchd" => flat(Self::Launchd),
            "json" => Ok(json(Flavour::Json)),
            "json5" => Ok(json(Flavour::Json5)),
            _ => flat(Self::Dotenv(name.parse().map_err(|_| UnknownFormat::Name)?)),
        }
    }

    /// Its name in a manifest.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Dotenv(dialect) => dialect.name(),
            Self::Launchd => "launchd",
            Self::Json { flavour, .. } => flavour.name(),
        }
    }

    /// Whether a file can hold this value, with the reason if not.
    pub fn accepts(&self, name: &VarName, value: &str) -> Result<(), String> {
        let fits = match self {
            Self::Dotenv(dialect) => {
                return dialect
                    .encode(name, value)
                    .map(|text| drop(Zeroizing::new(text)))
                    .map_err(|obstacle| obstacle.to_string());
            }
            Self::Launchd => plist::check(name, value),
            Self::Json { .. } => Unfit::check(name, value),
        };
        fits.map_err(|unfit| unfit.to_string())
    }

    /// Reads a file; `None` if there is none.
    pub fn open<'a>(&self, content: Option<&'a [u8]>) -> Result<Opened<'a>, OpenError> {
        let bytes = content.unwrap_or_default();
        Ok(match self {
            Self::Dotenv(dialect) => Opened::Dotenv(dialect.parse(text(bytes)?)?),
            Self::Launchd if content.is_none() => return Err(OpenError::Absent),
            Self::Launchd => Opened::Launchd(plist::Agent::parse(bytes)?),
            Self::Json { flavour, at } => {
                let text = content.map_or(Ok(NEW_JSON), text)?;
                Opened::Json(json::Variables::parse(text, *flavour, at.clone())?)
            }
        })
    }
}

/// What a JSON file that does not exist yet begins as.
const NEW_JSON: &str = "{\n}\n";

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, OpenError> {
    std::str::from_utf8(bytes).map_err(|error| OpenError::NotText {
        at: error.valid_up_to() + 1,
    })
}

/// A file that was read. It keeps every byte.
#[derive(Debug, Clone)]
pub enum Opened<'a> {
    /// Lines of `NAME=value`.
    Dotenv(Document<'a>),
    /// A property list.
    Launchd(plist::Agent<'a>),
    /// A JSON or JSON5 file.
    Json(json::Variables<'a>),
}

impl Opened<'_> {
    /// What the file says, by name.
    pub fn values(&self) -> BTreeMap<VarName, Reading> {
        match self {
            Self::Dotenv(document) => document.values(),
            Self::Launchd(agent) => agent.values(),
            Self::Json(variables) => variables.values(),
        }
    }

    /// The same, where the rest is not needed any more.
    pub fn into_values(self) -> BTreeMap<VarName, Reading> {
        match self {
            Self::Dotenv(document) => document.into_values(),
            Self::Launchd(agent) => agent.values(),
            Self::Json(variables) => variables.values(),
        }
    }

    /// Findings about the file that people should see. They never say what is in it.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Dotenv(document) => document.notes(),
            Self::Launchd(agent) => agent.notes(),
            Self::Json(variables) => variables.notes(),
        }
    }

    /// The file with these variables set or deleted, and nothing else changed.
    pub fn rewrite(&self, edits: &[Edit<'_>]) -> Result<Zeroizing<Vec<u8>>, EditError> {
        Ok(Zeroizing::new(match self {
            Self::Dotenv(document) => document.rewrite(edits)?.into_bytes(),
            Self::Launchd(agent) => agent.rewrite(edits)?,
            Self::Json(variables) => variables.rewrite(edits)?.into_bytes(),
        }))
    }
}

/// Of several edits of one name the last counts; those that change nothing are left out.
pub(super) fn wanted<'e>(
    edits: &'e [Edit<'_>],
    is: &BTreeMap<VarName, Reading>,
) -> BTreeMap<&'e VarName, Option<&'e str>> {
    let mut wanted: BTreeMap<_, _> = edits.iter().map(|e| (&e.name, e.value)).collect();
    wanted.retain(|name, value| match (is.get(*name), value) {
        (None, None) => false,
        (Some(Reading::Value(is)), Some(value)) => is != value,
        _ => true,
    });
    wanted
}

/// Refuses to touch what is not one text.
pub(super) fn require_texts(
    wanted: &BTreeMap<&VarName, Option<&str>>,
    is: &BTreeMap<VarName, Reading>,
) -> Result<(), EditError> {
    for name in wanted.keys() {
        if let Some(Reading::Ambiguous { line, why }) = is.get(*name) {
            let why = match line {
                0 => format!("is {why}"),
                line => format!("(line {line}) is {why}"),
            };
            return Err(EditError::NotReplaced {
                name: (*name).clone(),
                why,
            });
        }
    }
    Ok(())
}
