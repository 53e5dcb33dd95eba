//! What people name: `.env`, `deploy@vps:/srv/app/.env`, `ssh://vps/srv/app/.env`, `openclaw`, `-`.

use std::path::PathBuf;

use crate::cli::error::CommandError;
use crate::model::{HostAddress, Sudo};
use crate::render::escape;

const OPENCLAW: &str = "openclaw";

/// One thing to take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelled {
    /// As it was typed, fit for a terminal: not before it is known to be no secret in the wrong
    /// place.
    pub(super) called: String,
    /// From 1.
    pub(super) number: usize,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Stdin,
    File(PathBuf),
    /// The path as a manifest spells it.
    Far(HostAddress, String),
    Openclaw(Option<HostAddress>, Option<String>),
}

impl Spelled {
    /// All of them, each once.
    pub(super) fn all(texts: &[String]) -> Result<Vec<Self>, CommandError> {
        let mut all: Vec<Self> = vec![];
        for (index, text) in texts.iter().enumerate() {
            let what = what(text).map_err(|why| {
                CommandError::usage(format!("source {}: {why}", index + 1)).hint(
                    "a source is a file, [USER@]HOST:PATH, ssh://[USER@]HOST[:PORT]/PATH, [HOST:]openclaw[:PROFILE] or -; a file whose name looks like one of these begins with ./",
                )
            })?;
            let called = match &what {
                What::Stdin => "standard input".to_owned(),
                What::Far(host, path) => escape::terminal(&format!("{host}:{path}")),
                _ => escape::terminal(text),
            };
            let number = index + 1;
            if let Some(other) = all.iter().find(|other| other.what == what) {
                return Err(CommandError::usage(format!(
                    "sources {} and {number} are the same",
                    other.number
                ))
                .hint("name each source once"));
            }
            all.push(Self {
                called,
                number,
                what,
            });
        }
        Ok(all)
    }
}

/// Says nothing of what was typed: a password in it would be repeated.
fn what(text: &str) -> Result<What, &'static str> {
    if text == "-" {
        return Ok(What::Stdin);
    }
    if text.is_empty() {
        return Err("is empty");
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character");
    }
    if let Some(rest) = text.strip_prefix("ssh://") {
        let (host, path) = rest.split_once('/').ok_or("names no file on its host")?;
        let path = match path.strip_prefix("~/") {
            Some(below) => format!("~/{below}"),
            None => format!("/{path}"),
        };
        return far(host, path);
    }
    if text.contains("://") {
        return Err("is a URL, and only ssh:// leads to files");
    }
    let head = text.find('/').map_or(text, |slash| &text[..slash]);
    let Some(colon) = head.rfind(':') else {
        return Ok(match text {
            OPENCLAW => What::Openclaw(None, None),
            path => What::File(path.into()),
        });
    };
    if !text.contains('/')
        && let Some(found) = openclaw(text)
    {
        return found;
    }
    let (host, path) = (&text[..colon], &text[colon + 1..]);
    if path.is_empty() {
        return Err("names no file on its host");
    }
    if !path.starts_with('/') && !path.starts_with("~/") {
        return Err("names a path on a host that begins neither at / nor at ~/");
    }
    far(host, path.to_owned())
}

impl Spelled {
    /// For messages about a file that may not be there.
    pub(super) fn cautious(&self) -> String {
        const ENDINGS: [&str; 8] = [
            ".env", ".json", ".json5", ".yaml", ".yml", ".plist", ".conf", ".txt",
        ];
        let text = &self.called;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
        let is_path = ENDINGS.iter().any(|ending| text.ends_with(ending))
            && text.len() <= 120
            && text.chars().all(plain);
        match is_path {
            true => text.clone(),
            false => format!("source {}", self.number),
        }
    }
}

