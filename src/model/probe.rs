//! Whether a value works, as one look at a service says it.

use serde::{Deserialize, Serialize};

/// Where a probe is sent from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeFrom {
    /// This machine.
    #[default]
    Here,
    /// The target's machine.
    Target,
}

/// What a probe says. No bodies, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Verdict {
    /// It works; and where a credential was sent, it does not work without it.
    Works,
    /// It answers as wanted also without the credential: it proves nothing.
    Open,
    /// 401: the credential is not taken: missing, wrong or expired.
    Unauthorized,
    /// 403: who asks is known, or it does not matter who: this is not allowed.
    Forbidden,
    /// It answered, and not as wanted: another status or content type, a redirect, a command that
    /// failed.
    Unexpected {
        /// What came: lower case, no final period.
        what: String,
    },
    /// Nobody answered, or not in time.
    Unreachable {
        /// Lower case, no final period.
        why: String,
    },
    /// It could not be tried: the value is not known, the machine cannot be reached, a program is
    /// missing there.
    NotTried {
        /// Lower case, no final period.
        why: String,
    },
}

impl Verdict {
    /// Whether the value is known to work.
    pub fn works(&self) -> bool {
        *self == Self::Works
    }

    /// Whether nothing was learned about the value.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotTried { .. })
    }
}
