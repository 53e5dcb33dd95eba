//! The recipe for any CI, in the shells that CI images have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::lab::{Lab, hides_secrets};
use super::{RECIPE, root};
use crate::support::peers;
use crate::support::world::Run;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];
const AFTER: &str = "TOKEN=c4naryTwoLong\nLOG=x\n";

/// A job of some CI, at a commit.
struct Ci<'a> {
    lab: &'a Lab,
    shell: &'a [&'a str],
    folder: PathBuf,
}

impl<'a> Ci<'a> {
    fn at(lab: &'a Lab, shell: &'a [&'a str], commit: &str) -> Self {
        let folder = tempfile::tempdir_in(lab.world.root()).unwrap().keep();
        lab.clone(commit, &folder);
        Self { lab, shell, folder }
    }

    fn job(&self, command: &str) -> Command {
        let mut job = self.lab.job(self.shell[0]);
        job.args(&self.shell[1..])
            .arg(root().join(RECIPE))
            .args(command.split_whitespace())
            .current_dir(&self.folder);
        job
    }

    fn run(&self, command: &str, variables: &[(&str, &str)]) -> Run {
        let mut job = self.job(command);
        job.envs(variables.iter().copied());
        Run::of(job)
    }

    fn secret(&self, command: &str, variables: &[(&str, &str)]) -> Run {
        let mut job = self.job(command);
        job.envs(variables.iter().copied())
            .env("DRIFTLOCK_AGE_KEY", self.lab.identity());
        Run::of(job)
    }

    fn variable(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.join("driftlock-ci/plan.env")).unwrap();
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| *key == name).unwrap().1.to_owned()
    }
}

fn each_shell(test: impl Fn(&Lab, &[&str])) {
    for shell in SHELLS {
        if peers::program(shell[0]).is_none() {
            continue;
        }
        let Some(lab) = Lab::new() else { return };
        test(&lab, shell);
    }
}

#[test]
fn review_plan_apply_and_check_in_each_shell() {
    each_shell(|lab, shell| {
        lab.branch("feature");
        lab.set("c4naryTwoLong");
        let ci = Ci::at(lab, shell, &lab.pull_request());
        lab.calls();
        let run = ci.run("review", &[("CHANGE_TARGET", "main")]).success();
        assert!(run.stdout.contains("<!-- driftlock:diff "), "{}", run.all());
        assert!(ci.folder.join("driftlock-ci/junit.xml").is_file());
        ci.run("comment", &[("GITHUB_TOKEN", "ghs_token")])
            .success();
        assert!(lab.comments().contains("driftlock:diff"));
        let calls = lab.calls();
        assert!(
            calls[0].ends_with("[--]") && calls[1].ends_with("[--]"),
            "{calls:?}"
        );

        let ci = Ci::at(lab, shell, &lab.head());
        let run = ci.secret("plan", &[]).success();
        let id = ci.variable("DRIFTLOCK_CI_ID");
        assert_eq!(ci.variable("DRIFTLOCK_CI_CHANGES"), "yes");
        assert!(run.stdout.contains(&id), "{}", run.all());
        hides_secrets(&run.all());
        let run = ci.secret("apply", &[("DRIFTLOCK_CI_ID", &id)]).success();
        hides_secrets(&run.all());
        assert_eq!(lab.live(), AFTER);

        let ci = Ci::at(lab, shell, &lab.head());
        ci.secret("plan", &[]).success();
        assert_eq!(ci.variable("DRIFTLOCK_CI_CHANGES"), "no");
        let id = ci.variable("DRIFTLOCK_CI_ID");
        let none = [
            ("DRIFTLOCK_CI_ID", id.as_str()),
            ("DRIFTLOCK_CI_CHANGES", "no"),
        ];
        ci.secret("apply", &none)
            .success()
            .says("the plan changes nothing");
        ci.secret("check", &[]).success();
        lab.set_live("TOKEN=other\n");
        ci.secret("check", &[]).exits(2);
        ci.secret("check", &[("DRIFTLOCK_CI_ARGUMENTS", "--strict")])
            .success();
    });
}

#[test]
fn a_stale_plan_shows_a_new_one_in_each_shell() {
    each_shell(|lab, shell| {
        lab.set("c4naryTwoLong");
        let ci = Ci::at(lab, shell, &lab.head());
        ci.secret("plan", &[]).success();
        let id = ci.variable("DRIFTLOCK_CI_ID");
        lab.set_live("TOKEN=c4naryThreeLong\n");
        let run = ci.secret("apply", &[("DRIFTLOCK_CI_ID", &id)]).exits(3);
        assert!(
            run.stdout.contains("<!-- driftlock:plan dev -->"),
            "{}",
            run.all()
        );
        let run = run.says("nothing was applied").hides("c4naryThreeLong");
        hides_secrets(&run.all());
        assert_eq!(lab.live(), "TOKEN=c4naryThreeLong\n");
    });
}

/// A driftlock that ends with the code that a variable names.
const ENDS: &str = "#!/bin/sh\ncase $1 in check) exit $CHECK ;; diff) exit $DIFF ;; esac\n";

#[test]
fn the_worse_code_is_the_one_that_counts() {
    each_shell(|lab, shell| {
        lab.program("driftlock", ENDS);
        let ci = Ci::at(lab, shell, &lab.head());
        for (check, diff, worse) in [
            (0, 0, 0),
            (2, 0, 2),
            (0, 2, 2),
            (3, 2, 3),
            (3, 1, 1),
            (1, 3, 1),
            (1, 4, 4),
            (4, 1, 4),
            (64, 1, 64),
            (0, 127, 127),
        ] {
            let [check, diff] = [check, diff].map(|code: i32| code.to_string());
            let codes = [
                ("CHECK", check.as_str()),
                ("DIFF", &diff),
                ("DRIFTLOCK_CI_BASE", "HEAD"),
            ];
            ci.run("review", &codes).exits(worse);
        }
    });
}

