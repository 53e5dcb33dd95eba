//! One declaration for each value: where places have the same name with the same value, they share it.

use std::collections::{BTreeMap, BTreeSet};

use super::naming::{self, Names};
use super::reference::{Refers, refers};
use super::{Declared, Place};
use crate::manifest::UseSource;
use crate::model::{SecretValue, VarName};

/// What one place holds and its target shall have.
pub(super) struct Holding<'a> {
    pub(super) place: &'a Place,
    pub(super) names: &'a Names,
    pub(super) values: BTreeMap<&'a VarName, &'a SecretValue>,
}

/// Under which name each value is declared.
pub(super) struct Shared<'a> {
    /// By name on the platform and value.
    declared: BTreeMap<(&'a VarName, &'a str), (VarName, &'a SecretValue)>,
}

/// The places that have one name with one value, in their order.
struct Group<'a> {
    value: &'a SecretValue,
    owners: Vec<&'a Holding<'a>>,
}

/// Gives every value that is not a reference a declared name.
pub(super) fn declare<'a>(holdings: &'a [Holding<'a>]) -> Shared<'a> {
    let groups = group(holdings);
    // no declared name shall look like another variable of some place
    let mut taken: BTreeSet<VarName> = holdings
        .iter()
        .flat_map(|holding| holding.values.keys().map(|name| (*name).clone()))
        .collect();
    let mut declared = BTreeMap::new();
    for (name, groups) in groups {
        let plain = plain_group(&groups);
        for (index, group) in groups.iter().enumerate() {
            let shown = match plain {
                Some(plain) if plain == index => name.clone(),
                _ => naming::prefixed(&group.owners[0].names.prefix, name, &mut taken),
            };
            declared.insert((name, group.value.expose()), (shown, group.value));
        }
    }
    Shared { declared }
}

/// By name, one group for each value; groups and their owners by the services' names.
fn group<'a>(holdings: &'a [Holding<'a>]) -> BTreeMap<&'a VarName, Vec<Group<'a>>> {
    let mut sorted: Vec<&Holding<'_>> = holdings.iter().collect();
    sorted.sort_by_key(|holding| service_order(holding));
    let mut groups: BTreeMap<&VarName, Vec<Group<'_>>> = BTreeMap::new();
    for holding in sorted {
        for (name, value) in &holding.values {
            if refers(value.expose()) == Refers::Only {
                continue;
            }
            let of_name = groups.entry(name).or_default();
            match of_name.iter_mut().find(|group| group.value == *value) {
                Some(group) => group.owners.push(holding),
                None => of_name.push(Group {
                    value,
                    owners: vec![holding],
                }),
            }
        }
    }
    groups
}

/// The shared variables come after all services.
fn service_order<'a>(holding: &Holding<'a>) -> (bool, Option<(&'a str, &'a str)>) {
    let service = holding.place.service.as_ref();
    let key = service.map(|service| (service.name.as_str(), service.id.as_str()));
    (key.is_none(), key)
}

/// Which group has the name for itself: the only one, or else the largest of at least two owners, of
/// equals the one with the first service.
fn plain_group(groups: &[Group<'_>]) -> Option<usize> {
    if groups.len() == 1 {
        return Some(0);
    }
    // groups stand in the order of their first services
    (0..groups.len())
        .filter(|index| groups[*index].owners.len() >= 2)
        .min_by_key(|index| (std::cmp::Reverse(groups[*index].owners.len()), *index))
}

impl Shared<'_> {
    /// What a place uses for this name.
    pub(super) fn source(&self, name: &VarName, value: &SecretValue) -> UseSource {
        match self.declared.get(&(name, value.expose())) {
            Some((declared, _)) => UseSource::Declared(declared.clone()),
            None => UseSource::Clear(value.expose().to_owned()),
        }
    }

    /// Names whose values are declared under others.
    pub(super) fn renamed(&self) -> BTreeMap<VarName, BTreeSet<VarName>> {
        let mut renamed: BTreeMap<VarName, BTreeSet<VarName>> = BTreeMap::new();
        for ((name, _), (declared, _)) in &self.declared {
            if *name != declared {
                let names = renamed.entry((*name).clone()).or_default();
                names.insert(declared.clone());
            }
        }
        renamed
    }

    pub(super) fn into_declared(self) -> BTreeMap<VarName, Declared> {
        self.declared
            .into_values()
            .map(|(name, value)| {
                let declared = Declared {
                    value: value.clone(),
                    refers: refers(value.expose()) != Refers::No,
                };
                (name, declared)
            })
            .collect()
    }
}
