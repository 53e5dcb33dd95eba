//! Windows of `reconcile:` against Python's `zoneinfo`: another implementation, another reader of the
//! same database of time zones. And against a machine's own zones.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use driftlock::model::{Window, Zones};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::support::peers;

const SCRIPT: &str = include_str!("windows/wall_clock.py");
const WINDOWS: usize = 4_000;
const INSTANTS: usize = 24;
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The lines that Python gives for these. It reads the zones of its own package, not those of this
/// machine.
fn python(input: &[Value]) -> Option<Vec<Value>> {
    let python = peers::installed("venv/bin/python")?;
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .env("PYTHONTZPATH", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text: String = input.iter().map(|line| format!("{line}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(rand::random);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// Names, and the instants in which their clocks are changed.
fn zones() -> Option<BTreeMap<String, Vec<i64>>> {
    let lines = python(&[json!({ "changes": true })])?;
    let zones: BTreeMap<String, Vec<i64>> = serde_json::from_value(lines[0].clone()).unwrap();
    assert!(zones.len() > 400, "{}", zones.len());
    Some(zones)
}

fn some_window(random: &mut StdRng, zone: &str) -> (String, Value) {
    let (days, told) = match random.gen_range(0..3) {
        0 => ("daily".to_owned(), json!([0, 1, 2, 3, 4, 5, 6])),
        1 => {
            let all: Vec<usize> = (0..7).filter(|_| random.gen_bool(0.4)).collect();
            let all = if all.is_empty() { vec![6] } else { all };
            let names: Vec<&str> = all.iter().map(|day| WEEK[*day]).collect();
            (names.join(","), json!(all))
        }
        _ => {
            let (first, last) = (random.gen_range(0..7), random.gen_range(0..7));
            let all: Vec<usize> = (0..7).map(|n| (first + n) % 7).collect();
            let end = all.iter().position(|day| *day == last).unwrap();
            (
                format!("{}-{}", WEEK[first], WEEK[last]),
                json!(all[..=end]),
            )
        }
    };
    let from = random.gen_range(0..1440);
    let to = (from + random.gen_range(1..1440)) % 1440;
    let (from, to) = if random.gen_bool(0.15) {
        (0, 1440)
    } else {
        (from, to)
    };
    let spell = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let text = format!("{days} {}-{} {zone}", spell(from), spell(to));
    (
        text,
        json!({ "days": told, "from": from, "to": to, "zone": zone }),
    )
}

#[test]
fn windows_are_open_when_python_says_that_its_clocks_show_a_time_in_them() {
    let Some(zones) = zones() else { return };
    let mut random = StdRng::seed_from_u64(seed());
    let names: Vec<&String> = zones.keys().collect();
    let ours = Zones::bundled();
    let mut asked = vec![];
    let mut found = vec![];
    let mut unknown = vec![];
    for name in &names {
        if format!("mon {name}").parse::<Window>().is_err() {
            unknown.push(name.as_str());
        }
    }
    // names that are no places
    unknown.retain(|name| !matches!(*name, "Factory" | "localtime"));
    assert!(
        unknown.is_empty(),
        "zones that are not known here: {unknown:?}"
    );
    for _ in 0..WINDOWS {
        let name = names[random.gen_range(0..names.len())];
        let (text, told) = some_window(&mut random, name);
        let Ok(window) = text.parse::<Window>() else {
            continue;
        };
        let instants: Vec<i64> = (0..INSTANTS)
            .map(|n| match zones[name].as_slice() {
                // half of them around changes of clocks
                changes if n % 2 == 0 && !changes.is_empty() => {
                    changes[random.gen_range(0..changes.len())] + random.gen_range(-90_000..90_000)
                }
                _ => random.gen_range(946_684_800..1_735_689_600),
            })
            .collect();
        let open: Vec<bool> = instants
            .iter()
            .map(|at| window.is_open(Timestamp::from_second(*at).unwrap(), &ours))
            .collect();
        asked.push(json!({ "window": told, "instants": instants }));
        found.push((text, instants, open));
    }
    let answers = python(&asked).unwrap();
    assert_eq!(answers.len(), found.len());
    let (mut shut, mut held) = (0, 0);
    for ((text, instants, open), answer) in found.iter().zip(answers) {
        let theirs: Vec<bool> = serde_json::from_value(answer).unwrap();
        for ((at, ours), theirs) in instants.iter().zip(open).zip(theirs) {
            let at = Timestamp::from_second(*at).unwrap();
            assert_eq!(*ours, theirs, "`{text}` at {at}");
            *(if theirs { &mut held } else { &mut shut }) += 1;
        }
    }
    println!("{} windows, {held} instants open, {shut} not", found.len());
    assert!(held > 10_000 && shut > 10_000, "{held} {shut}");
}

#[test]
fn the_zones_of_this_machine_say_the_same() {
    // where it has none, ours are used, and this holds all the more
    let (machine, ours) = (Zones::of_machine(jiff::tz::db().clone()), Zones::bundled());
    let mut random = StdRng::seed_from_u64(seed());
    for zone in [
        "Europe/Zurich",
        "Australia/Lord_Howe",
        "America/Santiago",
        "US/Pacific",
        "UTC",
    ] {
        for _ in 0..50 {
            let (text, _) = some_window(&mut random, zone);
            let window: Window = text.parse().unwrap();
            for _ in 0..20 {
                let at =
                    Timestamp::from_second(random.gen_range(1_262_304_000..1_735_689_600)).unwrap();
                assert_eq!(
                    window.is_open(at, &machine),
                    window.is_open(at, &ours),
                    "`{text}` at {at}"
                );
            }
        }
    }
}
