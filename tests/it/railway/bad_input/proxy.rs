//! Proxies that the environment names: used for https, never for this machine, and they see no more
//! than host and port.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::railway::authority::Authority;
use crate::railway::binary::Setup;

/// Somewhere that no name server knows.
const NAME: &str = "api.driftlock.invalid";

/// A proxy that leads to one port of this machine, whatever it is asked for. Its thread ends with
/// the process.
struct Proxy {
    address: SocketAddr,
    /// The heads of all requests.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(answer: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let head = head_of(&client);
                seen.lock().unwrap().push(head);
                let _gone = (&client).write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes());
                if answer.starts_with("200") {
                    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                    copy(client.try_clone().unwrap(), server.try_clone().unwrap());
                    copy(server, client);
                }
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    fn url(&self) -> String {
        format!("http://proxyuser:c4nary-proxy@{}", self.address)
    }
}

/// Byte by byte: what comes behind the head is not the proxy's.
fn head_of(client: &TcpStream) -> String {
    let mut reader = BufReader::with_capacity(1, client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            break;
        }
    }
    head
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _broken = std::io::copy(&mut from, &mut to);
        let _gone = to.shutdown(Shutdown::Both);
    });
}

fn port_of(url: &str) -> u16 {
    let rest = url.rsplit(':').next().unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

/// A fake behind TLS under a name that only a proxy leads to, and its port.
fn elsewhere() -> Option<(Setup, u16)> {
    let ours = Authority::new();
    let mut setup = Setup::applied_over_tls(&ours, ours.server_for(&["localhost", NAME]))?;
    let port = port_of(&setup.fake.url());
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "60");
    setup.env(
        "DRIFTLOCK_RAILWAY_URL",
        &format!("https://{NAME}/graphql/v2"),
    );
    Some((setup, port))
}

#[test]
fn a_proxy_where_nobody_listens_is_named_by_its_variable() {
    let Some((mut setup, _)) = elsewhere() else {
        return;
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://proxyuser:c4nary-proxy@{}",
        free.local_addr().unwrap()
    );
    drop(free);
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        setup.env(variable, &url);
        setup.refuses(
            &["local"],
            &[
                &format!("{NAME} cannot be reached: the proxy itself cannot be reached"),
                "check HTTPS_PROXY and NO_PROXY",
            ],
        );
        assert!(!setup.run("plan").all().contains("proxyuser"));
        setup.without(variable);
    }
}

#[test]
fn a_proxy_sees_host_and_port_and_nothing_else() {
    let Some((mut setup, port)) = elsewhere() else {
        return;
    };
    let proxy = Proxy::start("200 OK", port);
    setup.env("HTTPS_PROXY", &proxy.url());
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "10");
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
    let heads = proxy.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(
            head.starts_with(&format!("CONNECT {NAME}:443 HTTP/1.1\r\n")),
            "{head}"
        );
        assert!(!head.contains("graphql") && !head.to_lowercase().contains("project-access"));
        // proxyuser:c4nary-proxy
        assert!(
            head.contains("Basic cHJveHl1c2VyOmM0bmFyeS1wcm94eQ=="),
            "{head}"
        );
    }
    let requests = setup.fake.requests();
    assert!(
        requests
            .iter()
            .all(|request| !request.headers.contains_key("proxy-authorization"))
    );
}

#[test]
fn a_proxy_that_refuses_is_told() {
    let Some((mut setup, port)) = elsewhere() else {
        return;
    };
    for (answer, words) in [
        ("403 c4nary", "the proxy refused to pass it on"),
        ("502 c4nary", "the proxy refused to pass it on"),
        ("407 c4nary", "the proxy wants other credentials"),
    ] {
        let proxy = Proxy::start(answer, port);
        setup.env("HTTPS_PROXY", &proxy.url());
        setup.refuses(&["local"], &[words, "HTTPS_PROXY"]);
    }
    for url in ["c4nary://x", "http://", "socks5://c4nary:1"] {
        println!("{url}");
        setup.env("HTTPS_PROXY", url);
        setup.refuses(
            &["local"],
            &[
                "the proxy for https is not an http or https URL",
                "set HTTPS_PROXY to",
            ],
        );
    }
}

#[test]
fn exceptions_and_this_machine_are_reached_without_it() {
    let Some((mut setup, port)) = elsewhere() else {
        return;
    };
    let proxy = Proxy::start("403 No", port);
    setup.env("HTTPS_PROXY", &proxy.url());
    setup.env("NO_PROXY", "example.com, .driftlock.invalid");
    setup.refuses(&["local"], &[NAME, "cannot be reached"]);
    setup.without("NO_PROXY");
    // over TLS and without
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "20");
    let url = setup.fake.url();
    setup.env("DRIFTLOCK_RAILWAY_URL", &url);
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

#[test]
fn plain_http_on_this_machine_knows_no_proxy() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    let proxy = Proxy::start("403 No", 1);
    for variable in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        setup.env(variable, &proxy.url());
    }
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
    assert_eq!(proxy.heads(), Vec::<String>::new());
}
