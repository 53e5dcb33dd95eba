//! Declared variables: their values, how those are sealed, and what is said about them.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{MetaChange, Sealing, State, ValueChange, VariableChange};
use super::side::{Side, Standing, both, sealed_text};
use crate::manifest::{Manifest, Metadata, Overlap, Source, Stage, Variable, format_duration};
use crate::model::{Recipe, TargetName, VarName};
use crate::plan::Glimpse;

/// Every declared variable that differs, by name.
pub(super) fn compare(base: Option<&Side<'_>>, head: Option<&Side<'_>>) -> Vec<VariableChange> {
    let names = |side: Option<&Side<'_>>| -> BTreeSet<VarName> {
        side.map(|side| side.manifest.variables.keys().cloned().collect())
            .unwrap_or_default()
    };
    let (before, after) = (names(base), names(head));
    let renamed = renames(base, head, &before, &after);
    let left: BTreeSet<&VarName> = renamed.values().collect();
    let all = before.union(&after).filter(|name| !left.contains(name));
    all.filter_map(|name| {
        let was = renamed.get(name);
        let one = change(base, head, was.unwrap_or(name), name);
        let told = was.is_some()
            || one.state != State::Changed
            || one.value != ValueChange::Same
            || !one.meta.is_empty()
            || !one.gained.is_empty()
            || !one.lost.is_empty();
        told.then(|| VariableChange {
            was: was.cloned(),
            ..one
        })
    })
    .collect()
}

/// New names by the former ones: where one value left under one name and came under one other.
fn renames(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    before: &BTreeSet<VarName>,
    after: &BTreeSet<VarName>,
) -> BTreeMap<VarName, VarName> {
    let (Some(base), Some(head)) = (base, head) else {
        return BTreeMap::new();
    };
    let mut gone: BTreeMap<String, Vec<&VarName>> = BTreeMap::new();
    let mut come: BTreeMap<String, Vec<&VarName>> = BTreeMap::new();
    for name in before.difference(after) {
        if let Some(mark) = mark(base, name) {
            gone.entry(mark).or_default().push(name);
        }
    }
    for name in after.difference(before) {
        if let Some(mark) = mark(head, name) {
            come.entry(mark).or_default().push(name);
        }
    }
    let pairs = come.into_iter().filter_map(|(mark, new)| {
        let old = gone.get(&mark)?;
        match (&old[..], &new[..]) {
            ([old], [new]) => Some(((*new).clone(), (*old).clone())),
            _ => None,
        }
    });
    pairs.collect()
}

/// Tells values apart whatever they are called. What is short says too little.
fn mark(side: &Side<'_>, name: &VarName) -> Option<String> {
    const TELLING: usize = 8;
    let variable = side.manifest.variables.get(name)?;
    match &variable.source {
        Source::Clear(text) => (text.len() >= TELLING).then(|| format!("clear {text}")),
        Source::Template(template) => Some(format!("template {}", template.to_source())),
        Source::Sealed(_) | Source::Armored(_) => match side.standing(name) {
            Standing::Open {
                nameless: Some(print),
                ..
            } => Some(format!("secret {}", String::from(print))),
            _ => None,
        },
    }
}

fn change(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    was: &VarName,
    name: &VarName,
) -> VariableChange {
    let of = |side: Option<&Side<'_>>, name: &VarName| -> Option<Variable> {
        side?.manifest.variables.get(name).cloned()
    };
    let (old, new) = (of(base, was), of(head, name));
    let reaches = |side: Option<&Side<'_>>, name: &VarName| {
        side.map(|side| reached(side.manifest, name))
            .unwrap_or_default()
    };
    let (from, to) = (reaches(base, was), reaches(head, name));
    let (state, value) = match (&old, &new) {
        (Some(old), Some(new)) => (State::Changed, moved(base, head, (was, old), (name, new))),
        (None, _) => (State::Added, ValueChange::New),
        (_, None) => (State::Removed, ValueChange::New),
    };
    let (before, after) = both(
        glimpse(base, was, old.as_ref()),
        glimpse(head, name, new.as_ref()),
    );
    VariableChange {
        name: name.clone(),
        was: None,
        state,
        value,
        before,
        after,
        sealing: sealing(base, head, (was, old.as_ref()), (name, new.as_ref())),
        meta: match (&old, &new) {
            (Some(old), Some(new)) => metadata(&old.metadata, &new.metadata),
            _ => vec![],
        },
        gained: to.difference(&from).cloned().collect(),
        lost: from.difference(&to).cloned().collect(),
        kept: from.intersection(&to).cloned().collect(),
        earlier: None,
    }
}

