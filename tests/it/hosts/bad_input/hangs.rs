//! Activations that do not end, and people who do not wait for them.

use std::fs;
use std::time::{Duration, Instant};

use super::super::stage::{Stage, uses};
use super::{HERE, ended, start, terminate};
use crate::support::sshd::Far;

/// What nobody waits for.
const SOON: Duration = Duration::from_secs(30);

/// Says that it began, waits for a gate, and says that it ended.
fn gated(stage: &Stage, more: &str) -> String {
    let line = format!(
        "echo begun >>{log}; until [ -e {gate} ]; do sleep 0.1; done; echo up >>{log}",
        log = stage.far("log").display(),
        gate = stage.far("gate").display()
    );
    let activate = format!("    activate: {{ command: \"{line}\"{more} }}\n");
    stage.target("vps", ".env", &(activate + &uses("A")))
}

fn log(stage: &Stage) -> String {
    fs::read_to_string(stage.far("log")).unwrap_or_default()
}

fn wait_for(what: &str, met: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !met() {
        assert!(Instant::now() < until, "{what}");
        std::thread::yield_now();
    }
}

/// What it was written for is owed, until it was done once.
#[track_caller]
fn is_owed(stage: &Stage) {
    assert_eq!(stage.far_text(".env"), "A=1\n");
    stage
        .run("plan --detailed-exitcode")
        .exits(2)
        .says("stored but not running");
    fs::write(stage.far("gate"), "").unwrap();
    // what still went on there comes to its end now, and writes its line
    let _from_before = fs::remove_file(stage.far("log"));
    stage.run("apply --yes").success().says("done: run");
    assert!(log(stage).contains("begun\nup\n"));
    stage.in_sync();
}

#[test]
fn one_that_takes_too_long_is_in_doubt_and_owed() {
    let Some(stage) = Stage::new() else { return };
    let targets = gated(&stage, ", timeout: 1s") + HERE;
    stage.declare(&[("A", "1"), ("B", "2")], &targets);
    let began = Instant::now();
    let run = stage.run("apply --yes").exits(4);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    run.says("2 written")
        .says("stored, but nobody knows whether it did run")
        .says("did not end within 1 s")
        .says("not in force on 1 target");
    assert_eq!(log(&stage), "begun\n");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    is_owed(&stage);
}

#[test]
fn the_longest_limit_of_those_who_share_it_counts() {
    let Some(stage) = Stage::new() else { return };
    let short = gated(&stage, ", timeout: 1s");
    let long = gated(&stage, ", timeout: 60s")
        .replacen("  vps:", "  second:", 1)
        .replacen("/.env", "/second.env", 1);
    stage.declare(&[("A", "1")], &(short + &long));
    let run = start(&stage, "apply --yes");
    wait_for("it is run", || !log(&stage).is_empty());
    let begun = Instant::now();
    wait_for("longer than the short limit", || {
        begun.elapsed() > Duration::from_millis(2500)
    });
    fs::write(stage.far("gate"), "").unwrap();
    ended(run).success();
    assert_eq!(log(&stage), "begun\nup\n", "once for both");
    stage.in_sync();
}

#[test]
fn a_signal_during_it_ends_the_run_with_the_truth_told_and_recorded() {
    for signal in ["TERM", "INT"] {
        let Some(stage) = Stage::new() else { return };
        stage.declare(&[("A", "1"), ("B", "2")], &(gated(&stage, "") + HERE));
        let run = start(&stage, "apply --yes");
        wait_for("it is run", || !log(&stage).is_empty());
        let asked = Instant::now();
        terminate(&run, signal);
        let run = ended(run).exits(4);
        assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
        run.says("2 written")
            .says("nobody knows whether it did run")
            .says("the run was interrupted while it went on")
            .says("look there")
            .says("stopped by a signal");
        assert_eq!(stage.world.read("here.env"), "B=2\n");
        stage
            .run("history --json")
            .success()
            .says("\"A\"")
            .says("\"B\"");
        is_owed(&stage);
    }
}

#[test]
fn a_signal_ends_the_command_of_this_machine_too() {
    let Some(stage) = Stage::new() else { return };
    let pid = stage.far("pid");
    let target = format!(
        "  here:\n    file: {{ path: ../here.env }}\n    activate: \"echo $$ >{0}.new; mv {0}.new {0}; exec sleep 1000\"\n{1}",
        pid.display(),
        uses("B")
    );
    stage.declare(&[("B", "2")], &target);
    let run = start(&stage, "apply --yes");
    wait_for("it is run", || pid.exists());
    terminate(&run, "TERM");
    ended(run)
        .exits(4)
        .says("the run was interrupted while it went on");
    let process = fs::read_to_string(&pid).unwrap();
    let state = format!("/proc/{}/stat", process.trim());
    wait_for("its process ends with the run", || {
        fs::read_to_string(&state).map_or(true, |text| text.contains(") Z "))
    });
}

#[test]
fn a_signal_while_a_host_is_waited_for_ends_the_run_too() {
    let Some(stage) = Stage::new() else { return };
    super::declare_one(&stage);
    let begun = stage.sshd.path("begun");
    // the second login is the one of the apply's own look
    let profile = format!("echo >'{}'; exec sleep 1000", begun.display());
    stage.sshd.profile(Far::Own, &profile);
    let run = start(&stage, "apply --yes");
    wait_for("it logs in", || begun.exists());
    let asked = Instant::now();
    terminate(&run, "TERM");
    let run = ended(run);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_ne!(run.code, 0);
    assert!(!stage.world.path("here.env").exists());
    stage.sshd.profile(Far::Own, "");
    super::mended(&stage);
}
