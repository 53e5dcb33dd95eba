//! Limits, outages and refusals on the way to a place, and what is said of them.

use driftlock::platforms::ReadError;
use driftlock::platforms::railway::resolve::ResolveError;

use super::{fake, find, services};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{At, Fault, RetryAfter, Which};

const PLACE: (&str, &str) = ("aurora", "production");
const VARIABLE: &str = "RAILWAY_API_TOKEN";

fn small(fake: &FakeRailway) -> String {
    fake.project("aurora")
        .environment("production")
        .service("api");
    fake.account_token()
}

async fn fails(fake: &FakeRailway, token: &str) -> ReadError {
    find(fake, VARIABLE, token, PLACE)
        .await
        .0
        .unwrap_err()
        .into()
}

#[tokio::test]
async fn what_passes_is_waited_out_at_every_step() {
    let Some(fake) = fake() else { return };
    let token = small(&fake);
    let faults = [
        Fault::Limited(RetryAfter::Seconds(0)),
        Fault::Limited(RetryAfter::Date(0)),
        Fault::Limited(RetryAfter::Absent),
        Fault::EdgeLimited { html: false },
        Fault::EdgeLimited { html: true },
        Fault::Gateway(502),
        Fault::Gateway(503),
        Fault::Gateway(504),
        Fault::Reset,
        Fault::HalfBody,
        Fault::NullData(Fail::problem()),
        Fault::Field(At::Every, Fail::problem()),
        Fault::NullData(Fail::new(
            "Whoa there pal! You are going too quickly. Try again in a sec",
        )),
    ];
    for fault in faults {
        for step in 1..=4 {
            fake.fault(fault.clone().nth(step));
            let (found, requests) = find(&fake, VARIABLE, &token, PLACE).await;
            let found = found.unwrap_or_else(|error| panic!("{fault:?} at {step}: {error}"));
            assert_eq!(services(&found.environment), ["api"]);
            assert_eq!(
                (requests, fake.faults_left()),
                (5, 0),
                "{fault:?} at {step}"
            );
        }
    }
}

#[tokio::test]
async fn what_stays_is_an_error_that_says_when_to_come_back() {
    let Some(fake) = fake() else { return };
    let token = small(&fake);
    fake.fault(Fault::Limited(RetryAfter::Seconds(900)));
    let error = fails(&fake, &token).await;
    assert_eq!(error.retry_after.unwrap().as_secs(), 900);
    assert!(error.reason.contains("15 min"), "{}", error.reason);
    fake.clear_faults();

    fake.fault(Fault::Gateway(503).times(100_000));
    let error = fails(&fake, &token).await;
    assert!(error.retry_after.is_some() && error.reason.contains("status 503"));
    fake.clear_faults();

    fake.fault(Fault::Html);
    let error = fails(&fake, &token).await;
    assert!(error.reason.contains("HTML page"), "{}", error.reason);

    fake.fault(Fault::Nothing);
    let error = fails(&fake, &token).await;
    assert!(error.reason.contains("neither data nor errors"));
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_it() {
    let Some(fake) = fake() else { return };
    let token = small(&fake);
    fake.fault(Fault::Endless(1 << 30));
    let error = fails(&fake, &token).await;
    assert!(
        error.reason.contains("longer than 16 MiB"),
        "{}",
        error.reason
    );
    assert!(fake.counters().bytes_streamed < 64 << 20);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_in_words() {
    let Some(fake) = fake() else { return };
    let token = small(&fake);
    fake.fault(Fault::two_factor("Acme").times(100));
    let error = fails(&fake, &token).await;
    assert!(error.reason.contains("two-factor"), "{}", error.reason);
    assert!(error.help.is_some());
}

#[tokio::test]
async fn a_workspace_that_fails_is_left_out_and_named() {
    let Some(fake) = fake() else { return };
    let token = small(&fake);
    fake.workspace("Umbra").project("borealis");
    fake.workspace("Closed").project("secret");
    let refused = || {
        let fault = Fault::Field(At::Alias("w2".into()), Fail::not_authorized());
        fault.on(Which::With("projects".into()))
    };
    fake.fault(refused());
    let (found, requests) = find(&fake, VARIABLE, &token, PLACE).await;
    let found = found.unwrap();
    assert_eq!(services(&found.environment), ["api"]);
    assert_eq!(requests, 5);
    assert_eq!(found.notes.len(), 1);
    assert!(found.notes[0].contains("`Closed`"), "{:?}", found.notes);

    fake.fault(refused());
    let (found, _) = find(&fake, VARIABLE, &token, ("secret", "production")).await;
    let error = found.unwrap_err();
    let ResolveError::NoProject { failed, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(failed, &["Closed"]);
    assert!(
        error.to_string().contains("not readable: `Closed`"),
        "{error}"
    );
}

#[tokio::test]
async fn a_project_token_that_may_not_list_variables_still_says_who_it_is() {
    let Some(fake) = fake() else { return };
    let production = fake.project("aurora").environment("production");
    production.service("api");
    let token = production.token();
    fake.fault(Fault::NullData(Fail::problem()).times(3));
    let (found, requests) = find(&fake, "RAILWAY_TOKEN", &token, PLACE).await;
    assert_eq!(services(&found.unwrap().environment), ["api"]);
    // three tries of the whole, the short form, the environment
    assert_eq!(requests, 5);
}
