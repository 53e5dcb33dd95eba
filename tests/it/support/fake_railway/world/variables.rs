//! Writing variables.

use std::sync::Arc;

use super::super::switches::Switches;
use super::{Variable, World};

impl World {
    /// Sets one variable, as an upsert or a patch does.
    pub fn put(
        &mut self,
        switches: &Switches,
        environment: &str,
        service: Option<&str>,
        name: &str,
        value: &str,
    ) {
        if value.is_empty() && switches.drops_empty_values {
            self.remove(environment, service, name);
            return;
        }
        let (id, now) = (self.ids.next(), self.clock.tick());
        let variables = self.scope_mut(environment, service);
        if let Some(known) = variables.get_mut(name) {
            known.raw = value.to_owned();
            known.updated = now;
            known.sealed &= switches.writing_keeps_the_seal;
            known.fresh = false;
            return;
        }
        let variable = Variable {
            id,
            raw: value.to_owned(),
            sealed: false,
            fresh: false,
            created: now.clone(),
            updated: now,
        };
        variables.insert(name.to_owned(), variable);
    }

    /// Seals a variable that exists; there is no way back.
    pub fn seal(
        &mut self,
        switches: &Switches,
        environment: &str,
        service: Option<&str>,
        name: &str,
    ) {
        let now = self.clock.tick();
        if let Some(known) = self.scope_mut(environment, service).get_mut(name) {
            known.fresh = switches.fresh_seals_are_readable && !known.sealed;
            known.sealed = true;
            known.updated = now;
        }
    }

    /// Whether there was something to remove.
    pub fn remove(&mut self, environment: &str, service: Option<&str>, name: &str) -> bool {
        self.clock.advance(1);
        self.scope_mut(environment, service).remove(name).is_some()
    }

    pub fn variable(
        &self,
        environment: &str,
        service: Option<&str>,
        name: &str,
    ) -> Option<&Variable> {
        let scopes = &self.environment(environment)?.scopes;
        scopes.get(&service.map(str::to_owned))?.get(name)
    }

    pub fn scope_mut(&mut self, environment: &str, service: Option<&str>) -> &mut super::Variables {
        let scopes = &mut self.environment_mut(environment).scopes;
        Arc::make_mut(scopes.entry(service.map(str::to_owned)).or_default())
    }
}
