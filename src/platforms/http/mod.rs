//! HTTP for platforms, probes and alerts: no redirects, no cookies, no compression, bounded bodies
//! that are wiped after use, and errors that say whether the request may have been sent. Nothing
//! that came or went over the wire is ever quoted.

mod body;
mod build;
mod error;
pub mod pace;
#[cfg(test)]
pub(crate) mod tests;
pub mod wait;

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

pub use body::{Body, WipedBuffer};
pub use build::HttpSettings;
pub use error::{Broken, HttpError, ProxyProblem, TlsProblem, Unreachable};

/// Longest body that is read: 16 MiB. The connection is dropped there.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Longest time to a connection, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes requests. Nothing is opened or loaded before the first one, and the system's root
/// certificates not before the first one over https.
pub struct Client {
    settings: HttpSettings,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
    /// In place of the system's roots.
    only_root: Option<reqwest::Certificate>,
}

impl Client {
    /// Keeps the settings; does nothing yet.
    pub fn new(settings: HttpSettings) -> Self {
        Self {
            settings,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            only_root: None,
        }
    }

    /// Sends one request and reads the answer whole. Any status is an answer.
    ///
    /// # Errors
    /// When there is no whole answer; says whether the request may have been sent.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let (host, timeout) = (host_of(&request.url), request.timeout);
        let answer = self.begin(request, &host).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = body::read_bounded(answer, &host, timeout).await?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    /// Sends one request and throws the body of its answer away, of which it takes at most `most`
    /// bytes; what is longer is cut by closing the connection.
    ///
    /// # Errors
    /// When there is no whole answer, as far as it was taken; says whether the request may have
    /// been sent.
    pub async fn skim(&self, request: Request, most: usize) -> Result<Response, HttpError> {
        let (host, timeout) = (host_of(&request.url), request.timeout);
        let answer = self.begin(request, &host).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        body::skim(answer, &host, timeout, most).await?;
        Ok(Response {
            status,
            headers,
            body: WipedBuffer::default(),
        })
    }

    /// Sends one request and reads the body of its answer if that is no longer than `most` bytes;
    /// a longer one is cut by closing the connection, and nothing of it is kept.
    ///
    /// # Errors
    /// When there is no whole answer, as far as it was taken; says whether the request may have
    /// been sent.
    pub async fn send_for_short(
        &self,
        request: Request,
        most: usize,
    ) -> Result<ShortResponse, HttpError> {
        let (host, timeout) = (host_of(&request.url), request.timeout);
        let answer = self.begin(request, &host).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = body::read_short(answer, &host, timeout, most).await?;
        Ok(ShortResponse {
            status,
            headers,
            body,
        })
    }

    /// Sends one request, up to the headers of its answer.
    async fn begin(&self, request: Request, host: &str) -> Result<reqwest::Response, HttpError> {
        let client = self.client(&request.url, host)?;
        let mut builder = client
            .request(request.method, request.url)
            .headers(request.headers)
            .timeout(request.timeout);
        if let Some(body) = request.body {
            builder = builder.body(body.into_bytes());
        }
        builder
            .send()
            .await
            .map_err(|error| error::classify(&error, host, request.timeout))
    }

    fn client(&self, url: &Url, host: &str) -> Result<&reqwest::Client, HttpError> {
        let plain = match url.scheme() {
            "https" => false,
            "http" if is_loopback(url) => true,
            _ => {
                return Err(HttpError::Insecure {
                    host: host.to_owned(),
                });
            }
        };
        let slot = if plain { &self.plain } else { &self.secure };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let made = if plain {
            build::plain(host)?
        } else {
            build::secure(&self.settings, host, self.only_root.clone())?
        };
        Ok(slot.get_or_init(|| made))
    }
}

/// One request. Made once, sent once; a clone shares the body.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Body>,
    timeout: Duration,
}

impl Request {
    /// A request without body. `timeout` covers everything from the connection to the last byte.
    pub fn new(method: Method, url: Url, timeout: Duration) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout,
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a header that no log may show.
    #[must_use]
    pub fn secret_header(self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.header(name, value)
    }

    /// With these headers in place of all that it has.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

/// A whole answer. The body is wiped when it is dropped; it has no `Debug`.
pub struct Response {
    /// For example 200.
    pub status: u16,
    /// As they came. They may hold secrets too: never print one.
    pub headers: HeaderMap,
    /// The whole body; nothing where it was skimmed.
    pub body: WipedBuffer,
}

impl Response {
    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer whose body counts only if it is short. Wiped, and without `Debug`, as [`Response`].
pub struct ShortResponse {
    /// For example 200.
    pub status: u16,
    /// As they came. They may hold secrets too: never print one.
    pub headers: HeaderMap,
    /// The whole body; `None` where it is longer than was asked for.
    pub body: Option<WipedBuffer>,
}

/// Whether a URL's host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some(host) => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.eq_ignore_ascii_case("localhost")
                || bare
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// Host, and the port where it is not the usual one: all of a URL that errors show.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
