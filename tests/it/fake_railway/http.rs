//! A client that hides nothing: bytes to a socket and back.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Auth;

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON answer")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// One POST on a connection of its own.
pub(super) fn post(url: &str, auth: &Auth, body: &str) -> io::Result<Answer> {
    let mut socket = open(url, Duration::from_secs(10))?;
    send(&mut socket, url, auth, body, "close")?;
    receive(&mut socket)
}

pub(super) fn open(url: &str, patience: Duration) -> io::Result<TcpStream> {
    let (host, _) = split(url);
    let socket = TcpStream::connect(host)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(patience))?;
    Ok(socket)
}

pub(super) fn send(
    socket: &mut impl Write,
    url: &str,
    auth: &Auth,
    body: &str,
    connection: &str,
) -> io::Result<()> {
    let (host, path) = split(url);
    let token = match auth {
        Auth::Nobody => String::new(),
        Auth::Bearer(token) => format!("authorization: Bearer {token}\r\n"),
        Auth::Project(token) => format!("project-access-token: {token}\r\n"),
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{token}\
         x-source: CLI 5.71.0\r\nconnection: {connection}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes())
}

/// Reads one answer; a body shorter than announced is an error.
pub(super) fn receive(socket: &mut impl Read) -> io::Result<Answer> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        fill(socket, &mut bytes, &mut buffer)?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        fill(socket, &mut body, &mut buffer)?;
    }
    Ok(Answer {
        status: status.unwrap().parse().unwrap(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

fn fill(socket: &mut impl Read, bytes: &mut Vec<u8>, buffer: &mut [u8]) -> io::Result<()> {
    let read = socket.read(buffer)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(&buffer[..read]);
    Ok(())
}

fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").unwrap().1;
    let slash = rest.find('/').unwrap_or(rest.len());
    rest.split_at(slash)
}
