//! What to do where a forge did not do it.

use super::place::Place;
use crate::cli::error::CommandError;
use crate::forge::{Fault, ForgeError, Kind};

/// What was tried: the two need different rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    Comment,
    Status,
}

pub(super) fn explain(attempt: Attempt, error: &ForgeError) -> CommandError {
    let explained = CommandError::of(error);
    let advice = match &error.fault {
        Fault::Unauthorized => Some(match error.forge {
            Kind::GitHub => "in a workflow: env: GITHUB_TOKEN: ${{ github.token }}",
            Kind::GitLab => "make a new project access token, and set DRIFTLOCK_GITLAB_TOKEN to it",
        }),
        Fault::Forbidden => Some(rights(attempt, error.forge)),
        Fault::NotFound(_) => Some(
            "check --repository and --number; a token that may not see a private repository gets the same answer",
        ),
        Fault::Locked => Some("unlock the conversation, or go without the comment"),
        Fault::Limited { .. } => Some("run it again then"),
        Fault::Trouble(_) => {
            Some("run it again later: what was posted is found again, not repeated")
        }
        Fault::Elsewhere(_) => Some(
            "the repository may have moved: name it with --repository; or the API's address is that of a proxy",
        ),
        Fault::Refused(_) if attempt == Attempt::Status => {
            Some("the forge has to have the commit: is it pushed?")
        }
        Fault::Unfit(_) | Fault::Status(_) => Some(
            "check whether the API's address is that of the forge (GITHUB_API_URL, CI_API_V4_URL)",
        ),
        Fault::Http(error) => error.help(),
        Fault::Refused(_) | Fault::TooMany(_) => None,
    };
    match advice {
        Some(advice) => explained.hint(advice),
        None => explained,
    }
}

/// Sources: docs.github.com, "Permissions required for fine-grained personal access tokens";
/// docs.gitlab.com, "Roles and permissions", and "Commits API" on statuses.
fn rights(attempt: Attempt, kind: Kind) -> &'static str {
    match (kind, attempt) {
        (Kind::GitHub, Attempt::Comment) => {
            "in a workflow: permissions: pull-requests: write; a fine-grained token needs Pull requests: read and write"
        }
        (Kind::GitHub, Attempt::Status) => {
            "in a workflow: permissions: statuses: write; a fine-grained token needs Commit statuses: read and write"
        }
        (Kind::GitLab, Attempt::Comment) => {
            "the token needs the scope api, and the role Reporter or more in the project"
        }
        (Kind::GitLab, Attempt::Status) => {
            "the token needs the scope api, and the role Developer or more in the project"
        }
    }
}

pub(super) fn no_token(kind: Kind) -> CommandError {
    match kind {
        Kind::GitHub => CommandError::error("there is no token for GitHub: neither GITHUB_TOKEN nor GH_TOKEN is set")
            .hint("in a workflow: env: GITHUB_TOKEN: ${{ github.token }}, and permissions: pull-requests: write"),
        Kind::GitLab => CommandError::error("there is no token for GitLab: neither DRIFTLOCK_GITLAB_TOKEN nor GITLAB_TOKEN is set")
            .detail("a job's own CI_JOB_TOKEN may read comments, and not write them")
            .hint("make a project access token with the scope api and the role Developer, and set DRIFTLOCK_GITLAB_TOKEN to it as a masked variable"),
    }
}

/// A push that no pull request belongs to.
pub(super) fn no_pull(place: &Place, commit: &str) -> CommandError {
    let what = match place.kind {
        Kind::GitHub => "pull request",
        Kind::GitLab => "merge request",
    };
    let commit = commit.get(..8).unwrap_or(commit);
    CommandError::error(format!(
        "commit {commit} of {} came in by no {what}",
        place.repository
    ))
    .hint("--number N names one; for a push to a branch, run it only where there is a pull request")
}
