//! How a round ends, and what is refused before anything is read.

use super::{APPLY, Loop, alert, applied, round, text};
use crate::support::world::World;

#[test]
fn exit_codes_of_a_round() {
    let world = applied("");
    round(&world, "--detailed-exitcode", 0);
    world.write("dev.env", "A=outside\nB=b\n");
    round(&world, "", 0);
    let open = round(&world, "--detailed-exitcode", 2);
    assert_eq!(open["exit"]["outcome"], "differences");
    std::fs::remove_file(world.path("dev.env")).unwrap();
    std::fs::create_dir(world.path("dev.env")).unwrap();
    let unread = round(&world, "--detailed-exitcode", 1);
    assert_eq!(unread["manifests"][0]["targets"][0]["look"]["is"], "failed");
    // it is written where the round did not go well, too
    let run = world
        .run("reconcile --once --metrics-file metrics.prom")
        .exits(1);
    let page = world.read("metrics.prom");
    assert!(
        page.contains(r#"failing_looks{manifest="dev",target="app"} 1"#),
        "{page}\n{}",
        run.all()
    );
}

#[test]
fn what_is_not_meant_is_refused_before_anything_is_read() {
    let world = World::new();
    world.write("manifests/dev.yaml", text("dev", APPLY, "one", "b"));
    for line in [
        "--every 9s --once",
        "--every x --once",
        "--budget railway=0 --once",
        "--budget file=7 --once",
        "--budget railway --once",
        "--listen 127.0.0.1 --once",
        "--listen nowhere",
        "--listen 127.0.0.1:0 --once",
        "--metrics-file x.prom",
        "--detailed-exitcode",
        "--json",
        "--log-format xml",
        "--log-format json --once",
        "--accept-rewind 0123456789ab --once",
        "--checkout https://me:x@127.0.0.1:1/x --once",
    ] {
        let run = world.run(&format!("reconcile {line}"));
        assert_eq!(run.code, 64, "{line}: {}", run.all());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    world
        .run(&format!("reconcile --listen {address}"))
        .exits(1)
        .says(&address.to_string());
    let settings = "driftlock-alerts: 1\nsinks: { ops: { slack_webhook: { url_env: NOT_SET } } }\n";
    world.write("../config/driftlock/alerts.yaml", settings);
    for line in ["reconcile --once", "reconcile"] {
        world.run(line).exits(1).says("NOT_SET");
    }
    assert!(!world.journal().exists(), "nothing was opened");
    assert!(!world.path("dev.env").exists());
}

#[test]
fn two_loops_on_one_journal_tell_and_write_once() {
    let world = applied(APPLY);
    world.write("dev.env", "A=outside\nB=b\n");
    world.write("manifests/dev.yaml", text("dev", APPLY, "one", "moved"));
    let mut loops = [Loop::start(&world, ""), Loop::start(&world, "")];
    loops[0].waits_for("one of them writes", || {
        world.read("dev.env").contains("B=moved")
    });
    world.write("dev.env", "A=elsewhere\nB=moved\n");
    // whoever sees it first tells it
    let listed = || world.run("alert list --json").stdout;
    loops[0].waits_for("it is told", || listed().contains("drift"));
    let logs: Vec<_> = loops.into_iter().flat_map(Loop::ends).collect();
    let count =
        |is: &dyn Fn(&serde_json::Value) -> bool| logs.iter().filter(|line| is(line)).count();
    assert_eq!(count(&alert("opened", "dev", "drift")), 1, "{logs:#?}");
    assert_eq!(count(&|line| line["message"] == "applied"), 1, "{logs:#?}");
    assert_eq!(world.read("dev.env"), "A=elsewhere\nB=moved\n");
}
