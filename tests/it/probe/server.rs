//! A server that answers by script and remembers what came.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What to do with a request.
#[derive(Clone)]
pub enum Reply {
    /// Status, further header lines, body.
    Answer(u16, String, Vec<u8>),
    /// These bytes, then close.
    Raw(&'static str),
    /// Nothing until the client goes.
    Hang,
    /// JSON that never ends, with this status.
    Endless(u16),
    /// Status, further header lines, and a body of which nobody says how long it is.
    Unannounced(u16, String, Vec<u8>),
    /// A 200 whose body begins, and no more.
    Stuck,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self::typed(status, "application/json; charset=utf-8")
    }

    pub fn typed(status: u16, content_type: &str) -> Self {
        Self::Answer(
            status,
            format!("content-type: {content_type}\r\n"),
            b"c4nary {}".into(),
        )
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::over(None, script)
    }

    pub fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    pub fn over(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (log, script) = (Arc::clone(&seen), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, script, tls) = (Arc::clone(&log), Arc::clone(&script), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &log, script.as_ref()),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(connection, stream), &log, script.as_ref());
                    }
                });
            }
        });
        Self { port, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/health", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// A port where nobody listens.
pub fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Accepts, and closes without a word.
pub fn mute() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        listener
            .incoming()
            .for_each(drop::<std::io::Result<TcpStream>>);
    });
    port
}

/// Says at once, and to everybody, that it did not understand.
pub fn eager() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
            drop(stream.read(&mut [0; 4096]));
        }
    });
    port
}

fn serve(mut stream: impl Read + Write, log: &Mutex<Vec<Seen>>, script: &Script) {
    let Some(seen) = read_request(&mut stream) else {
        return;
    };
    log.lock().unwrap().push(seen.clone());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    match script(&seen) {
        Reply::Answer(status, headers, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
            );
            drop(stream.write_all(head.as_bytes()));
            if !seen.head.starts_with("HEAD ") {
                drop(stream.write_all(&body));
            }
        }
        Reply::Raw(bytes) => drop(stream.write_all(bytes.as_bytes())),
        Reply::Hang => drop(stream.read(&mut [0])),
        Reply::Stuck => {
            drop(stream.write_all(format!("{head}content-length: 99\r\n\r\nc4nary").as_bytes()));
            drop(stream.flush());
            drop(stream.read(&mut [0]));
        }
        Reply::Unannounced(status, headers, body) => {
            drop(stream.write_all(format!("HTTP/1.1 {status} X\r\n{headers}\r\n").as_bytes()));
            drop(stream.write_all(&body));
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n\r\n");
            drop(stream.write_all(head.as_bytes()));
            while stream.write_all(&[b' '; 65536]).is_ok() {}
        }
    }
    drop(stream.flush());
}

fn read_request(stream: &mut impl Read) -> Option<Seen> {
    let mut bytes = vec![];
    let mut part = [0; 8192];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let seen = Seen {
                head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
                body: bytes[end + 4..].to_vec(),
            };
            let length = seen
                .header("content-length")
                .map_or(0, |text| text.parse().unwrap());
            if seen.body.len() >= length {
                return Some(seen);
            }
        }
        match stream.read(&mut part) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}
