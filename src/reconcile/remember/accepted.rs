//! What counts as applied of a manifest's authority.

use std::collections::BTreeMap;

use crate::model::{AuthorityFacts, TargetName};
use crate::plan::{Change, Plan, TargetPlan, TargetState};

/// What counts as applied from now on: of this revision what nothing held, of the former one the
/// rest. A widening that was held stays visible until somebody lets it go.
pub fn accepted_facts(
    plan: &Plan,
    last: Option<&AuthorityFacts>,
    present: &AuthorityFacts,
    consented: &dyn Fn(&TargetName) -> bool,
) -> AuthorityFacts {
    // whoever applies first approves the whole manifest, also by applying a part of it
    let Some(last) = last else {
        return present.clone();
    };
    let mut facts = if plan
        .targets
        .iter()
        .any(|target| waits(plan, target, consented))
    {
        last.clone()
    } else {
        AuthorityFacts {
            targets: BTreeMap::new(),
            ..present.clone()
        }
    };
    for target in &plan.targets {
        let source = if waits(plan, target, consented) {
            last
        } else {
            present
        };
        match source.targets.get(&target.target) {
            Some(of_target) => {
                facts
                    .targets
                    .insert(target.target.clone(), of_target.clone());
            }
            None => {
                facts.targets.remove(&target.target);
            }
        }
    }
    keep_limits(&mut facts, plan, last, consented);
    facts
}

/// What was loosened counts after an apply in which nothing of it could be used: else the same
/// revision, applied twice, would first loosen and then do what it was held for.
fn keep_limits(
    facts: &mut AuthorityFacts,
    plan: &Plan,
    last: &AuthorityFacts,
    consented: &dyn Fn(&TargetName) -> bool,
) {
    for target in plan
        .targets
        .iter()
        .filter(|one| !is_settled(one, consented))
    {
        facts.protected.extend(last.protected.iter().cloned());
        let name = &target.target;
        if let (Some(now), Some(before)) = (facts.targets.get_mut(name), last.targets.get(name)) {
            now.rails = now.rails.stricter(before.rails);
            now.prune &= before.prune;
            now.protected.extend(before.protected.iter().cloned());
            now.reconciling = now.reconciling.stricter(&before.reconciling);
        }
    }
}

/// Whether everything that is to be done there is done.
fn is_settled(target: &TargetPlan, consented: &dyn Fn(&TargetName) -> bool) -> bool {
    match target.state {
        TargetState::Read => target.changes.iter().all(|change| change.holds.is_empty()),
        // its own machine does it, and knows
        TargetState::Elsewhere { .. } => consented(&target.target),
        TargetState::Unknown { .. } | TargetState::Partial { .. } => false,
    }
}

/// Whether what this target gained is still to be asked for: something of it was held as such or left
/// out of this run, or it was let go and the write it was let go for was held by another rail.
fn waits(plan: &Plan, target: &TargetPlan, consented: &dyn Fn(&TargetName) -> bool) -> bool {
    let gained = plan
        .authority
        .iter()
        .any(|found| found.held && found.target.as_ref().is_none_or(|on| *on == target.target));
    // also where nothing is to be written now: the next write would find it accepted
    gained && !consented(&target.target)
        || target
            .changes
            .iter()
            .any(|change| is_held_by_authority(change) || gained && !change.holds.is_empty())
}

