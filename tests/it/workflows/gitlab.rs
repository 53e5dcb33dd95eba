//! The jobs of GitLab's template, run as its runner runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::lab::{Lab, hides_secrets};
use super::{TEMPLATE, yaml};
use crate::support::peers;
use crate::support::world::Run;

/// How the runner begins, by the shell that an image has: what it runs is one text, evaluated at the end of a
/// pipe.
const SHELLS: [(&str, &str); 2] = [
    (
        "bash",
        "set -eo pipefail; set +o noclobber; : | eval \"$(cat \"$0\")\"",
    ),
    (
        "dash",
        "set -e; set +o noclobber; : | eval \"$(cat \"$0\")\"",
    ),
];

/// A job with what it extends: the lines of `before_script` and `script`.
fn script(name: &str) -> String {
    let template = yaml(TEMPLATE);
    let job = &template[name];
    let base = &template[job["extends"].as_str().unwrap()];
    let lines = [&base["before_script"], &job["script"]].map(|lines| lines.as_array().unwrap());
    let lines = lines
        .into_iter()
        .flatten()
        .map(|line| line.as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

struct Job {
    run: Run,
    folder: tempfile::TempDir,
}

/// Runs a job at a commit, with the artifacts of another.
fn job(
    lab: &Lab,
    (shell, begin): (&str, &str),
    name: &str,
    commit: &str,
    variables: &[(&str, &str)],
    before: Option<&Path>,
) -> Job {
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    lab.clone(commit, &clone);
    if let Some(before) = before {
        fs::create_dir(clone.join("driftlock-ci")).unwrap();
        let plan = "driftlock-ci/plan.json";
        fs::copy(before.join(plan), clone.join(plan)).unwrap();
    }
    let text = folder.path().join("script");
    fs::write(&text, script(name)).unwrap();
    let mut command = lab.job(shell);
    command
        .arg("-c")
        .arg(begin)
        .arg(text)
        .current_dir(&clone)
        .env("GITLAB_CI", "true")
        .env("CI_JOB_TOKEN", "c4naryJob")
        .envs(variables.iter().copied());
    let run = Run::of(command);
    hides_secrets(&run.all());
    let run = run.hides("c4naryJob").hides("c4naryPost");
    Job { run, folder }
}

impl Job {
    fn clone(&self) -> std::path::PathBuf {
        self.folder.path().join("clone")
    }

    /// What later jobs get in their environment.
    fn dotenv(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.clone().join("driftlock-ci/plan.env")).unwrap();
        let lines = text.lines().map(|line| line.split_once('=').unwrap());
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

fn each_shell(test: impl Fn(&Lab, (&str, &str))) {
    for shell in SHELLS {
        if peers::program(shell.0).is_some()
            && let Some(lab) = Lab::new()
        {
            test(&lab, shell);
        }
    }
}

#[test]
fn a_merge_request_is_reviewed_without_any_secret() {
    each_shell(|lab, shell| {
        let base = lab.head();
        lab.branch("feature");
        lab.set("c4naryTwoLong");
        let request = [
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "1"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
            ("DRIFTLOCK_GITLAB_TOKEN", "c4naryPost"),
        ];
        lab.calls();
        let review = job(lab, shell, "driftlock-review", &lab.head(), &request, None);
        review.run.clone().success();
        let calls = lab.calls();
        assert_eq!(calls.len(), 3, "{calls:?}");
        assert!(calls[0].ends_with("[--]"), "{calls:?}");
        assert_eq!(
            calls[1],
            format!("[diff] [{base}...HEAD] [--markdown] [--]")
        );
        assert!(
            calls[2].ends_with("] DRIFTLOCK_GITLAB_TOKEN CI_JOB_TOKEN"),
            "{calls:?}"
        );
        assert!(lab.comments().contains("driftlock:diff "));
        for artifact in ["report.md", "code-quality.json", "junit.xml"] {
            let path = review.clone().join("driftlock-ci").join(artifact);
            assert!(path.is_file(), "{artifact}");
        }
        // a plan is not for it, and it holds no identity
        job(lab, shell, "driftlock-plan", &lab.head(), &request, None)
            .run
            .exits(3);
        let key = lab.identity();
        let holding = [&request[..], &[("DRIFTLOCK_AGE_KEY", key.as_str())]].concat();
        job(lab, shell, "driftlock-review", &lab.head(), &holding, None)
            .run
            .exits(3)
            .says("DRIFTLOCK_AGE_KEY is set in a job for pull requests");
    });
}

#[test]
fn a_broken_manifest_fails_the_review_and_a_comment_that_fails_does() {
    each_shell(|lab, shell| {
        let base = lab.head();
        let request = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str())];
        // nobody gave the token
        let run = job(lab, shell, "driftlock-review", &base, &request, None).run;
        run.exits(1);
        lab.world
            .write("manifests/other.yaml", "driftlock: 1\nname: [\n");
        lab.world.git("add -A");
        lab.world.git("commit -qm broken");
        lab.push();
        let request = [&request[..], &[("DRIFTLOCK_GITLAB_TOKEN", "c4naryPost")]].concat();
        let run = job(lab, shell, "driftlock-review", &lab.head(), &request, None).run;
        run.exits(1).says("other.yaml");
    });
}

#[test]
fn the_plan_that_was_shown_is_the_one_that_is_applied() {
    each_shell(|lab, shell| {
        let key = lab.identity();
        let key = [("DRIFTLOCK_AGE_KEY", key.as_str())];
        lab.set("c4naryTwoLong");
        let plan = job(lab, shell, "driftlock-plan", &lab.head(), &key, None);
        plan.run.clone().success();
        let given = plan.dotenv();
        assert!(
            plan.run.stdout.contains(&given["DRIFTLOCK_CI_ID"]),
            "{}",
            plan.run.all()
        );
        let mut variables: Vec<(&str, &str)> = given
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        variables.extend(key);
        let before = plan.clone();
        let apply = || {
            job(
                lab,
                shell,
                "driftlock-apply",
                &lab.head(),
                &variables,
                Some(&before),
            )
            .run
        };
        // it waited, and somebody changed the place
        lab.set_live("TOKEN=c4naryThreeLong\nLOG=x\n");
        let run = apply()
            .exits(3)
            .says("nothing was applied")
            .hides("c4naryThreeLong");
        assert!(
            run.stdout.contains("<!-- driftlock:plan dev -->"),
            "{}",
            run.all()
        );
        lab.set_live("TOKEN=c4naryOneLong\nLOG=x\n");
        apply().success();
        assert_eq!(lab.live(), "TOKEN=c4naryTwoLong\nLOG=x\n");

        let plan = job(lab, shell, "driftlock-plan", &lab.head(), &key, None);
        assert_eq!(plan.dotenv()["DRIFTLOCK_CI_CHANGES"], "no");
        lab.calls();
        let given = plan.dotenv();
        let variables =
            ["DRIFTLOCK_CI_ID", "DRIFTLOCK_CI_CHANGES"].map(|name| (name, given[name].as_str()));
        let run = job(
            lab,
            shell,
            "driftlock-apply",
            &lab.head(),
            &variables,
            Some(&plan.clone()),
        )
        .run;
        run.success().says("the plan changes nothing");
        assert!(lab.calls().is_empty());
    });
}

#[test]
fn the_scheduled_check_fails_where_something_moved() {
    each_shell(|lab, shell| {
        let key = lab.identity();
        let key = [
            ("DRIFTLOCK_AGE_KEY", key.as_str()),
            ("CI_PIPELINE_SOURCE", "schedule"),
        ];
        let check = || job(lab, shell, "driftlock-check", &lab.head(), &key, None).run;
        check().success();
        lab.set_live("TOKEN=c4naryThreeLong\nLOG=x\n");
        check().exits(2).hides("c4naryThreeLong");
    });
}
