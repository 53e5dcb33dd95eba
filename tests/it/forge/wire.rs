//! What happens between us and the forge: broken connections, answers that are none, too much of it.

use std::collections::BTreeMap;

use super::fake::github::JOB;
use super::fake::{Answer, Rule};
use super::{LIST, Lab, POST, WHO, report};
use crate::probe::server::{Reply, Server};

fn rule(method: &'static str, part: &'static str, acts: bool, times: usize, reply: Reply) -> Rule {
    Rule {
        method,
        part,
        acts,
        reply,
        times,
    }
}

fn page(status: u16) -> Reply {
    let headers = "content-type: text/html\r\n".to_owned();
    Reply::Answer(status, headers, b"<html>c4nary, one moment".into())
}

#[test]
fn a_forge_that_stumbles_is_asked_again() {
    let Some(lab) = Lab::github() else { return };
    for reply in [
        page(502),
        page(500),
        Reply::Raw(""),
        Reply::Raw("HTTP/1.1 200 OK\r\n\r"),
    ] {
        lab.fake.rule(rule("GET", "/comments", false, 1, reply));
    }
    lab.post("1 change.").success().says("comment created");
    assert_eq!(lab.lines(), [LIST, LIST, LIST, LIST, LIST, POST]);
}

#[test]
fn a_forge_that_is_down_is_given_up() {
    let Some(lab) = Lab::github() else { return };
    lab.fake
        .rule(rule("GET", "/comments", false, 1000, page(503)));
    lab.post("1 change.")
        .exits(1)
        .says("the forge has trouble (503)")
        .says("run it again later");
    let asked = lab.asked().len();
    assert!((2..40).contains(&asked), "{asked} requests");
}

#[test]
fn a_comment_that_was_written_without_an_answer_is_found_and_not_repeated() {
    for reply in [
        Reply::Raw(""),
        page(502),
        page(200),
        Reply::Stuck,
        Reply::Hang,
    ] {
        let Some(lab) = Lab::github() else { return };
        lab.fake
            .rule(rule("POST", "/issues/7/comments", true, 1, reply));
        lab.post("1 change.")
            .success()
            .says("comment created: https://github.com/o/r/pull/7#issuecomment-1001");
        assert_eq!(lab.bodies(), [report("1 change.").trim_end()]);
        assert_eq!(
            lab.lines(),
            [LIST, POST, LIST, WHO],
            "a look in place of a second post"
        );
    }
}

#[test]
fn a_comment_that_was_not_written_is_posted_again_after_a_look() {
    for reply in [Reply::Raw(""), page(502)] {
        let Some(lab) = Lab::github() else { return };
        lab.fake
            .rule(rule("POST", "/issues/7/comments", false, 1, reply));
        lab.post("1 change.").success().says("comment created");
        assert_eq!(lab.lines(), [LIST, POST, LIST, POST]);
        assert_eq!(lab.bodies().len(), 1);
    }
}

#[test]
fn an_update_may_be_sent_twice() {
    let Some(lab) = Lab::github() else { return };
    lab.post("1 change.").success();
    lab.fake
        .rule(rule("PATCH", "/comments", true, 1, Reply::Raw("")));
    lab.post("2 changes.").success().says("comment updated");
    assert_eq!(lab.bodies(), [report("2 changes.").trim_end()]);
}

#[test]
fn a_redirect_is_not_followed() {
    let Some(lab) = Lab::github() else { return };
    let elsewhere = Server::always(Reply::status(200));
    for status in [301, 302, 307, 308] {
        let headers = format!("location: {}\r\n", elsewhere.url());
        let reply = Reply::Answer(status, headers, vec![]);
        lab.fake.rule(rule("GET", "/comments", false, 1, reply));
        lab.post("1 change.")
            .exits(1)
            .says(&format!(
                "the answer points to another place ({status}), which is not followed"
            ))
            .says("--repository");
    }
    assert_eq!(
        elsewhere.seen().len(),
        0,
        "the token stays where it belongs"
    );
    assert_eq!(lab.asked().len(), 4);
}

