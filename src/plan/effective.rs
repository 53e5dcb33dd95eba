//! Which limits count: the stricter of the last applied revision and the present one, so that a
//! pull request cannot loosen a rail and use it in the same breath.

use std::collections::BTreeSet;

use crate::model::{AuthorityFacts, Overrides, Rails, Target, VarName};

/// What limits one target in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveRails {
    /// Each limit the stricter of both revisions.
    pub rails: Rails,
    /// Whether the manifest asks for pruning.
    pub prune: bool,
    /// Whether pruning was asked for by the last applied revision too (or allowed by
    /// `--allow prune@TARGET`); if not, deletes wait for one apply.
    pub prune_counts: bool,
    /// Names, declared and on the target, that this revision protects.
    pub protected: BTreeSet<VarName>,
    /// Names that only the last applied revision protects: released by `--allow protected@TARGET`.
    pub protected_before: BTreeSet<VarName>,
}

/// The limits of `target`. With no last facts (a first apply) or for a target that they do not
/// know, the present revision alone counts.
pub fn effective_rails(
    last: Option<&AuthorityFacts>,
    present: &AuthorityFacts,
    target: &Target,
    overrides: &Overrides,
) -> EffectiveRails {
    let before = last.and_then(|facts| facts.targets.get(&target.name));
    let protected = protected_names(present, target);
    let protected_before = last
        .map(|facts| protected_names(facts, target))
        .unwrap_or_default()
        .difference(&protected)
        .cloned()
        .collect();
    EffectiveRails {
        rails: before.map_or(target.rails, |facts| target.rails.stricter(facts.rails)),
        prune: target.prune,
        prune_counts: before.is_none_or(|facts| facts.prune)
            || overrides.allows("prune", &target.name, None),
        protected,
        protected_before,
    }
}

fn protected_names(facts: &AuthorityFacts, target: &Target) -> BTreeSet<VarName> {
    let here = facts.targets.get(&target.name);
    facts
        .protected
        .iter()
        .chain(here.into_iter().flat_map(|facts| &facts.protected))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Limit, TargetFacts};

    fn target(count: Option<u32>, prune: bool) -> Target {
        let rails = Rails {
            deletes: Limit {
                count,
                percent: None,
            },
            ..Rails::default()
        };
        Target {
            name: "api".parse().unwrap(),
            address: Address::Memory("api".into()),
            path: None,
            place: "memory:api".into(),
            known: String::new(),
            prune,
            rails,
            activation: None,
            process: None,
        }
    }

    fn facts(of: &Target, protected: &[&str]) -> AuthorityFacts {
        let names: BTreeSet<VarName> = protected.iter().map(|n| n.parse().unwrap()).collect();
        let mut facts = AuthorityFacts::default();
        facts.targets.insert(
            of.name.clone(),
            TargetFacts {
                destination: of.address.to_string(),
                format: None,
                secrets: BTreeSet::new(),
                protected: names,
                prune: of.prune,
                rails: of.rails,
                ..TargetFacts::default()
            },
        );
        facts
    }

    #[test]
    fn loosening_waits_and_tightening_does_not() {
        let (strict, loose) = (target(Some(1), false), target(None, true));
        let overrides = Overrides::default();
        let now = effective_rails(
            Some(&facts(&strict, &["KEEP"])),
            &facts(&loose, &[]),
            &loose,
            &overrides,
        );
        assert_eq!(now.rails.deletes.count, Some(1));
        assert!(now.prune && !now.prune_counts);
        assert!(now.protected.is_empty() && now.protected_before.len() == 1);
        let back = effective_rails(
            Some(&facts(&loose, &[])),
            &facts(&strict, &["KEEP"]),
            &strict,
            &overrides,
        );
        assert_eq!(back.rails.deletes.count, Some(1));
        assert!(!back.prune && back.protected.len() == 1 && back.protected_before.is_empty());
    }

    #[test]
    fn a_first_apply_has_only_the_present() {
        let loose = target(Some(9), true);
        let now = effective_rails(None, &facts(&loose, &[]), &loose, &Overrides::default());
        assert!(now.prune_counts);
        assert_eq!(now.rails, loose.rails);
    }

    #[test]
    fn pruning_just_switched_on_can_be_allowed() {
        let (before, now) = (target(None, false), target(None, true));
        let mut overrides = Overrides::default();
        overrides
            .allow
            .insert(("prune".into(), Some(now.name.clone())), None);
        let rails = effective_rails(
            Some(&facts(&before, &[])),
            &facts(&now, &[]),
            &now,
            &overrides,
        );
        assert!(rails.prune_counts);
    }
}
