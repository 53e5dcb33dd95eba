//! The log of a gateway, line by line as it comes.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    /// What comes out of this, until it ends.
    pub fn of(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            kept.take(source);
            kept.state().ended = true;
            kept.0.1.notify_all();
        });
        log
    }

    /// What the stand-ins say to the socket of this name, which they are given as `STANDIN_EVENTS`:
    /// for gateways that somebody else starts.
    pub fn at(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let log = Self::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            for speaker in listener.incoming().map_while(Result::ok) {
                let kept = kept.clone();
                std::thread::spawn(move || kept.take(speaker));
            }
        });
        log
    }

    fn take(&self, source: impl Read) {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            self.state().lines.push(line);
            self.0.1.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // a line is pushed or it is not: nothing is left half done
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much there is: where to wait from, for what comes after.
    pub fn mark(&self) -> usize {
        self.state().lines.len()
    }

    pub fn text(&self) -> String {
        self.state().lines.join("\n")
    }

    /// The first line from there on that has one of these texts; `None` if it ends without.
    pub fn wait(&self, from: usize, wanted: &[&str], limit: Duration) -> Option<String> {
        let until = Instant::now() + limit;
        let mut state = self.state();
        loop {
            let found = state.lines[from.min(state.lines.len())..]
                .iter()
                .find(|line| wanted.iter().any(|text| line.contains(text)));
            if let Some(line) = found {
                return Some(line.clone());
            }
            let left = until.checked_duration_since(Instant::now());
            let left = left.filter(|_| !state.ended)?;
            let changed = self.0.1.wait_timeout(state, left);
            state = changed.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
