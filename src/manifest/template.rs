//! `postgres://app:${DB_PASSWORD|url}@db/app`: a value made from others.
//!
//! `${NAME}` puts a variable in, `${NAME|filter|filter}` passes it through filters from left to
//! right, `$${` is a literal `${`, and any other `$` is itself. What was put in is never scanned
//! again, so a value cannot reach for another one.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Source, Variable};
use crate::model::{SecretValue, VarName};

/// No value may grow beyond this by templates that double it again and again.
const MAX_EXPANDED: usize = 1024 * 1024;

/// Templates of templates of templates: no deeper. Checked when a manifest is parsed.
pub(super) const MAX_NESTING: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Reference {
        name: VarName,
        filters: Vec<Filter>,
    },
    /// A declared template in the place of its name, so that it can differ from the declared one. No
    /// text parses to it.
    Nested {
        template: Template,
        filters: Vec<Filter>,
    },
}

/// How a value is made safe for where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Percent-encodes all but `A-Z a-z 0-9 - . _ ~`.
    Url,
    /// Standard base64 with padding.
    Base64,
    /// The inside of a JSON string: escaped, without the outer quotes.
    Json,
    /// One word for a POSIX shell, in single quotes.
    Shell,
}

/// Why a text is no template. Holds no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("a `${{` in this template is never closed")]
    Unclosed,
    #[error("a `${{…}}` in this template does not hold a variable's name")]
    BadName,
    #[error("this template uses an unknown filter")]
    UnknownFilter,
}

/// Why a value could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    #[error("the value of {0} is not known")]
    Unavailable(VarName),
    #[error("{0} is not declared")]
    Undeclared(VarName),
    #[error("{0} is no variable of this target")]
    NotOnTarget(VarName),
    #[error("templates put together more than 1 MiB")]
    TooLong,
    #[error("templates are nested more than 16 deep")]
    TooDeep,
}

impl Filter {
    /// As templates spell them.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("url", Self::Url),
        ("base64", Self::Base64),
        ("json", Self::Json),
        ("shell", Self::Shell),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, filter)| *filter)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Base64 => "base64",
            Self::Json => "json",
            Self::Shell => "shell",
        }
    }

    fn apply(self, value: &str) -> Zeroizing<String> {
        // room for the longest result, so that growing leaves no copy behind
        let mut out = Zeroizing::new(String::with_capacity(value.len() * 6 + 4));
        match self {
            Self::Url => url(value, &mut out),
            Self::Base64 => STANDARD.encode_string(value, &mut out),
            Self::Json => json(value, &mut out),
            Self::Shell => shell(value, &mut out),
        }
        out
    }
}

fn url(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn json(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' => {
                let code = character as usize;
                out.push_str("\\u00");
                out.push(char::from(HEX[code >> 4]));
                out.push(char::from(HEX[code & 15]));
            }
            other => out.push(other),
        }
    }
}