/// The targets that get a variable, by itself or in templates.
fn reached(manifest: &Manifest, name: &VarName) -> BTreeSet<TargetName> {
    let gets = |uses: &[crate::manifest::Use]| {
        let mut waiting: Vec<&VarName> = uses
            .iter()
            .flat_map(|one| one.of.iter().chain(one.source.references()))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(one) = waiting.pop() {
            if one == name {
                return true;
            }
            if seen.insert(one)
                && let Some(Source::Template(template)) =
                    manifest.variables.get(one).map(|variable| &variable.source)
            {
                waiting.extend(template.references());
            }
        }
        false
    };
    let targets = manifest.targets.iter().filter(|target| gets(&target.uses));
    targets.map(|target| target.name.clone()).collect()
}

fn moved(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    (was, old): (&VarName, &Variable),
    (name, new): (&VarName, &Variable),
) -> ValueChange {
    let (Some(base), Some(head)) = (base, head) else {
        return ValueChange::New;
    };
    match (&old.source, &new.source) {
        (Source::Clear(a), Source::Clear(b)) if a == b => ValueChange::Same,
        (Source::Clear(_), Source::Clear(_)) => ValueChange::Changed,
        (Source::Template(a), Source::Template(b)) if a == b => ValueChange::Same,
        (Source::Template(_), Source::Template(_)) => ValueChange::Template,
        (a, b) if a.is_encrypted() && b.is_encrypted() => {
            if was == name && sealed_text(a) == sealed_text(b) {
                return ValueChange::Same;
            }
            match same(base.standing(was), head.standing(name)) {
                Some(true) => ValueChange::SealedSame,
                Some(false) => ValueChange::Changed,
                None => ValueChange::SealedUnknown,
            }
        }
        (a, Source::Clear(_)) if a.is_encrypted() => ValueChange::BecameClear,
        (Source::Clear(_), b) if b.is_encrypted() => ValueChange::BecameSecret {
            same: same(base.standing(was), head.standing(name)),
        },
        _ => ValueChange::Source,
    }
}

fn same(old: Standing, new: Standing) -> Option<bool> {
    match (old, new) {
        (
            Standing::Open {
                nameless: Some(old),
                ..
            },
            Standing::Open {
                nameless: Some(new),
                ..
            },
        ) => Some(old == new),
        _ => None,
    }
}

fn glimpse(side: Option<&Side<'_>>, name: &VarName, variable: Option<&Variable>) -> Glimpse {
    let (Some(side), Some(variable)) = (side, variable) else {
        return Glimpse::Absent;
    };
    match &variable.source {
        Source::Clear(text) => Glimpse::Text(text.clone()),
        Source::Template(template) => Glimpse::Text(template.to_source()),
        Source::Sealed(_) | Source::Armored(_) => match side.standing(name) {
            Standing::Open {
                print: Some(print), ..
            } => Glimpse::Fingerprint(print),
            _ => Glimpse::Sealed,
        },
    }
}

