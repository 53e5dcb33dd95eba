//! Some variables of a former revision. Whatever else is wrong with that revision does not matter,
//! and takes no time.

use std::collections::{BTreeMap, BTreeSet};

use super::decode;
use super::problem::Problems;
use super::spec::{Seal, Source};
use super::yaml::parse_tree;
use crate::model::{ManifestName, VarName};

/// What was asked for, as far as it is there and can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What the values are bound to.
    pub name: ManifestName,
    /// By name; only those that were asked for.
    pub variables: BTreeMap<VarName, Source>,
    /// What they are sealed under.
    pub seal: Option<Seal>,
}

/// Looks at these variables. `None` where the text is no manifest at all.
pub fn glance(text: &str, names: &BTreeSet<VarName>) -> Option<Glance> {
    let mut problems = Problems::default();
    let root = parse_tree(text, &mut problems)?;
    decode::decode_some(&root, names, &mut problems)
}
