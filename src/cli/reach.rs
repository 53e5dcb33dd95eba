//! How far a variable reaches: by itself, and in the templates that are made from it.

use std::collections::BTreeSet;

use crate::manifest::{Manifest, Source, Use, Variable};
use crate::model::VarName;

/// The targets that use a variable, as people read them.
pub(crate) fn used_by(manifest: &Manifest, name: &VarName) -> Vec<String> {
    let carriers = carriers(manifest, name);
    manifest
        .targets
        .iter()
        .filter(|target| target.uses.iter().any(|used| carry(&carriers, used)))
        .map(|target| target.name.to_string())
        .collect()
}

/// What a run has to be limited to so that these variables, and nothing else, arrive on every target
/// that uses them: their own names, and those of the templates that carry them there.
pub(crate) fn names_on_targets(manifest: &Manifest, names: &[VarName]) -> Vec<VarName> {
    let mut found: BTreeSet<VarName> = names.iter().cloned().collect();
    let uses = || manifest.targets.iter().flat_map(|target| &target.uses);
    for name in names {
        let carriers = carriers(manifest, name);
        let carrying = uses().filter(|used| carry(&carriers, used));
        // a template of one target has no other name than the one that it has there
        found.extend(carrying.map(|used| used.declared().unwrap_or(&used.name).clone()));
    }
    found.into_iter().collect()
}

/// The declared templates that are made from a variable, as people read them.
pub(crate) fn templates_of(manifest: &Manifest, name: &VarName) -> Vec<String> {
    let found = carriers(manifest, name);
    let former = manifest.former_of(name);
    let others = found
        .into_iter()
        .filter(|one| *one != name && Some(*one) != former);
    others.map(ToString::to_string).collect()
}

/// The variable with its former value, and the declared templates that are made from it.
fn carriers<'m>(manifest: &'m Manifest, name: &'m VarName) -> BTreeSet<&'m VarName> {
    let mut found = BTreeSet::from([name]);
    found.extend(manifest.former_of(name));
    // templates are made from templates: each round finds those of the round before
    loop {
        let more: Vec<&VarName> = manifest
            .variables
            .iter()
            .filter(|(name, variable)| !found.contains(name) && is_made_from(variable, &found))
            .map(|(name, _)| name)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn is_made_from(variable: &Variable, names: &BTreeSet<&VarName>) -> bool {
    match &variable.source {
        Source::Template(template) => template.references().any(|name| names.contains(name)),
        Source::Clear(_) | Source::Sealed(_) | Source::Armored(_) => false,
    }
}

fn carry(carriers: &BTreeSet<&VarName>, used: &Use) -> bool {
    used.source.references().any(|name| carriers.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
driftlock: 1
name: dev
variables:
  PASSWORD: p
  URL: { template: 'db://${PASSWORD|url}@x' }
  DEEP: { template: '<${URL}>' }
  OTHER: o
  LONELY: l
targets:
  plain: { file: { path: ../a.env }, variables: [PASSWORD, OTHER] }
  renamed: { file: { path: ../b.env }, variables: [{ SECRET: { from: PASSWORD } }] }
  deep: { file: { path: ../c.env }, variables: [{ PGURL: { from: DEEP } }, OTHER] }
  inline: { file: { path: ../d.env }, variables: [{ DSN: { template: '${PASSWORD}' } }] }
  other: { file: { path: ../e.env }, variables: [OTHER] }
";

    fn names(texts: &[&str]) -> Vec<VarName> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_variable_reaches_targets_through_templates() {
        let manifest = crate::manifest::parse(MANIFEST).unwrap().manifest;
        let used = |name: &str| used_by(&manifest, &name.parse().unwrap());
        assert_eq!(used("PASSWORD"), ["plain", "renamed", "deep", "inline"]);
        assert_eq!(used("URL"), ["deep"]);
        assert_eq!(used("OTHER"), ["plain", "deep", "other"]);
        assert!(used("LONELY").is_empty());
        assert!(used("NOT_YET").is_empty());
    }

    #[test]
    fn a_run_names_what_carries_a_variable() {
        let manifest = crate::manifest::parse(MANIFEST).unwrap().manifest;
        let on_targets = |texts: &[&str]| names_on_targets(&manifest, &names(texts));
        assert_eq!(
            on_targets(&["PASSWORD"]),
            names(&["DEEP", "DSN", "PASSWORD"])
        );
        assert_eq!(
            on_targets(&["OTHER", "LONELY"]),
            names(&["LONELY", "OTHER"])
        );
        assert_eq!(on_targets(&["NOT_YET"]), names(&["NOT_YET"]));
    }
}
