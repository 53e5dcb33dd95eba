//! Taking the lease: at once, after a wait, or from somebody else.

use std::time::{Duration, Instant};

use clap::Args;

use super::context::Context;
use super::error::CommandError;
use super::records::{self, LOOK_AGAIN};
use super::session::Item;
use super::ui::Ui;
use crate::journal::{Holder, Journal, Lease, LeaseError, LeaseRequest, Scope};
use crate::manifest::parse_duration;

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LeaseArgs {
    /// Wait so long for another run to end, for example 10m [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = timeout)]
    lock_timeout: Option<Duration>,

    /// Take the lease from a run that is known to be dead, and say why; in a shared journal only
    #[arg(long, value_name = "REASON")]
    break_lease: Option<String>,
}

fn timeout(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "a number with s, m, h or d, for example 10m".to_owned())
}

impl LeaseArgs {
    /// As the words of a command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let wait = self
            .lock_timeout
            .map(|wait| format!("--lock-timeout={}s", wait.as_secs()));
        wait.into_iter().collect()
    }
}

/// Takes the lease of all these manifests, or of none.
pub(crate) fn take(
    arguments: &LeaseArgs,
    journal: &mut dyn Journal,
    items: &[Item],
    context: &Context,
    ui: &mut Ui,
) -> Result<Lease, CommandError> {
    let scopes: Vec<&Scope> = items.iter().map(|item| &item.scope).collect();
    let request = LeaseRequest {
        holder: Holder {
            pid: std::process::id(),
            who: context.who(),
            run: context.run_link(),
            since: context.now(),
        },
        breaks: arguments.break_lease.clone(),
    };
    let begun = Instant::now();
    let wait = arguments.lock_timeout.unwrap_or_default();
    let mut told = false;
    loop {
        let held = match journal.lease(&scopes, &request) {
            Ok(lease) => {
                if let Some(from) = lease.taken_from() {
                    ui.warn(&format!("the lease was taken over from {from}"));
                }
                return Ok(lease);
            }
            Err(LeaseError::Held { by, help }) => (by, help),
            Err(error) => return Err(explain(&error)),
        };
        let left = wait.saturating_sub(begun.elapsed());
        let (by, help) = held;
        if left.is_zero() {
            return Err(CommandError::refused(format!(
                "cannot take the lease: it is held by {by}"
            ))
            .hint("nothing was written; wait for that run to end, then run this again")
            .hint(help));
        }
        if !told {
            ui.say(&format!(
                "waiting for the lease, which is held by {by}, for at most {} s",
                wait.as_secs()
            ));
            told = true;
        }
        // a lease in a remote tells nobody when it ends
        std::thread::sleep(left.min(LOOK_AGAIN));
    }
}

/// Nothing was begun without the lease.
fn explain(error: &LeaseError) -> CommandError {
    match error {
        LeaseError::Journal(error) => records::explain(error).detail("nothing was written"),
        LeaseError::File { .. } | LeaseError::Held { .. } => CommandError::of(error),
    }
}
