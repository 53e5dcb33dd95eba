//! Whatever happens on the way, there is never a second comment of ours.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::fake::{Answer, Rule};
use super::{Lab, report};
use crate::probe::server::Reply;

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set.map_or(7, |text| text.parse().unwrap());
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// Something that goes wrong once or twice.
fn mishap(random: &mut StdRng) -> Rule {
    let (method, part) = [
        ("GET", "/comments"),
        ("POST", "/issues/7/comments"),
        ("POST", "/issues/7/comments"),
        ("PATCH", "/comments"),
        ("POST", "/graphql"),
    ][random.gen_range(0..5)];
    let page = |status| {
        let headers = "content-type: text/html\r\n".to_owned();
        Reply::Answer(status, headers, b"<html>one moment".into())
    };
    let limited = Answer::error(403, "secondary rate limit").with("retry-after", "0");
    let (reply, never_acts) = match random.gen_range(0..6) {
        0 => (Reply::Raw(""), false),
        1 => (
            Reply::Raw("HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{"),
            false,
        ),
        2 => (page(502), false),
        3 => (page(200), false),
        4 => (limited.reply(), true),
        _ => (Answer::error(404, "Not Found").reply(), true),
    };
    Rule {
        method,
        part,
        acts: !never_acts && random.gen_bool(0.5),
        reply,
        times: random.gen_range(1..=2),
    }
}

#[test]
fn there_is_never_a_second_comment() {
    let begin = seed();
    let long = std::env::var_os("DRIFTLOCK_LONG").is_some();
    let mut exits = [0; 2];
    for seed in begin..begin + if long { 200 } else { 20 } {
        let Some(lab) = Lab::github() else { return };
        let mut random = StdRng::seed_from_u64(seed);
        lab.fake
            .with(|github| github.write(7, "octocat", &report("a stranger's")));
        for round in 0..3 {
            for _ in 0..random.gen_range(0..4) {
                lab.fake.rule(mishap(&mut random));
            }
            let run = lab.post(&format!("{round}."));
            assert!(matches!(run.code, 0 | 1), "seed {seed}: {}", run.all());
            exits[usize::try_from(run.code).unwrap()] += 1;
            let bodies = lab.bodies();
            assert!(
                bodies.len() <= 2,
                "seed {seed}: {} of ours",
                bodies.len() - 1
            );
            assert_eq!(bodies[0], report("a stranger's"), "seed {seed}");
            if run.code == 0 {
                assert_eq!(
                    bodies[1],
                    report(&format!("{round}.")).trim_end(),
                    "seed {seed}"
                );
            }
        }
        lab.fake.forget_rules();
        lab.post("last.").success();
        assert_eq!(
            lab.bodies()[1..],
            [report("last.").trim_end()],
            "seed {seed}"
        );
    }
    println!("exits: {} good, {} errors", exits[0], exits[1]);
    assert!(
        exits[0] > exits[1] && exits[1] > 0,
        "both happen: {exits:?}"
    );
}
