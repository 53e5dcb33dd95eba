//! Handles for tests: places that are made, looked at and changed by name.

mod place;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Shared;
use super::faults::Fault;
use super::world::tokens::Kind;
use super::world::{Environment, Instance, Project, Service, Workspace};
pub use place::Place;

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

    pub fn rename(&self, name: &str) {
        let world = &mut self.shared.lock().world;
        let known = world.projects.iter_mut().find(|known| known.id == self.id);
        name.clone_into(&mut known.expect("the handle's project").name);
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
            .filter(|patch| patch.environment == self.id && !patch.direct);
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
