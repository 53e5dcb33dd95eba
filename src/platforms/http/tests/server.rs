//! A server that answers by script, on a thread of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What to do with one request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status, headers, body; the connection is closed after it.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, then close.
    Raw(Vec<u8>),
    /// Close without a word.
    Close,
    /// Say nothing until the client goes.
    Hang,
    /// An endless body without a length.
    Endless,
}

impl Reply {
    pub(crate) fn json(body: &str) -> Self {
        Self::json_with(200, &[], body)
    }

    pub(crate) fn json_with(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let mut all = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        all.extend(
            headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Self::Answer(status, all, body.as_bytes().to_vec())
    }
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Bytes that the client took of endless bodies.
    pub(crate) sent: Arc<Mutex<usize>>,
}

impl Server {
    /// Answers by the number of the request (from 0) and what came.
    pub(crate) fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::wrapped(script, |stream| Some(Box::new(stream)))
    }

    /// With something around each connection, for example TLS.
    pub(crate) fn wrapped(
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            sent: Arc::default(),
        };
        let (mine, shared) = (server.clone(), Arc::new((script, wrap)));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (mine, shared) = (mine.clone(), shared.clone());
                std::thread::spawn(move || {
                    if let Some(mut stream) = (shared.1)(stream) {
                        mine.serve(&mut stream, &shared.0);
                    }
                });
            }
        });
        server
    }

    /// The requests that came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql/v2", self.port)
    }

    fn serve(&self, stream: &mut Box<dyn Stream>, script: &impl Fn(usize, &Seen) -> Reply) {
        let Some(seen) = read_request(stream) else {
            return;
        };
        let number = {
            let mut all = self.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        match script(number, &seen) {
            Reply::Answer(status, headers, body) => {
                let mut text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
                for (name, value) in headers {
                    text.push_str(&format!("{name}: {value}\r\n"));
                }
                text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
                drop(stream.write_all(text.as_bytes()));
                drop(stream.write_all(&body));
                drop(stream.flush());
            }
            Reply::Raw(bytes) => {
                drop(stream.write_all(&bytes));
                drop(stream.flush());
            }
            Reply::Close => {}
            Reply::Hang => drop(stream.read(&mut [0])),
            Reply::Endless => {
                let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n";
                drop(stream.write_all(head.as_bytes()));
                while stream.write_all(&[b' '; 65536]).is_ok() {
                    *self.sent.lock().unwrap() += 65536;
                }
            }
        }
    }
}

pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// Head and body, or nothing if the client goes before.
pub(crate) fn read_request(stream: &mut impl Read) -> Option<Seen> {
    let mut bytes = vec![];
    let mut part = [0; 8192];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut part) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut seen = Seen {
        head,
        body: bytes[end + 4..].to_vec(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    while seen.body.len() < length {
        match stream.read(&mut part) {
            Ok(read) if read > 0 => seen.body.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
    Some(seen)
}
