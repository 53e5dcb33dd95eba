//! What needs a client of the tests' own: certificates, and the environment's proxies.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{HttpProbe, Probe, Prober};
use crate::machine::{Call, Ran, Run, RunError};
use crate::model::{SecretValue, Verdict};
use crate::platforms::http::HttpSettings;
use crate::platforms::http::tests::tls::Authority;

struct Nothing;

#[async_trait]
impl Run for Nothing {
    async fn run(&self, call: &Call) -> Result<Ran, RunError> {
        let program = call.program.clone();
        Err(RunError::NotFound { program })
    }

    async fn home(&self) -> Result<PathBuf, RunError> {
        Err(RunError::NoHome)
    }
}

async fn ask(authority: &Authority, port: u16) -> Verdict {
    let prober = Prober {
        client: authority.client(HttpSettings::default()),
        here: Arc::new(Nothing),
    };
    let probe = Probe::Http(HttpProbe {
        method: "GET".into(),
        url: SecretValue::new(format!("https://127.0.0.1:{port}/?k=c4nary")),
        headers: vec![("x-auth".into(), SecretValue::new("c4nary"))],
        body: None,
        expect: vec![(200, 200)],
        content_type: Some("application/json".into()),
        limit: Duration::from_secs(10),
        without: None,
    });
    assert_eq!(probe.to_string(), format!("GET https://127.0.0.1:{port}"));
    let verdict = prober.run(&probe, None).await;
    assert!(!format!("{verdict:?} {probe:?}").contains("c4nary"));
    verdict
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_told_and_nothing_is_sent() {
    let ours = Authority::new();
    let good = ours.server("127.0.0.1", 2020, 2120);
    assert_eq!(ask(&ours, good.port).await, Verdict::Works);
    assert_eq!(good.seen()[0].header("x-auth"), Some("c4nary"));
    for (server, words) in [
        (ours.server("127.0.0.1", 2019, 2020), "has expired"),
        (ours.server("127.0.0.1", 2110, 2120), "is not valid yet"),
        (
            ours.server("shop.example", 2020, 2120),
            "is for another name",
        ),
        (
            Authority::new().server("127.0.0.1", 2020, 2120),
            "somebody whom this system does not trust",
        ),
    ] {
        let verdict = ask(&ours, server.port).await;
        assert!(
            matches!(&verdict, Verdict::Unreachable { why } if why.contains(words)),
            "{verdict:?}"
        );
        assert!(server.seen().is_empty());
    }
}
