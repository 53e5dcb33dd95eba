//! A gateway's answers, and those of what is taken for one: asked from here and by a curl.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use driftlock::machine::{LocalHost, MAX_OUTPUT_BYTES, Ran, Run, RunError};
use driftlock::model::Verdict;
use driftlock::probe::{Door, GatewayProbe, Probe};

use super::local::Answers;
use super::server::{Reply, Seen, Server, mute, nobody};
use super::{prober, secret};
use crate::support::peers;
use crate::support::sshd::{Far, Sshd};

const TOKEN: &str = "c4nary-gateway-0123456789";
const HOOKS_TOKEN: &str = "c4nary-hooks-0123456789";
const WRONG: &str = "c4nary-wrong-0123456789";

const JSON: &str = "application/json; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const GOOD: &str =
    r#"{"ok":false,"error":{"type":"invalid_request","message":"tools.invoke requires name"}}"#;
const GOOD_HOOKS: &str = r#"{"ok":false,"error":"text required"}"#;
const BAD: &str = r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#;

fn hooks() -> Door {
    Door::Hooks {
        path: "/hooks".into(),
    }
}

fn gateway(base: &str) -> GatewayProbe {
    GatewayProbe {
        base: secret(base),
        door: Door::Gateway,
        token: secret(TOKEN),
        limit: Duration::from_secs(10),
    }
}

/// This machine, and the same by its curl if it is there.
fn machines() -> Vec<Option<LocalHost>> {
    let mut all = vec![None];
    if peers::program("curl").is_some() {
        let path = std::env::var_os("PATH").unwrap();
        let host = LocalHost::with_environment(vec![("PATH".into(), path)]);
        all.push(Some(host));
    }
    all
}

async fn run(probe: &GatewayProbe, machine: Option<&dyn Run>) -> Verdict {
    let probe = Probe::Gateway(probe.clone());
    let verdict = prober().run(&probe, machine).await;
    let text = format!("{probe:?} {probe} {verdict:?}");
    for secret in ["c4nary", "Bearer", "invalid_request", "tools.invoke"] {
        assert!(!text.contains(secret), "{text}");
    }
    verdict
}

/// From every machine, each time by a server of its own: the one verdict, and how many requests it
/// took. The first holds the token and a second one does not; nothing else is sent.
async fn asked(
    probe: &GatewayProbe,
    script: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static,
) -> (Verdict, usize) {
    let mut all = vec![];
    for machine in machines() {
        let server = Server::start(script.clone());
        let prefix = probe.base.expose();
        let probe = GatewayProbe {
            base: secret(&format!("http://127.0.0.1:{}{prefix}", server.port)),
            ..probe.clone()
        };
        let machine = machine.as_ref().map(|host| host as &dyn Run);
        let verdict = run(&probe, machine).await;
        let sent = server.seen();
        let bearer = format!("Bearer {}", probe.token.expose());
        let held: Vec<_> = sent
            .iter()
            .map(|seen| seen.header("authorization"))
            .collect();
        assert!(
            held == [Some(bearer.as_str())] || held == [Some(bearer.as_str()), None],
            "{verdict:?} after {} requests",
            held.len()
        );
        for seen in &sent {
            assert_eq!(seen.body, b"{}");
            assert_eq!(seen.header("content-type"), Some("application/json"));
            assert_eq!(seen.header("x-openclaw-token"), None);
        }
        all.push((verdict, sent.len()));
    }
    let first = all[0].clone();
    assert!(all.iter().all(|one| *one == first), "{all:?}");
    first
}

fn reply(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
    let header = match content_type {
        "" => String::new(),
        content_type => format!("content-type: {content_type}\r\n"),
    };
    Reply::Answer(status, header, body.as_ref().to_vec())
}

/// Answers everybody in the same way.
async fn always(reply: Reply) -> (Verdict, usize) {
    asked(&gateway(""), move |_| reply.clone()).await
}

fn not_tried(why: impl Into<String>) -> Verdict {
    Verdict::NotTried { why: why.into() }
}

fn stranger(came: &str) -> Verdict {
    not_tried(format!(
        "{came}: what answers there is no OpenClaw gateway, or a proxy stands in between"
    ))
}

