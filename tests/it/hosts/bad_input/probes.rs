//! Services that answer a probe with something else than wanted, asked from here and from the VPS.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::stage::{Stage, uses};
use super::{HERE, ended, forget, start, terminate};
use crate::probe::server::{Reply, Server, nobody};
use crate::support::peers;

const CANARY: &str = "c4nary";

/// From this machine, and from the target's where that has `curl`.
fn ways() -> Vec<&'static str> {
    let mut ways = vec![""];
    ways.extend(peers::program("curl").map(|_| ", from: target"));
    ways
}

fn declare(stage: &Stage, probe: &str) {
    let more = format!("    probe: {{ {probe} }}\n{}", uses("A"));
    let target = stage.target("vps", ".env", &more);
    stage.declare(&[("A", "1"), ("B", "2")], &(target + HERE));
}

/// Stored everywhere, and not shown to work.
#[track_caller]
fn not_shown(probe: &str, words: &[&str]) {
    let Some(stage) = Stage::new() else { return };
    for from in ways() {
        declare(&stage, &format!("{probe}{from}"));
        let run = stage.run("apply --yes").exits(4).hides(CANARY);
        let run = run.says("2 written").says("not shown to work on 1 target");
        words.iter().fold(run, |run, words| run.says(words));
        assert_eq!(stage.far_text(".env"), "A=1\n");
        assert_eq!(stage.world.read("here.env"), "B=2\n");
        // what is stored is as wanted; a plan asks nobody
        stage.in_sync();
        std::fs::remove_file(stage.far(".env")).unwrap();
        forget(&stage);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::always(Reply::status(200));
    let location = format!(
        "location: {}?q=c4nary\r\ncontent-type: text/html\r\n",
        elsewhere.url()
    );
    let server = Server::always(Reply::Answer(302, location, b"c4nary".to_vec()));
    not_shown(&format!("http: \"{}\"", server.url()), &["302"]);
    assert!(!server.seen().is_empty());
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn html_is_not_the_json_that_was_wanted() {
    let server = Server::always(Reply::typed(200, "text/html; charset=utf-8"));
    let probe = format!("http: \"{}\", content_type: application/json", server.url());
    not_shown(&probe, &["text/html"]);
}

#[test]
fn refusals_are_told_apart() {
    for (status, words) in [(401, "401"), (403, "403"), (500, "500")] {
        let server = Server::always(Reply::status(status));
        not_shown(&format!("http: \"{}\"", server.url()), &[words]);
        // asked once: it might count bad tries
        assert_eq!(server.seen().len(), ways().len());
    }
}

#[test]
fn one_that_is_slow_at_first_is_waited_for() {
    let Some(stage) = Stage::new() else { return };
    for from in ways() {
        let count = AtomicUsize::new(0);
        let server = Server::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::Hang,
            _ => Reply::status(200),
        });
        let probe = format!("http: \"{}\", timeout: 1s{from}", server.url());
        declare(&stage, &probe);
        let allow = "apply --yes --allow authority@vps";
        stage.far_write(".env", "");
        stage.run(allow).success().says("works");
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn one_that_never_answers_is_no_proof() {
    let Some(stage) = Stage::new() else { return };
    stage.declare(&[("A", "1")], &stage.target("vps", ".env", &uses("A")));
    stage.run("apply --yes").success();
    for from in ways() {
        let server = Server::always(Reply::Hang);
        let probe = format!("http: \"{}\", timeout: 1s{from}", server.url());
        let more = format!("    probe: {{ {probe} }}\n{}", uses("A"));
        stage.declare(&[("A", "1")], &stage.target("vps", ".env", &more));
        let run = stage.run("doctor --probe").exits(1).hides(CANARY);
        run.says("no answer within 1 s");
        assert_eq!(server.seen().len(), 1, "a look asks once");
    }
}

#[test]
fn a_signal_ends_the_wait_for_an_answer() {
    let Some(stage) = Stage::new() else { return };
    for from in ways() {
        let asked = std::sync::Arc::new(Mutex::new(false));
        let bell = std::sync::Arc::clone(&asked);
        let server = Server::start(move |_| {
            *bell.lock().unwrap() = true;
            Reply::Hang
        });
        let probe = format!("http: \"{}\", timeout: 60s{from}", server.url());
        declare(&stage, &probe);
        let run = start(&stage, "apply --yes");
        let until = Instant::now() + Duration::from_secs(60);
        while !*asked.lock().unwrap() {
            assert!(Instant::now() < until, "it is asked");
            std::thread::yield_now();
        }
        let began = Instant::now();
        terminate(&run, "TERM");
        let run = ended(run).exits(4).hides(CANARY);
        assert!(began.elapsed() < Duration::from_secs(30));
        run.says("2 written").says("the run was interrupted");
        stage.in_sync();
        std::fs::remove_file(stage.far(".env")).unwrap();
        forget(&stage);
    }
}

#[test]
fn a_service_that_comes_up_late_is_waited_for() {
    let Some(stage) = Stage::new() else { return };
    let port = nobody();
    declare(&stage, &format!("http: \"http://127.0.0.1:{port}/health\""));
    let run = start(&stage, "apply --yes");
    let until = Instant::now() + Duration::from_secs(60);
    // it is stored, so the service is asked from now on
    while !stage.world.path("here.env").exists() {
        assert!(Instant::now() < until, "it is stored");
        std::thread::yield_now();
    }
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let answered = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
        stream.write_all(answer).unwrap();
    });
    ended(run).success().says("works");
    answered.join().unwrap();
}
