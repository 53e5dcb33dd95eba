//! What the environment of a CI job says about the pull request that it runs for. Pure: the
//! environment is a function, and the file that describes the event is handed in.
//!
//! Sources: docs.github.com, "Variables reference" and "Webhook events and payloads";
//! docs.gitlab.com, "Predefined CI/CD variables reference".

use serde::Deserialize;

use super::Kind;

/// The job of a CI system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Whose runner it is.
    pub forge: Kind,
    /// The address of the API.
    pub api: Option<String>,
    /// The repository that the pull request is in, as the forge names it.
    pub repository: Option<String>,
    /// The repository's page, where the forge says it.
    pub page: Option<String>,
    /// What it runs for.
    pub subject: Subject,
    /// The last commit of the pull request, or the commit that was pushed.
    pub commit: Option<String>,
}

/// What a job runs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A pull request.
    Pull {
        /// Its number in the repository.
        number: u64,
        /// Whether it comes from another repository, whose people get no token that writes.
        fork: bool,
    },
    /// A commit on a branch: which pull request it belongs to is for the forge to say.
    Push,
    /// Something else.
    Unrelated(Unrelated),
}

/// Why a job has no pull request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unrelated {
    /// Another event. Its name is the CI system's.
    #[error("this job was started by `{0}`, not by a pull request")]
    Event(String),
    /// A comment on an issue.
    #[error("this job was started by a comment on an issue, not on a pull request")]
    Issue,
    /// Neither event nor reference says it.
    #[error("this job does not say what started it")]
    Silent,
}

/// Looks around. `None` where there is no CI system that we know. `event` is GitHub's file about the
/// event, if it could be read.
pub fn look(variable: &dyn Fn(&str) -> Option<String>, event: Option<&[u8]>) -> Option<Job> {
    let is = |name| variable(name).is_some_and(|value| value == "true");
    if is("GITHUB_ACTIONS") {
        Some(github(variable, event))
    } else if is("GITLAB_CI") {
        Some(gitlab(variable))
    } else {
        None
    }
}

#[derive(Default, Deserialize)]
struct Event {
    pull_request: Option<EventPull>,
    issue: Option<EventIssue>,
}

#[derive(Deserialize)]
struct EventPull {
    number: u64,
    head: EventSide,
    base: EventSide,
}

#[derive(Deserialize)]
struct EventSide {
    sha: String,
    /// Gone, where a fork was deleted.
    repo: Option<EventRepository>,
}

#[derive(PartialEq, Eq, Deserialize)]
struct EventRepository {
    full_name: String,
}

#[derive(Deserialize)]
struct EventIssue {
    number: u64,
    /// There, if the issue is a pull request.
    pull_request: Option<serde::de::IgnoredAny>,
}

fn github(variable: &dyn Fn(&str) -> Option<String>, event: Option<&[u8]>) -> Job {
    // what is no event that we know is as good as none: the reference may still say it
    let event: Event = event
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    let name = variable("GITHUB_EVENT_NAME");
    let of_ref = || pull_of_ref(&variable("GITHUB_REF")?);
    let (subject, commit) = if let Some(pull) = event.pull_request {
        let fork = pull.head.repo.is_none() || pull.head.repo != pull.base.repo;
        let number = pull.number;
        (Subject::Pull { number, fork }, Some(pull.head.sha))
    } else if let Some(issue) = event.issue {
        let number = issue.number;
        let subject = match issue.pull_request {
            Some(_) => Subject::Pull {
                number,
                fork: false,
            },
            None => Subject::Unrelated(Unrelated::Issue),
        };
        (subject, None)
    } else if let Some(number) = of_ref() {
        (
            Subject::Pull {
                number,
                fork: false,
            },
            None,
        )
    } else {
        match name.as_deref() {
            Some("push") => (Subject::Push, variable("GITHUB_SHA")),
            Some(other) => (Subject::Unrelated(Unrelated::Event(other.to_owned())), None),
            None => (Subject::Unrelated(Unrelated::Silent), None),
        }
    };
    let repository = variable("GITHUB_REPOSITORY");
    let page = variable("GITHUB_SERVER_URL")
        .zip(repository.as_ref())
        .map(|(server, repository)| format!("{server}/{repository}"));
    Job {
        forge: Kind::GitHub,
        api: variable("GITHUB_API_URL"),
        repository,
        page,
        subject,
        commit,
    }
}

/// `refs/pull/7/merge`, as the runner checks out what a pull request would come to.
fn pull_of_ref(reference: &str) -> Option<u64> {
    let rest = reference.strip_prefix("refs/pull/")?;
    let (number, end) = rest.split_once('/')?;
    matches!(end, "merge" | "head")
        .then(|| number.parse().ok())
        .flatten()
}

fn gitlab(variable: &dyn Fn(&str) -> Option<String>) -> Job {
    let number = variable("CI_MERGE_REQUEST_IID").and_then(|text| text.parse().ok());
    // the pipeline of a fork runs in the fork's project; the merge request is in the other one
    let own = variable("CI_PROJECT_ID");
    let repository = variable("CI_MERGE_REQUEST_PROJECT_ID").or(own);
    let page = variable("CI_MERGE_REQUEST_PROJECT_URL").or_else(|| variable("CI_PROJECT_URL"));
    let (subject, commit) = if let Some(number) = number {
        let from = variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
        let fork = from.is_some() && from != repository;
        // in a pipeline of the merged result, the job's own commit is nobody's
        let head = variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
        (
            Subject::Pull { number, fork },
            head.or_else(|| variable("CI_COMMIT_SHA")),
        )
    } else {
        match variable("CI_PIPELINE_SOURCE").as_deref() {
            Some("push") => (Subject::Push, variable("CI_COMMIT_SHA")),
            Some(other) => (Subject::Unrelated(Unrelated::Event(other.to_owned())), None),
            None => (Subject::Unrelated(Unrelated::Silent), None),
        }
    };
    Job {
        forge: Kind::GitLab,
        api: variable("CI_API_V4_URL"),
        repository,
        page,
        subject,
        commit,
    }
}

#[cfg(test)]
mod tests;
