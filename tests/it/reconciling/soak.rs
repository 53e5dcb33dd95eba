//! A reconciler at work for minutes: places that are changed all the time, alerts that go out, and a process
//! that grows in nothing. Two minutes, and twenty in the long form; it is idle most of the time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::probe::server::{Reply, Server};
use crate::support::fake_railway::FakeRailway;
use crate::support::railway::fake;
use crate::support::world::World;

/// What is promised of its memory is 40 MiB, of a release build. Of that some 17 MiB are pages of the program
/// itself; here, where those are three times as many, only what it asked for counts.
const MOST_KIB: u64 = (40 - 17) * 1024;
const FILES: usize = 200;
const SERVICES: usize = 5;

fn length() -> Duration {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => Duration::from_secs(20 * 60),
        None => Duration::from_secs(2 * 60),
    }
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Sample {
    rss_kib: u64,
    descriptors: usize,
    threads: u64,
}

struct Process(Child);

impl Process {
    fn status(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        let number = line.split_whitespace().nth(1).unwrap();
        number.parse().unwrap()
    }

    fn sample(&self) -> Sample {
        Sample {
            rss_kib: self.status("RssAnon:"),
            descriptors: self.descriptors(),
            threads: self.status("Threads:"),
        }
    }

    /// The fewest within a second: a message that is on its way has some of its own.
    fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.0.id());
        let begun = Instant::now();
        let mut fewest = usize::MAX;
        while begun.elapsed() < Duration::from_secs(1) {
            fewest = fewest.min(fs::read_dir(&folder).unwrap().count());
            std::thread::sleep(Duration::from_millis(20));
        }
        fewest
    }

    /// Children that ended and that nobody asked about.
    fn zombies(&self) -> usize {
        let own = self.0.id().to_string();
        let stats = fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| {
                let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                let (_, rest) = stat.rsplit_once(')')?;
                let fields: Vec<&str> = rest.split_whitespace().collect();
                Some((fields.first()? == &"Z", fields.get(1)? == &own))
            });
        stats.filter(|(dead, ours)| *dead && *ours).count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn world(fake: &FakeRailway, receiver: u16) -> World {
    let production = fake.project("aurora").environment("production");
    let mut text = "driftlock: 1\nname: dev\nvariables:\n  A: one\n  B: two\ntargets:\n".to_owned();
    for number in 0..SERVICES {
        production.service(&format!("s{number}")).set("A", "one");
        text += &format!(
            "  s{number}: {{ railway: {{ project: aurora, environment: production, service: s{number} }}, variables: [A] }}\n"
        );
    }
    for number in 0..FILES {
        text += &format!(
            "  f{number}: {{ file: {{ path: ../files/{number}.env }}, variables: [A, B] }}\n"
        );
    }
    let mut world = World::new();
    world.variable("DRIFTLOCK_RAILWAY_URL", &fake.url());
    world.variable("RAILWAY_TOKEN", &production.token());
    fs::create_dir(world.path("files")).unwrap();
    world.write("manifests/dev.yaml", text);
    world.run("apply --yes").success();
    let heard = world.path("heard").display().to_string();
    let alerts = format!(
        "driftlock-alerts: 1\ndigest: 0\nsinks:\n  ops: {{ webhook: {{ url: 'http://127.0.0.1:{receiver}/' }} }}\n  log: {{ command: [sh, -c, 'cat >> {heard}'] }}\n"
    );
    let path = world.config("driftlock/alerts.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, alerts).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    world
}

fn start(world: &World) -> (Process, Receiver<Value>) {
    let line = "reconcile --every 10s --log-format json --budget railway=100000";
    let mut child = world
        .command(line.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let (send, lines) = channel();
    std::thread::spawn(move || {
        let lines = log.lines().map_while(Result::ok);
        for line in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    (Process(child), lines)
}

fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// How often each variable of each target was opened and resolved.
fn told(receiver: &Server) -> BTreeMap<String, (u64, u64)> {
    let mut all: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for seen in receiver.seen() {
        let document: Value = serde_json::from_slice(&seen.body).unwrap();
        for event in document["events"].as_array().unwrap() {
            let of = format!("{} {}", event["alert"]["target"], event["alert"]["class"]);
            let counts = all.entry(of).or_default();
            match event["kind"].as_str().unwrap() {
                "opened" => counts.0 += 1,
                "resolved" => counts.1 += 1,
                other => panic!("{other}"),
            }
        }
    }
    all
}

#[test]
fn a_reconciler_grows_in_nothing_and_tells_everything_once() {
    let Some(fake) = fake() else { return };
    let receiver = Server::start(|_| Reply::status(200));
    let world = world(&fake, receiver.port);
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = seed
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_122);
    println!("DRIFTLOCK_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let production = fake.project("aurora").environment("production");
    let put = |target: usize, value: &str| {
        if target < SERVICES {
            production.service(&format!("s{target}")).set("A", value);
        } else {
            let path = format!("files/{}.env", target - SERVICES);
            world.write(path, format!("A={value}\nB=two\n"));
        }
    };
    let (process, lines) = start(&world);
    let begun = Instant::now();
    let mut open: BTreeMap<usize, bool> = BTreeMap::new();
    let mut episodes: u64 = 0;
    let mut samples = vec![];
    let name = |target: usize| match target < SERVICES {
        true => format!("s{target}"),
        false => format!("f{}", target - SERVICES),
    };
    // something is changed, seen, taken back, seen again; and then something else
    while begun.elapsed() < length() {
        open.clear();
        for _ in 0..chance.gen_range(1..6) {
            open.insert(chance.gen_range(0..SERVICES + FILES), true);
        }
        for (value, kind) in [("outside", "opened: "), ("one", "resolved: ")] {
            for target in open.keys() {
                put(*target, value);
            }
            let mut waits: Vec<String> = open.keys().map(|target| name(*target)).collect();
            while !waits.is_empty() {
                let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
                let says = line["message"].as_str().unwrap_or_default();
                if says.starts_with(kind) {
                    waits.retain(|target| line["fields"]["target"] != target.as_str());
                }
            }
        }
        episodes += open.len() as u64;
        samples.push(process.sample());
    }
    let zombies = process.zombies();
    let most = samples.iter().map(|one| one.rss_kib).max().unwrap();
    let whole = process.status("VmHWM:");
    let pid = process.0.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let mut process = process;
    assert_eq!(process.0.wait().unwrap().code(), Some(0));
    // the first rounds make what stays
    let settled = &samples[samples.len() / 4..];
    let third = settled.len().div_ceil(3);
    let (first, last) = (&settled[..third], &settled[settled.len() - third..]);
    let rss = |part: &[Sample]| median(part.iter().map(|one| one.rss_kib));
    let descriptors = |part: &[Sample]| median(part.iter().map(|one| one.descriptors as u64));
    let threads = |part: &[Sample]| median(part.iter().map(|one| one.threads));
    println!(
        "{episodes} episodes in {:.0} s; memory {} to {} KiB, at most {most}, {whole} with the program; descriptors {} to {}; threads {} to {}; {} requests",
        begun.elapsed().as_secs_f64(),
        rss(first),
        rss(last),
        descriptors(first),
        descriptors(last),
        threads(first),
        threads(last),
        fake.requests().len(),
    );
    assert!(most < MOST_KIB, "{most} KiB");
    let more = rss(last).saturating_sub(rss(first));
    assert!(more < 2 * 1024 || more * 10 < rss(first), "{more} KiB more");
    assert!(descriptors(last) <= descriptors(first) + 1);
    assert!(threads(last) <= threads(first));
    assert_eq!(zombies, 0);
    let told = told(&receiver);
    let (opened, resolved) = told
        .values()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(opened, episodes, "{told:?}");
    // the last ones may still have been on their way when it was told to end
    assert!(resolved + 6 >= episodes, "{told:?}");
}
