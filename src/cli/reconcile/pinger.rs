//! The dead man's switch: sent after a round in which every target was looked at.

use std::cell::Cell;

use jiff::Timestamp;

use crate::alert::Ping;

pub(super) struct Pinger {
    ping: Option<Ping>,
    last: Cell<Option<Timestamp>>,
    /// Looks that had ended when it was sent last.
    looks: Cell<u64>,
}

impl Pinger {
    pub(super) fn new(ping: Option<Ping>) -> Self {
        Self {
            ping,
            last: Cell::default(),
            looks: Cell::default(),
        }
    }

    /// Sends one if it is due. `looks` have ended since the loop began; `whole` says whether all is well.
    pub(super) async fn ping(&self, looks: u64, whole: bool, now: Timestamp) {
        let Some(ping) = &self.ping else {
            return;
        };
        // nobody is told that somebody looks who did not look since
        if looks <= self.looks.get() || !ping.is_due(self.last.get(), now) {
            return;
        }
        match ping.send(whole).await {
            Ok(true) => {
                self.last.set(Some(now));
                self.looks.set(looks);
            }
            Ok(false) => {}
            Err(fault) => tracing::warn!("the ping did not arrive: {fault}"),
        }
    }
}
