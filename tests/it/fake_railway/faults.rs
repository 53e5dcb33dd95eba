//! Faults: what the client sees, and whether the request took effect.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Answer, open, post, receive, send};
use super::{Auth, Lab, input};
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{At, Fault, Rule, Which};

const UPSERT: &str =
    "mutation($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }";

fn body(lab: &Lab, value: &str) -> String {
    let variables = json!({ "i": input(&lab.api, &json!({ "A": value }), false) });
    json!({ "query": UPSERT, "variables": variables }).to_string()
}

/// Writes `value` to `A` of the service `api`, whatever comes of it.
fn write(lab: &Lab, value: &str) -> std::io::Result<Answer> {
    let url = format!("{}?source=tests", lab.fake.url());
    post(&url, &lab.auth, &body(lab, value))
}

fn read(lab: &Lab) -> Answer {
    lab.send(&lab.auth, &json!({ "query": "{ projectToken { id } }" }))
}

/// Each fault in the place of an answer, before and after the effect.
#[test]
fn a_fault_comes_before_or_after_the_effect() {
    let Some(lab) = Lab::open() else { return };
    type Looks = fn(&Answer) -> bool;
    let cases: [(Fault, Looks); 7] = [
        (Fault::Gateway(502), |seen| {
            seen.status == 502 && seen.body.starts_with("<html>")
        }),
        (Fault::Gateway(504), |seen| {
            seen.status == 504 && seen.body.contains("504")
        }),
        (Fault::Html, |seen| {
            seen.status == 200 && seen.body.starts_with("<!doctype")
        }),
        (Fault::Nothing, |seen| {
            seen.status == 200 && seen.body == "{}"
        }),
        (Fault::problem(), |seen| {
            seen.json()["data"].is_null() && seen.body.contains("Problem processing request")
        }),
        (Fault::too_quickly(), |seen| {
            seen.status == 200 && seen.body.contains("Whoa there pal!")
        }),
        (Fault::two_factor("Acme"), |seen| {
            let error = &seen.json()["errors"][0];
            error["message"] == "Two Factor Authentication Required"
                && error["extensions"]["workspaceName"] == "Acme"
        }),
    ];
    for (number, (fault, looks)) in cases.into_iter().enumerate() {
        let (before, after) = (format!("before {number}"), format!("after {number}"));
        lab.fake.fault(fault.clone());
        assert!(looks(&write(&lab, &before).unwrap()), "{fault:?}");
        assert_ne!(lab.api.value("A"), Some(before));
        lab.fake.fault(fault.clone().after_effect());
        assert!(looks(&write(&lab, &after).unwrap()), "{fault:?}");
        assert_eq!(lab.api.value("A"), Some(after));
        assert_eq!(lab.api.deploys().len(), number + 1);
    }
    assert_eq!(lab.fake.faults_left(), 0);
}

#[test]
fn connections_are_reset_before_or_after_the_effect() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.fault(Fault::Reset);
    let error = write(&lab, "1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(lab.api.value("A"), None);
    lab.fake.fault(Fault::Reset.after_effect());
    write(&lab, "2").unwrap_err();
    assert_eq!(lab.api.value("A").as_deref(), Some("2"));
    let statuses: Vec<_> = lab
        .fake
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [None, None]);
}

#[test]
fn the_body_breaks_off() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.fault(Fault::HalfBody.after_effect());
    let error = write(&lab, "1").unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
    ));
    assert_eq!(lab.api.value("A").as_deref(), Some("1"));
    lab.fake.fault(Fault::HalfBody);
    write(&lab, "2").unwrap_err();
    assert_eq!(lab.api.value("A").as_deref(), Some("1"));
}

#[test]
fn it_hangs_until_the_client_gives_up() {
    let Some(lab) = Lab::open() else { return };
    for (rule, value) in [
        (Rule::from(Fault::Hang), None),
        (Fault::Hang.after_effect(), Some("1")),
    ] {
        lab.fake.fault(rule);
        let mut socket = hanging(&lab);
        wait_until(|| lab.api.value("A").as_deref() == value);
        let error = receive(&mut socket).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "{error}"
        );
        drop(socket);
        assert_eq!(lab.api.value("A").as_deref(), value);
    }
    // what the client gave up is no longer under way when it asks again
    write(&lab, "2").unwrap();
    assert_eq!(lab.fake.most_concurrent_mutations(), 1);
}

#[test]
fn mutations_at_one_time_are_counted_per_environment() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.fault(Fault::Hang);
    let first = hanging(&lab);
    assert_eq!(lab.fake.most_concurrent_mutations(), 1);
    let elsewhere = lab.project.environment("staging").service("api");
    let auth = Auth::Bearer(lab.fake.account_token());
    let variables = json!({ "i": input(&elsewhere, &json!({ "A": "1" }), true) });
    lab.answer(&auth, UPSERT, &variables);
    assert_eq!(lab.fake.most_concurrent_mutations(), 1);
    write(&lab, "1").unwrap();
    assert_eq!(lab.fake.most_concurrent_mutations(), 2);
    drop(first);
    lab.fake.clear_record();
    write(&lab, "2").unwrap();
    assert_eq!(
        lab.fake.most_concurrent_mutations(),
        1,
        "all others have ended"
    );
}

