//! What resolvers are asked and what they give: values, objects, lists, and errors of one field.

use serde_json::{Map, Value, json};

/// What a resolver gives for one field.
#[derive(Debug, Clone)]
pub enum Reply {
    Leaf(Value),
    Object(Object),
    List(Vec<Self>),
    /// A field that fails when it is asked for.
    Fails(Fail),
}

#[derive(Debug, Clone)]
pub enum Object {
    Query,
    Mutation,
    /// Something with an id whose fields are worked out when they are asked for.
    Entity(&'static str, String),
    /// All fields known beforehand.
    Record(Vec<(&'static str, Reply)>),
}

/// An error of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fail {
    pub message: String,
    pub code: &'static str,
    /// More entries of `extensions`.
    pub extensions: Vec<(&'static str, String)>,
}

impl Fail {
    pub fn new(message: impl Into<String>) -> Self {
        Self::coded(message, "INTERNAL_SERVER_ERROR")
    }

    pub fn coded(message: impl Into<String>, code: &'static str) -> Self {
        Self {
            message: message.into(),
            code,
            extensions: Vec::new(),
        }
    }

    pub fn not_authorized() -> Self {
        Self::new("Not Authorized")
    }

    pub fn problem() -> Self {
        Self::new("Problem processing request")
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(format!("{what} not found"))
    }

    pub fn to_json(&self, path: &[Value]) -> Value {
        let mut extensions = json!({ "code": self.code });
        for (key, value) in &self.extensions {
            extensions[*key] = json!(value);
        }
        let mut error = json!({
            "message": self.message,
            "extensions": extensions,
            "traceId": "4611686018427387904",
        });
        if !path.is_empty() {
            error["path"] = json!(path);
        }
        error
    }
}

/// Gives the fields of objects.
pub trait Resolve {
    fn resolve(
        &mut self,
        object: &Object,
        type_name: &str,
        field: &Asked<'_>,
    ) -> Result<Reply, Fail>;
}

/// One field of a selection, with its arguments.
pub struct Asked<'a> {
    pub name: &'a str,
    /// The alias, else the name.
    pub key: &'a str,
    pub arguments: Map<String, Value>,
}
