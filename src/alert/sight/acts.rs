//! What scheduled applies came to, and what is wrong with the manifest or the journal as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{and, listed};
use super::{About, On, digest, same};
use crate::model::{AlertClass, AlertKey, ManifestName, Sighting, TargetName, VarName};
use crate::plan::{Class, Plan};

/// What rails hold of these targets, one for each: a scheduled apply would write it. What waits for a
/// person because it is a conflict, or is unknown, is told as that.
pub fn of_holds(plan: &Plan, acted: &BTreeSet<TargetName>, about: &About<'_>) -> Vec<Sighting> {
    let targets = plan
        .targets
        .iter()
        .filter(|one| acted.contains(&one.target));
    let held = targets.filter_map(|target| {
        let on = On {
            manifest: &plan.manifest,
            target,
            about,
        };
        // told as themselves, or no news: what a mode or a window lets wait
        let is_told = |rail: &str| {
            let told = [
                "conflict",
                "unknown",
                "not-selected",
                "mode",
                "window",
                "brake",
            ];
            told.contains(&rail)
        };
        let mut held = vec![];
        for change in &target.changes {
            let told = change.holds.iter().any(|hold| is_told(&hold.rail));
            if change.class == Class::Conflict || change.is_left_out() || told {
                continue;
            }
            held.extend(change.holds.first().map(|hold| (change, hold)));
        }
        let (_, first) = held.first()?;
        let names: Vec<&str> = held
            .iter()
            .map(|(change, _)| change.name.as_str())
            .collect();
        let pins: Vec<String> = (held.iter())
            .map(|(change, hold)| format!("{} {}", change.name, hold.rail))
            .collect();
        let releases = held.iter().filter_map(|(_, hold)| hold.release.as_deref());
        let releases: BTreeSet<&str> = releases.collect();
        let mut next = vec![on.plan()];
        let flags = format!("--target {}", target.target);
        next.extend((!releases.is_empty()).then(|| {
            let flags = format!("{flags} {}", Vec::from_iter(releases).join(" "));
            about.command("apply", &flags)
        }));
        let owners = held.iter().map(|(change, _)| about.owner(change));
        Some(Sighting {
            key: on.key(AlertClass::Held, None),
            pin: digest(&pins.join("\n")),
            what: format!(
                "{} held by {}: {}",
                and(&names, "is", "are"),
                first.rail,
                first.why
            ),
            next,
            owner: same(owners),
            who: None,
            urgent: false,
        })
    });
    held.collect()
}

/// What an apply could not do on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub target: TargetName,
    /// Which, by their names on the target; none where it is about the target, for example its restart.
    pub variables: BTreeSet<VarName>,
    /// Why: lower case, no final period, no values.
    pub why: String,
    /// Whether it may have been written all the same.
    pub in_doubt: bool,
}

/// What a scheduled apply came to, where that was no success: one for each target.
pub fn of_failures(
    manifest: &ManifestName,
    failures: &[Failure],
    about: &About<'_>,
) -> Vec<Sighting> {
    let mut by_target: BTreeMap<&TargetName, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        by_target.entry(&failure.target).or_default().push(failure);
    }
    let sighting = |(target, failures): (&TargetName, Vec<&Failure>)| {
        let names: BTreeSet<&VarName> = failures.iter().flat_map(|one| &one.variables).collect();
        let names: Vec<&str> = names.into_iter().map(VarName::as_str).collect();
        let in_doubt = failures.iter().any(|one| one.in_doubt);
        let why = failures.first().map_or("", |one| one.why.as_str());
        let verb = if in_doubt {
            "may be half written"
        } else {
            "could not be applied"
        };
        let what = match names.is_empty() {
            true => format!("{verb}: {why}"),
            false => format!("{} {verb}: {why}", listed(&names)),
        };
        Sighting {
            key: AlertKey {
                manifest: manifest.clone(),
                target: Some(target.clone()),
                variable: None,
                class: AlertClass::Failed,
                observer: None,
            },
            // not the words, in which times and counts may stand
            pin: digest(&format!("{in_doubt} {}", names.join(" "))),
            what,
            next: vec![
                about.command("plan", &format!("--target {target}")),
                about.command("apply", &format!("--target {target}")),
            ],
            owner: same(names.iter().map(|name| about.owners.get(*name).cloned())),
            who: None,
            urgent: true,
        }
    };
    by_target.into_iter().map(sighting).collect()
}

/// What is not healed any more, as [`crate::alert::brake::braked`] says.
pub fn of_brakes(
    manifest: &ManifestName,
    braked: &BTreeSet<(TargetName, VarName)>,
    about: &About<'_>,
) -> Vec<Sighting> {
    let sighting = |(target, name): &(TargetName, VarName)| Sighting {
        key: AlertKey {
            manifest: manifest.clone(),
            target: Some(target.clone()),
            variable: Some(name.clone()),
            class: AlertClass::Brake,
            observer: None,
        },
        pin: "braked".to_owned(),
        what: format!(
            "{name} was put back again and again, and somebody or something changes it each time: it is left as it is until a day has passed"
        ),
        next: vec![
            about.command("plan", &format!("--target {target} --only {name}")),
            about.edit("alert release", &format!("{name}@{target}")),
        ],
        owner: about.owners.get(name).cloned(),
        who: None,
        urgent: true,
    };
    braked.iter().map(sighting).collect()
}

/// Something about the manifest or the journal as a whole: `class` is [`AlertClass::Manifest`] or
/// [`AlertClass::Journal`]; `why` is lower case, without a final period and without values.
pub fn of_trouble(
    manifest: &ManifestName,
    class: AlertClass,
    why: &str,
    next: Vec<String>,
    about: &About<'_>,
) -> Sighting {
    Sighting {
        key: AlertKey {
            manifest: manifest.clone(),
            target: None,
            variable: None,
            class,
            observer: (class.is_of_observer()).then(|| about.observer.to_owned()),
        },
        pin: digest(why),
        what: why.to_owned(),
        next,
        owner: None,
        who: None,
        urgent: true,
    }
}
