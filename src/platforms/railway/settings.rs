//! What a run hands to this platform, and the address of the API.

use std::collections::BTreeMap;

use reqwest::Url;

use super::api::pace::Pace;
use crate::model::SecretValue;
use crate::platforms::http::{self, HttpSettings};

/// The API's public address.
pub const ENDPOINT: &str = "https://backboard.railway.com/graphql/v2";

/// Everything that comes from outside: cli reads the environment, nobody else.
#[derive(Debug, Clone, Default)]
pub struct RailwaySettings {
    /// Another address, for tests. Never from a manifest: it would be sent the token.
    pub endpoint: Option<String>,
    /// The way out.
    pub http: HttpSettings,
    /// The environment variables that may hold tokens, by name.
    pub tokens: BTreeMap<String, SecretValue>,
    /// How long to wait for what.
    pub pace: Pace,
}

/// Where requests go: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why an address cannot be used. It is not quoted: it may hold credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("the address given for Railway's API is not a URL")]
    NotUrl,
    /// Tokens would travel in clear.
    #[error("the address given for Railway's API must be https, or http on this machine")]
    Insecure,
    /// User and password in the URL.
    #[error("the address given for Railway's API must not hold credentials")]
    Credentials,
}

impl Endpoint {
    /// The public one, or the given one if it is safe to send a token there.
    ///
    /// # Errors
    /// When it is not.
    pub fn new(address: Option<&str>) -> Result<Self, EndpointError> {
        let mut url =
            Url::parse(address.unwrap_or(ENDPOINT).trim()).map_err(|_| EndpointError::NotUrl)?;
        match url.scheme() {
            "https" if url.host_str().is_some() => {}
            "http" if http::is_loopback(&url) => {}
            _ => return Err(EndpointError::Insecure),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        url.set_fragment(None);
        name_ourselves(&mut url);
        Ok(Self(url))
    }

    /// The whole URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

/// Without a name in the query, Railway's edge applies a limit of its own, far below the API's.
fn name_ourselves(url: &mut Url) {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "source")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair("source", "driftlock");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(address: &str) -> Result<String, EndpointError> {
        Endpoint::new(Some(address)).map(|endpoint| endpoint.url().to_string())
    }

    #[test]
    fn the_name_is_always_in_the_query() {
        assert_eq!(
            Endpoint::new(None).unwrap().url().as_str(),
            "https://backboard.railway.com/graphql/v2?source=driftlock"
        );
        assert_eq!(
            url("https://x.example/g?a=b%20c&source=other#top").unwrap(),
            "https://x.example/g?a=b+c&source=driftlock"
        );
    }

    #[test]
    fn a_token_travels_encrypted_or_stays_here() {
        for good in [
            "http://127.0.0.1:8080/g",
            "http://localhost:1/",
            "http://[::1]:9/",
            "https://backboard.railway.app/graphql/v2",
            " https://x.example/\n",
        ] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://10.0.0.1/",
            "http://backboard.railway.com/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert_eq!(url(bad), Err(EndpointError::Insecure), "{bad}");
        }
        assert_eq!(url("backboard"), Err(EndpointError::NotUrl));
        assert_eq!(
            url("https://me:hunter2@x.example/"),
            Err(EndpointError::Credentials)
        );
        assert_eq!(
            url("http://127.0.0.1@evil.example/"),
            Err(EndpointError::Insecure)
        );
    }
}
