//! From the bytes of a body to a document that can be executed, or to the errors of a 400.

use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::execute::{Fail, arguments};
use super::record::{Recorded, Root};
use super::schema::{Checked, Document, Schema};
use super::switches::Switches;
use super::world::commit::{bad_input, check_variable};
use super::world::config::variable_changes;

/// A checked document with what it needs to be executed.
pub struct Work {
    pub schema: Arc<Schema>,
    pub checked: Arc<Checked>,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
}

/// Parses and checks the body; what is known by then goes into the record.
pub fn read(schema: &Arc<Schema>, body: &Bytes, record: &mut Recorded) -> Result<Work, Value> {
    let bad =
        |message: &str, code: &str| json!([{ "message": message, "extensions": { "code": code } }]);
    let body: Value =
        serde_json::from_slice(body).map_err(|_| bad("POST body is not JSON.", "BAD_REQUEST"))?;
    let text = body["query"]
        .as_str()
        .ok_or_else(|| bad("POST body missing query.", "BAD_REQUEST"))?;
    record.variables = body["variables"].clone();
    record.operation_name = body["operationName"].as_str().map(str::to_owned);
    let checked = schema.document(text);
    let document = match &*checked {
        Checked::Good(document) => document,
        Checked::Bad(errors) => {
            record.document = text.into();
            return Err(errors.clone());
        }
    };
    record.document = Arc::clone(&document.text);
    record.fields = Arc::clone(&document.fields);
    let operation = operation(document, record.operation_name.as_deref())?;
    record.mutation = operation.is_mutation();
    let variables = coerce(schema, operation, &record.variables)?;
    record.roots = operation
        .root_fields(&document.executable)
        .map(|field| Root {
            name: field.name.to_string(),
            key: field.response_key().to_string(),
            arguments: arguments(field, &variables),
        })
        .collect();
    Ok(Work {
        schema: Arc::clone(schema),
        operation_name: record.operation_name.clone(),
        checked,
        variables,
    })
}

pub fn operation<'d>(document: &'d Document, name: Option<&str>) -> Result<&'d Operation, Value> {
    let found = document.executable.operations.get(name);
    found.map(AsRef::as_ref).map_err(|_| {
        json!([{
            "message": "Unknown operation named in the request.",
            "extensions": { "code": "OPERATION_RESOLUTION_FAILURE" },
        }])
    })
}

/// Fits the variables to their types. The complaint quotes them, as the real server's does.
fn coerce(
    schema: &Schema,
    operation: &Operation,
    sent: &Value,
) -> Result<Map<String, Value>, Value> {
    let values = match JsonValue::from(sent.clone()) {
        JsonValue::Object(values) => values,
        _ => JsonMap::new(),
    };
    let complain = |problem: String| {
        json!([{
            "message": format!("Variables got invalid value {sent}; {problem}"),
            "extensions": { "code": "BAD_USER_INPUT" },
        }])
    };
    let fitted = coerce_variable_values(&schema.types, operation, &values)
        .map_err(|bad| complain(bad.message().to_string()))?;
    match serde_json::to_value(&*fitted) {
        Ok(Value::Object(variables)) => Ok(variables),
        _ => Err(complain("expected an object".to_owned())),
    }
}

/// What the custom scalars refuse: the server finds it before it executes anything.
pub fn check_values(switches: &Switches, record: &Recorded) -> Result<(), Value> {
    let refuse = |fail: Fail| json!([fail.to_json(&[])]);
    for root in record.roots.iter().filter(|_| record.mutation) {
        let input = root.arguments.get("input").unwrap_or(&Value::Null);
        let patch = root.arguments.get("patch").unwrap_or(input);
        let is_patch = root.name.starts_with("environment");
        if is_patch && !(patch.is_object() || patch.is_null()) {
            return Err(refuse(bad_input("patch", patch)));
        }
        let mut values = Vec::new();
        for (name, value) in input["variables"].as_object().into_iter().flatten() {
            if !value.is_string() {
                return Err(refuse(bad_input(name, value)));
            }
            values.push((name.clone(), value.clone()));
        }
        if is_patch {
            let changes = variable_changes(patch).into_iter();
            values.extend(changes.map(|(_, name, entry)| (name, entry["value"].clone())));
        }
        if let (Some(name), value) = (input["name"].as_str(), &input["value"]) {
            values.push((name.to_owned(), value.clone()));
        }
        for (name, value) in values.iter().filter(|_| !switches.refusals_in_band) {
            check_variable(switches, name, value.as_str()).map_err(refuse)?;
        }
    }
    Ok(())
}
