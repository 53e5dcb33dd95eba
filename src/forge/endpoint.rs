//! The address of a forge's API. It comes from the CI system or the user, never from a manifest: the
//! token is sent there.

use reqwest::Url;

use super::Kind;
use crate::platforms::http;

/// Why an address cannot be used. It is not quoted: it may hold credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("the address given for {0}'s API is not a URL")]
    NotUrl(Kind),
    /// The token would travel in clear.
    #[error("the address given for {0}'s API must be https, or http on this machine")]
    Insecure(Kind),
    /// User and password in the URL.
    #[error("the address given for {0}'s API must not hold credentials")]
    Credentials(Kind),
}

/// Where requests go: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint(Url);

impl Endpoint {
    /// The public one, or the given one if it is safe to send a token there.
    pub(super) fn new(kind: Kind, address: Option<&str>) -> Result<Self, EndpointError> {
        let public = match kind {
            Kind::GitHub => "https://api.github.com",
            Kind::GitLab => "https://gitlab.com/api/v4",
        };
        let mut url = Url::parse(address.unwrap_or(public).trim())
            .map_err(|_| EndpointError::NotUrl(kind))?;
        match url.scheme() {
            "https" if url.host_str().is_some() => {}
            "http" if http::is_loopback(&url) => {}
            _ => return Err(EndpointError::Insecure(kind)),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials(kind));
        }
        url.set_fragment(None);
        url.set_query(None);
        Ok(Self(url))
    }

    /// Whether it is on this machine, as only a forge for tests is.
    pub(super) fn is_here(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The URL below it. Each segment is escaped as one, a slash in it too.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        // an http or https URL can always be a base
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Where GitHub's GraphQL is: `/graphql` beside the API of github.com, `/api/graphql` beside the
    /// `/api/v3` of a server of one's own.
    /// Source: docs.github.com, "Forming calls with GraphQL" of GitHub Enterprise Server.
    pub(super) fn graphql(&self) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/');
        let base = base.strip_suffix("/v3").unwrap_or(base);
        let path = format!("{base}/graphql");
        url.set_path(&path);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(address: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::new(Kind::GitHub, Some(address))
    }

    #[test]
    fn a_token_travels_encrypted_or_stays_here() {
        for good in [
            "https://git.example/api/v3",
            "http://127.0.0.1:1",
            "http://localhost:9/x",
        ] {
            assert!(endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "http://git.example/api/v3",
            "http://localhost.evil.example",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                endpoint(bad),
                Err(EndpointError::Insecure(Kind::GitHub)),
                "{bad}"
            );
        }
        assert_eq!(
            endpoint("https://me:hunter2@git.example"),
            Err(EndpointError::Credentials(Kind::GitHub))
        );
        assert_eq!(
            endpoint("git.example"),
            Err(EndpointError::NotUrl(Kind::GitHub))
        );
    }

    #[test]
    fn what_is_asked_for_cannot_leave_its_place() {
        let endpoint = endpoint("https://git.example/api/v3/").unwrap();
        assert_eq!(
            endpoint
                .url(&["projects", "a/b", "x?y#z"], &[("page", "2")])
                .as_str(),
            "https://git.example/api/v3/projects/a%2Fb/x%3Fy%23z?page=2"
        );
    }

    #[test]
    fn graphql_is_beside_the_api() {
        let graphql = |address| endpoint(address).unwrap().graphql().to_string();
        assert_eq!(
            graphql("https://api.github.com"),
            "https://api.github.com/graphql"
        );
        assert_eq!(
            graphql("https://git.example/api/v3"),
            "https://git.example/api/graphql"
        );
    }
}
