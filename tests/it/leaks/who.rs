//! Who changed it, asked of places that have values in everything they could say.

use super::runs::{LIVE, Leaky, NEXT, SECRET};
use crate::support::fake_railway::handles::EnvironmentAt;

impl Leaky {
    /// A file that somebody else changed.
    pub(super) fn asks_who(&mut self) {
        for line in [
            "plan --who",
            "plan --who -vv",
            "plan --who --json",
            "plan --who --markdown",
        ] {
            self.runs(line, "");
        }
    }

    /// People on Railway who write values into the texts of their commits.
    pub(super) fn asks_railway_who(&mut self, production: &EnvironmentAt) {
        let api = production.service("api");
        for (message, value) in [(SECRET, LIVE), (LIVE, NEXT)] {
            api.edited_saying(Some("Grace"), "LIVE_SECRET", Some(value), Some(message));
            self.asks_who();
        }
        api.edited_saying(None, "LIVE_SECRET", None, Some(NEXT));
        self.asks_who();
        api.edited(Some("Grace"), "LIVE_SECRET", Some(LIVE));
    }
}
