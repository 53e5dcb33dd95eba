//! Every answer to the request with the token, and to the one without.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::{GatewayProbe, verdict};
use crate::model::{SecretValue, Verdict};
use crate::platforms::http::WipedBuffer;
use crate::probe::judge::{Answer, NoAnswer, Sender, seconds};
use crate::probe::request::Checked;
use crate::probe::{Door, Probe, not_tried, unreachable};

const TOKEN: &str = "c4nary-token";
const JSON: &str = "application/json; charset=utf-8";
const GOOD: &str = r#"{"ok":false,"error":{"type":"invalid_request","message":"c4nary"}}"#;
const GOOD_HOOKS: &str = r#"{"ok":false,"error":"text required"}"#;
const BAD: &str = r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#;

fn hooks() -> Door {
    Door::Hooks {
        path: String::new(),
    }
}

fn probe(door: Door) -> GatewayProbe {
    GatewayProbe {
        base: SecretValue::new("http://127.0.0.1:18789"),
        door,
        token: SecretValue::new(TOKEN),
        limit: Duration::from_secs(5),
    }
}

type Reply = Result<Answer, NoAnswer>;

fn says(status: u16, content_type: &str, body: &str) -> Reply {
    let mut kept = WipedBuffer::default();
    kept.push(body.as_bytes());
    Ok(Answer {
        status,
        content_type: Some(content_type.to_owned()).filter(|text| !text.is_empty()),
        retry_after: None,
        body: Some(kept),
    })
}

fn says_later(status: u16, seconds: u32) -> Reply {
    says(status, JSON, "{}").map(|answer| Answer {
        retry_after: Some(seconds),
        ..answer
    })
}

fn silent(maybe_sent: bool) -> Reply {
    Err(NoAnswer {
        verdict: unreachable("no answer within 5 s"),
        maybe_sent,
    })
}

/// Says one thing after the other, and fails the test if it is asked more.
struct Scripted {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<Checked>>,
}

#[async_trait]
impl Sender for Scripted {
    async fn send(&self, request: Checked, limit: Duration) -> Reply {
        assert_eq!(limit, Duration::from_secs(5));
        self.sent.lock().unwrap().push(request);
        let next = self.replies.lock().unwrap().pop_front();
        next.expect("it was asked once too often")
    }
}

/// The verdict, after the one request with the token and as many more as there are replies.
async fn ask(probe: &GatewayProbe, replies: impl IntoIterator<Item = Reply>) -> Verdict {
    let sender = Scripted {
        replies: Mutex::new(replies.into_iter().collect()),
        sent: Mutex::default(),
    };
    let verdict = verdict(&sender, probe).await;
    assert!(
        sender.replies.into_inner().unwrap().is_empty(),
        "{verdict:?}"
    );
    for (number, request) in sender.sent.into_inner().unwrap().iter().enumerate() {
        assert_eq!(request.method, "POST");
        assert_eq!(request.body.as_ref().unwrap().expose(), "{}");
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(request.reads_body);
        let authorization = request.headers.get("authorization");
        assert_eq!(
            authorization.map(|value| value.to_str().unwrap()),
            (number == 0).then_some("Bearer c4nary-token")
        );
        assert!(authorization.is_none_or(|value| value.is_sensitive()));
    }
    let shown = Probe::Gateway(probe.clone());
    let text = format!("{verdict:?} {shown:?} {shown}");
    assert!(!text.contains("c4nary"), "{text}");
    verdict
}

async fn gateway(replies: impl IntoIterator<Item = Reply>) -> Verdict {
    ask(&probe(Door::Gateway), replies).await
}

