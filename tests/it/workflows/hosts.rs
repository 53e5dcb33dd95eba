//! Hosts over SSH, from a job that has nothing but a key in a secret.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::WORKFLOWS;
use super::lab::{Lab, hides_secrets};
use super::runner::Github;
use crate::support::peers;
use crate::support::sshd::{Far, Sshd};
use crate::support::world::Run;

/// A manifest of a host, beside the other one.
fn stage() -> Option<(Lab, Sshd, PathBuf)> {
    let sshd = Sshd::start(Far::Own)?;
    let agent = peers::program("ssh-agent")?;
    let lab = Lab::new()?;
    let text = format!(
        "#!/bin/sh\necho \"driftlock [ssh-agent] $*\" >>'{}'\nexec '{}' \"$@\"\n",
        lab.world.root().join("calls").display(),
        agent.display()
    );
    lab.program("ssh-agent", &text);
    let mut id = Command::new("id");
    id.arg("-un");
    let place = sshd.path("app.env");
    let text = format!(
        "driftlock: 1\nname: vps\nvariables:\n  PORT: 8080\ntargets:\n  vps:\n    file: {{ host: \"{}@127.0.0.1:{}\", path: {} }}\n    variables: [PORT]\n",
        Run::of(id).stdout.trim(),
        sshd.port(),
        place.display()
    );
    lab.world.write("manifests/vps.yaml", text);
    lab.world.git("add -A");
    lab.world.git("commit -qm host");
    lab.push();
    lab.calls();
    Some((lab, sshd, place))
}

fn github<'a>(lab: &'a Lab, key: &str, known: &str) -> Github<'a> {
    let mut github = Github::push(lab);
    let identity = lab.identity();
    github.secrets = json!({ "DRIFTLOCK_AGE_KEY": identity, "DRIFTLOCK_SSH_KEY": key });
    github.inputs = json!({ "known-hosts": known });
    github
}

#[test]
fn a_host_is_written_with_a_key_that_no_disk_saw() {
    let Some((lab, sshd, place)) = stage() else {
        return;
    };
    let key = fs::read_to_string(sshd.path("user")).unwrap();
    let known = fs::read_to_string(sshd.path("known_hosts")).unwrap();
    let jobs = github(&lab, &key.replace('\n', "\r\n"), &known).run(WORKFLOWS[1]);
    assert!(!jobs["plan"].failed && !jobs["apply"].failed, "{jobs:?}");
    assert_eq!(fs::read_to_string(place).unwrap(), "PORT=8080\n");
    let mut calls = lab.calls();
    calls.retain(|call| call.starts_with("[ssh-agent]"));
    let twice = ["[ssh-agent] -s", "[ssh-agent] -k"].repeat(2);
    assert_eq!(calls, twice, "each job ends its own");
    for job in jobs.values() {
        hides_secrets(&job.log);
        assert!(!job.log.contains("PRIVATE KEY"), "{job:?}");
    }
}

#[test]
fn a_key_that_is_none_and_a_host_that_nobody_knows_are_told() {
    let Some((lab, sshd, place)) = stage() else {
        return;
    };
    let known = fs::read_to_string(sshd.path("known_hosts")).unwrap();
    let jobs = github(&lab, "c4naryKey", &known).run(WORKFLOWS[1]);
    let said = jobs["plan"].obeyed.last().unwrap();
    assert!(
        said.contains("DRIFTLOCK_CI_SSH_KEY is not a private key"),
        "{said}"
    );
    assert!(!jobs["plan"].log.contains("c4naryKey"), "{jobs:?}");
    assert_eq!(lab.calls(), ["[ssh-agent] -s", "[ssh-agent] -k"]);
    let key = fs::read_to_string(sshd.path("user")).unwrap();
    let jobs = github(&lab, &key, "").run(WORKFLOWS[1]);
    assert!(jobs["plan"].failed && !jobs["apply"].ran, "{jobs:?}");
    assert_eq!(jobs["plan"].outputs["exit-code"], "1");
    assert!(!place.exists());
}
