//! Certificates that are wrong, TLS where there is none, and addresses that no token goes to.

use crate::railway::authority::{Authority, self_signed};
use crate::railway::binary::Setup;
use crate::support::railway::fake_over_tls;

/// A setup that works over TLS, and then the address of another server of this authority.
fn works_first(ours: &Authority) -> Option<Setup> {
    let setup = Setup::applied_over_tls(ours, ours.server("localhost"))?;
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
    Some(setup)
}

#[test]
fn a_certificate_that_is_wrong_is_told_by_what_is_wrong_and_gets_no_token() {
    let ours = Authority::new();
    let Some(mut setup) = works_first(&ours) else {
        return;
    };
    for (config, words) in [
        (
            self_signed("localhost"),
            [
                "issued by somebody whom this system does not trust",
                "SSL_CERT_FILE",
            ],
        ),
        (
            Authority::new().server("localhost"),
            [
                "issued by somebody whom this system does not trust",
                "SSL_CERT_FILE",
            ],
        ),
        (
            ours.server_of(&["localhost"], 2019, 2020),
            ["the certificate has expired", "check this machine's clock"],
        ),
        (
            ours.server_of(&["localhost"], 2110, 2120),
            [
                "the certificate is not valid yet",
                "check this machine's clock",
            ],
        ),
        (
            ours.server("backboard.railway.com"),
            [
                "the certificate is for another name",
                "check the host's name",
            ],
        ),
    ] {
        let Some(other) = fake_over_tls(config) else {
            return;
        };
        setup.env("DRIFTLOCK_RAILWAY_URL", &other.url());
        setup.refuses(&["local"], &["TLS failed", words[0], words[1]]);
        assert_eq!(other.requests().len(), 0);
    }
}

#[test]
fn a_system_without_roots_says_so() {
    let ours = Authority::new();
    let Some(mut setup) = works_first(&ours) else {
        return;
    };
    let nothing = setup.world.write("empty.pem", "").display().to_string();
    setup.env("SSL_CERT_FILE", &nothing);
    setup.env("SSL_CERT_DIR", "/nonexistent");
    setup.refuses(&["local"], &["cannot be reached", "SSL_CERT_FILE"]);
}

#[test]
fn plain_text_where_tls_is_expected_and_the_other_way_round() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    setup.env("DRIFTLOCK_RAILWAY_HASTE", "60");
    let url = setup.fake.url();
    let port = url
        .split(':')
        .nth(2)
        .and_then(|rest| rest.split('/').next());
    let tls = format!("https://localhost:{}/graphql/v2", port.unwrap());
    setup.env("DRIFTLOCK_RAILWAY_URL", &tls);
    setup.refuses(&["local"], &["cannot be reached", "help:"]);
    let ours = Authority::new();
    let Some(over_tls) = fake_over_tls(ours.server("localhost")) else {
        return;
    };
    let plain = over_tls.url().replace("https", "http");
    setup.env("DRIFTLOCK_RAILWAY_URL", &plain);
    setup.refuses(&["local"], &["no whole answer", "help:"]);
    assert_eq!(over_tls.requests().len(), 0);
}

#[test]
fn no_token_goes_to_an_address_in_the_clear_or_with_credentials() {
    let Some(mut setup) = Setup::applied() else {
        return;
    };
    for (url, words) in [
        (
            "http://backboard.railway.com/graphql/v2",
            "must be https, or http on this machine",
        ),
        (
            "http://10.0.0.1/c4nary",
            "must be https, or http on this machine",
        ),
        (
            "http://127.0.0.1.c4nary.example/",
            "must be https, or http on this machine",
        ),
        (
            "ftp://127.0.0.1/c4nary",
            "must be https, or http on this machine",
        ),
        (
            "https://me:c4nary@localhost:1/",
            "must not hold credentials",
        ),
        ("http://c4nary@127.0.0.1:1/", "must not hold credentials"),
        ("c4nary", "is not a URL"),
        ("http://[c4nary", "is not a URL"),
    ] {
        setup.env("DRIFTLOCK_RAILWAY_URL", url);
        setup.refuses(
            &["local"],
            &[
                "the address given for Railway's API",
                words,
                "correct DRIFTLOCK_RAILWAY_URL, or unset it",
            ],
        );
    }
    assert_eq!(setup.fake.counters().requests, 0);
}
