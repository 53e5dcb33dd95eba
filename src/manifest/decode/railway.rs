//! `railway:` of a target: one service of an environment, or the environment's shared variables.

use std::collections::BTreeSet;

use super::fields::{self, Fields, decode_text};
use crate::manifest::place::is_token_name;
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::Node;
use crate::model::{Address, Position, RailwayAddress, VarName};

const KEYS: [&str; 6] = [
    "project",
    "environment",
    "service",
    "shared",
    "token",
    "sealed",
];
const MAX_NAME: usize = 255;

/// The address, and where each name of `sealed` stands.
pub(super) type Decoded = (Address, Vec<(VarName, Position)>);

pub(super) fn decode_railway(node: &Node, problems: &mut Problems) -> Option<Decoded> {
    let fields = Fields::of(node, "`railway`", &KEYS, problems)?;
    let project = decode_part(&fields, "project", problems);
    let environment = decode_part(&fields, "environment", problems);
    let service = decode_service(node, &fields, problems);
    let token = match fields.get("token") {
        Some((_, node)) => decode_token(node, problems).map(Some),
        None => Some(None),
    };
    let sealed = decode_sealed(&fields, problems);
    let address = Address::Railway(RailwayAddress {
        project: project?,
        environment: environment?,
        service: service?,
        token: token?,
        sealed: sealed.iter().map(|(name, _)| name.clone()).collect(),
    });
    Some((address, sealed))
}

fn decode_part(fields: &Fields<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    let (_, node) = fields.required(key, problems)?;
    decode_name(node, key, problems)
}

/// The name or id of a project, environment or service.
fn decode_name(node: &Node, key: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, &format!("`{key}`"), problems)?;
    let wrong = if text.is_empty() {
        "must not be empty"
    } else if text.len() > MAX_NAME {
        "is longer than 255 bytes"
    } else if text.chars().any(char::is_control) {
        "holds a control character"
    } else if text.trim() != text {
        "begins or ends with a space"
    } else {
        return Some(text.to_owned());
    };
    problems.error(
        node.position,
        code::BAD_NAME,
        format!("`{key}` {wrong}"),
        Some("write its name as Railway shows it, or its id"),
    );
    None
}

/// `Some(None)` for the shared variables.
fn decode_service(
    node: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<Option<String>> {
    let shared = fields.get("shared");
    match (fields.get("service"), shared) {
        (Some((_, service)), None) => decode_name(service, "service", problems).map(Some),
        (None, Some((_, shared))) => match fields::decode_bool(shared, "`shared`", problems)? {
            true => Some(None),
            false => {
                problems.error(
                    shared.position,
                    code::BAD_VALUE,
                    "`shared` is `true`, or left out",
                    Some("name a `service` in its place"),
                );
                None
            }
        },
        (Some(_), Some((key, _))) => {
            problems.error(
                key.position,
                code::BAD_VALUE,
                "`railway` may have only one of `service` and `shared`",
                Some("give the shared variables of the environment a target of their own"),
            );
            None
        }
        (None, None) => {
            problems.error(
                node.position,
                code::MISSING_KEY,
                "`railway` needs one of `service` and `shared`",
                Some("write `service: NAME`, or `shared: true` for the environment's shared variables"),
            );
            None
        }
    }
}

/// Whatever this names is sent to Railway: no other secret of the process may be named here.
fn decode_token(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`token`", problems)?;
    if is_token_name(text) {
        return Some(text.to_owned());
    }
    problems.error(
        node.position,
        code::TOKEN_NAME,
        "`token` must name an environment variable that begins with RAILWAY_ and has TOKEN in it, \
         so that no manifest can send another secret to Railway",
        Some("keep the token in a variable such as RAILWAY_TOKEN_STAGING and write that name here"),
    );
    None
}

fn decode_sealed(fields: &Fields<'_>, problems: &mut Problems) -> Vec<(VarName, Position)> {
    let Some((_, node)) = fields.get("sealed") else {
        return Vec::new();
    };
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for item in fields::decode_list(node, "`sealed`", problems) {
        let Some(name) = fields::decode_variable_name(item, problems) else {
            continue;
        };
        if seen.insert(name.clone()) {
            names.push((name, item.position));
        } else {
            let message = format!("{name} is listed under `sealed` twice");
            problems.error(item.position, code::DUPLICATE_USE, message, None);
        }
    }
    names
}
