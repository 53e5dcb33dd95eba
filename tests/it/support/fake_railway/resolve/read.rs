//! Reading variables: raw, rendered, as a deployment gets them, and their names alone.

use serde_json::{Map, Value, json};

use super::super::execute::{Fail, Reply};
use super::super::switches::Absent;
use super::super::world::references::references;
use super::super::world::{Scopes, Variable};
use super::connection::{connection, record};
use super::{Arguments, Call, entity, leaf, well_formed};

impl Call<'_> {
    pub(super) fn variables(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let environment = arguments.required("environmentId")?;
        let project = arguments.required("projectId")?;
        self.variables_of(&environment, Some(&project))?;
        let service = arguments.text("serviceId");
        if let Some(service) = service
            && !self.readable(&environment, service)?
        {
            return Ok(leaf(json!({})));
        }
        let rendered = !arguments.truth("unrendered");
        self.read.insert(environment.clone());
        Ok(leaf(self.shown(&environment, service, rendered)))
    }

    pub(super) fn variables_for_deployment(
        &mut self,
        arguments: &Arguments<'_>,
    ) -> Result<Reply, Fail> {
        let environment = arguments.required("environmentId")?;
        let project = arguments.required("projectId")?;
        let service = arguments.required("serviceId")?;
        self.variables_of(&environment, Some(&project))?;
        if !self.readable(&environment, &service)? {
            return Ok(leaf(json!({})));
        }
        self.read.insert(environment.clone());
        let mut shown = self.shown(&environment, Some(&service), true);
        for (name, value) in self.world.provided(&environment, &service) {
            shown.insert(name, json!(value));
        }
        Ok(leaf(shown))
    }

    /// Whether a service's variables can be read here; `false` if they read as none.
    fn readable(&self, environment: &str, service: &str) -> Result<bool, Fail> {
        well_formed(service)?;
        if self.switches.forbidden_services.contains(service) {
            return Err(Fail::not_authorized());
        }
        let project = self
            .world
            .environment(environment)
            .map(|known| &known.project);
        let known = self.world.service(service);
        if known.is_none_or(|known| Some(&known.project) != project) {
            return Err(self.absent("Service"));
        }
        if self.world.lives_in(environment, service) {
            return Ok(true);
        }
        match self.switches.absent_service_reads {
            Absent::Empty => Ok(false),
            Absent::NotFound => Err(Fail::not_found("Service")),
            Absent::NotAuthorized => Err(Fail::not_authorized()),
        }
    }

    fn shown(
        &self,
        environment: &str,
        service: Option<&str>,
        rendered: bool,
    ) -> Map<String, Value> {
        let Some(known) = self.world.environment(environment) else {
            return Map::new();
        };
        let scopes = known.seen();
        let mut shown = Map::new();
        for (name, variable) in scopes
            .get(&service.map(str::to_owned))
            .into_iter()
            .flat_map(|scope| scope.iter())
        {
            let value = self.value(environment, scopes, service, name, variable, rendered);
            shown.insert(name.clone(), value);
        }
        if let Some(service) = service
            && self.switches.provided_in_raw
        {
            let provided = self.world.provided(environment, service);
            shown.extend(
                provided
                    .into_iter()
                    .map(|(name, value)| (name, json!(value))),
            );
        }
        shown
    }

    fn value(
        &self,
        environment: &str,
        scopes: &Scopes,
        service: Option<&str>,
        name: &str,
        variable: &Variable,
        rendered: bool,
    ) -> Value {
        if variable.sealed && !variable.fresh || self.switches.null_values.contains(name) {
            Value::Null
        } else if rendered {
            json!(
                self.world
                    .shown_text(environment, scopes, service, &variable.raw)
            )
        } else {
            json!(variable.raw)
        }
    }

    /// `Environment.variables`: names and what is known of them, no values.
    pub(super) fn variable_nodes(
        &mut self,
        environment: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Reply, Fail> {
        let known = self.variables_of(environment, None)?;
        let scopes = known.seen();
        let mut nodes = Vec::new();
        for (scope, variables) in scopes {
            let lives = scope
                .as_ref()
                .is_none_or(|service| self.world.lives_in(environment, service));
            if !lives {
                continue;
            }
            for (name, variable) in variables.iter() {
                let node = variable_node(environment, scope.as_deref(), name, variable);
                nodes.push((variable.id.clone(), node));
            }
        }
        let reply = connection(self.switches, "variables", arguments, nodes);
        self.read.insert(environment.to_owned());
        Ok(reply)
    }
}

/// `service` is there for all, and breaks the answer for shared ones.
fn variable_node(
    environment: &str,
    service: Option<&str>,
    name: &str,
    variable: &Variable,
) -> Reply {
    let owner = service.map_or_else(|| Reply::Fails(Fail::problem()), |id| entity("Service", id));
    let texts = references(&variable.raw);
    record(vec![
        ("name", leaf(name)),
        ("serviceId", leaf(service)),
        ("isSealed", leaf(variable.sealed)),
        ("references", leaf(texts)),
        ("updatedAt", leaf(variable.updated.clone())),
        ("createdAt", leaf(variable.created.clone())),
        ("environmentId", leaf(environment)),
        ("id", leaf(variable.id.clone())),
        ("pluginId", leaf(None::<String>)),
        ("service", owner),
        ("environment", entity("Environment", environment)),
        ("plugin", Reply::Fails(Fail::problem())),
    ])
}
