//! One declaration for each value: where places have the same name with the same value, they share it.

use std::collections::{BTreeMap, BTreeSet};

use super::Declared;
use super::naming;
use super::reference::{Refers, refers};
use crate::manifest::UseSource;
use crate::model::{SecretValue, VarName};

/// What one place holds and its target shall have.
pub(super) struct Holding<'a> {
    /// Which place comes first where several could give a value its name.
    pub(super) rank: Rank<'a>,
    /// Stands before a variable's name where places disagree about its value.
    pub(super) prefix: &'a str,
    pub(super) values: BTreeMap<&'a VarName, &'a SecretValue>,
    /// Whether values there can refer to others of the platform.
    pub(super) may_refer: bool,
}

/// Last ones last, then by name and id.
pub(super) type Rank<'a> = (bool, &'a str, &'a str);

/// What a manifest declares already, with the value where it is known.
pub(super) type Known = BTreeMap<VarName, Option<SecretValue>>;

/// Under which name each value is declared.
pub(super) struct Shared<'a> {
    /// By name on the platform and value.
    declared: BTreeMap<(&'a VarName, &'a str), Name<'a>>,
}

struct Name<'a> {
    declared: VarName,
    value: &'a SecretValue,
    refers: bool,
    /// The manifest had it before.
    is_known: bool,
}

/// The places that have one name with one value, in their order.
struct Group<'a> {
    value: &'a SecretValue,
    owners: Vec<&'a Holding<'a>>,
}

/// Gives every value that is not a reference a declared name. One that the manifest declares with
/// this value is shared; a name that it has with another value goes to nobody else.
pub(super) fn declare<'a>(holdings: &'a [Holding<'a>], known: &Known) -> Shared<'a> {
    let groups = group(holdings);
    // no declared name shall look like another variable of some place
    let mut taken: BTreeSet<VarName> = holdings
        .iter()
        .flat_map(|holding| holding.values.keys().map(|name| (*name).clone()))
        .chain(known.keys().cloned())
        .collect();
    let mut declared = BTreeMap::new();
    for (name, groups) in groups {
        let plain = match known.get(name) {
            Some(value) => groups
                .iter()
                .position(|group| value.as_ref() == Some(group.value)),
            None => plain_group(&groups),
        };
        for (index, group) in groups.iter().enumerate() {
            let is_plain = plain == Some(index);
            let shown = match is_plain {
                true => name.clone(),
                false => naming::prefixed(group.owners[0].prefix, name, &mut taken),
            };
            let may_refer = group.owners.iter().any(|owner| owner.may_refer);
            let entry = Name {
                declared: shown,
                value: group.value,
                refers: may_refer && refers(group.value.expose()) != Refers::No,
                is_known: is_plain && known.contains_key(name),
            };
            declared.insert((name, group.value.expose()), entry);
        }
    }
    Shared { declared }
}

/// By name, one group for each value; groups and their owners by the services' names.
fn group<'a>(holdings: &'a [Holding<'a>]) -> BTreeMap<&'a VarName, Vec<Group<'a>>> {
    let mut sorted: Vec<&Holding<'_>> = holdings.iter().collect();
    sorted.sort_by_key(|holding| holding.rank);
    let mut groups: BTreeMap<&VarName, Vec<Group<'_>>> = BTreeMap::new();
    for holding in sorted {
        for (name, value) in &holding.values {
            if holding.may_refer && refers(value.expose()) == Refers::Only {
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
            Some(name) => UseSource::Declared(name.declared.clone()),
            None => UseSource::Clear(value.expose().to_owned()),
        }
    }

    /// Names whose values are declared under others.
    pub(super) fn renamed(&self) -> BTreeMap<VarName, BTreeSet<VarName>> {
        let mut renamed: BTreeMap<VarName, BTreeSet<VarName>> = BTreeMap::new();
        for ((name, _), found) in &self.declared {
            if **name != found.declared {
                let names = renamed.entry((*name).clone()).or_default();
                names.insert(found.declared.clone());
            }
        }
        renamed
    }

    /// What is to be declared anew.
    pub(super) fn into_declared(self) -> BTreeMap<VarName, Declared> {
        self.declared
            .into_values()
            .filter(|name| !name.is_known)
            .map(|name| {
                let declared = Declared {
                    value: name.value.clone(),
                    refers: name.refers,
                };
                (name.declared, declared)
            })
            .collect()
    }
}
