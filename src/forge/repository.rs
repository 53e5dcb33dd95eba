//! How a repository is named.

use std::fmt;

use super::Kind;

/// `owner/name` on GitHub; the path or the number of a project on GitLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository(String);

/// Why a name is none. It is not quoted: it may have been something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// On GitHub.
    #[error("a repository on GitHub is named OWNER/NAME")]
    GitHub,
    /// On GitLab.
    #[error("a project on GitLab is named by its path (GROUP/NAME) or its number")]
    GitLab,
}

impl Repository {
    /// Checks the name.
    ///
    /// # Errors
    /// When it cannot be one of that forge.
    pub fn new(kind: Kind, name: &str) -> Result<Self, RepositoryError> {
        let parts: Vec<&str> = name.split('/').collect();
        let good = parts.iter().all(|part| is_part(part));
        let fits = match kind {
            Kind::GitHub => parts.len() == 2,
            Kind::GitLab => parts.len() >= 2 || name.bytes().all(|byte| byte.is_ascii_digit()),
        };
        if good && fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(match kind {
                Kind::GitHub => RepositoryError::GitHub,
                Kind::GitLab => RepositoryError::GitLab,
            })
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Owner and name; the owner is empty where there is only one part.
    pub(super) fn halves(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or(("", &self.0))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.bytes().all(|byte| byte.is_ascii_digit());
        write!(f, "{}{}", if number { "project " } else { "" }, self.0)
    }
}

/// What may stand between two slashes; `.` and `..` would be steps of a path.
fn is_part(part: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !part.is_empty()
        && part.len() <= 255
        && part.bytes().all(letter)
        && part.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_has_its_names() {
        for (name, github, gitlab) in [
            ("octocat/Hello-World", true, true),
            ("group/sub/name", false, true),
            ("4711", false, true),
            ("name", false, false),
            ("a/..", false, false),
            ("a/b c", false, false),
            ("a/b?x=y", false, false),
            ("a//b", false, false),
            ("https://github.com/a/b", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                Repository::new(Kind::GitHub, name).is_ok(),
                github,
                "{name}"
            );
            assert_eq!(
                Repository::new(Kind::GitLab, name).is_ok(),
                gitlab,
                "{name}"
            );
        }
    }
}
