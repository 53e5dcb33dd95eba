//! Places of any kind, taken in together: what each holds, what of it is declared once, and what a
//! manifest declares already.

use std::collections::{BTreeMap, BTreeSet};

use super::share::{self, Holding};
use super::{Declared, naming, suggested};
use crate::manifest::{FreshTarget, UseSource};
use crate::model::{Address, SecretValue, TargetName, VarName};

/// One place that was read whole.
#[derive(Debug, Clone)]
pub struct Found {
    /// What its target, and variables that are named apart, are named after.
    pub label: String,
    /// As people named it.
    pub called: String,
    /// Where it is; `None` where it is not to be a target.
    pub address: Option<Address>,
    /// Each under its name there.
    pub vars: BTreeMap<VarName, SecretValue>,
    /// Those of them that are for everybody to read there.
    pub public: BTreeSet<VarName>,
}

/// What a manifest that is extended has already.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What it declares; no value where that is not known.
    pub variables: BTreeMap<VarName, Option<SecretValue>>,
    /// Its targets.
    pub targets: BTreeSet<TargetName>,
}

/// What shall be declared, before anything is encrypted.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// Each once; none that the manifest has already.
    pub declared: BTreeMap<VarName, Declared>,
    /// The places that have an address.
    pub targets: Vec<FreshTarget>,
    /// What the other places hold: the name there, and what it is declared as.
    pub listed: BTreeMap<VarName, BTreeSet<VarName>>,
    /// Secrets that look as if anybody might read them.
    pub suggested: BTreeSet<VarName>,
    /// By a name: what is declared of it under other names.
    pub renamed: BTreeMap<VarName, BTreeSet<VarName>>,
    /// Which place holds which of them.
    pub apart: Vec<Renamed>,
    /// Declared by the manifest before, with the same value.
    pub shared: BTreeSet<VarName>,
}

/// A place's value of a name of which there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// As people named the place.
    pub place: String,
    /// Its name there.
    pub name: VarName,
    /// Its name in the manifest.
    pub declared: VarName,
}

/// Takes places in.
pub fn gather(places: &[Found], known: &Known) -> Gathered {
    let prefixes: Vec<String> = places
        .iter()
        .map(|place| naming::prefix(&place.label))
        .collect();
    let holdings: Vec<Holding<'_>> = places
        .iter()
        .zip(&prefixes)
        .map(|(place, prefix)| Holding {
            rank: (false, &place.label, &place.called),
            prefix,
            values: place.vars.iter().collect(),
            may_refer: false,
        })
        .collect();
    let shared = share::declare(&holdings, &known.variables);
    let uses: Vec<Vec<(VarName, UseSource)>> = places
        .iter()
        .map(|place| {
            let uses = place.vars.iter();
            uses.map(|(name, value)| (name.clone(), shared.source(name, value)))
                .collect()
        })
        .collect();
    let mut gathered = Gathered {
        suggested: suggested(&holdings, &shared),
        renamed: shared.renamed(),
        declared: shared.into_declared(),
        ..Gathered::default()
    };
    for (place, uses) in places.iter().zip(&uses) {
        let public = uses.iter().filter_map(declared_of);
        let public = public.filter(|(name, _)| place.public.contains(*name));
        let public = public.map(|(_, declared)| declared.clone());
        gathered.suggested.extend(public);
    }
    gathered
        .suggested
        .retain(|name| gathered.declared.contains_key(name));
    gathered.tell_apart(places, &uses, known);
    gathered.place(places, uses, known);
    gathered
}

impl Gathered {
    fn tell_apart(&mut self, places: &[Found], uses: &[Vec<(VarName, UseSource)>], known: &Known) {
        for (place, uses) in places.iter().zip(uses) {
            for (name, declared) in uses.iter().filter_map(declared_of) {
                if known.variables.contains_key(declared) {
                    self.shared.insert(declared.clone());
                }
                if self.renamed.contains_key(name) {
                    self.apart.push(Renamed {
                        place: place.called.clone(),
                        name: name.clone(),
                        declared: declared.clone(),
                    });
                }
            }
        }
    }

