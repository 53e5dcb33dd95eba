//! What a scheduled run says to those who watch it: over HTTP, in a file, to the service manager, in
//! logs.

mod file;
mod hostile;
mod http;
mod listen;
mod logs;
mod metrics;
mod notify;
mod page;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::reconcile::event::Vitals;
use driftlock::serve::{Listen, Server, Watched};
use jiff::Timestamp;

/// When the loop of a [`Stand`] began and last turned.
pub const BEGAN: i64 = 1_764_474_000;

/// A server over vitals that a test changes, and a clock that a test sets.
pub struct Stand {
    pub vitals: Arc<Mutex<Vitals>>,
    pub now: Arc<AtomicI64>,
    pub server: Server,
    pub port: u16,
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn watched(vitals: &Arc<Mutex<Vitals>>, now: &Arc<AtomicI64>, patience: Duration) -> Watched {
    let now = Arc::clone(now);
    Watched {
        vitals: Arc::clone(vitals),
        clock: Arc::new(move || at(now.load(Ordering::Relaxed))),
        patience,
        version: "0.1.0",
    }
}

impl Stand {
    /// Over what a loop shows that began and turned just now.
    pub fn new() -> Self {
        Self::over(page::vitals(0), Duration::from_secs(60))
    }

    pub fn over(vitals: Vitals, patience: Duration) -> Self {
        let vitals = Arc::new(Mutex::new(vitals));
        let now = Arc::new(AtomicI64::new(BEGAN));
        let listen = Listen::parse("127.0.0.1:0").unwrap();
        let server = Server::start(&listen, watched(&vitals, &now, patience)).unwrap();
        let port = server.address().rsplit(':').next().unwrap();
        Self {
            port: port.parse().unwrap(),
            vitals,
            now,
            server,
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // a test that waits for longer has failed
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        stream
    }

    /// Sends these bytes and gives everything that comes until the server closes.
    pub fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        // it may be closed before all of it is taken
        let _refused = stream.write_all(bytes.as_ref());
        rest(&mut stream)
    }

    /// One request on a connection of its own: the status, the head, the body.
    pub fn asks(&self, method: &str, path: &str) -> Answer {
        Answer::of(&self.exchange(format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )))
    }

    pub fn gets(&self, path: &str) -> Answer {
        self.asks("GET", path)
    }

    /// Connections that this process holds at the server's end.
    pub fn held(&self) -> usize {
        let port = format!(":{:04X}", self.port);
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let sockets: Vec<String> = table
            .lines()
            .skip(1)
            .filter_map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                const LISTENS: &str = "0A";
                let is_ours = columns[1].ends_with(&port) && columns[3] != LISTENS;
                is_ours.then(|| format!("socket:[{}]", columns[9]))
            })
            .collect();
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .filter(|link| sockets.iter().any(|socket| link.as_os_str() == &**socket))
            .count()
    }

    /// Waits until the server holds this many connections at most.
    pub fn holds_at_most(&self, count: usize) {
        until("connections are closed", || self.held() <= count);
    }
}

/// Whatever still comes; a reset ends it as well as a close does.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut all = vec![];
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(length) => all.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the server neither answers nor closes: {error}"),
        }
    }
    String::from_utf8(all).unwrap()
}

/// Waits for something that nobody announces.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain: {what}");
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("there is an answer");
        let status = head.split(' ').nth(1).expect("it has a status");
        Self {
            status: status.parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let fields = lines.filter_map(|line| line.split_once(": "));
        fields
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|found| found.1)
    }

    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, &*self.body), (status, body), "{}", self.head);
    }
}
