//! Addresses: taken, not ours, IPv6, sockets in the file system; and the end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::serve::{Listen, ListenError, Server};

use super::{Answer, BEGAN, Stand, page, watched};

fn start(at: &str) -> Result<Server, ListenError> {
    let vitals = Arc::new(Mutex::new(page::vitals(0)));
    let now = Arc::new(AtomicI64::new(BEGAN));
    let watched = watched(&vitals, &now, Duration::from_secs(60));
    Server::start(&Listen::parse(at).unwrap(), watched)
}

const CLOSE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn asks(stream: &mut (impl Read + Write)) -> Answer {
    stream.write_all(CLOSE).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Answer::of(&text)
}

#[test]
fn a_port_that_is_taken_is_said_at_once() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let error = start(&address).unwrap_err();
    assert!(matches!(error, ListenError::Taken { .. }));
    assert_eq!(
        error.to_string(),
        format!("listen at {address}: another program does so already")
    );
}

#[test]
fn an_address_of_another_machine_is_refused() {
    // for documentation only: nobody has it
    let error = start("192.0.2.1:9464").unwrap_err();
    assert!(matches!(error, ListenError::NotOurs { .. }), "{error}");
}

#[test]
fn ipv6_is_served() {
    if TcpListener::bind("[::1]:0").is_err() {
        crate::support::peers::unavailable::<()>("IPv6 on loopback");
        return;
    }
    let server = start("[::1]:0").unwrap();
    assert!(server.address().starts_with("[::1]:"));
    asks(&mut TcpStream::connect(server.address()).unwrap()).is(200, "ok\n");
}

#[test]
fn a_stop_gives_the_address_back_and_ends_what_is_open() {
    let stand = Stand::new();
    let address = stand.server.address().to_owned();
    // one that says nothing, and one in the middle of a request
    let mut idle = stand.connect();
    let mut half = stand.connect();
    half.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    super::until("both are taken in", || stand.held() == 2);
    stand.server.stop();
    assert_eq!(super::rest(&mut idle), "");
    assert_eq!(super::rest(&mut half), "");
    let again = start(&address).unwrap();
    asks(&mut TcpStream::connect(&address).unwrap()).is(200, "ok\n");
    // dropping is stopping
    drop(again);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn a_socket_in_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    let address = format!("unix:{}", path.display());
    let server = start(&address).unwrap();
    assert_eq!(server.address(), address);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    asks(&mut UnixStream::connect(&path).unwrap()).is(200, "ok\n");
    // somebody listens there
    let error = start(&address).unwrap_err();
    assert!(matches!(error, ListenError::Taken { .. }), "{error}");
    asks(&mut UnixStream::connect(&path).unwrap()).is(200, "ok\n");
    server.stop();
    assert!(!path.exists());
    // one is left of a run that was killed
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = start(&address).unwrap();
    asks(&mut UnixStream::connect(&path).unwrap()).is(200, "ok\n");
    // one that took the place meanwhile is another's
    std::fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    server.stop();
    assert!(path.exists());
    drop(other);
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.sock");
    std::fs::write(&file, "mine").unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let of = |path: &Path| start(&format!("unix:{}", path.display())).unwrap_err();
    for path in [&file, &link, &folder.path().to_path_buf()] {
        let error = of(path);
        assert!(matches!(error, ListenError::NotASocket { .. }), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let error = of(&folder.path().join("missing/d.sock"));
    assert!(matches!(error, ListenError::System { .. }), "{error}");
    let error = of(&folder.path().join("a".repeat(200)));
    assert!(matches!(error, ListenError::System { .. }), "{error}");
}
