//! Section 4.1: what the gateway answers to whom.

use serde_json::{Value, json};

use super::{agree, config, facts, merged, quick};
use crate::support::openclaw::{Gateway, Home, Request, Start};

facts!(the_table_holds, only_one_header_carries_the_token);

const RIGHT: &str = "right-token-of-the-gateway";
const NUDGE: &str = "right-token-of-the-hooks";
const NAMELESS: &str = "{\"ok\":false,\"error\":{\"type\":\"invalid_request\",\"message\":\"tools.invoke requires name\"}}";
const UNAUTHORIZED: &str = r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#;

/// A request, and the status and type of the answers without a token, with a wrong and a right one.
struct Row(&'static str, &'static str, Option<&'static str>, [Said; 3]);

type Said = (u16, &'static str);

const OK: Said = (200, "json");
const PAGE: Said = (200, "html");
const BAD: Said = (400, "json");
const NO: Said = (401, "json");
const NO_TEXT: Said = (401, "plain");
const NOWHERE: Said = (404, "plain");
const METHOD: Said = (405, "plain");

fn all(said: Said) -> [Said; 3] {
    [said; 3]
}

const LISTING: &str = r#"{"tool":"sessions_list","args":{}}"#;
const SENDING: &str = r#"{"tool":"sessions_send","args":{}}"#;

fn always() -> Vec<Row> {
    vec![
        Row("GET", "/health", None, all(OK)),
        Row("GET", "/healthz", None, all(OK)),
        Row("HEAD", "/healthz", None, all(OK)),
        Row("POST", "/healthz", Some("{}"), all(METHOD)),
        Row("GET", "/startupz", None, all(OK)),
        Row("GET", "/ready", None, all(OK)),
        Row("GET", "/readyz", None, all(OK)),
        Row("POST", "/tools/invoke", Some("{}"), [NO, NO, BAD]),
        Row("POST", "/tools/invoke", None, [NO, NO, BAD]),
        Row("POST", "/tools/invoke", Some("no json"), [NO, NO, BAD]),
        Row("POST", "/tools/invoke", Some(LISTING), [NO, NO, OK]),
        Row(
            "POST",
            "/tools/invoke",
            Some(SENDING),
            [NO, NO, (404, "json")],
        ),
        Row("GET", "/tools/invoke", None, all(METHOD)),
        Row("HEAD", "/tools/invoke", None, all(METHOD)),
        Row("PUT", "/tools/invoke", Some("{}"), all(METHOD)),
        Row("GET", "/api/sessions", None, all(NOWHERE)),
        Row("GET", "/api/status", None, all(NOWHERE)),
        Row("GET", "/api/health", None, all(NOWHERE)),
        Row("POST", "/sessions", Some("{}"), all(NOWHERE)),
    ]
}

/// With the Control UI, which is on if nobody says otherwise.
fn with_pages() -> Vec<Row> {
    vec![
        Row("GET", "/", None, all(PAGE)),
        Row("GET", "/sessions", None, all(PAGE)),
        Row("GET", "/hooks/wake", None, all(PAGE)),
        Row("HEAD", "/sessions", None, all(PAGE)),
        Row("GET", "/control-ui-config.json", None, [NO, NO, OK]),
        Row("GET", "/v1/models", None, all(NOWHERE)),
        Row("POST", "/hooks/wake", Some("{}"), all(NOWHERE)),
    ]
}

fn without_pages() -> Vec<Row> {
    let nothing = [
        "/",
        "/sessions",
        "/hooks/wake",
        "/control-ui-config.json",
        "/v1/models",
    ];
    let nothing = nothing.map(|path| Row("GET", path, None, all(NOWHERE)));
    nothing.into_iter().collect()
}

/// With the endpoints for chats, and hooks: theirs is another token, and this one is wrong there.
fn with_more() -> Vec<Row> {
    vec![
        Row("GET", "/v1/models", None, [NO, NO, OK]),
        Row("HEAD", "/v1/models", None, all(METHOD)),
        Row("POST", "/v1/chat/completions", Some("{}"), [NO, NO, BAD]),
        Row("GET", "/hooks/wake", None, all(METHOD)),
        Row("POST", "/hooks/wake", Some("{}"), all(NO_TEXT)),
        Row("POST", "/hooks/nothing", Some("{}"), all(NO_TEXT)),
    ]
}

fn settings(more: &Value) -> Value {
    merged(&config(&json!({ "token": RIGHT })), more)
}

fn the_table_holds(home: &Home) {
    let pages = json!({ "gateway": { "controlUi": { "enabled": true } } });
    home.write_config(&settings(&pages));
    let gateway = home.start(&quick());
    let mut differing = rows(&gateway, always().into_iter().chain(with_pages()));
    gateway.reload(home, &settings(&json!({})));
    differing.extend(rows(&gateway, always().into_iter().chain(without_pages())));
    let hooks = json!({ "enabled": true, "token": NUDGE });
    let more = json!({
        "gateway": { "http": { "endpoints": { "chatCompletions": { "enabled": true } } } },
        "hooks": hooks,
    });
    gateway.reload(home, &settings(&more));
    differing.extend(rows(&gateway, always().into_iter().chain(with_more())));
    differing.extend(nudges(&gateway));
    let moved = merged(
        &more,
        &json!({ "hooks": { "path": "nudge", "token": "another" } }),
    );
    gateway.reload(home, &settings(&moved));
    differing.extend(moved_nudges(&gateway));
    agree(&differing);
    bodies(&gateway);
    without_authentication(home, gateway);
}

fn rows(gateway: &Gateway, rows: impl Iterator<Item = Row>) -> Vec<String> {
    let mut differing = vec![];
    for Row(method, path, body, wanted) in rows {
        let credentials = [None, Some("wrong-token-of-nobody"), Some(RIGHT)];
        for (credential, wanted) in credentials.into_iter().zip(wanted) {
            let mut request = Request::new(method, path);
            if let Some(body) = body {
                request = request.body(body);
            }
            if let Some(token) = credential {
                request = request.token(token);
            }
            let answer = gateway.send(&request);
            let found = (answer.status, answer.kind());
            let challenge = answer.header("www-authenticate");
            if found != wanted || challenge.is_some() {
                let body = body.unwrap_or_default();
                differing.push(format!(
                    "{method} {path} {body} with {credential:?}: {found:?}, not {wanted:?} {challenge:?}"
                ));
            }
        }
    }
    differing
}

/// With the token of the hooks itself.
fn nudges(gateway: &Gateway) -> Vec<String> {
    let wake = || Request::new("POST", "/hooks/wake");
    let cases = [
        (
            wake().body("{}").token(NUDGE),
            BAD,
            r#"{"ok":false,"error":"text required"}"#,
        ),
        (
            wake().body("{}").header("X-OpenClaw-Token", NUDGE),
            BAD,
            r#"{"ok":false,"error":"text required"}"#,
        ),
        (
            wake().body(r#"{"text":"hi"}"#).token(NUDGE),
            OK,
            "\"ok\":true",
        ),
        (
            Request::new("POST", "/hooks/agent").body("{}").token(NUDGE),
            BAD,
            r#"{"ok":false,"error":"message required"}"#,
        ),
        (
            Request::new("POST", "/hooks/nothing")
                .body("{}")
                .token(NUDGE),
            NOWHERE,
            "Not Found",
        ),
        (
            Request::new("POST", "/hooks/wake?token=x").body("{}"),
            (400, "plain"),
            "query parameters are not allowed",
        ),
    ];
    said(gateway, &cases)
}

fn moved_nudges(gateway: &Gateway) -> Vec<String> {
    let nudge = || Request::new("POST", "/nudge/wake").body("{}");
    let cases = [
        (nudge().token("another"), BAD, "text required"),
        (nudge().token(NUDGE), NO_TEXT, "Unauthorized"),
        (
            Request::new("POST", "/hooks/wake")
                .body("{}")
                .token("another"),
            NOWHERE,
            "Not Found",
        ),
    ];
    said(gateway, &cases)
}

fn said(gateway: &Gateway, cases: &[(Request, Said, &str)]) -> Vec<String> {
    let mut differing = vec![];
    for (request, wanted, text) in cases {
        let answer = gateway.send(request);
        if (answer.status, answer.kind()) != *wanted || !answer.body.contains(text) {
            differing.push(format!("{request:?}: {answer:?}, not {wanted:?} {text}"));
        }
    }
    differing
}

fn bodies(gateway: &Gateway) {
    let right = |body: &str| {
        Request::new("POST", "/tools/invoke")
            .body(body)
            .token(RIGHT)
    };
    assert_eq!(
        gateway.get("/healthz").body,
        r#"{"ok":true,"status":"live"}"#
    );
    assert!(gateway.get("/readyz").body.starts_with(r#"{"ready":true"#));
    assert_eq!(gateway.send(&right("{}")).body, NAMELESS);
    let list = gateway.send(&right(LISTING));
    assert!(
        list.body.starts_with(r#"{"ok":true,"result":"#),
        "{}",
        list.body
    );
    let sent = gateway.send(&right(SENDING));
    assert!(sent.body.contains("Tool not available"), "{}", sent.body);
    let refused = gateway.send(&Request::new("POST", "/tools/invoke").body("{}"));
    assert_eq!(refused.body, UNAUTHORIZED);
    let models = gateway.send(&Request::new("GET", "/v1/models").token(RIGHT));
    assert!(
        models.body.starts_with(r#"{"object":"list""#),
        "{}",
        models.body
    );
}

/// With `auth.mode: "none"` everybody gets in, which the request without a token gives away. The
/// change makes the gateway restart by itself.
fn without_authentication(home: &Home, gateway: Gateway) {
    let mark = gateway.log().mark();
    let open = config(&json!({ "mode": "none" }));
    let verdict = gateway.verdict(|| home.write_config(&open));
    assert!(
        verdict.contains("requires gateway restart (gateway.auth.mode"),
        "{verdict}"
    );
    gateway.wait(mark, &["[gateway] ready"]);
    assert_eq!(gateway.probe_without(), 400);
    assert_eq!(gateway.probe("wrong"), 400);
    assert_eq!(gateway.stop().code(), Some(0));
}

fn only_one_header_carries_the_token(home: &Home) {
    home.write_config(&settings(&json!({})));
    let gateway = home.start(&Start::default());
    let tools = || Request::new("POST", "/tools/invoke").body("{}");
    let forwarded = || tools().header("X-Forwarded-For", "192.0.2.1");
    let proxy = "proxy_attribution_required";
    let cases = [
        (
            tools().header("Authorization", &format!("bEARER {RIGHT}")),
            BAD,
            "requires name",
        ),
        (
            tools().header("Authorization", &format!("Basic {RIGHT}")),
            NO,
            "unauthorized",
        ),
        (
            tools().header("Authorization", "Bearer "),
            NO,
            "unauthorized",
        ),
        (
            tools().header("X-OpenClaw-Token", RIGHT),
            NO,
            "unauthorized",
        ),
        (
            Request::new("POST", &format!("/tools/invoke?token={RIGHT}")).body("{}"),
            NO,
            "unauthorized",
        ),
        (
            Request::new("POST", "/tools/invoke/")
                .body("{}")
                .token(RIGHT),
            NOWHERE,
            "Not Found",
        ),
        // who comes by way of a proxy that it was not told about is sent away, whatever the token
        (forwarded().token(RIGHT), (403, "json"), proxy),
        (forwarded().token("wrong"), (403, "json"), proxy),
        (forwarded(), (403, "json"), proxy),
        (
            Request::new("GET", "/readyz").header("X-Forwarded-For", "192.0.2.1"),
            (403, "json"),
            proxy,
        ),
        (
            Request::new("GET", "/healthz").header("X-Forwarded-For", "192.0.2.1"),
            OK,
            "live",
        ),
    ];
    agree(&said(&gateway, &cases));
}
