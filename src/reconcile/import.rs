//! From the variables that an environment holds to a manifest that says the same. Pure: what was
//! read comes in, what shall be declared goes out.

mod naming;
mod places;
mod reference;
mod share;
mod suggest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use naming::slug;
pub use places::{Found, Gathered, Known, Renamed, gather};

use crate::manifest::{FreshTarget, UseSource};
use crate::model::{
    Address, LiveVar, RailwayAddress, SecretValue, VarName, is_provided_by_railway,
};

/// What the platform calls something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// One environment, as it was read.
#[derive(Debug, Clone)]
pub struct Environment {
    pub project: Named,
    /// Whether the project was asked for by its id: its name may not be the only one of that kind.
    pub project_by_id: bool,
    pub environment: Named,
    /// The environment variable that holds the token, where it was named.
    pub token: Option<String>,
    pub places: Vec<Place>,
}

/// One place of it that was read whole.
#[derive(Debug, Clone)]
pub struct Place {
    /// `None` for the shared variables.
    pub service: Option<Named>,
    pub vars: BTreeMap<VarName, LiveVar>,
}

/// A manifest's content, before anything is encrypted.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// What is declared, each once.
    pub declared: BTreeMap<VarName, Declared>,
    pub targets: Vec<FreshTarget>,
    /// What did not come along, by place.
    pub left_out: Vec<LeftOut>,
    /// Secrets that look as if anybody might read them.
    pub suggested: BTreeSet<VarName>,
    /// By a name on the platform: under which names its values are declared, where that is not it.
    pub renamed: BTreeMap<VarName, BTreeSet<VarName>>,
    /// Names that targets have in clear because their values are references and nothing else.
    pub references: BTreeSet<VarName>,
}

/// One declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub value: SecretValue,
    /// References of the platform stand in it, beside other text.
    pub refers: bool,
}

/// What stays as it is in one place, without driftlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The service's name; `None` for the shared variables.
    pub service: Option<String>,
    /// Their values are shown to nobody.
    pub sealed: BTreeSet<VarName>,
    /// The platform's own.
    pub provided: BTreeSet<VarName>,
    /// Could not be read, and why: an import with such a one must not go on.
    pub unknown: BTreeMap<VarName, String>,
    /// Nothing is left: the place gets no target.
    pub is_empty: bool,
}

/// Takes an environment in.
pub fn import(environment: &Environment) -> Imported {
    let names = naming::of_places(&environment.places);
    let mut imported = Imported::default();
    let mut taken_in = vec![];
    let mut holdings = vec![];
    for (place, names) in environment.places.iter().zip(&names) {
        let (values, left_out) = sort(place);
        imported.left_out.push(left_out);
        if !values.is_empty() {
            taken_in.push((place, names));
            holdings.push(share::Holding {
                rank: rank(place),
                prefix: &names.prefix,
                values,
                may_refer: true,
            });
        }
    }
    let shared = share::declare(&holdings, &share::Known::new());
    for (holding, (place, names)) in holdings.iter().zip(taken_in) {
        let uses = holding
            .values
            .iter()
            .map(|(&name, value)| {
                let source = shared.source(name, value);
                if matches!(source, UseSource::Clear(_)) {
                    imported.references.insert(name.clone());
                }
                (name.clone(), source)
            })
            .collect();
        let target = target(environment, place, names, uses);
        imported.targets.push(target);
    }
    imported.suggested = suggested(&holdings, &shared);
    imported.renamed = shared.renamed();
    imported.declared = shared.into_declared();
    imported
}

/// The shared variables come after all services.
fn rank(place: &Place) -> share::Rank<'_> {
    match &place.service {
        Some(service) => (false, service.name.as_str(), service.id.as_str()),
        None => (true, "", ""),
    }
}

/// What can be declared of a place, and what cannot.
fn sort(place: &Place) -> (BTreeMap<&VarName, &SecretValue>, LeftOut) {
    let mut values = BTreeMap::new();
    let mut left_out = LeftOut {
        service: place.service.as_ref().map(|service| service.name.clone()),
        sealed: BTreeSet::new(),
        provided: BTreeSet::new(),
        unknown: BTreeMap::new(),
        is_empty: false,
    };
    for (name, value) in &place.vars {
        match value {
            _ if is_provided_by_railway(name.as_str()) => {
                left_out.provided.insert(name.clone());
            }
            LiveVar::Sealed { .. } => {
                left_out.sealed.insert(name.clone());
            }
            LiveVar::Unknown(why) => {
                left_out.unknown.insert(name.clone(), why.clone());
            }
            LiveVar::Value(value) => {
                values.insert(name, value);
            }
        }
    }
    left_out.is_empty = values.is_empty();
    (values, left_out)
}

/// Looked at under the name that a place has it by: the declared one says more than its owner did.
fn suggested(holdings: &[share::Holding<'_>], shared: &share::Shared<'_>) -> BTreeSet<VarName> {
    let mut looks_public: BTreeMap<VarName, bool> = BTreeMap::new();
    for holding in holdings {
        for (name, value) in &holding.values {
            if let UseSource::Declared(declared) = shared.source(name, value) {
                let public = suggest::looks_public(name, value);
                looks_public
                    .entry(declared)
                    .and_modify(|all| *all &= public)
                    .or_insert(public);
            }
        }
    }
    let public = looks_public.into_iter().filter(|(_, public)| *public);
    public.map(|(name, _)| name).collect()
}

fn target(
    environment: &Environment,
    place: &Place,
    names: &naming::Names,
    uses: Vec<(VarName, UseSource)>,
) -> FreshTarget {
    let mut notes = vec![];
    let project = naming::spelled(
        "project",
        &environment.project,
        environment.project_by_id,
        &mut notes,
    );
    let environment_name =
        naming::spelled("environment", &environment.environment, false, &mut notes);
    let service = place
        .service
        .as_ref()
        .map(|service| naming::spelled("service", service, names.ambiguous, &mut notes));
    FreshTarget {
        name: names.target.clone(),
        comment: (!notes.is_empty()).then(|| notes.join(", ")),
        address: Address::Railway(RailwayAddress {
            project,
            environment: environment_name,
            service,
            token: environment.token.clone(),
            sealed: BTreeSet::new(),
        }),
        uses,
    }
}
