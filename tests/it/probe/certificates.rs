//! What curl says of certificates, in our words.

use driftlock::model::Verdict;
use driftlock::probe::Probe;

use super::local::Local;
use super::server::{Reply, Server, eager};
use super::{asking, prober};
use crate::railway::authority::{Authority, self_signed};
use crate::support::peers;

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_name() {
    if peers::program("curl").is_none() {
        return;
    }
    let ours = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, ours.pem()).unwrap();
    let local = Local {
        variables: vec![("CURL_CA_BUNDLE", roots.display().to_string())],
    };
    let ask = async |config| {
        let server = Server::over(Some(config), |_| Reply::status(200));
        let url = format!("https://localhost:{}/", server.port);
        let verdict = prober().run(&Probe::Http(asking(&url)), Some(&local)).await;
        (verdict, server.seen().len())
    };
    assert_eq!(ask(ours.server("localhost")).await, (Verdict::Works, 1));
    for (config, words) in [
        (
            self_signed("localhost"),
            "somebody whom this system does not trust",
        ),
        (
            Authority::new().server("localhost"),
            "somebody whom this system does not trust",
        ),
        (
            ours.server_of(&["localhost"], 2019, 2020),
            "the certificate has expired",
        ),
        (
            ours.server_of(&["localhost"], 2110, 2120),
            "the certificate is not valid yet",
        ),
        (
            ours.server("shop.example"),
            "the certificate is for another name",
        ),
    ] {
        let (verdict, seen) = ask(config).await;
        assert!(
            matches!(&verdict, Verdict::Unreachable { why } if why.contains(words)),
            "{verdict:?}"
        );
        assert_eq!(seen, 0);
    }
    let url = format!("https://localhost:{}/", eager());
    let verdict = prober().run(&Probe::Http(asking(&url)), Some(&local)).await;
    let words = "what answers there does not speak TLS";
    assert!(
        matches!(&verdict, Verdict::Unreachable { why } if why.contains(words)),
        "{verdict:?}"
    );
}
