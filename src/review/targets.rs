//! Targets: what each gets otherwise, by itself, through templates or under another name.

use std::collections::{BTreeMap, BTreeSet};

use super::reconciling;
use super::report::{State, TargetChange, UseChange, UseKind};
use super::side::{Effective, Side, both};
use crate::manifest::{Manifest, ProbeSpec, Source, TargetSpec, Use, UseSource, format_duration};
use crate::model::{TargetName, VarName};
use crate::plan::Glimpse;

/// By the declared variable: the targets that get it on one side only.
#[derive(Default)]
struct Edges {
    lost: BTreeMap<VarName, BTreeSet<TargetName>>,
    gained: BTreeMap<VarName, BTreeSet<TargetName>>,
}

/// Every target that differs, by name. `moved` are the declared variables with another value.
pub(super) fn compare(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    moved: &BTreeSet<&VarName>,
) -> Vec<TargetChange> {
    let renamed = renames(base, head);
    let left: BTreeSet<&TargetName> = renamed.values().collect();
    let all: BTreeSet<&TargetName> = specs(base)
        .chain(specs(head))
        .map(|spec| &spec.name)
        .filter(|name| !left.contains(name))
        .collect();
    let edges = edges(base, head, &renamed);
    let changes = all.into_iter().map(|name| {
        let was = renamed.get(name).unwrap_or(name);
        let (old, new) = (find(base, was), find(head, name));
        let uses = uses(base.zip(old), head.zip(new), moved, &edges);
        TargetChange {
            target: name.clone(),
            was: renamed.get(name).cloned(),
            state: match (old, new) {
                (None, _) => State::Added,
                (_, None) => State::Removed,
                _ => State::Changed,
            },
            place: place(base, head, name, was),
            uses,
            settings: match (old, new) {
                (Some(old), Some(new)) => settings(old, new),
                _ => vec![],
            },
        }
    });
    changes.filter(is_told).collect()
}

fn is_told(one: &TargetChange) -> bool {
    one.state != State::Changed
        || one.was.is_some()
        || !one.uses.is_empty()
        || !one.settings.is_empty()
}

fn specs<'a>(side: Option<&'a Side<'_>>) -> impl Iterator<Item = &'a TargetSpec> {
    side.into_iter().flat_map(|side| &side.manifest.targets)
}

fn find<'a>(side: Option<&'a Side<'_>>, name: &TargetName) -> Option<&'a TargetSpec> {
    specs(side).find(|spec| spec.name == *name)
}

fn place(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    name: &TargetName,
    was: &TargetName,
) -> String {
    let of = |side: Option<&Side<'_>>, name: &TargetName| {
        let facts = side?.manifest.authority_facts();
        Some(facts.targets.get(name)?.destination.clone())
    };
    of(head, name).or_else(|| of(base, was)).unwrap_or_default()
}

/// New names by the former ones: the same place under another name.
fn renames(base: Option<&Side<'_>>, head: Option<&Side<'_>>) -> BTreeMap<TargetName, TargetName> {
    let come = specs(head).filter(|new| find(base, &new.name).is_none());
    come.filter_map(|new| {
        let mut gone = specs(base).filter(|old| find(head, &old.name).is_none());
        let old = gone.find(|old| old.address == new.address)?;
        Some((new.name.clone(), old.name.clone()))
    })
    .collect()
}

fn edges(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    renamed: &BTreeMap<TargetName, TargetName>,
) -> Edges {
    let of = |side: Option<&Side<'_>>, was: bool| -> BTreeSet<(VarName, TargetName)> {
        let mut found = BTreeSet::new();
        for spec in specs(side) {
            let name = renamed
                .get(&spec.name)
                .filter(|_| was)
                .unwrap_or(&spec.name);
            for used in &spec.uses {
                if let Some(declared) = used.declared() {
                    found.insert((declared.clone(), name.clone()));
                }
            }
        }
        found
    };
    let (before, after) = (of(base, false), of(head, true));
    let mut edges = Edges::default();
    for (declared, target) in before.difference(&after) {
        let lost = edges.lost.entry(declared.clone()).or_default();
        lost.insert(target.clone());
    }
    for (declared, target) in after.difference(&before) {
        let gained = edges.gained.entry(declared.clone()).or_default();
        gained.insert(target.clone());
    }
    edges
}

