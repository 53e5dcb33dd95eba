//! What is sent to change variables: a patch of the environment, or the input of a collection. Values
//! go from the secret straight into the request.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::model::{SecretValue, VarName};

/// One service by its id, or the shared variables.
pub(super) type ScopeId = Option<String>;

/// What happens to one variable.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// Create or overwrite. A sealed one stays sealed, whatever the API makes of a plain write.
    Set { value: SecretValue, seal: bool },
    /// Delete.
    Delete,
}

/// Edits of several scopes of one environment: only what is named here changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    /// By scope, then by name.
    pub(super) scopes: BTreeMap<ScopeId, BTreeMap<VarName, Edit>>,
}

impl Patch {
    /// Whether plain sets are all there is: those can go without the patch machinery.
    pub(super) fn only_plain_sets(&self) -> bool {
        let mut edits = self.scopes.values().flat_map(BTreeMap::values);
        edits.all(|edit| matches!(edit, Edit::Set { seal: false, .. }))
    }

    /// Whether it names all that the other does.
    pub(super) fn includes(&self, other: &Self) -> bool {
        let names = |edits: &BTreeMap<VarName, Edit>, of: &BTreeMap<VarName, Edit>| {
            of.keys().all(|name| edits.contains_key(name))
        };
        other.scopes.iter().all(|(scope, of)| {
            let edits = self.scopes.get(scope);
            edits.is_some_and(|edits| names(edits, of))
        })
    }

    /// How many variables it names.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.scopes.values().map(BTreeMap::len).sum()
    }
}

/// As `EnvironmentConfig`: `services.<id>.variables.<NAME>` and `sharedVariables.<NAME>`.
impl Serialize for Patch {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Service<'a> {
            variables: Edits<'a>,
        }
        let services: BTreeMap<&str, Service<'_>> = self
            .scopes
            .iter()
            .filter_map(|(scope, edits)| {
                let variables = Edits(edits);
                Some((scope.as_deref()?, Service { variables }))
            })
            .collect();
        let mut patch = to.serialize_map(None)?;
        if !services.is_empty() {
            patch.serialize_entry("services", &services)?;
        }
        if let Some(shared) = self.scopes.get(&None) {
            patch.serialize_entry("sharedVariables", &Edits(shared))?;
        }
        patch.end()
    }
}

struct Edits<'a>(&'a BTreeMap<VarName, Edit>);

impl Serialize for Edits<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter())
    }
}

impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set { value, seal } => {
                let mut variable = to.serialize_map(None)?;
                variable.serialize_entry("value", value.expose())?;
                if *seal {
                    variable.serialize_entry("isSealed", &true)?;
                }
                variable.end()
            }
            Self::Delete => to.serialize_none(),
        }
    }
}

/// `VariableCollectionUpsertInput` without `replace`: that would remove every variable which is not
/// named, sealed ones included. Never deploys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Collection<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_id: Option<&'a str>,
    #[serde(serialize_with = "plain_sets")]
    pub(super) variables: &'a BTreeMap<VarName, Edit>,
    pub(super) skip_deploys: bool,
}

fn plain_sets<S: Serializer>(edits: &BTreeMap<VarName, Edit>, to: S) -> Result<S::Ok, S::Error> {
    // a null here has no documented meaning, so a delete never gets in
    to.collect_map(edits.iter().filter_map(|(name, edit)| match edit {
        Edit::Set { value, .. } => Some((name, value.expose())),
        Edit::Delete => None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(value: &str, seal: bool) -> Edit {
        Edit::Set {
            value: SecretValue::new(value),
            seal,
        }
    }

    fn patch(edits: Vec<(Option<&str>, &str, Edit)>) -> Patch {
        let mut patch = Patch::default();
        for (scope, name, edit) in edits {
            let scope = patch.scopes.entry(scope.map(str::to_owned)).or_default();
            scope.insert(name.parse().unwrap(), edit);
        }
        patch
    }

    #[test]
    fn it_names_only_what_changes() {
        let patch = patch(vec![
            (Some("id-1"), "A", set("x", false)),
            (Some("id-1"), "B", Edit::Delete),
            (Some("id-2"), "C", set("", true)),
            (None, "S", set("${{api.A}}", false)),
        ]);
        assert_eq!(patch.len(), 4);
        assert_eq!(
            serde_json::to_string(&patch).unwrap(),
            r#"{"services":{"id-1":{"variables":{"A":{"value":"x"},"B":null}},"id-2":{"variables":{"C":{"value":"","isSealed":true}}}},"sharedVariables":{"S":{"value":"${{api.A}}"}}}"#
        );
        assert!(!patch.only_plain_sets());
    }

    #[test]
    fn one_includes_another_by_scope_and_name() {
        let one = patch(vec![
            (Some("id-1"), "A", set("x", false)),
            (None, "S", Edit::Delete),
        ]);
        assert!(one.includes(&one) && one.includes(&Patch::default()));
        assert!(one.includes(&patch(vec![(Some("id-1"), "A", Edit::Delete)])));
        for other in [(Some("id-2"), "A"), (Some("id-1"), "B"), (None, "A")] {
            assert!(!one.includes(&patch(vec![(other.0, other.1, Edit::Delete)])));
        }
    }

    #[test]
    fn a_collection_never_replaces_and_never_deploys() {
        let patch = patch(vec![(None, "A", set("x", false))]);
        assert!(patch.only_plain_sets());
        let collection = Collection {
            project_id: "p",
            environment_id: "e",
            service_id: None,
            variables: &patch.scopes[&None],
            skip_deploys: true,
        };
        assert_eq!(
            serde_json::to_string(&collection).unwrap(),
            r#"{"projectId":"p","environmentId":"e","variables":{"A":"x"},"skipDeploys":true}"#
        );
    }

    #[test]
    fn no_debug_shows_a_value() {
        let patch = patch(vec![(None, "A", set("c4n4ry", true))]);
        assert!(!format!("{patch:?}").contains("c4n4ry"));
    }
}
