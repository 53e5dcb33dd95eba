//! What a failed command says: kind, hint and exit code are decided here.

use std::fmt;

use crate::reconcile::event::{self, Verdict};

/// How a run ended. The order of the variants is the order of badness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// As the documented table has it.
    Ran(event::Exit),
    /// 64: the command line makes no sense.
    Usage,
    /// 126 or 127, as shells count: a command that was to be started was not.
    NotStarted(u8),
}

impl Exit {
    /// 0.
    pub(crate) const DONE: Self = Self::Ran(event::Exit::Clean);
    /// 1.
    pub(crate) const ERROR: Self = Self::Ran(event::Exit::Error);
    /// 2.
    pub(crate) const DIFFERENCES: Self = Self::Ran(event::Exit::Differences);
    /// 4.
    pub(crate) const PARTIAL: Self = Self::Ran(event::Exit::Partial);
    /// 3.
    pub(crate) const REFUSED: Self = Self::Ran(event::Exit::Refused);

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Ran(exit) => exit.code(),
            Self::Usage => 64,
            Self::NotStarted(code) => code,
        }
    }

    /// The worse of two.
    #[must_use]
    pub(crate) fn worst(self, other: Self) -> Self {
        self.max(other)
    }

    /// With its reason, for JSON.
    pub(crate) fn verdict(self, reason: impl Into<String>) -> Verdict {
        match self {
            Self::Ran(exit) => Verdict::new(exit, reason),
            Self::Usage | Self::NotStarted(_) => Verdict::new(event::Exit::Error, reason),
        }
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
        Self::new(Exit::ERROR, message)
    }

    /// A refusal, nothing written: exit 3.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::REFUSED, message)
    }

    /// A command line that makes no sense: exit 64.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A command that was not started: exit 126 or 127.
    pub(crate) fn ended(code: u8, message: impl Into<String>) -> Self {
        Self::new(Exit::NotStarted(code), message)
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hints: vec![],
        }
    }

    /// An error of another room, whose message fits after "cannot", with what lies behind it.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = format!("cannot {error}");
        let mut behind = error.source();
        while let Some(cause) = behind {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            behind = cause.source();
        }
        Self::error(message)
    }

    /// Adds a line to what went wrong.
    #[must_use]
    pub(crate) fn detail(mut self, detail: impl AsRef<str>) -> Self {
        self.message.push_str("\n  ");
        self.message.push_str(detail.as_ref());
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
