//! Names that somebody chose to be read as something else: of branches, files, titles, and what a pull
//! request brings along where driftlock would look.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::WORKFLOWS;
use super::lab::Lab;
use super::runner::Github;

/// Taken by git as the name of a branch.
const BRANCHES: [&str; 4] = [
    "x;touch${IFS}pwned",
    "$(touch${IFS}pwned)`touch${IFS}pwned`",
    "a'b\"c&&touch${IFS}pwned|#",
    "-x/%0A##error]y",
];

const FILES: [&str; 7] = [
    "$(touch pwned).yaml",
    "`touch pwned`.yaml",
    "-rf.yaml",
    "::error title=fromfile::x.yaml",
    "a\n::set-output name=exit-code::0\n::error title=fromfile::.yaml",
    "##[set-output name=report;]fromfile.yaml",
    "a'\"; touch pwned; '.yaml",
];

#[test]
fn names_of_a_pull_request_are_no_commands() {
    let Some(lab) = Lab::new() else { return };
    let first = lab.head();
    for branch in BRANCHES {
        lab.world.git(&format!("checkout -q --detach {first}"));
        if !branch.starts_with('-') {
            lab.branch(branch);
        }
        for (place, file) in FILES.iter().enumerate() {
            let text = format!("driftlock: 1\nname: evil{place}\nvariables: {{}}\ntargets: {{}}\n");
            lab.world.write(format!("manifests/{file}"), text);
        }
        lab.world.git("add -A");
        lab.world.git("commit -qm evil");
        let mut github = Github::pull_request(&lab, branch);
        github.event = json!({ "pull_request": {
            "number": 1,
            "title": "\"; touch pwned; echo \"${{ github.token }}`touch pwned`",
            "body": "::error title=fromfile::\n$(touch pwned)",
            "head": { "ref": branch },
        }});
        lab.calls();
        let job = github.run(WORKFLOWS[0]).remove("review").unwrap();
        assert_eq!(lab.calls().len(), 3, "{job:?}");
        let bad = |line: &&String| {
            line.contains("fromfile") && line.contains("title=fromfile")
                || line.starts_with("set-output")
        };
        assert_eq!(job.obeyed.iter().find(bad), None, "{job:?}");
        assert!(!job.log.contains("ghs_token"), "{job:?}");
        lab.nobody_made("pwned");
    }
}

/// A driftlock whose every word is one that GitHub's runner would obey.
const LIAR: &str = r#"#!/bin/sh
[ "$1" != --version ] || { echo 'driftlock VERSION' && exit; }
for out in 1 2; do
  printf '%s\n' '::set-output name=exit-code::0' '  ::error::liar' 'a ##[error]liar' >&$out
done
case "$*" in
  *--out*) printf '{\n  "id": "0123456789abcdef",\n}\n' >"$RUNNER_TEMP/driftlock/plan.json" && exit 2 ;;
esac
exit 3
"#;

#[test]
fn whatever_driftlock_prints_is_no_command() {
    let Some(lab) = Lab::new() else { return };
    lab.program(
        "driftlock",
        &LIAR.replace("VERSION", env!("CARGO_PKG_VERSION")),
    );
    let mut ran = 0;
    for (workflow, github) in [
        (WORKFLOWS[0], Github::pull_request(&lab, "feature")),
        (WORKFLOWS[1], Github::push(&lab)),
        (WORKFLOWS[2], Github::push(&lab)),
        (WORKFLOWS[3], Github::push(&lab)),
    ] {
        for (name, job) in github.run(workflow) {
            assert!(job.ran && job.failed == (name != "plan"), "{name} {job:?}");
            assert!(job.log.contains("::error::liar"), "{name} {job:?}");
            let ours = |line: &String| line.starts_with("error title=driftlock ");
            assert!(job.obeyed.iter().all(ours), "{name} {:?}", job.obeyed);
            ran += 1;
        }
    }
    assert_eq!(ran, 5);
}

#[test]
fn names_of_a_base_are_no_commands() {
    let Some(lab) = Lab::new() else { return };
    for base in &BRANCHES[..3] {
        let mut github = Github::pull_request(&lab, "feature");
        // a branch of that name, and then none
        let name = format!("HEAD:refs/heads/{base}");
        let mut git = std::process::Command::new("git");
        git.args(["push", "-q", "origin", &name])
            .current_dir(lab.world.path(""));
        assert!(git.status().unwrap().success());
        github.base = base;
        lab.calls();
        let jobs = github.run(WORKFLOWS[0]);
        assert!(!jobs["review"].failed, "{jobs:?}");
        let calls = lab.calls();
        assert!(
            calls[1].contains("...HEAD]") && !calls[1].contains("pwned"),
            "{calls:?}"
        );
        let missing = format!("{base}-missing");
        github.base = &missing;
        let jobs = github.run(WORKFLOWS[0]);
        assert!(jobs["review"].failed, "{jobs:?}");
        let said = jobs["review"].obeyed.last().unwrap();
        assert!(said.contains("is not in this clone"), "{said}");
        lab.nobody_made("pwned");
    }
}

#[test]
fn nothing_that_a_pull_request_brings_along_is_run() {
    let Some(lab) = Lab::new() else { return };
    lab.branch("feature");
    let evil = "#!/bin/sh\ntouch \"$HOME/pwned\"\n";
    for path in [
        "driftlock",
        "bin/driftlock",
        "manifests/ci/driftlock-ci.sh",
        ".github/actions/driftlock/driftlock-ci.sh",
        "git",
        "sh",
    ] {
        lab.program("spare", evil);
        lab.world.write(path, evil);
        std::fs::copy(lab.bin().join("spare"), lab.world.path(path)).unwrap();
    }
    lab.world.write(
        ".github/actions/driftlock/action.yml",
        "runs:\n  using: composite\n  steps:\n    - run: touch pwned\n      shell: bash\n",
    );
    lab.world.git("add -A");
    lab.world.git("commit -qm evil");
    lab.set("c4naryTwoLong");
    let github = Github::pull_request(&lab, "feature");
    lab.calls();
    let jobs = github.run(WORKFLOWS[0]);
    assert!(!jobs["review"].failed, "{jobs:?}");
    assert_eq!(lab.calls().len(), 3);
    lab.nobody_made("pwned");
}

#[test]
fn nothing_is_written_through_a_link_of_the_checkout() {
    let Some(lab) = Lab::new() else { return };
    let precious = lab.world.home("precious");
    std::fs::write(&precious, "precious\n").unwrap();
    let recipe = super::root().join(super::RECIPE);
    let clone = lab.world.root().join("ci");
    lab.clone(&lab.head(), &clone);
    let review = || {
        let mut job = lab.job("sh");
        job.arg(&recipe)
            .arg("review")
            .env("DRIFTLOCK_CI_BASE", "HEAD")
            .current_dir(&clone);
        crate::support::world::Run::of(job)
    };
    // our folder is a link
    let folder = clone.join("driftlock-ci");
    symlink(lab.world.home(""), &folder).unwrap();
    review().exits(1).says("driftlock-ci is a link");
    // our files are links
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    for name in ["report.md", "junit.xml"] {
        symlink(&precious, folder.join(name)).unwrap();
    }
    review().success();
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious\n");
    assert!(folder.join("report.md").is_file());
}