fn is_held_by_authority(change: &Change) -> bool {
    change
        .holds
        .iter()
        .any(|hold| matches!(hold.rail.as_str(), "authority" | "not-selected"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Mode, PlatformKind, Rails, TargetFacts};
    use crate::plan::{
        ActionKind, Authority, AuthorityKind, Class, Glimpse, Hold, PlanId, Reason, TargetPlan,
    };

    fn facts(recipient: &str, destination: &str) -> AuthorityFacts {
        let target = |destination: &str| TargetFacts {
            destination: destination.to_owned(),
            format: None,
            secrets: BTreeSet::new(),
            protected: BTreeSet::new(),
            prune: false,
            rails: Rails::default(),
            ..TargetFacts::default()
        };
        AuthorityFacts {
            recipients: BTreeSet::from([recipient.to_owned()]),
            targets: BTreeMap::from([
                ("a".parse().unwrap(), target(destination)),
                ("b".parse().unwrap(), target(destination)),
            ]),
            ..AuthorityFacts::default()
        }
    }

    fn plan(held: &[&str]) -> Plan {
        let target = |name: &str| TargetPlan {
            target: name.parse().unwrap(),
            platform: PlatformKind::Memory,
            address: String::new(),
            format: None,
            state: TargetState::Read,
            recorded: true,
            changes: vec![Change {
                name: "V".parse().unwrap(),
                declared: None,
                class: Class::Change,
                reason: Reason::DesiredMoved,
                action: ActionKind::Update,
                before: Glimpse::Sealed,
                after: Glimpse::Sealed,
                live_changed_at: None,
                live_unshown: None,
                sequence: None,
                holds: held
                    .contains(&name)
                    .then(|| Hold {
                        rail: "authority".to_owned(),
                        why: String::new(),
                        release: None,
                    })
                    .into_iter()
                    .collect(),
                detail: None,
            }],
            unmanaged: 0,
            drafts: vec![],
            behind: None,
            activates: false,
            activation: None,
            notes: vec![],
        };
        Plan {
            manifest: "m".parse().unwrap(),
            key_id: None,
            id: PlanId(String::new()),
            authority: vec![],
            targets: vec![target("a"), target("b")],
            expiry: vec![],
        }
    }

    #[test]
    fn what_was_held_is_not_accepted() {
        let (last, present) = (facts("old", "there"), facts("new", "here"));
        let accepted = accepted_facts(&plan(&["b"]), Some(&last), &present, &|_| true);
        assert_eq!(accepted.targets["a"].destination, "here");
        assert_eq!(accepted.targets["b"].destination, "there");
        assert_eq!(accepted.recipients, last.recipients);
    }

    #[test]
    fn what_nothing_held_is_accepted_whole() {
        let (last, present) = (facts("old", "there"), facts("new", "here"));
        assert_eq!(
            accepted_facts(&plan(&[]), Some(&last), &present, &|_| true),
            present
        );
        assert_eq!(
            accepted_facts(&plan(&[]), None, &present, &|_| true),
            present
        );
    }

    #[test]
    fn what_was_let_go_for_a_write_that_did_not_happen_is_asked_for_again() {
        let (last, present) = (facts("old", "there"), facts("old", "here"));
        let mut plan = plan(&["b"]);
        plan.targets[1].changes[0].holds[0].rail = "conflict".to_owned();
        plan.authority = vec![Authority {
            kind: AuthorityKind::DestinationChanged,
            target: Some("b".parse().unwrap()),
            variable: None,
            what: String::new(),
            held: true,
        }];
        let accepted = accepted_facts(&plan, Some(&last), &present, &|_| true);
        assert_eq!(accepted.targets["a"].destination, "here");
        assert_eq!(accepted.targets["b"].destination, "there");
    }

    #[test]
    fn what_nobody_consented_to_is_asked_for_also_where_nothing_is_written() {
        let (last, present) = (facts("old", "there"), facts("old", "here"));
        let mut plan = plan(&[]);
        plan.authority = vec![Authority {
            kind: AuthorityKind::ActivationChanged,
            target: Some("b".parse().unwrap()),
            variable: None,
            what: String::new(),
            held: true,
        }];
        plan.targets[1].changes.clear();
        let accepted = accepted_facts(&plan, Some(&last), &present, &|_| false);
        assert_eq!(accepted.targets["a"].destination, "here");
        assert_eq!(accepted.targets["b"].destination, "there");
        let accepted = accepted_facts(&plan, Some(&last), &present, &|_| true);
        assert_eq!(accepted.targets["b"].destination, "here");
    }

    /// Strict on both targets, and then loose.
    fn loosened() -> (AuthorityFacts, AuthorityFacts) {
        let (mut last, mut present) = (facts("old", "there"), facts("old", "there"));
        last.protected.insert("KEEP".parse().unwrap());
        for target in last.targets.values_mut() {
            target.rails.deletes.count = Some(1);
            target.protected.insert("V".parse().unwrap());
        }
        for target in present.targets.values_mut() {
            target.rails.deletes.count = None;
            target.prune = true;
            target.reconciling.mode = Mode::Heal;
        }
        (last, present)
    }

    #[test]
    fn what_is_loosened_counts_after_an_apply_in_which_nothing_waited() {
        let (last, present) = loosened();
        let nothing_waited = accepted_facts(&plan(&[]), Some(&last), &present, &|_| false);
        assert_eq!(nothing_waited, present);
        let mut plan = plan(&["b"]);
        plan.targets[1].changes[0].holds[0].rail = "deletes".to_owned();
        let accepted = accepted_facts(&plan, Some(&last), &present, &|_| false);
        assert_eq!(accepted.targets["a"], present.targets["a"]);
        assert_eq!(accepted.targets["b"].rails.deletes.count, Some(1));
        assert!(!accepted.targets["b"].prune);
        assert_eq!(accepted.targets["b"].reconciling.mode, Mode::Observe);
        assert_eq!(accepted.targets["b"].protected, last.targets["b"].protected);
        assert_eq!(accepted.protected, last.protected, "on every target");
    }

    #[test]
    fn what_cannot_be_seen_is_not_loosened() {
        let (last, present) = loosened();
        let mut plan = plan(&[]);
        plan.targets[0].state = TargetState::Unknown {
            reason: String::new(),
            help: None,
        };
        plan.targets[1].state = TargetState::Elsewhere {
            machine: String::new(),
        };
        for consented in [false, true] {
            let accepted = accepted_facts(&plan, Some(&last), &present, &|_| consented);
            assert!(!accepted.targets["a"].prune);
            assert_eq!(accepted.targets["b"].prune, consented, "by its own machine");
        }
    }

    #[test]
    fn whoever_applies_first_approves_the_whole_manifest() {
        let present = facts("new", "here");
        assert_eq!(
            accepted_facts(&plan(&["b"]), None, &present, &|_| true),
            present
        );
    }
}
