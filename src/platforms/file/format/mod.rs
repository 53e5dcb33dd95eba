//! The formats of files that hold variables: the dialects of `.env` files, launchd's property lists,
//! JSON. Reading, writing and rewriting them as text. Pure.
//!
//! [`Format`] is what all of them have in common.
//!
//! There is no one dotenv format: each reader has its own rule for quotes, escapes, comments and
//! `$`. So a file is parsed by the rule of the reader that it is for, a reading that a reader
//! would not share is [`Reading::Ambiguous`] and never a guess, and a value that a dialect has no
//! text for is [`Unrepresentable`].

mod compose;
mod docker;
mod document;
mod encode;
pub mod json;
mod kind;
mod node;
pub mod plist;
mod portable;
mod python;
mod rewrite;
mod scan;
mod shell;
mod shell_word;
mod systemd;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use document::{Document, Reading};
pub use encode::{Obstacle, Unrepresentable};
pub use kind::{EditError, Format, OpenError, Opened, Unfit, UnknownFormat};
pub use rewrite::{Edit, RewriteError};
pub use scan::ParseError;

/// The rule that a file is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// What every reader reads the same: for unknown or several readers.
    Portable,
    /// Docker Compose v2: `env_file`, and the project's `.env`.
    Compose,
    /// `docker run --env-file`: lines as they are.
    Docker,
    /// systemd's `EnvironmentFile=`.
    Systemd,
    /// `set -a; . file` in bash, dash, zsh or busybox, and `.envrc`.
    Shell,
    /// npm `dotenv` and `node --env-file`.
    Node,
    /// `python-dotenv`.
    Python,
}

impl Dialect {
    /// All of them, in the order that messages name them.
    pub const ALL: [Self; 7] = [
        Self::Portable,
        Self::Compose,
        Self::Docker,
        Self::Systemd,
        Self::Shell,
        Self::Node,
        Self::Python,
    ];

    /// Its name in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Compose => "compose",
            Self::Docker => "docker",
            Self::Systemd => "systemd",
            Self::Shell => "shell",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    /// Whether a line of ours may begin with `export `: systemd takes it for a part of the name,
    /// docker refuses the file.
    const fn allows_export(self) -> bool {
        !matches!(self, Self::Portable | Self::Docker | Self::Systemd)
    }

    /// Whether a line of ours may end in CR LF: shells take the CR for a part of the value.
    const fn allows_crlf(self) -> bool {
        !matches!(self, Self::Portable | Self::Shell)
    }

    /// Whether ` # …` after a value is a comment, and not a part of the value.
    const fn allows_inline_comment(self) -> bool {
        !matches!(self, Self::Portable | Self::Docker | Self::Systemd)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("format must be one of portable, compose, docker, systemd, shell, node, python")]
pub struct UnknownDialect;

impl FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == text)
            .ok_or(UnknownDialect)
    }
}
