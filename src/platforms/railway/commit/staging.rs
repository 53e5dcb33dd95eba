//! Writing without a deploy where only a draft can: staged first, then committed. The commit takes
//! everything along that is staged, whoever staged it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Commit, Ended, PatchVariables};
use crate::model::SecretValue;
use crate::platforms::railway::api::{Answer, Api, MutateError, Repeat, documents};
use crate::platforms::railway::patch::{Edit, Patch};
use crate::platforms::railway::token::Auth;
use crate::platforms::railway::values::Ids;
use crate::platforms::railway::wire::{self, StageAnswer, StagedAnswer, VariablePatch};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StagedVariables<'a> {
    environment_id: &'a str,
    message: &'a str,
    skip_deploys: bool,
}

impl Commit<'_> {
    /// Nothing may be there before, and exactly ours afterwards.
    pub(super) async fn stage_and_commit(&self, patch: &Patch) -> Ended {
        if self.drafts {
            return Ended::Refused(
                "Railway can do this without a deploy only together with the edits that wait there; deploy or discard those first".to_owned(),
            );
        }
        if let Err(ended) = self.stage(patch).await {
            return ended;
        }
        match staged(self.api, self.auth, self.ids).await {
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
        self.commit_staged().await
    }

    /// Ours beside what is there. Nothing is in force yet, so twice is as good as once.
    async fn stage(&self, patch: &Patch) -> Result<(), Ended> {
        let variables = PatchVariables {
            environment_id: &self.ids.environment,
            patch,
            message: None,
            skip_deploys: None,
        };
        let (limit, repeat) = (self.api.deadline(), Repeat::AfterDoubt);
        let sent: Result<StageAnswer, MutateError> = self
            .api
            .mutate(self.auth, &documents::STAGE, &variables, repeat, limit)
            .await;
        sent.map(drop).map_err(|error| match Ended::failed(&error) {
            Ended::InDoubt(why) => {
                Ended::InDoubt(format!("{why}; it is staged at most, not in force"))
            }
            other => other,
        })
    }

    async fn commit_staged(&self) -> Ended {
        let variables = StagedVariables {
            environment_id: &self.ids.environment,
            message: self.message,
            skip_deploys: true,
        };
        let (limit, document) = (self.api.deadline(), &documents::COMMIT_STAGED);
        let sent = self
            .api
            .mutate(self.auth, document, &variables, Repeat::Never, limit)
            .await;
        let waits = |why| format!("{why}; our edits wait in Railway, not in force");
        match self.follow(sent).await {
            Ended::NotYet { why, asked, .. } => Ended::NotYet {
                why: waits(why),
                asked,
                staged: true,
            },
            Ended::Refused(why) => Ended::Refused(waits(why)),
            other => other,
        }
    }
}

/// Whether the drafts of the environment are ours that we left there, and nothing else.
pub(in crate::platforms::railway) async fn is_left(
    api: &Api,
    auth: &Auth,
    ids: &Ids,
    ours: &Patch,
) -> bool {
    let staged = staged(api, auth, ids).await;
    staged.is_ok_and(|staged| staged.status != "APPLYING" && is_exactly(&staged.patch, ours))
}

async fn staged(api: &Api, auth: &Auth, ids: &Ids) -> Result<wire::Staged, String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Variables<'a> {
        environment_id: &'a str,
        decrypt: bool,
    }
    let variables = Variables {
        environment_id: &ids.environment,
        decrypt: true,
    };
    let answer: Answer<StagedAnswer> = api
        .query(auth, &documents::STAGED, &variables, api.deadline())
        .await
        .map_err(|error| error.to_string())?;
    let data = answer.data.ok_or("Railway gave no answer")?;
    Ok(data.staged)
}

/// Whether what is staged is what we staged, nothing more and nothing less. A value that is masked
/// there is believed: it was merged under our name a moment ago.
fn is_exactly(staged: &wire::Patch, ours: &Patch) -> bool {
    let services = staged.services.iter().filter(|(_, part)| !part.is_empty());
    let mut theirs = BTreeMap::new();
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
fn is_masked(value: &SecretValue) -> bool {
    matches!(value.expose(), "" | "*****")
}
