//! What a manifest revision may do that the last applied one could not. The manifest is code: it
//! says where secrets go.

use std::collections::BTreeSet;

use super::change::{Authority, AuthorityKind};
use crate::model::{AuthorityFacts, Rails, TargetFacts, TargetName, VarName};

/// Compares two revisions. Without a last one (the first apply of a machine) there is nothing to
/// compare: the person who applies first approves the whole manifest. `ever` are the secrets that were applied at
/// any time: one that left the manifest and comes back for another target is not new.
pub fn compare_authority(
    last: Option<&AuthorityFacts>,
    present: &AuthorityFacts,
    ever: &BTreeSet<VarName>,
) -> Vec<Authority> {
    let Some(last) = last else {
        return Vec::new();
    };
    let mut known = secrets_of(last);
    known.extend(ever);
    let mut found = recipients(last, present);
    for (name, facts) in &present.targets {
        match last.targets.get(name) {
            None => {
                found.push(entry(
                    AuthorityKind::TargetAdded,
                    Some(name),
                    None,
                    format!("new target {name} at {}", facts.destination),
                ));
                found.extend(schedule(name, &TargetFacts::default(), facts));
                what_it_runs(&mut found, name, &TargetFacts::default(), facts);
            }
            Some(before) => target(&mut found, name, before, facts, &known),
        }
    }
    for name in last.protected.difference(&present.protected) {
        found.push(entry(
            AuthorityKind::ProtectedDropped,
            None,
            Some(name),
            format!("{name} is no longer protected; counts one apply later"),
        ));
    }
    found.extend(dropped_on_targets(last, present));
    found.extend(recipes(last, present));
    for name in present.clear.iter().filter(|name| known.contains(name)) {
        found.push(entry(
            AuthorityKind::SecretBecameClear,
            None,
            Some(name),
            format!("{name} was a secret and is now in clear: everybody who reads the repository reads it"),
        ));
    }
    found.sort();
    found
}

/// Names that were protected on single targets only, by the limits of the folder.
fn dropped_on_targets(last: &AuthorityFacts, present: &AuthorityFacts) -> Vec<Authority> {
    let mut found = Vec::new();
    for (target, before) in &last.targets {
        let Some(now) = present.targets.get(target) else {
            continue;
        };
        let gone = before.protected.difference(&now.protected);
        for name in gone.filter(|name| !present.protected.contains(*name)) {
            if last.protected.contains(name) {
                continue;
            }
            found.push(entry(
                AuthorityKind::ProtectedDropped,
                Some(target),
                Some(name),
                format!("{name} is no longer protected on {target}; counts one apply later"),
            ));
        }
    }
    found
}

/// Commands that make new values. No apply runs them, so none waits for them; `rotate` shows them
/// before it does.
fn recipes(last: &AuthorityFacts, present: &AuthorityFacts) -> Vec<Authority> {
    let names: BTreeSet<&VarName> = last.recipes.keys().chain(present.recipes.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let what = match (last.recipes.get(name), present.recipes.get(name)) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => format!("a rotation of {name} runs `{new}` (was `{old}`)"),
            (None, Some(new)) => format!("a rotation of {name} now runs `{new}`"),
            (Some(old), None) => format!("a rotation of {name} no longer runs `{old}`"),
            (None, None) => return None,
        };
        Some(entry(AuthorityKind::RecipeChanged, None, Some(name), what))
    });
    changed.collect()
}

/// What this revision may do more on one target, and would need a person's leave for: `None` if
/// nothing. Whoever runs or sends something without a write of the same apply has to ask.
pub fn widened<'a>(found: &'a [Authority], target: &TargetName) -> Option<&'a Authority> {
    found
        .iter()
        .find(|one| one.held && one.target.as_ref() == Some(target))
}

/// Every secret that reaches a target of this revision, by its declared name.
pub(super) fn secrets_of(facts: &AuthorityFacts) -> BTreeSet<&VarName> {
    facts
        .targets
        .values()
        .flat_map(|target| &target.secrets)
        .collect()
}

