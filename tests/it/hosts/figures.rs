//! Many machines in one run. How long that takes is measured by `cargo bench --bench figures -- ssh`.

use std::fs;

use super::stage::{Stage, uses};

const HOSTS: usize = 20;
const EACH: usize = 5;

fn host(number: usize) -> String {
    format!("vps{number:02}")
}

/// Five files on each of twenty machines, with one activation for each machine.
fn targets(stage: &Stage) -> String {
    let mut targets = String::new();
    for host in (1..=HOSTS).map(host) {
        let folder = stage.far(&host);
        fs::create_dir(&folder).unwrap();
        let folder = folder.display();
        for file in 1..=EACH {
            targets += &format!(
                "  {host}-{file}:\n    file: {{ host: {host}, path: {folder}/{file}.env }}\n    \
                 activate: echo up >> {folder}/log\n{}",
                uses("A")
            );
        }
    }
    targets
}

#[test]
fn each_of_twenty_machines_is_logged_into_once_a_run() {
    let Some(stage) = Stage::new() else { return };
    stage.sshd.also_named("vps??");
    let targets = targets(&stage);
    stage.declare(&[("A", "1")], &targets);
    stage.run("plan").success();
    assert_eq!(stage.sshd.logins(), HOSTS, "a plan");
    stage.run("apply --yes").success();
    assert_eq!(stage.sshd.logins(), 2 * HOSTS, "an apply");
    for host in (1..=HOSTS).map(host) {
        let ups = stage.far_text(&format!("{host}/log"));
        assert_eq!(ups, "up\n", "{host} was restarted once");
        for file in 1..=EACH {
            assert_eq!(stage.far_text(&format!("{host}/{file}.env")), "A=1\n");
        }
    }
    stage.in_sync();
    assert_eq!(stage.sshd.logins(), 3 * HOSTS, "a quiet plan");
}
