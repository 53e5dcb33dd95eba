//! Metrics and health, as a scraper and a load balancer ask for them.

use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use super::{BEGAN, Stand, at, page, until};

#[test]
fn metrics_are_what_prometheus_reads() {
    let stand = Stand::new();
    let answer = stand.gets("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("server"), None);
    let line = "driftlock_target_variables{manifest=\"dev\",target=\"api\",class=\"drift\"} 1\n";
    assert!(answer.body.contains(line), "{}", answer.body);
    // what changes is seen
    stand
        .vitals
        .lock()
        .unwrap()
        .requests
        .insert("file".to_owned(), 9);
    let more = "driftlock_platform_requests_total{platform=\"file\"} 9\n";
    assert!(stand.gets("/metrics?x=1").body.contains(more));
}

#[test]
fn health_follows_the_beat() {
    let stand = Stand::new();
    stand.gets("/healthz").is(200, "ok\n");
    stand.now.store(BEGAN + 60, Ordering::Relaxed);
    stand.gets("/healthz").is(200, "ok\n");
    stand.now.store(BEGAN + 95, Ordering::Relaxed);
    stand
        .gets("/healthz")
        .is(503, "the loop has not turned for 95 s (limit 60 s)\n");
    stand.vitals.lock().unwrap().beat_at = Some(at(BEGAN + 90));
    stand.gets("/healthz").is(200, "ok\n");
    // a loop that is about to end still turns
    stand.vitals.lock().unwrap().stopping = true;
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn a_clock_that_stands_or_was_set_back_hides_no_hanging_loop() {
    let stand = Stand::over(page::vitals(0), Duration::from_millis(300));
    stand.now.store(BEGAN - 7200, Ordering::Relaxed);
    until("the beat is seen to stand still", || {
        stand.gets("/healthz").status == 503
    });
    // it turns again
    stand.vitals.lock().unwrap().beat_at = Some(at(BEGAN - 7200));
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn a_loop_that_hangs_with_its_state_in_hand_is_seen() {
    let stand = Stand::new();
    let vitals = stand.vitals.clone();
    let (held, is_held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let hangs = std::thread::spawn(move || {
        let _state = vitals.lock().unwrap();
        held.send(()).unwrap();
        released.recv().unwrap();
    });
    is_held.recv().unwrap();
    let why = "the loop holds its state and does not let it go\n";
    for path in ["/healthz", "/readyz", "/metrics"] {
        stand.gets(path).is(503, why);
    }
    release.send(()).unwrap();
    hangs.join().unwrap();
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn a_loop_that_panicked_leaves_its_numbers() {
    let stand = Stand::new();
    let vitals = stand.vitals.clone();
    let panics = std::thread::spawn(move || {
        let _state = vitals.lock().unwrap();
        std::panic::resume_unwind(Box::new("a test"));
    });
    assert!(panics.join().is_err());
    assert!(stand.vitals.is_poisoned());
    assert_eq!(stand.gets("/metrics").status, 200);
    stand.now.store(BEGAN + 61, Ordering::Relaxed);
    assert_eq!(stand.gets("/healthz").status, 503);
}

#[test]
fn it_is_ready_after_the_first_round_until_it_stops() {
    let stand = Stand::new();
    stand.gets("/readyz").is(
        503,
        "the first round has not ended: 1 of 2 targets not looked at yet: dev/vps\n",
    );
    stand.vitals.lock().unwrap().first_round = true;
    stand.gets("/readyz").is(200, "ok\n");
    stand.vitals.lock().unwrap().stopping = true;
    stand.gets("/readyz").is(503, "it is stopping\n");
}

#[test]
fn head_is_get_without_the_body() {
    let stand = Stand::new();
    for path in ["/metrics", "/healthz", "/readyz", "/nothing"] {
        let (get, head) = (stand.gets(path), stand.asks("HEAD", path));
        assert_eq!(head.body, "", "{path}");
        assert_eq!(get.status, head.status, "{path}");
        let length = get.body.len().to_string();
        for answer in [&get, &head] {
            assert_eq!(answer.header("content-length"), Some(&*length), "{path}");
        }
        assert_eq!(get.header("content-type"), head.header("content-type"));
    }
}

#[test]
fn other_methods_and_paths_are_refused() {
    let stand = Stand::new();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = stand.asks(method, "/metrics");
        answer.is(405, "only GET and HEAD are answered\n");
        assert_eq!(answer.header("allow"), Some("get, head"), "{method}");
    }
    assert_eq!(stand.asks("CONNECT", "x:1").status, 405);
    let nothing = "there are /metrics, /healthz and /readyz\n";
    for path in [
        "/",
        "/metrics/",
        "//metrics",
        "/METRICS",
        "/metrics/../healthz",
        "/%6detrics",
        "/healthz%00",
        "/favicon.ico",
    ] {
        stand.gets(path).is(404, nothing);
    }
    stand.gets("http://anything/healthz?now#x").is(200, "ok\n");
}
