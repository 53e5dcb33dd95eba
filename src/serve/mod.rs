//! What a scheduled run says to those who watch it: metrics and health over HTTP ([`Server`]), a file for
//! node_exporter ([`write_metrics_file`]), notices to the service manager ([`Notifier`]).
//!
//! The server has a thread of its own, so that a loop which hangs in git or SQLite is *seen* to hang:
//! `/healthz` answers 503 then. It has no TLS, no login and no secrets; names of manifests and targets
//! are what it shows. Nothing about requests is logged.
//!
//! # Limits
//! 64 connections, more are answered 503 at once. Five seconds for a request's header, and for taking
//! an answer; 8 KiB and 64 fields of header. A connection ends after 100 requests or 60 seconds.

mod answer;
mod connection;
mod file;
mod listen;
mod notify;
mod stall;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

pub use file::{FileError, write_metrics_file};
pub use listen::{Listen, ListenError};
pub use notify::{Notifier, NotifyError, VARIABLES as NOTIFY_VARIABLES};

use crate::reconcile::event::Vitals;

/// The most connections at a time.
pub const MAX_CONNECTIONS: usize = 64;

/// How long a stop waits for answers that are under way.
const GRACE: Duration = Duration::from_secs(1);

/// What is shown, and how it is judged.
#[derive(Clone)]
pub struct Watched {
    /// What the loop writes; it should hold the lock only for as long as it takes to write.
    pub vitals: Arc<Mutex<Vitals>>,
    /// The present moment.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How old the loop's last beat may be until `/healthz` says that it hangs.
    pub patience: Duration,
    /// The version that runs.
    pub version: &'static str,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watched({})", self.version)
    }
}

/// Answers `GET` and `HEAD` of `/metrics`, `/healthz` and `/readyz` until it is stopped or dropped.
#[derive(Debug)]
pub struct Server {
    address: String,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Takes the address and begins to answer.
    ///
    /// # Errors
    /// The address cannot be had, or the system gives no thread.
    pub fn start(listen: &Listen, watched: Watched) -> Result<Self, ListenError> {
        let bound = listen.bind()?;
        let address = bound.address().to_owned();
        let (stop, stopped) = watch::channel(false);
        let failed = |source: io::Error| ListenError::System {
            address: address.clone(),
            source,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(failed)?;
        // inside the runtime, so that it knows the listener; before the thread, so that errors are told
        let accepting = {
            let _inside = runtime.enter();
            bound.accepting().map_err(failed)?
        };
        let thread = std::thread::Builder::new()
            .name("driftlock-serve".to_owned())
            .spawn(move || {
                runtime.block_on(connection::serve(accepting, watched, stopped));
                runtime.shutdown_timeout(Duration::ZERO);
            })
            .map_err(failed)?;
        Ok(Self {
            address,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens, with the port that the system chose if it was asked to: `127.0.0.1:9464`,
    /// `[::1]:9464`, `unix:/run/driftlock.sock`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Takes no more connections, lets answers that are under way go out for at most a second, and
    /// gives the address back.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // it panicked: it has told so already
            let _panicked = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
