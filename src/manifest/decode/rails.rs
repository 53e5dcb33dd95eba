//! `rails:`: how much one apply may change or delete, of the manifest or of one target.

use super::fields::Fields;
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::Rails;

pub(super) const KEYS: [&str; 4] = ["deletes", "deletes_percent", "changes", "changes_percent"];

/// What is not said stays as in `base`.
pub(super) fn decode_rails(node: &Node, base: Rails, problems: &mut Problems) -> Rails {
    let mut rails = base;
    let Some(fields) = Fields::of(node, "`rails`", &KEYS, problems) else {
        return rails;
    };
    for (key, limit) in slots(&mut rails) {
        if let Some((_, node)) = fields.get(key)
            && let Some(given) = decode_limit(key, node, problems)
        {
            *limit = given;
        }
    }
    rails
}

/// Each limit with its key.
pub(super) fn slots(rails: &mut Rails) -> [(&'static str, &mut Option<u32>); 4] {
    [
        ("deletes", &mut rails.deletes.count),
        ("deletes_percent", &mut rails.deletes.percent),
        ("changes", &mut rails.changes.count),
        ("changes_percent", &mut rails.changes.percent),
    ]
}

pub(super) fn decode_limit(key: &str, node: &Node, problems: &mut Problems) -> Option<Option<u32>> {
    let most = if key.ends_with("_percent") {
        100
    } else {
        u32::MAX
    };
    let given = match &node.kind {
        Kind::Scalar { text, .. } if text == "none" => Some(None),
        Kind::Scalar {
            text,
            style: Style::Plain,
        } if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|number| *number <= most).map(Some)
        }
        _ => None,
    };
    if given.is_none() {
        let help = "write `none` for no limit of this kind";
        let message = if most == 100 {
            format!("`{key}` must be a number from 0 to 100, or `none`")
        } else {
            format!("`{key}` must be a number, or `none`")
        };
        problems.error(node.position, code::BAD_VALUE, message, Some(help));
    }
    given
}