fn recipients(last: &AuthorityFacts, present: &AuthorityFacts) -> Vec<Authority> {
    let added = present.recipients.difference(&last.recipients).map(|key| {
        let what = format!("new recipient {key}: can read every secret of this manifest");
        entry(AuthorityKind::RecipientAdded, None, None, what)
    });
    let removed = last.recipients.difference(&present.recipients).map(|key| {
        let what =
            format!("recipient {key} was removed: rotate the secrets that this reader has seen");
        entry(AuthorityKind::RecipientRemoved, None, None, what)
    });
    added.chain(removed).collect()
}

fn target(
    found: &mut Vec<Authority>,
    name: &TargetName,
    before: &TargetFacts,
    now: &TargetFacts,
    known: &BTreeSet<&VarName>,
) {
    let mut add = |kind, variable: Option<&VarName>, what| {
        found.push(entry(kind, Some(name), variable, what));
    };
    if before.destination != now.destination {
        let what = format!(
            "target {name} goes to {} (was {})",
            now.destination, before.destination
        );
        add(AuthorityKind::DestinationChanged, None, what);
    }
    if before.format != now.format {
        let spell = |format: &Option<String>| format.clone().unwrap_or_else(|| "none".into());
        let what = format!(
            "target {name} is written as {} (was {})",
            spell(&now.format),
            spell(&before.format)
        );
        add(AuthorityKind::DestinationChanged, None, what);
    }
    // a brand-new secret on a target that is known is everyday work
    for secret in now.secrets.difference(&before.secrets) {
        if known.contains(secret) {
            let what = format!("{secret}, applied elsewhere before, now reaches {name} too");
            add(AuthorityKind::SecretEdgeAdded, Some(secret), what);
        }
    }
    for reference in now.references.difference(&before.references) {
        let what = format!("what {reference} stands for now reaches {name}");
        add(AuthorityKind::SecretEdgeAdded, None, what);
    }
    if loosened(&before.rails, &now.rails) {
        let what = format!("limits of {name} were loosened; counts one apply later");
        add(AuthorityKind::RailsLoosened, None, what);
    }
    if now.prune && !before.prune {
        let what = format!("pruning of {name} was switched on; counts one apply later");
        add(AuthorityKind::PruneEnabled, None, what);
    }
    found.extend(schedule(name, before, now));
    what_it_runs(found, name, before, now);
}

/// What scheduled runs may do that they could not.
fn schedule(name: &TargetName, before: &TargetFacts, now: &TargetFacts) -> Option<Authority> {
    let what = now.reconciling.loosened_since(&before.reconciling)?;
    Some(entry(
        AuthorityKind::ReconcilingLoosened,
        Some(name),
        None,
        format!("scheduled runs on {name} {what}; counts one apply later"),
    ))
}

/// What is run or looked at for a target, and what is asked with its values. Each change of these
/// counts, a removal too: what was approved is not what happens now.
fn what_it_runs(
    found: &mut Vec<Authority>,
    name: &TargetName,
    before: &TargetFacts,
    now: &TargetFacts,
) {
    for what in programs(name, before, now) {
        found.push(entry(
            AuthorityKind::ActivationChanged,
            Some(name),
            None,
            what,
        ));
    }
    for what in probes(name, before, now) {
        found.push(entry(AuthorityKind::ProbeChanged, Some(name), None, what));
    }
}

/// What is run or looked at on the target's machine.
fn programs(name: &TargetName, before: &TargetFacts, now: &TargetFacts) -> Vec<String> {
    let mut found = Vec::new();
    if before.activation != now.activation {
        found.push(match (&before.activation, &now.activation) {
            (None, Some(new)) => format!("an apply on {name} now does more: {new}"),
            (Some(old), None) => format!("an apply on {name} no longer does this: {old}"),
            (old, new) => {
                let spell = |one: &Option<String>| one.clone().unwrap_or_default();
                format!(
                    "an apply on {name} does: {} (was: {})",
                    spell(new),
                    spell(old)
                )
            }
        });
    }
    if before.process != now.process {
        let spell = |one: &Option<String>| match one {
            Some(process) => process.clone(),
            None => "what the activation says".to_owned(),
        };
        found.push(format!(
            "where {name} is seen running: {} (was: {})",
            spell(&now.process),
            spell(&before.process)
        ));
    }
    found
}

