//! Random schedules of faults, strangers, colleagues and edits, each from its seed: whatever goes
//! wrong, nothing is lost, nothing is done twice, nothing is claimed that is not so, and once it is
//! calm again everything is as wanted.

mod check;
mod desk;
mod draw;
mod end;
mod lab;
mod others;
mod outcomes;
mod story;
mod troubles;
mod truth;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use driftlock::platforms::railway::api::Pace;

pub use check::lines;
pub use desk::{CANARY, Declared};
pub use lab::{How, Lab, Passed};
use story::Story;

use crate::support::railway::fake;

/// The real waits by the thousandth, and less.
pub const HURRIED: Pace = Pace {
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(8),
    give_up: Duration::from_millis(400),
    read_timeout: Duration::from_millis(150),
    write_timeout: Duration::from_millis(150),
    problem_tries: 2,
};

/// Nothing fails because this machine is busy.
pub const CALM: Pace = Pace {
    give_up: Duration::from_secs(2),
    read_timeout: Duration::from_secs(10),
    write_timeout: Duration::from_secs(10),
    ..HURRIED
};

/// Failures that are told in full.
const SHOWN: usize = 5;

#[derive(Default)]
struct Sums {
    failures: Vec<String>,
    most_requests: usize,
    left_behind: usize,
    exits: BTreeMap<u8, usize>,
}

#[test]
fn random_schedules_of_faults_never_lose_repeat_or_pretend() {
    let seed = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = seed
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_122);
    let count: usize = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 1000,
        None => 120,
    };
    let (next, done) = (AtomicU64::new(seed), AtomicUsize::new(0));
    let sums = Mutex::new(Sums::default());
    let begin = Instant::now();
    let work = || {
        let Some(fake) = fake() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        while done.fetch_add(1, Ordering::Relaxed) < count {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let mut story = Story::new(&fake, seed);
            runtime.block_on(story.play());
            let mut sums = sums.lock().unwrap();
            sums.most_requests = sums.most_requests.max(story.most_requests);
            sums.left_behind += story.left_behind;
            for (exit, count) in &story.exits {
                *sums.exits.entry(*exit).or_default() += count;
            }
            if !story.wrong.is_empty() {
                let wrong = story.wrong.join("\n  ");
                let diary = story.diary.join("\n  ");
                sums.failures.push(format!(
                    "DRIFTLOCK_SEED={seed} begins with this schedule:\n  {wrong}\nwhat happened:\n  {diary}"
                ));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(work);
        }
    });
    let sums = sums.into_inner().unwrap();
    println!(
        "DRIFTLOCK_SEED={seed}: {count} schedules in {:.1} s, exits {:?}, at most {} requests a pass, {} left behind",
        begin.elapsed().as_secs_f32(),
        sums.exits,
        sums.most_requests,
        sums.left_behind
    );
    let failures = &sums.failures;
    let shown: Vec<String> = failures.iter().take(SHOWN).cloned().collect();
    assert!(
        failures.is_empty(),
        "{} of {count} schedules went wrong\n{}",
        failures.len(),
        shown.join("\n\n")
    );
}
