//! Ctrl-C and SIGTERM: finish the write in flight, begin no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the run shall end early. Cheap to clone and to ask.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

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
                        stop.request();
                    }
                });
            }
        }
        stop
    }

    /// Asks for the end.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