/// Sends a write that gets no answer, and waits until the server has it.
fn hanging(lab: &Lab) -> TcpStream {
    let url = format!("{}?source=tests", lab.fake.url());
    let before = lab.fake.requests().len();
    let mut socket = open(&url, Duration::from_millis(50)).unwrap();
    send(&mut socket, &url, &lab.auth, &body(lab, "1"), "close").unwrap();
    wait_until(|| lab.fake.requests().len() > before);
    socket
}

fn wait_until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "it never happened"
        );
        std::thread::yield_now();
    }
}

#[test]
fn a_body_goes_on_until_the_client_hangs_up() {
    let Some(lab) = Lab::open() else { return };
    lab.fake.fault(Fault::Endless(1 << 30));
    let url = format!("{}?source=tests", lab.fake.url());
    let mut socket = open(&url, Duration::from_secs(10)).unwrap();
    send(
        &mut socket,
        &url,
        &lab.auth,
        r#"{"query":"{ projectToken { id } }"}"#,
        "close",
    )
    .unwrap();
    let mut bytes = vec![0; 1 << 20];
    socket.read_exact(&mut bytes).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..400]).contains(r#"{"data":"xxx"#));
    drop(socket);
    assert_eq!(read(&lab).status, 200);
    let sent = lab.fake.counters().bytes_streamed;
    assert!((1 << 20..1 << 28).contains(&sent), "{sent} bytes were sent");

    lab.fake.fault(Fault::Endless(100_000));
    let mut socket = open(&url, Duration::from_secs(10)).unwrap();
    send(
        &mut socket,
        &url,
        &lab.auth,
        r#"{"query":"{ projectToken { id } }"}"#,
        "close",
    )
    .unwrap();
    let mut whole = Vec::new();
    socket.read_to_end(&mut whole).unwrap();
    assert!(whole.len() > 100_000, "{}", whole.len());
}

#[test]
fn a_fault_meets_the_requests_that_are_meant() {
    let Some(lab) = Lab::open() else { return };
    let statuses = |count: usize| -> Vec<u16> {
        let both = (0..count).flat_map(|_| [read(&lab).status, write(&lab, "1").unwrap().status]);
        both.collect()
    };
    lab.fake
        .fault(Fault::Gateway(503).on(Which::Queries).times(2));
    lab.fake
        .fault(Fault::Gateway(502).on(Which::Mutations).nth(3));
    assert_eq!(statuses(3), [503, 200, 503, 200, 200, 502]);
    lab.fake.fault(Fault::Gateway(503).nth(2));
    assert_eq!(statuses(2), [200, 503, 200, 200]);
    lab.fake.fault(Fault::Gateway(503).times(2));
    assert_eq!(statuses(2), [503, 503, 200, 200]);
    let with = Which::With("variableCollectionUpsert".to_owned());
    lab.fake.fault(Fault::Gateway(503).on(with));
    assert_eq!(statuses(1), [200, 503]);
    lab.fake.fault(Fault::Gateway(503).times(9).on(Which::Any));
    lab.fake.clear_faults();
    assert_eq!(statuses(1), [200, 200]);
}

#[test]
fn one_root_field_fails_with_its_path() {
    let Some(lab) = Lab::open() else { return };
    let query = "mutation($a: VariableCollectionUpsertInput!, $b: VariableCollectionUpsertInput!) {
        a: variableCollectionUpsert(input: $a) b: variableCollectionUpsert(input: $b) }";
    let values = |value: &str| json!({ "A": value });
    let run = |value: &str| -> Value {
        let variables = json!({ "a": input(&lab.api, &values(value), true),
                                "b": input(&lab.worker, &values(value), true) });
        lab.answer(&lab.auth, query, &variables)["errors"][0].clone()
    };
    let stored = || [lab.api.value("A"), lab.worker.value("A")].map(Option::unwrap_or_default);
    let fail = || Fail::not_authorized();
    lab.fake.fault(Fault::Field(At::Number(1), fail()));
    assert_eq!(run("1")["path"], json!(["b"]));
    assert_eq!(stored(), ["1", ""]);
    lab.fake
        .fault(Fault::Field(At::Alias("b".to_owned()), fail()).after_effect());
    assert_eq!(run("2")["message"], "Not Authorized");
    assert_eq!(stored(), ["2", "2"]);
    let named = At::Named("variableCollectionUpsert".to_owned());
    lab.fake.fault(Fault::Field(named, fail()));
    assert_eq!(run("3")["path"], json!(["a"]));
    lab.fake.fault(Fault::deployments_limited());
    assert_eq!(
        run("3")["message"],
        "Service deployment rate limit exceeded"
    );
    lab.fake.fault(Fault::stale_base());
    assert_eq!(run("3")["extensions"]["code"], "STALE_ENVIRONMENT_BASE");
    assert_eq!(stored(), ["2", "2"]);
}