type Here<'a> = Option<(&'a Side<'a>, &'a TargetSpec)>;

fn uses(old: Here<'_>, new: Here<'_>, moved: &BTreeSet<&VarName>, edges: &Edges) -> Vec<UseChange> {
    let list = |here: Here<'_>| -> BTreeMap<VarName, Use> {
        let uses = here.map_or(&[][..], |(_, spec)| &spec.uses);
        uses.iter()
            .map(|one| (one.name.clone(), one.clone()))
            .collect()
    };
    let (before, after) = (list(old), list(new));
    let renamed = renamed_uses(&before, &after);
    let left: BTreeSet<&VarName> = renamed.values().collect();
    let names: BTreeSet<&VarName> = before.keys().chain(after.keys()).collect();
    let mut found = vec![];
    for name in names.into_iter().filter(|name| !left.contains(name)) {
        let was = renamed.get(name);
        let one = (
            old.zip(before.get(was.unwrap_or(name))),
            new.zip(after.get(name)),
        );
        let prunes = new.is_some_and(|(_, spec)| spec.prune);
        if let Some(kind) = kind(one, (was.is_some(), prunes), edges) {
            let (before, after) = match kind {
                // another name is another fingerprint, which says nothing
                UseKind::Renamed => (Glimpse::Unknown, Glimpse::Unknown),
                _ => both(glimpse(one.0), glimpse(one.1)),
            };
            found.push(UseChange {
                name: name.clone(),
                was: was.cloned(),
                kind,
                before,
                after,
                through: through(one.1.or(one.0), name, moved),
            });
        }
    }
    found
}

/// A declared variable that is put in under one other name than before.
fn renamed_uses(
    before: &BTreeMap<VarName, Use>,
    after: &BTreeMap<VarName, Use>,
) -> BTreeMap<VarName, VarName> {
    let only =
        |list: &BTreeMap<VarName, Use>, other: &BTreeMap<VarName, Use>, source: &UseSource| {
            let mut names = list
                .values()
                .filter(|one| one.source == *source && !other.contains_key(&one.name))
                .map(|one| one.name.clone());
            names.next().filter(|_| names.next().is_none())
        };
    let come = after.values().filter(|one| !before.contains_key(&one.name));
    come.filter(|one| matches!(one.source, UseSource::Declared(_)))
        .filter_map(|one| {
            let new = only(after, before, &one.source)?;
            Some((new, only(before, after, &one.source)?))
        })
        .collect()
}

type One<'a> = Option<((&'a Side<'a>, &'a TargetSpec), &'a Use)>;

fn kind(
    (old, new): (One<'_>, One<'_>),
    (is_renamed, prunes): (bool, bool),
    edges: &Edges,
) -> Option<UseKind> {
    let other = |edges: &BTreeMap<VarName, BTreeSet<TargetName>>, one: &Use| match &one.source {
        UseSource::Declared(declared) => edges.get(declared)?.first().cloned(),
        UseSource::Clear(_) | UseSource::Template(_) => None,
    };
    match (old, new) {
        (None, None) => None,
        (None, Some((_, one))) => Some(UseKind::Added {
            from: other(&edges.lost, one),
        }),
        (Some((_, one)), None) => Some(UseKind::Removed {
            to: other(&edges.gained, one),
            pruned: prunes,
        }),
        (Some(_), Some(_)) if is_renamed => Some(UseKind::Renamed),
        (Some(((base, _), was)), Some(((head, _), now))) => {
            if base.spelled(&was.source) == head.spelled(&now.source) {
                return None;
            }
            match (effective(old), effective(new)) {
                (Effective::Print(old), Effective::Print(new)) => {
                    (old != new).then_some(UseKind::Changed)
                }
                (Effective::Unknown, _) | (_, Effective::Unknown) => Some(UseKind::Unknown),
                (Effective::Clear, Effective::Clear) => {
                    (clear(old) != clear(new)).then_some(UseKind::Changed)
                }
                _ => Some(UseKind::Changed),
            }
        }
    }
}

