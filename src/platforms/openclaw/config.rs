//! `openclaw.json`: where it says its secrets are, and how the gateway uses it. Pure.

mod shape;

use std::collections::BTreeMap;

use self::shape::{Provider, Secrets, shape};
use super::place::Place;
use crate::model::{KeyPath, OPENCLAW_REDACTED, SecretValue, Segment};
use crate::platforms::file::format::ParseError;
use crate::platforms::file::format::json::{Flavour, Tree, What};

/// What the gateway listens at where nothing else is said.
pub(super) const DEFAULT_PORT: u16 = 18789;
const DEFAULT_HOOKS: &str = "/hooks";
/// Of a variable, and of an entry of the secret store.
const LONGEST_NAME: usize = 128;

/// Where the config says that one secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing is said.
    Absent,
    /// The text itself, as the gateway takes it: without blanks around it.
    Text(SecretValue),
    /// Somewhere else, by a reference.
    At(Place),
    /// Nobody can say; why.
    Unknown(String),
}

/// A config, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) gateway: Input,
    pub(super) hooks: Input,
    pub(super) remote: Input,
    /// `env.vars`: literal, and only for what is missing otherwise.
    pub(super) variables: BTreeMap<String, SecretValue>,
    pub(super) settings: Settings,
}

/// What is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Settings {
    /// This OpenClaw is a client of a gateway elsewhere.
    pub(super) is_remote: bool,
    /// `gateway.auth.mode`.
    pub(super) auth_mode: Option<String>,
    /// A running gateway takes nothing over.
    pub(super) reload_off: bool,
    pub(super) port: Option<u16>,
    pub(super) tls: bool,
    pub(super) hooks_path: String,
    pub(super) hooks_enabled: bool,
    /// The version that wrote it last.
    pub(super) written_by: Option<String>,
}

pub(super) fn path(keys: &[&str]) -> KeyPath {
    let steps: Vec<Segment> = keys
        .iter()
        .map(|key| Segment::Key((*key).to_owned()))
        .collect();
    KeyPath::of(&steps).expect("there is a key")
}

pub(super) fn gateway_path() -> KeyPath {
    path(&["gateway", "auth", "token"])
}

pub(super) fn hooks_path() -> KeyPath {
    path(&["hooks", "token"])
}

pub(super) fn remote_path() -> KeyPath {
    path(&["gateway", "remote", "token"])
}

/// The place of an inline variable.
pub(super) fn variable_path(name: &str) -> KeyPath {
    path(&["env", "vars", name])
}

impl Config {
    /// Reads the text of a config; one that is not there says nothing.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, ParseError> {
        let Some(text) = text else {
            return Ok(Self {
                gateway: Input::Absent,
                hooks: Input::Absent,
                remote: Input::Absent,
                variables: BTreeMap::new(),
                settings: Settings {
                    hooks_path: DEFAULT_HOOKS.to_owned(),
                    ..Settings::default()
                },
            });
        };
        let tree = Tree::parse(text, Flavour::Json5)?;
        let shape = shape(text);
        let reader = Reader {
            tree: &tree,
            providers: &shape.secrets,
        };
        Ok(Self {
            gateway: reader.input(&gateway_path()),
            hooks: reader.input(&hooks_path()),
            remote: reader.input(&remote_path()),
            variables: variables(&tree),
            settings: shape.settings(),
        })
    }

    /// Every place outside that a secret is said to be at.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let inputs = [&self.gateway, &self.hooks, &self.remote];
        inputs.into_iter().filter_map(|input| match input {
            Input::At(place) => Some(place),
            Input::Absent | Input::Text(_) | Input::Unknown(_) => None,
        })
    }
}

fn variables(tree: &Tree<'_>) -> BTreeMap<String, SecretValue> {
    let members = tree.members(Some(&path(&["env", "vars"])));
    let texts = members.into_iter().flatten().filter_map(|member| {
        let What::Text(value) = member.what else {
            return None;
        };
        Some((member.key.to_owned(), SecretValue::new(value)))
    });
    texts.collect()
}

struct Reader<'a> {
    tree: &'a Tree<'a>,
    providers: &'a Secrets,
}

