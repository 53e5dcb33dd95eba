//! Logs: for people who look into a run, and of a run that stays. To standard error, one line for each
//! event, never a value: every line passes the net that knows the secrets of the run.

mod line;

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use clap::ValueEnum;
use jiff::Timestamp;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::render::scrub::Scrubber;
use line::Lines;

/// How the lines of a run that stays look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: time, level, words.
    #[default]
    Text,
    /// One JSON object a line: `time`, `level`, `target`, `message`, `fields`.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logging {
    /// How often somebody asked for more: 0 to 2.
    pub verbosity: u8,
    /// Of a run that stays: it logs what it does without being asked. `None` for a command, which is
    /// silent until asked, and whose lines carry no time.
    pub stays: Option<LogFormat>,
}

/// The present moment.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The net that log lines pass; all clones are one. It is empty at first: whoever learns secrets puts
/// them in, before anybody can log them.
#[derive(Clone, Default)]
pub struct Net(Arc<RwLock<Arc<Scrubber>>>);

impl Net {
    /// From here on it is this one.
    pub fn becomes(&self, scrubber: Arc<Scrubber>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = scrubber;
    }

    fn scrubber(&self) -> Arc<Scrubber> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}

impl Logging {
    /// What passes, or `None` where nothing does. Dependencies are capped at `info`, because their deeper
    /// logs may hold what they were given.
    fn filter(self) -> Option<&'static str> {
        match (self.verbosity, self.stays) {
            (0, None) => None,
            (0, Some(_)) => Some("warn,driftlock=info"),
            (1, _) => Some("info,driftlock=debug"),
            _ => Some("info,driftlock=trace"),
        }
    }
}

/// Sets up logging to standard error.
pub(crate) fn start(logging: Logging, clock: Clock, net: &Net) {
    if let Some(subscriber) = subscriber(logging, clock, net, io::stderr) {
        // only one subscriber can be set, and this is the only place that sets one
        let _already_set = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Writes lines to `writer`, one call for each; `None` where nothing is logged.
pub fn subscriber<W>(
    logging: Logging,
    clock: Clock,
    net: &Net,
    writer: W,
) -> Option<impl Subscriber + Send + Sync + use<W>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = Lines {
        format: logging.stays.unwrap_or_default(),
        clock: logging.stays.is_some().then_some(clock),
        net: net.clone(),
    };
    let built = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(logging.filter()?))
        .with_writer(writer)
        // a closed standard error is no reason to fail, and there is nowhere else to say so
        .log_internal_errors(false)
        .event_format(lines)
        .finish();
    Some(built)
}
