//! Limits on requests: waited for within a bound, else told.

use std::time::{SystemTime, UNIX_EPOCH};

use super::fake::Answer;
use super::{LIST, Lab, POST, report};

/// The date of an answer, and the moment so many seconds later.
fn reset_in(seconds: u64) -> (String, String) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now_date = jiff::Timestamp::from_second(i64::try_from(now).unwrap()).unwrap();
    let date = now_date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    (date, (now + seconds).to_string())
}

#[test]
fn a_short_wait_is_waited_for() {
    let Some(lab) = Lab::github() else { return };
    let limited = |status| {
        Answer::error(status, "You have exceeded a secondary rate limit").with("retry-after", "0")
    };
    lab.fake.refuse("GET", "/comments", 1, &limited(429));
    lab.fake.refuse("GET", "/comments", 1, &limited(403));
    lab.fake.refuse("POST", "/comments", 1, &limited(403));
    lab.post("1 change.").success().says("comment created");
    assert_eq!(
        lab.lines(),
        [LIST, LIST, LIST, POST, LIST, POST],
        "a look before each post"
    );
    assert_eq!(lab.bodies().len(), 1);
    assert_eq!(lab.fake.rules_left(), 0);
}

#[test]
fn a_long_wait_is_told_and_nothing_is_repeated() {
    let Some(lab) = Lab::github() else { return };
    let (date, reset) = reset_in(3600);
    let used_up = Answer::error(403, "API rate limit exceeded for installation ID 1.")
        .with("date", date)
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", reset);
    lab.fake.refuse("GET", "/comments", 1, &used_up);
    lab.post("1 change.")
        .exits(1)
        .says("too many requests; again in 60 min")
        .says("run it again then");
    assert_eq!(lab.lines(), [LIST]);
    let later = Answer::error(429, "x").with("retry-after", "900");
    lab.fake.refuse("POST", "/comments", 1, &later);
    lab.post("1 change.").exits(1).says("again in 15 min");
    assert_eq!(lab.lines(), [LIST, POST]);
    assert_eq!(lab.bodies(), [""; 0]);
}

#[test]
fn a_limit_that_is_only_words_counts_as_a_minute() {
    let Some(lab) = Lab::github() else { return };
    let words = Answer::error(
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    );
    lab.fake.refuse("GET", "/comments", 1, &words);
    lab.post("1 change.")
        .exits(1)
        .says("too many requests; again in 60 s");
    assert_eq!(lab.lines(), [LIST]);
}

#[test]
fn what_is_left_is_no_limit() {
    let Some(lab) = Lab::github() else { return };
    let (date, reset) = reset_in(3600);
    let refused = Answer::error(403, "Resource not accessible by integration")
        .with("date", date)
        .with("x-ratelimit-remaining", "4999")
        .with("x-ratelimit-reset", reset);
    lab.fake.refuse("GET", "/comments", 1, &refused);
    lab.post("1 change.")
        .exits(1)
        .says("this token may not do that (403)");
}

#[test]
fn gitlab_limits_with_429() {
    let lab = Lab::gitlab();
    let short = Answer::new(429, serde_json::json!("Retry later")).with("retry-after", "0");
    lab.fake.refuse("GET", "/notes", 1, &short);
    lab.fake.refuse("POST", "/notes", 1, &short);
    lab.run("comment", &report("1 change."))
        .success()
        .says("comment created");
    let (date, reset) = reset_in(600);
    let long = Answer::new(429, serde_json::json!({}))
        .with("date", date)
        .with("ratelimit-remaining", "0")
        .with("ratelimit-reset", reset);
    lab.fake.refuse("GET", "/notes", 1, &long);
    lab.run("comment", &report("2 changes."))
        .exits(1)
        .says("again in 10 min");
    assert_eq!(lab.bodies().len(), 1);
}
