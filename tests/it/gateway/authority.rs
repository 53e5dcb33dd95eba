//! The manifest is code: an edit that leads a token of a gateway elsewhere, or runs something else
//! for it, waits until a person says so. Until then nothing is written, run or sent.

use std::path::PathBuf;

use super::lab::{BOTH, Lab, NEW, OLD, TOKEN, config, write_private};
use crate::probe::server::{Reply, Server};
use crate::support::sshd::script;

/// A gateway that takes any token, and keeps them all.
fn gateway() -> Server {
    Server::start(|request| match request.header("authorization") {
        Some(_) => {
            let body = b"{\"ok\":false,\"error\":{\"type\":\"invalid_request\"}}";
            let kind = "content-type: application/json\r\n".to_owned();
            Reply::Answer(400, kind, body.to_vec())
        }
        None => Reply::status(401),
    })
}

/// An installation whose target was applied once, in words that a person agreed to.
struct Agreed {
    lab: Lab,
    honest: Server,
    thief: Server,
}

impl Agreed {
    fn new() -> Self {
        let agreed = Self {
            lab: Lab::of("{ machine: here }"),
            honest: gateway(),
            thief: gateway(),
        };
        agreed.lab.config(&config(OLD));
        agreed.as_it_was();
        agreed
            .lab
            .take_over()
            .success()
            .says("it works POST /tools/invoke of its gateway");
        agreed.lab.in_sync();
        agreed
    }

    fn as_it_was(&self) {
        self.lab.target(&self.address(""), TOKEN, &self.activate());
    }

    fn address(&self, more: &str) -> String {
        format!(
            "{{ machine: here, url: 'http://127.0.0.1:{}'{more} }}",
            self.honest.port
        )
    }

    fn elsewhere(&self, fields: &str) -> String {
        format!(
            "{{ {fields}, url: 'http://127.0.0.1:{}' }}",
            self.honest.port
        )
    }

    fn trace(&self) -> PathBuf {
        self.lab.world.path("trace")
    }

    fn activate(&self) -> String {
        format!("    activate: touch {}\n", self.trace().display())
    }

    /// This edit is held, whether there is something to write or not, and lets nothing out.
    fn held(&self, words: &str, address: &str, uses: &str, more: &str) {
        let lab = &self.lab;
        for stored in [NEW, OLD] {
            lab.config(&config(stored));
            lab.target(address, uses, more);
            let asked = self.honest.seen().len();
            let before = lab.homes();
            lab.run("plan").says(words);
            let apply = lab.run("apply --yes");
            if stored == OLD {
                apply.exits(3).says("--allow authority@gateway");
            }
            lab.run("doctor").says("probe ?");
            lab.run("doctor OPENCLAW_GATEWAY_TOKEN --json");
            assert!(before == lab.homes(), "{words}: something was written");
            assert!(!self.trace().exists(), "{words}: something was run");
            assert_eq!(
                self.honest.seen().len(),
                asked,
                "{words}: something was sent"
            );
            assert!(
                self.thief.seen().is_empty(),
                "{words}: the token was sent away"
            );
        }
        lab.config(&config(NEW));
        self.as_it_was();
        lab.in_sync();
    }
}

#[test]
fn another_place_for_the_token_is_held() {
    let agreed = Agreed::new();
    let (lab, activate) = (&agreed.lab, agreed.activate());
    for name in [".openclaw-work", "other"] {
        write_private(
            &lab.world.home(name).join("openclaw.json"),
            &config("c4nary-of-another"),
        );
    }
    write_private(&lab.world.home("config.json"), &config("c4nary-of-another"));
    let thief = format!(
        "{{ machine: here, url: 'http://127.0.0.1:{}' }}",
        agreed.thief.port
    );
    agreed.held("new probe of gateway", &thief, TOKEN, &activate);
    agreed.held(
        "new probe of gateway",
        "{ machine: here }",
        TOKEN,
        &activate,
    );
    for (words, more) in [
        ("target gateway goes to", ", state: ~/other"),
        ("target gateway goes to", ", state: ~/.openclaw"),
        ("target gateway goes to", ", profile: work"),
        ("target gateway goes to", ", config: ~/config.json"),
    ] {
        agreed.held(words, &agreed.address(more), TOKEN, &activate);
    }
    let any = agreed.elsewhere("machine: any");
    agreed.held("target gateway goes to", &any, TOKEN, &activate);
}

