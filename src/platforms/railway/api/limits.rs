//! What the answers' headers say about the budget of requests. The format of the reset is not
//! documented, so each likely one is taken. "Now" is the answer's own `Date`: our clock may be off.

use std::time::Duration;

use crate::platforms::http::Response;
pub(super) use crate::platforms::http::wait::retry_after;
use crate::platforms::http::wait::{in_words, parse_http_date, parse_reset};

/// What is left of the budget of a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests in all, per window.
    pub limit: Option<u64>,
    /// Requests left.
    pub remaining: Option<u64>,
    /// How long until it is full again, from the answer on.
    pub resets_in: Option<Duration>,
}

impl Budget {
    /// What the answer says; `None` if it says nothing.
    pub(super) fn of(answer: &Response) -> Option<Self> {
        let number = |name| {
            answer
                .header(name)
                .and_then(|text| text.trim().parse().ok())
        };
        let now = answer.header("date").and_then(parse_http_date);
        let budget = Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            resets_in: answer
                .header("x-ratelimit-reset")
                .and_then(|text| parse_reset(text, now)),
        };
        (budget != Self::default()).then_some(budget)
    }

    /// A sentence where there is little left: under a twentieth, or under ten requests.
    pub fn note(&self) -> Option<String> {
        let left = self.remaining?;
        if left >= 10
            && self
                .limit
                .is_none_or(|limit| left.saturating_mul(20) >= limit)
        {
            return None;
        }
        let of = self
            .limit
            .map(|limit| format!(" of {limit}"))
            .unwrap_or_default();
        let until = self
            .resets_in
            .map(|span| format!("; full again in {}", in_words(span)))
            .unwrap_or_default();
        Some(format!("{left}{of} requests left with this token{until}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_only_when_little_is_left() {
        let budget = |limit, remaining| Budget {
            limit,
            remaining,
            resets_in: Some(Duration::from_secs(601)),
        };
        assert_eq!(budget(Some(1000), Some(50)).note(), None);
        assert_eq!(budget(None, Some(10)).note(), None);
        assert_eq!(budget(Some(1000), None).note(), None);
        assert_eq!(
            budget(Some(1000), Some(49)).note().unwrap(),
            "49 of 1000 requests left with this token; full again in 11 min"
        );
        assert!(budget(None, Some(9)).note().is_some());
    }
}
