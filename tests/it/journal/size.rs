//! A journal that has been in use for years.

use super::*;

/// Times 1 000 receipts: 100 by hand (`--release`), 10 in every run.
const ROUNDS: usize = if cfg!(debug_assertions) { 10 } else { 100 };

#[test]
fn a_long_history_does_not_slow_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let targets: Vec<String> = (0..1000).map(|number| format!("t{number}")).collect();
    let all: Vec<_> = targets
        .iter()
        .map(|target| receipt(target, "plan".to_owned()))
        .collect();
    let mut writer = journal(folder.path());
    for _ in 0..ROUNDS {
        writer.record(&scope(), &all, &auth()).unwrap();
    }
    drop(writer);
    let asked: Vec<_> = targets
        .iter()
        .map(|target| (target.parse().unwrap(), target.clone()))
        .collect();
    let started = std::time::Instant::now();
    let found = journal(folder.path())
        .last_applied(&scope(), &asked, &auth())
        .unwrap();
    let took = started.elapsed();
    assert_eq!(found.unverified, 0);
    assert_eq!(
        found.targets.values().filter(|last| last.recorded).count(),
        1000
    );
    // far more than an unoptimised build on a busy machine needs, far less than a quadratic search
    assert!(took.as_secs() < 10, "{took:?}");
    writeln!(
        std::io::stderr(),
        "opening and reading 1 000 targets of {ROUNDS} 000 receipts: {took:?}"
    )
    .unwrap();
    let started = std::time::Instant::now();
    let found = journal(folder.path()).last_applied(&scope(), &asked[..1], &auth());
    let took = started.elapsed();
    assert!(found.unwrap().targets["t0"].recorded);
    writeln!(std::io::stderr(), "the same for one target: {took:?}").unwrap();
}
