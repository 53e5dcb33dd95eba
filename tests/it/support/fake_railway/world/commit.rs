//! Applying patches: what they change, which services they deploy, and the workflow that a client
//! polls meanwhile.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::execute::Fail;
use super::super::switches::{Outcome, SharedAffects, Switches};
use super::config::{merge, variable_changes};
use super::{Applied, Audit, Commit, Workflow, World};

impl World {
    /// Whether the patch can be applied at all.
    pub fn check_patch(
        &self,
        switches: &Switches,
        environment: &str,
        patch: &Value,
    ) -> Result<(), Fail> {
        for (id, _) in patch["services"].as_object().into_iter().flatten() {
            if switches.unknown_services_fail && !self.lives_in(environment, id) {
                return Err(Fail::not_found("Service"));
            }
            if switches.forbidden_services.contains(id) {
                return Err(Fail::not_authorized());
            }
        }
        for (_, name, entry) in variable_changes(patch) {
            let value = &entry["value"];
            let is_entry = entry.is_null() || entry.is_object();
            if !is_entry || !(value.is_null() || value.is_string()) {
                return Err(bad_input(&name, &entry));
            }
            check_variable(switches, &name, value.as_str())?;
        }
        Ok(())
    }

    /// Starts a commit and returns the id of its workflow.
    pub fn commit(&mut self, switches: &Switches, commit: Commit) -> String {
        let id = self.ids.next();
        let applied = switches.outcome != Outcome::Error { applied: false };
        let mut workflow = Workflow {
            polls: 0,
            not_found: switches.workflow_not_found,
            running: switches.workflow_running,
            error: matches!(switches.outcome, Outcome::Error { .. })
                .then(|| "The patch could not be applied".to_owned()),
            pending: None,
        };
        if applied && switches.applies_late {
            if let Some(staged) = &mut self.environment_mut(&commit.environment).staged
                && commit.clears_staged
            {
                staged.applying = true;
            }
            workflow.pending = Some(commit);
        } else if applied {
            self.carry_out(switches, commit, false);
        } else {
            let error = workflow.error.clone();
            self.note_patch(commit, error);
        }
        if switches.unknown_workflow_ids {
            return self.ids.next();
        }
        self.workflows.insert(id.clone(), workflow);
        id
    }

    /// One poll: the status and the error of a workflow.
    pub fn poll(&mut self, switches: &Switches, id: &str) -> (&'static str, Option<String>) {
        let Some(workflow) = self.workflows.get_mut(id) else {
            return ("NotFound", None);
        };
        workflow.polls += 1;
        if workflow.polls <= workflow.not_found {
            return ("NotFound", None);
        }
        if workflow.polls <= workflow.not_found + workflow.running {
            return ("Running", None);
        }
        let (pending, error) = (workflow.pending.take(), workflow.error.clone());
        if let Some(commit) = pending {
            self.carry_out(switches, commit, true);
        }
        (if error.is_some() { "Error" } else { "Complete" }, error)
    }

    /// Completes what is still under way, as it would without anybody looking.
    pub fn finish_workflows(&mut self, switches: &Switches) {
        let waiting = self.workflows.values_mut();
        let pending: Vec<Commit> = waiting
            .filter_map(|workflow| workflow.pending.take())
            .collect();
        for commit in pending {
            self.carry_out(switches, commit, true);
        }
    }

    fn carry_out(&mut self, switches: &Switches, commit: Commit, late: bool) {
        let environment = commit.environment.clone();
        self.remember(&environment, switches.lag);
        let affected = self.apply(switches, &environment, &commit.patch);
        let staged = &mut self.environment_mut(&environment).staged;
        // a draft that appeared while a late commit was under way stays
        if commit.clears_staged && (!late || staged.as_ref().is_some_and(|staged| staged.applying))
        {
            *staged = None;
        }
        if !commit.skip_deploys {
            self.deploy_each(switches, &environment, &affected, commit.cause);
        }
        self.note_patch(commit, None);
    }

    fn note_patch(&mut self, commit: Commit, error: Option<String>) {
        let (id, now) = (self.ids.next(), self.clock.tick());
        if error.is_none() {
            self.note_audit(
                &commit.environment,
                "environment.patch.committed",
                commit.by.as_deref(),
                &now,
            );
        }
        self.patches.push(Applied {
            id,
            environment: commit.environment,
            patch: commit.patch,
            message: commit.message,
            by: commit.by,
            status: if error.is_some() {
                "STAGED"
            } else {
                "COMMITTED"
            },
            applied: error.is_none().then(|| now.clone()),
            error,
            created: now,
            direct: false,
        });
    }

