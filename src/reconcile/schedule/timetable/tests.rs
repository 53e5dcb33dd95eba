use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn entry(manifest: &str, target: &str, connection: &str, platform: PlatformKind) -> Entry {
    Entry {
        key: (manifest.parse().unwrap(), target.parse().unwrap()),
        connection: connection.to_owned(),
        platform,
        every: 5 * MINUTE,
    }
}

fn look(manifest: &str, targets: &[&str]) -> Job {
    let targets = targets.iter().map(|name| name.parse().unwrap());
    Job::Look(manifest.parse().unwrap(), targets.collect())
}

fn told(targets: &[(&str, Told)]) -> Ended {
    Ended {
        targets: targets
            .iter()
            .map(|(name, told)| (name.parse().unwrap(), *told))
            .collect(),
        ..Ended::default()
    }
}

fn table(entries: Vec<Entry>) -> Timetable {
    let mut table = Timetable::default();
    table.set(entries, Duration::ZERO);
    table
}

#[test]
fn targets_of_one_connection_are_looked_at_together() {
    let mut table = table(vec![
        entry("prod", "api", "railway aurora", PlatformKind::Railway),
        entry("prod", "web", "railway aurora", PlatformKind::Railway),
        entry("prod", "vps", "file vps", PlatformKind::File),
    ]);
    let mut jobs = table.take(Duration::ZERO, 9);
    jobs.sort();
    assert_eq!(
        jobs,
        [look("prod", &["api", "web"]), look("prod", &["vps"])]
    );
    assert_eq!(table.take(Duration::ZERO, 9), [], "each is busy");
    assert_eq!(table.next(Duration::ZERO), None);
    let end = told(&[("api", Told::Read), ("web", Told::Read)]);
    table.ended(&jobs[0], &end, MINUTE, 0.0);
    assert_eq!(table.next(MINUTE), Some(6 * MINUTE));
    assert!(table.take(5 * MINUTE, 9).is_empty());
    assert_eq!(table.take(6 * MINUTE, 9), [look("prod", &["api", "web"])]);
}

#[test]
fn one_that_fails_waits_longer_and_longer_up_to_the_cap_and_takes_nobody_along() {
    let mut table = table(vec![
        entry("prod", "api", "railway aurora", PlatformKind::Railway),
        entry("prod", "web", "railway aurora", PlatformKind::Railway),
    ]);
    let mut now = Duration::ZERO;
    let mut waits = vec![];
    let mut failed_at = Duration::ZERO;
    while waits.len() < 40 {
        for job in table.take(now, 9) {
            let Job::Look(_, targets) = &job else {
                unreachable!("nothing asked for it")
            };
            let mut end = told(&[]);
            for target in targets {
                let failed = target.as_str() == "web";
                if failed {
                    waits.push(now - failed_at);
                    failed_at = now;
                }
                let told = if failed {
                    Told::Failed(None)
                } else {
                    Told::Read
                };
                end.targets.insert(target.clone(), told);
            }
            assert!(end.targets.contains_key("api") || waits.len() > 1);
            table.ended(&job, &end, now, -1.0);
        }
        now = table.next(now).unwrap();
    }
    let minutes: Vec<u64> = waits[1..].iter().map(|wait| wait.as_secs() / 60).collect();
    assert_eq!(minutes[..5], [5, 10, 20, 40, 60]);
    assert!(minutes[5..].iter().all(|wait| *wait == 60), "{minutes:?}");
}

#[test]
fn a_place_is_left_alone_as_long_as_it_asked_and_one_success_forgets_all() {
    let mut table = table(vec![entry("prod", "api", "r", PlatformKind::Railway)]);
    let job = table.take(Duration::ZERO, 1).remove(0);
    let asked = Told::Failed(Some(90 * MINUTE));
    table.ended(&job, &told(&[("api", asked)]), Duration::ZERO, -1.0);
    assert_eq!(table.next(Duration::ZERO), Some(90 * MINUTE));
    let job = table.take(90 * MINUTE, 1).remove(0);
    table.ended(&job, &told(&[("api", Told::Read)]), 90 * MINUTE, 0.0);
    assert_eq!(table.next(90 * MINUTE), Some(95 * MINUTE));
}

