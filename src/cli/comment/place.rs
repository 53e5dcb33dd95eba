//! Which pull request: what the flags say, and else what the CI job's environment says.

use std::fs::File;
use std::io::Read;

use super::CommentArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::forge::{self, Job, Kind, Pull, Repository, Subject};
use crate::model::SecretValue;

/// GitHub's events are at most 25 MB.
const LONGEST_EVENT: u64 = 25 * 1024 * 1024;

/// Where a comment goes.
pub(super) struct Place {
    pub(super) kind: Kind,
    /// The address of the API, if the job or the environment names one.
    pub(super) api: Option<String>,
    pub(super) repository: Repository,
    /// The repository's page.
    pub(super) page: Option<String>,
    pub(super) whose: Whose,
    /// The last commit of the pull request, where that is known.
    pub(super) commit: Option<String>,
    /// Whether it comes from a fork, as far as the job says.
    pub(super) fork: bool,
}

/// Whose comment it is.
pub(super) enum Whose {
    Pull(Pull),
    /// That of the pull request by which this commit came in.
    Commit(String),
}

pub(super) fn find(arguments: &CommentArgs, context: &Context) -> Result<Place, CommandError> {
    let lookup = |name: &str| context.text(name).map(str::to_owned);
    let job = forge::look(&lookup, event(context).as_deref());
    let asked = arguments.forge.map(Kind::from);
    let Some(kind) = asked.or(job.as_ref().map(|job| job.forge)) else {
        return Err(CommandError::usage(
            "this is no job of GitHub Actions or GitLab CI, so the pull request has to be named",
        )
        .hint("driftlock comment FILE --forge github --repository OWNER/NAME --number N"));
    };
    // what a job of the one forge says is nothing to the other
    let job = job.filter(|job| job.forge == kind);
    let named = arguments.repository.as_ref();
    let repository = named.or(job.as_ref().and_then(|job| job.repository.as_ref()));
    let Some(repository) = repository else {
        return Err(
            CommandError::usage("nothing says which repository the pull request is in")
                .hint("--repository OWNER/NAME"),
        );
    };
    let repository = Repository::new(kind, repository)
        .map_err(|error| CommandError::usage(error.to_string()).hint("--repository OWNER/NAME"))?;
    // nor is what it says of one repository anything to another
    let here =
        job.filter(|job| named.is_none() || job.repository.as_deref() == Some(repository.as_str()));
    let api = lookup(match kind {
        Kind::GitHub => "GITHUB_API_URL",
        Kind::GitLab => "CI_API_V4_URL",
    });
    let (whose, commit, fork) = whose(arguments, here.as_ref())?;
    Ok(Place {
        kind,
        api,
        repository,
        page: here.and_then(|job| job.page),
        whose,
        commit,
        fork,
    })
}

type Found = (Whose, Option<String>, bool);

fn whose(arguments: &CommentArgs, job: Option<&Job>) -> Result<Found, CommandError> {
    let subject = job.map(|job| &job.subject);
    let commit = job.and_then(|job| job.commit.clone());
    match (arguments.number, subject) {
        (Some(asked), Some(Subject::Pull { number, fork })) if asked == *number => {
            Ok((Whose::Pull(Pull(asked)), commit, *fork))
        }
        (Some(asked), _) => Ok((Whose::Pull(Pull(asked)), None, false)),
        (None, Some(Subject::Pull { number, fork })) => {
            Ok((Whose::Pull(Pull(*number)), commit, *fork))
        }
        (None, Some(Subject::Push)) => match commit {
            Some(commit) => Ok((Whose::Commit(commit.clone()), Some(commit), false)),
            None => Err(unknown("this job does not say which commit was pushed")),
        },
        (None, Some(Subject::Unrelated(why))) => Err(unknown(&why.to_string())),
        (None, None) => Err(unknown("nothing says which pull request it is")),
    }
}

fn unknown(why: &str) -> CommandError {
    CommandError::error(why).hint("--number N names the pull request")
}

/// GitHub's file about the event. One that cannot be read is as good as none.
fn event(context: &Context) -> Option<Vec<u8>> {
    let file = File::open(context.absolute(&context.path("GITHUB_EVENT_PATH")?)).ok()?;
    let mut bytes = vec![];
    file.take(LONGEST_EVENT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The first token that is there. A job token of GitLab (`CI_JOB_TOKEN`) is none: it may read the
/// comments of a merge request, and not write any.
/// Source: docs.gitlab.com, "GitLab CI/CD job token", the list of what it reaches.
pub(super) fn token(kind: Kind, context: &Context) -> Option<SecretValue> {
    let names = match kind {
        Kind::GitHub => ["GITHUB_TOKEN", "GH_TOKEN"],
        Kind::GitLab => ["DRIFTLOCK_GITLAB_TOKEN", "GITLAB_TOKEN"],
    };
    let mut given = names.iter().filter_map(|name| context.text(name));
    given
        .find(|text| !text.trim().is_empty())
        .map(|text| SecretValue::new(text.trim()))
}

/// Tests do not wait as people do. It counts only for an address on this machine.
pub(super) fn haste(context: &Context) -> u32 {
    let times = context.text("DRIFTLOCK_FORGE_HASTE");
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}
