//! An apply that is killed at any moment: the config is the old one or the new one, whole, and the
//! next apply makes it right.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::lab::{Lab, OLD};
use crate::support::openclaw::{Gateway, Home, Kind, Start};

fn kills() -> usize {
    let long = std::env::var_os("DRIFTLOCK_LONG").is_some();
    if long { 40 } else { 6 }
}

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_129);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// The text of the config with this token in it: comments, blanks and keys that stay.
fn text(home: &Home, token: &str) -> String {
    let rest: String = (0..400)
        .map(|line| format!("  // {line:04}: nobody of ours may touch this line\n"))
        .collect();
    format!(
        "{{\n{rest}  gateway: {{ mode: 'local', port: {}, auth: {{ mode: 'token', token: \"{token}\" }} }},\n  meta: {{ lastTouchedVersion: '2026.9.6' }},\n}}\n",
        home.port()
    )
}

fn token(number: usize) -> String {
    format!("c4nary-number-{number}")
}

/// One apply that is killed after this time, and the next.
fn round(lab: &Lab, home: &Home, gateway: &Gateway, number: usize, moment: Duration) {
    lab.set("TOKEN", &token(number));
    let mark = gateway.log().mark();
    let mut command = lab.world.command(["apply", "--yes"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    let case = format!("number {number} after {moment:?}");
    let found = home.config_text();
    let known = [number - 1, number].map(|number| text(home, &token(number)));
    assert!(known.contains(&found), "{case}: neither of the two");
    let next = lab.run("apply --yes");
    assert_eq!(next.code, 0, "{case}: {}", next.all());
    assert_eq!(home.config_text(), text(home, &token(number)), "{case}");
    // where the killed one had written already, nobody waited for the gateway
    gateway.wait(mark, &["hot reload applied"]);
    assert_eq!(gateway.probe(&token(number)), 400, "{case}");
    lab.in_sync();
}

#[test]
fn the_config_is_the_old_one_or_the_new_one_and_the_next_apply_makes_it_right() {
    let Some((lab, home)) = Lab::beside(Kind::StandIn) else {
        return;
    };
    home.write_config_text(&text(&home, OLD));
    let gateway = home.start(&Start::default());
    assert_eq!(
        home.config()["meta"],
        json!({ "lastTouchedVersion": "2026.9.6" })
    );
    lab.set("TOKEN", &token(0));
    lab.take_over().success();
    // an apply that nothing happens to
    lab.set("TOKEN", &token(1));
    let begin = Instant::now();
    lab.run("apply --yes").success();
    let whole = begin.elapsed();
    let mut random = StdRng::seed_from_u64(seed());
    for number in 2..kills() + 2 {
        round(&lab, &home, &gateway, number, whole.mul_f64(random.r#gen()));
    }
    let left = home.files("");
    let ours = left.iter().filter(|name| name.contains("driftlock"));
    assert_eq!(ours.count(), 0, "{left:?}");
}