#[test]
fn a_whole_manifest_waits_for_its_looks_and_no_look_overtakes_it() {
    let mut table = table(vec![
        entry("prod", "api", "a", PlatformKind::File),
        entry("prod", "vps", "b", PlatformKind::File),
        entry("dev", "x", "c", PlatformKind::File),
    ]);
    let jobs = table.take(Duration::ZERO, 9);
    assert_eq!(jobs.len(), 3);
    let wants = Ended {
        wants_whole: true,
        ..told(&[("api", Told::Read)])
    };
    table.ended(&look("prod", &["api"]), &wants, Duration::ZERO, 0.0);
    assert!(table.take(MINUTE, 9).is_empty(), "vps is being looked at");
    assert!(!table.is_idle());
    table.ended(
        &look("prod", &["vps"]),
        &told(&[("vps", Told::Read)]),
        MINUTE,
        0.0,
    );
    let whole = Job::Whole("prod".parse().unwrap());
    assert_eq!(table.next(MINUTE), Some(MINUTE));
    assert_eq!(table.take(MINUTE, 9), std::slice::from_ref(&whole));
    assert!(table.take(60 * MINUTE, 9).is_empty(), "all of it is busy");
    let end = told(&[("api", Told::Read), ("vps", Told::Read)]);
    table.ended(&whole, &end, 2 * MINUTE, 0.0);
    assert_eq!(table.next(2 * MINUTE), Some(7 * MINUTE));
}

#[test]
fn who_waits_longest_for_a_budget_comes_first() {
    let hour = 60 * MINUTE;
    let budget = Budget::new(40, hour);
    let mut table = Timetable::new(BTreeMap::from([(PlatformKind::Railway, budget)]));
    let names: Vec<String> = (0..30).map(|number| format!("t{number}")).collect();
    let entries = names
        .iter()
        .map(|name| entry("prod", name, name, PlatformKind::Railway))
        .collect();
    table.set(entries, Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut looks: BTreeMap<TargetName, Vec<Duration>> = BTreeMap::new();
    let mut sent: Vec<Duration> = vec![];
    while now < 24 * hour {
        for job in table.take(now, 9) {
            let Job::Look(_, targets) = &job else {
                unreachable!("nothing asked for it")
            };
            let mut end = told(&[]);
            for target in targets {
                looks.entry(target.clone()).or_default().push(now);
                end.targets.insert(target.clone(), Told::Read);
            }
            end.requests.insert(PlatformKind::Railway, 2);
            sent.extend([now, now]);
            table.ended(&job, &end, now, 0.0);
        }
        now = table.next(now).unwrap().max(now + Duration::from_millis(1));
    }
    let counts: Vec<usize> = looks.values().map(Vec::len).collect();
    assert_eq!(counts.len(), 30);
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 1, "{counts:?}");
    assert!(*least >= 14, "{counts:?}");
    for begin in &sent {
        let within = sent
            .iter()
            .filter(|at| **at >= *begin && **at < *begin + hour);
        assert!(within.count() <= 40);
    }
    assert!(table.throttled()[&PlatformKind::Railway] > 0);
}

#[test]
fn a_reload_keeps_what_is_known() {
    let api = entry("prod", "api", "a", PlatformKind::File);
    let mut table = table(vec![api.clone()]);
    let job = table.take(Duration::ZERO, 1).remove(0);
    table.ended(&job, &told(&[("api", Told::Read)]), Duration::ZERO, 0.0);
    let new = entry("prod", "new", "b", PlatformKind::File);
    table.set(vec![api.clone(), new], MINUTE);
    assert_eq!(table.take(MINUTE, 9), [look("prod", &["new"])]);
    // a target that is gone while it is being looked at ends nowhere
    table.set(vec![api.clone()], MINUTE);
    table.ended(
        &look("prod", &["new"]),
        &told(&[("new", Told::Read)]),
        MINUTE,
        0.0,
    );
    assert_eq!(table.next(MINUTE), Some(5 * MINUTE));
    // a shorter interval counts at once
    let often = Entry {
        every: MINUTE,
        ..api
    };
    table.set(vec![often], MINUTE);
    assert_eq!(table.next(MINUTE), Some(2 * MINUTE));
}
