//! `actionlint`, `shellcheck` and the official schemas find nothing, and find something where there is
//! something.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{ACTION, CALLERS, RECIPE, TEMPLATE, WORKFLOWS, root, yaml};
use crate::support::peers;

/// A repository with the workflows, where the action is where a run has it. `None` without git.
fn stage() -> Option<tempfile::TempDir> {
    peers::program("git")?;
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &Path| {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(from), to).unwrap();
    };
    let workflows = folder.path().join(".github/workflows");
    for path in WORKFLOWS.iter().chain(&CALLERS) {
        copy(path, &workflows.join(Path::new(path).file_name().unwrap()));
    }
    copy(ACTION, &folder.path().join("driftlock").join(ACTION));
    let git = Command::new("git")
        .args(["init", "--quiet"])
        .arg(folder.path())
        .status();
    assert!(git.unwrap().success());
    Some(folder)
}

fn actionlint(folder: &Path) -> Option<Output> {
    let program = peers::installed("venv/bin/actionlint")?;
    let shellcheck = peers::program("shellcheck")?;
    let output = Command::new(program)
        .args(["-no-color", "-oneline", "-shellcheck"])
        .arg(shellcheck)
        .current_dir(folder)
        .output();
    Some(output.unwrap())
}

fn words(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

#[test]
fn actionlint_finds_nothing() {
    let Some(folder) = stage() else { return };
    let Some(output) = actionlint(folder.path()) else {
        return;
    };
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn actionlint_would_find_something() {
    let Some(folder) = stage() else { return };
    let review = folder.path().join(".github/workflows/driftlock-review.yml");
    let good = fs::read_to_string(&review).unwrap();
    for (from, to, finding) in [
        (
            "run: review",
            "walk: review",
            "\"walk\" is not defined in action \"driftlock\"",
        ),
        ("echo \"::error", "echo $REVISION \"::error", "SC2086"),
        (
            "$REVISION\" =~",
            "${{ github.head_ref }}\" =~",
            "potentially untrusted",
        ),
        (
            "inputs.manifests",
            "inputs.manifest",
            "\"manifest\" is not defined",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        fs::write(&review, good.replace(from, to)).unwrap();
        let Some(output) = actionlint(folder.path()) else {
            return;
        };
        assert!(words(&output).contains(finding), "{to}: {}", words(&output));
    }
}

fn shellcheck(arguments: &[&str], script: &Path) -> Option<Output> {
    let program = peers::program("shellcheck")?;
    let output = Command::new(program).args(arguments).arg(script).output();
    Some(output.unwrap())
}

#[test]
fn shellcheck_finds_nothing_in_the_scripts() {
    let Some(output) = shellcheck(&[], &root().join(RECIPE)) else {
        return;
    };
    assert!(output.status.success(), "{}", words(&output));
    let folder = tempfile::tempdir().unwrap();
    let mut checked = 0;
    let mut check = |shell: &str, script: &str| {
        let file = folder.path().join(format!("{checked}.sh"));
        fs::write(&file, script).unwrap();
        // the function that they call is in a part of its own
        let output = shellcheck(&["--shell", shell, "--exclude", "SC2218"], &file).unwrap();
        assert!(output.status.success(), "{script}\n{}", words(&output));
        checked += 1;
    };
    for step in yaml(ACTION)["runs"]["steps"].as_array().unwrap() {
        if let Some(script) = step["run"].as_str() {
            check("bash", script);
        }
    }
    for (_, job) in yaml(TEMPLATE).as_object().unwrap() {
        let lines = ["before_script", "script"].map(|key| job[key].as_array());
        for line in lines.into_iter().flatten().flatten() {
            let line = line.as_str().unwrap();
            // the recipe's own head says so for the recipe
            check("sh", &format!("# shellcheck disable=SC2086\n{line}"));
        }
    }
    assert!(checked >= 10, "{checked}");
}

fn against(schema: &[&str], files: &[PathBuf]) -> Option<Output> {
    let program = peers::installed("venv/bin/check-jsonschema")?;
    let output = Command::new(program)
        .args(["--no-cache", "--builtin-schema"])
        .args(schema)
        .args(files)
        .output();
    Some(output.unwrap())
}

const GITLAB: &[&str] = &["vendor.gitlab-ci", "--data-transform", "gitlab-ci"];

#[test]
fn the_official_schemas_take_them() {
    let at = |paths: &[&str]| {
        paths
            .iter()
            .map(|path| root().join(path))
            .collect::<Vec<_>>()
    };
    for (schema, files) in [
        (
            &["vendor.github-workflows"][..],
            at(&[WORKFLOWS, CALLERS].concat()),
        ),
        (&["vendor.github-actions"], at(&[ACTION])),
        (GITLAB, at(&[TEMPLATE, "manifests/ci/gitlab-ci.yml"])),
    ] {
        let Some(output) = against(schema, &files) else {
            return;
        };
        assert!(output.status.success(), "{}", words(&output));
    }
}

#[test]
fn the_official_schemas_would_refuse_others() {
    let folder = tempfile::tempdir().unwrap();
    for (schema, path, from, to) in [
        (
            &["vendor.github-workflows"][..],
            WORKFLOWS[0],
            "    runs-on: ${{",
            "    runs-at: ${{",
        ),
        (
            &["vendor.github-actions"],
            ACTION,
            "using: composite",
            "using: nothing",
        ),
        (GITLAB, TEMPLATE, "when: manual", "when: whenever"),
    ] {
        let text = super::text(path);
        assert!(text.contains(from), "{from}");
        let file = folder.path().join("broken.yml");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let Some(output) = against(schema, &[file]) else {
            return;
        };
        assert_eq!(output.status.code(), Some(1), "{to}: {}", words(&output));
    }
}
