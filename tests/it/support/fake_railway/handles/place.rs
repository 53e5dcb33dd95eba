//! A service in an environment: its variables, its deployments, and what others do to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Shared;
use super::super::faults::Fault;
use super::super::switches::Switches;
use super::super::world::{Deployment, World};

/// A service in an environment, or the environment's shared variables.
#[derive(Clone)]
pub struct Place {
    pub(super) shared: Arc<Shared>,
    pub project: String,
    pub environment: String,
    pub service: Option<String>,
}

impl Place {
    fn world<T>(&self, look: impl FnOnce(&mut World, &Switches) -> T) -> T {
        let state = &mut *self.shared.lock();
        look(&mut state.world, &state.switches)
    }

    /// The id of the service.
    pub fn id(&self) -> String {
        self.service
            .clone()
            .expect("shared variables have no service id")
    }

    // ---- variables

    /// Sets a variable at once, as somebody else would: nothing is deployed.
    pub fn set(self, name: &str, value: &str) -> Self {
        let service = self.service.clone();
        self.world(|world, switches| {
            world.put(switches, &self.environment, service.as_deref(), name, value);
        });
        self
    }

    /// Somebody sets or deletes a variable here, and Railway notes who; `None` is somebody whom it does
    /// not name.
    pub fn edited(&self, by: Option<&str>, name: &str, value: Option<&str>) {
        self.edited_saying(by, name, value, None);
    }

    /// The same with a text of theirs.
    pub fn edited_saying(
        &self,
        by: Option<&str>,
        name: &str,
        value: Option<&str>,
        message: Option<&str>,
    ) {
        let service = self.service.as_deref();
        self.world(|world, switches| {
            match value {
                Some(value) => world.put(switches, &self.environment, service, name, value),
                None => drop(world.remove(&self.environment, service, name)),
            }
            world.note_write(&self.environment, by, message);
        });
    }

    pub fn remove(&self, name: &str) -> bool {
        let service = self.service.as_deref();
        self.world(|world, _| world.remove(&self.environment, service, name))
    }

    pub fn seal(self, name: &str) -> Self {
        let service = self.service.clone();
        self.world(|world, switches| {
            world.seal(switches, &self.environment, service.as_deref(), name);
        });
        self
    }

    /// The raw text stored under a name, sealed or not.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values().remove(name)
    }

    /// All raw texts, sealed or not.
    pub fn values(&self) -> BTreeMap<String, String> {
        self.world(|world, _| {
            let scopes = world
                .environment(&self.environment)
                .map(|known| &known.scopes);
            let variables = scopes.and_then(|scopes| scopes.get(&self.service));
            let variables = variables.into_iter().flat_map(|variables| variables.iter());
            variables
                .map(|(name, known)| (name.clone(), known.raw.clone()))
                .collect()
        })
    }

    pub fn is_sealed(&self, name: &str) -> bool {
        let service = self.service.as_deref();
        self.world(|world, _| {
            let known = world.variable(&self.environment, service, name);
            known.is_some_and(|known| known.sealed)
        })
    }

    // ---- the service

    /// What the service runs with: the variables of its last deployment.
    pub fn running(&self) -> BTreeMap<String, String> {
        let service = self.id();
        self.world(|world, _| {
            let latest = world.latest(&self.environment, &service);
            latest
                .map(|known| known.variables.clone())
                .unwrap_or_default()
        })
    }

    /// Deployments since the record was cleared, oldest first.
    pub fn deploys(&self) -> Vec<Deployment> {
        let service = self.id();
        self.world(|world, _| {
            let made = world.deployments.iter().filter(|known| {
                known.environment == self.environment
                    && known.service == service
                    && !known.cause.is_empty()
            });
            made.cloned().collect()
        })
    }

    /// The service builds a branch of a repository, now at this commit.
    pub fn head(self, commit: &str) -> Self {
        let id = self.id();
        self.world(|world, _| {
            let known = world.services.iter_mut().find(|known| known.id == id);
            known.expect("the handle's service").head = Some(commit.to_owned());
        });
        self
    }

    /// The last deployment says this, from now on.
    pub fn status(&self, course: &[&'static str]) {
        let service = self.id();
        self.world(|world, _| {
            let latest =
                world.deployments.iter_mut().rev().find(|known| {
                    known.environment == self.environment && known.service == service
                });
            if let Some(latest) = latest {
                latest.course = course.iter().copied().collect();
            }
        });
    }

    /// Takes its deployments away, as if it was never deployed.
    pub fn never_deployed(self) -> Self {
        let service = self.id();
        self.world(|world, _| {
            world
                .deployments
                .retain(|known| known.environment != self.environment || known.service != service);
        });
        self
    }

    /// Renames the service, in all environments.
    pub fn rename(&self, name: &str) {
        let id = self.id();
        self.world(|world, _| {
            let known = world.services.iter_mut().find(|known| known.id == id);
            name.clone_into(&mut known.expect("the handle's service").name);
        });
    }

    /// Deletes the service, in all environments.
    pub fn delete(&self) {
        let id = self.id();
        self.world(|world, _| {
            let now = world.clock.tick();
            let known = world.services.iter_mut().find(|known| known.id == id);
            known.expect("the handle's service").deleted = Some(now);
        });
    }

    // ---- faults

    /// A fault by which somebody sets a variable here.
    pub fn meddling(&self, name: &str, value: &str) -> Fault {
        self.written(name, Some(value))
    }

    /// A fault by which somebody deletes a variable here.
    pub fn meddling_delete(&self, name: &str) -> Fault {
        self.written(name, None)
    }

    fn written(&self, name: &str, value: Option<&str>) -> Fault {
        Fault::Write {
            environment: self.environment.clone(),
            service: self.service.clone(),
            name: name.to_owned(),
            value: value.map(str::to_owned),
        }
    }
}
