//! The shapes of answers. Fields that we do not know are ignored; values go straight into
//! [`SecretValue`].

mod answers;
mod authors;
mod nodes;
mod staged;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::SecretValue;

pub use answers::{
    ApiTokenAnswer, CommitAnswer, EnvironmentAnswer, EnvironmentPage, EnvironmentsOf, InstancesOf,
    MeAnswer, MutationArguments, ProjectAnswer, ProjectNode, ProjectTokenAnswer, ProjectTokenNode,
    ProjectsAnswer, ServicesOf, StageAnswer, StagedAnswer, VariablesOf, WorkflowAnswer,
    WorkflowNode, WorkflowStatus, WorkspacesNode,
};
pub use authors::{AuditLogAnswer, AuditNode, PatchNode, PatchesAnswer};
pub use nodes::{
    DeploymentNode, EnvironmentEntry, EnvironmentNode, InstanceNode, Named, VariableNode,
};
pub use staged::{Patch, ServicePatch, Staged, VariablePatch};
pub use values::{Values, VariablesAnswer};

/// A value on its way to the API: the one way to serialize a secret, to look at in review.
#[derive(Clone, Copy)]
pub struct Exposed<'a>(pub &'a SecretValue);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose())
    }
}

/// A text into a secret, or null. Its errors do not quote the text.
pub fn secret_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretValue>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Option<SecretValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or null")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(SecretValue::new(text)))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    from.deserialize_any(Text)
}

/// [`secret_or_null`], for where a type is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretOrNull(pub Option<SecretValue>);

impl<'de> Deserialize<'de> for SecretOrNull {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        secret_or_null(from).map(Self)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection<T> {
    /// The items.
    pub edges: Vec<Edge<T>>,
    /// Whether there are more.
    pub page_info: PageInfo,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Edge<T> {
    /// The item.
    pub node: T,
}

/// Whether there are more items, and from where on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    /// More to come.
    pub has_next_page: bool,
    /// Where the next page begins.
    pub end_cursor: Option<String>,
}