fn why(verdict: Verdict) -> String {
    match verdict {
        Verdict::NotTried { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_let_in_with_the_token_and_only_with_it_has_the_right_one() {
    let replies = [says(400, JSON, GOOD), says(401, JSON, BAD)];
    assert_eq!(gateway(replies).await, Verdict::Works);
    let replies = [
        says(400, JSON, GOOD_HOOKS),
        says(401, "text/plain", "Unauthorized"),
    ];
    assert_eq!(ask(&probe(hooks()), replies).await, Verdict::Works);
}

#[tokio::test]
async fn who_is_let_in_without_a_token_proves_nothing() {
    let replies = [says(400, JSON, GOOD), says(400, JSON, GOOD)];
    assert_eq!(gateway(replies).await, Verdict::Open);
    let replies = [says(400, JSON, GOOD_HOOKS), says(400, JSON, GOOD_HOOKS)];
    assert_eq!(ask(&probe(hooks()), replies).await, Verdict::Open);
}

#[tokio::test]
async fn only_a_refusal_of_nobody_is_a_proof() {
    for (reply, words) in [
        (
            says(429, JSON, "{}"),
            "limits how often it may be asked (status 429)",
        ),
        (says(500, JSON, "{}"), "status 500, which is a fault"),
        (says(503, JSON, "{}"), "status 503, which is a fault"),
        (says(403, JSON, "{}"), "application/json (status 403)"),
        (says(200, "text/html", "c4nary"), "text/html (status 200)"),
        (says(302, "", ""), "a redirect (status 302)"),
        // another one's refusal
        (says(401, "text/html", "c4nary"), "text/html (status 401)"),
        (says(400, JSON, "{}"), "in another shape (status 400)"),
        (silent(true), "no answer within 5 s"),
        (silent(false), "no answer within 5 s"),
    ] {
        let why = why(gateway([says(400, JSON, GOOD), reply]).await);
        assert!(
            why.starts_with("it answers as wanted with the credential, but") && why.contains(words),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_refusal_has_its_verdict_after_one_request() {
    for (reply, expected) in [
        (says(401, JSON, BAD), Verdict::Unauthorized),
        (
            says(401, "text/plain", "Unauthorized"),
            Verdict::Unauthorized,
        ),
        (says(401, "", ""), Verdict::Unauthorized),
        (
            says(403, JSON, r#"{"ok":false,"error":{"type":"forbidden"}}"#),
            Verdict::Forbidden,
        ),
        (says(403, "", "c4nary"), Verdict::Forbidden),
    ] {
        assert_eq!(gateway([reply]).await, expected);
    }
    let refused = says(401, "text/plain", "Unauthorized");
    assert_eq!(ask(&probe(hooks()), [refused]).await, Verdict::Unauthorized);
}

#[tokio::test]
async fn who_comes_through_an_unknown_proxy_is_not_looked_at() {
    let body = r#"{"error":{"message":"c4nary","type":"proxy_attribution_required"}}"#;
    let why = why(gateway([says(403, JSON, body)]).await);
    assert!(why.contains("gateway.trustedProxies"), "{why}");
}

#[tokio::test]
async fn locked_out_is_told_with_its_end() {
    let told = |long| {
        format!(
            "locked out after too many wrong tokens (status 429{long}): the right token gets 429 \
             too; nothing is tried again in this run"
        )
    };
    let verdict = gateway([says_later(429, 271)]).await;
    assert_eq!(why(verdict), told(", for 271 s more"));
    assert_eq!(why(gateway([says(429, JSON, "{}")]).await), told(""));
    let hooks = why(ask(&probe(hooks()), [says_later(429, 60)]).await);
    assert!(hooks.contains("429, for 60 s more") && hooks.contains("let the right token in"));
}

#[test]
fn only_a_plain_small_number_is_shown() {
    for (header, number) in [
        ("0", Some(0)),
        (" 300 ", Some(300)),
        ("86400", Some(86_400)),
        ("86401", None),
        ("99999999999", None),
        ("+5", None),
        ("-5", None),
        ("5.5", None),
        ("", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("%header{retry-after}", None),
    ] {
        assert_eq!(seconds(header.as_bytes()), number, "{header}");
    }
    assert_eq!(seconds(b"\xff"), None);
}

#[tokio::test]
async fn nobody_there_may_be_asked_again() {
    for status in [502, 503, 504] {
        for kind in [JSON, "text/html"] {
            let verdict = gateway([says(status, kind, "c4nary")]).await;
            let why =
                format!("status {status}: the gateway is starting, or it is down behind a proxy");
            assert_eq!(verdict, Verdict::Unreachable { why });
        }
    }
    let verdict = gateway([silent(false)]).await;
    assert_eq!(verdict, unreachable("no answer within 5 s"));
}

#[tokio::test]
async fn who_may_have_seen_the_token_is_not_asked_again() {
    let why = why(gateway([silent(true)]).await);
    assert!(why.contains("no answer within 5 s; ") && why.contains("not sent again"));
    let cannot = NoAnswer {
        maybe_sent: true,
        ..NoAnswer::from(not_tried("there is no curl"))
    };
    assert_eq!(gateway([Err(cannot)]).await, not_tried("there is no curl"));
}

#[tokio::test]
async fn what_is_no_gateway_is_told() {
    let stranger = ": what answers there is no OpenClaw gateway, or a proxy stands in between";
    for (reply, words) in [
        (
            says(404, "text/plain", "Not Found"),
            "text/plain (status 404)",
        ),
        (says(405, "text/plain", ""), "text/plain (status 405)"),
        (says(200, JSON, GOOD), "application/json (status 200)"),
        (
            says(204, "", ""),
            "nothing that says its content type (status 204)",
        ),
        (
            says(302, "text/html", ""),
            "a redirect (status 302), which is not followed",
        ),
        (
            says(307, "", ""),
            "a redirect (status 307), which is not followed",
        ),
        (
            says(418, "text/c4nary", ""),
            "another content type (status 418)",
        ),
        (says(200, "text/html", "c4nary"), "text/html (status 200)"),
        (
            says(400, "Text/HTML; charset=utf-8", GOOD),
            "text/html (status 400)",
        ),
        (says(401, "text/html", BAD), "text/html (status 401)"),
        (
            says(403, "application/xhtml+xml", ""),
            "application/xhtml+xml (status 403)",
        ),
        (says(429, "text/html", ""), "text/html (status 429)"),
        (
            says(400, "", GOOD),
            "nothing that says its content type (status 400)",
        ),
        (says(400, "text/plain", GOOD), "text/plain (status 400)"),
    ] {
        assert_eq!(why(gateway([reply]).await), format!("{words}{stranger}"));
    }
    let fault = why(gateway([says(500, "text/plain", "")]).await);
    assert_eq!(
        fault,
        "text/plain (status 500): a fault of the gateway, or of a proxy before it"
    );
    let hooks = why(ask(&probe(hooks()), [says(404, "text/plain", "")]).await);
    assert!(hooks.contains("hooks are switched off"), "{hooks}");
}

#[tokio::test]
async fn only_the_words_of_a_gateway_count() {
    for body in [
        "",
        "null",
        "c4nary",
        GOOD_HOOKS,
        BAD,
        &format!("{GOOD}{GOOD}"),
        &GOOD[1..],
        r#"{"error":{"type":"invalid_request_error"}}"#,
        r#"{"error":{"type":["invalid_request"]}}"#,
        r#"{"error":"invalid_request"}"#,
        r#"{"type":"invalid_request"}"#,
        r#"[{"error":{"type":"invalid_request"}}]"#,
        r#"{"error":{"type":"unauthorized"},"error":{"type":"invalid_request"}}"#,
        "{error:{type:'invalid_request'}}",
        r#"{"error":{"type":"invalid_request",}}"#,
        &"[".repeat(60_000),
    ] {
        let why = why(gateway([says(400, JSON, body)]).await);
        assert!(
            why.starts_with("application/json in another shape (status 400): "),
            "{body:.60} {why}"
        );
    }
    for body in [
        GOOD,
        "",
        r#"{"ok":true,"error":"text required"}"#,
        r#"{"error":"text required"}"#,
        r#"{"ok":false,"error":"context required"}"#,
        r#"{"ok":false,"error":"sessionKey required"}"#,
        r#"{"ok":false,"error":"invalid json"}"#,
        r#"{"ok":false,"error":{"text":"required"}}"#,
    ] {
        let why = why(ask(&probe(hooks()), [says(400, JSON, body)]).await);
        assert!(why.contains("in another shape"), "{body} {why}");
    }
    // one that is too long to be kept
    let long = says(400, JSON, GOOD).map(|answer| Answer {
        body: None,
        ..answer
    });
    assert!(why(gateway([long]).await).contains("in another shape"));
    for status in [401, 403, 429] {
        let long = says(status, "", "").map(|answer| Answer {
            body: None,
            ..answer
        });
        let why = why(gateway([long]).await);
        assert!(why.contains("is no OpenClaw gateway"), "{why}");
    }
    for body in [r#"{"ok":false,"error":"Text is required"}"#, GOOD_HOOKS] {
        let replies = [says(400, JSON, body), says(401, "text/plain", "")];
        assert_eq!(ask(&probe(hooks()), replies).await, Verdict::Works);
    }
}

/// Where it goes, and what is shown of that.
async fn address(base: &str, door: Door) -> (String, String) {
    let probe = GatewayProbe {
        base: SecretValue::new(base),
        ..probe(door)
    };
    let sender = Scripted {
        replies: Mutex::new([says(401, JSON, BAD)].into()),
        sent: Mutex::default(),
    };
    assert_eq!(verdict(&sender, &probe).await, Verdict::Unauthorized);
    let sent = sender.sent.into_inner().unwrap().remove(0);
    (sent.url.to_string(), Probe::Gateway(probe).to_string())
}

#[tokio::test]
async fn the_path_goes_behind_that_of_a_proxy() {
    let local = "http://127.0.0.1:18789";
    for (base, origin, url) in [
        (local, local, "http://127.0.0.1:18789/tools/invoke"),
        (
            "http://[::1]:1/",
            "http://[::1]:1",
            "http://[::1]:1/tools/invoke",
        ),
        (
            "https://shop.example/c4nary/",
            "https://shop.example",
            "https://shop.example/c4nary/tools/invoke",
        ),
        (
            "https://shop.example:8443/c4nary//",
            "https://shop.example:8443",
            "https://shop.example:8443/c4nary/tools/invoke",
        ),
    ] {
        let shown = format!("POST {origin}/tools/invoke");
        assert_eq!(address(base, Door::Gateway).await, (url.into(), shown));
    }
    for (path, url, shown) in [
        ("", "/hooks/wake", "/hooks/wake"),
        ("/hooks", "/hooks/wake", "/hooks/wake"),
        ("hooks/", "/hooks/wake", "/hooks/wake"),
        ("/c4nary/in ", "/c4nary/in/wake", "/…/wake"),
        ("/c4nary?#", "/c4nary%3F%23/wake", "/…/wake"),
    ] {
        let door = Door::Hooks { path: path.into() };
        let expected = (format!("{local}{url}"), format!("POST {local}{shown}"));
        assert_eq!(address(local, door).await, expected);
    }
}

#[tokio::test]
async fn what_must_not_leave_does_not() {
    for (base, token, words) in [
        ("http://shop.example", TOKEN, "in clear"),
        ("ftp://127.0.0.1", TOKEN, "in clear"),
        ("https://c4nary@shop.example", TOKEN, "user or a password"),
        ("https://u:c4nary@shop.example", TOKEN, "user or a password"),
        (
            "https://shop.example?c4nary",
            TOKEN,
            "a query or a fragment",
        ),
        (
            "https://shop.example/#c4nary",
            TOKEN,
            "a query or a fragment",
        ),
        ("c4nary", TOKEN, "not a URL"),
        (
            "https://shop.example",
            "c4nary\n",
            "authorization holds a line break",
        ),
        (
            "https://shop.example",
            "c4n\r\nary",
            "authorization holds a line break",
        ),
        ("https://shop.example", "c4nary\0", "no header may hold"),
        ("https://shop.example", "c4nary\u{7f}", "no header may hold"),
        ("https://shop.example", "c4näry", "beyond ASCII"),
    ] {
        let probe = GatewayProbe {
            base: SecretValue::new(base),
            token: SecretValue::new(token),
            ..probe(Door::Gateway)
        };
        let why = why(ask(&probe, []).await);
        assert!(why.contains(words), "{why}");
    }
}
