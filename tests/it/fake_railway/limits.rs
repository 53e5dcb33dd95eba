//! Rate limits: sections 1 and 7 of the facts.

use std::time::Duration;

use serde_json::json;

use super::http::{Answer, post};
use super::{Auth, Lab};
use crate::support::fake_railway::faults::{Fault, RetryAfter};
use crate::support::fake_railway::ids::{http_date, is_uuid, rfc3339};
use crate::support::fake_railway::switches::ResetFormat;

/// A second that no test outlasts.
const HOUR: Duration = Duration::from_secs(3600);

fn probe(lab: &Lab) -> Answer {
    lab.send(&lab.auth, &json!({ "query": "{ projectToken { id } }" }))
}

#[test]
fn every_answer_tells_the_budget() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| switches.hourly_budget = 2);
    let first = probe(&lab);
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    assert_eq!(probe(&lab).header("x-ratelimit-remaining"), Some("0"));
    let over = probe(&lab);
    assert_eq!(
        (over.status, over.header("retry-after")),
        (429, Some("3600"))
    );
    assert!(over.header("content-type").unwrap().contains("json"));
    assert_eq!(lab.fake.requests()[2].status, Some(429));
    // a fault waits for a request that gets through
    lab.fake.fault(Fault::Gateway(503));
    assert_eq!(probe(&lab).status, 429);
    lab.fake.renew_budget();
    assert_eq!(probe(&lab).status, 503);
    assert_eq!(probe(&lab).status, 200);
}

#[test]
fn the_reset_has_many_forms() {
    let Some(lab) = Lab::open() else { return };
    let reset = |format| {
        lab.fake.switches(|switches| switches.reset_format = format);
        probe(&lab).header("x-ratelimit-reset").map(str::to_owned)
    };
    assert_eq!(reset(ResetFormat::EpochSeconds).unwrap().len(), 10);
    assert_eq!(reset(ResetFormat::EpochMillis).unwrap().len(), 13);
    assert!(reset(ResetFormat::Rfc3339).unwrap().ends_with(".000Z"));
    assert!(reset(ResetFormat::HttpDate).unwrap().ends_with(" GMT"));
    assert_eq!(reset(ResetFormat::Absent), None);
}

#[test]
fn too_many_requests_in_a_second_meet_the_apis_429() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.per_second = 3;
        switches.second = HOUR;
    });
    let statuses: Vec<u16> = (0..4).map(|_| probe(&lab).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[test]
fn without_a_query_string_the_edge_answers() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| switches.second = HOUR);
    let anonymous = || {
        post(
            &lab.fake.url(),
            &lab.auth,
            r#"{"query":"{ projectToken { id } }"}"#,
        )
        .unwrap()
    };
    for _ in 0..10 {
        assert_eq!(anonymous().status, 200);
    }
    let over = anonymous();
    assert_eq!((over.status, over.body.as_str()), (429, "error code: 1015"));
    assert!(
        over.header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert_eq!(over.header("x-ratelimit-remaining"), None);
    assert_eq!(probe(&lab).status, 200, "named clients pass");
    assert_eq!(lab.fake.counters().without_source, 11);
    assert!(!lab.fake.requests()[0].has_source() && lab.fake.requests()[11].has_source());
    lab.fake.switches(|switches| switches.edge_guard = false);
    assert_eq!(anonymous().status, 200);
}

#[test]
fn a_tripped_edge_limit_may_last() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.switches(|switches| {
        switches.second = HOUR;
        switches.edge_block = 24 * HOUR;
    });
    let body = r#"{"query":"{ projectToken { id } }"}"#;
    let statuses: Vec<u16> = (0..13)
        .map(|_| post(&lab.fake.url(), &lab.auth, body).unwrap().status)
        .collect();
    assert_eq!(statuses[9..], [200, 429, 429, 429]);
}

#[test]
fn the_429s_differ() {
    let Some(lab) = Lab::open() else { return };
    for rule in [
        Fault::Limited(RetryAfter::Seconds(7)),
        Fault::Limited(RetryAfter::Date(7)),
        Fault::Limited(RetryAfter::Absent),
        Fault::EdgeLimited { html: false },
        Fault::EdgeLimited { html: true },
    ] {
        lab.fake.fault(rule);
    }
    let seconds = probe(&lab);
    assert_eq!(
        (seconds.status, seconds.header("retry-after")),
        (429, Some("7"))
    );
    assert_eq!(
        seconds.json()["errors"][0]["extensions"]["code"],
        "RATE_LIMITED"
    );
    assert!(probe(&lab).header("retry-after").unwrap().ends_with(" GMT"));
    assert_eq!(probe(&lab).header("retry-after"), None);
    assert_eq!(probe(&lab).body, "error code: 1015");
    assert!(probe(&lab).body.starts_with("<!DOCTYPE html>"));
    assert_eq!(probe(&lab).status, 200);
}

#[test]
fn times_and_ids_have_their_forms() {
    assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56.000Z");
    assert_eq!(rfc3339(1_798_761_599), "2026-12-31T23:59:59.000Z");
    assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert!(is_uuid("9a3c1f0e-5b7d-4c21-8e64-0d2f7b9a1c35"));
    assert!(!is_uuid("aurora") && !is_uuid("9a3c1f0e5b7d-4c21-8e64-0d2f7b9a1c35-"));
    let Some(lab) = Lab::open() else { return };
    let Auth::Project(token) = &lab.auth else {
        return;
    };
    assert!(is_uuid(&lab.api.id()) && is_uuid(token));
    let Some(again) = Lab::open() else { return };
    assert_eq!(again.api.id(), lab.api.id(), "ids are the same in each run");
}
