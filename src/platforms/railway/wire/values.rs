//! Values of several scopes in one answer, each under its alias.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{SecretOrNull, Staged};
use crate::model::SecretValue;

/// The variables of one scope as stored, references not followed. `None` is null: sealed, there but
/// not readable; never "not there".
pub type Values = BTreeMap<String, Option<SecretValue>>;

/// Answer to `documents::variables`: values by alias (`shared`, `s0`…), and what is staged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VariablesAnswer {
    /// By alias. An alias that failed is not in it.
    pub scopes: BTreeMap<String, Values>,
    /// What is staged, if it was asked for.
    pub staged: Option<Staged>,
}

impl<'de> Deserialize<'de> for VariablesAnswer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Roots;
        impl<'de> Visitor<'de> for Roots {
            type Value = VariablesAnswer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of scopes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut answer = VariablesAnswer::default();
                while let Some(alias) = map.next_key::<String>()? {
                    if alias == "staged" {
                        answer.staged = map.next_value()?;
                    } else if let Some(Scope(values)) = map.next_value()? {
                        answer.scopes.insert(alias, values);
                    }
                }
                Ok(answer)
            }
        }
        from.deserialize_map(Roots)
    }
}

struct Scope(Values);

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Scope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of variables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Values::new();
                while let Some((name, SecretOrNull(value))) = map.next_entry::<String, _>()? {
                    if values.insert(name, value).is_some() {
                        return Err(de::Error::custom("a name twice"));
                    }
                }
                Ok(Scope(values))
            }
        }
        from.deserialize_map(Names)
    }
}