/// A gateway as it was measured, behind the path of a proxy or none.
fn openclaw(prefix: &'static str, hooks: &'static str) -> impl Fn(&Seen) -> Reply + Clone {
    move |seen| {
        let path = seen.head.split(' ').nth(1).unwrap();
        let bearer = seen.header("authorization");
        let is = |token: &str| bearer == Some(&format!("Bearer {token}"));
        let Some(path) = path.strip_prefix(prefix) else {
            return reply(404, "text/html", "c4nary");
        };
        if !seen.head.starts_with("POST ") {
            reply(405, PLAIN, "Method Not Allowed")
        } else if path == "/tools/invoke" {
            match is(TOKEN) {
                true => reply(400, JSON, GOOD),
                false => reply(401, JSON, BAD),
            }
        } else if path == format!("{hooks}/wake") {
            match is(HOOKS_TOKEN) {
                true => reply(400, JSON, GOOD_HOOKS),
                false => reply(401, PLAIN, "Unauthorized"),
            }
        } else {
            reply(404, PLAIN, "Not Found")
        }
    }
}

#[tokio::test]
async fn each_door_takes_its_own_token_and_no_other() {
    for (door, token, expected) in [
        (Door::Gateway, TOKEN, (Verdict::Works, 2)),
        (Door::Gateway, WRONG, (Verdict::Unauthorized, 1)),
        (Door::Gateway, HOOKS_TOKEN, (Verdict::Unauthorized, 1)),
        (hooks(), HOOKS_TOKEN, (Verdict::Works, 2)),
        (hooks(), WRONG, (Verdict::Unauthorized, 1)),
        (hooks(), TOKEN, (Verdict::Unauthorized, 1)),
    ] {
        for prefix in ["", "/c4nary/gateway"] {
            let probe = GatewayProbe {
                base: secret(prefix),
                door: door.clone(),
                token: secret(token),
                ..gateway("")
            };
            assert_eq!(asked(&probe, openclaw(prefix, "/hooks")).await, expected);
        }
    }
}

#[tokio::test]
async fn hooks_are_where_the_configuration_says() {
    let probe = |path: &str| GatewayProbe {
        door: Door::Hooks { path: path.into() },
        token: secret(HOOKS_TOKEN),
        ..gateway("")
    };
    let script = openclaw("", "/in/here");
    let right = asked(&probe("/in/here/"), script.clone()).await;
    assert_eq!(right, (Verdict::Works, 2));
    let why = "text/plain (status 404): hooks are switched off there or have another path, or what \
               answers is no OpenClaw gateway, or a proxy stands in between";
    assert_eq!(asked(&probe(""), script).await, (not_tried(why), 1));
}

#[tokio::test]
async fn a_gateway_that_asks_for_no_token_proves_nothing() {
    assert_eq!(always(reply(400, JSON, GOOD)).await, (Verdict::Open, 2));
    let probe = GatewayProbe {
        door: hooks(),
        ..gateway("")
    };
    let open = asked(&probe, |_| reply(400, JSON, GOOD_HOOKS)).await;
    assert_eq!(open, (Verdict::Open, 2));
}

/// The right token, and then this for nobody.
async fn without(other: Reply) -> (Verdict, usize) {
    let script = move |seen: &Seen| match seen.header("authorization") {
        Some(_) => reply(400, JSON, GOOD),
        None => other.clone(),
    };
    let probe = GatewayProbe {
        limit: Duration::from_secs(1),
        ..gateway("")
    };
    asked(&probe, script).await
}

#[tokio::test]
async fn only_a_gateways_refusal_of_nobody_is_a_proof() {
    assert_eq!(without(reply(401, JSON, BAD)).await, (Verdict::Works, 2));
    for (other, words) in [
        (
            reply(429, JSON, "{}"),
            "the service limits how often it may be asked (status 429); try again later",
        ),
        (
            reply(500, JSON, "c4nary"),
            "without one it answers with status 500, which is a fault and no refusal",
        ),
        (
            reply(503, "text/html", "c4nary"),
            "without one it answers with status 503, which is a fault and no refusal",
        ),
        (
            reply(200, "text/html", "c4nary"),
            "without one it answers with text/html (status 200)",
        ),
        (
            reply(401, "text/html", "c4nary"),
            "without one it answers with text/html (status 401)",
        ),
        (
            reply(400, JSON, BAD),
            "without one it answers with application/json in another shape (status 400)",
        ),
        (Reply::Hang, "no answer within 1 s"),
    ] {
        let why = format!(
            "it answers as wanted with the credential, but whether it would without one could not \
             be seen: {words}"
        );
        assert_eq!(without(other).await, (not_tried(why), 2));
    }
}

