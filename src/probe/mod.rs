//! Does the value work: one look at a service, by a request or a command, from this machine or the
//! target's.
//!
//! # What is promised
//! A credential goes to the one place that the manifest names: over https, or over http that does
//! not leave the machine; no redirect is followed, no proxy is asked. Each request is sent once,
//! whatever comes: a service that counts bad tries sees one. The request with the credential goes
//! first; the one without it only after the first was answered as wanted, and only if it is
//! refused does the first one prove something. Nothing that a service or a program says is quoted:
//! statuses and well-known content types have names of ours. Bodies are thrown away, but for the
//! short ones of a gateway, which are compared and wiped.
#![warn(missing_docs)]

mod command;
mod curl;
mod direct;
mod gateway;
mod judge;
mod request;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::Run;
use crate::model::{SecretValue, VarName, Verdict};
use crate::platforms::http::{Client, HttpSettings};

/// So much of an answer's body is taken.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// One look, with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// A request.
    Http(HttpProbe),
    /// A token of an OpenClaw gateway.
    Gateway(GatewayProbe),
    /// A command.
    Command(CommandProbe),
}

/// A request and the answer that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProbe {
    /// In capitals.
    pub method: String,
    /// https, or http to this machine.
    pub url: SecretValue,
    /// In the manifest's order.
    pub headers: Vec<(String, SecretValue)>,
    /// What is sent.
    pub body: Option<SecretValue>,
    /// The statuses that are wanted: ranges, first and last.
    pub expect: Vec<(u16, u16)>,
    /// The content type that is wanted, without parameters.
    pub content_type: Option<String>,
    /// How long each of the requests may take.
    pub limit: Duration,
    /// The same without its secrets, which must not be answered in the same way; `None` if there
    /// are none, or the check is switched off.
    pub without: Option<Without>,
}

/// What a request is without its secrets. Method and wishes stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    /// With something else in the place of a secret.
    pub url: SecretValue,
    /// Those that hold no secret.
    pub headers: Vec<(String, SecretValue)>,
    /// If it holds no secret.
    pub body: Option<SecretValue>,
}

/// One look at an OpenClaw gateway: does it take this token. The request does nothing there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayProbe {
    /// Scheme, host and port, and perhaps the path that a proxy puts before: https, or http to the
    /// machine that asks.
    pub base: SecretValue,
    /// Which of its two doors.
    pub door: Door,
    /// What is sent to it.
    pub token: SecretValue,
    /// How long each of the requests may take. On its own machine a gateway lets who brings a wrong
    /// token wait for up to five seconds: anything shorter takes that for silence.
    pub limit: Duration,
}

/// Where a gateway asks for a token. Each door has one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// The shared token of the gateway, by `POST /tools/invoke`.
    Gateway,
    /// `hooks.token`, by `POST <path>/wake`.
    Hooks {
        /// As the gateway's `hooks.path` says; if that is empty, `/hooks`.
        path: String,
    },
}

/// A command line that succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandProbe {
    /// For `sh`.
    pub line: String,
    /// Its environment, beside the small one that every program gets.
    pub variables: Vec<(VarName, SecretValue)>,
    /// How long it may take.
    pub limit: Duration,
}

/// Sends probes. Nothing is opened or loaded before the first one.
pub struct Prober {
    client: Client,
    here: Arc<dyn Run>,
}

impl Prober {
    /// `here` runs the commands of this machine.
    pub fn new(here: Arc<dyn Run>) -> Self {
        // no proxy: it would see which hosts are asked, and might answer in their place
        let client = Client::new(HttpSettings::default());
        Self { client, here }
    }

    /// One look: `from` another machine, or from this one. Tries once, and waits no longer than
    /// the limit for each of at most two requests.
    pub async fn run(&self, probe: &Probe, from: Option<&dyn Run>) -> Verdict {
        match (probe, from) {
            (Probe::Http(probe), None) => {
                let sender = direct::Direct(&self.client);
                judge::verdict(&sender, probe).await
            }
            (Probe::Http(probe), Some(host)) => judge::verdict(&curl::Curl(host), probe).await,
            (Probe::Gateway(probe), None) => {
                let sender = direct::Direct(&self.client);
                gateway::verdict(&sender, probe).await
            }
            (Probe::Gateway(probe), Some(host)) => gateway::verdict(&curl::Curl(host), probe).await,
            (Probe::Command(probe), from) => {
                command::run(from.unwrap_or(self.here.as_ref()), probe).await
            }
        }
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober").finish_non_exhaustive()
    }
}

impl fmt::Display for Probe {
    /// What is asked, without path, query and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(probe) => match request::origin(&probe.url) {
                Some(origin) => write!(f, "{} {origin}", probe.method),
                None => f.write_str(&probe.method),
            },
            Self::Gateway(probe) => {
                let origin = request::origin(&probe.base).unwrap_or_default();
                write!(f, "POST {origin}{}", probe.door.shown())
            }
            Self::Command(probe) => write!(f, "`{}`", probe.line),
        }
    }
}

fn not_tried(why: impl Into<String>) -> Verdict {
    Verdict::NotTried { why: why.into() }
}

fn unreachable(why: impl Into<String>) -> Verdict {
    Verdict::Unreachable { why: why.into() }
}

fn unexpected(what: impl Into<String>) -> Verdict {
    Verdict::Unexpected { what: what.into() }
}
