//! What a service answers, and what is said of it.

use driftlock::model::Verdict;
use driftlock::probe::HttpProbe;

use super::server::{Reply, Server};
use super::{CANARY, asking, both, secret, verdict, ways};

fn unexpected(what: &str) -> Verdict {
    Verdict::Unexpected { what: what.into() }
}

#[tokio::test]
async fn each_status_has_its_verdict_and_is_asked_once() {
    let limited = "the service limits how often it may be asked (status 429); try again later";
    let locked = "what it asks for is locked there (status 423); try again later";
    for (status, expected) in [
        (200, Verdict::Works),
        (204, unexpected("status 204")),
        (401, Verdict::Unauthorized),
        (403, Verdict::Forbidden),
        (404, unexpected("status 404")),
        (407, unexpected("status 407")),
        (423, Verdict::NotTried { why: locked.into() }),
        (
            429,
            Verdict::NotTried {
                why: limited.into(),
            },
        ),
        (500, unexpected("status 500")),
        (503, unexpected("status 503")),
    ] {
        let server = Server::always(Reply::status(status));
        assert_eq!(verdict(asking(&server.url())).await, expected);
        assert_eq!(server.seen().len(), ways(), "{status}");
    }
}

#[tokio::test]
async fn what_is_expected_is_what_counts() {
    for (status, expect) in [
        (204, vec![(200, 299)]),
        (401, vec![(200, 200), (401, 401)]),
        (403, vec![(403, 403)]),
        (429, vec![(429, 429)]),
        (302, vec![(302, 302)]),
    ] {
        let server = Server::always(Reply::status(status));
        let probe = HttpProbe {
            expect,
            ..asking(&server.url())
        };
        assert_eq!(verdict(probe).await, Verdict::Works, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let other = Server::always(Reply::status(200));
        let to = format!("location: {}\r\n", other.url());
        let server = Server::always(Reply::Answer(status, to, vec![]));
        let what = format!("a redirect (status {status}), which is not followed");
        assert_eq!(verdict(asking(&server.url())).await, unexpected(&what));
        assert_eq!(other.seen().len(), 0);
        assert_eq!(server.seen().len(), ways());
    }
}

#[tokio::test]
async fn html_in_the_place_of_json_is_told() {
    for (came, what) in [
        (
            "Text/HTML; charset=utf-8",
            "text/html in place of application/json (status 200)",
        ),
        (
            "application/c4nary",
            "another content type in place of application/json (status 200)",
        ),
        (
            "text/[31m c4nary",
            "another content type in place of application/json (status 200)",
        ),
        (
            "",
            "nothing that says its content type in place of application/json (status 200)",
        ),
    ] {
        let server = Server::always(Reply::typed(200, came));
        let probe = HttpProbe {
            content_type: Some("application/json".into()),
            ..asking(&server.url())
        };
        assert_eq!(verdict(probe).await, unexpected(what), "{came}");
    }
    // one way takes it for no HTTP at all
    let server = Server::always(Reply::typed(200, "\u{1b}[31m c4nary"));
    let probe = HttpProbe {
        content_type: Some("application/json".into()),
        ..asking(&server.url())
    };
    for verdict in both(probe).await {
        assert!(!verdict.works(), "{verdict:?}");
    }
    let server = Server::always(Reply::typed(200, "Application/JSON;charset=utf-8"));
    let probe = HttpProbe {
        content_type: Some("application/json".into()),
        ..asking(&server.url())
    };
    assert_eq!(verdict(probe).await, Verdict::Works);
}

#[tokio::test]
async fn everything_arrives_as_it_is_and_nothing_else() {
    let bodies = [
        "{\"a\": \"\\n\"}\n\n",
        "@/etc/passwd",
        "-d x\r\n\t'ü'",
        "",
        "a=b&c=%20",
    ];
    for body in bodies {
        let server = Server::always(Reply::status(200));
        let mut probe = asking(&format!("{}?q=%7B[1-3]{{a,b}}&r=c4nary", server.url()));
        probe.method = "POST".into();
        probe.body = Some(secret(body));
        probe.headers.push(("X-Empty".into(), secret("")));
        probe.headers.push(("X-Tab".into(), secret("a\tb\\\"")));
        assert_eq!(verdict(probe).await, Verdict::Works);
        for seen in server.seen() {
            assert_eq!(seen.body, body.as_bytes());
            let line = seen.head.lines().next().unwrap();
            assert!(
                line.starts_with("POST /health?q=%7B[1-3]{a,b}&r=c4nary"),
                "{line}"
            );
            assert_eq!(seen.header("x-auth"), Some(CANARY));
            assert_eq!(seen.header("x-empty"), Some(""));
            assert_eq!(seen.header("x-tab"), Some("a\tb\\\""));
            let length = body.len().to_string();
            assert_eq!(
                seen.header("content-length"),
                Some(length.as_str()),
                "{}",
                seen.head
            );
            let agent = seen.header("user-agent").unwrap();
            assert!(agent.starts_with("driftlock/"), "{agent}");
            for absent in [
                "cookie",
                "referer",
                "accept-encoding",
                "content-type",
                "expect",
            ] {
                assert_eq!(seen.header(absent), None, "{absent}");
            }
        }
    }
}

#[tokio::test]
async fn methods_are_sent_as_they_are() {
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
    ] {
        let server = Server::always(Reply::status(200));
        let mut probe = asking(&server.url());
        probe.method = method.into();
        assert_eq!(verdict(probe).await, Verdict::Works, "{method}");
        for seen in server.seen() {
            assert!(
                seen.head.starts_with(&format!("{method} ")),
                "{}",
                seen.head
            );
        }
    }
}
