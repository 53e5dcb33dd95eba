//! What was stored is put in force: once, after all writes, and its failure is no failed write.

use std::fs;

use super::stage::{Stage, uses};

/// A target whose activation adds a line to `log` on the VPS.
fn counted(stage: &Stage, name: &str, file: &str, names: &str) -> String {
    let log = stage.far("log");
    let line = format!("    activate: echo up >> {}\n", log.display());
    stage.target(name, file, &(line + &uses(names)))
}

fn count(stage: &Stage) -> usize {
    fs::read_to_string(stage.far("log")).map_or(0, |text| text.lines().count())
}

#[test]
fn it_happens_once_for_all_targets_of_a_machine() {
    let Some(stage) = Stage::new() else { return };
    let targets = counted(&stage, "a", "a.env", "A") + &counted(&stage, "b", "b.env", "A");
    stage.declare(&[("A", "1")], &targets);
    let plan = stage.run("plan").success();
    plan.says("Apply will run `echo up").says("(a, b)");
    assert_eq!(count(&stage), 0, "a plan runs nothing");
    stage.run("apply --yes").success().says("done: run");
    assert_eq!(count(&stage), 1);
    stage.in_sync();
    stage.run("apply --yes").success();
    assert_eq!(
        count(&stage),
        1,
        "nothing was written, so nothing is restarted"
    );
}

#[test]
fn what_failed_is_told_apart_from_the_write_and_tried_again() {
    let Some(stage) = Stage::new() else { return };
    let gate = stage.far("gate");
    let activate = format!(
        "    activate: test -e {} && echo up >> {}\n",
        gate.display(),
        stage.far("log").display()
    );
    let target = stage.target("vps", ".env", &(activate + &uses("A")));
    stage.declare(&[("A", "1")], &target);
    let failed = stage.run("apply --yes").exits(4);
    failed
        .clone()
        .says("1 written")
        .says("stored, but failed to run")
        .says("not in force on 1 target");
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("stored but not running");
    fs::write(&gate, "").unwrap();
    stage.run("apply --yes").success().says("done: run");
    assert_eq!(count(&stage), 1);
    stage.in_sync();
}

#[test]
fn no_activate_stores_only_and_the_next_apply_owes_it() {
    let Some(stage) = Stage::new() else { return };
    stage.declare(&[("A", "1")], &counted(&stage, "vps", ".env", "A"));
    stage
        .run("apply --yes --no-activate")
        .success()
        .says("stored only");
    assert_eq!(count(&stage), 0);
    stage.run("plan --detailed-exitcode").exits(2);
    stage.run("apply --yes").success();
    assert_eq!(count(&stage), 1);
    stage.in_sync();
}

#[test]
fn on_this_machine_too() {
    let Some(stage) = Stage::new() else { return };
    let log = stage.far("log");
    let target = format!(
        "  here:\n    file: {{ path: ../.env }}\n    activate: echo up >> {}\n{}",
        log.display(),
        uses("A")
    );
    stage.declare(&[("A", "1")], &target);
    stage.run("apply --yes").success();
    assert_eq!(count(&stage), 1);
    assert_eq!(stage.sshd.logins(), 0);
}

#[test]
fn a_new_command_waits_for_a_person() {
    let Some(stage) = Stage::new() else { return };
    stage.declare(&[("A", "1")], &stage.target("vps", ".env", &uses("A")));
    stage.run("apply --yes").success();
    stage.declare(&[("A", "2")], &counted(&stage, "vps", ".env", "A"));
    let held = stage.run("apply --yes").exits(3);
    held.says("authority");
    assert_eq!(count(&stage), 0);
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage.run("apply --yes --allow authority@vps").success();
    assert_eq!(count(&stage), 1);
    stage.in_sync();
}