fn effective(one: One<'_>) -> Effective {
    let Some(((side, spec), used)) = one else {
        return Effective::Unknown;
    };
    let known = side
        .uses
        .get(&spec.name)
        .and_then(|uses| uses.get(&used.name));
    known.copied().unwrap_or(Effective::Unknown)
}

/// The text of a use that holds no secret.
fn clear(one: One<'_>) -> Option<String> {
    let ((side, _), used) = one?;
    if side.manifest.is_secret_use(&used.source) {
        return None;
    }
    let value = side.manifest.expand_use(&used.source, |_| None).ok()?;
    Some(value.expose().to_owned())
}

fn glimpse(one: One<'_>) -> Glimpse {
    match (one, effective(one)) {
        (None, _) => Glimpse::Absent,
        (Some(_), Effective::Print(print)) => Glimpse::Fingerprint(print),
        (Some(_), Effective::Clear) => clear(one).map_or(Glimpse::Unknown, Glimpse::Text),
        (Some(_), Effective::Unknown) => Glimpse::Sealed,
    }
}

/// What else changed behind a use.
fn through(one: One<'_>, name: &VarName, moved: &BTreeSet<&VarName>) -> Vec<VarName> {
    let Some(((side, _), used)) = one else {
        return vec![];
    };
    let behind = behind(side.manifest, &used.source);
    let told = behind
        .into_iter()
        .filter(|one| moved.contains(one) && *one != name);
    told.cloned().collect()
}

fn behind<'a>(manifest: &'a Manifest, source: &'a UseSource) -> BTreeSet<&'a VarName> {
    let mut waiting: Vec<&VarName> = source.references().collect();
    let mut seen = BTreeSet::new();
    while let Some(one) = waiting.pop() {
        if seen.insert(one)
            && let Some(Source::Template(template)) =
                manifest.variables.get(one).map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    seen
}

/// What is neither a place nor run nor sent, and does not loosen anything: the rest is authority.
fn settings(old: &TargetSpec, new: &TargetSpec) -> Vec<String> {
    let mut found = vec![];
    if old.rails != new.rails && new.rails == new.rails.stricter(old.rails) {
        found.push("limits tightened".to_owned());
    }
    if old.prune && !new.prune {
        found.push("pruning switched off".to_owned());
    }
    let mut spelled =
        |what: &str, old: Option<std::time::Duration>, new: Option<std::time::Duration>| {
            if old != new {
                let spell = |one: Option<std::time::Duration>| {
                    one.map_or_else(|| "the default".to_owned(), format_duration)
                };
                found.push(format!("{what}: {} (was {})", spell(new), spell(old)));
            }
        };
    spelled(
        "a report of another machine counts for",
        old.stale_after,
        new.stale_after,
    );
    spelled(
        "an activation may take",
        old.activation_limit,
        new.activation_limit,
    );
    found.extend(reconciling::settings(&old.reconciling, &new.reconciling));
    if expectations(&old.probes) != expectations(&new.probes) {
        found.push("what its probes expect, or how long they wait, is another".to_owned());
    }
    found
}

/// What a probe asks is authority; what it wants to hear decides whether it proves anything.
fn expectations(probes: &[ProbeSpec]) -> Vec<String> {
    let of = |probe: &ProbeSpec| match &probe.ask {
        crate::manifest::Ask::Http(ask) => format!(
            "{:?} {:?} {} {:?}",
            ask.expect, ask.content_type, ask.negative, probe.limit
        ),
        crate::manifest::Ask::Command(_) | crate::manifest::Ask::Openclaw(_) => {
            format!("{:?}", probe.limit)
        }
    };
    let mut all: Vec<String> = probes.iter().map(of).collect();
    all.sort();
    all
}
