//! Connections: taken, bounded in number and time, and closed.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::answer::Answers;
use super::listen::Accepting;
use super::stall::Stall;
use super::{GRACE, MAX_CONNECTIONS, Watched};

/// For the header of a request, for taking an answer, and for the next request of a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one connection lives.
const LIFE: Duration = Duration::from_secs(60);
/// How many requests it may bring.
const REQUESTS: u32 = 100;
/// Of a header, in bytes and in fields.
const HEADER_BYTES: usize = 8 * 1024;
const HEADER_FIELDS: usize = 64;

/// What those get who are too many.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

/// Serves until told to stop.
pub(super) async fn serve(
    accepting: Accepting,
    watched: Watched,
    mut stopped: watch::Receiver<bool>,
) {
    let answers = Arc::new(Answers::new(watched));
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let stream = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            stream = accepting.accept() => stream,
        };
        let Some(stream) = stream else {
            // no descriptors left, or the peer went away: others may be let in later
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        match Arc::clone(&free).try_acquire_owned() {
            Ok(place) => {
                let (answers, stopped) = (Arc::clone(&answers), stopped.clone());
                let _detached = tokio::spawn(async move {
                    stream.served(answers, stopped).await;
                    drop(place);
                });
            }
            Err(_) => stream.refuse(),
        }
    }
    // the address is free from here on
    drop(accepting);
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    let _given_up = timeout(GRACE, free.acquire_many(all)).await;
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Accepting {
    async fn accept(&self) -> Option<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await.ok()?;
                Some(Stream::Tcp(stream))
            }
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await.ok()?;
                Some(Stream::Unix(stream))
            }
        }
    }
}

impl Stream {
    async fn served(self, answers: Arc<Answers>, stopped: watch::Receiver<bool>) {
        match self {
            Self::Tcp(stream) => connection(stream, answers, stopped).await,
            Self::Unix(stream) => connection(stream, answers, stopped).await,
        }
    }

    /// Says so as far as that goes without waiting, and closes.
    fn refuse(self) {
        let _told = match &self {
            Self::Tcp(stream) => stream.try_write(TOO_MANY),
            Self::Unix(stream) => stream.try_write(TOO_MANY),
        };
    }
}

async fn connection<S>(stream: S, answers: Arc<Answers>, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let left = AtomicU32::new(REQUESTS);
    let service = service_fn(|request| {
        let (answers, left) = (&answers, &left);
        async move {
            let mut answer = answers.answer(&request).await;
            if left.fetch_sub(1, Ordering::Relaxed) <= 1 {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADER_FIELDS)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(2 * HEADER_BYTES)
        .serve_connection(TokioIo::new(Stall::new(stream, PATIENCE)), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        // whatever the peer did wrong, or that it went away: nobody is left to be told
        _ended = serving.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = sleep(LIFE) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _given_up = timeout(PATIENCE, serving).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = std::str::from_utf8(TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        assert_eq!(length.unwrap().parse(), Ok(body.len()));
    }
}
