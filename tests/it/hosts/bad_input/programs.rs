//! Units, jobs and commands that are not there, or do not let themselves be run.

use std::fs;

use super::super::stage::{Stage, uses};
use super::{declare, forget};
use crate::support::sshd::{Far, script};

/// Programs of the far side that stand in for the system's.
fn stand_in(stage: &Stage, programs: &[(&str, &str)]) {
    let folder = stage.sshd.path("stand-ins");
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in programs {
        script(&folder.join(name), text);
    }
    let profile = format!("PATH='{}':$PATH; export PATH", folder.display());
    stage.sshd.profile(Far::Own, &profile);
}

const CANARY: &str = "canary-of-a-program-17";

/// Written, not in force, said apart from the write, and owed.
#[track_caller]
fn not_in_force(stage: &Stage, words: &[&str]) {
    let run = stage.run("apply --yes").exits(4);
    let run = run
        .says("2 written")
        .says("stored, but failed to")
        .hides(CANARY);
    words.iter().fold(run, |run, words| run.says(words));
    assert_eq!(stage.far_text(".env"), "A=1\n");
    assert_eq!(stage.world.read("here.env"), "B=2\n");
    let plan = stage.run("plan").hides(CANARY);
    plan.says("Apply will").says("to put in force");
    let again = stage.run("apply --yes").exits(4).hides(CANARY);
    words.iter().fold(again, |run, words| run.says(words));
    fs::remove_file(stage.far(".env")).unwrap();
    forget(stage);
}

fn activated(stage: &Stage, activate: &str) {
    let more = format!("    activate: {activate}\n{}", uses("A"));
    declare(stage, &stage.target("vps", ".env", &more));
}

#[test]
fn a_command_that_fails_or_is_not_there_shows_nothing_of_what_it_prints() {
    let Some(stage) = Stage::new() else { return };
    let fails = format!("echo {CANARY}; echo {CANARY} >&2; exit 3");
    activated(&stage, &format!("\"{}\"", fails.replace(CANARY, "$SECRET")));
    // its own words, not the manifest's
    let program = stage.sshd.path("fails");
    script(&program, &format!("#!/bin/sh\n{fails}\n"));
    activated(&stage, &program.display().to_string());
    not_in_force(
        &stage,
        &[
            "it ended with status 3 and printed 2 lines, not shown here",
            "run it by hand on that machine",
        ],
    );
    activated(&stage, "no-such-program --now");
    not_in_force(&stage, &["there is no such program there (status 127)"]);
    fs::write(stage.far("plain"), "").unwrap();
    activated(&stage, &stage.far("plain").display().to_string());
    not_in_force(&stage, &["it may not be run there (status 126)"]);
    activated(&stage, "kill -9 $$");
    not_in_force(&stage, &["it was ended by signal 9"]);
    activated(&stage, "true");
    stage.run("apply --yes").success();
    stage.in_sync();
}

#[test]
fn a_unit_that_systemd_does_not_know_or_may_not_restart() {
    let Some(stage) = Stage::new() else { return };
    activated(&stage, "{ systemd: app }");
    let unknown = "#!/bin/sh\necho LoadState=not-found\necho ActiveState=inactive\n";
    stand_in(&stage, &[("systemctl", unknown)]);
    not_in_force(
        &stage,
        &["there is no unit app.service in the system's manager there"],
    );
    let denied = format!(
        "#!/bin/sh\ncase \" $* \" in *' show '*) printf '%s\\n' LoadState=loaded ActiveState=active SubState=running InvocationID=a MainPID=0 ;;\n\
         *) echo 'Failed to restart app.service: Interactive authentication required. {CANARY}' >&2; exit 1 ;; esac\n"
    );
    stand_in(&stage, &[("systemctl", &denied)]);
    not_in_force(
        &stage,
        &["systemd does not let us restart app.service", "polkit"],
    );
    let none = "#!/bin/sh\necho 'System has not been booted with systemd as init system (PID 1). Can not operate.' >&2\nexit 1\n";
    stand_in(&stage, &[("systemctl", none)]);
    not_in_force(&stage, &["there is no systemd there"]);
}

#[test]
fn a_label_that_launchd_does_not_know() {
    let Some(stage) = Stage::new() else { return };
    activated(
        &stage,
        "{ launchd: org.example.app, plist: /no/such/org.example.app.plist }",
    );
    let launchctl = include_str!("../../activation/launchctl.sh");
    fs::create_dir_all(stage.sshd.path("launchd")).unwrap();
    stand_in(&stage, &[("launchctl", launchctl)]);
    not_in_force(&stage, &["org.example.app"]);
    // nobody is logged in at the screen
    fs::write(stage.sshd.path("launchd/no-domain"), "").unwrap();
    not_in_force(&stage, &["org.example.app"]);
    fs::remove_file(stage.sshd.path("stand-ins/launchctl")).unwrap();
    not_in_force(&stage, &["there is no launchd there"]);
}

#[test]
fn a_compose_file_that_is_not_there() {
    let Some(stage) = Stage::new() else { return };
    activated(&stage, "{ compose: /no/such/compose.yaml }");
    let docker = format!(
        "#!/bin/sh\necho 'open /no/such/compose.yaml: no such file or directory {CANARY}' >&2\nexit 14\n"
    );
    stand_in(&stage, &[("docker", &docker)]);
    not_in_force(&stage, &["compose.yaml"]);
}