fn shell(value: &str, out: &mut String) {
    out.push('\'');
    for character in value.chars() {
        match character {
            '\'' => out.push_str("'\\''"),
            other => out.push(other),
        }
    }
    out.push('\'');
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let (before, from) = rest.split_at(dollar);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("$${") {
                literal.push_str("${");
                rest = after;
            } else if let Some(inside) = from.strip_prefix("${") {
                let (reference, after) = inside.split_once('}').ok_or(TemplateError::Unclosed)?;
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(parse_reference(reference)?);
                rest = after;
            } else {
                literal.push('$');
                rest = &from[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The text that reads as this template.
    pub fn to_source(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(&text.replace("${", "$${")),
                Part::Reference { name, filters } => {
                    out.push_str("${");
                    out.push_str(name.as_str());
                    for filter in filters {
                        out.push('|');
                        out.push_str(filter.name());
                    }
                    out.push('}');
                }
                Part::Nested { template, .. } => out.push_str(&template.to_source()),
            }
        }
        out
    }

    /// These parts, one after the other.
    pub(super) const fn of_parts(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text with the values put in that `value` gives.
    pub(super) fn fill(
        &self,
        mut value: impl FnMut(&VarName) -> Result<SecretValue, ExpandError>,
    ) -> Result<SecretValue, ExpandError> {
        self.fill_with(&mut value)
    }

    fn fill_with(
        &self,
        value: &mut dyn FnMut(&VarName) -> Result<SecretValue, ExpandError>,
    ) -> Result<SecretValue, ExpandError> {
        let mut pieces = Vec::with_capacity(self.parts.len());
        let mut total = 0;
        for part in &self.parts {
            let piece = match part {
                Part::Text(text) => Zeroizing::new(text.clone()),
                Part::Reference { name, filters } => filtered(&value(name)?, filters)?,
                Part::Nested { template, filters } => {
                    filtered(&template.fill_with(value)?, filters)?
                }
            };
            total += piece.len();
            within(total)?;
            pieces.push(piece);
        }
        let mut whole = String::with_capacity(total);
        for piece in &pieces {
            whole.push_str(piece);
        }
        Ok(SecretValue::new(whole))
    }

    /// The variables that it names, in order, repeated where it repeats them.
    pub fn references(&self) -> impl Iterator<Item = &VarName> {
        let mut found = vec![];
        self.collect(&mut found);
        found.into_iter()
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a VarName>) {
        for part in &self.parts {
            match part {
                Part::Text(_) => {}
                Part::Reference { name, .. } => found.push(name),
                Part::Nested { template, .. } => template.collect(found),
            }
        }
    }
}

fn filtered(value: &SecretValue, filters: &[Filter]) -> Result<Zeroizing<String>, ExpandError> {
    let start = Zeroizing::new(value.expose().to_owned());
    filters.iter().try_fold(start, |value, filter| {
        within(value.len())?;
        Ok(filter.apply(&value))
    })
}

fn parse_reference(text: &str) -> Result<Part, TemplateError> {
    let mut pieces = text.split('|').map(str::trim);
    let name =
        VarName::new(pieces.next().unwrap_or_default()).map_err(|_| TemplateError::BadName)?;
    let filters = pieces
        .map(|filter| Filter::named(filter).ok_or(TemplateError::UnknownFilter))
        .collect::<Result<_, _>>()?;
    Ok(Part::Reference { name, filters })
}

/// Makes values; each variable once, however often it is named.
pub(super) struct Expander<'m, 'l, 'a> {
    variables: &'m BTreeMap<VarName, Variable>,
    lookup: &'l dyn Fn(&VarName) -> Option<&'a SecretValue>,
    made: BTreeMap<&'m VarName, SecretValue>,
    depth: usize,
}

impl<'m, 'l, 'a> Expander<'m, 'l, 'a> {
    pub(super) fn new(
        variables: &'m BTreeMap<VarName, Variable>,
        lookup: &'l dyn Fn(&VarName) -> Option<&'a SecretValue>,
    ) -> Self {
        Self {
            variables,
            lookup,
            made: BTreeMap::new(),
            depth: 0,
        }
    }

    pub(super) fn variable(&mut self, name: &VarName) -> Result<SecretValue, ExpandError> {
        if let Some(value) = self.made.get(name) {
            return Ok(value.clone());
        }
        let variables = self.variables;
        let (name, variable) = variables
            .get_key_value(name)
            .ok_or_else(|| ExpandError::Undeclared(name.clone()))?;
        let value = match &variable.source {
            Source::Clear(text) => SecretValue::new(text.as_str()),
            Source::Sealed(_) | Source::Armored(_) => (self.lookup)(name)
                .cloned()
                .ok_or_else(|| ExpandError::Unavailable(name.clone()))?,
            Source::Template(template) => self.template(template)?,
        };
        self.made.insert(name, value.clone());
        Ok(value)
    }

    pub(super) fn template(&mut self, template: &Template) -> Result<SecretValue, ExpandError> {
        self.depth += 1;
        if self.depth > MAX_NESTING + 1 {
            return Err(ExpandError::TooDeep);
        }
        let value = template.fill(|name| self.variable(name));
        self.depth -= 1;
        value
    }
}

fn within(length: usize) -> Result<(), ExpandError> {
    if length > MAX_EXPANDED {
        return Err(ExpandError::TooLong);
    }
    Ok(())
}
