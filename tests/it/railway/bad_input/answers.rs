//! Answers that are none: pages, halves, other shapes, endless ones, silence.

use std::time::{Duration, Instant};

use super::parrot::Parrot;
use crate::railway::binary::Setup;
use crate::support::fake_railway::execute::Fail;
use crate::support::fake_railway::faults::{Fault, Which};
use crate::support::world::Run;

const ALWAYS: usize = usize::MAX;

fn hasty() -> Option<Setup> {
    let mut setup = Setup::applied()?;
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "60");
    Some(setup)
}

#[test]
fn what_lasts_is_told_by_its_kind() {
    let Some(setup) = hasty() else { return };
    let down = "status.railway.com";
    for (fault, words) in [
        (
            Fault::Html,
            [
                "an HTML page instead of JSON (status 200)",
                "a proxy or a login page",
            ],
        ),
        (Fault::Gateway(502), ["status 502", down]),
        (Fault::Gateway(503), ["status 503", down]),
        (Fault::Gateway(504), ["status 504", down]),
        (Fault::Gateway(500), ["status 500", down]),
        (Fault::Gateway(522), ["status 522", down]),
        (Fault::Nothing, ["neither data nor errors", "help:"]),
        // the head is lost with the rest at times
        (
            Fault::HalfBody,
            ["no whole answer: the connection broke", down],
        ),
        (Fault::Reset, ["broke before an answer came", down]),
        (Fault::Hang, ["nothing within", down]),
        (
            Fault::problem(),
            ["the API failed inside", "a malformed id does this"],
        ),
        (
            Fault::two_factor("c4nary"),
            ["two-factor", "turn two-factor authentication on"],
        ),
        (
            Fault::NullData(Fail::new("c4nary: something new")),
            ["an error of a kind that is not known here", "help:"],
        ),
        (
            Fault::NullData(Fail::coded("c4nary", "GRAPHQL_VALIDATION_FAILED")),
            ["does not know this request any more", "newer driftlock"],
        ),
    ] {
        setup.fake.clear_faults();
        println!("{fault:?}");
        setup.fake.fault(fault.times(ALWAYS));
        setup.refuses(&["local"], &words);
    }
}

#[test]
fn what_passes_is_not_even_mentioned() {
    let Some(setup) = Setup::applied() else {
        return;
    };
    for fault in [
        Fault::Gateway(502),
        Fault::Gateway(503),
        Fault::Gateway(522),
        Fault::HalfBody,
        Fault::Reset,
        Fault::problem(),
        Fault::too_quickly(),
    ] {
        println!("{fault:?}");
        setup.fake.fault(fault);
        assert_eq!(setup.readable(), ["api", "worker", "local"]);
        assert_eq!(setup.fake.faults_left(), 0);
    }
    setup.untouched();
}

/// With the waits of people this takes half a minute; here a sixtieth.
#[test]
fn a_railway_that_is_down_is_given_up_after_a_few_tries() {
    let Some(setup) = hasty() else { return };
    setup.fake.fault(Fault::Gateway(503).times(ALWAYS));
    let begin = Instant::now();
    setup.run("plan").exits(1).says("status 503");
    assert!(begin.elapsed() < Duration::from_secs(10));
    let tries = setup.fake.counters().requests;
    assert!((3..30).contains(&tries), "{tries}");
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    // nothing is tried again: the time of people costs nothing here
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "1");
    const GIB: u64 = 1 << 30;
    const MIB: u64 = 1 << 20;
    setup.fake.fault(Fault::Endless(GIB).times(ALWAYS));
    // so little memory that the body would not fit in
    let plain = setup.command("plan");
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "ulimit -v 400000; exec \"$0\" \"$@\""])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(setup.world.path(""))
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    setup
        .checked(Run::of(command))
        .exits(1)
        .says("the answer of 127.0.0.1")
        .says("is longer than 16 MiB")
        .says("help:");
    let sent = setup.fake.counters().bytes_streamed;
    // what the system keeps between the two counts too
    assert!((16 * MIB..32 * MIB).contains(&sent), "{sent}");
    setup.refuses(&["local"], &["is longer than 16 MiB"]);
    // the values' answer is bounded like the first
    setup.fake.clear_faults();
    let values = Which::With("variables".to_owned());
    setup
        .fake
        .fault(Fault::Endless(GIB).on(values).times(ALWAYS));
    setup.refuses(&["local"], &["is longer than 16 MiB"]);
}

