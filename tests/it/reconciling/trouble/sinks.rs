//! From the loop to receivers, on days on which those do not want to hear.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

use super::{Loop, applied, round, told};
use crate::probe::server::{Reply, Server};
use crate::support::world::World;

/// Receivers at `/good` and `/bad`, of which the second answers what it is set to.
struct Town {
    world: World,
    server: Server,
    bad: Arc<AtomicU16>,
}

impl Town {
    fn new(bad: u16, after: u32) -> Self {
        let bad = Arc::new(AtomicU16::new(bad));
        let says = Arc::clone(&bad);
        let server = Server::start(move |seen| match seen.head.contains("/bad") {
            true => {
                let header = format!("retry-after: {after}\r\n");
                // once, then it is well again
                let status = match after {
                    1 => says.swap(200, Ordering::SeqCst),
                    _ => says.load(Ordering::SeqCst),
                };
                Reply::Answer(status, header, vec![])
            }
            false => Reply::status(200),
        });
        let world = applied("");
        Self { world, server, bad }
    }

    /// Alerts go to these from now on.
    fn tells(&self, sinks: &[&str]) {
        let port = self.server.port;
        let sinks: String = sinks
            .iter()
            .map(|name| {
                format!("  {name}: {{ webhook: {{ url: 'http://127.0.0.1:{port}/{name}' }} }}\n")
            })
            .collect();
        let text = format!(
            "driftlock-alerts: 1\nsinks:\n{sinks}ping: {{ url: 'http://127.0.0.1:{port}/ping' }}\n"
        );
        let path = self.world.config("driftlock/alerts.yaml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// How often somebody asked for this.
    fn asked(&self, path: &str) -> usize {
        let seen = self.server.seen();
        seen.iter().filter(|one| one.head.contains(path)).count()
    }

    /// What one of them was told: kind and class of each event; `standing` where it is that.
    fn heard(&self, path: &str) -> Vec<String> {
        let seen = self.server.seen();
        let seen = seen.iter().filter(|one| one.head.contains(path));
        seen.flat_map(|one| {
            let body: Value = serde_json::from_slice(&one.body).unwrap();
            let say = |alert: &Value, kind: &Value| {
                format!(
                    "{} {}",
                    kind.as_str().unwrap(),
                    alert["class"].as_str().unwrap()
                )
            };
            let events = body["events"].as_array().unwrap().iter();
            let open = body["open"].as_array().unwrap().iter();
            events
                .map(|one| say(&one["alert"], &one["kind"]))
                .chain(open.map(|one| say(one, &"standing".into())))
                .collect::<Vec<_>>()
        })
        .collect()
    }

    fn lives(&self, text: &str) {
        self.world.write("dev.env", text);
    }
}

#[test]
fn a_receiver_that_is_gone_is_told_by_the_other_once() {
    for status in [404, 410] {
        let town = Town::new(status, 3600);
        town.tells(&["bad", "good"]);
        town.lives("A=outside\nB=b\n");
        // it is not over because nothing was sent to it
        for _ in 0..2 {
            round(&town.world, "", 1);
            assert_eq!(
                town.heard("/good"),
                ["opened drift", "opened delivery"],
                "{status}"
            );
            // of each book one message was tried, and no more today
            assert!(town.asked("/bad") <= 2, "{status}");
        }
        // what opens meanwhile is told where it can be
        town.lives("A=outside\nB=outside\n");
        round(&town.world, "", 1);
        let heard = town.heard("/good");
        assert_eq!(heard[2..], ["opened drift"], "{heard:?}");
    }
}

#[test]
fn what_several_books_cannot_deliver_is_one_thing_that_is_wrong() {
    let town = Town::new(404, 3600);
    let world = &town.world;
    for name in ["two", "three"] {
        world.write(
            format!("manifests/{name}.yaml"),
            super::text(name, "", "one", "b"),
        );
    }
    world.run("apply --yes --allow authority@app").success();
    town.tells(&["bad", "good"]);
    for name in ["dev", "two", "three"] {
        world.write(format!("{name}.env"), "A=outside\nB=b\n");
    }
    round(world, "", 1);
    let mut heard = town.heard("/good");
    heard.sort();
    let drift = "opened drift";
    assert_eq!(heard, ["opened delivery", drift, drift, drift]);
}

#[test]
fn what_is_over_of_a_manifest_that_was_taken_away_is_told() {
    let town = Town::new(200, 0);
    let world = &town.world;
    world.write("manifests/two.yaml", super::text("two", "", "one", "b"));
    world.run("apply --yes --allow authority@app").success();
    town.tells(&["good"]);
    let mut looped = Loop::start(world, "");
    world.write("two.env", "A=outside\nB=b\n");
    looped.waits_for("it is told", || town.heard("/good") == ["opened drift"]);
    std::fs::remove_file(world.path("manifests/two.yaml")).unwrap();
    looped.waits_for("it is told as over", || {
        town.heard("/good") == ["opened drift", "resolved drift"]
    });
    looped.ends();
}

#[test]
fn a_receiver_that_wants_us_to_wait_has_it_once_afterwards() {
    for status in [429, 503] {
        let town = Town::new(status, 1);
        town.tells(&["bad", "good"]);
        town.lives("A=outside\nB=b\n");
        round(&town.world, "", 0);
        assert_eq!(town.heard("/good"), ["opened drift"]);
        assert_eq!(town.asked("/bad"), 2, "tried again in the same round");
        assert_eq!(town.bad.load(Ordering::SeqCst), 200);
        round(&town.world, "", 0);
        assert_eq!(
            (town.asked("/bad"), town.asked("/good")),
            (2, 1),
            "nothing is repeated"
        );
        // one that asks for longer than a round is not waited for
        let town = Town::new(status, 3600);
        town.tells(&["bad"]);
        town.lives("A=outside\nB=b\n");
        round(&town.world, "", 1);
        assert_eq!(town.asked("/bad"), 1);
    }
}

#[test]
fn a_new_receiver_is_told_what_is_open_and_no_history() {
    let town = Town::new(200, 0);
    town.lives("A=outside\nB=b\n");
    round(&town.world, "", 0);
    town.lives("A=one\nB=b\n");
    assert_eq!(told(&round(&town.world, "", 0), "drift"), ["resolved"]);
    town.lives("A=one\nB=outside\n");
    round(&town.world, "", 0);
    // the first one there ever was
    town.tells(&["good"]);
    round(&town.world, "", 0);
    assert_eq!(town.heard("/good"), ["standing drift"]);
    // and another one later
    town.lives("A=one\nB=elsewhere\n");
    round(&town.world, "", 0);
    town.tells(&["bad", "good"]);
    round(&town.world, "", 0);
    assert_eq!(town.heard("/good"), ["standing drift", "changed drift"]);
    assert_eq!(town.heard("/bad"), ["standing drift"]);
}

#[test]
fn what_is_muted_is_not_told_until_it_is_another() {
    let town = Town::new(200, 0);
    town.tells(&["good"]);
    town.lives("A=outside\nB=b\n");
    round(&town.world, "", 0);
    town.world
        .run("alert mute A@app --reason known --until 3d")
        .success();
    for _ in 0..2 {
        round(&town.world, "", 0);
    }
    assert_eq!(town.heard("/good"), ["opened drift"]);
    town.lives("A=elsewhere\nB=b\n");
    round(&town.world, "", 0);
    assert_eq!(town.heard("/good").len(), 2);
}

#[test]
fn the_ping_says_that_everything_was_looked_at() {
    let town = Town::new(200, 0);
    town.tells(&["good"]);
    town.lives("A=outside\nB=b\n");
    round(&town.world, "", 0);
    assert_eq!(town.asked("/ping"), 1, "what is wrong does not stop it");
    std::fs::remove_file(town.world.path("dev.env")).unwrap();
    std::fs::create_dir(town.world.path("dev.env")).unwrap();
    round(&town.world, "", 1);
    assert_eq!(town.asked("/ping"), 1, "a place could not be read");
    std::fs::remove_dir(town.world.path("dev.env")).unwrap();
    town.lives("A=one\nB=b\n");
    let other = town
        .world
        .write("manifests/other.yaml", "driftlock: 1\nname: [\n");
    round(&town.world, "", 1);
    assert_eq!(town.asked("/ping"), 1, "a manifest could not be used");
    std::fs::remove_file(other).unwrap();
    round(&town.world, "", 0);
    assert_eq!(town.asked("/ping"), 2);
}
