//! The way out through a proxy.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::server::{Reply, Server, read_request};
use super::tls::Authority;
use super::{error, get};
use crate::platforms::http::{Client, HttpError, HttpSettings, ProxyProblem, Unreachable};

const NAME: &str = "backboard.test";

/// A proxy that answers CONNECT with this line, and on 200 leads to `port`.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(answer: &'static str, to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = heads.clone();
        std::thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                let Some(request) = read_request(&mut client) else {
                    continue;
                };
                seen.lock().unwrap().push(request.head);
                drop(client.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()));
                if answer.starts_with("200") {
                    let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                    pipe(client.try_clone().unwrap(), server.try_clone().unwrap());
                    pipe(server, client);
                }
            }
        });
        Self { port, heads }
    }

    fn settings(&self, no_proxy: Option<&str>) -> HttpSettings {
        HttpSettings {
            https_proxy: Some(format!("http://me:hunter2@127.0.0.1:{}", self.port)),
            no_proxy: no_proxy.map(str::to_owned),
        }
    }
}

fn pipe(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
}

async fn refusal(client: Client) -> ProxyProblem {
    let error = error(
        client
            .send(get(&format!("https://{NAME}/?q=hunter2")))
            .await,
    );
    assert!(error.not_sent(), "{error}");
    let all = format!("{error} {error:?} {:?}", error.help());
    assert!(!all.contains("hunter2") && !all.contains("me:"), "{all}");
    match error {
        HttpError::NotSent {
            why: Unreachable::Proxy(problem),
            ..
        } => problem,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn https_goes_through_the_proxy_with_its_credentials() {
    let ours = Authority::new();
    let server = ours.server(NAME, 2020, 2120);
    let proxy = Proxy::start("200 OK", server.port);
    let client = ours.client(proxy.settings(None));
    let answer = client.send(get(&format!("https://{NAME}/"))).await.unwrap();
    assert_eq!(answer.status, 200);
    let head = proxy.heads.lock().unwrap()[0].clone();
    assert!(head.starts_with("CONNECT backboard.test:443"), "{head}");
    // me:hunter2
    assert!(head.contains("Basic bWU6aHVudGVyMg=="), "{head}");
    assert_eq!(server.seen()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn what_a_proxy_refuses_was_not_sent() {
    let ours = Authority::new();
    let refused = |answer| {
        let proxy = Proxy::start(answer, 0);
        refusal(ours.client(proxy.settings(None)))
    };
    let credentials = refused("407 Proxy Authentication Required").await;
    assert_eq!(credentials, ProxyProblem::Credentials);
    assert_eq!(refused("403 Forbidden").await, ProxyProblem::Refused);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = Proxy {
        port: free.local_addr().unwrap().port(),
        heads: Arc::default(),
    };
    drop(free);
    let gone = refusal(ours.client(gone.settings(None))).await;
    assert_eq!(gone, ProxyProblem::Unreachable);
}

#[tokio::test]
async fn this_machine_and_the_exceptions_are_reached_directly() {
    let ours = Authority::new();
    let server = ours.server("127.0.0.1", 2020, 2120);
    let proxy = Proxy::start("403 Forbidden", 0);
    let client = ours.client(proxy.settings(None));
    let plain = Server::start(|_, _| Reply::json("{}"));
    client.send(get(&plain.url())).await.unwrap();
    let url = format!("https://127.0.0.1:{}/", server.port);
    client.send(get(&url)).await.unwrap();
    let client = ours.client(proxy.settings(Some("other.example, driftlock.invalid")));
    let direct = error(client.send(get("https://x.driftlock.invalid/")).await);
    assert!(!direct.to_string().contains("proxy"), "{direct}");
    assert!(proxy.heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_setting_that_is_no_url_is_named_and_not_quoted() {
    for bad in ["http://me:hunter2@", "ftp://hunter2:21", "http://[hunter2"] {
        let client = Client::new(HttpSettings {
            https_proxy: Some(bad.to_owned()),
            no_proxy: None,
        });
        let error = error(client.send(get("https://backboard.test/")).await);
        assert!(error.not_sent());
        let all = format!("{error} {error:?} {:?}", client.settings);
        assert!(!all.contains("hunter2"), "{bad}: {all}");
    }
}
