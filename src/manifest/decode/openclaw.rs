//! `openclaw:` of a target: an installation of OpenClaw on a machine.

use super::address::{decode_whose, is_far_path};
use super::fields::{Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::tree::Node;
use crate::model::{Address, OpenclawAddress};

const KEYS: [&str; 7] = [
    "machine", "host", "sudo", "profile", "state", "config", "url",
];
/// The longest name of a profile: it is a part of names of folders and units.
const MAX_PROFILE: usize = 64;

pub(super) fn decode_openclaw(node: &Node, problems: &mut Problems) -> Option<Address> {
    let fields = Fields::of(node, "`openclaw`", &KEYS, problems)?;
    let machine = decode_whose(&fields, "`openclaw`", problems);
    let mut optional = |key: &'static str, read: Reader| match fields.get(key) {
        Some((_, node)) => read(node, key, problems).map(Some),
        None => Some(None),
    };
    let profile = optional("profile", decode_profile);
    let state = optional("state", decode_far_path);
    let config = optional("config", decode_far_path);
    let url = optional("url", decode_url);
    let Some(machine) = machine? else {
        problems.error(
                node.position,
                code::MACHINE_REQUIRED,
                "`openclaw` needs a `machine` or a `host`",
                Some("name the machine that it is installed on, write `machine: any` if each has its own, or `host: user@name` to reach it over SSH"),
            );
        return None;
    };
    both_folders(&fields, problems);
    Some(Address::Openclaw(OpenclawAddress {
        machine,
        profile: profile?,
        state: state?.map(|path| trimmed(&path)),
        config: config?,
        url: url?,
        service: None,
    }))
}

type Reader = fn(&Node, &str, &mut Problems) -> Option<String>;

/// One folder has one spelling.
fn trimmed(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

/// A profile is a state folder with a name.
fn both_folders(fields: &Fields<'_>, problems: &mut Problems) {
    if let (Some(_), Some((state, _))) = (fields.get("profile"), fields.get("state")) {
        problems.error(
            state.position,
            code::BAD_VALUE,
            "`openclaw` may have only one of `profile` and `state`",
            Some("a profile has a state folder of its own; for a service of another name say `activate`"),
        );
    }
}

fn decode_profile(node: &Node, _: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`profile`", problems)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let bad = text.is_empty()
        || text.len() > MAX_PROFILE
        || text.starts_with('-')
        || !text.bytes().all(fits);
    if bad {
        problems.error(
            node.position,
            code::BAD_NAME,
            "`profile` must be 1 to 64 of A-Z, a-z, 0-9, dash (not first) and _",
            Some("as it is given to `openclaw --profile`"),
        );
        return None;
    }
    if text == "default" || text == "gateway" {
        problems.error(
            node.position,
            code::BAD_NAME,
            "this is no profile with a folder of its own",
            Some("leave `profile` out for the default one"),
        );
        return None;
    }
    Some(text.to_owned())
}

fn decode_far_path(node: &Node, key: &str, problems: &mut Problems) -> Option<String> {
    let what = format!("`{key}`");
    let text = decode_text(node, &what, problems)?;
    if is_far_path(text) {
        return Some(text.to_owned());
    }
    problems.error(
        node.position,
        code::BAD_VALUE,
        format!("{what} must be a path that is absolute or begins with `~/`"),
        Some("for example `~/.openclaw` or `/srv/openclaw`"),
    );
    None
}

/// Where a token is sent to. What is wrong is said without the text.
fn decode_url(node: &Node, _: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, "`url`", problems)?;
    let (rest, tls) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => ("", false),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bare) => match bare.split_once(']') {
            Some((host, port)) if port.is_empty() || port.starts_with(':') => host,
            _ => "",
        },
        None => authority.split(':').next().unwrap_or_default(),
    };
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<core::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let odd = |c: char| c.is_control() || c.is_whitespace() || "@?#\\\"'`${}".contains(c);
    let wrong = if host.is_empty() || text.chars().any(odd) {
        "`url` must be an address without user, query and fragment"
    } else if !tls && !loopback {
        "`url` must begin with https://, or lead to the machine that asks: a token would travel in clear"
    } else {
        return Some(trimmed(text));
    };
    problems.error(
        node.position,
        code::BAD_VALUE,
        wrong,
        Some("for example `https://gateway.example.com`, or leave it out: the gateway is then asked on its own machine"),
    );
    None
}
