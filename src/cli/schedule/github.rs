//! GitHub: a workflow on a schedule, which calls driftlock's own. Its secrets are named, and lie in an
//! environment of the repository.

use std::fmt::Write as _;
use std::time::Duration;

use super::MARK;
use super::cron::too_odd;
use super::interval::{cron_fields, fits_cron};
use super::job::Job;
use super::words;
use crate::cli::error::CommandError;
use crate::manifest::format_duration;

/// GitHub starts nothing more often.
const SHORTEST: Duration = Duration::from_secs(300);

/// What a job of GitHub is told beside the schedule.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// From the top of the repository.
    pub(super) manifests: Vec<String>,
    /// More words of `driftlock reconcile`.
    pub(super) arguments: Vec<String>,
}

/// The workflow's text.
pub(super) fn workflow(job: &Job, call: &Call) -> Result<String, CommandError> {
    if job.every < SHORTEST {
        return Err(CommandError::usage(format!(
            "GitHub starts nothing more often than every 5m, and \"every {}\" was asked for",
            format_duration(job.every)
        ))
        .hint("--every 5m, or a machine of your own: driftlock schedule print systemd"));
    }
    if !fits_cron(job.every) {
        return Err(too_odd(job));
    }
    let fields = cron_fields(job.every, job.spread());
    let unit = job.unit();
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "{MARK}\n\
         # .github/workflows/{unit}.yml of your repository. Name driftlock's by a commit: a tag can move.\n\
         #\n\
         # Make an environment `production-plan`, for the branch main alone, with the secret DRIFTLOCK_AGE_KEY and,\n\
         # where you have a target there, RAILWAY_TOKEN. Whom to tell is its variable DRIFTLOCK_ALERTS_YAML, with the text\n\
         # of your alerts.yaml; what that names goes into its secret DRIFTLOCK_ALERT_SECRETS, one NAME=value a line.\n\
         name: driftlock reconcile\n\
         \n\
         on:\n\
         \x20 schedule:\n\
         \x20   # in UTC. GitHub begins late when it is busy, or leaves a run out, and stops schedules of public\n\
         \x20   # repositories in which nothing happened for 60 days\n\
         \x20   - cron: '{fields}'\n\
         \x20 workflow_dispatch:\n\
         \n\
         permissions: {{}}\n\
         \n\
         # one at a time, and none is stopped half way\n\
         concurrency:\n\
         \x20 group: {unit}\n\
         \x20 cancel-in-progress: false\n\
         \n\
         jobs:\n\
         \x20 reconcile:\n\
         \x20   uses: example/driftlock/.github/workflows/driftlock-reconcile.yml@v{version}\n\
         \x20   permissions:\n\
         \x20     contents: write # the shared journal is a ref of this repository\n\
         \x20   with:\n\
         \x20     environment: production-plan\n"
    );
    input(&mut text, "manifests", &call.manifests)?;
    input(&mut text, "arguments", &call.arguments)?;
    text.push_str(
        "\x20   # what belongs to an environment reaches a called workflow in no other way\n\
         \x20   secrets: inherit\n",
    );
    Ok(text)
}

/// Lists have an entry a line.
fn input(text: &mut String, name: &str, values: &[String]) -> Result<(), CommandError> {
    if values.iter().any(|value| value.contains('\n')) {
        return Err(CommandError::error(format!(
            "a line end in {name} cannot be written into a workflow, where lists have an entry a line"
        )));
    }
    if !values.is_empty() {
        let value = words::workflow(&values.join("\n"))?;
        let _ = writeln!(text, "      {name}: {value}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(minutes: u64) -> Job {
        Job {
            name: "reconcile".to_owned(),
            every: Duration::from_secs(minutes * 60),
            ..Job::default()
        }
    }

    #[test]
    fn what_is_asked_for_is_said_in_its_inputs() {
        let call = Call {
            manifests: vec!["manifests/a: b.yaml".to_owned(), "c".to_owned()],
            arguments: vec![],
        };
        let text = workflow(&every(15), &call).unwrap();
        assert!(
            text.contains("      manifests: \"manifests/a: b.yaml\\nc\"\n"),
            "{text}"
        );
        assert!(!text.contains("arguments:"));
    }

    #[test]
    fn what_github_does_not_do_is_refused() {
        for (minutes, why) in [(1, "every 5m"), (7, "6m"), (90, "1h")] {
            let error = workflow(&every(minutes), &Call::default()).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
