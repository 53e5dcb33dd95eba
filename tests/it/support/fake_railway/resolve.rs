//! Resolves the fields of Railway's schema from the world. What it does not know is an error, and
//! is noted as unexpected.

mod authors;
mod connection;
mod mutation;
mod places;
mod query;
mod read;
mod things;
mod write;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::execute::{Asked, Fail, Object, Reply, Resolve};
use super::faults::{At, Moment};
use super::hits::FieldFault;
use super::ids::is_uuid;
use super::switches::Switches;
use super::world::tokens::Caller;
use super::world::{Environment, Project, World};

/// One document at work.
pub struct Call<'w> {
    pub world: &'w mut World,
    pub switches: &'w Switches,
    pub caller: &'w Caller,
    pub field_faults: &'w [FieldFault],
    pub unexpected: &'w mut Vec<String>,
    /// Environments of which variables were read.
    pub read: BTreeSet<String>,
    /// Root fields resolved so far.
    pub roots: usize,
}

/// The arguments of a field.
pub struct Arguments<'a>(pub &'a Map<String, Value>);

impl Arguments<'_> {
    /// A text, if it was given and is not null.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub fn truth(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| *value == json!(true))
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        usize::try_from(self.0.get(name)?.as_u64()?).ok()
    }

    /// An argument that the schema requires.
    pub fn required(&self, name: &str) -> Result<String, Fail> {
        self.text(name).map(str::to_owned).ok_or_else(Fail::problem)
    }
}

impl Resolve for Call<'_> {
    fn resolve(
        &mut self,
        object: &Object,
        type_name: &str,
        field: &Asked<'_>,
    ) -> Result<Reply, Fail> {
        let arguments = Arguments(&field.arguments);
        let reply = match object {
            Object::Query | Object::Mutation => return self.root(object, field),
            Object::Entity("Workspace", id) => self.workspace(id, field.name, &arguments)?,
            Object::Entity("Project", id) => self.project(id, field.name, &arguments)?,
            Object::Entity("Environment", id) => self.environment(id, field.name, &arguments)?,
            Object::Entity("Service", id) => self.service(id, field.name, &arguments)?,
            Object::Entity("ServiceInstance", id) => self.instance(id, field.name)?,
            Object::Entity("Deployment", id) => self.deployment(id, field.name)?,
            Object::Entity("Staged", id) => self.staged(id, field.name, &arguments)?,
            Object::Entity("EnvironmentPatch", id) => self.applied(id, field.name, &arguments)?,
            Object::Entity(..) | Object::Record(_) => None,
        };
        reply.ok_or_else(|| self.unexpected(type_name, field.name))
    }
}

impl Call<'_> {
    fn root(&mut self, object: &Object, field: &Asked<'_>) -> Result<Reply, Fail> {
        let number = self.roots;
        self.roots += 1;
        if let Caller::Refused(fail) = self.caller {
            return Err(fail.clone());
        }
        let faults = self.field_faults;
        let fault = faults.iter().find(|fault| match &fault.at {
            At::Every => true,
            At::Alias(alias) => alias == field.key,
            At::Named(name) => name == field.name,
            At::Number(wanted) => *wanted == number,
        });
        if let Some(fault) = fault
            && fault.moment == Moment::Before
        {
            return Err(fault.fail.clone());
        }
        let arguments = Arguments(&field.arguments);
        let (type_name, reply) = match object {
            Object::Mutation => ("Mutation", self.mutation(field.name, &arguments)?),
            _ => ("Query", self.query(field.name, &arguments)?),
        };
        match (fault, reply) {
            (Some(fault), _) => Err(fault.fail.clone()),
            (None, Some(reply)) => Ok(reply),
            (None, None) => Err(self.unexpected(type_name, field.name)),
        }
    }

    fn unexpected(&mut self, type_name: &str, field: &str) -> Fail {
        let name = format!("{type_name}.{field}");
        let fail = Fail::new(format!("this Railway does not know {name}"));
        self.unexpected.push(name);
        fail
    }

    /// What is not there, as the switch says it.
    fn absent(&self, what: &str) -> Fail {
        if self.switches.absent_is_not_authorized {
            Fail::not_authorized()
        } else {
            Fail::not_found(what)
        }
    }

    fn visible_project(&self, id: &str) -> Result<&Project, Fail> {
        well_formed(id)?;
        let project = self
            .world
            .project(id)
            .ok_or_else(|| self.absent("Project"))?;
        if !self.caller.sees_project(self.world, project) {
            return Err(Fail::not_authorized());
        }
        Ok(project)
    }

    /// An environment that can at least be seen: of a visible project.
    fn visible_environment(&self, id: &str, project: Option<&str>) -> Result<&Environment, Fail> {
        well_formed(id)?;
        let found = self.world.environment(id);
        let environment = found.ok_or_else(|| self.absent("Environment"))?;
        self.visible_project(&environment.project)?;
        if project.is_some_and(|project| project != environment.project) {
            return Err(self.absent("Environment"));
        }
        Ok(environment)
    }

    /// An environment whose contents may be looked at.
    fn open_environment(&self, id: &str, project: Option<&str>) -> Result<&Environment, Fail> {
        let environment = self.visible_environment(id, project)?;
        if !self.caller.enters(self.world, environment) {
            return Err(Fail::not_authorized());
        }
        if environment.deleted.is_some() {
            return Err(self.absent("Environment"));
        }
        Ok(environment)
    }

    /// An environment whose variables may be read and written.
    fn variables_of(&self, id: &str, project: Option<&str>) -> Result<&Environment, Fail> {
        let environment = self.open_environment(id, project)?;
        if !self.caller.handles_variables() {
            return Err(Fail::not_authorized());
        }
        Ok(environment)
    }
}

/// An id that is no UUID breaks something inside Railway.
fn well_formed(id: &str) -> Result<(), Fail> {
    if is_uuid(id) {
        Ok(())
    } else {
        Err(Fail::problem())
    }
}

fn leaf(value: impl Into<Value>) -> Reply {
    Reply::Leaf(value.into())
}

fn entity(kind: &'static str, id: &str) -> Reply {
    Reply::Object(Object::Entity(kind, id.to_owned()))
}

fn optional(reply: Option<Reply>) -> Reply {
    reply.unwrap_or(Reply::Leaf(Value::Null))
}
