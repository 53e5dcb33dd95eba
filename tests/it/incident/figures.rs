//! How long it takes from the symptom to the cause.

use std::time::Duration;

use super::stage::Stage;

const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn from_symptom_to_cause_in_two_seconds() {
    let Some(stage) = Stage::new() else { return };
    stage.happens();
    // whoever else is busy on this machine: the best of five is ours
    let (run, least) = (0..5)
        .map(|_| stage.timed("doctor INTERNAL_AUTH_SECRET"))
        .min_by_key(|(_, took)| *took)
        .unwrap();
    run.exits(2).says("driftlock apply --target api");
    println!("doctor INTERNAL_AUTH_SECRET: {least:.0?}");
    assert!(least < LIMIT, "{least:?}");
}
