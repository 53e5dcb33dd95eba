//! One look at everything that a manifest is about: desired, live, last applied, and the plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::connect::Connections;
use super::covered;
use super::desired::Values;
use super::event::Event;
use super::expiry;
use super::load::{Loaded, Opening, key_id};
use super::running::{self, Asked};
use super::targets::{Located, Visibility};
use super::undo::GoingBack;
use crate::manifest::{Manifest, TargetSpec};
use crate::model::{
    AuthorityFacts, Desired, Expiring, Fingerprinter, LastApplied, Live, Overrides, Running,
    Scheduled, Target, TargetName, VarName,
};
use crate::plan::{DesiredState, LiveState, Plan, PlanInput, TargetInput};
use crate::platforms::ReadError;

/// What is remembered of one manifest.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// By target.
    pub last: BTreeMap<TargetName, LastApplied>,
    /// What the last applied revision was allowed to do.
    pub authority: Option<AuthorityFacts>,
    /// There are records, but under a key that this manifest's header does not lead to.
    pub key_unknown: bool,
    /// This manifest holds the fingerprint key that the last applied revision was recorded under, as
    /// its present one or a former one: only who could read that revision can have put it there.
    pub vouched: bool,
    /// Findings about the memory itself.
    pub notes: Vec<String>,
}

impl Memory {
    /// Whether a manifest's key is the one of the last apply, or comes from one of its readers.
    pub fn trusts(&self, manifest: &Manifest) -> bool {
        let facts = self.authority.as_ref();
        let known = facts.is_none_or(|facts| facts.key_id == key_id(manifest));
        (known || self.vouched) && !self.key_unknown
    }

    /// Where others are on record and this manifest is not, nobody agreed to anything that it says:
    /// a new file, or a known one under a new name, is compared with one that has no targets.
    /// Says whether it is so.
    pub fn meet(&mut self, present: &AuthorityFacts) -> bool {
        let is_new = self.authority.is_none() && !self.key_unknown;
        if is_new {
            self.authority = Some(AuthorityFacts {
                targets: BTreeMap::new(),
                ..present.clone()
            });
        }
        is_new
    }

    /// Every secret that was applied at any time, by its declared name: only they have sequences.
    fn secrets_ever(&self) -> BTreeSet<VarName> {
        self.last
            .values()
            .flat_map(|last| last.sequences.keys().cloned())
            .collect()
    }
}

/// What this run was asked to look at, and what it may do.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// `--target`; `None` for all.
    pub targets: Option<BTreeSet<TargetName>>,
    /// `--only`; `None` for all.
    pub variables: Option<BTreeSet<VarName>>,
    /// What was allowed.
    pub overrides: Overrides,
    /// Whether nobody will be asked.
    pub unattended: bool,
    /// Store only: platforms shall not put it in force.
    pub no_activate: bool,
    /// What is taken back, where that is what the run is for.
    pub undo: Option<Arc<GoingBack>>,
    /// What a schedule may do by itself, where one runs it.
    pub scheduled: Option<Scheduled>,
    /// Targets that are not asked in this run and count as unknown: they asked to be left alone.
    pub rests: BTreeSet<TargetName>,
}

/// What reading some targets came to.
#[derive(Debug)]
pub struct Reading {
    /// In the manifest's order.
    pub live: Vec<LiveState>,
    /// How long a place asked to be left alone.
    pub retry_after: BTreeMap<TargetName, std::time::Duration>,
}

/// Everything of one manifest in one run.
pub struct Pass<'a> {
    /// The manifest.
    pub loaded: &'a Loaded,
    /// How far it is open.
    pub opening: &'a Opening,
    /// Its values.
    pub values: &'a Values<'a>,
    /// Its targets' places, in its order.
    pub located: &'a [Located],
    /// Where they are read and written.
    pub connections: &'a Connections,
    /// Makes the fingerprints; `None` where the manifest is sealed.
    pub fingerprinter: Option<&'a Fingerprinter>,
    /// What was asked.
    pub scope: &'a Scope,
    /// What the machine allows where nobody is asked, if it says so.
    pub machine: Option<covered::Machine<'a>>,
}

