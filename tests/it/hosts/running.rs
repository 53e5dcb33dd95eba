//! What runs, beside what is stored: a real unit that reads the target's file, and is asked itself.

use std::fs;

use super::service::{CANARY, Vps, retarget, secret};
use super::stage::uses;

const OLD: &str = "c4nary-abc123old";
const NEW: &str = "c4nary-xyz789new";

/// Applied once, so that the service runs with [`OLD`].
fn applied() -> Option<Vps> {
    let vps = Vps::in_world(secret(OLD))?;
    vps.unit("app.env", "");
    retarget(&vps.stage.world, &vps.target(&uses("AUTH")));
    let plan = vps.run("plan").success();
    plan.says("Apply will restart").says(&vps.app());
    assert_eq!(vps.starts(), 0, "a plan starts nothing");
    vps.run("apply --yes").success().says("done: restart");
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(OLD));
    assert_eq!(vps.starts(), 1);
    vps.in_sync();
    Some(vps)
}

#[test]
fn a_new_value_runs_after_one_restart() {
    let Some(vps) = applied() else { return };
    vps.set("AUTH", NEW);
    vps.run("plan").success().says("Apply will restart");
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(OLD));
    let done = vps.run("apply --yes").success();
    done.says("1 written").says("read back").says("done: restart");
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(NEW));
    assert_eq!(vps.starts(), 2);
    vps.in_sync();
    vps.run("apply --yes").success();
    assert_eq!(vps.starts(), 2, "nothing is left to put in force");
}

#[test]
fn an_edit_by_hand_is_drift_and_is_undone_with_one_restart() {
    let Some(vps) = applied() else { return };
    vps.stage.far_write("app.env", "AUTH=c4nary-by-hand\n");
    let plan = vps.run("plan --detailed-exitcode").exits(2);
    plan.says("drift").says("changed outside");
    vps.run("apply --yes").success();
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(OLD));
    assert_eq!(vps.starts(), 2);
    vps.in_sync();
}

#[test]
fn what_is_stored_and_does_not_run_is_told_since_when_and_restarted_only() {
    let Some(vps) = applied() else { return };
    vps.set("AUTH", NEW);
    vps.stage.far_write("app.env", &format!("AUTH={NEW}\n"));
    let at = vps.written_later();
    let text = vps.stage.far_text("app.env");
    let plan = vps.run("plan --detailed-exitcode").exits(2);
    let date = at.strftime("%Y-%m-%d %H:%M").to_string();
    plan.says("stored but not running: AUTH")
        .says(&format!("since {date}"))
        .says("started before the values were stored")
        .says("Apply will restart");
    let status = vps.run("status");
    status.says("AUTH").says("not running");
    let done = vps.run("apply --yes").success();
    done.says("done: restart").says("nothing written");
    assert_eq!(vps.stage.far_text("app.env"), text, "the file was right");
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(NEW));
    assert_eq!(vps.starts(), 2);
    vps.in_sync();
}

#[test]
fn a_unit_that_has_its_values_from_elsewhere_is_not_restarted_for_ever() {
    let Some(vps) = Vps::in_world(secret(OLD)) else {
        return;
    };
    vps.unit_without_file("Environment=AUTH=c4nary-from-the-unit");
    retarget(&vps.stage.world, &vps.target(&uses("AUTH")));
    let failed = vps.run("apply --yes").exits(4);
    failed
        .says("1 written")
        .says("what runs is not what is stored")
        .says("not in force on 1 target");
    // now the clocks can tell that it started after the file was written
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 30);
    let file = fs::File::options()
        .append(true)
        .open(vps.stage.far("app.env"));
    file.unwrap().set_modified(long_ago).unwrap();
    let plan = vps.run("plan").success();
    plan.says("stored but not running: AUTH")
        .says("is not given this file by what starts it")
        .says("a restart does not help");
    let starts = vps.starts();
    for _ in 0..2 {
        vps.run("apply --yes");
    }
    assert_eq!(vps.starts(), starts, "it was restarted in vain");
}

#[test]
fn a_unit_that_may_read_the_file_by_itself_is_restarted_once() {
    let Some(vps) = Vps::in_world(secret(OLD)) else {
        return;
    };
    vps.unit_without_file("");
    retarget(&vps.stage.world, &vps.target(&uses("AUTH")));
    vps.run("apply --yes").success();
    assert_eq!(vps.starts(), 1);
    let plan = vps.run("plan --detailed-exitcode").success();
    plan.says("what runs is not known")
        .says("the program may read the file by itself");
    vps.run("apply --yes").success();
    assert_eq!(vps.starts(), 1);
}

#[test]
fn a_restart_that_fails_is_told_apart_from_the_write_and_owed() {
    let Some(vps) = applied() else { return };
    let broken = vps.stage.far("broken");
    vps.unit(
        "app.env",
        &format!("ExecStartPre=/usr/bin/test ! -e {}", broken.display()),
    );
    vps.systemctl("daemon-reload");
    fs::write(&broken, "").unwrap();
    vps.set("AUTH", NEW);
    let failed = vps.run("apply --yes").exits(4);
    failed
        .says("1 written")
        .says("stored, but failed to restart")
        .says("journalctl --user")
        .says("not in force on 1 target");
    assert!(vps.stage.far_text("app.env").contains(NEW));
    let plan = vps.run("plan --detailed-exitcode").exits(2);
    plan.says("does not run").says("Apply will restart");
    let json = vps.run("apply --yes --json").exits(4);
    assert!(!json.stdout.contains(CANARY));
    fs::remove_file(&broken).unwrap();
    vps.run("apply --yes").success().says("done: restart");
    assert_eq!(vps.runs_with("AUTH").as_deref(), Some(NEW));
    vps.in_sync();
}