#[test]
fn answers_that_are_none_are_never_quoted_and_nothing_is_posted() {
    let Some(lab) = Lab::github() else { return };
    let json = "content-type: application/json\r\n";
    for body in [
        &b"<!doctype html>c4nary"[..],
        b"{}",
        b"null",
        b"[{\"id\": \"c4nary\"}]",
        b"[{\"id\": 1, \"body\": \"c4nary\"",
        b"[{\"id\": -1, \"user\": null, \"html_url\": \"x\", \"body\": \"c4nary\"}]",
        b"\xff\xfe",
        b"",
    ] {
        let reply = Reply::Answer(200, json.to_owned(), body.to_vec());
        lab.fake.rule(rule("GET", "/comments", false, 1, reply));
        lab.post("1 change.")
            .exits(1)
            .says("the answer cannot be used: it is not what the API documents, at line");
    }
    assert_eq!(lab.asked().len(), 8);
    assert_eq!(lab.bodies(), [""; 0]);
}

#[test]
fn a_page_that_cannot_be_followed_is_an_error() {
    let Some(lab) = Lab::github() else { return };
    for link in [
        "<https://api.github.com/x?page=1>; rel=\"next\"",
        "<https://api.github.com/x>; rel=\"next\"",
        "<https://evil.example/x?per_page=9>; rel=\"next\"",
        "rel=\"next\"",
    ] {
        let answer = Answer::new(200, serde_json::json!([])).with("link", link);
        lab.fake.refuse("GET", "/comments", 1, &answer);
        lab.post("1 change.")
            .exits(1)
            .says("it does not say which page is the next one");
        assert_eq!(lab.lines(), [LIST], "{link}");
    }
    // an address of somebody else's is no place to go: only its number counts
    let answer = Answer::new(200, serde_json::json!([]))
        .with("link", "<https://evil.example/x?page=2>; rel=\"next\"");
    lab.fake.refuse("GET", "/comments", 1, &answer);
    lab.post("1 change.").success();
    assert_eq!(
        lab.lines()[1],
        "GET /repos/o/r/issues/7/comments?per_page=100&page=2"
    );
}

#[test]
fn a_list_without_end_ends() {
    let Some(lab) = Lab::github() else { return };
    lab.fake
        .rule(rule("GET", "/comments", false, 9, Reply::Endless(200)));
    lab.post("1 change.").exits(1).says("is longer than 16 MiB");
    assert_eq!(lab.asked().len(), 4, "each size of a page once");
    assert_eq!(lab.bodies(), [""; 0]);
}

/// Anybody may write many of the longest comments that there can be.
#[test]
fn long_comments_of_strangers_do_not_stop_us() {
    let Some(mut lab) = Lab::github() else { return };
    // the fake takes its time over so much
    lab.set("DRIFTLOCK_FORGE_HASTE", "2");
    let long = "\u{1f308}".repeat(65_536);
    lab.fake.with(|github| {
        for _ in 0..70 {
            github.write(7, "octocat", &long);
        }
        github.write(7, JOB.login, &report("old."));
    });
    lab.post("new.").success().says("comment updated");
    let mut sizes = BTreeMap::<String, usize>::new();
    for one in lab.asked().iter().filter(|one| one.method == "GET") {
        *sizes
            .entry(one.query("per_page").unwrap().to_owned())
            .or_default() += 1;
    }
    let expected = [("100".to_owned(), 1), ("20".to_owned(), 4)];
    assert_eq!(sizes, BTreeMap::from(expected));
    assert_eq!(lab.bodies().len(), 71);
}

#[test]
fn nobody_listens() {
    let Some(mut lab) = Lab::github() else { return };
    let port = crate::probe::server::nobody();
    lab.set("GITHUB_API_URL", &format!("http://127.0.0.1:{port}"));
    lab.post("1 change.")
        .exits(1)
        .says("the connection was refused");
}
