//! The request without the credential.

use driftlock::model::Verdict;

use super::server::{Reply, Server, nobody};
use super::{CANARY, asking, guarded, secret, verdict, ways};

/// Answers with `without` who has no credential, else with 200; the order of what came is right.
async fn without(reply: Reply) -> Verdict {
    let server = Server::start(move |seen| match seen.header("x-auth") {
        Some(value) if value == CANARY => Reply::status(200),
        _ => reply.clone(),
    });
    let mut probe = guarded(&server.url());
    probe.content_type = Some("application/json".into());
    probe.limit = std::time::Duration::from_secs(1);
    let verdict = verdict(probe).await;
    let credentials: Vec<bool> = server
        .seen()
        .iter()
        .map(|seen| seen.header("x-auth").is_some())
        .collect();
    assert_eq!(credentials, [true, false].repeat(ways()));
    verdict
}

#[tokio::test]
async fn who_is_refused_without_proves_that_it_works_with() {
    for status in [400, 401, 403, 404, 302] {
        assert_eq!(without(Reply::status(status)).await, Verdict::Works);
    }
    // a page to log in at
    let page = Reply::typed(200, "text/html");
    assert_eq!(without(page).await, Verdict::Works);
}

#[tokio::test]
async fn an_open_endpoint_proves_nothing() {
    assert_eq!(without(Reply::status(200)).await, Verdict::Open);
}

#[tokio::test]
async fn what_is_no_refusal_is_no_proof() {
    for (reply, words) in [
        (Reply::status(500), "status 500"),
        (Reply::status(503), "status 503"),
        (Reply::status(429), "limits how often"),
        (Reply::Hang, "no answer within 1 s"),
    ] {
        match without(reply).await {
            Verdict::NotTried { why } => {
                assert!(
                    why.contains("could not be seen") && why.contains(words),
                    "{why}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn after_a_bad_answer_nothing_more_is_sent() {
    for status in [401, 403, 404, 429, 500] {
        let server = Server::always(Reply::status(status));
        assert!(!verdict(guarded(&server.url())).await.works());
        assert_eq!(server.seen().len(), ways());
    }
    let url = format!("http://127.0.0.1:{}/", nobody());
    assert!(
        super::both(guarded(&url))
            .await
            .iter()
            .all(Verdict::is_unknown)
    );
}

#[tokio::test]
async fn a_secret_in_the_address_is_left_out_too() {
    let server = Server::start(|seen| {
        let known = seen.head.starts_with("GET /?key=c4nary ");
        Reply::status(if known { 200 } else { 401 })
    });
    let at = |key: &str| format!("http://127.0.0.1:{}/?key={key}", server.port);
    let mut probe = guarded(&at("nothing"));
    probe.url = secret(&at("c4nary"));
    probe.headers.clear();
    assert_eq!(verdict(probe).await, Verdict::Works);
    assert_eq!(server.seen().len(), 2 * ways());
    assert_eq!(verdict(asking(&at("wrong"))).await, Verdict::Unauthorized);
}
