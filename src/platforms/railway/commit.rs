//! One commit of one environment: which of the API's ways of writing is taken, and what its end means.
//! Nothing that deploys is ever sent twice.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api::documents::{self, Document, MAX_ALIASES};
use super::api::{Answer, Api, Deadline, ErrorKind, Fault, MutateError, Repeat};
use super::patch::{Collection, Patch};
use super::token::Auth;
use super::values::Ids;
use super::wire::{
    CommitAnswer, MutationArguments, StageAnswer, StagedAnswer, VariablePatch, WorkflowAnswer,
    WorkflowStatus,
};
use super::{patch::Edit, wire};

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Railway has it, and says so.
    Done,
    /// Railway took it, and nobody could watch it to its end; why. Reading back has the last word.
    Unwatched(String),
    /// Nothing was changed; why.
    Refused(String),
    /// It may have been changed; why.
    InDoubt(String),
}

/// What a commit needs to know of its surroundings.
pub(super) struct Commit<'a> {
    pub(super) api: &'a Api,
    pub(super) auth: &'a Auth,
    pub(super) ids: &'a Ids,
    pub(super) message: &'a str,
    /// Whether something of somebody else waits in the environment.
    pub(super) drafts: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PatchVariables<'a> {
    environment_id: &'a str,
    patch: &'a Patch,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_deploys: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StagedVariables<'a> {
    environment_id: &'a str,
    message: &'a str,
    skip_deploys: bool,
}

