//! `generate:` of a variable: how a new value of it is made.

use std::collections::BTreeMap;
use std::time::Duration;

use super::activation::decode_command;
use super::fields::{self, Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::{Source, Variable, parse_duration};
use crate::manifest::tree::{Kind, Node};
use crate::model::{
    Alphabet, COMMAND_LIMIT, CharClass, CommandRecipe, PairKind, PairRecipe, Position, Recipe,
    RecipeError, SHORT_FORMS, Shape, TextRecipe, VarName, size_of,
};

const KINDS: [&str; 8] = [
    "base64url",
    "base64",
    "hex",
    "uuid",
    "alphabet",
    "ed25519",
    "x25519",
    "command",
];
const KEYS: [&str; 13] = [
    "base64url",
    "base64",
    "hex",
    "alphabet",
    "uuid",
    "ed25519",
    "x25519",
    "command",
    "length",
    "require",
    "prefix",
    "public",
    "timeout",
];
/// What says more, and of which kinds.
const MORE: [(&str, &[&str]); 5] = [
    ("length", &["alphabet"]),
    ("require", &["alphabet"]),
    (
        "prefix",
        &["base64url", "base64", "hex", "uuid", "alphabet"],
    ),
    ("public", &["ed25519", "x25519"]),
    ("timeout", &["command"]),
];
/// The longest that a command may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// A word, or a map.
pub(super) fn decode_recipe(node: &Node, problems: &mut Problems) -> Option<Recipe> {
    if matches!(node.kind, Kind::Map { .. }) {
        return decode_map(node, problems);
    }
    let text = decode_text(node, "`generate`", problems)?;
    match text.parse() {
        Ok(recipe) => Some(Recipe::Text(thin(recipe, node, problems))),
        Err(error) => report(&error, node.position, problems),
    }
}

fn decode_map(node: &Node, problems: &mut Problems) -> Option<Recipe> {
    let fields = Fields::of(node, "`generate`", &KEYS, problems)?;
    let (kind, value) = fields.only("`generate`", &KINDS, problems)?;
    for (key, of) in MORE {
        if let Some((found, _)) = fields.get(key)
            && !of.contains(&kind)
        {
            let message = format!("`{key}` says nothing about `{kind}`");
            let help = format!("it belongs to `{}`", of.join("` and `"));
            problems.error(found.position, code::BAD_VALUE, message, Some(&help));
            return None;
        }
    }
    match kind {
        "ed25519" | "x25519" => decode_pair(kind, value, &fields, problems).map(Recipe::Pair),
        "command" => decode_program(value, &fields, problems).map(Recipe::Command),
        _ => {
            let shape = decode_shape(kind, value, &fields, problems)?;
            let prefix = match fields.get("prefix") {
                Some((_, node)) => decode_text(node, "`prefix`", problems)?.to_owned(),
                None => String::new(),
            };
            let at = match fields.get("prefix") {
                Some((_, node)) => node.position,
                None => value.position,
            };
            match (TextRecipe { prefix, shape }).checked() {
                Ok(recipe) => Some(Recipe::Text(thin(recipe, value, problems))),
                Err(error @ RecipeError::Prefix) => report(&error, at, problems),
                Err(error) => report(&error, value.position, problems),
            }
        }
    }
}

fn decode_shape(
    kind: &str,
    value: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<Shape> {
    if kind == "alphabet" {
        return decode_alphabet(value, fields, problems).map(Shape::Alphabet);
    }
    let size = decode_text(value, &format!("`{kind}`"), problems)?;
    if kind == "uuid" {
        if size == "4" {
            return Some(Shape::Uuid { upper: false });
        }
        let message = "`uuid` must be 4, the version that is random";
        problems.error(value.position, code::BAD_VALUE, message, None);
        return None;
    }
    match (kind, size_of(size)) {
        ("hex", Ok(digits)) => Some(Shape::Hex {
            digits,
            upper: false,
        }),
        ("base64", Ok(bytes)) => Some(Shape::Base64 { bytes }),
        (_, Ok(bytes)) => Some(Shape::Base64url { bytes }),
        (_, Err(error)) => report(&error, value.position, problems),
    }
}

fn decode_alphabet(value: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Option<Alphabet> {
    let written = decode_text(value, "`alphabet`", problems)?;
    let Some((_, node)) = fields.get("length") else {
        let message = "`alphabet` needs the key `length`: how many characters a value has";
        problems.error(fields.position(), code::MISSING_KEY, message, None);
        return None;
    };
    let length = size_of(decode_text(node, "`length`", problems)?);
    let length = length.or_else(|error| report(&error, node.position, problems).ok_or(()));
    let mut require = Vec::new();
    if let Some((_, list)) = fields.get("require") {
        for item in fields::decode_list(list, "`require`", problems) {
            let class = CharClass::ALL.into_iter();
            match class
                .into_iter()
                .find(|one| item.text() == Some(one.word()))
            {
                Some(class) if !require.contains(&class) => require.push(class),
                found => {
                    let message = match found {
                        Some(_) => "this is required twice",
                        None => "`require` has only `upper`, `lower`, `digit` and `symbol`",
                    };
                    problems.error(item.position, code::BAD_VALUE, message, None);
                    return None;
                }
            }
        }
    }
    match Alphabet::new(written, length.ok()?, require) {
        Ok(alphabet) => Some(alphabet),
        Err(error @ RecipeError::Required) => {
            let at = fields.get("require").map_or(value, |(_, list)| list);
            report(&error, at.position, problems)
        }
        Err(error) => report(&error, value.position, problems),
    }
}

fn decode_pair(
    curve: &str,
    value: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<PairRecipe> {
    let spelling = decode_text(value, &format!("`{curve}`"), problems)?;
    let mut known = PairKind::ALL.iter().filter(|(of, _, _)| *of == curve);
    let words: Vec<&str> = known.clone().map(|(_, word, _)| *word).collect();
    let kind = known.find(|(_, word, _)| *word == spelling);
    if kind.is_none() {
        let message = format!("`{curve}` must be one of `{}`", words.join("`, `"));
        problems.error(value.position, code::BAD_VALUE, message, None);
    }
    let Some((_, node)) = fields.get("public") else {
        problems.error(
            fields.position(),
            code::MISSING_KEY,
            "a key pair needs the key `public`: the clear variable that gets the public half",
            Some("for example `generate: { ed25519: pkcs8, public: SIGNING_KEY_PUBLIC }`"),
        );
        return None;
    };
    let public = fields::decode_variable_name(node, problems)?;
    let (_, _, kind) = kind?;
    Some(PairRecipe {
        kind: *kind,
        public,
    })
}

fn decode_program(
    value: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<CommandRecipe> {
    let line = decode_command(value, "`command`", problems);
    let limit = match fields.get("timeout") {
        None => Some(COMMAND_LIMIT),
        Some((_, node)) => {
            let text = decode_text(node, "`timeout`", problems)?;
            let limit = parse_duration(text).filter(|limit| *limit <= LONGEST);
            if limit.is_none() {
                let message = "`timeout` must be a duration from 1s to 1h";
                problems.error(node.position, code::BAD_VALUE, message, None);
            }
            limit
        }
    };
    Some(CommandRecipe {
        line: line?,
        limit: limit?,
    })
}

/// Warns of a recipe that is weaker than people expect.
fn thin(recipe: TextRecipe, node: &Node, problems: &mut Problems) -> TextRecipe {
    if let Some(bits) = recipe.is_thin() {
        problems.warning(
            node.position,
            code::WEAK_RECIPE,
            format!("a value of this recipe has only {bits} bits; 112 and more are usual"),
            Some("make it longer, if whatever reads it lets you"),
        );
    }
    recipe
}

fn report<T>(error: &RecipeError, position: Position, problems: &mut Problems) -> Option<T> {
    let unknown = format!("for example {SHORT_FORMS}; or a map for key pairs and commands");
    let (code, help) = match error {
        RecipeError::Unknown => (code::BAD_VALUE, Some(unknown.as_str())),
        RecipeError::Weak(_) => (code::WEAK_RECIPE, Some("make it longer")),
        _ => (code::BAD_VALUE, None),
    };
    let message = match error {
        RecipeError::Unknown => "`generate` is no recipe that is known".to_owned(),
        other => other.to_string(),
    };
    problems.error(position, code, message, help);
    None
}

/// What recipes need of the other variables. `node` is the whole section.
pub(super) fn check_recipes(
    node: &Node,
    variables: &BTreeMap<VarName, Variable>,
    problems: &mut Problems,
) {
    let mut publics: BTreeMap<&VarName, &VarName> = BTreeMap::new();
    for (key, value) in node.entries() {
        let found = key.text().and_then(|text| {
            let (name, variable) = variables.get_key_value(&VarName::new(text).ok()?)?;
            Some((name, variable, variable.metadata.generate.as_ref()?))
        });
        let (Some((name, variable, recipe)), Some(at)) = (found, value.get("generate")) else {
            continue;
        };
        match &variable.source {
            Source::Sealed(_) | Source::Armored(_) => {}
            Source::Template(_) => problems.error(
                at.position,
                code::BAD_VALUE,
                "a template is made from other variables, so `generate` says nothing about it",
                Some("let one of those have the recipe"),
            ),
            Source::Clear(_) => problems.warning(
                at.position,
                code::RECIPE_IN_CLEAR,
                format!("{name} is in clear: a value of its recipe would be for everyone to read"),
                Some(&format!("driftlock set {name} --secret --generate")),
            ),
        }
        let (Some(public), Some(place)) = (recipe.public(), at.get("public")) else {
            continue;
        };
        let at = place.position;
        check_public(name, public, variables, at, problems);
        if let Some(other) = publics.insert(public, name) {
            let message =
                format!("{other} and {name} would put their public halves into one variable");
            problems.error(at, code::BAD_VALUE, message, Some("name another one here"));
        }
    }
}

/// It need not be there yet: the first key pair declares it.
fn check_public(
    name: &VarName,
    public: &VarName,
    variables: &BTreeMap<VarName, Variable>,
    at: Position,
    problems: &mut Problems,
) {
    let wrong = match variables.get(public).map(|variable| &variable.source) {
        _ if public == name => "the private half is here; the public one needs another variable",
        Some(Source::Sealed(_) | Source::Armored(_)) => {
            "the public half would go into a variable that is a secret"
        }
        Some(Source::Template(_)) => "the public half would go into a template",
        Some(Source::Clear(_)) | None => return,
    };
    let help = "name a clear variable, or one that is not declared yet";
    problems.error(at, code::BAD_VALUE, wrong, Some(help));
}
