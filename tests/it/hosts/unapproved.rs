//! The manifest is code: what a revision runs or sends that nobody agreed to is neither run nor
//! sent where nobody is asked, by an apply or by `doctor`.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;

use super::service::{CANARY, retarget, secret};
use crate::support::world::{Run, World};

/// A world whose target was written and whose activation is owed: its command failed.
struct Desk {
    world: World,
    gate: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let world = secret("c4nary-abc");
        let gate = world.path("gate");
        let desk = Self { world, gate };
        desk.declare(&desk.activate(), "");
        desk.run("apply --yes").exits(4).says("failed to run");
        std::fs::write(&desk.gate, "").unwrap();
        desk
    }

    /// What was agreed to.
    fn activate(&self) -> String {
        format!("    activate: test -e {}\n", self.gate.display())
    }

    fn declare(&self, activate: &str, more: &str) {
        let target = format!(
            "  app:\n    file: {{ path: ../app.env }}\n{activate}{more}    variables: [AUTH]\n"
        );
        retarget(&self.world, &target);
    }

    #[track_caller]
    fn run(&self, line: &str) -> Run {
        self.world.run(line).hides(CANARY)
    }
}

#[test]
fn a_new_command_is_not_run_though_a_restart_is_owed() {
    let desk = Desk::new();
    let trace = desk.world.path("trace");
    desk.declare(&format!("    activate: touch {}\n", trace.display()), "");
    let held = desk.run("apply --yes").exits(3);
    held.says("an apply on app does: run `touch")
        .says("--allow authority@app")
        .says("not put in force on 1 target (held)");
    desk.run("apply --yes --json").exits(3).says("\"app\"");
    assert!(!trace.exists());
    // it stays held, and the one that was agreed to is still good
    desk.run("apply --yes").exits(3);
    assert!(!trace.exists());
    let agreed = desk.activate();
    desk.declare(&agreed, "");
    desk.run("apply --yes").success().says("done: run");
    assert!(!trace.exists());
    desk.world.in_sync();
}

#[test]
fn somebody_who_says_so_lets_it_run() {
    let desk = Desk::new();
    let trace = desk.world.path("trace");
    desk.declare(&format!("    activate: touch {}\n", trace.display()), "");
    desk.run("apply --yes --allow authority@app").success();
    assert!(trace.exists());
    desk.world.in_sync();
}

#[test]
fn a_new_probe_runs_nothing_and_sends_nothing() {
    let desk = Desk::new();
    let trace = desk.world.path("trace");
    let thief = TcpListener::bind("127.0.0.1:0").unwrap();
    thief.set_nonblocking(true).unwrap();
    let nobody_came = || match thief.accept() {
        Ok(_) => panic!("the secret was sent"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    };
    let url = format!("http://{}/", thief.local_addr().unwrap());
    let probes = [
        format!("{{ command: \"touch {}\" }}", trace.display()),
        format!("{{ http: \"{url}\", header: {{ X-Auth: \"${{AUTH}}\" }}, timeout: 1s }}"),
        format!("{{ http: \"{url}\", method: post, body: \"${{AUTH}}\", timeout: 1s }}"),
    ];
    let agreed = desk.activate();
    for probe in probes {
        desk.declare(&agreed, &format!("    probe: {probe}\n"));
        // owed only, and with a write
        desk.run("apply --yes")
            .exits(3)
            .says("--allow authority@app");
        desk.run("doctor").says("probe ?");
        desk.run("doctor AUTH");
        let text = desk.world.read("app.env");
        std::fs::write(desk.world.path("app.env"), "AUTH=c4nary-drifted\n").unwrap();
        desk.run("apply --yes").exits(3);
        desk.run("doctor").says("probe ?");
        std::fs::write(desk.world.path("app.env"), text).unwrap();
        assert!(!trace.exists(), "the command was run");
        nobody_came();
    }
    desk.declare(&agreed, "");
    desk.run("apply --yes").success();
    let probe = format!("    probe: {{ command: \"touch {}\" }}\n", trace.display());
    desk.declare(&agreed, &probe);
    for _ in 0..2 {
        let asked = desk.run("doctor").exits(1);
        asked.says("not tried").says("no apply agreed to that yet");
        // nothing is to be done, which agrees to nothing
        desk.run("apply --yes").success();
        assert!(!trace.exists());
    }
    desk.run("apply --yes --allow authority@app").success();
    desk.run("doctor").success();
    assert!(trace.exists(), "what was agreed to is asked");
}

#[test]
fn other_places_and_targets_do_not_get_what_was_agreed_to_for_this_one() {
    let desk = Desk::new();
    let trace = desk.world.path("trace");
    let probe = format!("    probe: {{ command: \"touch {}\" }}\n", trace.display());
    // a new target, and the known one somewhere else
    let target = |name: &str, file: &str| {
        format!(
            "  {name}:\n    file: {{ path: ../{file} }}\n    activate: touch {}\n{probe}    variables: [AUTH]\n",
            trace.display()
        )
    };
    for targets in [target("app", "moved.env"), target("new", "new.env")] {
        retarget(&desk.world, &targets);
        desk.run("apply --yes").exits(3);
        desk.run("doctor");
        assert!(!trace.exists());
        for file in ["moved.env", "new.env"] {
            assert!(!desk.world.path(file).exists(), "{file} was written");
        }
    }
}

#[test]
fn a_header_that_anybody_could_have_made_runs_nothing() {
    let desk = Desk::new();
    let trace = desk.world.path("trace");
    // the same recipients and names, and a file key that somebody else drew
    let recipient = desk.world.read("manifests/dev.yaml");
    let recipient = recipient.lines().find(|line| line.contains("age1"));
    let recipient = recipient.unwrap().trim().trim_start_matches("- ");
    let stranger = secret("c4nary-stranger");
    let key = desk.world.config("driftlock/keys.txt");
    std::fs::copy(key, stranger.config("driftlock/keys.txt")).unwrap();
    std::fs::remove_dir_all(stranger.path("manifests")).unwrap();
    stranger.run("init --yes --name dev").success();
    let text = stranger.read("manifests/dev.yaml");
    assert!(text.contains(recipient));
    desk.world.write("manifests/dev.yaml", text);
    let probe = format!("    probe: {{ command: \"touch {}\" }}\n", trace.display());
    desk.declare(
        &format!("    activate: touch {}\n", trace.display()),
        &probe,
    );
    for write in [None, Some("AUTH=c4nary-stranger\n")] {
        if let Some(text) = write {
            std::fs::write(desk.world.path("app.env"), text).unwrap();
        }
        let held = desk.run("apply --yes");
        assert!(held.code == 3 || held.code == 1, "{}", held.all());
        desk.run("doctor");
        assert!(!trace.exists());
    }
}
