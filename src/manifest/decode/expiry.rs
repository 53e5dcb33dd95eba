//! `expiry:`: when dates are told, and what they mean.

use super::fields::{Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::parse_duration;
use crate::manifest::tree::Node;
use crate::model::ExpiryPolicy;

const KEYS: [&str; 2] = ["warn", "past"];

/// Of a manifest, or of `rails.yaml`, which only tightens.
pub(super) fn decode_expiry(
    node: &Node,
    only_tightens: bool,
    problems: &mut Problems,
) -> ExpiryPolicy {
    let mut policy = ExpiryPolicy::default();
    let Some(fields) = Fields::of(node, "`expiry`", &KEYS, problems) else {
        return policy;
    };
    if let Some((_, node)) = fields.get("warn")
        && let Some(text) = decode_text(node, "`warn`", problems)
    {
        policy.warn = parse_duration(text);
        if policy.warn.is_none() {
            problems.error(
                node.position,
                code::BAD_VALUE,
                "`warn` is not a duration",
                Some("for example `14d`, `6w` or `48h`"),
            );
        }
    }
    if let Some((_, node)) = fields.get("past")
        && let Some(text) = decode_text(node, "`past`", problems)
    {
        policy.fails = text == "fail";
        let (message, help) = match text {
            "fail" => return policy,
            "warn" if !only_tightens => return policy,
            "warn" => (
                "`past` cannot be `warn`: `rails.yaml` only tightens what a manifest says",
                "leave it out, or write `fail`",
            ),
            _ => (
                "`past` must be `warn` or `fail`",
                "`fail`: `driftlock check` exits with 1 where a date has passed",
            ),
        };
        problems.error(node.position, code::BAD_VALUE, message, Some(help));
    }
    policy
}
