//! No answer, half answers, endless ones, and requests that must not leave.

use std::time::{Duration, Instant};

use driftlock::machine::{Ran, RunError};
use driftlock::model::Verdict;
use driftlock::probe::Probe;

use super::local::{Answers, Local};
use super::server::{Reply, Server, mute, nobody};
use super::{asking, both, prober, secret, unreachable, verdict, ways};

#[tokio::test]
async fn nobody_there() {
    for why in unreachable(asking(&format!("http://127.0.0.1:{}/", nobody()))).await {
        assert!(why.contains("refused"), "{why}");
    }
    for why in unreachable(asking("https://driftlock.invalid/?q=c4nary")).await {
        assert!(why.contains("its name was not found (DNS)"), "{why}");
    }
}

#[tokio::test]
async fn a_slow_answer_ends_at_the_limit() {
    for reply in [Reply::Hang, Reply::Stuck] {
        let server = Server::always(reply);
        let mut probe = asking(&server.url());
        probe.limit = Duration::from_secs(1);
        let start = Instant::now();
        let why = "no answer within 1 s".to_owned();
        assert_eq!(verdict(probe).await, Verdict::Unreachable { why });
        assert!(start.elapsed() < Duration::from_secs(8));
        assert_eq!(server.seen().len(), ways());
    }
}

#[tokio::test]
async fn a_long_answer_is_cut() {
    let long = Reply::Answer(
        200,
        "content-type: text/plain\r\n".into(),
        vec![b'a'; 9_000_000],
    );
    for reply in [long, Reply::Endless(200)] {
        let server = Server::always(reply);
        let mut probe = asking(&server.url());
        probe.limit = Duration::from_secs(3);
        assert_eq!(verdict(probe).await, Verdict::Works);
    }
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for raw in [
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nc4nary",
        "c4nary is no HTTP\r\n\r\n",
        "",
    ] {
        let server = Server::always(Reply::Raw(raw));
        for why in unreachable(asking(&server.url())).await {
            assert!(why.contains("broke") || why.contains("no HTTP"), "{why}");
        }
        assert_eq!(server.seen().len(), ways());
    }
    for why in unreachable(asking(&format!("http://127.0.0.1:{}/", mute()))).await {
        assert!(why.contains("broke"), "{why}");
    }
}

#[tokio::test]
async fn what_must_not_leave_does_not() {
    let server = Server::always(Reply::status(200));
    let port = server.port;
    for (url, words) in [
        (format!("http://127.0.0.1.nip.invalid:{port}/"), "in clear"),
        ("http://192.0.2.1/c4nary".into(), "in clear"),
        (format!("http://0.0.0.0:{port}/"), "in clear"),
        (format!("ftp://127.0.0.1:{port}/"), "in clear"),
        ("file:///etc/passwd".into(), "in clear"),
        (
            format!("http://c4nary@127.0.0.1:{port}/"),
            "user or a password",
        ),
        (
            format!("http://a:c4nary@127.0.0.1:{port}/"),
            "user or a password",
        ),
        ("c4nary".into(), "not a URL"),
    ] {
        for verdict in both(asking(&url)).await {
            assert!(
                matches!(&verdict, Verdict::NotTried { why } if why.contains(words)),
                "{verdict:?}"
            );
        }
    }
    for (name, value, words) in [
        ("X-Auth", "c4nary\r\nHost: evil", "a line break"),
        ("X-Auth", "c4nary\n", "x-auth holds a line break"),
        ("X-Auth", "c4nary\0", "no header may hold"),
        ("X Auth", "c4nary", "the name of a header"),
        ("@/etc/passwd", "c4nary", "the name of a header"),
        ("Host", "c4nary", "host is not for you"),
        ("Content-Length", "0", "content-length is not for you"),
        (
            "Transfer-Encoding",
            "chunked",
            "transfer-encoding is not for you",
        ),
    ] {
        let mut probe = asking(&server.url());
        probe.headers = vec![(name.into(), secret(value))];
        for verdict in both(probe).await {
            assert!(
                matches!(&verdict, Verdict::NotTried { why } if why.contains(words)),
                "{verdict:?}"
            );
        }
    }
    for method in ["CONNECT", "G ET", "", "GET\r\nX: y"] {
        let mut probe = asking(&server.url());
        probe.method = method.into();
        assert!(
            both(probe)
                .await
                .iter()
                .all(|verdict| matches!(verdict, Verdict::NotTried { .. }))
        );
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let server = Server::always(Reply::status(200));
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1"] {
        let probe = asking(&format!("http://{host}:{}/", server.port));
        assert_eq!(verdict(probe).await, Verdict::Works, "{host}");
    }
}

