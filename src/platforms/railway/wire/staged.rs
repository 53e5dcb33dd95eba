//! What is staged in an environment: edits that somebody made and nobody committed. What we do not
//! know in them is counted as being there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::SecretOrNull;
use crate::model::SecretValue;

/// The staged patch. Where nothing is staged, the API answers with an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Staged {
    /// Its id; a placeholder where nothing is staged.
    pub id: String,
    /// `STAGED`, `APPLYING` or `COMMITTED`.
    pub status: String,
    /// The edits.
    #[serde(deserialize_with = "null_is_empty")]
    pub patch: Patch,
}

fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Patch, D::Error> {
    Ok(Option::<Patch>::deserialize(from)?.unwrap_or_default())
}

/// Edits of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patch {
    /// By service id.
    pub services: BTreeMap<String, ServicePatch>,
    /// Of shared variables.
    pub shared: BTreeMap<String, VariablePatch>,
    /// Other sections that hold something, by name.
    pub others: BTreeSet<String>,
}

/// Edits of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServicePatch {
    /// Of its variables.
    pub variables: BTreeMap<String, VariablePatch>,
    /// Other settings that hold something, by name.
    pub others: BTreeSet<String>,
}

/// An edit of one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariablePatch {
    /// It is to go.
    Delete,
    /// It is to be set or sealed.
    Set {
        /// The new value, where it may be seen.
        value: Option<SecretValue>,
        /// Whether it is to be sealed.
        sealed: bool,
    },
}

impl Patch {
    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.services.values().all(ServicePatch::is_empty)
            && self.shared.is_empty()
            && self.others.is_empty()
    }
}

impl ServicePatch {
    /// Whether nothing of the service is staged.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.others.is_empty()
    }
}

/// Something is there, or not: null and an empty object are nothing.
struct Presence(bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Anything;
        impl<'de> Visitor<'de> for Anything {
            type Value = Presence;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Presence, E> {
                Ok(Presence(false))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Presence, E> {
                Ok(Presence(true))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Presence, A::Error> {
                let mut any = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Presence(any))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Presence, A::Error> {
                let mut any = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Presence(any))
            }
        }
        from.deserialize_any(Anything)
    }
}

impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Sections;
        impl<'de> Visitor<'de> for Sections {
            type Value = Patch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of sections")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Patch, A::Error> {
                let mut patch = Patch::default();
                while let Some(section) = map.next_key::<String>()? {
                    match section.as_str() {
                        "services" => patch.services = map.next_value::<OrEmpty<_>>()?.0,
                        "sharedVariables" => patch.shared = map.next_value::<OrEmpty<_>>()?.0,
                        _ => {
                            if map.next_value::<Presence>()?.0 {
                                patch.others.insert(section);
                            }
                        }
                    }
                }
                Ok(patch)
            }
        }
        from.deserialize_map(Sections)
    }
}

impl<'de> Deserialize<'de> for ServicePatch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Settings;
        impl<'de> Visitor<'de> for Settings {
            type Value = ServicePatch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of settings, or null")
            }

            // a whole service set to null: it is to go
            fn visit_unit<E: de::Error>(self) -> Result<ServicePatch, E> {
                let mut patch = ServicePatch::default();
                patch.others.insert("isDeleted".to_owned());
                Ok(patch)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ServicePatch, A::Error> {
                let mut patch = ServicePatch::default();
                while let Some(setting) = map.next_key::<String>()? {
                    if setting == "variables" {
                        patch.variables = map.next_value::<OrEmpty<_>>()?.0;
                    } else if map.next_value::<Presence>()?.0 {
                        patch.others.insert(setting);
                    }
                }
                Ok(patch)
            }
        }
        from.deserialize_any(Settings)
    }
}

/// Null is nothing.
struct OrEmpty<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for OrEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(from)?.unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for VariablePatch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields {
            value: Option<SecretOrNull>,
            #[serde(default)]
            is_sealed: Option<bool>,
        }
        Ok(match Option::<Fields>::deserialize(from)? {
            None => Self::Delete,
            Some(fields) => Self::Set {
                value: fields.value.and_then(|value| value.0),
                sealed: fields.is_sealed.unwrap_or(false),
            },
        })
    }
}
