//! Where a secret of OpenClaw can be.

use std::fmt;

use crate::model::KeyPath;

/// One place. Not every one can be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// On the command line of what starts the gateway.
    Flag,
    /// A text in the config itself.
    Config(KeyPath),
    /// A variable of this name, wherever it is set. Only config references say so; the place that
    /// wins is one of the next four.
    Variable(String),
    /// The environment that the gateway was started with.
    Environment(String),
    /// The `.env` of the state folder.
    Dotenv(String),
    /// The older file of the user's settings, read after it.
    Fallback(String),
    /// Only while the gateway has no other.
    Generated,
    /// A file that a SecretRef names: a JSON pointer in it, or the whole of it.
    File { path: String, at: Option<KeyPath> },
    /// OpenClaw's own secret store: written, and shown to nobody.
    Store(String),
}

impl fmt::Display for Place {
    /// To follow "in" or "from", for people who know OpenClaw.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("the command line of the gateway (--token)"),
            Self::Config(at) => write!(f, "{at} of the config"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Environment(name) => write!(f, "{name} in the environment of the gateway"),
            Self::Dotenv(name) => write!(f, "{name} in the .env of the state folder"),
            Self::Fallback(name) => write!(f, "{name} in ~/.config/openclaw/gateway.env"),
            Self::Generated => f.write_str("the gateway itself, made up at its start"),
            Self::File { path, at: Some(at) } => write!(f, "{at} of {path}"),
            Self::File { path, at: None } => f.write_str(path),
            Self::Store(name) => write!(f, "{name} of OpenClaw's secret store"),
        }
    }
}
