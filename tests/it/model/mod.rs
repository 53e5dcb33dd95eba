//! Random sequences of edits, strangers, faults, crashes and mishaps of the journal over a simple
//! model of what is whose. The model does not call the planner: it knows what the manifest wants,
//! what is truly there, and what our records may say, and from that what may never happen.

mod desk;
mod fuse;
mod ledger;
mod memory;
mod mishaps;
mod railway;
mod rules;
mod run;
mod stage;
mod steps;
mod tally;
mod wishes;
mod world;

use std::sync::Mutex;
use std::time::Instant;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use steps::{Model, Reference, Step};

/// Steps of one sequence, at most.
const LONGEST: usize = 16;
/// Parts of one run that go side by side, each with a seed of its own.
const PARTS: u64 = 4;

/// Plays sequences, in parts that are always divided alike; a failure is shown in its shortest form.
fn play<T>(what: &str, count: u32)
where
    T: StateMachineTest<Reference = Reference>,
{
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    let begin = Instant::now();
    let failures = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for part in 0..PARTS {
            let failures = &failures;
            let name = std::thread::current().name().unwrap_or("model").to_owned();
            let work = move || {
                if let Err(failure) = play_part::<T>(seed.wrapping_add(part), count / PARTS as u32)
                {
                    failures
                        .lock()
                        .unwrap()
                        .push(format!("part {part}: {failure}"));
                }
            };
            std::thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, work)
                .unwrap();
        }
    });
    println!(
        "DRIFTLOCK_SEED={seed}: {count} sequences of {what} in {:.1} s",
        begin.elapsed().as_secs_f32()
    );
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "DRIFTLOCK_SEED={seed}\n{}",
        failures.join("\n\n")
    );
}

fn play_part<T>(seed: u64, cases: u32) -> Result<(), String>
where
    T: StateMachineTest<Reference = Reference>,
{
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let strategy = Reference::sequential_strategy(1..=LONGEST);
    let mut runner = TestRunner::new(config.clone());
    let played = runner.run(&strategy, |(model, steps, seen)| {
        T::test_sequential(config.clone(), model, steps, seen);
        Ok::<(), TestCaseError>(())
    });
    match played {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, (model, steps, _))) => {
            Err(format!("{why}\n{}", story(&model, &steps)))
        }
        Err(TestError::Abort(why)) => Err(why.to_string()),
    }
}

/// The shortest sequence that fails.
fn story(model: &Model, steps: &[Step]) -> String {
    let steps: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
    format!("begins with {:?}\n{}", model.wishes, steps.join("\n"))
}

/// How many sequences are played.
fn sequences(short: u32, long: u32) -> u32 {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => long,
        None => short,
    }
}
