//! SIGTERM in the midst of something that hangs: the loop ends within five seconds, and what it leaves
//! behind is the truth.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::faults::{Fault, Which};
use crate::support::fake_railway::handles::EnvironmentAt;
use crate::support::railway::fake;
use crate::support::world::World;

use super::{Loop, applied, text};

/// What is promised.
const LIMIT: Duration = Duration::from_secs(5);
/// What a machine with other work may add.
const SLACK: Duration = Duration::from_secs(2);

impl Loop {
    /// Sends SIGTERM; its exit code, which comes in time.
    #[track_caller]
    fn ended_in_time(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let begun = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        let took = begun.elapsed();
        assert!(took < LIMIT + SLACK, "{took:?}\n{}", self.log());
        println!("ended after {took:?} with {status}");
        status.code()
    }
}

/// A world whose `app` is a service of this environment.
fn on_railway(fake: &FakeRailway, mode: &str, value: &str) -> (World, EnvironmentAt) {
    let production = fake.project("aurora").environment("production");
    production.service("api").set("A", "one");
    let mut world = World::new();
    world.variable("DRIFTLOCK_RAILWAY_URL", &fake.url());
    world.variable("RAILWAY_TOKEN", &production.token());
    declare(&world, mode, value);
    (world, production)
}

fn declare(world: &World, mode: &str, value: &str) {
    let text = format!(
        "driftlock: 1\nname: dev\nreconcile: {{ mode: {mode} }}\nvariables:\n  A: {value}\ntargets:\n  app: {{ railway: {{ project: aurora, environment: production, service: api }}, variables: [A] }}\n"
    );
    world.write("manifests/dev.yaml", text);
}

#[test]
fn a_read_that_hangs() {
    let Some(fake) = fake() else { return };
    let (world, production) = on_railway(&fake, "observe", "one");
    world.run("apply --yes").success();
    fake.clear_record();
    fake.fault(Fault::Hang.times(50));
    let mut one = Loop::start(&world, "");
    one.waits_for("a question", || !fake.requests().is_empty());
    assert_eq!(one.ended_in_time(), Some(0));
    fake.clear_faults();
    world.run("plan").success().says("No changes");
    assert_eq!(production.service("api").value("A").unwrap(), "one");
}

#[test]
fn a_write_that_hangs_after_it_was_taken() {
    let Some(fake) = fake() else { return };
    let (world, production) = on_railway(&fake, "apply", "one");
    world.run("apply --yes").success();
    declare(&world, "apply", "two");
    fake.fault(Fault::Hang.after_effect().on(Which::Mutations));
    let mut one = Loop::start(&world, "");
    let written = || production.service("api").value("A").unwrap() == "two";
    one.waits_for("the write", written);
    one.ended_in_time();
    // what nobody knows is not called done, and the next run finds out
    let plan = world.run("plan").success();
    assert!(
        plan.all().contains("did not say how it ended"),
        "{}",
        plan.all()
    );
    fake.finish_workflows();
    world.run("apply --yes").success();
    world.run("plan").success().says("No changes");
    assert_eq!(production.service("api").value("A").unwrap(), "two");
}

#[test]
fn a_restart_that_hangs() {
    let world = World::new();
    let [hang, begun] = ["hang", "begun"].map(|name| world.path(name));
    let restart = format!(
        "test ! -e {} || {{ touch {}; exec sleep 617; }}",
        hang.display(),
        begun.display()
    );
    let declare = |value: &str| {
        let more = format!("variables: [A, B], activate: '{restart}' }}");
        let text = text("dev", super::APPLY, value, "b").replace("variables: [A, B] }", &more);
        world.write("manifests/dev.yaml", text);
    };
    declare("one");
    world.run("apply --yes").success();
    declare("two");
    std::fs::write(&hang, "").unwrap();
    let mut one = Loop::start(&world, "");
    one.waits_for("the restart", || begun.exists());
    one.ended_in_time();
    assert_eq!(world.read("dev.env"), "A=two\nB=b\n");
    std::fs::remove_file(&hang).unwrap();
    // stored and not in force: the next apply restarts, though nothing is to be written
    world.run("plan").success().says("Apply will run");
    world.run("apply --yes").success();
    world.run("plan").success().says("No changes");
}

#[test]
fn a_receiver_that_hangs() {
    let world = applied("");
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let text = format!(
        "driftlock-alerts: 1\nsinks:\n  ops: {{ webhook: {{ url: 'http://127.0.0.1:{port}/' }} }}\n"
    );
    let path = world.config("driftlock/alerts.yaml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    world.write("dev.env", "A=outside\nB=b\n");
    let one = Loop::start(&world, "");
    // taken and never answered
    let (_held, _) = receiver.accept().unwrap();
    assert_eq!(one.ended_in_time(), Some(0));
    drop(receiver);
    // it is open, and the next run knows that nobody was told
    world.run("alert list").success().says("drift");
}

#[test]
fn a_remote_of_the_journal_that_hangs() {
    let Some(team) = crate::shared::lab::Team::new(&[("A", "one")]) else {
        return;
    };
    let world = team.clone();
    world.run("journal move git").success();
    world.run("apply --yes").success();
    // git asks a remote that takes the question and says nothing
    let remote = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = remote.local_addr().unwrap().port();
    let address = format!("git://127.0.0.1:{port}/journal.git");
    crate::shared::lab::sure(&world.path(""), &["remote", "set-url", "origin", &address]);
    let one = Loop::start(&world, "");
    let (_held, _) = remote.accept().unwrap();
    one.ended_in_time();
    drop(remote);
    let back = format!("file://{}", team.remote().display());
    crate::shared::lab::sure(&world.path(""), &["remote", "set-url", "origin", &back]);
    world.run("plan").success().says("No changes");
    world.run("apply --yes").success();
}

#[test]
fn one_that_was_told_before_it_looked_ends_as_well() {
    let world = applied("");
    let mut one = Loop::start(&world, "");
    one.hears_times(1, |line| line["message"] == "began");
    assert_eq!(one.ended_in_time(), Some(0));
}
