//! Bodies that are not what they seem, and connections that end with a reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The body of an answer.
pub enum Answer {
    Whole(Option<Bytes>),
    /// Announces more than it sends.
    Half {
        sent: Option<Bytes>,
        announced: u64,
    },
    Endless {
        left: u64,
        first: bool,
        counter: Arc<AtomicU64>,
    },
}

const CHUNK: usize = 64 * 1024;

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Self::Half { sent, .. } => Some(match sent.take() {
                Some(bytes) => Ok(Frame::data(bytes)),
                None => Err(io::Error::other("the rest is lost")),
            }),
            Self::Endless { left: 0, .. } => None,
            Self::Endless {
                left,
                first,
                counter,
            } => {
                let size = (*left).min(CHUNK as u64);
                *left -= size;
                counter.fetch_add(size, Ordering::Relaxed);
                let start: &[u8] = if std::mem::take(first) {
                    b"{\"data\":\""
                } else {
                    b""
                };
                let mut chunk = start.to_vec();
                chunk.resize(usize::try_from(size).unwrap_or(CHUNK), b'x');
                Some(Ok(Frame::data(chunk.into())))
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Half { announced, .. } => SizeHint::with_exact(*announced),
            Self::Endless { .. } => SizeHint::default(),
        }
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Whole(Some(text.into()))
    }
}

/// A TCP connection that can end with a reset in place of an orderly close.
pub struct Wire {
    tcp: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Wire {
    pub fn new(tcp: TcpStream, reset: Arc<AtomicBool>) -> Self {
        Self { tcp, reset }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // without it the client sees an orderly close, which is a failure to it all the same
            drop(self.tcp.set_zero_linger());
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // a shutdown would be the orderly close that a reset is not
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.tcp).poll_shutdown(context))?;
        Poll::Ready(Ok(()))
    }
}
