//! What a failed command says: kind, hint and exit code are decided here.

use std::fmt;

/// The exit code of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: clean, or done.
    Done,
    /// 2: there are differences, and the command was asked to say so.
    Differences,
    /// 3: refused, nothing was written.
    Refused,
    /// 1: an error, or anything unknown.
    Error,
    /// 4: partly applied, or in doubt.
    Partial,
    /// 64: the command line does not parse.
    Usage,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Differences => 2,
            Self::Refused => 3,
            Self::Partial => 4,
            Self::Usage => 64,
        }
    }

    /// The worse of two; the order of the variants is the order of badness.
    #[must_use]
    pub(crate) fn worst(self, other: Self) -> Self {
        self.max(other)
    }
}

/// A command that could not do its work. The texts hold no values.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    /// Lower case, no final period, after "error: ".
    pub(crate) message: String,
    /// The next things to do.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// An error of the world or of a file: exit 1.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new(Exit::Error, message)
    }

    /// A refusal, nothing written: exit 3.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// A command line that makes no sense: exit 64.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hints: vec![],
        }
    }

    /// Adds a next thing to do, if there is one.
    #[must_use]
    pub(crate) fn hints(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hints.extend(hint.map(Into::into));
        self
    }

    /// Adds a next thing to do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for hint in &self.hints {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_wins_in_the_documented_order() {
        let order = [
            Exit::Done,
            Exit::Differences,
            Exit::Refused,
            Exit::Error,
            Exit::Partial,
        ];
        for (place, better) in order.iter().enumerate() {
            for worse in &order[place..] {
                assert_eq!(better.worst(*worse), *worse);
                assert_eq!(worse.worst(*better), *worse);
            }
        }
    }
}