#[tokio::test]
async fn each_refusal_has_its_verdict_after_one_request() {
    let forbidden = r#"{"ok":false,"error":{"type":"forbidden","message":"c4nary"}}"#;
    for (refusal, expected) in [
        (reply(401, JSON, BAD), Verdict::Unauthorized),
        (reply(401, "", ""), Verdict::Unauthorized),
        (reply(403, JSON, forbidden), Verdict::Forbidden),
        (
            reply(
                403,
                JSON,
                r#"{"error":{"message":"c4nary","type":"proxy_attribution_required"}}"#,
            ),
            not_tried(
                "the gateway looks at no token that comes through a proxy which it does not know \
                 (status 403): name that proxy in gateway.trustedProxies",
            ),
        ),
    ] {
        assert_eq!(always(refusal).await, (expected, 1));
    }
}

#[tokio::test]
async fn locked_out_is_told_with_its_end_where_that_is_a_plain_number() {
    let locked = r#"{"error":{"message":"c4nary","type":"rate_limited"}}"#;
    for (after, long) in [
        ("retry-after: 271\r\n", ", for 271 s more"),
        ("Retry-After:300 \r\n", ", for 300 s more"),
        ("Retry-After: 99999999999\r\n", ""),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", ""),
        ("Retry-After: c4nary\r\n", ""),
        ("Retry-After:\r\n", ""),
        ("", ""),
    ] {
        let headers = format!("content-type: {JSON}\r\n{after}");
        let why = format!(
            "locked out after too many wrong tokens (status 429{long}): the right token gets 429 \
             too; nothing is tried again in this run"
        );
        let reply = Reply::Answer(429, headers, locked.into());
        assert_eq!(always(reply).await, (not_tried(why), 1), "{after}");
    }
    let why = "locked out after too many wrong tokens (status 429, for 60 s more): hooks let the \
               right token in all the same, a proxy may not; nothing is tried again in this run";
    let probe = GatewayProbe {
        door: hooks(),
        ..gateway("")
    };
    let headers = format!("content-type: {PLAIN}\r\nretry-after: 60\r\n");
    let script = move |_: &Seen| Reply::Answer(429, headers.clone(), "Too Many Requests".into());
    assert_eq!(asked(&probe, script).await, (not_tried(why), 1));
}

#[tokio::test]
async fn one_look_is_one_try_for_who_counts_them() {
    let tries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let script = move |seen: &Seen| {
        // nobody's token does not count
        if seen.header("authorization").is_some() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        reply(401, JSON, BAD)
    };
    let ways = machines().len();
    for looks in 1..=9 {
        assert_eq!(
            asked(&gateway(""), script.clone()).await,
            (Verdict::Unauthorized, 1)
        );
        assert_eq!(tries.load(Ordering::Relaxed), looks * ways);
    }
}

