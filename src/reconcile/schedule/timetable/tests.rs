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

fn whole(looked: &[&str], rests: &[&str]) -> Job {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let parts = Parts {
        looked: names(looked),
        rests: names(rests),
    };
    Job::Whole("prod".parse().unwrap(), parts)
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
fn what_is_not_the_places_fault_is_tried_again_as_usual_and_no_rest_is_cut_short() {
    let mut table = table(vec![
        entry("prod", "api", "a", PlatformKind::File),
        entry("prod", "web", "b", PlatformKind::Railway),
    ]);
    let mut now = Duration::ZERO;
    for job in table.take(now, 9) {
        let web = job == look("prod", &["web"]);
        let asked = match web {
            true => told(&[("web", Told::Failed(Some(90 * MINUTE)))]),
            false => told(&[("api", Told::Blind)]),
        };
        table.ended(&job, &asked, now, -1.0);
    }
    while now < 90 * MINUTE {
        let next = table.next(now).unwrap();
        assert!(next - now <= 5 * MINUTE, "{now:?}");
        now = next;
        for job in table.take(now, 9) {
            assert!(
                job == look("prod", &["api"]) || now >= 90 * MINUTE,
                "{now:?}"
            );
            // as a pass over all of it says it of both
            let both = told(&[("api", Told::Blind), ("web", Told::Blind)]);
            table.ended(&job, &both, now, 0.0);
        }
    }
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
    let whole = whole(&["api", "vps"], &[]);
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

#[test]
fn a_reload_cuts_nobodys_rest_short() {
    let api = entry("prod", "api", "a", PlatformKind::Railway);
    let mut table = table(vec![api.clone()]);
    let job = table.take(Duration::ZERO, 1).remove(0);
    let asked = Told::Failed(Some(60 * MINUTE));
    table.ended(&job, &told(&[("api", asked)]), Duration::ZERO, -1.0);
    table.set(vec![api], MINUTE);
    assert!(table.take(59 * MINUTE, 9).is_empty());
    assert_eq!(table.next(MINUTE), Some(60 * MINUTE));
}

#[test]
fn a_whole_manifest_leaves_alone_who_asked_for_it_and_forgets_no_failure() {
    let mut table = table(vec![
        entry("prod", "api", "a", PlatformKind::Railway),
        entry("prod", "vps", "b", PlatformKind::File),
    ]);
    for job in table.take(Duration::ZERO, 9) {
        let Job::Look(_, targets) = &job else {
            unreachable!("nothing asked for it")
        };
        let end = match targets.contains("api") {
            true => told(&[("api", Told::Failed(Some(60 * MINUTE)))]),
            false => Ended {
                wants_whole: true,
                ..told(&[("vps", Told::Read)])
            },
        };
        table.ended(&job, &end, Duration::ZERO, -1.0);
    }
    let whole = whole(&["vps"], &["api"]);
    assert_eq!(table.take(MINUTE, 9), std::slice::from_ref(&whole));
    // the lease is somebody else's: nothing was asked at all
    let nothing = Ended {
        again: true,
        wants_whole: true,
        ..Ended::default()
    };
    table.ended(&whole, &nothing, MINUTE, 0.0);
    assert_eq!(table.take(MINUTE, 9), std::slice::from_ref(&whole), "still");
    // whatever it says of somebody who was not asked
    let end = told(&[("api", Told::Read), ("vps", Told::Read)]);
    table.ended(&whole, &end, 2 * MINUTE, 0.0);
    assert_eq!(table.next(2 * MINUTE), Some(7 * MINUTE));
    assert_eq!(table.take(7 * MINUTE, 9), [look("prod", &["vps"])]);
    table.ended(
        &look("prod", &["vps"]),
        &told(&[("vps", Told::Read)]),
        58 * MINUTE,
        0.0,
    );
    assert_eq!(table.next(58 * MINUTE), Some(60 * MINUTE));
}

#[test]
fn a_target_that_comes_back_while_it_is_looked_at_is_not_looked_at_twice() {
    let api = entry("prod", "api", "a", PlatformKind::File);
    let mut table = table(vec![api.clone()]);
    let job = table.take(Duration::ZERO, 1).remove(0);
    table.set(vec![], Duration::ZERO);
    table.set(vec![api], Duration::ZERO);
    assert!(table.take(60 * MINUTE, 9).is_empty());
    table.ended(&job, &told(&[("api", Told::Read)]), 60 * MINUTE, 0.0);
    assert_eq!(table.next(60 * MINUTE), Some(65 * MINUTE));
}

#[test]
fn a_whole_manifest_waits_for_its_budget_and_everything_that_was_sent_is_paid() {
    let budget = Budget::new(60, 60 * MINUTE);
    let mut table = Timetable::new(BTreeMap::from([(PlatformKind::Railway, budget)]));
    let api = entry("prod", "api", "a", PlatformKind::Railway);
    table.set(vec![api.clone()], Duration::ZERO);
    let job = table.take(Duration::ZERO, 1).remove(0);
    // it is removed meanwhile, and was dearer than it seemed
    table.set(vec![], Duration::ZERO);
    let end = Ended {
        requests: BTreeMap::from([(PlatformKind::Railway, 30)]),
        ..told(&[("api", Told::Read)])
    };
    table.ended(&job, &end, Duration::ZERO, 0.0);
    table.set(vec![api], Duration::ZERO);
    // 24 too many and 2 for the next look, at 54 an hour
    assert!(table.take(25 * MINUTE, 1).is_empty());
    let later = table.next(25 * MINUTE).unwrap();
    assert!((28 * MINUTE..30 * MINUTE).contains(&later), "{later:?}");
    let job = table.take(later, 1).remove(0);
    let end = Ended {
        requests: BTreeMap::from([(PlatformKind::Railway, 2)]),
        wants_whole: true,
        ..told(&[("api", Told::Read)])
    };
    table.ended(&job, &end, later, 0.0);
    // three looks' worth
    assert!(table.take(later, 9).is_empty());
    let whole = table.next(later).unwrap();
    assert!((6 * MINUTE..8 * MINUTE).contains(&(whole - later)));
    assert_eq!(table.take(whole, 9).len(), 1);
}

mod chance {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever happens in whatever order: nobody is looked at twice at once, nobody is lost, who asked
        /// to be left alone is, and the loop is never told that there is something to do where nothing is.
        #[test]
        fn nobody_is_lost_and_nobody_is_looked_at_twice(
            steps in prop::collection::vec((0..7_u8, 0..6_usize, 1..900_u64), 1..120),
            budget in prop::option::of(20..400_u32),
        ) {
            let hour = 60 * MINUTE;
            let budgets = budget.map(|budget| (PlatformKind::Railway, Budget::new(budget, hour)));
            let mut table = Timetable::new(budgets.into_iter().collect());
            let all: Vec<Entry> = (0..6)
                .map(|number| {
                    let platform = match number % 2 {
                        0 => PlatformKind::Railway,
                        _ => PlatformKind::File,
                    };
                    let manifest = format!("m{}", number / 3);
                    entry(&manifest, &format!("t{number}"), &format!("c{}", number / 2), platform)
                })
                .collect();
            let mut there = vec![true; 6];
            let mut was_away: BTreeSet<TargetName> = BTreeSet::new();
            let mut now = Duration::ZERO;
            let mut running: Vec<(Job, BTreeSet<TargetName>)> = vec![];
            let mut asked: BTreeMap<TargetName, Duration> = BTreeMap::new();
            table.set(all.clone(), now);
            let targets = |job: &Job| match job {
                Job::Look(_, targets) => targets.clone(),
                Job::Whole(_, parts) => parts.looked.clone(),
            };
            for (what, which, seconds) in steps {
                match what {
                    0 | 1 => now += Duration::from_secs(seconds),
                    2 => {
                        there[which] = !there[which];
                        was_away.insert(all[which].key.1.clone());
                        let left = all.iter().zip(&there).filter(|(_, there)| **there);
                        table.set(left.map(|(one, _)| one.clone()).collect(), now);
                    }
                    3 => {
                        if let Some(next) = table.next(now) {
                            now = now.max(next);
                        }
                    }
                    _ if !running.is_empty() => {
                        let (job, about) = running.remove(which % running.len());
                        let mut end = Ended {
                            wants_whole: what == 6,
                            again: seconds % 5 == 0,
                            ..Ended::default()
                        };
                        for target in about {
                            let told = match (what, seconds % 3) {
                                (4, 0) => {
                                    let wait = Duration::from_secs(seconds * 3);
                                    asked.insert(target.clone(), now + wait);
                                    Told::Failed(Some(wait))
                                }
                                (4, _) => Told::Failed(None),
                                _ => Told::Read,
                            };
                            end.targets.insert(target, told);
                        }
                        end.requests.insert(PlatformKind::Railway, seconds % 9);
                        table.ended(&job, &end, now, 0.3);
                    }
                    _ => {}
                }
                let next = table.next(now);
                let begun = table.take(now, 9);
                if next.is_some_and(|next| next <= now) {
                    prop_assert!(!begun.is_empty(), "something to do, and nothing done");
                }
                for job in begun {
                    let about = targets(&job);
                    for target in &about {
                        let asked = asked.get(target).copied().unwrap_or_default();
                        // one that was removed and came back is a new one
                        prop_assert!(now >= asked || was_away.contains(target), "{target} rests");
                    }
                    for (other, theirs) in &running {
                        prop_assert!(about.is_disjoint(theirs), "{job:?} beside {other:?}");
                    }
                    running.push((job, about));
                }
            }
            // all of it ends: everybody who is there comes round again
            for (job, _) in std::mem::take(&mut running) {
                table.ended(&job, &Ended::default(), now, 0.0);
            }
            let mut seen: BTreeSet<TargetName> = BTreeSet::new();
            for _ in 0..200 {
                for job in table.take(now, 9) {
                    let about = targets(&job);
                    seen.extend(about.iter().cloned());
                    let told = about.into_iter().map(|target| (target, Told::Read));
                    let end = Ended { targets: told.collect(), ..Ended::default() };
                    table.ended(&job, &end, now, 0.0);
                }
                let Some(next) = table.next(now) else { break };
                now = next.max(now + Duration::from_millis(1));
            }
            let wanted = all.iter().zip(&there).filter(|(_, there)| **there);
            for (one, _) in wanted {
                prop_assert!(seen.contains(&one.key.1), "{:?} is lost", one.key);
            }
        }
    }
}
