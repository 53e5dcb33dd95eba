//! A request that may be sent: its address is safe for a credential, and its parts are what they
//! seem. Both ways of sending begin here.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};

use super::{HttpProbe, Without, not_tried};
use crate::model::{SecretValue, Verdict};
use crate::platforms::http::is_loopback;

/// Headers that say how a message is framed or where it goes: two that disagree make two requests
/// out of one.
const NOT_YOURS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One request, checked. It has no `Debug`.
pub(super) struct Checked {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<SecretValue>,
    /// Whether the body of the answer is looked at.
    pub(super) reads_body: bool,
}

impl Checked {
    /// The request of a probe, or a verdict that says what is wrong with it.
    pub(super) fn of(probe: &HttpProbe) -> Result<Self, Verdict> {
        Self::new(
            &probe.method,
            checked_url(&probe.url)?,
            &probe.headers,
            probe.body.as_ref(),
        )
    }

    /// The same without secrets.
    pub(super) fn without(probe: &HttpProbe, bare: &Without) -> Result<Self, Verdict> {
        let url = checked_url(&bare.url)?;
        Self::new(&probe.method, url, &bare.headers, bare.body.as_ref())
    }

    /// The address is one that [`checked_url`] let pass.
    pub(super) fn new(
        method: &str,
        url: Url,
        headers: &[(String, SecretValue)],
        body: Option<&SecretValue>,
    ) -> Result<Self, Verdict> {
        let method = Method::from_bytes(method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT)
            .ok_or_else(|| not_tried("its method cannot be sent"))?;
        if method == Method::HEAD && body.is_some_and(|body| !body.is_empty()) {
            return Err(not_tried("a HEAD request has no body"));
        }
        let mut headers = header_map(headers)?;
        if !headers.contains_key(USER_AGENT) {
            let agent = concat!("driftlock/", env!("CARGO_PKG_VERSION"));
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        }
        Ok(Self {
            method,
            url,
            headers,
            body: body.cloned(),
            reads_body: false,
        })
    }

    /// The same for somebody who looks at the body of the answer.
    pub(super) fn reading(self) -> Self {
        Self {
            reads_body: true,
            ..self
        }
    }

    /// Whether it goes over http to the name of this machine rather than to an address.
    pub(super) fn is_plain_localhost(&self) -> bool {
        self.url.scheme() == "http" && self.url.host_str() == Some("localhost")
    }
}

/// Scheme, host and port: all of an address that may be shown.
pub(super) fn origin(url: &SecretValue) -> Option<String> {
    let url = Url::parse(url.expose()).ok()?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// An address that a credential may go to.
pub(super) fn checked_url(text: &SecretValue) -> Result<Url, Verdict> {
    let url = Url::parse(text.expose()).map_err(|_| not_tried("its address is not a URL"))?;
    match url.scheme() {
        "https" if url.host_str().is_some() => {}
        "http" if is_loopback(&url) => {}
        _ => {
            return Err(not_tried(
                "a credential would travel in clear: its address must be https, or http on the \
                 machine that asks",
            ));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(not_tried(
            "its address must not hold a user or a password: use a header",
        ));
    }
    Ok(url)
}

fn header_map(headers: &[(String, SecretValue)]) -> Result<HeaderMap, Verdict> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let known = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| not_tried("the name of a header cannot be sent"))?;
        if NOT_YOURS.contains(&known.as_str()) {
            return Err(not_tried(format!(
                "the header {known} is not for you to set"
            )));
        }
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
            let what = if value.expose().contains(['\r', '\n']) {
                "a line break"
            } else {
                "a character that no header may hold"
            };
            not_tried(format!("the value for the header {known} holds {what}"))
        })?;
        value.set_sensitive(true);
        map.append(known, value);
    }
    Ok(map)
}
