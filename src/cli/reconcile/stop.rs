//! Signals of a run that stays: heard by a thread of their own, so that a loop which hangs in git or SQLite
//! hears them too.

use std::time::Duration;

use crate::cli::error::{CommandError, Exit};
use crate::cli::look::runtime;
use crate::reconcile::stop::Stop;

/// Asks for the end at SIGINT and SIGTERM, and ends the process if it has not ended after `patience`:
/// what was being written has its intent in the journal, and is in doubt for the next run.
///
/// # Errors
/// The system gives no thread or no event loop.
pub(super) fn on_signals(stop: &Stop, patience: Duration) -> Result<(), CommandError> {
    let runtime = runtime()?;
    let stop = stop.clone();
    let (ready, is_ready) = std::sync::mpsc::channel::<()>();
    let listening = std::thread::Builder::new().name("driftlock-signals".to_owned());
    let listening = listening.spawn(move || {
        runtime.block_on(async {
            let heard = Stop::on_signals();
            drop(ready);
            heard.requested().await;
            stop.request(heard.why().unwrap_or("a signal"));
            tokio::time::sleep(patience).await;
        });
        tracing::error!(
            "something hangs: what was being written is in doubt, and the next run looks again"
        );
        end();
    });
    // who is told to end in the next moment is heard; nothing is ever sent
    let heard = listening.map(|_| {
        let _closed = is_ready.recv();
    });
    heard.map_err(|error| CommandError::error(format!("no thread can be made: {}", error.kind())))
}

#[expect(
    clippy::exit,
    reason = "nothing else ends a thread that hangs in a system call"
)]
fn end() -> ! {
    std::process::exit(i32::from(Exit::PARTIAL.code()))
}