fn sealing(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    (was, old): (&VarName, Option<&Variable>),
    (name, new): (&VarName, Option<&Variable>),
) -> Option<Sealing> {
    let text = |one: Option<&Variable>| one.and_then(|one| sealed_text(&one.source));
    let (before, after) = (text(old), text(new));
    if before == after && was == name {
        return None;
    }
    let key = |one: Option<&Variable>| match one.map(|one| &one.source) {
        Some(Source::Sealed(payload)) => Some(payload.key.clone()),
        _ => None,
    };
    let seen = |side: Option<&Side<'_>>, name: &VarName, is_sealed: bool| match side {
        Some(side) if is_sealed => match side.standing(name) {
            Standing::Open {
                sequence,
                sealed_at,
                ..
            } => (sequence, sealed_at),
            Standing::Sealed => (None, None),
        },
        _ => (None, None),
    };
    let armored =
        |one: Option<&Variable>| matches!(one.map(|one| &one.source), Some(Source::Armored(_)));
    let (first, _) = seen(base, was, before.is_some());
    let (second, sealed_at) = seen(head, name, after.is_some());
    Some(Sealing {
        keys: (key(old), key(new)),
        sequences: (first, second),
        sealed_at,
        unauthenticated: armored(new),
        accepted: armored(old) && key(new).is_some(),
    })
}

fn metadata(old: &Metadata, new: &Metadata) -> Vec<MetaChange> {
    let mut found = vec![];
    let mut add = |what, before: Option<String>, after: Option<String>| {
        if before != after {
            found.push(MetaChange {
                what,
                before,
                after,
            });
        }
    };
    let expiry = match (old.expires, new.expires) {
        (Some(old), Some(new)) if new > old => "expiry extended",
        (Some(_), Some(_)) => "expiry brought forward",
        (None, _) => "expiry set",
        (_, None) => "expiry dropped",
    };
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
    add(expiry, day(old.expires), day(new.expires));
    let rotation = match (old.rotate, new.rotate) {
        (Some(old), Some(new)) if new > old => "may stay longer",
        (Some(_), Some(_)) => "must be rotated sooner",
        (None, _) => "rotation set",
        (_, None) => "rotation dropped",
    };
    add(
        rotation,
        old.rotate.map(format_duration),
        new.rotate.map(format_duration),
    );
    add("owner changed", old.owner.clone(), new.owner.clone());
    add(
        "description changed",
        old.description.clone(),
        new.description.clone(),
    );
    let recipe = match (&old.generate, &new.generate) {
        (Some(_), Some(_)) => "recipe changed",
        (None, _) => "recipe set",
        (_, None) => "recipe dropped",
    };
    let spelled = |one: &Option<Recipe>| one.as_ref().map(Recipe::to_source);
    add(recipe, spelled(&old.generate), spelled(&new.generate));
    let codes = |of: &Metadata| {
        let codes: Vec<&str> = of.lint_ok.iter().copied().collect();
        (!codes.is_empty()).then(|| codes.join(", "))
    };
    add("findings that are meant", codes(old), codes(new));
    let flag = |is: bool| is.then(|| "true".to_owned());
    let protection = if new.protected {
        "protected now"
    } else {
        "no longer protected"
    };
    add(protection, flag(old.protected), flag(new.protected));
    let references = if new.reference {
        "references of the platform are meant"
    } else {
        "references of the platform are no longer meant"
    };
    add(references, flag(old.reference), flag(new.reference));
    let overlap = match (&old.overlap, &new.overlap) {
        (None, _) => "rotates with an overlap now",
        (Some(_), Some(_)) => "another overlap",
        (Some(_), None) => "no longer rotates with an overlap",
    };
    let roles = |overlap: &Option<Overlap>| overlap.as_ref().map(ToString::to_string);
    add(overlap, roles(&old.overlap), roles(&new.overlap));
    let stage = match (old.rotating, new.rotating) {
        (None, _) => "its rotation begins",
        (_, None) => "its rotation ends",
        (Some(old), Some(new)) if new < old => "its rotation goes back",
        (Some(_), Some(_)) => "its rotation goes on",
    };
    let word = |stage: Option<Stage>| stage.map(|stage| stage.word().to_owned());
    add(stage, word(old.rotating), word(new.rotating));
    found
}
