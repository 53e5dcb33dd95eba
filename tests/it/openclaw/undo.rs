//! Fact 11: a gateway undoes edits that were made while it was stopped and lost `meta`.

use std::fs;

use super::{facts, token};
use crate::support::openclaw::{Home, Start};

facts!(
    an_edit_without_meta_while_it_is_stopped_is_undone,
    other_edits_are_not,
);

const FIRST: &str = "first-token";
const OLDER: &str = "older-token";
const ROTATED: &str = "rotated-token";
const EDITED: &str = "edited-token";

/// A config that a command has written twice, so that there is a backup with `meta`.
fn rotated(home: &Home) {
    home.write_config(&token(FIRST));
    patch(home, OLDER);
    patch(home, ROTATED);
}

fn patch(home: &Home, token: &str) {
    let text = format!("{{gateway:{{auth:{{token:\"{token}\"}}}}}}");
    let done = home.cli_with(&["config", "patch", "--stdin"], &[], &text);
    done.success().says("Applied 1 config update(s).");
}

fn an_edit_without_meta_while_it_is_stopped_is_undone(home: &Home) {
    rotated(home);
    home.write_config(&token(EDITED));
    let edited = home.config_text();
    let gateway = home.start(&Start::default());
    let log = gateway.log().text();
    assert!(log.contains("Config auto-restored from backup: "), "{log}");
    assert!(log.contains("(missing-meta-vs-last-good)"), "{log}");
    // neither the edit nor the last rotation is in force
    let found = [OLDER, ROTATED, EDITED].map(|token| gateway.probe(token));
    assert_eq!(found, [400, 401, 401]);
    let backup = fs::read_to_string(home.state("openclaw.json.bak")).unwrap();
    assert_eq!(home.config_text(), backup);
    let [kept] = &home.files("openclaw.json.clobbered.")[..] else {
        panic!("{:?}", home.files(""));
    };
    assert_eq!(fs::read_to_string(home.state(kept)).unwrap(), edited);
}

/// Not while it is stopped, if `meta` is kept, and not while it runs.
fn other_edits_are_not(home: &Home) {
    rotated(home);
    home.write_config_text(&home.config_text().replace(ROTATED, EDITED));
    let gateway = home.start(&Start::default());
    assert_eq!((gateway.probe(EDITED), gateway.probe(ROTATED)), (400, 401));
    let mark = gateway.log().mark();
    gateway.reload(home, &token(FIRST));
    gateway.wait(mark, &["Config observe anomaly: "]);
    assert_eq!((gateway.probe(FIRST), gateway.probe(EDITED)), (400, 401));
    assert_eq!(gateway.stop().code(), Some(0));
    // what it ran with is the measure of what is good from then on
    let gateway = home.start(&Start::default());
    assert_eq!((gateway.probe(FIRST), gateway.probe(OLDER)), (400, 401));
    assert!(home.files("openclaw.json.clobbered.").is_empty());
}