impl Pass<'_> {
    /// Reads all visible targets at once.
    pub async fn read(&self, memory: &Memory, events: &mut dyn FnMut(Event)) -> Vec<LiveState> {
        self.read_some(memory, &|_| true, events).await.live
    }

    /// Reads those of the visible targets that are `wanted`; the others count as elsewhere.
    pub async fn read_some(
        &self,
        memory: &Memory,
        wanted: &dyn Fn(&TargetName) -> bool,
        events: &mut dyn FnMut(Event),
    ) -> Reading {
        let rests = |located: &Located| self.scope.rests.contains(&located.target.name);
        let is_read = |located: &Located| {
            let name = &located.target.name;
            located.visibility == Visibility::Here && wanted(name) && !rests(located)
        };
        let here: Vec<_> = self
            .located
            .iter()
            .filter(|located| is_read(located))
            .map(|located| {
                let mut target = located.target.clone();
                if let Some(last) = memory.last.get(&target.name) {
                    target.known.clone_from(&last.identity);
                }
                target
            })
            .collect();
        events(Event::ReadStarted {
            targets: here.len(),
        });
        let mut read = self.connections.read(&here, events).await;
        self.look_at_processes(&here, &mut read).await;
        let mut read = read.into_iter();
        let mut retry_after = BTreeMap::new();
        let live = self
            .located
            .iter()
            .map(|located| match &located.visibility {
                _ if !wanted(&located.target.name) => LiveState::Elsewhere {
                    machine: String::new(),
                },
                Visibility::Here if rests(located) => LiveState::Unknown {
                    reason: "it could not be read before, and is left alone for a while".to_owned(),
                    help: None,
                },
                Visibility::Elsewhere(machine) => LiveState::Elsewhere {
                    machine: machine.clone(),
                },
                Visibility::Unresolvable(reason) => LiveState::Unknown {
                    reason: reason.clone(),
                    help: None,
                },
                Visibility::Here => match read.next() {
                    Some(Ok(live)) => LiveState::Read(live),
                    Some(Err(error)) => {
                        let target = located.target.name.clone();
                        retry_after.extend(error.retry_after.map(|after| (target, after)));
                        LiveState::Unknown {
                            reason: error.reason,
                            help: error.help,
                        }
                    }
                    None => LiveState::Unknown {
                        reason: "the platform gave no answer for it".to_owned(),
                        help: None,
                    },
                },
            })
            .collect();
        Reading { live, retry_after }
    }

    /// Puts in what the targets' processes have, where they can be asked.
    async fn look_at_processes(&self, targets: &[Target], read: &mut [Result<Live, ReadError>]) {
        let mut places = vec![];
        let mut asked = vec![];
        for (place, (target, live)) in targets.iter().zip(&*read).enumerate() {
            if let (Some(_), Ok(stored)) = (&target.process, live) {
                places.push(place);
                asked.push(self.asked(target, stored));
            }
        }
        if asked.is_empty() {
            return;
        }
        let running = running::look(self.connections, &asked).await;
        for (place, running) in places.into_iter().zip(running) {
            if let Ok(live) = &mut read[place] {
                live.running = running.running.clone();
                live.notes.extend(running::notes(running));
            }
        }
    }

    /// What the process of one target has, now that this is stored.
    pub(super) async fn running(&self, target: &Target, stored: &Live) -> Running {
        let asked = [self.asked(target, stored)];
        let running = running::look(self.connections, &asked).await;
        running
            .into_iter()
            .next()
            .map_or(Running::Unknown, |compared| compared.running)
    }

    fn asked<'a>(&self, target: &'a Target, stored: &'a Live) -> Asked<'a> {
        let spec = self.specs().iter().find(|spec| spec.name == target.name);
        let names = spec.into_iter().flat_map(|spec| &spec.uses);
        Asked {
            target,
            stored,
            wanted: names.map(|used| used.name.clone()).collect(),
        }
    }

    /// Decides.
    pub fn plan(&self, live: Vec<LiveState>, memory: &Memory) -> Plan {
        let trusted = self.key_trusted(memory);
        let targets = self
            .located
            .iter()
            .zip(self.specs())
            .zip(live)
            .map(|((located, spec), live)| TargetInput {
                desired: DesiredState::Known(self.desired_of(located, spec, trusted)),
                live,
                last: self.last(&spec.name, memory),
                activates: self.connections.activates(&located.target),
                target: located.target.clone(),
            })
            .collect();
        let present = self.loaded.manifest.authority_facts();
        let last_facts = memory.authority.as_ref();
        let mut authority =
            crate::plan::compare_authority(last_facts, &present, &memory.secrets_ever());
        if let Some(machine) = self.machine {
            covered::cover(&mut authority, machine, &self.loaded.manifest, last_facts);
        }
        let mut plan = crate::plan::build(PlanInput {
            manifest: self.loaded.manifest.name.clone(),
            manifest_digest: self.loaded.digest,
            key_id: key_id(&self.loaded.manifest),
            fingerprinter: self.fingerprinter,
            targets,
            authority,
            last_facts,
            recipients_authentic: self
                .opening
                .as_open()
                .is_none_or(|open| open.recipients_authentic),
            facts: &present,
            overrides: &self.scope.overrides,
            only_targets: self.scope.targets.clone(),
            only_variables: self.scope.variables.clone(),
            undo: self.scope.undo.as_ref().map(|back| &back.undo),
            unattended: self.scope.unattended,
            scheduled: self.scope.scheduled.as_ref(),
        });
        plan.expiry = self.expiry();
        plan
    }

    /// What is taken back is as old as it is: its dates are nobody's question.
    fn expiry(&self) -> Vec<Expiring> {
        let (Some(now), None) = (self.values.now(), &self.scope.undo) else {
            return vec![];
        };
        let (targets, only) = (&self.scope.targets, &self.scope.variables);
        expiry::of_targets(self.values, targets.as_ref(), only.as_ref(), now)
    }

    /// What counts as last applied to one target.
    fn last(&self, name: &TargetName, memory: &Memory) -> LastApplied {
        let last = memory.last.get(name).cloned().unwrap_or_default();
        match &self.scope.undo {
            Some(back) => back.last(name, last),
            None => last,
        }
    }

    /// What one target shall hold.
    pub fn desired(&self, name: &TargetName, memory: &Memory) -> Desired {
        let trusted = self.key_trusted(memory);
        self.located
            .iter()
            .zip(self.specs())
            .find(|(located, _)| located.target.name == *name)
            .map(|(located, spec)| self.desired_of(located, spec, trusted))
            .unwrap_or_default()
    }

    /// What the probes of a target send: where something was taken back, that.
    pub(super) fn probe_values(&self, target: &TargetName) -> Cow<'_, Values<'_>> {
        match &self.scope.undo {
            Some(back) => Cow::Owned(self.values.with(back.declared(target))),
            None => Cow::Borrowed(self.values),
        }
    }

    fn desired_of(&self, located: &Located, spec: &TargetSpec, trusted: bool) -> Desired {
        let mut desired = self.values.desired(spec, trusted, |offer| {
            self.connections.offer(&located.target, offer)
        });
        if let Some(back) = &self.scope.undo {
            back.put_into(&spec.name, &mut desired, |offer| {
                self.connections.offer(&located.target, offer)
            });
        }
        for (name, why) in self.connections.refused_together(&located.target, &desired) {
            if let Some(variable) = desired.vars.get_mut(&name) {
                variable.refusal.get_or_insert(why);
            }
        }
        desired
    }

    /// Whether key and recipients of this revision are in force once this plan is carried out: they
    /// are believed, or somebody let them go wherever it mattered.
    pub fn key_accepted(&self, plan: &Plan, memory: &Memory) -> bool {
        let let_go = |rail: &str| {
            let mut targets = plan.targets.iter();
            let mut changes = plan.targets.iter().flat_map(|target| &target.changes);
            let held = changes.any(|change| change.holds.iter().any(|hold| hold.rail == rail));
            let allows = |target: &TargetName| self.scope.overrides.allows(rail, target, None);
            !held && targets.any(|target| allows(&target.target))
        };
        let open = self.opening.as_open();
        let signed = open.is_none_or(|open| open.recipients_authentic);
        (self.key_trusted(memory) || let_go("new-key")) && (signed || let_go("recipients"))
    }

    fn specs(&self) -> &[TargetSpec] {
        &self.loaded.manifest.targets
    }

    /// Anyone with the public keys can make a valid header over a key that they know: a key that
    /// was not in force at the last apply is not believed, unless who made it could read what was. A
    /// re-key draws a new fingerprint key too, so whoever was removed by one cannot do that once it
    /// is applied.
    fn key_trusted(&self, memory: &Memory) -> bool {
        memory.trusts(&self.loaded.manifest)
    }
}

/// What a manifest's records are kept under: its name and where it lies.
pub fn journal_scope(name: &str, path: &Path) -> String {
    format!("{name}@{}", path.display())
}
