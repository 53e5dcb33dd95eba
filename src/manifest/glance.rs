//! Some variables of a former revision. Whatever else is wrong with that revision does not matter,
//! and takes no time.

use std::collections::BTreeSet;

use super::decode;
use super::problem::Problems;
use super::spec::Glance;
use super::yaml::parse_tree;
use crate::model::VarName;

/// Looks at these variables. `None` where the text is no manifest at all.
pub fn glance(text: &str, names: &BTreeSet<VarName>) -> Option<Glance> {
    let mut problems = Problems::default();
    let root = parse_tree(text, &mut problems)?;
    decode::decode_some(&root, names, &mut problems)
}