#[tokio::test]
async fn what_is_no_gateway_is_told_and_never_followed() {
    for (other, came) in [
        (reply(404, PLAIN, "c4nary"), "text/plain (status 404)"),
        (reply(405, PLAIN, "c4nary"), "text/plain (status 405)"),
        (
            reply(200, JSON, r#"{"ok":true}"#),
            "application/json (status 200)",
        ),
        (reply(200, JSON, GOOD), "application/json (status 200)"),
        (
            reply(200, "text/html; charset=utf-8", "<p>c4nary"),
            "text/html (status 200)",
        ),
        (reply(400, "text/html", GOOD), "text/html (status 400)"),
        (
            reply(400, "Text/HTML;charset=utf-8", "<p>c4nary"),
            "text/html (status 400)",
        ),
        (
            reply(401, "text/html", "<p>c4nary"),
            "text/html (status 401)",
        ),
        (
            reply(403, "text/html", "<p>c4nary"),
            "text/html (status 403)",
        ),
        (
            reply(429, "text/html", "<p>c4nary"),
            "text/html (status 429)",
        ),
        (
            reply(400, "", GOOD),
            "nothing that says its content type (status 400)",
        ),
        (
            reply(400, "application/c4nary", GOOD),
            "another content type (status 400)",
        ),
        (
            reply(400, "text/[31mc4nary", GOOD),
            "another content type (status 400)",
        ),
    ] {
        assert_eq!(always(other).await, (stranger(came), 1));
    }
    let fault = "text/plain (status 500): a fault of the gateway, or of a proxy before it";
    assert_eq!(
        always(reply(500, PLAIN, "c4nary")).await,
        (not_tried(fault), 1)
    );
    let other = Server::always(reply(401, JSON, BAD));
    for status in [301, 302, 303, 307, 308] {
        let to = format!("location: {}\r\n", other.url());
        let came = format!("a redirect (status {status}), which is not followed");
        let reply = Reply::Answer(status, to, vec![]);
        assert_eq!(always(reply).await, (stranger(&came), 1));
    }
    assert_eq!(other.seen().len(), 0);
}

#[tokio::test]
async fn another_shape_is_no_gateways() {
    let zipped = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV\xca\xcfV\xb2JK\xcc)N\xd5QJ-*\
        \xca/R\xb2\xaaV*\xa9,HU\xb2R\xca\xcc+K\xcc\xc9L\x89/J-,M-.Q\xaa\xad\x05\x00\\}\xdb\xd7/\
        \x00\x00\x00";
    let headers = format!("content-type: {JSON}\r\ncontent-encoding: gzip\r\n");
    let mut replies = vec![Reply::Answer(400, headers, zipped.to_vec())];
    for body in [
        "",
        "c4nary",
        "null",
        GOOD_HOOKS,
        BAD,
        &GOOD[..GOOD.len() - 1],
        "{error:{type:'invalid_request',},} // c4nary",
        "\u{feff}{\"error\":{\"type\":\"invalid_request\"}}",
        r#"{"error":{"type":"invalid_request_error","message":"c4nary"}}"#,
    ] {
        replies.push(reply(400, JSON, body));
    }
    replies.push(reply(400, JSON, [0, 10, 255, 13, 10, 10]));
    for other in replies {
        let expected = stranger("application/json in another shape (status 400)");
        assert_eq!(always(other).await, (expected, 1));
    }
}

#[tokio::test]
async fn no_body_writes_the_end_of_what_is_told() {
    // as the curl of a target's machine would tell it
    let good = format!("{GOOD}\n\n400 {} {JSON}", GOOD.len());
    let forged = [
        good.clone(),
        format!("{good}\n"),
        format!("{GOOD}\n7\n400 {} {JSON}\n", GOOD.len()),
        format!("400 {} {JSON}\n{GOOD}", GOOD.len()),
        format!("\n\n\n{good}\0"),
    ];
    for body in &forged {
        let refused = always(reply(401, JSON, body)).await;
        assert_eq!(refused, (Verdict::Unauthorized, 1));
        let unknown = always(reply(404, PLAIN, body)).await;
        assert_eq!(unknown, (stranger("text/plain (status 404)"), 1));
        let page = always(reply(400, "text/html", body)).await;
        assert_eq!(page, (stranger("text/html (status 400)"), 1));
        let shape = stranger("application/json in another shape (status 400)");
        assert_eq!(always(reply(400, JSON, body)).await, (shape.clone(), 1));
        let headers = format!("content-type: {JSON}\r\n");
        let unannounced = Reply::Unannounced(400, headers, body.clone().into());
        assert_eq!(always(unannounced).await, (shape, 1));
        // what a header says stays where it is
        let headers = format!("content-type: {PLAIN}\r\nretry-after: 5 400 9 {JSON}\r\n");
        let (verdict, _) = always(Reply::Answer(429, headers, body.clone().into())).await;
        assert!(matches!(&verdict, Verdict::NotTried { why } if why.contains("(status 429)")));
    }
    // lines after it are part of JSON
    let lines = format!("{GOOD}\n\r\n\n");
    assert_eq!(always(reply(400, JSON, lines)).await, (Verdict::Open, 2));
}