    fn place(&mut self, places: &[Found], uses: Vec<Vec<(VarName, UseSource)>>, known: &Known) {
        let with_address = places.iter().filter(|place| place.address.is_some());
        let labels: Vec<Option<&str>> = with_address.map(|place| Some(&*place.label)).collect();
        let taken = known.targets.iter();
        let taken = taken
            .map(|name| name.as_str().to_ascii_lowercase())
            .collect();
        let mut names = naming::of_names(&labels, taken).into_iter();
        for (place, uses) in places.iter().zip(uses) {
            match (
                &place.address,
                place.address.as_ref().and_then(|_| names.next()),
            ) {
                (Some(address), Some(names)) => self.targets.push(FreshTarget {
                    name: names.target,
                    comment: None,
                    address: address.clone(),
                    uses,
                }),
                _ => {
                    for (name, declared) in uses.iter().filter_map(declared_of) {
                        let all = self.listed.entry(name.clone()).or_default();
                        all.insert(declared.clone());
                    }
                }
            }
        }
    }
}

fn declared_of(used: &(VarName, UseSource)) -> Option<(&VarName, &VarName)> {
    match &used.1 {
        UseSource::Declared(declared) => Some((&used.0, declared)),
        UseSource::Clear(_) | UseSource::Template(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> VarName {
        VarName::new(text).unwrap()
    }

    fn found(label: &str, is_target: bool, vars: &[(&str, &str)]) -> Found {
        Found {
            label: label.to_owned(),
            called: format!("{label}.env"),
            address: is_target.then(|| Address::Memory(label.to_owned())),
            public: BTreeSet::new(),
            vars: vars
                .iter()
                .map(|(key, value)| (name(key), SecretValue::new(*value)))
                .collect(),
        }
    }

    fn known(vars: &[(&str, Option<&str>)], targets: &[&str]) -> Known {
        Known {
            variables: vars
                .iter()
                .map(|(key, value)| (name(key), value.map(SecretValue::new)))
                .collect(),
            targets: targets.iter().map(|name| name.parse().unwrap()).collect(),
        }
    }

    fn shown(gathered: &Gathered) -> String {
        let mut lines: Vec<String> = gathered
            .declared
            .iter()
            .map(|(name, declared)| format!("{name} = {}", declared.value.expose()))
            .collect();
        for target in &gathered.targets {
            let uses = target.uses.iter().filter_map(declared_of);
            let uses: Vec<String> = uses
                .map(|(name, declared)| match name == declared {
                    true => name.to_string(),
                    false => format!("{name}<-{declared}"),
                })
                .collect();
            lines.push(format!("{}: {}", target.name, uses.join(" ")));
        }
        for (name, declared) in &gathered.listed {
            let declared: Vec<&str> = declared.iter().map(VarName::as_str).collect();
            lines.push(format!("listed {name}: {}", declared.join(" ")));
        }
        for one in &gathered.apart {
            lines.push(format!("{}: {} is {}", one.place, one.name, one.declared));
        }
        lines.join("\n")
    }

    #[test]
    fn equal_values_are_declared_once_and_others_are_named_apart() {
        let places = [
            found(
                "api",
                true,
                &[("LEVEL", "info"), ("PORT", "1"), ("REF", "${{X}}")],
            ),
            found("web", true, &[("LEVEL", "info"), ("PORT", "2")]),
            found(
                "secrets",
                false,
                &[("LEVEL", "info"), ("PORT", "2"), ("KEY", "k")],
            ),
        ];
        insta::assert_snapshot!(shown(&gather(&places, &Known::default())), @r"
        API_PORT = 1
        KEY = k
        LEVEL = info
        PORT = 2
        REF = ${{X}}
        api: LEVEL PORT<-API_PORT REF
        web: LEVEL PORT
        listed KEY: KEY
        listed LEVEL: LEVEL
        listed PORT: PORT
        api.env: PORT is API_PORT
        web.env: PORT is PORT
        secrets.env: PORT is PORT
        ");
    }

    #[test]
    fn what_a_manifest_has_is_shared_or_left_alone() {
        let places = [
            found(
                "api",
                true,
                &[("SAME", "s"), ("OTHER", "new"), ("SEALED", "x")],
            ),
            found("Web", true, &[("OTHER", "old"), ("API_OTHER", "y")]),
        ];
        let known = known(
            &[
                ("SAME", Some("s")),
                ("OTHER", Some("old")),
                ("SEALED", None),
                ("UNRELATED", None),
            ],
            &["API", "web"],
        );
        let gathered = gather(&places, &known);
        insta::assert_snapshot!(shown(&gathered), @r"
        API_OTHER = y
        API_OTHER_2 = new
        API_SEALED = x
        api-2: OTHER<-API_OTHER_2 SAME SEALED<-API_SEALED
        Web-2: API_OTHER OTHER
        api.env: OTHER is API_OTHER_2
        api.env: SEALED is API_SEALED
        Web.env: OTHER is OTHER
        ");
        assert_eq!(gathered.shared, ["OTHER", "SAME"].map(name).into());
    }
}