fn probes(name: &TargetName, before: &TargetFacts, now: &TargetFacts) -> Vec<String> {
    let added = now.probes.difference(&before.probes);
    let removed = before.probes.difference(&now.probes);
    added
        .map(|probe| format!("new probe of {name}: {probe}"))
        .chain(removed.map(|probe| format!("probe of {name} is gone: {probe}")))
        .collect()
}

fn loosened(before: &Rails, now: &Rails) -> bool {
    now.stricter(*before) != *now
}

fn entry(
    kind: AuthorityKind,
    target: Option<&TargetName>,
    variable: Option<&VarName>,
    what: String,
) -> Authority {
    Authority {
        kind,
        target: target.cloned(),
        variable: variable.cloned(),
        what,
        held: widens(kind),
    }
}

/// The kinds that widen who can read or where a secret goes. The others are held by the rails
/// themselves, which keep to the stricter revision.
const fn widens(kind: AuthorityKind) -> bool {
    match kind {
        AuthorityKind::RecipientAdded
        | AuthorityKind::TargetAdded
        | AuthorityKind::DestinationChanged
        | AuthorityKind::SecretEdgeAdded
        | AuthorityKind::SecretBecameClear
        | AuthorityKind::ActivationChanged
        | AuthorityKind::ProbeChanged => true,
        AuthorityKind::RecipientRemoved
        | AuthorityKind::RailsLoosened
        | AuthorityKind::ProtectedDropped
        | AuthorityKind::PruneEnabled
        | AuthorityKind::ReconcilingLoosened
        | AuthorityKind::RecipeChanged => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mode;

    fn names(list: &[&str]) -> BTreeSet<VarName> {
        list.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn place(secrets: &[&str]) -> TargetFacts {
        TargetFacts {
            destination: "file /a".into(),
            format: Some("portable".into()),
            secrets: names(secrets),
            protected: BTreeSet::new(),
            prune: false,
            rails: Rails::default(),
            ..TargetFacts::default()
        }
    }

    fn facts() -> AuthorityFacts {
        let mut facts = AuthorityFacts {
            recipients: ["age1a".to_owned()].into(),
            protected: names(&["KEEP"]),
            ..AuthorityFacts::default()
        };
        facts
            .targets
            .insert("api".parse().unwrap(), place(&["TOKEN"]));
        facts.targets.insert("vps".parse().unwrap(), place(&[]));
        facts
    }

    fn kinds(change: impl FnOnce(&mut AuthorityFacts)) -> Vec<(AuthorityKind, bool)> {
        let mut now = facts();
        change(&mut now);
        compare_authority(Some(&facts()), &now, &names(&["RETIRED"]))
            .into_iter()
            .map(|found| (found.kind, found.held))
            .collect()
    }

    fn at<'a>(facts: &'a mut AuthorityFacts, name: &str) -> &'a mut TargetFacts {
        facts.targets.get_mut(name).unwrap()
    }

    #[test]
    fn each_widening_is_named() {
        use AuthorityKind as K;
        assert_eq!(compare_authority(None, &facts(), &names(&[])), []);
        assert_eq!(kinds(|_| ()), []);
        let recipient = kinds(|f| f.recipients = ["age1b".to_owned()].into());
        assert_eq!(
            recipient,
            [(K::RecipientAdded, true), (K::RecipientRemoved, false)]
        );
        let added = kinds(|f| {
            f.targets.insert("new".parse().unwrap(), place(&["TOKEN"]));
        });
        assert_eq!(added, [(K::TargetAdded, true)]);
        assert_eq!(
            kinds(|f| at(f, "vps").destination = "file /b".into()),
            [(K::DestinationChanged, true)]
        );
        assert_eq!(
            kinds(|f| at(f, "vps").format = None),
            [(K::DestinationChanged, true)]
        );
        assert_eq!(
            kinds(|f| at(f, "vps").secrets = names(&["TOKEN"])),
            [(K::SecretEdgeAdded, true)]
        );
        assert_eq!(kinds(|f| at(f, "vps").secrets = names(&["BRAND_NEW"])), []);
        assert_eq!(
            kinds(|f| at(f, "vps").secrets = names(&["RETIRED"])),
            [(K::SecretEdgeAdded, true)],
            "gone from the manifest and back for another target"
        );
        assert_eq!(
            kinds(|f| at(f, "vps").references = ["${{api.TOKEN}}".to_owned()].into()),
            [(K::SecretEdgeAdded, true)],
            "the platform would put it in"
        );
        assert_eq!(
            kinds(|f| at(f, "api").rails.deletes.count = None),
            [(K::RailsLoosened, false)]
        );
        assert_eq!(
            kinds(|f| at(f, "api").rails.changes.count = Some(1)),
            [],
            "tightening is routine"
        );
        assert_eq!(
            kinds(|f| at(f, "api").prune = true),
            [(K::PruneEnabled, false)]
        );
        assert_eq!(
            kinds(|f| at(f, "api").reconciling.mode = Mode::Apply),
            [(K::ReconcilingLoosened, false)]
        );
        assert_eq!(
            kinds(|f| at(f, "api").reconciling.deny = vec!["sun UTC".parse().unwrap()]),
            [],
            "tightening is routine"
        );
        let added = kinds(|f| {
            let mut new = place(&[]);
            new.reconciling.mode = Mode::Heal;
            f.targets.insert("new".parse().unwrap(), new);
        });
        assert_eq!(
            added,
            [(K::TargetAdded, true), (K::ReconcilingLoosened, false)]
        );
        assert_eq!(
            kinds(|f| f.protected.clear()),
            [(K::ProtectedDropped, false)]
        );
        let clear = kinds(|f| {
            at(f, "api").secrets.clear();
            f.clear = names(&["TOKEN"]);
        });
        assert_eq!(clear, [(K::SecretBecameClear, true)]);
    }

    #[test]
    fn a_command_that_makes_values_is_named_and_holds_nothing() {
        let with = |line: &str| {
            let mut facts = facts();
            let line = (!line.is_empty()).then(|| ("TOKEN".parse().unwrap(), line.to_owned()));
            facts.recipes = line.into_iter().collect();
            facts
        };
        let said = |before: &str, after: &str| -> Vec<String> {
            let found = compare_authority(Some(&with(before)), &with(after), &names(&[]));
            assert!(found.iter().all(|one| !one.held));
            found.into_iter().map(|one| one.what).collect()
        };
        assert_eq!(said("", ""), [""; 0]);
        assert_eq!(said("a", "a"), [""; 0]);
        assert_eq!(said("", "a"), ["a rotation of TOKEN now runs `a`"]);
        assert_eq!(said("a", "b"), ["a rotation of TOKEN runs `b` (was `a`)"]);
        assert_eq!(said("a", ""), ["a rotation of TOKEN no longer runs `a`"]);
    }

    #[test]
    fn what_runs_and_what_is_asked_is_named_when_it_changes() {
        use AuthorityKind as K;
        let set = |f: &mut AuthorityFacts, run: &str, look: &str, probe: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let vps = at(f, "vps");
            vps.activation = some(run);
            vps.process = some(look);
            vps.probes = some(probe).into_iter().collect();
        };
        let activation = (K::ActivationChanged, true);
        let probe = (K::ProbeChanged, true);
        assert_eq!(kinds(|f| set(f, "run `a`", "", "")), [activation]);
        assert_eq!(kinds(|f| set(f, "", "container x", "")), [activation]);
        assert_eq!(kinds(|f| set(f, "", "", "GET https://a/")), [probe]);
        let mut last = facts();
        set(&mut last, "run `a`", "container x", "GET https://a/");
        let mut now = facts();
        set(&mut now, "run `b`", "container y", "GET https://b/");
        let found = compare_authority(Some(&last), &now, &names(&[]));
        let texts: Vec<&str> = found.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(
            texts,
            [
                "an apply on vps does: run `b` (was: run `a`)",
                "where vps is seen running: container y (was: container x)",
                "new probe of vps: GET https://b/",
                "probe of vps is gone: GET https://a/",
            ]
        );
        assert!(found.iter().all(|one| one.held && one.target.is_some()));
        let gone = compare_authority(Some(&last), &facts(), &names(&[]));
        assert_eq!(gone.len(), 3);
        assert_eq!(compare_authority(Some(&last), &last, &names(&[])), []);
        // a new target says at once what it runs
        let added = kinds(|f| {
            let mut new = place(&[]);
            new.activation = Some("run `a`".into());
            f.targets.insert("new".parse().unwrap(), new);
        });
        assert_eq!(added, [(K::TargetAdded, true), activation]);
    }
}