impl Commit<'_> {
    /// Writes, and lets Railway deploy what is affected: one patch, one round of deploys, in the order
    /// of the references.
    pub(super) async fn and_deploy(&self, patch: &Patch) -> Ended {
        self.commit_patch(&documents::COMMIT_PATCH, patch, None)
            .await
    }

    /// Writes without any deploy, by the shortest way that can.
    pub(super) async fn without_deploy(&self, patch: &Patch) -> Ended {
        if patch.only_plain_sets() {
            return self.upserts(patch).await;
        }
        match self.patch_can_skip().await {
            Ok(true) => {
                self.commit_patch(&documents::COMMIT_PATCH_SKIPPING, patch, Some(true))
                    .await
            }
            Ok(false) => self.stage_and_commit(patch).await,
            Err(why) => Ended::Refused(why),
        }
    }

    async fn commit_patch(&self, document: &Document, patch: &Patch, skip: Option<bool>) -> Ended {
        let variables = PatchVariables {
            environment_id: &self.ids.environment,
            patch,
            message: Some(self.message),
            skip_deploys: skip,
        };
        let limit = self.api.deadline();
        // a commit that deploys must not happen twice
        let repeat = Repeat::WhenNotApplied;
        let sent = self
            .api
            .mutate(self.auth, document, &variables, repeat, limit)
            .await;
        self.follow(sent).await
    }

    /// Documented, takes no drafts along, and deploys nothing.
    async fn upserts(&self, patch: &Patch) -> Ended {
        let scopes: Vec<_> = patch.scopes.iter().collect();
        let mut written = false;
        for part in scopes.chunks(MAX_ALIASES) {
            let collections = part.iter().enumerate().map(|(place, (scope, variables))| {
                let collection = Collection {
                    project_id: &self.ids.project,
                    environment_id: &self.ids.environment,
                    service_id: scope.as_deref(),
                    variables,
                    skip_deploys: true,
                };
                (format!("u{place}"), collection)
            });
            let variables: std::collections::BTreeMap<_, _> = collections.collect();
            let document = documents::upserts(part.len());
            let sent: Result<serde::de::IgnoredAny, MutateError> =
                self.repeated(&document, &variables).await;
            match sent {
                Ok(_) => written = true,
                Err(MutateError::Refused(error)) if !written => {
                    return Ended::Refused(error.to_string());
                }
                Err(error) => return Ended::InDoubt(error.to_string()),
            }
        }
        Ended::Done
    }

    /// Sends what may happen twice, and again after ambiguous failures. Once a try may have taken
    /// effect, the refusal of a later one does not say that nothing happened.
    async fn repeated<T: DeserializeOwned>(
        &self,
        document: &Document,
        variables: &impl Serialize,
    ) -> Result<T, MutateError> {
        let limit = self.api.deadline();
        let (mut tries, mut doubt) = (0, false);
        loop {
            tries += 1;
            let sent = self
                .api
                .mutate(
                    self.auth,
                    document,
                    variables,
                    Repeat::WhenNotApplied,
                    limit,
                )
                .await;
            let error = match sent {
                Err(MutateError::Refused(error)) if doubt => {
                    return Err(MutateError::InDoubt(error));
                }
                Err(MutateError::InDoubt(error)) => error,
                other => return other,
            };
            doubt = true;
            let pause = self.api.pace().wait(tries);
            if error.fault.retry_after().is_none() || !limit.allows(pause) {
                return Err(MutateError::InDoubt(error));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Newer servers take `skipDeploys` with a patch; the published schema does not have it.
    async fn patch_can_skip(&self) -> Result<bool, String> {
        let answer: Answer<MutationArguments> = self
            .api
            .query(
                self.auth,
                &documents::MUTATION_ARGUMENTS,
                &serde_json::Map::new(),
                self.api.deadline(),
            )
            .await
            .map_err(|error| error.to_string())?;
        // a server that does not say is one that cannot
        Ok(answer
            .data
            .is_some_and(|arguments| arguments.has("environmentPatchCommit", "skipDeploys")))
    }

    /// The commit takes everything along that is staged, whoever staged it: so nothing may be there
    /// before, and exactly ours afterwards.
    async fn stage_and_commit(&self, patch: &Patch) -> Ended {
        if self.drafts {
            return Ended::Refused(
                "Railway can do this without a deploy only together with the edits that wait there; deploy or discard those first".to_owned(),
            );
        }
        let variables = PatchVariables {
            environment_id: &self.ids.environment,
            patch,
            message: None,
            skip_deploys: None,
        };
        let staged: Result<StageAnswer, MutateError> =
            self.repeated(&documents::STAGE, &variables).await;
        match staged {
            Ok(_) => {}
            Err(MutateError::Refused(error)) => return Ended::Refused(error.to_string()),
            Err(MutateError::InDoubt(error)) => {
                return Ended::InDoubt(format!("{error}; it is staged at most, not in force"));
            }
        }
        match self.staged().await {
            Ok(staged) if is_exactly(&staged.patch, patch) => {}
            Ok(_) => {
                return Ended::Refused(
                    "somebody staged edits at the same moment; ours wait in Railway beside theirs, not in force: look at them in the dashboard".to_owned(),
                );
            }
            Err(why) => {
                return Ended::Refused(format!(
                    "what is staged cannot be read ({why}); our edits wait in Railway, not in force"
                ));
            }
        }
        let variables = StagedVariables {
            environment_id: &self.ids.environment,
            message: self.message,
            skip_deploys: true,
        };
        let sent = self
            .api
            .mutate(
                self.auth,
                &documents::COMMIT_STAGED,
                &variables,
                Repeat::WhenNotApplied,
                self.api.deadline(),
            )
            .await;
        self.follow(sent).await
    }

    async fn staged(&self) -> Result<wire::Staged, String> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Variables<'a> {
            environment_id: &'a str,
            decrypt: bool,
        }
        let variables = Variables {
            environment_id: &self.ids.environment,
            decrypt: true,
        };
        let answer: Answer<StagedAnswer> = self
            .api
            .query(
                self.auth,
                &documents::STAGED,
                &variables,
                self.api.deadline(),
            )
            .await
            .map_err(|error| error.to_string())?;
        let data = answer.data.ok_or("Railway gave no answer")?;
        Ok(data.staged)
    }

    /// From the answer to a commit to its end.
    async fn follow(&self, sent: Result<CommitAnswer, MutateError>) -> Ended {
        match sent {
            Ok(commit) => self.wait_for(&commit.workflow_id).await,
            Err(MutateError::Refused(error)) => Ended::Refused(error.to_string()),
            Err(MutateError::InDoubt(error)) => Ended::InDoubt(error.to_string()),
        }
    }

    /// The commit answers when the work begins. What the workflow does not say, reading back does.
    async fn wait_for(&self, workflow: &str) -> Ended {
        let limit = self.api.deadline();
        let patience = Deadline::after(self.api.pace().give_up / 4);
        let mut tries = 0;
        loop {
            let status = match self.status(workflow, limit).await {
                Ok(status) => status,
                Err(fault) => return Ended::Unwatched(unfollowed(&fault)),
            };
            tries += 1;
            let pause = self.api.pace().wait(tries.min(3)) / 2;
            let waits_on = match status {
                WorkflowStatus::Complete => return Ended::Done,
                WorkflowStatus::Error => {
                    return Ended::InDoubt("Railway's workflow ended with an error".to_owned());
                }
                // right after a commit it may not be there yet
                WorkflowStatus::NotFound => patience.allows(pause),
                WorkflowStatus::Running | WorkflowStatus::Unknown => limit.allows(pause),
            };
            if !waits_on {
                let why = match status {
                    WorkflowStatus::NotFound => "Railway does not know the workflow of this commit",
                    _ => "Railway's workflow is still running",
                };
                return Ended::Unwatched(why.to_owned());
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn status(&self, workflow: &str, limit: Deadline) -> Result<WorkflowStatus, Fault> {
        let variables = std::collections::BTreeMap::from([("workflowId", workflow)]);
        let answer: Answer<WorkflowAnswer> = self
            .api
            .query(self.auth, &documents::WORKFLOW, &variables, limit)
            .await
            .map_err(|error| error.fault)?;
        match answer.data {
            Some(data) => Ok(data.workflow.status),
            None => Err(Fault::Errors(answer.errors)),
        }
    }
}

/// The work goes on in Railway, whether or not we may watch it.
fn unfollowed(fault: &Fault) -> String {
    let forbidden = match fault {
        Fault::Errors(errors) => errors
            .iter()
            .any(|error| error.kind == ErrorKind::NotAuthorized),
        _ => false,
    };
    if forbidden {
        "the token may not watch Railway's workflow".to_owned()
    } else {
        format!("Railway's workflow could not be watched: {fault}")
    }
}

/// Whether what is staged is what we staged, nothing more and nothing less. A value that is masked
/// there is believed: it was merged under our name a moment ago.
fn is_exactly(staged: &wire::Patch, ours: &Patch) -> bool {
    let services = staged.services.iter().filter(|(_, part)| !part.is_empty());
    let mut theirs = std::collections::BTreeMap::new();
    for (id, part) in services {
        if !part.others.is_empty() {
            return false;
        }
        theirs.insert(Some(id.clone()), &part.variables);
    }
    if !staged.shared.is_empty() {
        theirs.insert(None, &staged.shared);
    }
    staged.others.is_empty()
        && theirs.len() == ours.scopes.len()
        && ours.scopes.iter().all(|(scope, edits)| {
            theirs.get(scope).is_some_and(|there| {
                there.len() == edits.len()
                    && edits.iter().all(|(name, edit)| {
                        there
                            .get(name.as_str())
                            .is_some_and(|there| same(there, edit))
                    })
            })
        })
}

fn same(staged: &VariablePatch, ours: &Edit) -> bool {
    match (staged, ours) {
        (VariablePatch::Delete, Edit::Delete) => true,
        (
            VariablePatch::Set { value, sealed },
            Edit::Set {
                value: wanted,
                seal,
            },
        ) => {
            sealed == seal
                && value
                    .as_ref()
                    .is_none_or(|value| is_masked(value) || value == wanted)
        }
        _ => false,
    }
}

/// What stands for a value that is not shown. Source: Railway's CLI, which takes both for unknown.
fn is_masked(value: &crate::model::SecretValue) -> bool {
    matches!(value.expose(), "" | "*****")
}