#[test]
fn json_of_another_shape_is_told_by_its_position() {
    let Some(mut setup) = hasty() else { return };
    let deep = "[".repeat(100_000);
    let wide = format!(
        "{{\"data\":{{\"projectToken\":{{\"id\":\"{}\"}}}}}}",
        "c4nary".repeat(1000)
    );
    for body in [
        "7",
        "\"c4nary\"",
        "{\"data\":5}",
        "{\"data\":\"c4nary\"}",
        "{\"data\":{\"projectToken\":\"c4nary\"}}",
        "{\"data\":{\"projectToken\":{\"id\":[\"c4nary\"]}}}",
        "{\"data\":{",
        "{\"errors\":\"c4nary\"}",
        "c4nary",
        "",
        &deep,
        &wide,
    ] {
        let parrot = Parrot::with("200 OK", "application/json", body.as_bytes());
        setup.env("DRIFTLOCK_RAILWAY_URL", &parrot.url());
        setup.refuses(&["local"], &["unexpected form at line", "help:"]);
        assert!(parrot.heard() > 0);
    }
    for body in [
        "[]",
        "{}",
        "{\"data\":null}",
        "{\"data\":null,\"errors\":[]}",
        "{\"c4nary\":1}",
    ] {
        let parrot = Parrot::with("200 OK", "application/json", body.as_bytes());
        setup.env("DRIFTLOCK_RAILWAY_URL", &parrot.url());
        setup.refuses(&["local"], &["neither data nor errors", "help:"]);
    }
}

#[test]
fn other_answers_of_http_are_told_by_status_and_type() {
    let Some(mut setup) = hasty() else { return };
    for (status, kind, words) in [
        (
            "200 OK",
            "text/plain",
            "plain text instead of JSON (status 200)",
        ),
        (
            "200 OK",
            "image/png",
            "of another type instead of JSON (status 200)",
        ),
        ("204 No Content", "", "status 204"),
        ("301 Moved", "text/html", "status 301"),
        (
            "400 Bad Request",
            "text/html",
            "an HTML page instead of JSON (status 400)",
        ),
        (
            "401 Unauthorized",
            "text/html",
            "an HTML page instead of JSON (status 401)",
        ),
        (
            "403 Forbidden",
            "text/html",
            "an HTML page instead of JSON (status 403)",
        ),
        (
            "404 Not Found",
            "text/plain",
            "plain text instead of JSON (status 404)",
        ),
        ("404 Not Found", "application/json", "status 404"),
        ("413 Too Large", "application/json", "status 413"),
        ("500 Oops", "text/html", "status 500"),
        ("530 Oops", "text/html", "status 530"),
        ("999 Oops", "text/html", "status 999"),
    ] {
        println!("{status} {kind}");
        let parrot = Parrot::with(status, kind, b"c4nary");
        setup.env("DRIFTLOCK_RAILWAY_URL", &parrot.url());
        setup.refuses(&["local"], &[words, "help:"]);
    }
}

#[test]
fn what_is_no_http_at_all_is_told() {
    let Some(mut setup) = hasty() else { return };
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        "x-c4nary: y\r\n".repeat(10_000)
    );
    for noise in [
        "c4nary\r\n",
        "",
        "HTTP/1.1 200",
        "HTTP/9.9 c4nary\r\n\r\n",
        &many,
    ] {
        let parrot = Parrot::says(noise);
        setup.env("DRIFTLOCK_RAILWAY_URL", &parrot.url());
        setup.refuses(&["local"], &["broke before an answer came", "help:"]);
    }
    // a redirect is not followed: it would carry the token along
    let second = Parrot::with("200 OK", "application/json", b"{}");
    let first = Parrot::says(format!(
        "HTTP/1.1 307 c4nary\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        second.url()
    ));
    setup.env("DRIFTLOCK_RAILWAY_URL", &first.url());
    setup.refuses(&["local"], &["status 307", "help:"]);
    assert_eq!(second.heard(), 0);
}

#[test]
fn nobody_there_is_told() {
    let Some(mut setup) = hasty() else { return };
    let parrot = Parrot::says("");
    let url = parrot.url();
    drop(parrot);
    setup.env("DRIFTLOCK_RAILWAY_URL", &url);
    setup.refuses(
        &["local"],
        &[
            "cannot be reached: the connection was refused",
            "check the network",
        ],
    );
}
