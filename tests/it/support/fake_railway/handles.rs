//! Handles for tests: places that are made, looked at and changed by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Shared;
use super::faults::Fault;
use super::world::tokens::Kind;
use super::world::{Deployment, Environment, Instance, Project, Service, Workspace, World};

#[derive(Clone)]
pub struct WorkspaceAt {
    shared: Arc<Shared>,
    pub id: String,
}

#[derive(Clone)]
pub struct ProjectAt {
    shared: Arc<Shared>,
    pub id: String,
}

#[derive(Clone)]
pub struct EnvironmentAt {
    shared: Arc<Shared>,
    pub project: String,
    pub id: String,
}

/// A service in an environment, or the environment's shared variables.
#[derive(Clone)]
pub struct Place {
    shared: Arc<Shared>,
    pub project: String,
    pub environment: String,
    pub service: Option<String>,
}

impl WorkspaceAt {
    pub(super) fn find_or_make(shared: &Arc<Shared>, name: &str) -> Self {
        let world = &mut shared.lock().world;
        let found = world.workspaces.iter().find(|known| known.name == name);
        let id = found.map(|known| known.id.clone()).unwrap_or_else(|| {
            let (id, created) = (world.ids.next(), world.clock.tick());
            let workspace = Workspace {
                id: id.clone(),
                name: name.to_owned(),
                plan: "HOBBY",
                created,
            };
            world.workspaces.push(workspace);
            id
        });
        Self {
            shared: Arc::clone(shared),
            id,
        }
    }

    /// The project of this name, made if there is none.
    pub fn project(&self, name: &str) -> ProjectAt {
        let found = self.shared.lock().world.projects.iter().find_map(|known| {
            (known.workspace == self.id && known.name == name && known.deleted.is_none())
                .then(|| known.id.clone())
        });
        match found {
            Some(id) => ProjectAt {
                shared: Arc::clone(&self.shared),
                id,
            },
            None => self.another_project(name),
        }
    }

    /// A new project, even if there is one of this name.
    pub fn another_project(&self, name: &str) -> ProjectAt {
        let world = &mut self.shared.lock().world;
        let (id, created) = (world.ids.next(), world.clock.tick());
        world.projects.push(Project {
            id: id.clone(),
            name: name.to_owned(),
            workspace: self.id.clone(),
            created,
            deleted: None,
        });
        ProjectAt {
            shared: Arc::clone(&self.shared),
            id,
        }
    }

    /// A token bound to this workspace.
    pub fn token(&self) -> String {
        self.shared
            .lock()
            .world
            .issue(Kind::Workspace(self.id.clone()))
    }
}

impl ProjectAt {
    /// The environment of this name, made if there is none.
    pub fn environment(&self, name: &str) -> EnvironmentAt {
        let world = &mut self.shared.lock().world;
        let found = world.environments.iter().find(|known| {
            known.project == self.id && known.name == name && known.deleted.is_none()
        });
        let id = found.map(|known| known.id.clone()).unwrap_or_else(|| {
            let (id, created) = (world.ids.next(), world.clock.tick());
            world.environments.push(Environment {
                id: id.clone(),
                name: name.to_owned(),
                project: self.id.clone(),
                created,
                deleted: None,
                ephemeral: false,
                can_access: true,
                scopes: BTreeMap::new(),
                rest: serde_json::json!({}),
                staged: None,
                past: Vec::new(),
            });
            id
        });
        EnvironmentAt {
            shared: Arc::clone(&self.shared),
            project: self.id.clone(),
            id,
        }
    }

    /// The service of this name, made if there is none, without an instance anywhere.
    pub fn service_without_instance(&self, name: &str) -> String {
        let world = &mut self.shared.lock().world;
        let found = world.services.iter().find(|known| {
            known.project == self.id && known.name == name && known.deleted.is_none()
        });
        found.map(|known| known.id.clone()).unwrap_or_else(|| {
            let (id, created) = (world.ids.next(), world.clock.tick());
            world.services.push(Service {
                id: id.clone(),
                name: name.to_owned(),
                project: self.id.clone(),
                created,
                deleted: None,
                head: None,
            });
            id
        })
    }

