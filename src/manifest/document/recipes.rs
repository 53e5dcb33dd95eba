//! The shape of `generate`: a word, or a map of one kind.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::model::{MAX_LENGTH, PairKind};

/// How a new value is made.
pub(super) struct Recipe;

impl JsonSchema for Recipe {
    fn schema_name() -> Cow<'static, str> {
        "Recipe".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let number = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LENGTH });
        let prefix = json!({ "type": "string", "pattern": "^[!-~]{0,64}$" });
        let text = |kind: &str, size: &Value| {
            map(
                &[kind],
                json!({ kind: size.clone(), "prefix": prefix.clone() }),
            )
        };
        let pair = |curve: &str| {
            let known = PairKind::ALL.iter().filter(|(of, _, _)| *of == curve);
            let words: Vec<&str> = known.map(|(_, word, _)| *word).collect();
            let name = r"^[A-Za-z_][A-Za-z0-9_]{0,254}$";
            map(
                &[curve, "public"],
                json!({
                    curve: { "enum": words },
                    "public": {
                        "description": "The clear variable that gets the public half.",
                        "type": "string",
                        "pattern": name
                    }
                }),
            )
        };
        let class = json!({ "enum": ["upper", "lower", "digit", "symbol"] });
        json_schema!({
            "description": "How `set --generate` and `rotate` make a new value.",
            "anyOf": [
                {
                    "type": "string",
                    "pattern": r"^(uuid|(hex|base64|base64url)(:[1-9][0-9]{0,3})?|alphabet:[!-~]{2,}:[1-9][0-9]{0,3})$"
                },
                text("hex", &number),
                text("base64", &number),
                text("base64url", &number),
                text("uuid", &json!({ "const": 4 })),
                map(
                    &["alphabet", "length"],
                    json!({
                        "alphabet": {
                            "description": "Characters and ranges, each character once.",
                            "type": ["string", "integer"],
                            "pattern": "^[!-~]{2,}$"
                        },
                        "length": number,
                        "require": { "type": "array", "items": class, "uniqueItems": true },
                        "prefix": prefix
                    })
                ),
                pair("ed25519"),
                pair("x25519"),
                map(
                    &["command"],
                    json!({
                        "command": {
                            "description": "A command line for `sh`, whose output is the value.",
                            "type": "string",
                            "pattern": r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
                        },
                        "timeout": { "type": "string", "pattern": "^[1-9][0-9]*[smhdw]$" }
                    })
                )
            ]
        })
    }
}

fn map(required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}
