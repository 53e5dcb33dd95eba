//! Whether platforms can hold what an edit of a manifest gives them: asked before the edit is
//! written, without a request.

use std::collections::{BTreeMap, BTreeSet};

use super::connect::Connections;
use super::desired::Values;
use super::load::Opener;
use super::targets::Located;
use crate::manifest::{Manifest, Source, UseSource};
use crate::model::{Target, TargetName, VarName};

/// A value that a platform does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub target: TargetName,
    /// Under which name.
    pub name: VarName,
    /// Why: lower case, no final period, no value.
    pub why: String,
    /// Which of the names that were asked about are in it.
    pub of: BTreeSet<VarName>,
}

/// What the targets of this manifest do not take of the values of `names`, by themselves or in
/// templates. A value that does not open is not judged.
pub fn refused(
    manifest: &Manifest,
    names: &BTreeSet<VarName>,
    opener: &mut Opener<'_>,
    located: &[Located],
    connections: &Connections,
) -> Vec<Refused> {
    let mut found = Vec::new();
    for spec in &manifest.targets {
        let touched: BTreeMap<&VarName, BTreeSet<VarName>> = spec
            .uses
            .iter()
            .map(|used| (&used.name, behind(manifest, &used.source, names)))
            .filter(|(_, of)| !of.is_empty())
            .collect();
        let place = located.iter().find(|one| one.target.name == spec.name);
        let target = place.map(|place| judged(&place.target));
        let Some(target) = target.filter(|target| connections.knows(target)) else {
            continue;
        };
        if touched.is_empty() {
            continue;
        }
        let values = Values::of_targets(manifest, opener, [spec]);
        let desired = values.desired(spec, true, |offer| connections.offer(&target, offer));
        let alone = desired
            .vars
            .iter()
            .filter_map(|(name, var)| Some((name.clone(), var.refusal.clone()?)));
        let together = connections.refused_together(&target, &desired);
        found.extend(alone.chain(together).filter_map(|(name, why)| {
            let of = touched.get(&name)?.clone();
            let target = spec.name.clone();
            Some(Refused {
                target,
                name,
                why,
                of,
            })
        }));
    }
    found
}

/// What a file can hold depends on its format; where another machine has it is not known here.
fn judged(target: &Target) -> Target {
    let mut target = target.clone();
    target.path.get_or_insert_with(|| "/".into());
    target
}

/// Which of `names` a use is made from.
fn behind(manifest: &Manifest, source: &UseSource, names: &BTreeSet<VarName>) -> BTreeSet<VarName> {
    let mut waiting: Vec<&VarName> = source.references().collect();
    let mut seen: BTreeSet<&VarName> = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if seen.insert(name)
            && let Some(Source::Template(template)) = manifest
                .variables
                .get(name)
                .map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    names
        .iter()
        .filter(|name| seen.contains(name))
        .cloned()
        .collect()
}
