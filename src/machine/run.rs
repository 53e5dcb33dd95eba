//! Running a program on a machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::ssh::SshError;

/// The most that is kept of each of a program's two outputs, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// Programs of one machine, run as who works there. One after the other on machines over SSH.
#[async_trait]
pub trait Run: Send + Sync {
    /// Runs one program to its end, or to the limit of time; what runs longer is killed as far as
    /// the machine lets us.
    async fn run(&self, call: &Call) -> Result<Ran, RunError>;

    /// The home folder of who works there: what `~/` at the beginning of a path stands for.
    async fn home(&self) -> Result<PathBuf, RunError>;
}

/// A path as a manifest spells it, with the machine's home in the place of `~`. Nothing is asked for
/// where there is none.
pub async fn expand(host: &dyn Run, path: &str) -> Result<PathBuf, RunError> {
    match path.strip_prefix("~/") {
        Some(rest) => Ok(host.home().await?.join(rest)),
        None if path == "~" => host.home().await,
        None => Ok(Path::new(path).to_owned()),
    }
}

/// A program and what it is given. It gets a small environment of its own: `PATH`, `HOME`, `USER`,
/// `LOGNAME`, `LC_ALL=C`, and what it needs to find the user's managers (`XDG_RUNTIME_DIR`,
/// `DBUS_SESSION_BUS_ADDRESS`), nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// Name or absolute path.
    pub program: String,
    /// Its arguments. Everybody on the machine can read them: no secrets.
    pub arguments: Vec<String>,
    /// What it reads, up to [`MAX_OUTPUT_BYTES`].
    pub input: Zeroizing<Vec<u8>>,
    /// How long it may take.
    pub limit: Duration,
}

impl Call {
    /// A program without input that ends soon.
    pub fn new(program: &str, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            input: Zeroizing::default(),
            limit: Duration::from_secs(30),
        }
    }

    /// A command line for the machine's `sh`.
    pub fn shell(line: &str) -> Self {
        Self::new("sh", ["-c", line])
    }

    /// Refuses what no system can be asked: a NUL within a text, or more input than is allowed.
    pub(super) fn require_possible(&self) -> Result<(), RunError> {
        let mut texts = std::iter::once(&self.program).chain(&self.arguments);
        let refuse = |code| RunError::System {
            program: self.program.escape_debug().to_string(),
            code,
        };
        if self.program.is_empty() || texts.any(|text| text.contains('\0')) {
            return Err(refuse(Errno::INVAL));
        }
        if self.input.len() > MAX_OUTPUT_BYTES {
            return Err(refuse(Errno::TOOBIG));
        }
        Ok(())
    }

    /// The same with another limit of time.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The same with something to read.
    #[must_use]
    pub fn reading(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Zeroizing::new(input.into());
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("input", &self.input.len())
            .field("limit", &self.limit)
            .finish()
    }
}

/// How a program ended, and what it said. Its outputs may hold secrets: for reading by machine only.
#[derive(Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; 128 and more for a signal, as shells count.
    pub status: i32,
    /// Its output, cut at [`MAX_OUTPUT_BYTES`].
    pub output: Zeroizing<Vec<u8>>,
    /// What it complained about, cut in the same way.
    pub errors: Zeroizing<Vec<u8>>,
}

impl Ran {
    /// Whether it says that it succeeded.
    pub fn succeeded(&self) -> bool {
        self.status == 0
    }
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ran")
            .field("status", &self.status)
            .field("output", &self.output.len())
            .field("errors", &self.errors.len())
            .finish()
    }
}

/// Why nobody knows how a program ended, or that it never began.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is no such program there.
    #[error("there is no program `{program}` there")]
    NotFound {
        /// Which.
        program: String,
    },
    /// It may not be run.
    #[error("`{program}` may not be run there")]
    Denied {
        /// Which.
        program: String,
    },
    /// It was begun, and did not end in time.
    #[error("`{program}` did not end within {} s", limit.as_secs_f32())]
    Slow {
        /// Which.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// The machine could not be reached: it was not begun.
    #[error(transparent)]
    Unreachable(SshError),
    /// The connection was lost while it ran: it may have done its work.
    #[error("the connection was lost while `{program}` ran")]
    Lost {
        /// Which.
        program: String,
    },
    /// Whose home it would be has none that is known.
    #[error("the home folder there is not known")]
    NoHome,
    /// Any other answer of the system.
    #[error("`{program}` could not be run: {}", super::error::explain(*code))]
    System {
        /// Which.
        program: String,
        /// The system's code.
        code: Errno,
    },
}

impl RunError {
    /// What to do next.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NotFound { program } => {
                format!("install {program} there, or put its folder into the PATH of that login")
            }
            Self::Denied { program } => {
                format!("may who works there run it? look at its mode: ls -l {program}")
            }
            Self::Slow { .. } => "it may have done its work: look there".to_owned(),
            Self::Lost { .. } => {
                "it may have done its work, or be at it still: look there".to_owned()
            }
            Self::Unreachable(error) => error.help(),
            Self::NoHome => "write the whole path, without ~".to_owned(),
            Self::System { .. } => return None,
        };
        Some(help)
    }

    /// Whether it may have done something.
    pub fn in_doubt(&self) -> bool {
        matches!(self, Self::Slow { .. } | Self::Lost { .. })
    }
}
