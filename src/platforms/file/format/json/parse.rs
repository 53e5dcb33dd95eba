//! Text to a tree with places, and finding things in it.

use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;

use super::ParseError;
use crate::model::{KeyPath, Segment};

/// Deeper nesting than any settings file has.
const DEEPEST: usize = 100;
const BOM: char = '\u{FEFF}';

/// Which standard the file's reader keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavour {
    /// RFC 8259: no comments, no trailing commas.
    Json,
    /// JSON5, and so JSON with comments too.
    Json5,
}

impl Flavour {
    /// Its name in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Json5 => "json5",
        }
    }

    fn options(self) -> ParseOptions {
        let loose = self == Self::Json5;
        ParseOptions {
            allow_comments: loose,
            allow_loose_object_property_names: loose,
            allow_trailing_commas: loose,
            allow_missing_commas: false,
            allow_single_quoted_strings: loose,
            allow_hexadecimal_numbers: loose,
            allow_unary_plus_numbers: loose,
            allow_bare_decimal_point_numbers: loose,
            allow_non_finite_numbers: loose,
            allow_extended_string_escapes: loose,
        }
    }
}

/// Why a path leads nowhere. Holds the manifest's path and kinds, never content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Something on the way holds no members.
    #[error("{} (line {line}) is {kind}, not {wanted}", spell(at.as_ref()))]
    Kind {
        /// How far it was found; `None` for the outermost value.
        at: Option<KeyPath>,
        /// Line, from 1.
        line: u32,
        /// What is there.
        kind: &'static str,
        /// What should be.
        wanted: &'static str,
    },
    /// A key on the way stands there twice, and readers differ in which counts.
    #[error("{at} is there more than once (line {line}); readers differ in which one counts")]
    Twice {
        /// Which.
        at: KeyPath,
        /// Line, from 1.
        line: u32,
    },
    /// A list is too short; lists are not made longer.
    #[error("{at} is not there, and lists are not made longer")]
    NoElement {
        /// Which.
        at: KeyPath,
    },
}

fn spell(at: Option<&KeyPath>) -> String {
    at.map_or_else(|| "the outermost value".to_owned(), KeyPath::to_string)
}

/// What stands at a place.
#[derive(Clone, PartialEq, Eq)]
pub enum What<'t> {
    /// A text, escapes resolved.
    Text(&'t str),
    /// Anything else, in words.
    Other(&'static str),
}

impl std::fmt::Debug for What<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(redacted)"),
            Self::Other(kind) => write!(f, "Other({kind})"),
        }
    }
}

/// One member of an object.
pub struct Member<'t> {
    /// Escapes resolved.
    pub key: &'t str,
    /// Line, from 1.
    pub line: u32,
    /// Its value.
    pub what: What<'t>,
}

/// A parsed file.
#[derive(Clone)]
pub struct Tree<'a> {
    /// Without a byte order mark.
    pub(super) text: &'a str,
    pub(super) bom: bool,
    pub(super) flavour: Flavour,
    pub(super) root: Value<'a>,
}

impl std::fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({:?}, {} bytes)", self.flavour, self.text.len())
    }
}

impl<'a> Tree<'a> {
    /// Reads a whole file. An error means that its reader refuses it, or that readers differ.
    pub fn parse(text: &'a str, flavour: Flavour) -> Result<Self, ParseError> {
        let body = match flavour {
            Flavour::Json => text,
            Flavour::Json5 => text.strip_prefix(BOM).unwrap_or(text),
        };
        let root = parse_value(body, flavour)?;
        require_standard(body, flavour)?;
        Ok(Self {
            text: body,
            bom: body.len() != text.len(),
            flavour,
            root,
        })
    }

    /// The same for a text of our own making on the way to the last one, which is read in full.
    pub(super) fn parse_between(text: &'a str, flavour: Flavour) -> Result<Self, ParseError> {
        Ok(Self {
            text,
            bom: false,
            flavour,
            root: parse_value(text, flavour)?,
        })
    }

    /// What stands at a path; `None` if nothing does.
    pub fn find(&self, path: &KeyPath) -> Result<Option<(u32, What<'_>)>, PathError> {
        let found = self.walk(path.segments())?;
        Ok(found.map(|value| (self.line(value.start()), what(value))))
    }

