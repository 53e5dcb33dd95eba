//! Who changed what: commits of an environment, and the audit log of a workspace.

use serde_json::{Value, json};

use super::super::execute::{Fail, Reply};
use super::super::switches::Shown;
use super::super::world::tokens::Kind;
use super::connection::{connection, record};
use super::{Arguments, Call, entity, leaf, well_formed};

impl Call<'_> {
    fn require_shown(&self, shown: Shown) -> Result<(), Fail> {
        let refused = match shown {
            Shown::Everyone => false,
            Shown::NotProjectTokens => matches!(self.caller.kind(), Some(Kind::Project(_))),
            Shown::Nobody => true,
        };
        if refused {
            Err(Fail::not_authorized())
        } else {
            Ok(())
        }
    }

    pub(super) fn patches(&self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let id = arguments.required("environmentId")?;
        self.open_environment(&id, None)?;
        self.require_shown(self.switches.patches_shown)?;
        let shown = |direct: bool| !direct || self.switches.writes_are_patches;
        let mut nodes: Vec<(String, Reply)> = self
            .world
            .patches
            .iter()
            .rev()
            .filter(|patch| patch.environment == id && shown(patch.direct))
            .map(|patch| (patch.id.clone(), entity("EnvironmentPatch", &patch.id)))
            .collect();
        if self.switches.patches_ascend {
            nodes.reverse();
        }
        Ok(connection(
            self.switches,
            "environmentPatches",
            arguments,
            nodes,
        ))
    }

    pub(super) fn audit_logs(&self, arguments: &Arguments<'_>) -> Result<Reply, Fail> {
        let workspace = arguments.required("workspaceId")?;
        well_formed(&workspace)?;
        if !self.caller.sees_workspace(&workspace) {
            return Err(Fail::not_authorized());
        }
        self.require_shown(self.switches.audit_shown)?;
        let filter = arguments.0.get("filter").cloned().unwrap_or(Value::Null);
        let start = filter["startDate"].as_str().unwrap_or_default();
        let wanted = filter["environmentId"].as_str();
        let of_workspace = |environment: &str| {
            let environment = self.world.environment(environment);
            let project = environment.and_then(|known| self.world.project(&known.project));
            project.is_some_and(|project| project.workspace == workspace)
        };
        let entries = self.world.audits.iter().filter(|entry| {
            !self.switches.audit_empty
                && of_workspace(&entry.environment)
                && wanted.is_none_or(|wanted| wanted == entry.environment)
                // of one form, so the text can be compared
                && entry.created.as_str() >= start
        });
        let mut nodes: Vec<(String, Reply)> = entries
            .map(|entry| {
                let actor = match self.switches.audit_names_actors {
                    true => json!({ "actor": { "type": "user", "name": entry.by } }),
                    false => json!({ "who": entry.by }),
                };
                let fields = vec![
                    ("id", leaf(entry.id.clone())),
                    ("createdAt", leaf(entry.created.clone())),
                    ("eventType", leaf(entry.kind)),
                    ("environmentId", leaf(entry.environment.clone())),
                    ("workspaceId", leaf(workspace.clone())),
                    ("context", leaf(actor)),
                    // what must never be asked for: it can hold values
                    ("payload", leaf(json!({ "value": "a value" }))),
                ];
                (entry.id.clone(), record(fields))
            })
            .collect();
        if arguments.text("sort") != Some("asc") {
            nodes.reverse();
        }
        Ok(connection(self.switches, "auditLogs", arguments, nodes))
    }
}