#[test]
fn colleagues_appear_between_requests() {
    let Some(lab) = Lab::open() else { return };
    let draft = json!({ "sharedVariables": { "DRAFT": { "value": "1" } } });
    lab.fake.fault(lab.production.draft(draft.clone()).nth(2));
    lab.fake.fault(
        lab.api
            .meddling("A", "theirs")
            .on(Which::Mutations)
            .after_effect(),
    );
    lab.fake.fault(lab.worker.meddling_delete("B").nth(1));
    let worker = lab.worker.clone().set("B", "1");
    read(&lab);
    assert_eq!((lab.production.staged(), worker.value("B")), (None, None));
    write(&lab, "ours").unwrap();
    assert_eq!(lab.production.staged(), Some(draft));
    assert_eq!(lab.api.value("A").as_deref(), Some("theirs"));
    assert_eq!(lab.api.running()["A"], "ours");
}

#[test]
fn anything_may_happen_between_requests() {
    let Some(lab) = Lab::open() else { return };
    let (environment, service) = (lab.production.id.clone(), lab.worker.id());
    let sealing = Fault::act(move |world, switches| {
        world.put(switches, &environment, Some(&service), "KEY", "canary");
        world.seal(switches, &environment, Some(&service), "KEY");
    });
    lab.fake.fault(sealing.nth(2));
    let Auth::Project(token) = lab.auth.clone() else {
        unreachable!()
    };
    let expire = Fault::act(move |world, _| {
        if let Some(token) = world.tokens.get_mut(&token) {
            token.expired = true;
        }
    });
    lab.fake.fault(expire.nth(2).after_effect());
    assert_eq!(read(&lab).json()["errors"], Value::Null);
    assert!(!lab.worker.is_sealed("KEY"));
    assert_eq!(read(&lab).json()["errors"], Value::Null);
    assert!(lab.worker.is_sealed("KEY"));
    assert_eq!(
        read(&lab).json()["errors"][0]["message"],
        "Project Token not found"
    );
}

#[test]
fn answers_take_their_time() {
    let Some(lab) = Lab::open() else { return };
    lab.fake
        .switches(|switches| switches.latency = Duration::from_millis(20));
    lab.fake.fault(Fault::Slow(Duration::from_millis(80)));
    let start = Instant::now();
    read(&lab);
    assert!(start.elapsed() >= Duration::from_millis(100));
}

/// `cargo test --test it -- --ignored fake_railway --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_many_requests_a_second() {
    let Some(lab) = Lab::open() else { return };
    let url = format!("{}?source=tests", lab.fake.url());
    let query = "query($p: String!, $e: String!, $s: String) {
        variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: true) }";
    let mut small = lab.api.clone();
    for number in 0..40 {
        small = small.set(&format!("NAME_{number}"), "a value of ordinary length");
    }
    let reading = json!({ "query": query, "variables": lab.ids(&small) }).to_string();
    let mut socket = open(&url, Duration::from_secs(10)).unwrap();
    let mut measure = |name: &str, body: &str, count: u32| {
        let start = Instant::now();
        for _ in 0..count {
            send(&mut socket, &url, &lab.auth, body, "keep-alive").unwrap();
            assert_eq!(receive(&mut socket).unwrap().status, 200);
        }
        socket.flush().unwrap();
        let each = start.elapsed() / count;
        println!(
            "{name}: {each:?} each, {:.0} a second",
            1.0 / each.as_secs_f64()
        );
    };
    measure("40 variables", &reading, 2000);
    let start = Instant::now();
    for _ in 0..100 {
        drop(Lab::open());
    }
    println!("a new world: {:?}", start.elapsed() / 100);
    measure("an upsert with a deployment", &body(&lab, "1"), 2000);
    for service in 0..50 {
        let mut place = lab.production.service(&format!("service-{service}"));
        for number in 0..40 {
            place = place.set(&format!("NAME_{number}"), "a value of ordinary length");
        }
    }
    let metadata = "query($e: String!) { environment(id: $e) { serviceInstances(first: 500) {
        edges { node { serviceId serviceName latestDeployment { id status createdAt } } } }
        variables(first: 1000) { edges { node { name serviceId isSealed updatedAt } } } } }";
    let metadata = json!({ "query": metadata, "variables": { "e": lab.production.id } });
    measure("1000 variables' names", &metadata.to_string(), 20);
    let ids: Vec<String> = lab.fake.world(|world| {
        let services = world.services_in(&lab.production.id);
        services
            .into_iter()
            .map(|service| service.id.clone())
            .collect()
    });
    let scopes = ids.iter().take(26).enumerate().map(|(number, id)| {
        format!("s{number}: variables(projectId: $p, environmentId: $e, serviceId: \"{id}\", unrendered: true)")
    });
    let many = format!(
        "query($p: String!, $e: String!) {{ {} }}",
        scopes.collect::<Vec<_>>().join(" ")
    );
    let many = json!({ "query": many, "variables": lab.ids(&small) });
    measure("26 services of 40", &many.to_string(), 50);
}
