//! Too many requests: what is waited for, what is reported, and when the budget runs low.

use std::time::{Duration, Instant};

use crate::railway::binary::Setup;
use crate::support::fake_railway::faults::{Fault, RetryAfter};

#[test]
fn a_short_wait_is_waited_for() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    for retry_after in [RetryAfter::Seconds(1), RetryAfter::Date(1)] {
        setup.fake.fault(Fault::Limited(retry_after));
        let begin = Instant::now();
        assert_eq!(setup.readable(), ["api", "worker", "local"]);
        if retry_after == RetryAfter::Seconds(1) {
            assert!(begin.elapsed() >= Duration::from_secs(1));
        }
        assert_eq!(setup.fake.faults_left(), 0);
    }
    setup.untouched();
}

#[test]
fn a_long_wait_is_reported_and_not_waited_for() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    for retry_after in [RetryAfter::Seconds(3600), RetryAfter::Date(3600)] {
        setup.fake.clear_faults();
        setup.fake.clear_record();
        setup
            .fake
            .fault(Fault::Limited(retry_after).times(usize::MAX));
        let begin = Instant::now();
        setup
            .run("plan")
            .exits(1)
            .says("too many requests; again in 60 min");
        assert!(begin.elapsed() < Duration::from_secs(20));
        // who is told to wait an hour does not ask again
        assert_eq!(setup.fake.counters().requests, 1);
        setup.refuses(&["local"], &["again in 60 min", "run less often"]);
    }
}

#[test]
fn the_edge_says_no_in_its_own_way() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "60");
    for html in [false, true] {
        setup.fake.fault(Fault::EdgeLimited { html });
        assert_eq!(setup.readable(), ["api", "worker", "local"]);
        setup
            .fake
            .fault(Fault::EdgeLimited { html }.times(usize::MAX));
        setup.refuses(&["local"], &["too many requests", "run less often"]);
        setup.fake.clear_faults();
    }
    assert_eq!(setup.fake.counters().without_source, 0);
}

#[test]
fn a_limit_at_the_write_leaves_nothing_half_done() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.fake.fault(
        Fault::Limited(RetryAfter::Seconds(3600))
            .on(crate::support::fake_railway::faults::Which::Mutations)
            .times(usize::MAX),
    );
    setup
        .run("apply --yes")
        .exits(3)
        .says("too many requests; again in 60 min");
    assert_eq!(
        setup.api.value("TOKEN").as_deref(),
        Some(super::super::binary::DESIRED)
    );
    assert_eq!(setup.api.deploys().len(), 0);
    setup.fake.clear_faults();
    setup.run("apply --yes").success();
    assert_eq!(setup.api.deploys().len(), 1);
}

#[test]
fn a_spent_budget_is_reported_and_one_that_runs_low_is_noted() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    setup.fake.renew_budget();
    setup
        .fake
        .switches(|switches| switches.hourly_budget = 1000);
    setup.run("plan").success().omits("requests left");
    setup.fake.switches(|switches| switches.hourly_budget = 12);
    setup
        .run("plan")
        .success()
        .says("of 12 requests left with this token; full again in 60 min");
    setup.fake.switches(|switches| switches.hourly_budget = 1);
    setup.refuses(&["local"], &["too many requests; again in 60 min"]);
}