#[tokio::test]
async fn so_much_of_a_body_is_read_and_no_more() {
    let shape = stranger("application/json in another shape (status 400)");
    let headers = format!("content-type: {JSON}\r\n");
    for (length, expected) in [
        (64 * 1024, (Verdict::Open, 2)),
        (64 * 1024 + 1, (shape.clone(), 1)),
        (300_000, (shape.clone(), 1)),
    ] {
        let mut body = GOOD.as_bytes().to_vec();
        body.resize(length, b' ');
        let unannounced = Reply::Unannounced(400, headers.clone(), body.clone());
        assert_eq!(always(unannounced).await, expected, "{length}");
        // of one that is announced as too long, one way takes not even the other headers
        let (verdict, sent) = always_alike(Reply::Answer(400, headers.clone(), body)).await;
        assert_eq!((verdict.is_unknown(), sent), (sent == 1, expected.1));
    }
    // no gateway refuses at such length
    for status in [401, 403, 429] {
        let long = always(reply(status, PLAIN, vec![b' '; 70_000])).await;
        let came = format!("text/plain (status {status})");
        assert_eq!(long, (stranger(&came), 1));
    }
    for machine in machines() {
        let server = Server::always(Reply::Endless(400));
        let probe = GatewayProbe {
            limit: Duration::from_secs(3),
            ..gateway(&format!("http://127.0.0.1:{}", server.port))
        };
        let machine = machine.as_ref().map(|host| host as &dyn Run);
        assert_too_long(&run(&probe, machine).await);
        assert_eq!(server.seen().len(), 1);
    }
}

/// An older curl takes it until the time is up, so that it may be more than a machine keeps.
fn assert_too_long(verdict: &Verdict) {
    let shape = stranger("application/json in another shape (status 400)");
    let more = not_tried("what answers there says more than is read of it");
    assert!([shape, more].contains(verdict), "{verdict:?}");
}

/// As [`always`], where the words of the ways may differ: what the first one says.
async fn always_alike(reply: Reply) -> (Verdict, usize) {
    let mut all = vec![];
    for machine in machines() {
        let server = Server::always(reply.clone());
        let probe = gateway(&format!("http://127.0.0.1:{}", server.port));
        let machine = machine.as_ref().map(|host| host as &dyn Run);
        all.push((run(&probe, machine).await, server.seen().len()));
    }
    let first = all[0].clone();
    for (verdict, sent) in &all {
        assert_eq!(verdict.is_unknown(), first.0.is_unknown(), "{all:?}");
        assert_eq!(*sent, first.1);
    }
    first
}

#[tokio::test]
async fn nobody_there_may_be_asked_again() {
    for (status, content_type) in [(502, "text/html"), (503, JSON), (504, "")] {
        let why = format!("status {status}: the gateway is starting, or it is down behind a proxy");
        assert_eq!(
            always(reply(status, content_type, "c4nary")).await,
            (Verdict::Unreachable { why }, 1)
        );
    }
    let refused = gateway(&format!("http://127.0.0.1:{}", nobody()));
    let unknown = gateway("https://driftlock.invalid");
    for machine in machines() {
        let machine = machine.as_ref().map(|host| host as &dyn Run);
        for (probe, words) in [(&refused, "refused"), (&unknown, "(DNS)")] {
            let verdict = run(probe, machine).await;
            assert!(
                matches!(&verdict, Verdict::Unreachable { why } if why.contains(words)),
                "{verdict:?}"
            );
        }
    }
}

#[tokio::test]
async fn who_may_have_seen_the_token_is_not_asked_again() {
    let not_again =
        "; the gateway may have counted the token as tried, so it is not sent again in this run";
    let probe = GatewayProbe {
        limit: Duration::from_secs(1),
        ..gateway("")
    };
    for reply in [Reply::Hang, Reply::Stuck] {
        let silent = asked(&probe, move |_| reply.clone()).await;
        let why = format!("no answer within 1 s{not_again}");
        assert_eq!(silent, (not_tried(why), 1));
    }
    for raw in [
        "",
        "HTTP/1.1 401 X\r\ncontent-length: 99\r\n\r\nc4nary",
        "c4nary is no HTTP\r\n\r\n",
    ] {
        let (verdict, sent) = always_alike(Reply::Raw(raw)).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.ends_with(not_again)),
            "{verdict:?}"
        );
        assert_eq!(sent, 1);
    }
    let mute = gateway(&format!("http://127.0.0.1:{}", mute()));
    for machine in machines() {
        let machine = machine.as_ref().map(|host| host as &dyn Run);
        let verdict = run(&mute, machine).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.ends_with(not_again)),
            "{verdict:?}"
        );
    }
}

