//! A writer that scrubs what flows through it.

use std::io::{self, Write};

use super::Scrubber;

/// Scrubs a stream. What could still become a secret is kept back: always as much as the longest
/// secret can take, and at a flush only a tail that a secret begins with. Call
/// [`ScrubWriter::finish`] at the end; dropping it does the same and drops errors.
#[derive(Debug)]
pub struct ScrubWriter<'s, W: Write> {
    scrubber: &'s Scrubber,
    inner: W,
    pub(super) buffer: Vec<u8>,
}

impl<'s, W: Write> ScrubWriter<'s, W> {
    /// Wraps `inner`.
    pub fn new(scrubber: &'s Scrubber, inner: W) -> Self {
        Self {
            scrubber,
            inner,
            buffer: Vec::new(),
        }
    }

    /// Writes what was kept back.
    pub fn finish(mut self) -> io::Result<()> {
        self.emit(self.buffer.len())?;
        self.inner.flush()
    }

    /// Lets the first `count` bytes go; a secret that begins in them goes with them, redacted.
    fn emit(&mut self, count: usize) -> io::Result<()> {
        let found = self.scrubber.find(&self.buffer);
        let cut = found
            .iter()
            .find(|range| range.start < count && count < range.end)
            .map_or(count, |range| range.end);
        let inside: Vec<_> = found.into_iter().filter(|r| r.end <= cut).collect();
        let text = super::replaced(&self.buffer[..cut], &inside);
        self.buffer.drain(..cut);
        self.inner.write_all(&text)
    }
}

impl<W: Write> Write for ScrubWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.scrubber.is_empty() {
            return self.inner.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        let keep = self.scrubber.longest();
        // only when it has doubled: else each small write would search the same bytes again
        if self.buffer.len() > 2 * keep + 8192 {
            self.emit(self.buffer.len() - keep)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let end = self
            .scrubber
            .unfinished(&self.buffer)
            .unwrap_or(self.buffer.len());
        self.emit(end)?;
        self.inner.flush()
    }
}

impl<W: Write> Drop for ScrubWriter<'_, W> {
    fn drop(&mut self) {
        // nobody is left to tell, and after `finish` there is nothing left to write
        if self.emit(self.buffer.len()).is_ok() {
            self.inner.flush().ok();
        }
    }
}