/// `openclaw:PROFILE`, `HOST:openclaw`, `HOST:openclaw:PROFILE`.
fn openclaw(text: &str) -> Option<Result<What, &'static str>> {
    let parts: Vec<&str> = text.rsplitn(3, ':').collect();
    let (before, profile) = match parts[..] {
        [profile, OPENCLAW] => (None, Some(profile)),
        [OPENCLAW, ..] => (text.strip_suffix(":openclaw"), None),
        [profile, OPENCLAW, before] => (Some(before), Some(profile)),
        _ => return None,
    };
    let plain = |profile: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !profile.is_empty() && profile.len() <= 64 && profile.chars().all(fits)
    };
    if !profile.is_none_or(plain) {
        return Some(Err(
            "names a profile that is none: letters, digits, - and _",
        ));
    }
    let host = match before.map(host).transpose() {
        Ok(host) => host,
        Err(why) => return Some(Err(why)),
    };
    Some(Ok(What::Openclaw(host, profile.map(str::to_owned))))
}

fn far(name: &str, path: String) -> Result<What, &'static str> {
    let below = path.strip_prefix("~/").unwrap_or(&path);
    if below.trim_matches('/').is_empty() || path.ends_with('/') {
        return Err("names no file on its host");
    }
    Ok(What::Far(host(name)?, path))
}

fn host(text: &str) -> Result<HostAddress, &'static str> {
    let destination = text.parse().map_err(|_| {
        "names no host: letters, digits, ., _ and - (not first), perhaps with USER@ before it and :PORT behind; keys and passwords are ssh's own business"
    })?;
    Ok(HostAddress {
        destination,
        sudo: Sudo::No,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match what(text) {
            Ok(What::Stdin) => "stdin".to_owned(),
            Ok(What::File(path)) => format!("file {}", path.display()),
            Ok(What::Far(host, path)) => format!("{host} has {path}"),
            Ok(What::Openclaw(host, profile)) => format!(
                "openclaw {} {}",
                host.map(|host| host.to_string()).unwrap_or_default(),
                profile.unwrap_or_default()
            ),
            Err(why) => why.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn files_hosts_and_gateways_are_told_apart() {
        for (text, expected) in [
            ("-", "stdin"),
            (".env", "file .env"),
            ("./a:b", "file ./a:b"),
            ("/srv/a:b", "file /srv/a:b"),
            ("./openclaw", "file ./openclaw"),
            ("vps:/srv/.env", "vps has /srv/.env"),
            ("deploy@vps:~/app/.env", "deploy@vps has ~/app/.env"),
            ("vps:~/.env", "vps has ~/.env"),
            ("vps:2222:/srv/a:b", "vps:2222 has /srv/a:b"),
            ("[::1]:/srv/.env", "::1 has /srv/.env"),
            ("ssh://me@vps:2222/srv/.env", "me@vps:2222 has /srv/.env"),
            ("ssh://vps/~/.env", "vps has ~/.env"),
            ("openclaw", "openclaw  "),
            ("openclaw:work", "openclaw  work"),
            ("mac:openclaw", "openclaw mac "),
            ("me@mac:openclaw:work", "openclaw me@mac work"),
            ("vps:22:openclaw", "openclaw vps:22 "),
            ("vps:", "names no file on its host"),
            ("vps:/", "names no file on its host"),
            ("vps:/srv/", "names no file on its host"),
            ("ssh://vps", "names no file on its host"),
            ("https://x/y", "is a URL, and only ssh"),
            ("-oProxyCommand=x:/y", "names no host"),
            ("a b:/c", "names no host"),
            ("u:secret@vps:/c", "names no host"),
            (
                "vps:~other/.env",
                "names a path on a host that begins neither at / nor at ~/",
            ),
            (
                "user:hunter2",
                "names a path on a host that begins neither at / nor at ~/",
            ),
            ("openclaw:/a/b", "openclaw has /a/b"),
            ("openclaw:a.b", "names a profile that is none"),
            ("", "is empty"),
            ("a\nb", "holds a control character"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_source_is_named_once() {
        let texts = |texts: &[&str]| {
            Spelled::all(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(texts(&["-", ".env"]).unwrap().len(), 2);
        assert!(
            texts(&["-", "-"])
                .unwrap_err()
                .message
                .contains("1 and 2 are the same")
        );
        let typed = texts(&["x", "u:hunter2@vps:/c"]).unwrap_err();
        assert!(!typed.to_string().contains("hunter2"));
    }
}
