//! Who changed something outside, as far as anybody can say.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TargetName, VarName};

/// What is known about the author of a change. Everything in it came from somewhere else: escape it
/// where it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Who {
    /// The author: a person as the platform names them, a user of the host; `None` is unknown. Where
    /// it can be one of several, all of them: `one of: Ada, Grace`.
    pub by: Option<String>,
    /// When, as the place says.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// Whether it was an apply of driftlock itself (another machine's, another journal's).
    pub ours: bool,
    /// Where that is from, in words that follow "says" or "because": `Railway's list of commits`, `the
    /// file's owner and time`. Where the author is unknown, why.
    pub source: String,
}

impl Who {
    /// Nobody can say; `why` is lower case, without a final period.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self {
            source: why.into(),
            ..Self::default()
        }
    }

    /// One sentence, lower case, without a final period, not escaped. With the time of the reader it
    /// says how long ago, else when.
    pub fn words(&self, now: Option<Timestamp>) -> String {
        let at = self.at.map(|at| moment(at, now)).unwrap_or_default();
        let source = &self.source;
        match (&self.by, self.ours) {
            (Some(by), true) => {
                format!("changed{at} by an apply of driftlock ({by}), says {source}")
            }
            (None, true) => format!("changed{at} by an apply of driftlock, says {source}"),
            (Some(by), false) => format!("changed{at} by {by}, says {source}"),
            (None, false) if self.at.is_some() => {
                format!("changed{at}, by whom is not known: {source}")
            }
            (None, false) => format!("who changed it is not known: {source}"),
        }
    }
}

/// With a space before it.
fn moment(at: Timestamp, now: Option<Timestamp>) -> String {
    match now.map(|now| now.duration_since(at)) {
        Some(age) if age >= SignedDuration::ZERO => format!(" {} ago", span(age)),
        // the place's clock is ahead of ours, or the reader's time is not known
        Some(_) | None => format!(" at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
    }
}

fn span(age: SignedDuration) -> String {
    match age.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// What was said about the authors of the differences of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authors {
    /// When they were asked for, by our clock; `None` if nobody was asked.
    pub asked_at: Option<Timestamp>,
    /// By target, and by the variable's name there.
    pub of: BTreeMap<(TargetName, VarName), Who>,
}

impl Authors {
    /// What was said about one difference.
    pub fn get(&self, target: &TargetName, name: &VarName) -> Option<&Who> {
        // most plans ask for nobody
        if self.of.is_empty() {
            return None;
        }
        self.of.get(&(target.clone(), name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn who(by: Option<&str>, time: Option<&str>, ours: bool, source: &str) -> Who {
        Who {
            by: by.map(str::to_owned),
            at: time.map(at),
            ours,
            source: source.to_owned(),
        }
    }

    #[test]
    fn what_is_not_known_is_said_so() {
        let now = Some(at("2026-03-02T12:00:00Z"));
        let list = "Railway's list of commits";
        let then = Some("2026-03-02T11:48:00Z");
        assert_eq!(
            who(Some("Ada"), then, false, list).words(now),
            "changed 12 min ago by Ada, says Railway's list of commits"
        );
        assert_eq!(
            who(Some("Ada"), then, false, list).words(None),
            "changed at 2026-03-02 11:48:00 UTC by Ada, says Railway's list of commits"
        );
        assert_eq!(
            who(Some("one of: Ada, Grace"), None, false, list).words(now),
            "changed by one of: Ada, Grace, says Railway's list of commits"
        );
        assert_eq!(
            who(Some("ops@mini"), then, true, "its message").words(now),
            "changed 12 min ago by an apply of driftlock (ops@mini), says its message"
        );
        assert_eq!(
            who(None, then, false, "files keep no author").words(now),
            "changed 12 min ago, by whom is not known: files keep no author"
        );
        assert_eq!(
            Who::unknown("no answer").words(now),
            "who changed it is not known: no answer"
        );
    }

    #[test]
    fn a_clock_that_is_ahead_gives_a_date() {
        let now = Some(at("2026-03-02T12:00:00Z"));
        let ahead = who(Some("Ada"), Some("2026-03-02T12:00:01Z"), false, "x").words(now);
        assert_eq!(ahead, "changed at 2026-03-02 12:00:01 UTC by Ada, says x");
        for (then, words) in [
            ("2026-03-02T12:00:00Z", " 0 s ago"),
            ("2026-03-02T11:58:01Z", " 119 s ago"),
            ("2026-03-02T11:58:00Z", " 2 min ago"),
            ("2026-03-02T10:00:00Z", " 2 h ago"),
            ("2026-02-28T12:00:00Z", " 2 d ago"),
        ] {
            assert_eq!(moment(at(then), now), words);
        }
    }
}
