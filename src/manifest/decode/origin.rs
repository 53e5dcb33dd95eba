//! Where a probe's request goes. Scheme and host are written out: no variable decides where a secret
//! goes, and only this machine is asked without encryption.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::manifest::problem::{Problems, code};
use crate::manifest::template::{Part, Template};
use crate::manifest::tree::Node;

const HELP: &str = "for example `https://vps.example.com/health`";

pub(super) fn check_url(url: &Template, node: &Node, problems: &mut Problems) -> Option<()> {
    let Err(message) = judge(url) else {
        return Some(());
    };
    problems.error(
        node.position,
        code::BAD_VALUE,
        format!("`http` {message}"),
        Some(HELP),
    );
    None
}

fn judge(url: &Template) -> Result<(), &'static str> {
    let texts = || {
        url.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Reference { .. } | Part::Nested { .. } => None,
        })
    };
    let odd = |c: char| {
        !c.is_ascii_graphic() || matches!(c, '\\' | '"' | '<' | '>' | '`' | '{' | '}' | '|' | '^')
    };
    if texts().any(|text| text.contains(odd)) {
        return Err(
            "must hold nothing that an address spells with `%`: no spaces, quotes or backslashes",
        );
    }
    if texts().any(|text| text.contains('#')) {
        return Err("must not have a `#`: what follows it is never sent");
    }
    let first = match url.parts().first() {
        Some(Part::Text(text)) => text.as_str(),
        _ => return Err("must begin with `https://` and a host that are written out"),
    };
    let (scheme, rest) = first
        .split_once("://")
        .ok_or("must be a whole address that begins with `https://`")?;
    let secure = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return Err("must begin with `https://`, or with `http://` to this machine itself"),
    };
    let end = rest.find(['/', '?']);
    if end.is_none() && url.parts().len() > 1 {
        return Err("must name the whole host before the first variable, with a `/` behind it");
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    if authority.contains('@') {
        return Err("must not have a user or a password before the host: send them in a header");
    }
    let host = host_of(authority).ok_or("has no sound host and port behind the `://`")?;
    if !secure && !host.is_loopback() {
        return Err(
            "must begin with `https://`: only this machine itself (127.0.0.1, [::1], localhost) is asked without encryption",
        );
    }
    Ok(())
}

enum Host<'t> {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Name(&'t str),
}

impl Host<'_> {
    fn is_loopback(&self) -> bool {
        match self {
            Self::V4(address) => address.is_loopback(),
            Self::V6(address) => address.is_loopback(),
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
        }
    }
}

fn host_of(authority: &str) -> Option<Host<'_>> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, behind) = rest.split_once(']')?;
            let port = match behind {
                "" => None,
                port => Some(port.strip_prefix(':')?),
            };
            (Host::V6(inside.parse().ok()?), port)
        }
        None => {
            let (name, port) = match authority.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (authority, None),
            };
            (named_host(name)?, port)
        }
    };
    let sound = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    sound.then_some(host)
}

/// Browsers and libraries read `0x7f.1` and `2130706433` as addresses too: what ends in a number
/// must be an address as everybody writes it.
fn named_host(name: &str) -> Option<Host<'_>> {
    if let Ok(address) = name.parse() {
        return Some(Host::V4(address));
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    let sound = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(fits)
    };
    let last = labels.rsplit('.').next()?;
    let numeric = last.starts_with(|c: char| c.is_ascii_digit());
    (name.len() <= 253 && labels.split('.').all(sound) && !numeric).then_some(Host::Name(name))
}
