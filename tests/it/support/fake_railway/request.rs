//! One request from its bytes to its answer: recorded, limited, faulted, executed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::introspection;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use hyper::body::Bytes;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::State;
use super::execute::{Executor, Object};
use super::faults::{self, Hit};
use super::limits::Verdict;
use super::read::{Work, check_values, operation, read};
use super::record::{Credential, Recorded};
use super::resolve::Call;
use super::schema::{Checked, Document, Schema};
use super::world::tokens::Caller;

/// A request that was read.
pub struct Incoming {
    pub number: usize,
    pub caller: Caller,
    pub hit: Hit,
    pub verdict: Verdict,
    /// Environments that it changes.
    pub environments: BTreeSet<String>,
    /// The document to execute, or the body of a 400.
    work: Result<Work, Value>,
}

impl State {
    /// Reads and records a request, and decides what will go wrong with it.
    pub fn receive(&mut self, schema: &Arc<Schema>, parts: &Parts, body: &Bytes) -> Incoming {
        if !self.world.settled {
            self.world.settle();
        }
        self.served += 1;
        let header = |name: &str| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let authorization = header("authorization");
        let bearer =
            authorization.and_then(|value| Some(value.strip_prefix("Bearer ")?.to_owned()));
        let project = header("project-access-token");
        let caller = self.world.caller(bearer.as_deref(), project.as_deref());
        let mut record = Recorded {
            number: self.served,
            query_string: parts.uri.query().map(str::to_owned),
            headers: plain_headers(parts),
            token: Credential {
                bearer,
                project,
                kind: caller.kind().cloned(),
            },
            operation_name: None,
            document: "".into(),
            variables: Value::Null,
            mutation: false,
            roots: Vec::new(),
            fields: Arc::default(),
            body_bytes: body.len(),
            status: None,
        };
        let work = read(schema, body, &mut record);
        let work = work.and_then(|work| check_values(&self.switches, &record).map(|()| work));
        let verdict = self.limits.check(&self.switches, record.has_source());
        let names: Vec<String> = record.roots.iter().map(|root| root.name.clone()).collect();
        let incoming = Incoming {
            number: record.number,
            // a fault waits for a request that the limits let through
            hit: match verdict {
                Verdict::Free => faults::take(&mut self.rules, record.mutation, &names),
                _ => Hit::default(),
            },
            verdict,
            environments: self.changed_environments(&record),
            caller,
            work,
        };
        self.count(&record);
        self.record.push(record);
        incoming
    }

    fn count(&mut self, record: &Recorded) {
        self.counters.requests += 1;
        let counter = if record.mutation {
            &mut self.counters.mutation_fields
        } else {
            &mut self.counters.query_fields
        };
        *counter += record.roots.len();
        self.counters.without_source += usize::from(!record.has_source());
    }

    fn changed_environments(&self, record: &Recorded) -> BTreeSet<String> {
        let roots = record.roots.iter().filter(|_| record.mutation);
        let environments = roots.filter_map(|root| {
            let direct = root.arguments.get("environmentId");
            let named = direct.or_else(|| root.arguments.get("input")?.get("environmentId"));
            if let Some(id) = named.and_then(Value::as_str) {
                return Some(id.to_owned());
            }
            let id = root.arguments.get("id")?.as_str()?;
            let found = self.world.deployments.iter().find(|known| known.id == id)?;
            Some(found.environment.clone())
        });
        environments.collect()
    }

    /// Executes the document: the status and the body of the answer.
    pub fn execute(&mut self, incoming: &Incoming) -> (u16, Value) {
        let work = match &incoming.work {
            Ok(work) => work,
            Err(errors) => return (400, json!({ "errors": errors })),
        };
        let Checked::Good(document) = &*work.checked else {
            return (400, json!({ "errors": [] }));
        };
        let operation = match operation(document, work.operation_name.as_deref()) {
            Ok(operation) => operation,
            Err(errors) => return (400, json!({ "errors": errors })),
        };
        let call = Call {
            world: &mut self.world,
            switches: &self.switches,
            caller: &incoming.caller,
            field_faults: &incoming.hit.fields,
            unexpected: &mut self.unexpected,
            read: BTreeSet::new(),
            roots: 0,
        };
        let mut executor = Executor::new(
            &work.schema.types,
            &document.executable,
            &work.variables,
            call,
        );
        let root = if operation.is_mutation() {
            Object::Mutation
        } else {
            Object::Query
        };
        let (mut data, mut errors) = executor.run(&root, &operation.selection_set);
        let read = executor.resolver.read;
        for environment in read {
            self.world.was_read(&environment);
        }
        if asks_for_types(document, operation) {
            introspect(work, document, operation, &mut data, &mut errors);
        }
        let mut body = json!({ "data": data });
        if !errors.is_empty() {
            body["errors"] = json!(errors);
        }
        (200, body)
    }
}

/// All headers but those that carry a token.
fn plain_headers(parts: &Parts) -> BTreeMap<String, String> {
    let secret = ["authorization", "project-access-token"];
    let headers = parts.headers.iter();
    headers
        .filter(|(name, _)| !secret.contains(&name.as_str()))
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn asks_for_types(document: &Document, operation: &Operation) -> bool {
    let mut roots = operation.root_fields(&document.executable);
    roots.any(|field| matches!(field.name.as_str(), "__type" | "__schema"))
}

/// Adds what the document asks about the schema itself.
fn introspect(
    work: &Work,
    document: &Document,
    operation: &Operation,
    data: &mut Value,
    errors: &mut Vec<Value>,
) {
    let values = match JsonValue::from(Value::Object(work.variables.clone())) {
        JsonValue::Object(values) => values,
        _ => JsonMap::new(),
    };
    let answer =
        coerce_variable_values(&work.schema.types, operation, &values).and_then(|values| {
            introspection::partial_execute(
                &work.schema.types,
                &work.schema.implementers,
                &document.executable,
                operation,
                &values,
            )
        });
    let answer = answer
        .ok()
        .and_then(|answer| serde_json::to_value(answer).ok());
    let answer = answer.unwrap_or_default();
    if let (Some(data), Some(types)) = (data.as_object_mut(), answer["data"].as_object()) {
        data.extend(types.clone());
    }
    errors.extend(answer["errors"].as_array().cloned().unwrap_or_default());
}
