//! `host:` and `sudo:` of a file: a machine over SSH, and as whom to work there.

use super::fields::{Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::{Destination, ParseDestinationError, Sudo};

/// What is wrong is said without the text: `user:password@host` is a common slip.
pub(super) fn decode_host(node: &Node, problems: &mut Problems) -> Option<Destination> {
    let text = decode_text(node, "`host`", problems)?;
    let wrong = match text.parse::<Destination>() {
        Ok(destination) => return Some(destination),
        Err(ParseDestinationError::Length) => "`host` must have 1 to 255 characters",
        Err(ParseDestinationError::Host(_)) => {
            "`host` must be a host's name: letters, digits, `.`, `_` and `-` (not first)"
        }
        Err(ParseDestinationError::User(_)) => {
            "what stands before the `@` of `host` must be a user's name: letters, digits, `.`, `_`, `+` and `-` (not first)"
        }
        Err(ParseDestinationError::Port(_)) => {
            "the port behind `host` must be a number from 1 to 65535"
        }
    };
    let help = "for example `vps`, `deploy@vps.example.com` or `deploy@vps.example.com:2222`; \
                keys and passwords are ssh's own business";
    problems.error(node.position, code::BAD_VALUE, wrong, Some(help));
    None
}

/// As who logs in, where nothing is said. `None` after a problem.
pub(super) fn decode_sudo(fields: &Fields<'_>, problems: &mut Problems) -> Option<Sudo> {
    let Some((key, node)) = fields.get("sudo") else {
        return Some(Sudo::No);
    };
    if fields.get("host").is_none() {
        problems.error(
            key.position,
            code::BAD_VALUE,
            "`sudo` is only for a file on a `host`",
            Some("on its own machine, driftlock works as who started it"),
        );
        return None;
    }
    let text = decode_text(node, "`sudo`", problems)?;
    let plain = matches!(
        node.kind,
        Kind::Scalar {
            style: Style::Plain,
            ..
        }
    );
    match text {
        "true" if plain => Some(Sudo::Root),
        "false" if plain => Some(Sudo::No),
        "root" => Some(Sudo::Root),
        user => match user.parse() {
            Ok(user) => Some(Sudo::User(user)),
            Err(_) => {
                problems.error(
                    node.position,
                    code::BAD_VALUE,
                    "`sudo` must be `true` for root, or a user's name",
                    Some("a name has letters, digits, `.`, `_` and `-` (not first)"),
                );
                None
            }
        },
    }
}
