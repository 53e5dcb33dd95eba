//! Executes a checked document: selections, fragments, arguments, and the spec's way with a null
//! where none may be, which climbs to the nearest place that may be null, if need be to `data`.
//!
//! Mutation fields run in order, and the first failing one ends the run; like the reference
//! implementation it reports one error for what it discards.

use std::collections::HashMap;

use apollo_compiler::ast;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Type};
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

pub use super::reply::{Asked, Fail, Object, Reply, Resolve};

/// A null on its way up.
struct Bubble;

/// One step of an error's path.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

pub struct Executor<'a, R> {
    pub schema: &'a Schema,
    pub document: &'a ExecutableDocument,
    pub variables: &'a Map<String, Value>,
    pub resolver: R,
    errors: Vec<Value>,
    path: Vec<Step<'a>>,
}

type Picked<'d> = Vec<(&'d str, Vec<&'d Field>)>;

impl<'a, R: Resolve> Executor<'a, R> {
    pub fn new(
        schema: &'a Schema,
        document: &'a ExecutableDocument,
        variables: &'a Map<String, Value>,
        resolver: R,
    ) -> Self {
        Self {
            schema,
            document,
            variables,
            resolver,
            errors: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The `data` and `errors` of the answer.
    pub fn run(&mut self, root: &Object, selections: &'a SelectionSet) -> (Value, Vec<Value>) {
        let type_name = selections.ty.as_str();
        let picked = self.pick(type_name, [selections]);
        let data = self.object(root, type_name, &picked);
        let data = data.map_or(Value::Null, Value::Object);
        (data, std::mem::take(&mut self.errors))
    }

    fn object(
        &mut self,
        object: &Object,
        type_name: &str,
        picked: &Picked<'a>,
    ) -> Result<Map<String, Value>, Bubble> {
        let mut done = Map::new();
        for (key, fields) in picked {
            let first = fields[0];
            // introspection is answered elsewhere
            if matches!(first.name.as_str(), "__type" | "__schema") {
                continue;
            }
            self.path.push(Step::Key(key));
            let value = if first.name == "__typename" {
                Ok(json!(type_name))
            } else {
                self.field(object, type_name, key, fields)
            };
            self.path.pop();
            done.insert((*key).to_owned(), value?);
        }
        Ok(done)
    }

    fn field(
        &mut self,
        object: &Object,
        type_name: &str,
        key: &'a str,
        fields: &[&'a Field],
    ) -> Result<Value, Bubble> {
        let field = fields[0];
        if let Object::Record(known) = object
            && let Some((_, reply)) = known.iter().find(|(name, _)| *name == field.name.as_str())
        {
            return self.complete(reply, field.ty(), fields);
        }
        let asked = Asked {
            name: field.name.as_str(),
            key,
            arguments: arguments(field, self.variables),
        };
        let reply = match self.resolver.resolve(object, type_name, &asked) {
            Ok(reply) => reply,
            Err(fail) => Reply::Fails(fail),
        };
        self.complete(&reply, field.ty(), fields)
    }

    fn complete(
        &mut self,
        reply: &Reply,
        ty: &Type,
        fields: &[&'a Field],
    ) -> Result<Value, Bubble> {
        let value = match reply {
            Reply::Fails(fail) => self.fail(fail),
            Reply::Leaf(Value::Null) if ty.is_non_null() => {
                let message = format!(
                    "Cannot return null for non-nullable field {}.",
                    fields[0].name
                );
                self.fail(&Fail::new(message))
            }
            Reply::Leaf(value) => Ok(value.clone()),
            Reply::List(items) => self.list(items, ty, fields),
            Reply::Object(object) => {
                let type_name = self.type_name(object, ty);
                let picked = self.pick(&type_name, fields.iter().map(|field| &field.selection_set));
                self.object(object, &type_name, &picked).map(Value::Object)
            }
        };
        match value {
            Err(Bubble) if !ty.is_non_null() => Ok(Value::Null),
            value => value,
        }
    }

    fn list(&mut self, items: &[Reply], ty: &Type, fields: &[&'a Field]) -> Result<Value, Bubble> {
        let inner = ty.item_type();
        // what is picked depends on the type alone: once for the whole list
        let mut picked: HashMap<String, Picked<'a>> = HashMap::new();
        let mut done = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Index(index));
            let value = if let Reply::Object(object) = item {
                let type_name = self.type_name(object, inner);
                if !picked.contains_key(&type_name) {
                    let sets = fields.iter().map(|field| &field.selection_set);
                    picked.insert(type_name.clone(), self.pick(&type_name, sets));
                }
                self.object(object, &type_name, &picked[&type_name])
                    .map(Value::Object)
            } else {
                self.complete(item, inner, fields)
            };
            self.path.pop();
            match value {
                Err(Bubble) if !inner.is_non_null() => done.push(Value::Null),
                value => done.push(value?),
            }
        }
        Ok(Value::Array(done))
    }

    fn fail(&mut self, fail: &Fail) -> Result<Value, Bubble> {
        let steps = self.path.iter().map(|step| match step {
            Step::Key(key) => json!(key),
            Step::Index(index) => json!(index),
        });
        let path: Vec<Value> = steps.collect();
        self.errors.push(fail.to_json(&path));
        Err(Bubble)
    }

    fn type_name(&self, object: &Object, ty: &Type) -> String {
        let declared = ty.inner_named_type();
        match (object, self.schema.types.get(declared)) {
            (
                Object::Entity(name, _),
                Some(ExtendedType::Interface(_) | ExtendedType::Union(_)),
            ) => (*name).to_owned(),
            _ => declared.to_string(),
        }
    }

    fn pick(
        &self,
        type_name: &str,
        sets: impl IntoIterator<Item = &'a SelectionSet>,
    ) -> Picked<'a> {
        let mut picked = Vec::new();
        for set in sets {
            self.pick_from(type_name, &set.selections, &mut picked);
        }
        picked
    }

    fn pick_from(&self, type_name: &str, selections: &'a [Selection], picked: &mut Picked<'a>) {
        for selection in selections {
            if !self.wanted(selection) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let key = field.response_key().as_str();
                    match picked.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => picked.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.type_condition.as_ref().map(|name| name.as_str());
                    if condition.is_none_or(|wanted| self.is_a(type_name, wanted)) {
                        self.pick_from(type_name, &inline.selection_set.selections, picked);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    if self.is_a(type_name, fragment.type_condition().as_str()) {
                        self.pick_from(type_name, &fragment.selection_set.selections, picked);
                    }
                }
            }
        }
    }

    fn is_a(&self, type_name: &str, wanted: &str) -> bool {
        type_name == wanted
            || self
                .schema
                .get_object(type_name)
                .is_some_and(|object| object.implements_interfaces.contains(wanted))
    }

    fn wanted(&self, selection: &Selection) -> bool {
        let says = |directive: &str| {
            let directive = selection.directives().get(directive)?;
            let value = directive.specified_argument_by_name("if")?;
            literal(value, self.variables)?.as_bool()
        };
        says("skip") != Some(true) && says("include") != Some(false)
    }
}

/// The arguments of a field, variables filled in; one whose variable was not given is absent.
pub fn arguments(field: &Field, variables: &Map<String, Value>) -> Map<String, Value> {
    field
        .arguments
        .iter()
        .filter_map(|argument| {
            Some((
                argument.name.to_string(),
                literal(&argument.value, variables)?,
            ))
        })
        .collect()
}

fn literal(value: &ast::Value, variables: &Map<String, Value>) -> Option<Value> {
    Some(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Variable(name) => variables.get(name.as_str())?.clone(),
        ast::Value::Enum(name) => json!(name.as_str()),
        ast::Value::String(text) => json!(text),
        ast::Value::Boolean(truth) => json!(truth),
        ast::Value::Int(number) => number.as_str().parse().ok().map(Value::Number)?,
        ast::Value::Float(number) => number.as_str().parse().ok().map(Value::Number)?,
        ast::Value::List(items) => items
            .iter()
            .map(|item| literal(item, variables).unwrap_or(Value::Null))
            .collect(),
        ast::Value::Object(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((key.to_string(), literal(value, variables)?)))
            .collect::<Map<_, _>>()
            .into(),
    })
}
