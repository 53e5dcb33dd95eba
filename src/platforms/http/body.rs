//! Bodies: bounded on the way in, wiped from memory when they are dropped.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::MAX_BODY_BYTES;
use super::error::{self, HttpError};

/// Bytes that are wiped when dropped, and also where they grow and move.
#[derive(Default)]
pub struct WipedBuffer(Zeroizing<Vec<u8>>);

impl WipedBuffer {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// Appends. A `Vec` that grows by itself would leave its old bytes behind unwiped.
    pub fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity())));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for WipedBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of a request: wiped when its last clone is dropped.
#[derive(Clone)]
pub struct Body(Bytes);

impl Body {
    /// Takes the bytes over.
    pub fn new(bytes: WipedBuffer) -> Self {
        Self(Bytes::from_owner(bytes))
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Reads a body up to the limit.
pub(super) async fn read_bounded(
    answer: reqwest::Response,
    host: &str,
    timeout: Duration,
) -> Result<WipedBuffer, HttpError> {
    let whole = read_short(answer, host, timeout, MAX_BODY_BYTES).await?;
    whole.ok_or_else(|| HttpError::TooLarge {
        host: host.to_owned(),
    })
}

/// Reads a body of at most `most` bytes. Of a longer one nothing is kept.
pub(super) async fn read_short(
    mut answer: reqwest::Response,
    host: &str,
    timeout: Duration,
    most: usize,
) -> Result<Option<WipedBuffer>, HttpError> {
    let announced = answer.content_length().unwrap_or(0);
    if announced > most as u64 {
        return Ok(None);
    }
    let room = usize::try_from(announced).unwrap_or(0);
    let mut body = WipedBuffer::with_capacity(room);
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| error::classify_body(&error, host, timeout))?
    {
        if body.as_slice().len() + chunk.len() > most {
            return Ok(None);
        }
        body.push(&chunk);
    }
    Ok(Some(body))
}

/// Takes a body up to `most` bytes and throws it away.
pub(super) async fn skim(
    mut answer: reqwest::Response,
    host: &str,
    timeout: Duration,
    most: usize,
) -> Result<(), HttpError> {
    let mut taken = 0;
    if answer.content_length().unwrap_or(0) > most as u64 {
        return Ok(());
    }
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| error::classify_body(&error, host, timeout))?
    {
        taken += chunk.len();
        if taken >= most {
            break;
        }
    }
    Ok(())
}
