//! Ctrl-C and SIGTERM: finish the write in flight, begin no other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// Whether the run shall end early. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requested: AtomicBool,
    /// What for; the first one counts.
    why: OnceLock<String>,
    bell: Notify,
}

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on, inside a tokio runtime. Where the system gives no
    /// handler, signals act as they always do.
    pub fn on_signals() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = Self::default();
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            if let Ok(mut stream) = signal(kind) {
                let stop = stop.clone();
                tokio::spawn(async move {
                    while stream.recv().await.is_some() {
                        stop.request("a signal");
                    }
                });
            }
        }
        stop
    }

    /// Asks for the end. `why` follows "stopped by".
    pub fn request(&self, why: &str) {
        let _asked_before = self.0.why.set(why.to_owned());
        self.0.requested.store(true, Ordering::Release);
        self.0.bell.notify_waiters();
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// What the end was asked for.
    pub fn why(&self) -> Option<&str> {
        self.0.why.get().map(String::as_str)
    }

    /// Waits until the end is asked for.
    pub async fn requested(&self) {
        let bell = self.0.bell.notified();
        let mut bell = std::pin::pin!(bell);
        // heard from here on, so that no request falls between the question and the wait
        bell.as_mut().enable();
        if !self.is_requested() {
            bell.await;
        }
    }
}
