//! `variables:`: values in clear, encrypted, and made from templates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::fields::{self, Fields, decode_text};
use super::overlap;
use super::recipe::{check_recipes, decode_recipe};
use super::seal::parse_payload;
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::spec::{Metadata, Source, Variable, parse_duration};
use crate::manifest::template::{Filter, Template, TemplateError};
use crate::manifest::tree::{Kind, Node};
use crate::model::{VarName, WAIVABLE};

const KEYS: [&str; 17] = [
    "age",
    "value",
    "template",
    "rotate",
    "expires",
    "owner",
    "description",
    "generate",
    "protected",
    "reference",
    overlap::KEYS[0],
    overlap::KEYS[1],
    overlap::KEYS[2],
    overlap::KEYS[3],
    overlap::KEYS[4],
    overlap::KEYS[5],
    "lint_ok",
];
const SOURCES: [&str; 3] = ["age", "value", "template"];
const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END: &str = "-----END AGE ENCRYPTED FILE-----";

/// A variable that could not be read is still declared: it stays, without a value, so that its
/// uses are not reported as well. The parse has failed then.
pub(super) fn decode_variables(
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> BTreeMap<VarName, Variable> {
    let mut variables = BTreeMap::new();
    let Some((_, node)) = fields.get("variables") else {
        return variables;
    };
    for (key, value) in fields::decode_map(node, "`variables`", problems) {
        let Some(name) = fields::decode_variable_name(key, problems) else {
            continue;
        };
        let (source, metadata) = decode_variable(&name, value, problems);
        let variable = Variable {
            source: source.unwrap_or(Source::Clear(String::new())),
            metadata,
            position: key.position,
        };
        variables.insert(name, variable);
    }
    check_recipes(node, &variables, problems);
    variables
}

/// The sources of these variables, as far as they can be read.
pub(super) fn decode_some(
    fields: &Fields<'_>,
    names: &BTreeSet<VarName>,
    problems: &mut Problems,
) -> BTreeMap<VarName, Source> {
    let entries = fields
        .get("variables")
        .map_or(&[][..], |(_, node)| node.entries());
    let wanted = entries.iter().filter_map(|(key, value)| {
        let name = names.get(key.text()?)?;
        Some((name.clone(), decode_variable(name, value, problems).0?))
    });
    wanted.collect()
}

fn decode_variable(
    name: &VarName,
    node: &Node,
    problems: &mut Problems,
) -> (Option<Source>, Metadata) {
    match &node.kind {
        Kind::Map { .. } => {}
        Kind::Seq { .. } => {
            problems.error(
                node.position,
                code::WRONG_TYPE,
                format!("{name} must be text, or a map with `value`, `age` or `template`"),
                Some("quote the text if it begins with `[` or `-`"),
            );
            return (None, Metadata::default());
        }
        Kind::Scalar { .. } => {
            let source = decode_text(node, name.as_str(), problems)
                .map(|text| Source::Clear(text.to_owned()));
            return (source, Metadata::default());
        }
    }
    let Some(fields) = Fields::of(node, "a variable", &KEYS, problems) else {
        return (None, Metadata::default());
    };
    let source = decode_source(name, node, &fields, problems);
    (source, decode_metadata(&fields, problems))
}

fn decode_source(
    name: &VarName,
    node: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<Source> {
    let mut given = SOURCES.iter().filter_map(|key| fields.get(key));
    let Some((key, value)) = given.next() else {
        problems.error(
            node.position,
            code::MISSING_KEY,
            format!("{name} needs one of `value`, `age` and `template`"),
            Some("`driftlock set` writes an encrypted value"),
        );
        return None;
    };
    if let Some((second, _)) = given.next() {
        let message = format!("{name} may have only one of `value`, `age` and `template`");
        problems.error(second.position, code::BAD_VALUE, message, None);
    }
    let text = decode_text(value, name.as_str(), problems)?;
    match key.text() {
        Some("age") => decode_encrypted(name, text, value, problems),
        Some("template") => decode_template(text, value, problems).map(Source::Template),
        _ => Some(Source::Clear(text.to_owned())),
    }
}

fn decode_encrypted(
    name: &VarName,
    text: &str,
    node: &Node,
    problems: &mut Problems,
) -> Option<Source> {
    let armor = text.trim();
    if armor.starts_with(ARMOR_BEGIN) && armor.ends_with(ARMOR_END) {
        return Some(Source::Armored(format!("{armor}\n")));
    }
    let payload = parse_payload(text);
    if payload.is_none() {
        problems.error(
            node.position,
            code::BAD_PAYLOAD,
            format!("the encrypted value of {name} is damaged"),
            Some("take it from the last good revision, or set it again"),
        );
    }
    payload.map(Source::Sealed)
}

/// A template of `variables` or of a target.
pub(super) fn decode_template(
    text: &str,
    node: &Node,
    problems: &mut Problems,
) -> Option<Template> {
    Template::parse(text)
        .map_err(|error| {
            let help = match error {
                TemplateError::Unclosed => {
                    "close it with `}`, or write `$${` for a literal `${`".into()
                }
                TemplateError::BadName => {
                    "write `${NAME}` or `${NAME|filter}`, or `$${` for a literal `${`".into()
                }
                TemplateError::UnknownFilter => filter_help(text),
            };
            problems.error(
                node.position,
                code::TEMPLATE,
                error.to_string(),
                Some(&help),
            );
        })
        .ok()
}

fn filter_help(text: &str) -> String {
    let names = Filter::NAMES.map(|(name, _)| name);
    let meant = text
        .split(['|', '}'])
        .filter(|piece| !names.contains(&piece.trim()))
        .find_map(|piece| nearest(piece.trim(), names));
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known filters: `{}`", names.join("`, `")),
    }
}

fn decode_metadata(fields: &Fields<'_>, problems: &mut Problems) -> Metadata {
    let mut text = |key: &str| {
        let (_, node) = fields.get(key)?;
        let text = decode_text(node, &format!("`{key}`"), problems)?;
        Some((text.to_owned(), node.position))
    };
    let owner = text("owner").map(|(text, _)| text);
    let description = text("description").map(|(text, _)| text);
    let (rotate, expires) = (text("rotate"), text("expires"));
    let rotate = rotate.and_then(|(text, position)| {
        let duration = parse_duration(&text);
        if duration.is_none() {
            let help = "for example `90d`, `12w` or `12h`";
            problems.error(
                position,
                code::BAD_VALUE,
                "`rotate` is not a duration",
                Some(help),
            );
        }
        duration
    });
    let expires = expires.and_then(|(text, position)| {
        let date = parse_date(&text);
        if date.is_none() {
            let help = "write year-month-day, for example `2027-01-31`";
            problems.error(
                position,
                code::BAD_VALUE,
                "`expires` is not a date",
                Some(help),
            );
        }
        date
    });
    let protected = fields
        .get("protected")
        .and_then(|(_, node)| fields::decode_bool(node, "`protected`", problems));
    let reference = fields
        .get("reference")
        .and_then(|(_, node)| fields::decode_bool(node, "`reference`", problems));
    let generate = fields
        .get("generate")
        .and_then(|(_, node)| decode_recipe(node, problems));
    let mut metadata = Metadata {
        rotate,
        expires,
        owner,
        description,
        generate,
        protected: protected.unwrap_or(false),
        reference: reference.unwrap_or(false),
        lint_ok: decode_lint_ok(fields, problems),
        ..Metadata::default()
    };
    overlap::decode_overlap(fields, &mut metadata, problems);
    metadata
}

/// Only what `check` finds and somebody can mean.
fn decode_lint_ok(fields: &Fields<'_>, problems: &mut Problems) -> BTreeSet<&'static str> {
    let Some((_, node)) = fields.get("lint_ok") else {
        return BTreeSet::new();
    };
    let items = fields::decode_list(node, "`lint_ok`", problems).iter();
    let mut codes = BTreeSet::new();
    for item in items {
        let Some(text) = decode_text(item, "a finding", problems) else {
            continue;
        };
        if let Some(code) = WAIVABLE.into_iter().find(|code| *code == text) {
            codes.insert(code);
            continue;
        }
        let help = match (text, nearest(text, WAIVABLE)) {
            ("clear-secret", _) => {
                "write `# driftlock: clear` behind the name of what is meant to be public"
                    .to_owned()
            }
            (_, Some(meant)) => format!("did you mean `{meant}`?"),
            _ => format!("it takes: {}", WAIVABLE.join(", ")),
        };
        problems.error(
            item.position,
            code::BAD_VALUE,
            "`lint_ok` takes no such finding",
            Some(&help),
        );
    }
    codes
}

fn parse_date(text: &str) -> Option<Date> {
    let shape = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    (shape && text.len() == 10)
        .then(|| text.parse().ok())
        .flatten()
}
