//! Whether platforms can hold what an edit of a manifest gives them: asked before the edit is
//! written, without a request.

use std::collections::BTreeSet;

use super::connect::Connections;
use super::desired::Values;
use super::load::Opener;
use super::targets::Located;
use crate::manifest::{Manifest, Source, UseSource};
use crate::model::{TargetName, VarName};

/// A value that a platform does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub target: TargetName,
    /// Under which name.
    pub name: VarName,
    /// Why: lower case, no final period, no value.
    pub why: String,
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
        let touched: BTreeSet<&VarName> = spec
            .uses
            .iter()
            .filter(|used| touches(manifest, &used.source, names))
            .map(|used| &used.name)
            .collect();
        let place = located.iter().find(|one| one.target.name == spec.name);
        let Some(place) = place.filter(|place| connections.knows(&place.target)) else {
            continue;
        };
        if touched.is_empty() {
            continue;
        }
        let values = Values::of_targets(manifest, opener, [spec]);
        let desired = values.desired(spec, true, |offer| connections.offer(&place.target, offer));
        let alone = desired
            .vars
            .iter()
            .filter_map(|(name, var)| Some((name.clone(), var.refusal.clone()?)));
        let together = connections.refused_together(&place.target, &desired);
        let all = alone.chain(together);
        found.extend(
            all.filter(|(name, _)| touched.contains(name))
                .map(|(name, why)| Refused {
                    target: spec.name.clone(),
                    name,
                    why,
                }),
        );
    }
    found
}

fn touches(manifest: &Manifest, source: &UseSource, names: &BTreeSet<VarName>) -> bool {
    let mut waiting: Vec<&VarName> = source.references().collect();
    let mut seen: BTreeSet<&VarName> = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if names.contains(name) {
            return true;
        }
        if seen.insert(name)
            && let Some(Source::Template(template)) = manifest
                .variables
                .get(name)
                .map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    false
}
