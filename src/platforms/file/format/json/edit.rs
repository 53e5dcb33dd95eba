//! Edits of single values, and the proof that nothing else changed.

use std::collections::BTreeMap;
use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::tokens::Token;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use zeroize::Zeroizing;

use super::super::kind::EditError;
use super::parse::{PathError, Tree, What, name_of};
use super::splice;
use crate::model::{KeyPath, Segment};

impl Tree<'_> {
    /// The text with these values set (`Some`) or deleted, and nothing else changed. Objects on the
    /// way are made where there are none; only a string is replaced or deleted.
    pub fn edit(&self, edits: &[(KeyPath, Option<&str>)]) -> Result<String, EditError> {
        let wanted: BTreeMap<&KeyPath, Option<&str>> =
            edits.iter().map(|(path, value)| (path, *value)).collect();
        let mut literals: Vec<(Range<usize>, Zeroizing<String>)> = Vec::new();
        let mut moves: Vec<(&KeyPath, Option<&str>)> = Vec::new();
        for (path, value) in &wanted {
            match (self.walk(path.segments())?, value) {
                (Some(Value::StringLit(is)), Some(value)) if is.value != *value => {
                    literals.push((is.start()..is.end(), splice::literal(value)));
                }
                (Some(Value::StringLit(_)), Some(_)) | (None, None) => {}
                (Some(Value::StringLit(_)), None) | (None, Some(_)) => moves.push((path, *value)),
                (Some(_), _) => return Err(self.not_a_string(path).into()),
            }
        }
        literals.sort_by_key(|(range, _)| range.start);
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + 64));
        let mut at = 0;
        for (range, new) in &literals {
            text.push_str(&self.text[at..range.start]);
            text.push_str(new);
            at = range.end;
        }
        text.push_str(&self.text[at..]);
        for (path, value) in moves {
            text = self.step(&text, path, value)?;
        }
        self.verify(&text, &wanted)?;
        let bom = if self.bom { "\u{FEFF}" } else { "" };
        Ok(format!("{bom}{}", *text))
    }

    fn not_a_string(&self, path: &KeyPath) -> PathError {
        let (line, kind) = match self.find(path) {
            Ok(Some((line, What::Other(kind)))) => (line, kind),
            _ => (1, "something else"),
        };
        PathError::Kind {
            at: Some(path.clone()),
            line,
            kind,
            wanted: "a string",
        }
    }

    /// One member more, or one less, of a text that the earlier steps made.
    fn step(
        &self,
        text: &str,
        path: &KeyPath,
        value: Option<&str>,
    ) -> Result<Zeroizing<String>, EditError> {
        let tree = Tree::parse_between(text, self.flavour).map_err(|_| EditError::Misread)?;
        let steps = path.segments();
        let Some(value) = value else {
            let (last, parents) = steps.split_last().ok_or(EditError::Misread)?;
            let object = tree.object(KeyPath::of(parents).as_ref())?;
            let place = object.and_then(|object| {
                let named = |p| matches!(last, Segment::Key(key) if name_of(p) == key);
                let index = object.properties.iter().position(|p| named(&p.name))?;
                Some((object, index))
            });
            let (object, index) = place.ok_or(EditError::Misread)?;
            return Ok(splice::delete(text, object, index));
        };
        let (object, missing) = tree.innermost(path)?;
        Ok(splice::insert(text, object, &missing, value))
    }

    /// The innermost object of a path that is there, and the keys that are missing below it.
    fn innermost<'p>(&self, path: &'p KeyPath) -> Result<(&Object<'_>, Vec<&'p str>), EditError> {
        let steps = path.segments();
        for there in (0..steps.len()).rev() {
            let Some(_) = self.walk(&steps[..there])? else {
                continue;
            };
            if let Segment::Index(_) = steps[there] {
                return Err(PathError::NoElement { at: path.clone() }.into());
            }
            let object = self
                .object(KeyPath::of(&steps[..there]).as_ref())?
                .ok_or(EditError::Misread)?;
            let missing = steps[there..].iter().map(|step| match step {
                Segment::Key(key) => Ok(key.as_str()),
                Segment::Index(_) => Err(PathError::NoElement { at: path.clone() }),
            });
            return Ok((object, missing.collect::<Result<_, _>>()?));
        }
        Err(EditError::Misread)
    }

    /// Every value reads as wanted or as before, and no comment went.
    fn verify(
        &self,
        text: &str,
        wanted: &BTreeMap<&KeyPath, Option<&str>>,
    ) -> Result<(), EditError> {
        let after = Tree::parse(text, self.flavour).map_err(|_| EditError::Misread)?;
        let mut expected = Leaves::of(&self.root);
        for (path, value) in wanted {
            expected.expect(path, *value);
        }
        let same = expected == Leaves::of(&after.root) && comments(self.text) == comments(text);
        same.then_some(()).ok_or(EditError::Misread)
    }
}

