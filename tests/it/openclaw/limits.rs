//! What wrong tokens cost: who is exempt is made to wait, everybody else is locked out.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{config, facts, quick};
use crate::support::openclaw::{Gateway, Home, Request};

facts!(ten_wrong_tokens_lock_out_and_a_local_client_only_waits);

const RIGHT: &str = "the-right-token";

fn ten_wrong_tokens_lock_out_and_a_local_client_only_waits(home: &Home) {
    let limits = |exempt: bool| {
        let limits = json!({ "exemptLoopback": exempt, "maxAttempts": 10 });
        config(&json!({ "token": RIGHT, "rateLimit": limits }))
    };
    home.write_config(&limits(true));
    let gateway = home.start(&quick());
    waits(&gateway);
    gateway.reload(home, &limits(false));
    locks_out(&gateway);
    // neither another token nor a pause of seconds helps, only to be exempt
    let other =
        json!({ "token": "another", "rateLimit": { "exemptLoopback": false, "maxAttempts": 10 } });
    gateway.reload(home, &config(&other));
    assert_eq!(gateway.probe("another"), 429);
    gateway.reload(home, &limits(true));
    assert_eq!(gateway.probe(RIGHT), 400);
}

/// Each wrong one takes twice as long as the last, until a right one comes.
fn waits(gateway: &Gateway) {
    assert_eq!(gateway.probe(RIGHT), 400);
    let waited = [(); 3].map(|()| timed(gateway, "wrong", 401));
    for (found, at_least) in waited.into_iter().zip([250, 500, 1000]) {
        assert!(found >= Duration::from_millis(at_least), "{waited:?}");
    }
    // the next wrong one would be two seconds
    let begin = Instant::now();
    assert_eq!(gateway.probe_without(), 401);
    assert!(begin.elapsed() < Duration::from_millis(1500));
    assert!(timed(gateway, RIGHT, 400) < Duration::from_millis(1500));
    let again = timed(gateway, "wrong", 401);
    assert!(again < Duration::from_millis(1500), "{again:?}");
}

fn timed(gateway: &Gateway, token: &str, wanted: u16) -> Duration {
    let begin = Instant::now();
    assert_eq!(gateway.probe(token), wanted);
    begin.elapsed()
}

fn locks_out(gateway: &Gateway) {
    assert_eq!(gateway.probe(RIGHT), 400);
    for _ in 0..9 {
        assert_eq!(gateway.probe("wrong"), 401);
    }
    for _ in 0..3 {
        assert_eq!(gateway.probe_without(), 401, "missing ones do not count");
    }
    assert_eq!(gateway.probe(RIGHT), 400, "a right one forgives");
    for _ in 0..10 {
        assert_eq!(gateway.probe("wrong"), 401);
    }
    for token in [Some("wrong"), Some(RIGHT), None] {
        let mut request = Request::new("POST", "/tools/invoke").body("{}");
        if let Some(token) = token {
            request = request.token(token);
        }
        let answer = gateway.send(&request);
        assert_eq!((answer.status, answer.kind()), (429, "json"), "{token:?}");
        assert!(
            answer.body.contains(r#""type":"rate_limited""#),
            "{}",
            answer.body
        );
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((200..=300).contains(&wait), "{wait}");
    }
    assert_eq!(gateway.get("/healthz").status, 200);
    assert_eq!(gateway.get("/readyz").status, 200);
}
