//! Values that say themselves when they end, as their issuers make them.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use sha2::Sha256;

use super::peers;

const DAY: i64 = 86_400;

/// So many days from now; negative for the past.
pub fn days(from_now: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + from_now * DAY).expect("a date of today")
}

/// A JWT with these claims, signed with HS256.
pub fn jwt(claims: &str) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let head = part(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", part(claims.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"the issuer's key").expect("any length does");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", part(&mac.finalize().into_bytes()))
}

/// A JWT that ends so many days from now.
pub fn jwt_for(from_now: i64) -> String {
    jwt(&format!(
        r#"{{"sub":"canary-subject","exp":{}}}"#,
        days(from_now).as_second()
    ))
}

/// A certificate for this server, in PEM, that ends on the day so many days from now.
pub fn certificate_for(from_now: i64) -> String {
    let end = days(from_now).to_zoned(TimeZone::UTC).date();
    let mut params =
        CertificateParams::new(vec!["canary.example.com".to_owned()]).expect("a name of a host");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(
        end.year().into(),
        u8::try_from(end.month()).expect("a month"),
        u8::try_from(end.day()).expect("a day"),
    );
    let key = KeyPair::generate().expect("the system has randomness");
    params
        .self_signed(&key)
        .expect("the parameters are in order")
        .pem()
}

/// A certificate of the stock `ssh-keygen` that ends so many days from now; `None` where it is missing.
pub fn ssh_certificate_for(from_now: i64) -> Option<String> {
    let program = peers::program("ssh-keygen")?;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let run = |arguments: &[&str]| {
        let done = Command::new(&program)
            .args(arguments)
            .current_dir(folder.path())
            .env("TZ", "UTC")
            .output()
            .expect("ssh-keygen runs");
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    for key in ["ca", "key"] {
        run(&["-q", "-t", "ed25519", "-N", "", "-f", key]);
    }
    let end = days(from_now).strftime("%Y%m%d%H%M%S").to_string();
    let period = format!("20200101:{end}");
    run(&[
        "-q", "-s", "ca", "-I", "canary", "-n", "deploy", "-V", &period, "key.pub",
    ]);
    let text = std::fs::read_to_string(folder.path().join("key-cert.pub"));
    Some(text.expect("ssh-keygen wrote it"))
}

/// A link that is signed for a storage account, good until so many days from now.
pub fn azure_url_for(from_now: i64) -> String {
    let end = days(from_now)
        .strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ")
        .to_string();
    format!("https://canary.blob.core.windows.net/c?sv=2022-11-02&se={end}&sp=r&sig=canary%3D")
}
