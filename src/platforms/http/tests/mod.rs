//! The client against a server that answers by script.

mod proxy;
pub(crate) mod server;
pub(crate) mod tls;

use std::time::{Duration, Instant};

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use super::{Body, Broken, Client, HttpError, HttpSettings, Request, Unreachable, WipedBuffer};
use super::{MAX_BODY_BYTES, Response};
use server::{Reply, Server};

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn get(url: &str) -> Request {
    Request::new(Method::GET, Url::parse(url).unwrap(), PATIENCE)
}

pub(super) fn error(result: Result<Response, HttpError>) -> HttpError {
    result.map(|answer| answer.status).unwrap_err()
}

#[tokio::test]
async fn what_is_sent_arrives_and_nothing_else() {
    let server = Server::start(|_, _| Reply::json("{}"));
    let mut bytes = WipedBuffer::default();
    bytes.push(b"hunter");
    bytes.push(b"2");
    let url = Url::parse(&server.url()).unwrap();
    let request = Request::new(Method::POST, url, PATIENCE)
        .secret_header(
            reqwest::header::AUTHORIZATION,
            HeaderValue::from_static("Bearer t"),
        )
        .body(Body::new(bytes));
    let answer = Client::new(HttpSettings::default())
        .send(request)
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    let seen = &server.seen()[0];
    assert_eq!(seen.body, b"hunter2");
    assert_eq!(seen.header("authorization"), Some("Bearer t"));
    for absent in [
        "accept-encoding",
        "cookie",
        "referer",
        "proxy-authorization",
    ] {
        assert_eq!(seen.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let other = Server::start(|_, _| Reply::json("{}"));
    let to = other.url();
    let server = Server::start(move |_, _| {
        Reply::json_with(307, &[("location", &to), ("set-cookie", "a=b")], "{}")
    });
    let client = Client::new(HttpSettings::default());
    for _ in 0..2 {
        let answer = client.send(get(&server.url())).await.unwrap();
        assert_eq!(answer.status, 307);
    }
    assert!(other.seen().is_empty());
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.header("cookie").is_none())
    );
}

#[tokio::test]
async fn whether_it_may_have_been_sent() {
    let client = Client::new(HttpSettings::default());
    // the port was free a moment ago, and nobody listens
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let refused = error(
        client
            .send(get(&format!("http://127.0.0.1:{port}/?q=hunter2")))
            .await,
    );
    assert!(matches!(
        refused,
        HttpError::NotSent {
            why: Unreachable::Refused,
            ..
        }
    ));
    assert!(refused.not_sent() && refused.passes());
    assert_eq!(
        refused.to_string(),
        format!("127.0.0.1:{port} cannot be reached: the connection was refused")
    );

    let broken = |reply: Reply| {
        let server = Server::start(move |_, _| reply.clone());
        let client = &client;
        async move {
            let mut request = get(&server.url());
            if server.seen().is_empty() {
                request.timeout = Duration::from_millis(300);
            }
            match error(client.send(request).await) {
                HttpError::MaybeSent { why, .. } => why,
                other => panic!("{other}"),
            }
        }
    };
    assert_eq!(broken(Reply::Close).await, Broken::NoAnswer);
    assert!(matches!(broken(Reply::Hang).await, Broken::Timeout(_)));
    let half = b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\nhunter2".to_vec();
    assert_eq!(broken(Reply::Raw(half)).await, Broken::HalfBody);
    assert_eq!(
        broken(Reply::Raw(b"hunter2 is no HTTP\r\n\r\n".to_vec())).await,
        Broken::NoAnswer
    );
}

#[tokio::test]
async fn a_name_that_is_not_there_was_not_reached() {
    let client = Client::new(HttpSettings::default());
    let error = error(client.send(get("https://driftlock.invalid/")).await);
    assert!(error.not_sent(), "{error}");
    assert!(error.to_string().contains("driftlock.invalid"));
    assert!(error.help().is_some());
}

#[tokio::test]
async fn a_body_is_read_up_to_the_limit() {
    let client = Client::new(HttpSettings::default());
    let announced = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", 1_u64 << 30);
    let server = Server::start(move |_, _| Reply::Raw(announced.clone().into_bytes()));
    let start = Instant::now();
    let refused = error(client.send(get(&server.url())).await);
    assert!(matches!(refused, HttpError::TooLarge { .. }), "{refused}");
    assert!(!refused.not_sent());
    assert!(start.elapsed() < PATIENCE / 2);

    let server = Server::start(|_, _| Reply::Endless);
    let refused = error(client.send(get(&server.url())).await);
    assert!(matches!(refused, HttpError::TooLarge { .. }), "{refused}");
    // what the sockets of both sides hold comes on top
    assert!(*server.sent.lock().unwrap() < MAX_BODY_BYTES * 2);

    let server = Server::start(|_, _| Reply::Answer(200, vec![], vec![7; MAX_BODY_BYTES]));
    let whole = client.send(get(&server.url())).await.unwrap();
    assert_eq!(whole.body.as_slice().len(), MAX_BODY_BYTES);
}

#[tokio::test]
async fn plain_http_stays_on_this_machine() {
    let client = Client::new(HttpSettings::default());
    let refused = error(client.send(get("http://192.0.2.1/?t=hunter2")).await);
    assert_eq!(
        refused,
        HttpError::Insecure {
            host: "192.0.2.1".into()
        }
    );
    assert!(refused.not_sent() && !refused.passes());
}

#[test]
fn a_buffer_grows_and_keeps_all() {
    let mut buffer = WipedBuffer::with_capacity(2);
    let mut expected = vec![];
    for round in 0..40_u8 {
        let part = vec![round; usize::from(round)];
        buffer.push(&part);
        expected.extend_from_slice(&part);
    }
    assert_eq!(buffer.as_slice(), expected);
}
