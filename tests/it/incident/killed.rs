//! An apply over all four places that is killed at any moment: the next one makes all of it right.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::stage::{SECRET, Stage, TOKEN};

fn kills() -> usize {
    let long = std::env::var_os("DRIFTLOCK_LONG").is_some();
    if long { 40 } else { 8 }
}

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_129);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// Both variables get values that nobody had yet.
fn next(stage: &Stage, round: usize) -> (String, String) {
    let secret = format!("c4nary-secret-{round}");
    let token = format!("c4nary-gateway-{round}");
    stage.set(SECRET, &secret);
    stage.set(TOKEN, &token);
    stage.yard.later();
    (secret, token)
}

#[test]
fn the_next_apply_makes_all_of_it_right() {
    let Some(stage) = Stage::new() else { return };
    let mut random = StdRng::seed_from_u64(seed());
    let begin = Instant::now();
    next(&stage, 0);
    stage.run("apply --yes").success();
    let whole = begin.elapsed();
    for round in 1..=kills() {
        let (secret, token) = next(&stage, round);
        let mut command = stage.command("apply --yes");
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // the axe falls at any moment: that is what is tested
        sleep(Duration::from_secs_f64(
            whole.as_secs_f64() * random.r#gen::<f64>(),
        ));
        let _ended_already = child.kill();
        child.wait().unwrap();
        // whatever is there: never a third value, and a plan can be made of it
        let known =
            |value: &str| value == secret || value == format!("c4nary-secret-{}", round - 1);
        let stored = stage.stored();
        assert!(stored.iter().all(|value| known(value)), "{stored:?}");
        let done = (0..20).find_map(|_| {
            // the killed one's children may hold the lease for a moment
            let run = stage.run("apply --yes");
            (run.code == 0).then_some(run).or_else(|| {
                sleep(Duration::from_millis(100));
                None
            })
        });
        assert!(
            done.is_some(),
            "round {round}: {}",
            stage.run("apply --yes").all()
        );
        assert_eq!(stage.everywhere(), [secret.as_str(); 4], "round {round}");
        assert_eq!(stage.tokens(), [token.as_str(); 2], "round {round}");
        assert_eq!(stage.gateway.probe(&token), 400, "round {round}");
        stage.yard.later();
        stage.yard.in_sync();
    }
    println!("{} kills within {whole:.0?}", kills());
}
