//! Why a host could not be worked on, and what to do about it.

use std::time::Duration;

/// Why there is no connection, or no more. Holds names of hosts, users and tools, never what the
/// other side said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what the fields are")]
pub enum SshError {
    /// No such program.
    #[error("could not run {program}: {reason}")]
    NoProgram { program: String, reason: String },
    /// ssh stopped at its own settings.
    #[error("ssh does not accept its own configuration, and did not try to reach {host}")]
    Settings { host: String },
    /// DNS.
    #[error("the host name {host} is not known")]
    UnknownHost { host: String },
    /// Nobody listens.
    #[error("{host} refused the connection")]
    Refused { host: String },
    /// No way there.
    #[error("{host} cannot be reached: the network knows no way there")]
    Unreachable { host: String },
    /// No answer, or none in time.
    #[error("{host} did not answer within {} s", limit.as_secs_f32())]
    TimedOut { host: String, limit: Duration },
    /// The system gave up before our own limit.
    #[error("{host} did not answer")]
    Unanswered { host: String },
    /// The server hung up before the login.
    #[error("{host} closed the connection before the login")]
    Closed { host: String },
    /// Too old or too new.
    #[error("ssh and {host} have no algorithm in common")]
    NoCommonAlgorithm { host: String },
    /// Another machine, or somebody in between.
    #[error(
        "the host key of {host} has changed: it is another machine, a new installation, or somebody in between"
    )]
    HostKeyChanged { host: String },
    /// Nobody has vouched for it.
    #[error("the host key of {host} is not in your known hosts")]
    HostKeyUnknown { host: String },
    /// The login failed.
    #[error("{host} denied the login{}{}", user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default(), methods.as_ref().map(|methods| format!(" ({methods})")).unwrap_or_default())]
    Denied {
        host: String,
        user: Option<String>,
        methods: Option<String>,
    },
    /// sudo would ask.
    #[error("sudo on {host} wants a password, and nobody is there to type it")]
    SudoPassword { host: String },
    /// sudo says no.
    #[error("sudo on {host} does not allow it")]
    SudoDenied { host: String },
    /// No sudo.
    #[error("there is no sudo on {host}")]
    NoSudo { host: String },
    /// A login without a shell.
    #[error("the login on {host} worked, but no POSIX shell answered")]
    NoShell { host: String },
    /// A tool of every POSIX system.
    #[error("{host} has no command {tools}")]
    NoTool { host: String, tools: String },
    /// A request without an answer.
    #[error("{host} did not answer a request within {} s", limit.as_secs_f32())]
    Slow { host: String, limit: Duration },
    /// It was there.
    #[error("the connection to {host} was lost")]
    Lost { host: String },
    /// An answer that our own words on the far side never give.
    #[error("{host} answered in a way that is not understood")]
    Garbled { host: String },
    /// A tool failed with words that we do not know.
    #[error("{host} could not {doing} {path}, for a reason that is not understood")]
    Odd {
        host: String,
        doing: &'static str,
        path: String,
    },
}

impl SshError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoProgram { .. } => "install OpenSSH's client".to_owned(),
            Self::Settings { host } => {
                format!("see what it says about your configuration: ssh -G -- {host}")
            }
            Self::UnknownHost { .. } => {
                "look for a typing error, a missing entry in ~/.ssh/config, or a network without DNS"
                    .to_owned()
            }
            Self::Refused { .. } => {
                "is the machine up, its ssh server running, and the port right?".to_owned()
            }
            Self::Unreachable { .. } => "are you in the right network, or behind a VPN?".to_owned(),
            Self::TimedOut { host, .. } | Self::Unanswered { host } => {
                format!("is the machine up, and no firewall in between? try: ssh -v -- {host} true")
            }
            Self::Closed { .. } => {
                "the server may be starting, too busy, or refuse your address; try again later"
                    .to_owned()
            }
            Self::NoCommonAlgorithm { host } => {
                format!("see which: ssh -v -- {host} true")
            }
            Self::HostKeyChanged { host } => format!(
                "nothing was sent to it; ask its owner for the fingerprint of the new key, and only if it is right: ssh-keygen -R '{host}', then ssh -- {host} true"
            ),
            Self::HostKeyUnknown { host } => format!(
                "compare the fingerprint that this shows with what its owner says, then answer yes: ssh -- {host} true"
            ),
            Self::Denied { host, .. } => format!(
                "is your key in that user's ~/.ssh/authorized_keys, and in your agent (ssh-add -l)? try: ssh -v -- {host} true"
            ),
            Self::SudoPassword { .. } | Self::SudoDenied { .. } => {
                "allow that user sudo without a password (NOPASSWD), or connect as the file's owner and leave sudo out"
                    .to_owned()
            }
            Self::NoSudo { .. } => {
                "install it there, or connect as the file's owner and leave sudo out".to_owned()
            }
            Self::NoShell { host } => format!(
                "the login must be allowed to run sh, and its profile must not wait for input; try: ssh -- {host} 'sh -c true' </dev/null"
            ),
            Self::NoTool { .. } => "install it there, or put it into the PATH of that login".to_owned(),
            Self::Slow { .. } => "a slow disk, or a network file system that hangs? look there, then plan again".to_owned(),
            Self::Lost { .. } | Self::Garbled { .. } => "plan again".to_owned(),
            Self::Odd { host, .. } => format!("look there: ssh -- {host}"),
        }
    }

    /// How long to wait before trying again; `None` where that does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Unanswered { .. }
            | Self::Closed { .. }
            | Self::Slow { .. } => Some(Duration::from_secs(10)),
            Self::Lost { .. } | Self::Garbled { .. } => Some(Duration::from_secs(2)),
            _ => None,
        }
    }
}
