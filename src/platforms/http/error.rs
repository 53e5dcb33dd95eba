//! What went wrong on the wire, by class, and whether the request may have been sent.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::MAX_BODY_BYTES;

/// Why there is no whole answer. Holds the host, never path, query, headers or body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say what the fields are")]
pub enum HttpError {
    /// The request did not leave this machine, or not towards the server.
    #[error("{host} cannot be reached: {why}")]
    NotSent { host: String, why: Unreachable },
    /// The server may or may not have acted.
    #[error("{host} gave no whole answer: {why}")]
    MaybeSent { host: String, why: Broken },
    /// The server answered, at such length that it was not read.
    #[error("the answer of {host} is longer than {} MiB", MAX_BODY_BYTES / (1024 * 1024))]
    TooLarge { host: String },
    /// Plain http to another machine.
    #[error("{host} would be reached without encryption: only https, or http on this machine")]
    Insecure { host: String },
    /// The setting is not a URL that can be used.
    #[error("the proxy for https is not an http or https URL")]
    BadProxy,
}

/// Why the request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Unreachable {
    #[error("its name was not found (DNS)")]
    Name,
    #[error("the connection was refused")]
    Refused,
    #[error("no connection within {} s", super::CONNECT_TIMEOUT.as_secs())]
    Slow,
    #[error("TLS failed: {0}")]
    Tls(TlsProblem),
    #[error("{0}")]
    Proxy(ProxyProblem),
    #[error("this system has no root certificates to check it by")]
    NoRoots,
    #[error("no connection (network or firewall)")]
    Other,
}

/// What is wrong with the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum TlsProblem {
    #[error("the certificate was issued by somebody whom this system does not trust")]
    UnknownIssuer,
    #[error("the certificate has expired")]
    Expired,
    #[error("the certificate is not valid yet")]
    NotYetValid,
    #[error("the certificate is for another name")]
    OtherName,
    #[error("the certificate was revoked")]
    Revoked,
    #[error("the certificate cannot be used")]
    BadCertificate,
    #[error("what answers there does not speak TLS")]
    NotTls,
    #[error("the handshake failed")]
    Handshake,
}

/// What the proxy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum ProxyProblem {
    #[error("the proxy wants other credentials")]
    Credentials,
    #[error("the proxy refused to pass it on")]
    Refused,
    #[error("the proxy itself cannot be reached")]
    Unreachable,
}

/// How an exchange broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum Broken {
    #[error("nothing within {0:?}")]
    Timeout(Duration),
    #[error("the connection broke before an answer came")]
    NoAnswer,
    #[error("the connection broke in the middle of the answer")]
    HalfBody,
}

impl HttpError {
    /// Whether the server cannot have acted on the request.
    pub fn not_sent(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::Insecure { .. } | Self::BadProxy => true,
            Self::MaybeSent { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// Whether the same request may do better a little later, as far as the wire is concerned.
    pub fn passes(&self) -> bool {
        match self {
            Self::NotSent { why, .. } => matches!(
                why,
                Unreachable::Name | Unreachable::Refused | Unreachable::Slow | Unreachable::Other
            ),
            Self::MaybeSent { .. } => true,
            Self::TooLarge { .. } | Self::Insecure { .. } | Self::BadProxy => false,
        }
    }

    /// The next thing to do, where there is one.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotSent { why, .. } => why.help(),
            Self::BadProxy => Some("set HTTPS_PROXY to http://host:port, or unset it"),
            Self::MaybeSent { .. } | Self::TooLarge { .. } | Self::Insecure { .. } => None,
        }
    }
}

