//! A published OpenAPI 3.0 description, and whether a request or an answer keeps to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// A description; its schemas are made ready as they are asked for.
pub struct OpenApi {
    root: Value,
    ready: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// An operation that a request was found to be.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    /// As the description spells it: `/repos/{owner}/{repo}/…`.
    pub template: String,
}

impl OpenApi {
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read(path).expect("the description can be read");
        Self {
            root: serde_json::from_slice(&text).expect("the description is JSON"),
            ready: Mutex::default(),
        }
    }

    /// The value of an example of the description.
    pub fn example(&self, name: &str) -> Value {
        self.root["components"]["examples"][name]["value"].clone()
    }

    /// Which operation it is, and what is wrong with the request.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<Operation, String> {
        let (template, values) = self
            .find(method, path)
            .ok_or_else(|| format!("{method} {path} is no operation"))?;
        let operation = Operation {
            method: method.to_ascii_lowercase(),
            template,
        };
        let described = self.described(&operation);
        let mut known = BTreeSet::new();
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolve(parameter);
            let name = parameter["name"].as_str().expect("a parameter has a name");
            let given = match parameter["in"].as_str() {
                Some("path") => values.get(name),
                Some("query") => {
                    known.insert(name.to_owned());
                    let mut given = query.iter();
                    given.find(|(key, _)| key == name).map(|(_, value)| value)
                }
                _ => continue,
            };
            match given {
                None if parameter["required"] == true => return Err(format!("{name} is missing")),
                None => {}
                Some(text) => self.parameter(name, text, &parameter["schema"])?,
            }
        }
        if let Some((name, _)) = query.iter().find(|(name, _)| !known.contains(name)) {
            return Err(format!("{name} is no parameter of {}", operation.template));
        }
        self.body(&operation, described, body)?;
        Ok(operation)
    }

    fn parameter(&self, name: &str, text: &str, schema: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        let value = if schema["type"] == "integer" {
            let number: Result<u64, _> = text.parse();
            number.map_or_else(|_| json!(text), |number| json!(number))
        } else {
            json!(text)
        };
        self.fits(&format!("parameter {name} {schema}"), schema, &value)
    }

    fn body(
        &self,
        operation: &Operation,
        described: &Value,
        body: Option<&Value>,
    ) -> Result<(), String> {
        let wanted = &described["requestBody"];
        let Some(body) = body else {
            return match wanted["required"] == true {
                true => Err("the body is missing".to_owned()),
                false => Ok(()),
            };
        };
        let schema = &wanted["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Err(format!("{operation:?} takes no body"));
        }
        self.fits(&format!("{operation:?} body"), schema, body)?;
        // the description leaves more open than the API does
        let properties = self.resolve(schema)["properties"].as_object();
        let given = body.as_object().into_iter().flat_map(Map::keys);
        let foreign: Vec<_> = given
            .filter(|key| properties.is_none_or(|known| !known.contains_key(*key)))
            .collect();
        if foreign.is_empty() {
            Ok(())
        } else {
            Err(format!("{foreign:?} are no properties of the body"))
        }
    }

    /// What is wrong with an answer.
    pub fn answer(&self, operation: &Operation, status: u16, body: &Value) -> Result<(), String> {
        let described = self.described(operation);
        let response = self.resolve(&described["responses"][status.to_string()]);
        if response.is_null() {
            return Err(format!("{operation:?} never answers {status}"));
        }
        let schema = &response["content"]["application/json"]["schema"];
        self.fits(&format!("{operation:?} {status}"), schema, body)
    }

    /// Whether a value fits a schema of `components`.
    pub fn is_a(&self, name: &str, value: &Value) -> Result<(), String> {
        let schema = &self.root["components"]["schemas"][name];
        self.fits(name, schema, value)
    }

    fn described(&self, operation: &Operation) -> &Value {
        &self.root["paths"][&operation.template][&operation.method]
    }

    fn find(&self, method: &str, path: &str) -> Option<(String, BTreeMap<String, String>)> {
        let method = method.to_ascii_lowercase();
        let paths = self.root["paths"].as_object()?;
        let fitting = paths.iter().filter(|(_, all)| all.get(&method).is_some());
        let mut fitting: Vec<_> = fitting
            .filter_map(|(template, _)| Some((template.clone(), values(template, path)?)))
            .collect();
        // a word that is there says more than one that stands for anything
        fitting.sort_by_key(|(_, values)| values.len());
        fitting.into_iter().next()
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(at) => {
                let at = at.strip_prefix('#').expect("references are local");
                self.resolve(self.root.pointer(at).expect("references lead somewhere"))
            }
            None => value,
        }
    }

    fn fits(&self, name: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = {
            let mut ready = self.ready.lock().unwrap();
            let make = || Arc::new(self.validator(schema));
            Arc::clone(ready.entry(name.to_owned()).or_insert_with(make))
        };
        let wrong: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(format!("{name}: {}", wrong.join("; "))),
        }
    }

    /// The schema as JSON Schema 2020-12 with all that it refers to.
    fn validator(&self, schema: &Value) -> Validator {
        let mut taken = Map::new();
        let mut whole = self.modern(schema, &mut taken);
        if let Some(map) = whole.as_object_mut() {
            map.insert("$defs".to_owned(), Value::Object(taken));
        }
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .build(&whole)
            .expect("the description's schemas can be used")
    }

    fn modern(&self, schema: &Value, taken: &mut Map<String, Value>) -> Value {
        match schema {
            Value::Array(all) => all.iter().map(|one| self.modern(one, taken)).collect(),
            Value::Object(map) => {
                if let Some(at) = map.get("$ref").and_then(Value::as_str) {
                    return self.reference(at, taken);
                }
                let mut made = Map::new();
                for (key, inner) in map {
                    match key.as_str() {
                        "nullable" | "example" | "discriminator" => {}
                        // names there, whatever they are
                        "properties" => {
                            let inner = inner.as_object().into_iter().flatten();
                            let inner =
                                inner.map(|(name, one)| (name.clone(), self.modern(one, taken)));
                            made.insert(key.clone(), Value::Object(inner.collect()));
                        }
                        "enum" | "required" | "default" => {
                            made.insert(key.clone(), inner.clone());
                        }
                        _ => {
                            made.insert(key.clone(), self.modern(inner, taken));
                        }
                    }
                }
                let made = Value::Object(made);
                if map.get("nullable") == Some(&Value::Bool(true)) {
                    json!({ "anyOf": [made, { "type": "null" }] })
                } else {
                    made
                }
            }
            other => other.clone(),
        }
    }

    fn reference(&self, at: &str, taken: &mut Map<String, Value>) -> Value {
        let name = at.rsplit('/').next().expect("a path has an end").to_owned();
        if !taken.contains_key(&name) {
            taken.insert(name.clone(), Value::Null);
            let at = at.strip_prefix('#').expect("references are local");
            let schema = self.root.pointer(at).expect("references lead somewhere");
            let made = self.modern(schema, taken);
            taken.insert(name.clone(), made);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }
}