#[test]
fn a_machine_that_becomes_a_host_gets_nothing() {
    let mut agreed = Agreed::new();
    let bin = agreed.lab.world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let seen = agreed.lab.world.path("seen");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >>{0}\ndd bs=65536 count=1 >>{0} 2>/dev/null\nexit 255\n",
        seen.display()
    );
    script(&bin.join("ssh"), &text);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    agreed.lab.world.variable("PATH", &path);
    // the same word as before, and it means another thing
    agreed
        .lab
        .target(&agreed.elsewhere("host: here"), TOKEN, &agreed.activate());
    agreed
        .lab
        .run("plan")
        .says("target gateway goes to openclaw ssh here:~/.openclaw");
    let apply = agreed.lab.run("apply --yes");
    assert!([1, 3].contains(&apply.code), "{}", apply.all());
    agreed.lab.run("doctor").says("probe ?");
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(!seen.is_empty() && !seen.contains("c4nary"), "{seen}");
}

#[test]
fn what_runs_for_the_token_is_held() {
    let agreed = Agreed::new();
    let address = agreed.address("");
    let other = format!("    activate: touch {}2\n", agreed.trace().display());
    let unit = "    activate: { systemd: gateway.service, user: true }\n";
    let running = format!(
        "{}    running: {{ systemd: other.service, user: true }}\n",
        agreed.activate()
    );
    for (words, more) in [
        ("an apply on gateway does: run `touch", other.as_str()),
        ("an apply on gateway does: restart gateway.service", unit),
        ("an apply on gateway does: restart the OpenClaw gateway", ""),
        ("where gateway is seen running: other.service", &running),
    ] {
        agreed.held(words, &address, TOKEN, more);
    }
    assert!(!agreed.lab.world.path("trace2").exists());
}

#[test]
fn another_secret_is_held_and_so_is_another_installation() {
    let agreed = Agreed::new();
    let (lab, activate) = (&agreed.lab, agreed.activate());
    agreed.held("new probe of gateway", &agreed.address(""), BOTH, &activate);
    // a known secret of this manifest in its place
    let known = "{ OPENCLAW_GATEWAY_TOKEN: { from: TOKEN } }, { OPENCLAW_HOOKS_TOKEN: { template: 'x${TOKEN}' } }";
    agreed.held(
        "new probe of gateway",
        &agreed.address(""),
        known,
        &activate,
    );
    let second = format!(
        "  gateway:\n    openclaw: {}\n{activate}    variables: [{TOKEN}]\n  second:\n    openclaw: {{ machine: here, state: ~/second, url: 'http://127.0.0.1:{}' }}\n{activate}    variables: [{TOKEN}]\n",
        agreed.address(""),
        agreed.thief.port
    );
    write_private(&lab.world.home("second/openclaw.json"), &config(OLD));
    crate::hosts::service::retarget(&lab.world, &second);
    let before = lab.homes();
    lab.run("apply --yes")
        .exits(3)
        .says("new target second at openclaw here:~/second")
        .says("--allow authority@second");
    lab.run("doctor").says("probe ?");
    assert!(before == lab.homes() && agreed.thief.seen().is_empty());
}

#[test]
fn what_a_person_agreed_to_is_done() {
    let agreed = Agreed::new();
    let lab = &agreed.lab;
    let thief = format!(
        "{{ machine: here, url: 'http://127.0.0.1:{}' }}",
        agreed.thief.port
    );
    lab.target(&thief, TOKEN, &agreed.activate());
    // a person may ask before that
    lab.run("doctor --probe").success();
    assert_eq!(agreed.thief.seen().len(), 2, "with the token, and without");
    lab.config(&config(OLD));
    lab.run("apply --yes").exits(3);
    lab.run("apply --yes --allow authority@gateway").success();
    assert_eq!(agreed.thief.seen().len(), 4);
    lab.run("doctor").success();
    lab.in_sync();
}
