//! What the fake truly holds, and what was written to it: never our own words.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::fake_railway::handles::{EnvironmentAt, Place};
use crate::support::fake_railway::record::Recorded;

/// The targets of the manifest. The service `db` is in the environment, too, and never ours.
pub const TARGETS: [&str; 4] = ["api", "shared", "web", "worker"];

/// A variable of a place.
pub type At = (&'static str, String);
/// All raw values.
pub type Truth = BTreeMap<At, String>;

/// The environment and its places, by the names of their targets.
pub struct Places {
    pub environment: EnvironmentAt,
    pub all: BTreeMap<&'static str, Place>,
}

impl Places {
    pub fn new(environment: EnvironmentAt) -> Self {
        let mut all: BTreeMap<&'static str, Place> = ["api", "web", "worker", "db"]
            .into_iter()
            .map(|name| (name, environment.service(name)))
            .collect();
        all.insert("shared", environment.shared());
        Self { environment, all }
    }

    pub fn truth(&self) -> Truth {
        let values = |(name, place): (&&'static str, &Place)| {
            let name = *name;
            let values = place.values().into_iter();
            values
                .map(move |(variable, value)| ((name, variable), value))
                .collect::<Vec<_>>()
        };
        self.all.iter().flat_map(values).collect()
    }

    /// The place with this service id, or the shared one.
    pub fn named(&self, id: Option<&str>) -> Option<&'static str> {
        let mut all = self.all.iter();
        all.find(|(_, place)| place.service.as_deref() == id)
            .map(|(name, _)| *name)
    }

    pub fn set(&self, (place, name): &At, value: Option<&str>) {
        let place = &self.all[place];
        match value {
            Some(value) => drop(place.clone().set(name, value)),
            None => drop(place.remove(name)),
        }
    }

    /// The variables of a patch.
    pub fn changes(&self, patch: &Value) -> Vec<(At, Option<String>)> {
        let mut groups: Vec<(Option<&str>, &Value)> = vec![(None, &patch["sharedVariables"])];
        for (id, service) in patch["services"].as_object().into_iter().flatten() {
            groups.push((Some(id), &service["variables"]));
        }
        let mut found = vec![];
        for (id, entries) in groups {
            for (name, entry) in entries.as_object().into_iter().flatten() {
                let place = self.named(id).unwrap_or("a place that is not there");
                let value = entry["value"].as_str().map(str::to_owned);
                found.push(((place, name.clone()), value));
            }
        }
        found
    }

    /// What a request would change at once or stage; `None` for a mutation that nobody may send.
    pub fn written(&self, request: &Recorded) -> Option<Vec<(At, Option<String>)>> {
        let mut found = vec![];
        for root in request.roots.iter().filter(|_| request.mutation) {
            match root.name.as_str() {
                "environmentPatchCommit" => found.extend(self.changes(&root.arguments["patch"])),
                "environmentStageChanges" => found.extend(self.changes(&root.arguments["input"])),
                "environmentPatchCommitStaged" => {}
                "variableCollectionUpsert" => {
                    let input = &root.arguments["input"];
                    let place = self.named(input["serviceId"].as_str())?;
                    let skips = input["skipDeploys"] == true && input["replace"] != true;
                    for (name, value) in input["variables"].as_object().filter(|_| skips)? {
                        let value = value.as_str().map(str::to_owned);
                        found.push(((place, name.clone()), value));
                    }
                }
                _ => return None,
            }
        }
        Some(found)
    }
}

/// Deployments that mutations caused, by service.
pub fn deploys(places: &Places) -> BTreeMap<&'static str, usize> {
    let services = places.all.iter().filter(|(name, _)| **name != "shared");
    services
        .map(|(name, place)| (*name, place.deploys().len()))
        .collect()
}