async fn told_by(answer: Result<Ran, RunError>) -> Verdict {
    let probe = Probe::Http(asking("https://shop.example/"));
    prober().run(&probe, Some(&Answers(answer))).await
}

fn ended(status: i32, output: &str) -> Result<Ran, RunError> {
    Ok(Ran {
        status,
        output: output.as_bytes().to_vec().into(),
        errors: b"curl: c4nary".to_vec().into(),
    })
}

#[tokio::test]
async fn a_machine_without_curl_says_what_to_do() {
    let program = "curl".to_owned();
    for (answer, words) in [
        (
            Err(RunError::NotFound {
                program: program.clone(),
            }),
            "install curl there, or probe from here",
        ),
        (
            Err(RunError::Denied {
                program: program.clone(),
            }),
            "may not be run",
        ),
        (ended(127, ""), "does not run"),
        (ended(2, ""), "too old"),
        (ended(1, "000 0 "), "cannot speak https"),
        (ended(99, "000 0 "), "exit status 99"),
    ] {
        let verdict = told_by(answer).await;
        assert!(
            matches!(&verdict, Verdict::NotTried { why } if why.contains(words)),
            "{verdict:?}"
        );
    }
    let limit = Duration::from_secs(15);
    for (answer, words) in [
        (
            Err(RunError::Slow {
                program: program.clone(),
                limit,
            }),
            "no answer within 10 s",
        ),
        (Err(RunError::Lost { program }), "was lost"),
        (ended(28, "200 65535 text/html"), "no answer within 10 s"),
        (ended(52, "000 0 "), "broke"),
    ] {
        let verdict = told_by(answer).await;
        assert!(
            matches!(&verdict, Verdict::Unreachable { why } if why.contains(words)),
            "{verdict:?}"
        );
    }
    // nothing that is no answer passes for one
    for output in ["", "c4nary", "000 0 ", "200", "200 x y", "-200 0 "] {
        assert!(!told_by(ended(0, output)).await.works(), "{output}");
    }
    assert_eq!(
        told_by(ended(28, "200 65536.000 text/html")).await,
        Verdict::Works
    );
    assert_eq!(told_by(ended(63, "200 0 text/html")).await, Verdict::Works);
}

#[tokio::test]
async fn curls_proxy_variables_and_settings_are_ignored() {
    if crate::support::peers::program("curl").is_none() {
        return;
    }
    let (proxy, server) = (
        Server::always(Reply::status(200)),
        Server::always(Reply::status(200)),
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".curlrc"),
        format!("proxy = \"http://127.0.0.1:{}\"\n", proxy.port),
    )
    .unwrap();
    let at = format!("http://127.0.0.1:{}", proxy.port);
    let mut variables: Vec<(&'static str, String)> = [
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ]
    .map(|name| (name, at.clone()))
    .into();
    for name in ["HOME", "CURL_HOME"] {
        variables.push((name, home.path().display().to_string()));
    }
    let local = Local { variables };
    let verdict = prober()
        .run(&Probe::Http(asking(&server.url())), Some(&local))
        .await;
    assert_eq!(verdict, Verdict::Works);
    let away = Probe::Http(asking("https://driftlock.invalid/"));
    assert!(matches!(
        prober().run(&away, Some(&local)).await,
        Verdict::Unreachable { .. }
    ));
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}

/// Run by the next test in an environment of its own; by itself it shows nothing.
#[tokio::test]
#[ignore = "part of another test"]
async fn within_an_environment_with_proxies() {
    let port = std::env::var("DRIFTLOCK_TEST_PORT").unwrap();
    let probe = asking(&format!("http://127.0.0.1:{port}/health"));
    assert_eq!(
        prober().run(&Probe::Http(probe), None).await,
        Verdict::Works
    );
    let away = Probe::Http(asking("https://driftlock.invalid/"));
    match prober().run(&away, None).await {
        Verdict::Unreachable { why } => assert!(why.contains("DNS"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_own_client_asks_no_proxy_of_the_environment() {
    let (proxy, server) = (
        Server::always(Reply::status(200)),
        Server::always(Reply::status(200)),
    );
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "probe::troubles::within_an_environment_with_proxies";
    command.args(["--exact", name, "--ignored"]);
    command.env("DRIFTLOCK_TEST_PORT", server.port.to_string());
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env(name, format!("http://127.0.0.1:{}", proxy.port));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}