    pub fn delete(&self) {
        let world = &mut self.shared.lock().world;
        let now = world.clock.tick();
        let known = world.projects.iter_mut().find(|known| known.id == self.id);
        known.expect("the handle's project").deleted = Some(now);
    }
}

impl EnvironmentAt {
    fn change<T>(&self, change: impl FnOnce(&mut Environment) -> T) -> T {
        change(self.shared.lock().world.environment_mut(&self.id))
    }

    /// The service of this name with an instance here; made, and deployed, if it is not there.
    pub fn service(&self, name: &str) -> Place {
        let project = ProjectAt {
            shared: Arc::clone(&self.shared),
            id: self.project.clone(),
        };
        let service = project.service_without_instance(name);
        let state = &mut *self.shared.lock();
        let world = &mut state.world;
        if world.instance(&self.id, &service).is_none() {
            let (id, created) = (world.ids.next(), world.clock.tick());
            world.instances.push(Instance {
                id,
                environment: self.id.clone(),
                service: service.clone(),
                created,
                deleted: None,
            });
            let build = super::world::deploys::Build::Head;
            let beginning = super::Switches::default();
            world.deploy(&beginning, &self.id, &service, build, "");
        }
        self.place(Some(service))
    }

    /// The variables that belong to no service.
    pub fn shared(&self) -> Place {
        self.place(None)
    }

    fn place(&self, service: Option<String>) -> Place {
        Place {
            shared: Arc::clone(&self.shared),
            project: self.project.clone(),
            environment: self.id.clone(),
            service,
        }
    }

    /// A project token: it reaches this environment alone.
    pub fn token(&self) -> String {
        self.shared
            .lock()
            .world
            .issue(Kind::Project(self.id.clone()))
    }

    /// A colleague stages a patch, beside what is staged already.
    pub fn stage(&self, patch: &Value) {
        self.shared
            .lock()
            .world
            .stage(&self.id, patch, "Grace", true);
    }

    /// What is staged.
    pub fn staged(&self) -> Option<Value> {
        self.change(|known| known.staged.as_ref().map(|staged| staged.patch.clone()))
    }

    /// Who staged it.
    pub fn staged_by(&self) -> Option<String> {
        self.change(|known| known.staged.as_ref().map(|staged| staged.author.clone()))
    }

    /// The messages of committed patches, oldest first.
    pub fn commits(&self) -> Vec<Option<String>> {
        let world = &self.shared.lock().world;
        let patches = world
            .patches
            .iter()
            .filter(|patch| patch.environment == self.id);
        patches.map(|patch| patch.message.clone()).collect()
    }

    /// The services deployed since the record was cleared, in order.
    pub fn deployed(&self) -> Vec<String> {
        let world = &self.shared.lock().world;
        let made = world.deployments.iter();
        made.filter(|known| known.environment == self.id && !known.cause.is_empty())
            .filter_map(|known| Some(world.service(&known.service)?.name.clone()))
            .collect()
    }

    pub fn deny_access(&self) {
        self.change(|known| known.can_access = false);
    }

    pub fn make_ephemeral(&self) {
        self.change(|known| known.ephemeral = true);
    }

    pub fn rename(&self, name: &str) {
        self.change(|known| name.clone_into(&mut known.name));
    }

    pub fn delete(&self) {
        let now = self.shared.lock().world.clock.tick();
        self.change(|known| known.deleted = Some(now));
    }

    /// A fault by which a colleague's draft appears here.
    pub fn draft(&self, patch: Value) -> Fault {
        Fault::Draft {
            environment: self.id.clone(),
            patch,
            author: "Grace".to_owned(),
        }
    }
}

impl Place {
    fn world<T>(&self, look: impl FnOnce(&mut World, &super::Switches) -> T) -> T {
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
