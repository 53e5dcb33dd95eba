//! Upserts and deletes of variables.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::execute::{Fail, Reply};
use super::super::world::commit::{bad_input, check_variable};
use super::{Arguments, Call, leaf, well_formed};

/// Where an upsert or a delete goes.
struct Place {
    environment: String,
    service: Option<String>,
}

impl Call<'_> {
    pub(super) fn upsert_collection(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let input = input(arguments)?;
        let input = Arguments(&input);
        let place = self.place(&input)?;
        let values = strings(input.0.get("variables"))?;
        for (name, value) in &values {
            check_variable(self.switches, name, Some(value))?;
        }
        let deploys = !input.truth("skipDeploys");
        let names: Vec<String> = values.iter().map(|(name, _)| name.clone()).collect();
        let affected = self.affected(&place, &names, deploys)?;
        self.world.remember(&place.environment, self.switches.lag);
        if input.truth("replace") {
            self.world
                .scope_mut(&place.environment, place.service.as_deref())
                .retain(|name, _| names.contains(name));
        }
        for (name, value) in &values {
            let service = place.service.as_deref();
            self.world
                .put(self.switches, &place.environment, service, name, value);
        }
        let cause = "variableCollectionUpsert";
        self.note(&place);
        self.world
            .deploy_each(self.switches, &place.environment, &affected, cause);
        Ok(leaf(true))
    }

    pub(super) fn upsert(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let input = input(arguments)?;
        let input = Arguments(&input);
        let place = self.place(&input)?;
        let (name, value) = (input.required("name")?, input.required("value")?);
        check_variable(self.switches, &name, Some(&value))?;
        let deploys = !input.truth("skipDeploys");
        let affected = self.affected(&place, std::slice::from_ref(&name), deploys)?;
        self.world.remember(&place.environment, self.switches.lag);
        let service = place.service.as_deref();
        self.world
            .put(self.switches, &place.environment, service, &name, &value);
        self.note(&place);
        self.world.deploy_each(
            self.switches,
            &place.environment,
            &affected,
            "variableUpsert",
        );
        Ok(leaf(true))
    }

    /// There is no way to delete without a deployment here.
    pub(super) fn delete(&mut self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let input = input(arguments)?;
        let input = Arguments(&input);
        let place = self.place(&input)?;
        let name = input.required("name")?;
        let service = place.service.as_deref();
        if self
            .world
            .variable(&place.environment, service, &name)
            .is_none()
        {
            return if self.switches.deleting_absent_fails {
                Err(Fail::not_found("Variable"))
            } else {
                Ok(leaf(true))
            };
        }
        let affected = self.affected(&place, std::slice::from_ref(&name), true)?;
        self.world.remember(&place.environment, self.switches.lag);
        self.world.remove(&place.environment, service, &name);
        self.note(&place);
        self.world.deploy_each(
            self.switches,
            &place.environment,
            &affected,
            "variableDelete",
        );
        Ok(leaf(true))
    }

    /// Who wrote, for the lists that tell it.
    fn note(&mut self, place: &Place) {
        let by = self.caller.name();
        self.world
            .note_write(&place.environment, by.as_deref(), None);
    }

    fn place(&self, input: &Arguments<'_>) -> Result<Place, Fail> {
        let environment = input.required("environmentId")?;
        self.variables_of(&environment, Some(&input.required("projectId")?))?;
        let service = input.text("serviceId").map(str::to_owned);
        if let Some(service) = &service {
            self.writable_service(&environment, service)?;
        }
        Ok(Place {
            environment,
            service,
        })
    }

    pub(super) fn writable_service(&self, environment: &str, service: &str) -> Result<(), Fail> {
        well_formed(service)?;
        if self.switches.forbidden_services.contains(service) {
            return Err(Fail::not_authorized());
        }
        if !self.world.lives_in(environment, service) {
            return Err(self.absent("ServiceInstance"));
        }
        Ok(())
    }

    /// The services that a write deploys, unless there were too many of those already.
    fn affected(
        &self,
        place: &Place,
        names: &[String],
        deploys: bool,
    ) -> Result<BTreeSet<String>, Fail> {
        let affected = match &place.service {
            _ if !deploys => BTreeSet::new(),
            Some(service) => BTreeSet::from([service.clone()]),
            None => self
                .world
                .affected_by_shared(self.switches, &place.environment, names),
        };
        let too_many = self.switches.deployments_allowed.is_some_and(|allowed| {
            affected.iter().any(|service| {
                let made = self.world.deployments.iter().filter(|known| {
                    known.service == *service && known.cause.starts_with("variable")
                });
                made.count() >= allowed
            })
        });
        if too_many {
            return Err(Fail::new("Service deployment rate limit exceeded"));
        }
        Ok(affected)
    }
}

fn input(arguments: &Arguments<'_>) -> Result<Map<String, Value>, Fail> {
    let input = arguments.0.get("input").and_then(Value::as_object);
    input.cloned().ok_or_else(Fail::problem)
}

fn strings(values: Option<&Value>) -> Result<Vec<(String, String)>, Fail> {
    let values = values
        .and_then(Value::as_object)
        .ok_or_else(Fail::problem)?;
    let texts = values.iter().map(|(name, value)| match value.as_str() {
        Some(text) => Ok((name.clone(), text.to_owned())),
        None => Err(bad_input(name, value)),
    });
    texts.collect()
}
