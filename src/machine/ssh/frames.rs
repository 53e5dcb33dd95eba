//! The parts of an answer: bytes up to a marker that nobody but the two sides knows.

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

/// One read takes at most so much.
const STEP: usize = 64 * 1024;

/// Reads parts. What it holds may be secret, so nothing is left behind when room is made.
pub(super) struct Frames<R> {
    from: R,
    /// `\n`, the marker, `;`.
    end: Vec<u8>,
    held: Zeroizing<Vec<u8>>,
}

/// Why there is no next part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The other side is gone.
    Ended,
    /// It says more than any answer holds.
    TooMuch,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(from: R, marker: &str) -> Self {
        Self {
            from,
            end: format!("\n{marker};").into_bytes(),
            held: Zeroizing::new(Vec::with_capacity(STEP)),
        }
    }

    /// The next part, of at most `most` bytes.
    pub(super) async fn next(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, Broken> {
        let mut seen = 0;
        loop {
            if let Some(at) = find(&self.held[seen..], &self.end) {
                return Ok(self.take(seen + at));
            }
            // the marker's beginning may be at the end of what is held
            seen = self.held.len().saturating_sub(self.end.len() - 1);
            if seen > most {
                return Err(Broken::TooMuch);
            }
            self.make_room();
            match self.from.read_buf(&mut *self.held).await {
                Ok(0) | Err(_) => return Err(Broken::Ended),
                Ok(_) => {}
            }
        }
    }

    fn take(&mut self, at: usize) -> Zeroizing<Vec<u8>> {
        let part = Zeroizing::new(self.held[..at].to_vec());
        let rest = copy(&self.held[at + self.end.len()..], STEP);
        self.held = rest;
        part
    }

    /// Room for one read. A buffer that grows by itself leaves a copy behind.
    fn make_room(&mut self) {
        if self.held.capacity() - self.held.len() < STEP / 4 {
            self.held = copy(&self.held, self.held.len() + STEP);
        }
    }
}

fn copy(bytes: &[u8], room: usize) -> Zeroizing<Vec<u8>> {
    let mut copy = Zeroizing::new(Vec::with_capacity(bytes.len() + room));
    copy.extend_from_slice(bytes);
    copy
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == wanted[0]) {
        if bytes[at + next..].starts_with(wanted) {
            return Some(at + next);
        }
        at += next + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn parts(bytes: &[u8], most: usize) -> (Vec<Vec<u8>>, Broken) {
        let mut frames = Frames::new(bytes, "mark");
        let mut parts = vec![];
        loop {
            match frames.next(most).await {
                Ok(part) => parts.push(part.to_vec()),
                Err(broken) => return (parts, broken),
            }
        }
    }

    #[tokio::test]
    async fn parts_end_at_the_marker_alone() {
        let (found, broken) = parts(b"a\nmark\n\nmark;\nmark;\0\nmark;rest", 100).await;
        assert_eq!(found, [&b"a\nmark\n"[..], b"", b"\0"]);
        assert_eq!(broken, Broken::Ended);
        let (found, broken) = parts(&[b'x'; 1000], 100).await;
        assert_eq!((found.len(), broken), (0, Broken::TooMuch));
    }

    proptest! {
        #[test]
        fn every_part_comes_back(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let mut bytes = vec![];
            for content in &contents {
                bytes.extend_from_slice(content);
                bytes.extend_from_slice(b"\nmark;");
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (found, _) = runtime.block_on(parts(&bytes, 1000));
            prop_assert_eq!(found, contents);
        }
    }
}
