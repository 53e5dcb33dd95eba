//! The two clients: one for plain http on this machine, one for everything else.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, NoProxy, Proxy};

use super::CONNECT_TIMEOUT;
use super::error::{HttpError, Unreachable};

/// How long an idle connection is kept: well below what servers allow.
const IDLE: Duration = Duration::from_secs(15);

/// What the environment says about the way out. Handed in: no room but cli reads the environment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// The proxy for https, a URL that may hold credentials.
    pub https_proxy: Option<String>,
    /// Hosts that are reached without it: names, addresses, networks, `*`; commas between.
    pub no_proxy: Option<String>,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("https_proxy", &self.https_proxy.as_ref().map(|_| "…"))
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// For http on this machine: never through a proxy, and no root certificates are loaded.
pub(super) fn plain(host: &str) -> Result<reqwest::Client, HttpError> {
    // whatever the system's names say: what goes to `localhost` in clear stays here
    let here = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
    ];
    let builder = base().tls_certs_only([]);
    finish(builder.resolve_to_addrs("localhost", &here), host)
}

/// For https: the system's roots, and the proxy if there is one. `only_root` replaces the roots.
pub(super) fn secure(
    settings: &HttpSettings,
    host: &str,
    only_root: Option<Certificate>,
) -> Result<reqwest::Client, HttpError> {
    let mut builder = base().https_only(true);
    if let Some(root) = only_root {
        builder = builder.tls_certs_only([root]);
    }
    if let Some(proxy) = settings.https_proxy.as_deref().map(str::trim)
        && !proxy.is_empty()
    {
        let proxy = checked(proxy)
            .and_then(|proxy| Proxy::https(proxy).ok())
            .ok_or(HttpError::BadProxy)?;
        builder = builder.proxy(proxy.no_proxy(exceptions(settings)));
    }
    finish(builder, host)
}

/// A kind of proxy that is not built in would be left out without a word, and the request go out
/// directly. Without a scheme it is `http://`, as everywhere.
fn checked(proxy: &str) -> Option<&str> {
    match proxy.split_once("://") {
        None => Some(proxy),
        Some((scheme, rest)) => {
            let known = ["http", "https"].iter();
            let known = known
                .into_iter()
                .any(|one| scheme.eq_ignore_ascii_case(one));
            (known && !rest.trim_start_matches('/').is_empty()).then_some(proxy)
        }
    }
}

/// This machine is never reached through a proxy.
fn exceptions(settings: &HttpSettings) -> Option<NoProxy> {
    let mut list = "localhost,127.0.0.0/8,::1".to_owned();
    if let Some(more) = &settings.no_proxy {
        list.push(',');
        list.push_str(more);
    }
    NoProxy::from_string(&list)
}

fn base() -> ClientBuilder {
    // reqwest takes the process's provider. Another part may have installed one before: as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        // a connection that the server has closed in the meantime makes a write a doubtful one
        .pool_idle_timeout(IDLE)
}

fn finish(builder: ClientBuilder, host: &str) -> Result<reqwest::Client, HttpError> {
    // what is left to fail here is loading the roots
    builder.build().map_err(|_| HttpError::NotSent {
        host: host.to_owned(),
        why: Unreachable::NoRoots,
    })
}
