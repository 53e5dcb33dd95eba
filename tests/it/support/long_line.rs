//! A line to a server of this machine that is as slow as one around the world.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Each way.
pub const DELAY: Duration = Duration::from_millis(100);

/// Passes on what comes, later, as a long line does: without holding up what follows.
fn later(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (came, bytes) in receiver {
            thread::sleep((came + DELAY).saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        let _gone = to.shutdown(std::net::Shutdown::Write);
    });
    thread::spawn(move || {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if sender
                .send((Instant::now(), bytes[..length].to_vec()))
                .is_err()
            {
                return;
            }
        }
    });
}

/// A port that leads to the server by a long line.
pub fn long_line(to: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has ports");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let far = TcpStream::connect(("127.0.0.1", to)).expect("the server listens");
            for side in [&near, &far] {
                side.set_nodelay(true).expect("it is open");
            }
            let clone = |side: &TcpStream| side.try_clone().expect("there are file descriptors");
            later(clone(&near), clone(&far));
            later(far, near);
        }
    });
    port
}
