//! From what Railway answers to what a target holds. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::patch::ScopeId;
use super::resolve::{Deployment, Environment, Instance, VariableMeta};
use super::wire::Values;
use crate::model::{
    Behind, Completeness, Live, LiveVar, Running, Unsettled, VarName, Version,
    is_provided_by_railway,
};

/// A deployment made this much before a variable's time stamp may still have it: the two stamps are
/// made by different parts of Railway.
const TOGETHER: SignedDuration = SignedDuration::from_secs(5);

/// Everything that was read about one scope.
pub(super) struct Reading<'a> {
    /// As stored, references not followed.
    values: Values,
    /// The scope's entries in the list of names.
    listed: Vec<&'a VariableMeta>,
    /// The service; `None` for shared variables.
    instance: Option<&'a Instance>,
    /// What waits in the environment.
    drafts: Vec<String>,
    /// Ids of project, environment and service.
    identity: String,
}

impl<'a> Reading<'a> {
    /// Puts the values beside what the environment's lists say of their scope.
    pub(super) fn of(
        environment: &'a Environment,
        scope: ScopeId,
        values: Values,
        drafts: Vec<String>,
    ) -> Self {
        let id = scope.as_deref();
        let mut instances = environment.instances.iter();
        Self {
            values,
            listed: environment.variables_of(id).collect(),
            instance: id.and_then(|id| instances.find(|one| one.service_id == id)),
            drafts,
            identity: format!(
                "project={} environment={} service={}",
                environment.project_id,
                environment.environment_id,
                id.unwrap_or("(shared)")
            ),
        }
    }

    /// What the target holds.
    pub(super) fn live(self) -> Live {
        let mut notes = vec![];
        let vars = self.vars(&mut notes);
        let changed_at = self.changed_at(&vars);
        let running = self.running(&mut notes);
        let version = version(&vars, &self.drafts);
        Live {
            vars,
            changed_at,
            completeness: Completeness::Complete,
            version,
            exists: true,
            stored_at: None,
            identity: self.identity,
            taken_over: std::collections::BTreeSet::new(),
            drafts: self.drafts,
            running,
            unsettled: self.instance.and_then(unsettled),
            notes,
        }
    }

    fn vars(&self, notes: &mut Vec<String>) -> BTreeMap<VarName, LiveVar> {
        let listed: BTreeMap<&str, &VariableMeta> = self
            .listed
            .iter()
            .map(|listed| (listed.name.as_str(), *listed))
            .collect();
        let mut vars = BTreeMap::new();
        let mut odd = 0;
        let known = self.values.keys().map(String::as_str);
        let names: BTreeSet<&str> = known.chain(listed.keys().copied()).collect();
        for name in names
            .into_iter()
            .filter(|name| !is_provided_by_railway(name))
        {
            let Ok(valid) = VarName::new(name) else {
                odd += 1;
                continue;
            };
            let value = self.values.get(name);
            vars.insert(valid, var(value, listed.get(name).copied()));
        }
        if odd > 0 {
            let plural = if odd == 1 { "" } else { "s" };
            notes.push(format!(
                "{odd} variable{plural} with names that no manifest can hold: left alone"
            ));
        }
        vars
    }

    /// Railway's own time stamps of what is there.
    fn changed_at(&self, vars: &BTreeMap<VarName, LiveVar>) -> BTreeMap<VarName, Timestamp> {
        let dated = self.listed.iter().filter_map(|listed| {
            let (name, _) = vars.get_key_value(listed.name.as_str())?;
            Some((name.clone(), listed.updated_at?))
        });
        dated.collect()
    }

