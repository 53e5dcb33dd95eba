//! Which repository and which branch: `URL[#BRANCH]`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Where a checkout comes from. What is shown of it has no user and no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    address: String,
    branch: Option<String>,
}

/// Why a text names no origin. Fits after "this address".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseOriginError {
    /// Nothing, or what git would take for an option.
    #[error("is empty, or begins with `-`")]
    Odd,
    /// A line end or the like.
    #[error("holds a control character")]
    Control,
    /// Not encrypted, or a program that git would run.
    #[error("must begin with https://, ssh:// or file://, or be `user@host:path`, or a whole path")]
    Scheme,
    /// Everybody who lists processes would read it.
    #[error(
        "has a password in it; keep that in a credential helper of git, or use a deploy key over ssh"
    )]
    Password,
    /// No branch after the `#`.
    #[error("names no branch after its `#`")]
    Branch,
}

impl Origin {
    /// As git is told.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The branch, where one was named; else whatever the remote's own is.
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// Names its folder: alike for one repository and branch, however the user is spelled.
    pub(super) fn key(&self) -> String {
        let plain = without_user(&self.address);
        let plain = plain.trim_end_matches('/').trim_end_matches(".git");
        let digest = Sha256::new()
            .chain_update(plain)
            .chain_update([0])
            .chain_update(self.branch.as_deref().unwrap_or_default())
            .finalize();
        let digest: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let name = plain.rsplit(['/', ':']).next().unwrap_or_default();
        let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name: String = name.chars().filter(fits).take(40).collect();
        format!("{name}-{digest}")
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let (address, branch) = match text.split_once('#') {
            Some((address, branch)) => (address, Some(branch)),
            None => (text, None),
        };
        if address.is_empty() || address.starts_with('-') {
            return Err(ParseOriginError::Odd);
        }
        if text.contains(char::is_control) {
            return Err(ParseOriginError::Control);
        }
        if branch.is_some_and(|branch| branch.is_empty() || branch.starts_with('-')) {
            return Err(ParseOriginError::Branch);
        }
        match address.split_once("://") {
            Some(("https" | "ssh" | "file", rest)) => {
                let authority = rest.split('/').next().unwrap_or_default();
                let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
                if user.contains(':') {
                    return Err(ParseOriginError::Password);
                }
                if authority
                    .rsplit('@')
                    .next()
                    .is_some_and(|host| host.starts_with('-'))
                {
                    return Err(ParseOriginError::Odd);
                }
            }
            Some(_) => return Err(ParseOriginError::Scheme),
            None => {
                // `host:path`; a second colon right after it names a program (`ext::sh -c …`)
                let far = address.split_once(':').is_some_and(|(host, path)| {
                    let host = host.rsplit('@').next().unwrap_or_default();
                    let plain = |c: char| c.is_ascii_alphanumeric() || "._-[]".contains(c);
                    !host.is_empty()
                        && !host.starts_with('-')
                        && host.chars().all(plain)
                        && !path.is_empty()
                        && !path.starts_with(':')
                });
                if !address.starts_with('/') && !far {
                    return Err(ParseOriginError::Scheme);
                }
            }
        }
        Ok(Self {
            address: address.to_owned(),
            branch: branch.map(str::to_owned),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_user(&self.address))?;
        match &self.branch {
            Some(branch) => write!(f, "#{branch}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

/// A user's name may be a token.
fn without_user(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None if address.starts_with('/') => return address.to_owned(),
        None => (String::new(), address),
    };
    let end = rest
        .find(if scheme.is_empty() { ':' } else { '/' })
        .unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_branch() {
        for (text, address, branch) in [
            (
                "https://forge.example.com/ops/env.git",
                "https://forge.example.com/ops/env.git",
                None,
            ),
            (
                "https://forge.example.com/ops/env#live",
                "https://forge.example.com/ops/env",
                Some("live"),
            ),
            (
                "git@forge.example.com:ops/env.git#a/b",
                "git@forge.example.com:ops/env.git",
                Some("a/b"),
            ),
            ("forge:env", "forge:env", None),
            (
                "ssh://git@forge.example.com:2222/env",
                "ssh://git@forge.example.com:2222/env",
                None,
            ),
            ("file:///srv/env.git", "file:///srv/env.git", None),
            ("/srv/env.git#main", "/srv/env.git", Some("main")),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!((origin.address(), origin.branch()), (address, branch));
        }
    }

    #[test]
    fn what_could_run_a_program_or_hold_a_password_is_refused() {
        use ParseOriginError as E;
        for (text, error) in [
            ("", E::Odd),
            ("#main", E::Odd),
            ("--upload-pack=sh", E::Odd),
            ("ssh://-oProxyCommand=sh/x", E::Odd),
            ("ssh://git@-oProxyCommand=sh/x", E::Odd),
            ("-oProxyCommand=sh:x", E::Odd),
            ("git@-oProxyCommand=sh:x", E::Scheme),
            ("https://forge.example.com/a\nb", E::Control),
            ("http://forge.example.com/env", E::Scheme),
            ("git://forge.example.com/env", E::Scheme),
            ("ext::sh -c id", E::Scheme),
            ("fd::17", E::Scheme),
            ("../env", E::Scheme),
            ("env.git", E::Scheme),
            ("https://bot:hunter2@forge.example.com/env", E::Password),
            ("https://forge.example.com/env#", E::Branch),
            ("https://forge.example.com/env#-x", E::Branch),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
        }
    }

    #[test]
    fn nothing_shown_has_a_user_and_two_spellings_are_one_folder() {
        let of = |text: &str| text.parse::<Origin>().unwrap();
        let token = of("https://ghp_secret@forge.example.com/ops/env.git#main");
        assert_eq!(
            token.to_string(),
            "https://forge.example.com/ops/env.git#main"
        );
        assert_eq!(
            format!("{token:?}"),
            "Origin(https://forge.example.com/ops/env.git#main)"
        );
        assert_eq!(of("git@forge:ops/env").to_string(), "forge:ops/env");
        assert_eq!(
            token.key(),
            of("https://forge.example.com/ops/env#main").key()
        );
        assert_ne!(token.key(), of("https://forge.example.com/ops/env").key());
        assert!(token.key().starts_with("env-"), "{}", token.key());
        assert!(!of("/srv/../..").key().contains(['/', '.']));
    }
}
