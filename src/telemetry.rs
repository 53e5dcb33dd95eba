//! Logs for people who look into a run: to standard error, only what they asked for, never a value.

use tracing_subscriber::EnvFilter;

/// Sets up logging. Nothing is logged unless asked for; dependencies are capped at `info`, because
/// their deeper logs may hold what they were given.
pub(crate) fn start(verbosity: u8) {
    let ours = match verbosity {
        0 => return,
        1 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::new(format!("info,driftlock={ours}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .finish();
    // only one subscriber can be set, and this is the only place that sets one
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}
