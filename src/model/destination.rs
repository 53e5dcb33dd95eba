//! Where to connect: a name from the user's ssh configuration, or user, host and port.

use std::fmt;
use std::str::FromStr;

/// Longer names exist nowhere.
const MOST: usize = 255;

/// A host as `ssh` knows it, checked so that it can be nothing else: no option, no command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

/// Why a text is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDestinationError {
    /// Nothing there, or too much.
    #[error("a host name has 1 to {MOST} characters")]
    Length,
    /// An option, a space, a quote …
    #[error(
        "`{0}` is no host: letters, digits, `.`, `_` and `-` (not first), as in `deploy@vps.example.com` or `deploy@vps:2222`"
    )]
    Host(String),
    /// The same of the user.
    #[error("`{0}` is no user name: letters, digits, `.`, `_`, `+` and `-` (not first)")]
    User(String),
    /// Not 1 to 65535.
    #[error("`{0}` is no port: a number from 1 to 65535")]
    Port(String),
}

impl Destination {
    /// The host or its alias, without user and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user, where the text named one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The port, where the text named one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Host and port, the same text for the same machine however its name is spelled. As whom one
    /// works there does not make it another machine.
    pub fn machine(&self) -> String {
        let host = match self.host.parse::<core::net::Ipv6Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => self.host.to_ascii_lowercase(),
        };
        Self {
            user: None,
            host,
            port: self.port,
        }
        .to_string()
    }
}

impl FromStr for Destination {
    type Err = ParseDestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > MOST {
            return Err(ParseDestinationError::Length);
        }
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        if let Some(user) = user
            && !is_name(user, "._+-")
        {
            return Err(ParseDestinationError::User(shown(user)));
        }
        let (host, port) = split_port(rest);
        let bare = host.parse::<core::net::Ipv6Addr>().is_ok();
        if !bare && !is_name(host, "._-") {
            return Err(ParseDestinationError::Host(shown(rest)));
        }
        let port = match port.map(|port| (port, port.parse::<u16>())) {
            None => None,
            Some((_, Ok(port))) if port > 0 => Some(port),
            Some((text, _)) => return Err(ParseDestinationError::Port(shown(text))),
        };
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// `host:22` and `[::1]:22`; what has more colons is an address.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some(rest) = text.strip_prefix('[')
        && let Some((host, after)) = rest.split_once(']')
    {
        return match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => (text, None),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (text, None),
    }
}

/// A name that no program takes for anything else; the user's configuration may put it into
/// commands of its own (`ProxyCommand … %h`).
pub(crate) fn is_name(text: &str, more: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && text.chars().all(fits)
}

/// Foreign text for a message: one line, not endless.
fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// As whom to work on the far side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Sudo {
    /// As who logged in.
    #[default]
    No,
    /// As root, by `sudo -n`.
    Root,
    /// As this user, by `sudo -n -u`.
    User(UserName),
}

/// A user of the far side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl FromStr for UserName {
    type Err = ParseDestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_name(text, "._-") && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseDestinationError::User(shown(text)))
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Destination, ParseDestinationError> {
        text.parse()
    }

    #[test]
    fn users_hosts_and_ports_are_told_apart() {
        for (text, user, host, port) in [
            ("vps", None, "vps", None),
            ("my_alias-2", None, "my_alias-2", None),
            (
                "deploy@vps.example.com",
                Some("deploy"),
                "vps.example.com",
                None,
            ),
            ("deploy@vps:2222", Some("deploy"), "vps", Some(2222)),
            ("10.0.0.7:22", None, "10.0.0.7", Some(22)),
            ("::1", None, "::1", None),
            ("root@[::1]:22", Some("root"), "::1", Some(22)),
        ] {
            let parsed = parse(text).unwrap();
            assert_eq!(
                (parsed.user(), parsed.host(), parsed.port()),
                (user, host, port)
            );
            assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn what_could_be_anything_else_is_refused() {
        for text in [
            "",
            "-oProxyCommand=touch x",
            "-l",
            "@vps",
            "a b",
            "a@b c",
            "a@-b",
            "-a@b",
            "vps\n",
            "vps\0",
            "'vps'",
            "\"vps\"",
            "vps;id",
            "vps$(id)",
            "vps`id`",
            "a|b",
            "a&b",
            "vps/x",
            "vps\\x",
            "%h",
            "vps:",
            "vps:0",
            "vps:65536",
            "vps:22x",
            "[::1",
            "[::1]x",
            "ünïcode",
            "*",
            "~",
            "a,b",
            "ssh://a",
            "a@b@c",
            "#x",
            "!x",
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(
                !error.contains(['\n', '\0']) && !error.ends_with('.'),
                "{error}"
            );
        }
        assert_eq!(parse(&"a".repeat(256)), Err(ParseDestinationError::Length));
    }
}
