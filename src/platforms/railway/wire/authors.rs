//! Commits and entries of the audit log: when, and by whom.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Connection;
use super::nodes::time_or_none;
use crate::model::CommitMessage;

/// Answer to `PATCHES`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PatchesAnswer {
    /// One page.
    #[serde(rename = "environmentPatches")]
    pub patches: Connection<PatchNode>,
}

/// A commit, without what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchNode {
    /// When it took effect, where it did and we understand the text.
    #[serde(deserialize_with = "time_or_none")]
    pub applied_at: Option<Timestamp>,
    /// `STAGED`, `APPLYING` or `COMMITTED`.
    pub status: String,
    /// What its author says, where that is what an apply of ours says. Any other text is dropped: it may
    /// quote a value.
    #[serde(deserialize_with = "ours_or_none")]
    pub message: Option<CommitMessage>,
    /// Whose login or token it was.
    #[serde(deserialize_with = "person_or_none")]
    pub applied_by: Option<String>,
}

/// Answer to `AUDIT_LOG`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuditLogAnswer {
    /// One page.
    #[serde(rename = "auditLogs")]
    pub entries: Connection<AuditNode>,
}

/// An entry of the audit log, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditNode {
    /// When, where we understand the text.
    #[serde(deserialize_with = "time_or_none")]
    pub created_at: Option<Timestamp>,
    /// What happened, in a word of Railway's.
    pub event_type: String,
    /// Who did it, where the entry says so in a form that we know. The rest of the context is dropped.
    #[serde(rename = "context", deserialize_with = "actor_or_none")]
    pub actor: Option<String>,
}

fn ours_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CommitMessage>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| CommitMessage::parse(&text)))
}

/// What people call a person: the name, else the user's name, else the address.
fn person(of: &Value) -> Option<String> {
    let text = |key: &str| {
        let text = of.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| shortened(text))
    };
    text("name")
        .or_else(|| text("username"))
        .or_else(|| text("email"))
}

/// The longest name that is shown, in characters.
const LONGEST: usize = 80;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn person_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(person(&Value::deserialize(from)?))
}

/// The schema does not say what a context holds. Railway's own pages speak of an actor, who is a user,
/// Railway's staff or its system.
fn actor_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let context = Value::deserialize(from)?;
    let named = ["actor", "user"]
        .into_iter()
        .filter_map(|key| context.get(key));
    Ok(named.into_iter().find_map(|actor| match actor {
        Value::String(text) if !text.trim().is_empty() => Some(shortened(text.trim())),
        other => person(other),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patch(message: &Value, by: &Value) -> PatchNode {
        let node = json!({
            "appliedAt": "2026-01-01T00:00:00.000Z", "status": "COMMITTED",
            "message": message, "appliedBy": by,
        });
        serde_json::from_value(node).unwrap()
    }

    #[test]
    fn a_commit_keeps_its_author_and_no_text_of_its_own() {
        let by = json!({ "name": null, "username": "ada", "email": "ada@example.org" });
        let other = patch(&json!("TOKEN was c4n4ry"), &by);
        assert_eq!(other.message, None);
        assert_eq!(other.applied_by.as_deref(), Some("ada"));
        let ours = patch(
            &json!("driftlock: dev, plan 3fa9c1d2ab12, by ops@mini"),
            &Value::Null,
        );
        assert_eq!(ours.message.unwrap().who, "ops@mini");
        assert_eq!(ours.applied_by, None);
        let long = patch(&Value::Null, &json!({ "name": "é".repeat(81) }));
        assert_eq!(long.applied_by.unwrap().chars().count(), 81);
        let blank = patch(&Value::Null, &json!({ "name": " ", "email": "a@b" }));
        assert_eq!(blank.applied_by.as_deref(), Some("a@b"));
    }

    #[test]
    fn a_context_of_another_form_names_nobody() {
        let actor = |context: &Value| {
            let node =
                json!({ "createdAt": "?", "eventType": "variable.update", "context": context });
            let node: AuditNode = serde_json::from_value(node).unwrap();
            assert_eq!(node.created_at, None);
            node.actor
        };
        let ada = json!({ "actor": { "type": "user", "name": "Ada", "email": "a@b" } });
        assert_eq!(actor(&ada).as_deref(), Some("Ada"));
        assert_eq!(
            actor(&json!({ "user": { "email": "a@b" } })).as_deref(),
            Some("a@b")
        );
        assert_eq!(
            actor(&json!({ "actor": "Railway Staff" })).as_deref(),
            Some("Railway Staff")
        );
        for odd in [
            json!(null),
            json!([1]),
            json!("c4n4ry"),
            json!({ "actor": 7 }),
            json!({ "ip": "::1" }),
        ] {
            assert_eq!(actor(&odd), None, "{odd}");
        }
    }
}