#[test]
fn bad_input_is_told_and_nothing_is_run() {
    each_shell(|lab, shell| {
        let ci = Ci::at(lab, shell, &lab.head());
        lab.calls();
        let base = ("DRIFTLOCK_CI_BASE", "HEAD");
        ci.run("", &[]).exits(64).says("say one of: review");
        ci.run("destroy", &[]).exits(64).says("say one of: review");
        ci.run("review", &[])
            .exits(64)
            .says("Set DRIFTLOCK_CI_BASE");
        ci.run("review", &[("DRIFTLOCK_CI_BASE", "--all")])
            .exits(64)
            .says("no branch");
        ci.run("review", &[("GITHUB_BASE_REF", "nowhere")])
            .exits(1)
            .says("fetch-depth: 0");
        for name in [
            "DRIFTLOCK_AGE_KEY",
            "SOPS_AGE_KEY_FILE",
            "RAILWAY_TOKEN",
            "RAILWAY_TOKEN_EU",
        ] {
            let run = ci.run("review", &[base, (name, "c4nary")]).exits(3);
            run.says(&format!("{name} is set in a job for pull requests"))
                .hides("c4nary");
        }
        ci.run("comment", &[]).exits(1).says("run review first");
        ci.run("apply", &[]).exits(64).says("Set DRIFTLOCK_CI_ID");
        for name in [
            "CHANGE_ID",
            "CI_MERGE_REQUEST_IID",
            "BUILDKITE_PULL_REQUEST",
        ] {
            for command in ["plan", "apply", "check"] {
                let run = ci.secret(command, &[(name, "7"), ("DRIFTLOCK_CI_ID", "abc")]);
                run.exits(3).says("this job runs for a pull request");
            }
        }
        assert_eq!(lab.calls(), Vec::<String>::new());
        // what is left of the line is driftlock's to refuse
        ci.secret("apply", &[("DRIFTLOCK_CI_ID", "abc")]).exits(64);
        let glob = ("DRIFTLOCK_CI_MANIFESTS", "manifests/*\n--help");
        ci.secret("plan", &[glob]).exits(1);
        let calls = lab.calls();
        assert!(
            calls[1].contains("[--] [manifests/*] [--help]"),
            "{calls:?}"
        );
    });
}

#[test]
fn a_shallow_clone_is_told_what_to_fetch() {
    each_shell(|lab, shell| {
        let old = lab.head();
        lab.set("c4naryTwoLong");
        let ci = Ci::at(lab, shell, &lab.head());
        fs::remove_dir_all(&ci.folder).unwrap();
        let remote = format!("file://{}", lab.remote().display());
        let mut git = Command::new("git");
        git.args(["clone", "-q", "--depth", "1", &remote])
            .arg(&ci.folder);
        Run::of(git).success();
        let run = ci.run("review", &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &old)]);
        run.exits(1)
            .says("is not in this clone")
            .says("GIT_DEPTH: 0");
    });
}

/// A PATH with these programs and no others.
fn bare(programs: &[&str], into: &Path) {
    fs::create_dir(into).unwrap();
    for name in programs {
        let real = peers::program(name).unwrap();
        std::os::unix::fs::symlink(real, into.join(name)).unwrap();
    }
}

#[test]
fn where_there_is_no_driftlock_it_is_built_from_a_commit_or_told() {
    each_shell(|lab, shell| {
        let ci = Ci::at(lab, shell, &lab.head());
        let place = lab.world.root().join("bare");
        bare(&["sed"], &place);
        let path = place.to_str().unwrap();
        let program = peers::program(shell[0]).unwrap();
        let home = lab.world.root().join("home");
        let install = |variables: &[(&str, &str)]| {
            let mut job = Command::new(&program);
            job.args(&shell[1..])
                .arg(root().join(RECIPE))
                .arg("install")
                .current_dir(&ci.folder)
                .env_clear()
                .env("PATH", path)
                .env("HOME", &home)
                .envs(variables.iter().copied());
            Run::of(job)
        };
        install(&[]).exits(1).says("there is no driftlock");
        let from = (
            "DRIFTLOCK_REPOSITORY",
            "https://git.example.com/driftlock.git",
        );
        for revision in ["", "main", "v0.1.0", "--all"] {
            let run = install(&[from, ("DRIFTLOCK_REVISION", revision)]);
            run.exits(64)
                .says("DRIFTLOCK_REVISION is not the id of a commit");
        }
        let commit = ("DRIFTLOCK_REVISION", super::runner::DRIFTLOCK);
        install(&[from, commit]).exits(1).says("nor a cargo");
        let cargo = "#!/bin/sh\necho \"cargo $* in $(pwd)\"\n";
        fs::write(place.join("cargo"), cargo).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(place.join("cargo"), mode).unwrap();
        let run = install(&[from, commit]).success();
        let wanted = format!(
            "cargo install --locked --root {}/.cache/driftlock-ci/{} --git {} --rev {} in /\n",
            home.display(),
            commit.1,
            from.1,
            commit.1
        );
        assert_eq!(run.stdout, wanted);
        // the one of an image is taken as it is
        fs::copy(lab.bin().join("driftlock"), place.join("driftlock")).unwrap();
        let run = install(&[from, commit]).success();
        assert!(run.says("is there").stdout.is_empty());
    });
}