    /// The members of the object at a path, or of the outermost one; none where it is not there.
    pub fn members(&self, at: Option<&KeyPath>) -> Result<Vec<Member<'_>>, PathError> {
        let Some(object) = self.object(at)? else {
            return Ok(vec![]);
        };
        Ok(object
            .properties
            .iter()
            .map(|property| Member {
                key: name_of(&property.name),
                line: self.line(property.start()),
                what: what(&property.value),
            })
            .collect())
    }

    pub(super) fn object(&self, at: Option<&KeyPath>) -> Result<Option<&Object<'a>>, PathError> {
        match self.walk(at.map_or(&[], KeyPath::segments))? {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(PathError::Kind {
                at: at.cloned(),
                line: self.line(other.start()),
                kind: kind(other),
                wanted: "an object",
            }),
        }
    }

    pub(super) fn walk(&self, steps: &[Segment]) -> Result<Option<&Value<'a>>, PathError> {
        let mut here = &self.root;
        for (done, step) in steps.iter().enumerate() {
            let so_far = || KeyPath::of(&steps[..done]);
            let wrong = |wanted| PathError::Kind {
                at: so_far(),
                line: self.line(here.start()),
                kind: kind(here),
                wanted,
            };
            let next = match (step, here) {
                (Segment::Key(key), Value::Object(object)) => {
                    let mut named = object.properties.iter().filter(|p| name_of(&p.name) == key);
                    let first = named.next();
                    if let (Some(second), Some(at)) = (named.next(), KeyPath::of(&steps[..=done])) {
                        let line = self.line(second.start());
                        return Err(PathError::Twice { at, line });
                    }
                    first.map(|property| &property.value)
                }
                (Segment::Index(index), Value::Array(array)) => array.elements.get(*index as usize),
                (Segment::Key(_), _) => return Err(wrong("an object")),
                (Segment::Index(_), _) => return Err(wrong("a list")),
            };
            match next {
                Some(value) => here = value,
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        line_of(self.text, at)
    }
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes()[..at.min(text.len())].iter();
    u32::try_from(before.filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}

pub(super) fn name_of<'t>(name: &'t ObjectPropName<'_>) -> &'t str {
    match name {
        ObjectPropName::String(text) => &text.value,
        ObjectPropName::Word(word) => word.value,
    }
}

fn what<'t>(value: &'t Value<'_>) -> What<'t> {
    match value {
        Value::StringLit(text) => What::Text(&text.value),
        other => What::Other(kind(other)),
    }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "a string",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}

fn parse_value(text: &str, flavour: Flavour) -> Result<Value<'_>, ParseError> {
    let collect = CollectOptions {
        comments: CommentCollectionStrategy::Separate,
        tokens: false,
    };
    let parsed = parse_to_ast(text, &collect, &flavour.options()).map_err(|error| {
        let line = line_of(text, error.range().start);
        let why = match flavour {
            Flavour::Json if parse_value(text, Flavour::Json5).is_ok() => {
                "not JSON but JSON5; if its reader takes that, write `format: json5`"
            }
            Flavour::Json => "not JSON",
            Flavour::Json5 => "not JSON5",
        };
        ParseError { line, why }
    })?;
    let root = parsed.value.ok_or(ParseError {
        line: 1,
        why: "there is no value",
    })?;
    if depth(&root) > DEEPEST {
        let why = "it nests more than 100 levels deep";
        return Err(ParseError { line: 1, why });
    }
    // one reader ends a comment there, another does not
    for comment in parsed
        .comments
        .into_iter()
        .flat_map(|map| map.into_values())
    {
        for comment in comment.iter() {
            let range = comment.range();
            if text[range.start..range.end].contains(['\u{2028}', '\u{2029}']) {
                let line = line_of(text, range.start);
                let why = "a Unicode line separator in a comment, where readers differ";
                return Err(ParseError { line, why });
            }
        }
    }
    Ok(root)
}

/// The letter of the standard: the parser above is more lenient.
fn require_standard(text: &str, flavour: Flavour) -> Result<(), ParseError> {
    match flavour {
        Flavour::Json => serde_json::from_str::<IgnoredAny>(text)
            .map(drop)
            .map_err(|error| ParseError {
                line: u32::try_from(error.line()).unwrap_or(1).max(1),
                why: "not JSON",
            }),
        Flavour::Json5 => json5::from_str::<IgnoredAny>(text)
            .map(drop)
            .map_err(|error| ParseError {
                line: error
                    .position()
                    .and_then(|position| u32::try_from(position.line + 1).ok())
                    .unwrap_or(1),
                why: "not JSON5",
            }),
    }
}

fn depth(value: &Value<'_>) -> usize {
    1 + match value {
        Value::Object(object) => object
            .properties
            .iter()
            .map(|p| depth(&p.value))
            .max()
            .unwrap_or(0),
        Value::Array(array) => array.elements.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