async fn told_by(answer: Result<Ran, RunError>) -> Verdict {
    let probe = gateway("https://shop.example");
    run(&probe, Some(&Answers(answer))).await
}

fn ended(status: i32, output: impl AsRef<[u8]>, errors: &str) -> Result<Ran, RunError> {
    Ok(Ran {
        status,
        output: output.as_ref().to_vec().into(),
        errors: errors.as_bytes().to_vec().into(),
    })
}

#[tokio::test]
async fn what_a_curl_cut_or_never_said_is_no_answer() {
    let tail = |bytes: usize| format!("{GOOD}\n\n400 {bytes} {JSON}");
    assert_eq!(told_by(ended(0, tail(86), "")).await, Verdict::Open);
    // with what an older one writes for the header that it does not know
    let old = "{}\n%header{retry-after}\n429 2.000 application/json";
    let why = "locked out after too many wrong tokens (status 429): the right token gets 429 too; \
               nothing is tried again in this run";
    assert_eq!(told_by(ended(0, old, "")).await, not_tried(why));
    // cut where it might be longer
    for (code, bytes) in [(63, 86), (28, 65_536), (28, 999_999)] {
        let expected = stranger("application/json in another shape (status 400)");
        assert_eq!(told_by(ended(code, tail(bytes), "")).await, expected);
    }
    let slow = told_by(ended(
        28,
        tail(86),
        "curl: (28) Operation timed out after c4nary",
    ))
    .await;
    assert!(
        matches!(&slow, Verdict::NotTried { why } if why.starts_with("no answer within 10 s;"))
    );
    let connecting = told_by(ended(28, "\n\n000 0 ", "curl: (28) Connection timed out")).await;
    assert!(matches!(connecting, Verdict::Unreachable { .. }));
    for output in ["", "400", "\n400 86", &format!("400 86 {JSON}")] {
        let unsaid = not_tried("the curl on the target's machine does not say what came");
        assert_eq!(told_by(ended(0, output, "")).await, unsaid);
    }
    // the beginning of more than is kept, which happens to end like the end
    let spaces = " ".repeat(MAX_OUTPUT_BYTES - tail(86).len());
    let more = not_tried("what answers there says more than is read of it");
    for code in [0, 28, 63] {
        let kept = format!("{spaces}{}", tail(86));
        assert_eq!(told_by(ended(code, kept, "")).await, more);
    }
    let program = "curl".to_owned();
    let limit = Duration::from_secs(15);
    for (error, words) in [
        (
            RunError::Slow {
                program: program.clone(),
                limit,
            },
            "no answer within 10 s; the gateway may",
        ),
        (
            RunError::Lost {
                program: program.clone(),
            },
            "was lost while it asked; the gateway may",
        ),
        (
            RunError::NotFound { program },
            "install curl there, or probe from here",
        ),
    ] {
        let verdict = told_by(Err(error)).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.contains(words)),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn bodies_come_over_ssh_as_they_are() {
    if peers::program("curl").is_none() {
        return;
    }
    let Some(sshd) = Sshd::start(Far::Own) else {
        return;
    };
    let host = sshd.host();
    let every_byte: Vec<u8> = (0..=255).chain([b'\n'; 3]).collect();
    let headers = format!("content-type: {JSON}\r\n");
    for (reply, expected, sent) in [
        (reply(400, JSON, GOOD), Verdict::Open, 2),
        (reply(400, JSON, format!("{GOOD}\n\n")), Verdict::Open, 2),
        (
            Reply::Unannounced(400, headers, every_byte),
            stranger("application/json in another shape (status 400)"),
            1,
        ),
        (reply(401, "", ""), Verdict::Unauthorized, 1),
    ] {
        let server = Server::always(reply);
        let probe = GatewayProbe {
            ..gateway(&format!("http://127.0.0.1:{}", server.port))
        };
        assert_eq!(run(&probe, Some(&host)).await, expected);
        assert_eq!(server.seen().len(), sent);
    }
    let server = Server::always(Reply::Endless(400));
    let probe = GatewayProbe {
        limit: Duration::from_secs(3),
        ..gateway(&format!("http://127.0.0.1:{}", server.port))
    };
    assert_too_long(&run(&probe, Some(&host)).await);
    assert_eq!(server.seen().len(), 1);
}
