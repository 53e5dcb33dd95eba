//! How a command ended: the exit codes and their order of badness.

/// How a command ended. `Ord` is badness: the worst of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Exit {
    /// Clean, or done.
    #[default]
    Clean,
    /// Differences were found.
    Differences,
    /// Refused, nothing written: a rail, a conflict, a stale plan, a lease.
    Refused,
    /// An error, or something that could not be known.
    Error,
    /// Partly applied, or in doubt.
    Partial,
}

impl Exit {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Error => 1,
            Self::Differences => 2,
            Self::Refused => 3,
            Self::Partial => 4,
        }
    }
}

/// An exit and why, as the JSON says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it ended.
    pub exit: Exit,
    /// Why: lower case, no final period, no values.
    pub reason: String,
}

impl Verdict {
    /// Puts both together.
    pub fn new(exit: Exit, reason: impl Into<String>) -> Self {
        Self {
            exit,
            reason: reason.into(),
        }
    }

    /// The worse of both; of two that are equally bad, the first.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.exit > self.exit { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_4_then_1_then_3_then_2() {
        let mut all = [
            Exit::Differences,
            Exit::Clean,
            Exit::Partial,
            Exit::Refused,
            Exit::Error,
        ];
        all.sort_by(|a, b| b.cmp(a));
        assert_eq!(all.map(Exit::code), [4, 1, 3, 2, 0]);
    }
}
