//! The real docker client, talking to a daemon of ours that only writes down what it is asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::mpsc;

use driftlock::platforms::file::format::Dialect;
use serde_json::Value;

use super::readers::{Taken, check, run};
use crate::support::peers;

#[test]
fn docker_reads_docker() {
    check(Dialect::Docker, docker);
}

/// What the docker client takes from a file.
pub(crate) fn docker(text: &str) -> Vec<(String, Taken)> {
    let Some(docker) = peers::program("docker") else {
        return vec![];
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, socket) = (
        folder.path().join("file.env"),
        folder.path().join("docker.sock"),
    );
    let listener = UnixListener::bind(&socket).unwrap();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let send = send.clone();
            std::thread::spawn(move || serve(&stream.unwrap(), &send));
        }
    });
    let mut command = Command::new(docker);
    command
        .arg("-H")
        .arg(format!("unix://{}", socket.display()))
        .args(["create", "--env-file"])
        .arg(&file)
        .arg("image:1");
    run(&mut command, text, &file);
    let body: Value = receive
        .try_recv()
        .expect("the client asked for a container");
    let taken: Taken = body["Env"]
        .as_array()
        .expect("the container has an environment")
        .iter()
        .filter_map(|entry| entry.as_str()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    vec![("docker".to_owned(), taken)]
}

/// Answers the requests of one connection.
fn serve(stream: &UnixStream, created: &mpsc::Sender<Value>) {
    let mut reader = BufReader::new(stream);
    while let Some((head, body)) = request(&mut reader) {
        let (status, answer) = if head.contains("/containers/create") {
            let body = serde_json::from_slice(&body).expect("the client sends JSON");
            created.send(body).expect("the test waits");
            ("201 Created", r#"{"Id":"c1","Warnings":[]}"#)
        } else if head.contains("/version") {
            (
                "200 OK",
                r#"{"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10"}"#,
            )
        } else {
            ("200 OK", "OK")
        };
        let length = answer.len();
        let answer = if head.starts_with("HEAD") { "" } else { answer };
        let mut stream = stream;
        let written = write!(
            stream,
            "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nOstype: linux\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{answer}"
        );
        if written.is_err() {
            return;
        }
    }
}

/// The head and body of the next request; `None` when the client is gone.
fn request(reader: &mut BufReader<&UnixStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let mut body = vec![];
    if let Some((_, rest)) = lower.split_once("content-length: ") {
        let length = rest.lines().next()?.trim().parse().ok()?;
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
    } else if lower.contains("transfer-encoding: chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let size = usize::from_str_radix(line.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    Some((head, body))
}
