//! What is said of certificates.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Reply, Server};
use super::{error, get};
use crate::platforms::http::{Client, HttpError, HttpSettings, TlsProblem, Unreachable};

/// An authority of the test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A client that trusts nobody else.
    pub(crate) fn client(&self, settings: HttpSettings) -> Client {
        let mut client = Client::new(settings);
        let root = reqwest::Certificate::from_pem(self.0.pem().as_bytes()).unwrap();
        client.only_root = Some(root);
        client
    }

    /// A server with a certificate for `name`, valid in these years.
    pub(crate) fn server(&self, name: &str, from: i32, to: i32) -> Server {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        Server::wrapped(
            |_, _| Reply::json("{}"),
            move |stream| {
                let connection = ServerConnection::new(config.clone()).unwrap();
                Some(Box::new(StreamOwned::new(connection, stream)))
            },
        )
    }
}

async fn problem(client: &Client, url: &str) -> TlsProblem {
    let error = error(client.send(get(url)).await);
    assert!(error.not_sent() && !error.passes(), "{error}");
    match error {
        HttpError::NotSent {
            why: Unreachable::Tls(problem),
            ..
        } => problem,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_name() {
    let ours = Authority::new();
    let client = ours.client(HttpSettings::default());
    let url = |server: &Server| format!("https://127.0.0.1:{}/", server.port);

    let good = ours.server("127.0.0.1", 2020, 2120);
    assert_eq!(client.send(get(&url(&good))).await.unwrap().status, 200);

    let old = ours.server("127.0.0.1", 2019, 2020);
    assert_eq!(problem(&client, &url(&old)).await, TlsProblem::Expired);
    let early = ours.server("127.0.0.1", 2110, 2120);
    assert_eq!(
        problem(&client, &url(&early)).await,
        TlsProblem::NotYetValid
    );
    let other = ours.server("shop.example", 2020, 2120);
    assert_eq!(problem(&client, &url(&other)).await, TlsProblem::OtherName);
    let stranger = Authority::new().server("127.0.0.1", 2020, 2120);
    let stranger = url(&stranger);
    assert_eq!(problem(&client, &stranger).await, TlsProblem::UnknownIssuer);
    assert!(TlsProblem::UnknownIssuer.to_string().contains("trust"));
}

#[tokio::test]
async fn plain_http_behind_https_is_no_tls() {
    let ours = Authority::new();
    let client = ours.client(HttpSettings::default());
    // the handshake is no HTTP request, so the script is never asked: answer at once
    let eager = Server::wrapped(
        |_, _| Reply::Close,
        |mut stream| {
            use std::io::Write;
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
            Some(Box::new(stream))
        },
    );
    let url = format!("https://127.0.0.1:{}/", eager.port);
    assert_eq!(problem(&client, &url).await, TlsProblem::NotTls);
}

#[tokio::test]
async fn the_systems_roots_are_asked_for_https_only() {
    let ours = Authority::new();
    let server = ours.server("127.0.0.1", 2020, 2120);
    let client = Client::new(HttpSettings::default());
    let plain = Server::start(|_, _| Reply::json("{}"));
    client.send(get(&plain.url())).await.unwrap();
    assert!(client.secure.get().is_none(), "no roots for plain http");
    let url = format!("https://127.0.0.1:{}/", server.port);
    let error = error(client.send(get(&url)).await);
    // a machine without roots says so; one with roots does not know this authority
    assert!(
        matches!(
            error,
            HttpError::NotSent {
                why: Unreachable::Tls(TlsProblem::UnknownIssuer) | Unreachable::NoRoots,
                ..
            }
        ),
        "{error}"
    );
}