    /// Notes a write of variables that is no commit.
    pub fn note_write(&mut self, environment: &str, by: Option<&str>, message: Option<&str>) {
        let (id, now) = (self.ids.next(), self.clock.tick());
        self.note_audit(environment, "variable.updated", by, &now);
        self.patches.push(Applied {
            id,
            environment: environment.to_owned(),
            patch: json!({}),
            message: message.map(str::to_owned),
            by: by.map(str::to_owned),
            status: "COMMITTED",
            error: None,
            applied: Some(now.clone()),
            created: now,
            direct: true,
        });
    }

    fn note_audit(&mut self, environment: &str, kind: &'static str, by: Option<&str>, now: &str) {
        let id = self.ids.next();
        self.audits.push(Audit {
            id,
            environment: environment.to_owned(),
            kind,
            by: by.map(str::to_owned),
            created: now.to_owned(),
        });
    }

    /// Applies a patch and returns the services that it affects.
    fn apply(&mut self, switches: &Switches, environment: &str, patch: &Value) -> BTreeSet<String> {
        let mut affected: BTreeSet<String> = BTreeSet::new();
        for (id, service) in patch["services"].as_object().into_iter().flatten() {
            if self.lives_in(environment, id) {
                affected.insert(id.clone());
                self.apply_rest(environment, id, service);
            }
        }
        let mut shared = Vec::new();
        for (scope, name, entry) in variable_changes(patch) {
            match &scope {
                Some(id) if !affected.contains(id) => continue,
                Some(_) => {}
                None => shared.push(name.clone()),
            }
            self.apply_entry(switches, environment, scope.as_deref(), &name, &entry);
        }
        affected.extend(self.affected_by_shared(switches, environment, &shared));
        affected
    }

    fn apply_entry(
        &mut self,
        switches: &Switches,
        environment: &str,
        scope: Option<&str>,
        name: &str,
        entry: &Value,
    ) {
        if entry.is_null() {
            self.remove(environment, scope, name);
            return;
        }
        if let Some(value) = entry["value"].as_str() {
            self.put(switches, environment, scope, name, value);
        }
        if entry["isSealed"] == json!(true) {
            self.seal(switches, environment, scope, name);
        }
    }

    /// The parts of a service's patch that are not variables.
    fn apply_rest(&mut self, environment: &str, service: &str, patch: &Value) {
        let mut rest = patch.clone();
        if let Some(entries) = rest.as_object_mut() {
            entries.remove("variables");
        }
        if rest["isDeleted"] == json!(true) {
            let now = self.clock.tick();
            let found = self
                .instances
                .iter_mut()
                .find(|known| known.environment == environment && known.service == service);
            if let Some(instance) = found {
                instance.deleted = Some(now);
            }
        }
        let known = &mut self.environment_mut(environment).rest["services"][service];
        if known.is_null() {
            *known = json!({});
        }
        merge(known, &rest);
    }

    /// The services that a change of these shared variables affects.
    pub fn affected_by_shared(
        &self,
        switches: &Switches,
        environment: &str,
        names: &[String],
    ) -> BTreeSet<String> {
        let services = self.services_in(environment).into_iter().filter(|service| {
            match switches.shared_affects {
                _ if names.is_empty() => false,
                SharedAffects::None => false,
                SharedAffects::Every => true,
                SharedAffects::Referring => self.uses_shared(environment, &service.id, names),
            }
        });
        services.map(|service| service.id.clone()).collect()
    }
}

/// Whether Railway takes this name and this value.
pub fn check_variable(switches: &Switches, name: &str, value: Option<&str>) -> Result<(), Fail> {
    let refused = name.is_empty()
        || name.contains('=')
        || switches.refused_names.contains(name)
        || value.is_some_and(|value| switches.refused_values.contains(value));
    if refused {
        return Err(bad_input(name, &json!(value)));
    }
    Ok(())
}

/// Like real servers this quotes the value.
pub fn bad_input(name: &str, value: &Value) -> Fail {
    Fail::coded(
        format!("Variable \"{name}\" got invalid value {value}"),
        "BAD_USER_INPUT",
    )
}
