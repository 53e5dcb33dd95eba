//! One commit of one environment: which of the API's ways of writing is taken, and what its end means.
//! Nothing that deploys is ever sent twice, and no commit later than the look before it.

mod staging;
mod workflow;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::api::documents::{self, Document, MAX_ALIASES};
use super::api::{Answer, Api, MutateError, Repeat};
use super::patch::{Collection, Patch};
use super::token::Auth;
use super::values::Ids;
use super::wire::MutationArguments;

pub(super) use staging::is_left;

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Railway has it, and says so.
    Done,
    /// Railway took it, and nobody could watch it to its end; why. Reading back has the last word.
    Unwatched(String),
    /// Nothing was changed, and later on it may be: after another look, since others go on meanwhile.
    NotYet {
        why: String,
        /// The wait that Railway asks for.
        asked: Option<Duration>,
        /// Whether our edits are among the drafts of the environment.
        staged: bool,
    },
    /// Nothing was changed; why.
    Refused(String),
    /// It may have been changed; why.
    InDoubt(String),
}

impl Ended {
    /// Of a request that did not end well.
    fn failed(error: &MutateError) -> Self {
        let why = error.api().to_string();
        match (error, error.passes()) {
            (MutateError::InDoubt(_), _) => Self::InDoubt(why),
            (MutateError::Refused(_), None) => Self::Refused(why),
            (MutateError::Refused(_), Some(asked)) => Self::NotYet {
                why,
                asked,
                staged: false,
            },
        }
    }
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
        let sent = self
            .api
            .mutate(self.auth, document, &variables, Repeat::Never, limit)
            .await;
        self.follow(sent).await
    }

    /// Documented, takes no drafts along, and deploys nothing.
    async fn upserts(&self, patch: &Patch) -> Ended {
        let scopes: Vec<_> = patch.scopes.iter().collect();
        // once a part is written, the whole is: what was seen before it is no longer there to compare
        let mut repeat = Repeat::AfterDoubt;
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
            let variables: BTreeMap<_, _> = collections.collect();
            let document = documents::upserts(part.len());
            let limit = self.api.deadline();
            let sent: Result<IgnoredAny, MutateError> = self
                .api
                .mutate(self.auth, &document, &variables, repeat, limit)
                .await;
            match sent {
                Ok(_) => repeat = Repeat::Harmless,
                Err(error) if repeat == Repeat::AfterDoubt => return Ended::failed(&error),
                Err(error) => return Ended::InDoubt(error.api().to_string()),
            }
        }
        Ended::Done
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
}
