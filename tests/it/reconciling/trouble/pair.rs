//! Two reconcilers that share a journal in git, a service of Railway and a receiver: nothing is written
//! twice, and nothing is told twice.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use super::Loop;
use crate::probe::server::{Reply, Server};
use crate::shared::lab::Team;
use crate::support::fake_railway::FakeRailway;
use crate::support::railway::fake;
use crate::support::world::World;

struct Pair {
    team: Team,
    fake: FakeRailway,
    receiver: Server,
    worlds: [World; 2],
}

impl Pair {
    /// `None` where git or the schema is missing.
    fn new() -> Option<Self> {
        let (team, fake) = (Team::new(&[("A", "x")])?, fake()?);
        let production = fake.project("aurora").environment("production");
        production.service("api").set("A", "ours").set("B", "ours");
        let token = production.token();
        let seed = team.folder.path().join("seed/manifests/dev.yaml");
        std::fs::write(
            seed,
            "driftlock: 1\nname: dev\nreconcile: { mode: heal }\nvariables:\n  A: ours\n  B: ours\ntargets:\n  app: { railway: { project: aurora, environment: production, service: api }, variables: [A, B] }\n",
        )
        .unwrap();
        team.commit(&[], "railway");
        let receiver = Server::start(|_| Reply::status(200));
        let worlds = ["one", "two"].map(|name| {
            let mut world = team.clone();
            world.variable("DRIFTLOCK_MACHINE", name);
            // whoever is killed with it keeps it no longer than that
            world.variable("DRIFTLOCK_LEASE", "10");
            world.variable("DRIFTLOCK_RAILWAY_URL", &fake.url());
            world.variable("RAILWAY_TOKEN", &token);
            let port = receiver.port;
            let text = format!(
                "driftlock-alerts: 1\nsinks:\n  ops: {{ webhook: {{ url: 'http://127.0.0.1:{port}/' }} }}\n"
            );
            let path = world.config("driftlock/alerts.yaml");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            world
        });
        worlds[0].run("journal move git").success();
        worlds[0].run("apply --yes").success();
        Some(Self {
            team,
            fake,
            receiver,
            worlds,
        })
    }

    fn api(&self) -> crate::support::fake_railway::handles::Place {
        let production = self.fake.project("aurora").environment("production");
        production.service("api")
    }

    fn commits(&self) -> usize {
        let production = self.fake.project("aurora").environment("production");
        production.commits().len()
    }

    /// Each event that arrived, by its number: how often, and what.
    fn told(&self) -> BTreeMap<u64, Vec<String>> {
        let mut all: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for seen in self.receiver.seen() {
            let document: Value = serde_json::from_slice(&seen.body).unwrap();
            for event in document["events"].as_array().unwrap() {
                let alert = &event["alert"];
                let what = format!("{} {} {}", event["kind"], alert["class"], alert["variable"]);
                let number = event["number"].as_u64().unwrap();
                all.entry(number).or_default().push(what);
            }
        }
        all
    }
}

#[test]
fn both_at_once_heal_and_tell_once() {
    let Some(pair) = Pair::new() else { return };
    let mut loops: Vec<Loop> = (pair.worlds.iter())
        .map(|world| Loop::start(world, ""))
        .collect();
    let before = pair.commits();
    for (time, name) in [(1, "A"), (2, "B"), (3, "A")] {
        pair.api().set(name, &format!("outside {time}"));
        let healed = || pair.api().value(name).as_deref() == Some("ours");
        loops[0].waits_for("it is put back", healed);
        // and told as over by whoever saw it
        let resolved = || {
            let told = pair.told();
            let over = told.values().flatten();
            over.filter(|what| what.contains("resolved") && what.contains("drift"))
                .count()
                >= time
        };
        loops[1].waits_for("it is told as over", resolved);
    }
    let heard: Vec<Vec<Value>> = loops.into_iter().map(Loop::ends).collect();
    assert_eq!(pair.commits() - before, 3, "one write for each: {heard:?}");
    assert_eq!(pair.fake.most_concurrent_mutations(), 1);
    let told = pair.told();
    assert!(told.values().all(|times| times.len() == 1), "{told:?}");
    let drifts: Vec<&String> = (told.values().flatten())
        .filter(|what| what.contains("drift"))
        .collect();
    let count = |kind: &str| drifts.iter().filter(|what| what.contains(kind)).count();
    assert_eq!((count("opened"), count("resolved")), (3, 3), "{drifts:?}");
    // nobody holds the lease any more
    pair.worlds[1].run("apply --yes").success();
    assert!(pair.team.tip().is_some());
}

#[test]
fn one_that_is_killed_is_replaced_by_the_other() {
    let Some(pair) = Pair::new() else { return };
    let mut world = pair.worlds.into_iter();
    let (first, second) = (world.next().unwrap(), world.next().unwrap());
    let production = pair.fake.project("aurora").environment("production");
    let api = || production.service("api");
    let mut one = Loop::start(&first, "");
    one.hears_times(1, |line| line["message"] == "began");
    api().set("A", "outside");
    let held = || {
        let asked = pair.fake.requests();
        asked.len() > 2
    };
    one.waits_for("it is at work", held);
    let pid = one.child.id().to_string();
    Command::new("kill").args(["-KILL", &pid]).status().unwrap();
    drop(one);
    // its lease ends by itself, if it had one
    let mut two = Loop::start(&second, "");
    two.waits_for("the other one puts it back", || {
        api().value("A").as_deref() == Some("ours")
    });
    two.ends();
}

#[test]
fn a_journal_that_is_set_back_is_told_and_nothing_is_written_by_it() {
    let Some(pair) = Pair::new() else { return };
    let former = pair.team.tip().unwrap();
    let mut one = Loop::start(&pair.worlds[0], "");
    pair.api().set("A", "outside");
    one.waits_for("it is put back", || {
        pair.api().value("A").as_deref() == Some("ours")
    });
    one.hears("resolved", "dev", "drift");
    let newest = pair.team.tip().unwrap();
    assert_ne!(newest, former);
    pair.team.set_tip(&former);
    pair.api().set("B", "outside");
    one.hears("opened", "dev", "journal");
    assert_eq!(pair.api().value("B").as_deref(), Some("outside"));
    pair.team.set_tip(&newest);
    one.waits_for("it is put back, with the journal that it was", || {
        pair.api().value("B").as_deref() == Some("ours")
    });
    one.hears("resolved", "dev", "journal");
    one.ends();
}
