//! Those who ask too much, too slowly, or nothing that makes sense: they get a refusal, and others
//! their answer.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use driftlock::serve::MAX_CONNECTIONS;

use super::{Answer, Stand, page, rest, until};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// The next answer of a connection that stays.
fn next(stream: &mut TcpStream) -> Answer {
    let mut text = vec![];
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    let answer = Answer::of(std::str::from_utf8(&text).unwrap());
    let length = answer.header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Answer {
        body: String::from_utf8(body).unwrap(),
        ..answer
    }
}

#[test]
fn ten_thousand_requests_leave_nothing_open() {
    let stand = Stand::new();
    let mut count = 0;
    for _ in 0..95 {
        let mut stream = stand.connect();
        for _ in 0..100 {
            stream.write_all(GET.as_bytes()).unwrap();
            assert_eq!(next(&mut stream).status, 200);
            count += 1;
        }
        // the last answer said that it was the last
        assert_eq!(rest(&mut stream), "");
    }
    for _ in 0..500 {
        stand.gets("/metrics");
        count += 1;
    }
    assert_eq!(count, 10_000);
    stand.holds_at_most(0);
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn a_connection_brings_a_hundred_requests_at_most() {
    let stand = Stand::new();
    // more than that at once, without waiting for an answer
    let mut text = String::new();
    for number in 0..150 {
        let path = ["healthz", "nothing"][number % 2];
        write!(text, "GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    let all = stand.exchange(text);
    let statuses: Vec<&str> = all
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    // in their order
    let wanted: Vec<&str> = ["200", "404"].into_iter().cycle().take(100).collect();
    assert_eq!(statuses, wanted);
    let head = all.rsplit("HTTP/1.1 ").next().unwrap().to_ascii_lowercase();
    assert!(head.contains("connection: close"), "{head}");
}

#[test]
fn who_sends_a_header_byte_by_byte_is_cut_off() {
    let stand = Stand::new();
    let mut slow: Vec<TcpStream> = (0..10).map(|_| stand.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
    }
    // one of them says something all the time
    let mut byte = [0];
    loop {
        stand.gets("/healthz").is(200, "ok\n");
        if slow[0].write_all(b"a").is_err() {
            break;
        }
        match slow[0].read(&mut byte) {
            Ok(0) => break,
            Ok(_) => panic!("half a request was answered"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                break;
            }
        }
    }
    stand.holds_at_most(0);
}

#[test]
fn who_does_not_read_is_cut_off() {
    // more than the buffers of both ends take
    let stand = Stand::over(page::vitals(20_000), Duration::from_secs(60));
    let mut deaf: Vec<TcpStream> = (0..2).map(|_| stand.connect()).collect();
    for stream in &mut deaf {
        let two = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2);
        stream.write_all(two.as_bytes()).unwrap();
    }
    stand.holds_at_most(0);
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn more_connections_than_there_are_places_are_refused() {
    let stand = Stand::new();
    let idle: Vec<TcpStream> = (0..MAX_CONNECTIONS).map(|_| stand.connect()).collect();
    until("all places are taken", || stand.held() == MAX_CONNECTIONS);
    let mut refused = 0;
    for _ in 0..200 {
        let all = stand.exchange("");
        // a refusal may be lost when what was sent is not read; an answer would not be
        assert!(all.is_empty() || all.starts_with("HTTP/1.1 503 "), "{all}");
        refused += usize::from(all.ends_with("\r\n\r\ntoo many connections\n"));
    }
    assert!(refused > 0);
    assert!(stand.held() <= MAX_CONNECTIONS + 1);
    drop(idle);
    until("places are free again", || {
        stand
            .exchange(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
            .starts_with("HTTP/1.1 200 ")
    });
    stand.holds_at_most(0);
}

#[test]
fn who_says_nothing_gives_the_place_back() {
    let stand = Stand::new();
    let mut idle = stand.connect();
    let mut after_one = stand.connect();
    after_one.write_all(GET.as_bytes()).unwrap();
    next(&mut after_one).is(200, "ok\n");
    assert_eq!(rest(&mut idle), "");
    assert_eq!(rest(&mut after_one), "");
    stand.holds_at_most(0);
}

#[test]
fn a_header_is_bounded_in_bytes_and_fields() {
    let stand = Stand::new();
    let head = |more: &str| format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    for (more, what) in [
        (format!("X: {}\r\n", "a".repeat(9 * 1024)), "one long field"),
        (format!("X: {}\r\n", "a".repeat(4 << 20)), "four megabytes"),
        ("A: b\r\n".repeat(70), "many fields"),
        ("A: b\r\n".repeat(100_000), "very many fields"),
    ] {
        let all = stand.exchange(head(&more));
        // what was sent and not read may reset the connection before the answer is seen
        assert!(
            all.is_empty() || all.starts_with("HTTP/1.1 431 "),
            "{what}: {all}"
        );
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
    let all = stand.exchange(long);
    let refused = ["HTTP/1.1 414 ", "HTTP/1.1 431 "];
    assert!(
        all.is_empty() || refused.iter().any(|status| all.starts_with(status)),
        "{all}"
    );
    // what fits is answered
    let more = format!("X: {}\r\nConnection: close\r\n", "a".repeat(7 * 1024));
    assert!(stand.exchange(head(&more)).starts_with("HTTP/1.1 200 "));
    stand.holds_at_most(0);
}

#[test]
fn what_is_no_http_is_not_answered_as_if_it_were() {
    let stand = Stand::new();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n",
        b"GET /met\x00rics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"\r\n\r\n\r\n\r\n \r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
    ] {
        let all = stand.exchange(bytes);
        let text = String::from_utf8_lossy(bytes);
        assert!(
            all.is_empty() || all.starts_with("HTTP/1.1 400 "),
            "{text:?}: {all}"
        );
        assert!(!all.contains("driftlock_"), "{text:?}");
    }
    stand.gets("/healthz").is(200, "ok\n");
}

#[test]
fn a_body_that_nobody_wants_does_no_harm() {
    let stand = Stand::new();
    let sizes = ["Content-Length: 4000000000", "Transfer-Encoding: chunked"];
    for size in sizes {
        let mut stream = stand.connect();
        let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{size}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        next(&mut stream).is(200, "ok\n");
        // it does not wait for the rest
        assert_eq!(rest(&mut stream), "", "{size}");
    }
    stand.holds_at_most(0);
}
