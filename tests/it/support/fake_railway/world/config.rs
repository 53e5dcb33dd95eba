//! The configuration of an environment as one object, and patches of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::super::switches::{Masking, Switches};
use super::{Environment, Variable, Variables, World};

impl World {
    /// The whole configuration that a reader sees; values only if `decrypted`.
    pub fn config(&self, switches: &Switches, environment: &Environment, decrypted: bool) -> Value {
        let shown = |variables: Option<&Variables>| -> Value {
            variables
                .into_iter()
                .flatten()
                .map(|(name, variable)| (name.clone(), entry(switches, variable, decrypted)))
                .collect::<Map<_, _>>()
                .into()
        };
        let seen = environment.seen();
        let mut config = environment.rest.clone();
        for instance in &self.instances {
            if instance.environment != environment.id {
                continue;
            }
            let scope = seen.get(&Some(instance.service.clone()));
            let service = &mut config["services"][&instance.service];
            service["variables"] = shown(scope.map(AsRef::as_ref));
            if instance.deleted.is_some() {
                service["isDeleted"] = json!(true);
            }
        }
        config["sharedVariables"] = shown(seen.get(&None).map(AsRef::as_ref));
        config
    }

    /// A token of the configuration: of the masked one, unless the switch says otherwise.
    pub fn etag(&self, switches: &Switches, environment: &Environment) -> String {
        let decrypted = switches.etag_covers_values;
        let mut hasher = DefaultHasher::new();
        self.config(switches, environment, decrypted)
            .to_string()
            .hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

fn entry(switches: &Switches, variable: &Variable, decrypted: bool) -> Value {
    let mut entry = Map::new();
    let readable = decrypted && (!variable.sealed || variable.fresh);
    let value = if readable {
        json!(variable.raw)
    } else {
        mask(switches.masking)
    };
    entry.insert("value".to_owned(), value);
    if variable.sealed {
        entry.insert("isSealed".to_owned(), json!(true));
    }
    entry.into()
}

fn mask(style: Masking) -> Value {
    match style {
        Masking::Null => Value::Null,
        Masking::Empty => json!(""),
        Masking::Stars => json!("*****"),
    }
}

/// A patch with its values masked.
pub fn masked(patch: &Value, style: Masking) -> Value {
    let mut masked = patch.clone();
    let services = masked.get_mut("services").and_then(Value::as_object_mut);
    let mut groups: Vec<&mut Value> = services
        .into_iter()
        .flat_map(|services| services.values_mut())
        .filter_map(|service| service.get_mut("variables"))
        .collect();
    for group in &mut groups {
        mask_group(group, style);
    }
    if let Some(shared) = masked.get_mut("sharedVariables") {
        mask_group(shared, style);
    }
    masked
}

fn mask_group(group: &mut Value, style: Masking) {
    for variable in group.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(value) = variable.get_mut("value") {
            *value = mask(style);
        }
    }
}

/// Adds a patch to another. A null stays a null: it deletes when it is committed.
pub fn merge(into: &mut Value, patch: &Value) {
    match (into.as_object_mut(), patch.as_object()) {
        (Some(into), Some(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        _ => *into = patch.clone(),
    }
}

/// Whether a patch says anything: a section that is a non-empty object or a scalar.
pub fn is_empty(patch: &Value) -> bool {
    patch.as_object().is_none_or(|sections| {
        sections.values().all(|section| match section {
            Value::Object(entries) => entries.is_empty(),
            other => other.is_null(),
        })
    })
}

/// The places that a patch changes.
pub fn count_changes(patch: &Value) -> usize {
    match patch {
        Value::Object(entries)
            if entries.contains_key("value") || entries.contains_key("isSealed") =>
        {
            1
        }
        Value::Object(entries) => entries.values().map(count_changes).sum(),
        _ => 1,
    }
}

/// What a patch says about variables: scope, name, and the new entry or null.
pub fn variable_changes(patch: &Value) -> Vec<(Option<String>, String, Value)> {
    let mut groups: BTreeMap<Option<String>, &Value> = BTreeMap::new();
    for (id, service) in patch["services"].as_object().into_iter().flatten() {
        groups.insert(Some(id.clone()), &service["variables"]);
    }
    groups.insert(None, &patch["sharedVariables"]);
    let changes = groups.into_iter().flat_map(|(scope, group)| {
        let entries = group.as_object().into_iter().flatten();
        entries.map(move |(name, entry)| (scope.clone(), name.clone(), entry.clone()))
    });
    changes.collect()
}