/// In order. Parsed in the most lenient way: that they are the file's flavour is known.
fn comments(text: &str) -> Vec<&str> {
    let collect = CollectOptions {
        comments: CommentCollectionStrategy::AsTokens,
        tokens: true,
    };
    let tokens = parse_to_ast(text, &collect, &ParseOptions::default())
        .ok()
        .and_then(|parsed| parsed.tokens);
    let is_comment =
        |token: &Token<'_>| matches!(token, Token::CommentLine(_) | Token::CommentBlock(_));
    tokens
        .into_iter()
        .flatten()
        .filter(|token| is_comment(&token.token))
        .map(|token| text[token.range.start..token.range.end].trim_end())
        .collect()
}

/// One step of a place: a key and which of its occurrences, or an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String, usize),
    Index(usize),
}

#[derive(PartialEq, Eq)]
enum Leaf {
    Object,
    Array(usize),
    Text(Zeroizing<String>),
    Raw(String),
}

/// All that a document says, by place.
#[derive(PartialEq, Eq)]
struct Leaves(BTreeMap<Vec<Step>, Leaf>);

impl Leaves {
    fn of(root: &Value<'_>) -> Self {
        let mut leaves = Self(BTreeMap::new());
        leaves.gather(root, &mut Vec::new());
        leaves
    }

    fn gather(&mut self, value: &Value<'_>, place: &mut Vec<Step>) {
        let leaf = match value {
            Value::StringLit(text) => Leaf::Text(Zeroizing::new(text.value.to_string())),
            Value::NumberLit(number) => Leaf::Raw(number.value.to_owned()),
            Value::BooleanLit(truth) => Leaf::Raw(truth.value.to_string()),
            Value::NullKeyword(_) => Leaf::Raw("null".to_owned()),
            Value::Object(object) => {
                let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
                for property in &object.properties {
                    let key = name_of(&property.name);
                    let occurrence = seen.entry(key).or_default();
                    place.push(Step::Key(key.to_owned(), *occurrence));
                    *occurrence += 1;
                    self.gather(&property.value, place);
                    place.pop();
                }
                Leaf::Object
            }
            Value::Array(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    place.push(Step::Index(index));
                    self.gather(element, place);
                    place.pop();
                }
                Leaf::Array(array.elements.len())
            }
        };
        self.0.insert(place.clone(), leaf);
    }

    fn expect(&mut self, path: &KeyPath, value: Option<&str>) {
        let place: Vec<Step> = path
            .segments()
            .iter()
            .map(|step| match step {
                Segment::Key(key) => Step::Key(key.clone(), 0),
                Segment::Index(index) => Step::Index(*index as usize),
            })
            .collect();
        let Some(value) = value else {
            self.0.retain(|at, _| !at.starts_with(&place));
            return;
        };
        for length in 1..place.len() {
            self.0
                .entry(place[..length].to_vec())
                .or_insert(Leaf::Object);
        }
        self.0
            .insert(place, Leaf::Text(Zeroizing::new(value.to_owned())));
    }
}
