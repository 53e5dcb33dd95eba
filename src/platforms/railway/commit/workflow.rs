//! From the answer to a commit to its end: the API answers when the work begins.

use std::collections::BTreeMap;

use super::{Commit, Ended};
use crate::platforms::railway::api::{Answer, Deadline, ErrorKind, Fault, MutateError, documents};
use crate::platforms::railway::wire::{CommitAnswer, WorkflowAnswer, WorkflowStatus};

impl Commit<'_> {
    /// Of the commit that was sent.
    pub(super) async fn follow(&self, sent: Result<CommitAnswer, MutateError>) -> Ended {
        match sent {
            Ok(commit) => self.wait_for(&commit.workflow_id).await,
            Err(error) => Ended::failed(&error),
        }
    }

    /// What the workflow does not say, reading back does.
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
        let variables = BTreeMap::from([("workflowId", workflow)]);
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
