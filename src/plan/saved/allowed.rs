//! What a person allowed, as a file spells it: JSON has no keys of several parts.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Overrides, TargetName, VarName};

/// The flags, each as in the words of the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Overrides")]
pub(super) struct Allowed {
    /// `--take-over`.
    #[schemars(with = "BTreeSet<String>")]
    take_over: BTreeSet<TargetName>,
    /// `--overwrite`.
    overwrite: BTreeSet<Place>,
    /// `--adopt`.
    adopt: BTreeSet<Place>,
    /// `--allow`.
    allow: BTreeSet<Allowance>,
    /// `--partial`.
    #[schemars(with = "BTreeSet<String>")]
    partial: BTreeSet<VarName>,
}

/// One variable of one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    #[schemars(with = "String")]
    variable: VarName,
    #[schemars(with = "String")]
    target: TargetName,
}

/// One rail that was let go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Allowance {
    rail: String,
    /// Null for all targets.
    #[schemars(with = "Option<String>")]
    target: Option<TargetName>,
    /// Up to how many; null for rails without a number.
    most: Option<u32>,
}

impl From<&Overrides> for Allowed {
    fn from(of: &Overrides) -> Self {
        let place = |(variable, target): &(VarName, TargetName)| Place {
            variable: variable.clone(),
            target: target.clone(),
        };
        let allow = of.allow.iter().map(|((rail, target), most)| Allowance {
            rail: rail.clone(),
            target: target.clone(),
            most: *most,
        });
        Self {
            take_over: of.take_over.clone(),
            overwrite: of.overwrite.iter().map(place).collect(),
            adopt: of.adopt.iter().map(place).collect(),
            allow: allow.collect(),
            partial: of.partial.clone(),
        }
    }
}

impl From<&Allowed> for Overrides {
    fn from(of: &Allowed) -> Self {
        let place = |place: &Place| (place.variable.clone(), place.target.clone());
        let allow = of.allow.iter().map(|one| {
            let key = (one.rail.clone(), one.target.clone());
            (key, one.most)
        });
        Self {
            take_over: of.take_over.clone(),
            overwrite: of.overwrite.iter().map(place).collect(),
            adopt: of.adopt.iter().map(place).collect(),
            allow: allow.collect(),
            partial: of.partial.clone(),
        }
    }
}