    /// Whether the last deployment is older than what is stored.
    fn running(&self, notes: &mut Vec<String>) -> Running {
        let Some(instance) = self.instance else {
            return Running::Unknown;
        };
        let Some(deployment) = &instance.deployment else {
            return Running::Unknown;
        };
        match state_of(deployment) {
            State::Runs => {}
            State::OnItsWay => {
                notes.push(format!("a deployment is under way ({})", deployment.status));
            }
            State::Failed => {
                notes.push(format!(
                    "the last deployment is {}: what ran before it may run on with older values",
                    deployment.status
                ));
            }
            State::Other => return Running::Unknown,
        }
        let Some(deployed_at) = deployment.created_at else {
            return Running::Unknown;
        };
        let newer: Vec<(&VariableMeta, Timestamp)> = self
            .listed
            .iter()
            .filter(|listed| !is_provided_by_railway(&listed.name))
            .filter_map(|listed| Some((*listed, listed.updated_at?)))
            .filter(|(_, at)| at.duration_since(deployed_at) > TOGETHER)
            .collect();
        if newer.is_empty() {
            return Running::Current;
        }
        let names = newer
            .iter()
            .filter_map(|(listed, _)| VarName::new(&listed.name).ok());
        Running::Behind(Behind {
            restart_helps: true,
            names: names.collect(),
            since: newer.iter().map(|(_, at)| *at).min(),
            why: format!(
                "the last deployment is from {}",
                deployed_at.strftime("%Y-%m-%d %H:%M UTC")
            ),
            help: Some(format!(
                "redeploy it in Railway, or with its CLI: railway redeploy --service {}",
                instance.service_name
            )),
        })
    }
}

/// A deployment that did not end yet, or ended badly: older values run on until one succeeds.
fn unsettled(instance: &Instance) -> Option<Unsettled> {
    let deployment = instance.deployment.as_ref()?;
    let (why, passes) = match state_of(deployment) {
        State::Runs => return None,
        State::OnItsWay => ("a deployment is under way", true),
        State::Failed => ("its last deployment did not succeed", false),
        State::Other => ("its last deployment is in a state of its own", false),
    };
    Some(Unsettled {
        why: format!("{why} ({})", deployment.status),
        passes,
    })
}

/// Null is a sealed value: there, but shown to nobody. A name that is only listed, sealed or not, may
/// have been deleted between the two requests. A sealed one that is not listed was made between the two requests:
/// without its date nobody could ever say whether it is still the same.
fn var(
    value: Option<&Option<crate::model::SecretValue>>,
    listed: Option<&VariableMeta>,
) -> LiveVar {
    let sealed = || LiveVar::Sealed {
        changed_at: listed.and_then(|listed| listed.updated_at),
    };
    match (value, listed) {
        // one that was only just sealed may still be readable
        (Some(_), Some(listed)) if listed.is_sealed => sealed(),
        (Some(None), Some(_)) => sealed(),
        (Some(None), None) => {
            LiveVar::Unknown("Railway has it, and does not list it yet".to_owned())
        }
        (Some(Some(value)), _) => LiveVar::Value(value.clone()),
        (None, _) => LiveVar::Unknown("Railway lists it, and gives no value for it".to_owned()),
    }
}

enum State {
    Runs,
    OnItsWay,
    Failed,
    Other,
}

/// The states of the schema's `DeploymentStatus`.
fn state_of(deployment: &Deployment) -> State {
    match deployment.status.as_str() {
        "SUCCESS" | "SLEEPING" => State::Runs,
        "BUILDING" | "DEPLOYING" | "INITIALIZING" | "QUEUED" | "WAITING" | "NEEDS_APPROVAL" => {
            State::OnItsWay
        }
        "FAILED" | "CRASHED" => State::Failed,
        _ => State::Other,
    }
}

/// Stands for all that was seen, so that a write can tell whether it moved. Never leaves the process.
fn version(vars: &BTreeMap<VarName, LiveVar>, drafts: &[String]) -> Version {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    for (name, var) in vars {
        field(name.as_str().as_bytes());
        match var {
            LiveVar::Value(value) => {
                field(b"value");
                field(value.expose().as_bytes());
            }
            LiveVar::Sealed { changed_at } => {
                field(b"sealed");
                field(
                    changed_at
                        .map_or_else(String::new, |at| at.to_string())
                        .as_bytes(),
                );
            }
            LiveVar::Unknown(_) => field(b"unknown"),
        }
    }
    for draft in drafts {
        field(draft.as_bytes());
    }
    let digest = hash.finalize();
    Version(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