impl Reader<'_> {
    fn input(&self, at: &KeyPath) -> Input {
        match self.tree.find(at) {
            Err(error) => Input::Unknown(error.to_string()),
            Ok(None) => match self.include_on_the_way(at) {
                Some(whose) => Input::Unknown(format!(
                    "{whose} of the config is in another file (`$include`), which is not followed"
                )),
                None => Input::Absent,
            },
            Ok(Some((_, What::Text(text)))) => literal(text),
            Ok(Some((_, What::Other("an object")))) => self.reference(at),
            Ok(Some((line, What::Other(kind)))) => {
                Input::Unknown(format!("{at} (line {line}) is {kind}, not a string"))
            }
        }
    }

    /// Keys beside an `$include` win over what it brings; what is missing may come from there.
    fn include_on_the_way(&self, at: &KeyPath) -> Option<String> {
        let steps = at.segments();
        (0..steps.len()).find_map(|length| {
            let object = KeyPath::of(&steps[..length]);
            let include = match &object {
                Some(object) => object.member("$include"),
                None => KeyPath::key("$include"),
            };
            let there = self.tree.find(&include).ok()?.is_some();
            let whole = || "the whole".to_owned();
            there.then(|| object.as_ref().map_or_else(whole, KeyPath::to_string))
        })
    }

    /// `{ source, provider, id }`.
    fn reference(&self, at: &KeyPath) -> Input {
        let text = |key: &str| match self.tree.find(&at.member(key)) {
            Ok(Some((_, What::Text(text)))) => Some(text.to_owned()),
            _ => None,
        };
        let (source, id) = (text("source"), text("id"));
        let provider = text("provider").unwrap_or_else(|| "default".to_owned());
        match (source.as_deref(), id) {
            // a person may have put the secret itself there
            (Some("env" | "store"), Some(id)) if !is_variable(&id) => Input::Unknown(format!(
                "{at} is a SecretRef with an `id` that cannot be a name"
            )),
            (Some("env"), Some(id)) => Input::At(Place::Variable(id)),
            (Some("store"), Some(id)) => Input::At(Place::Store(id)),
            (Some("file"), Some(id)) => self.file(at, &provider, &id),
            (Some("exec"), Some(_)) => Input::Unknown(format!(
                "{at} comes from a program (SecretRef source exec), which is not run to look"
            )),
            _ => Input::Unknown(format!("{at} is a SecretRef of a kind that is not known")),
        }
    }

    fn file(&self, at: &KeyPath, provider: &str, id: &str) -> Input {
        let Some(Provider {
            path: Some(file),
            mode,
        }) = self.providers.file(provider)
        else {
            return Input::Unknown(format!(
                "{at} refers to a file provider that `secrets.providers` does not have"
            ));
        };
        let single = mode.as_deref() == Some("singleValue");
        let inside = match (single, id) {
            (true, "value") => None,
            (false, pointer) => match pointer_path(pointer) {
                Some(inside) => Some(inside),
                None => {
                    return Input::Unknown(format!("{at} has an id that is no JSON pointer"));
                }
            },
            (true, _) => {
                return Input::Unknown(format!(
                    "{at} wants a part of a file that is one value as a whole"
                ));
            }
        };
        Input::At(Place::File {
            path: file.clone(),
            at: inside,
        })
    }
}

/// A text as the config's own: `${NAME}` or `$NAME` as a whole is a reference.
fn literal(text: &str) -> Input {
    let text = text.trim();
    if text == OPENCLAW_REDACTED {
        return Input::Unknown(
            "the config holds OpenClaw's placeholder for a secret that it does not show: somebody wrote its output back".to_owned(),
        );
    }
    let whole = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix('$'));
    if let Some(name) = whole.filter(|name| is_variable(name)) {
        return Input::At(Place::Variable(name.to_owned()));
    }
    if refers(text) {
        return Input::Unknown(
            "the config puts it together from variables, which is not followed".to_owned(),
        );
    }
    Input::Text(SecretValue::new(text))
}

/// The names that OpenClaw puts in.
fn is_variable(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes()
        .next()
        .is_some_and(|first| first.is_ascii_uppercase() || first == b'_')
        && name.len() <= LONGEST_NAME
        && name.bytes().all(rest)
}

/// Whether OpenClaw would put something in the place of a part of this text, or take an escape for
/// it: such a text is never itself.
pub(super) fn refers(text: &str) -> bool {
    let inside = text.match_indices("${").any(|(at, _)| {
        let rest = &text[at + 2..];
        rest.split_once('}')
            .is_some_and(|(name, _)| is_variable(name))
    });
    inside || text.trim().strip_prefix('$').is_some_and(is_variable)
}

/// RFC 6901. A number may stand for an element or a key: only keys are followed.
fn pointer_path(pointer: &str) -> Option<KeyPath> {
    let keys = pointer.strip_prefix('/')?.split('/');
    let steps: Vec<Segment> = keys
        .map(|key| Segment::Key(key.replace("~1", "/").replace("~0", "~")))
        .collect();
    KeyPath::of(&steps)
}

/// Whether two texts say the same: other comments, blanks and spellings are no change, and a gateway
/// takes nothing over then.
pub(super) fn says_the_same(one: &str, other: &str) -> bool {
    let said = |text: &str| json5::from_str::<serde_json::Value>(text).ok();
    said(one).is_some_and(|one| Some(one) == said(other))
}

#[cfg(test)]
mod tests;