/// The parts of a path that stand where a template has names; `None` if it does not fit.
fn values(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (wanted, given): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut values = BTreeMap::new();
    for (wanted, given) in wanted.iter().zip(given) {
        match wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) if !given.is_empty() => {
                values.insert(name.to_owned(), given.to_owned());
            }
            None if *wanted == given => {}
            _ => return None,
        }
    }
    Some(values)
}

#[test]
fn a_description_is_kept_to() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let description = json!({
        "paths": {
            "/things/{id}": { "get": {
                "parameters": [
                    { "in": "path", "name": "id", "required": true, "schema": { "type": "integer" } },
                    { "in": "query", "name": "size", "schema": { "type": "integer", "maximum": 9 } },
                ],
                "responses": { "200": { "content": { "application/json": { "schema":
                    { "$ref": "#/components/schemas/thing" } } } } },
            } },
            "/things/new": { "get": { "responses": {} } },
        },
        "components": { "schemas": {
            "thing": {
                "type": "object",
                "required": ["name", "next"],
                "properties": {
                    "name": { "type": "string", "nullable": true },
                    "next": { "$ref": "#/components/schemas/nullable-thing" },
                },
            },
            "nullable-thing": {
                "type": "object", "nullable": true, "required": ["name"],
                "properties": { "name": { "type": "string", "enum": ["a"] } },
            },
        } },
    });
    std::fs::write(file.path(), description.to_string()).unwrap();
    let api = OpenApi::load(file.path());
    let ask = |path: &str, size: &str| {
        let query: Vec<_> = size.split_once('=').into_iter().collect();
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        api.request("GET", path, &query, None)
    };
    let thing = ask("/things/7", "size=9").unwrap();
    assert_eq!(thing.template, "/things/{id}");
    assert_eq!(ask("/things/new", "").unwrap().template, "/things/new");
    for (path, query) in [
        ("/things/x", ""),
        ("/things/7", "size=10"),
        ("/things/7", "page=1"),
        ("/things", ""),
        ("/things/", ""),
    ] {
        assert!(ask(path, query).is_err(), "{path} {query}");
    }
    assert!(api.request("PUT", "/things/7", &[], None).is_err());
    let answer = |status, body| api.answer(&thing, status, &body);
    assert_eq!(answer(200, json!({ "name": null, "next": null })), Ok(()));
    assert_eq!(
        answer(200, json!({ "name": "x", "next": { "name": "a" } })),
        Ok(())
    );
    assert!(answer(200, json!({ "name": "x" })).is_err());
    assert!(answer(200, json!({ "name": "x", "next": { "name": "b" } })).is_err());
    assert!(answer(200, json!({ "name": "x", "next": { "name": null } })).is_err());
    assert!(answer(201, json!({ "name": null, "next": null })).is_err());
}