impl Unreachable {
    fn help(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("check the network and the DNS of this machine"),
            Self::Refused | Self::Slow | Self::Other => {
                Some("check the network; behind a company's firewall, set HTTPS_PROXY")
            }
            Self::NoRoots => Some("install the system's ca-certificates, or set SSL_CERT_FILE"),
            Self::Proxy(ProxyProblem::Credentials) => {
                Some("put the credentials into HTTPS_PROXY (http://user:password@host:port)")
            }
            Self::Proxy(_) => Some("check HTTPS_PROXY and NO_PROXY"),
            Self::Tls(problem) => problem.help(),
        }
    }
}

impl TlsProblem {
    fn help(self) -> Option<&'static str> {
        match self {
            Self::UnknownIssuer => Some(
                "if a company proxy or an authority of your own signs here, add its certificate \
                 to the system's trust store or to SSL_CERT_FILE; else somebody is in between",
            ),
            Self::Expired | Self::NotYetValid => {
                Some("check this machine's clock; if it is right, the server has to renew it")
            }
            Self::OtherName => Some("check the host's name, and DNS: another server answers"),
            Self::NotTls => Some("check host and port; a login page of the network may answer"),
            Self::Revoked | Self::BadCertificate | Self::Handshake => Some(
                "somebody may be in between: try it from another network, and look whether the \
                 server has trouble",
            ),
        }
    }
}

/// An error from before the answer's headers.
pub(super) fn classify(error: &reqwest::Error, host: &str, timeout: Duration) -> HttpError {
    let host = host.to_owned();
    if error.is_connect() || error.is_builder() {
        let why = unreachable(error);
        return HttpError::NotSent { host, why };
    }
    let why = if error.is_timeout() {
        Broken::Timeout(timeout)
    } else {
        Broken::NoAnswer
    };
    HttpError::MaybeSent { host, why }
}

/// An error from within the body.
pub(super) fn classify_body(error: &reqwest::Error, host: &str, timeout: Duration) -> HttpError {
    let why = if error.is_timeout() {
        Broken::Timeout(timeout)
    } else {
        Broken::HalfBody
    };
    HttpError::MaybeSent {
        host: host.to_owned(),
        why,
    }
}

fn unreachable(error: &reqwest::Error) -> Unreachable {
    let chain = chain(error);
    if let Some(tls) = chain.iter().find_map(|part| part.downcast_ref()) {
        return Unreachable::Tls(tls_problem(tls));
    }
    if let Some(proxy) = chain.iter().find_map(|part| proxy_problem(*part)) {
        return Unreachable::Proxy(proxy);
    }
    if error.is_timeout() {
        Unreachable::Slow
    } else if error.is_dns() {
        Unreachable::Name
    } else if chain.iter().any(|part| is_refused(*part)) {
        Unreachable::Refused
    } else {
        Unreachable::Other
    }
}

/// All causes. An `io::Error` that wraps another one skips it in `source`, so that is asked for.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all: Vec<&'a (dyn Error + 'static)> = vec![];
    let mut next = Some(error);
    while let Some(part) = next {
        all.push(part);
        let wrapped = part
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        next = wrapped.or_else(|| part.source());
    }
    all
}

fn is_refused(part: &(dyn Error + 'static)) -> bool {
    part.downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The tunnel's error type cannot be named without a dependency on the crate below reqwest; its
/// fixed texts are told apart here and never shown.
fn proxy_problem(part: &(dyn Error + 'static)) -> Option<ProxyProblem> {
    let text = part.to_string();
    let what = text.strip_prefix("tunnel error: ")?;
    Some(match what {
        "proxy authorization required" => ProxyProblem::Credentials,
        "failed to create underlying connection" => ProxyProblem::Unreachable,
        _ => ProxyProblem::Refused,
    })
}

fn tls_problem(error: &rustls::Error) -> TlsProblem {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // a bad signature: an issuer that goes by the name of one that is trusted
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsProblem::UnknownIssuer
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsProblem::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsProblem::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsProblem::OtherName
            }
            CertificateError::Revoked => TlsProblem::Revoked,
            _ => TlsProblem::BadCertificate,
        },
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        _ => TlsProblem::Handshake,
    }
}
