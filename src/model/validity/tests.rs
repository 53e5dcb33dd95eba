//! Dates as their issuers write them, and everything that only looks like one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use super::*;

fn jwt(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(claims),
        part("a signature of some length")
    )
}

fn ends(text: &str) -> Option<String> {
    Some(validity(text)?.ends?.to_string())
}

fn begins(text: &str) -> Option<String> {
    Some(validity(text)?.begins?.to_string())
}

const AT: &str = "2026-03-20T12:00:00Z";
const SECONDS: i64 = 1_774_008_000;

#[test]
fn a_jwt_says_when_it_ends_and_begins() {
    let token = jwt(&format!(
        r#"{{"sub":"x","exp":{SECONDS},"nbf":{},"iat":{}}}"#,
        SECONDS - 3600,
        SECONDS - 7200
    ));
    let found = validity(&token).unwrap();
    assert_eq!(found.of, Dated::Jwt);
    assert_eq!(ends(&token).as_deref(), Some(AT));
    assert_eq!(begins(&token).as_deref(), Some("2026-03-20T11:00:00Z"));
    assert_eq!(found.issued.unwrap().to_string(), "2026-03-20T10:00:00Z");
    // with a fraction, which the RFC allows
    let fraction = jwt(&format!(r#"{{"exp":{SECONDS}.75}}"#));
    assert_eq!(ends(&fraction).as_deref(), Some(AT));
    assert_eq!(
        ends(&jwt(&format!(r#"{{"exp":{SECONDS}e0}}"#))).as_deref(),
        Some(AT)
    );
}

#[test]
fn a_jwt_is_found_as_a_whole_word_and_alone() {
    let token = jwt(&format!(r#"{{"exp":{SECONDS}}}"#));
    for text in [
        format!("Bearer {token}"),
        format!("  {token}\n"),
        format!("https://example.com/hook?token={token}"),
        format!("https://x:{token}@example.com/"),
    ] {
        assert_eq!(ends(&text).as_deref(), Some(AT), "{text}");
    }
    for text in [
        format!("{token} {token}"),
        format!(r#"{{"access_token":"{token}"}}"#),
        format!("[\"{token}\"]"),
        format!("x{token}"),
        format!("{token}.more"),
    ] {
        assert_eq!(ends(&text), None, "{text}");
    }
}

#[test]
fn what_is_no_date_says_nothing() {
    for claims in [
        "{}",
        "",
        "[]",
        "null",
        "{\"exp\":null}",
        "{\"exp\":\"1774008000\"}",
        "{\"exp\":true}",
        "{\"exp\":[1774008000]}",
        "{\"exp\":{\"a\":1}}",
        "{\"exp\":0}",
        "{\"exp\":-1}",
        "{\"exp\":-1774008000.5}",
        "{\"exp\":1e308}",
        "{\"exp\":1e999}",
        "{\"exp\":NaN}",
        "{\"exp\":1774008000000}",
        "{\"exp\":99999999999999999999}",
        "{\"exp\":1774008000,\"exp\":1774008001}",
        "{\"exp\":1774008000",
        "{\"exp\":1774008000} x",
        "\u{1}{\"exp\":1774008000}",
    ] {
        assert_eq!(ends(&jwt(claims)), None, "{claims}");
    }
    // one claim that is wrong does not hide the other
    let odd = jwt(&format!(r#"{{"exp":"soon","nbf":{SECONDS}}}"#));
    assert_eq!((ends(&odd), begins(&odd).as_deref()), (None, Some(AT)));
}

#[test]
fn what_is_no_jwt_says_nothing() {
    let token = jwt(&format!(r#"{{"exp":{SECONDS}}}"#));
    let parts: Vec<&str> = token.split('.').collect();
    for text in [
        // encrypted: five parts
        format!("{token}.{}.{}", parts[2], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.!!!!!!!!!!.{}", parts[0], parts[2]),
        format!("{}.aaaaaaaaa.{}", parts[0], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        "eyJ".to_owned(),
        "eyJ.eyJ.eyJ".to_owned(),
    ] {
        assert_eq!(validity(&text), None, "{text}");
    }
}

#[test]
fn a_token_of_a_mebibyte_is_read_and_one_of_noise_is_not() {
    let filler = "x".repeat(1 << 20);
    let long = jwt(&format!(r#"{{"fill":"{filler}","exp":{SECONDS}}}"#));
    assert_eq!(ends(&long).as_deref(), Some(AT));
    let noise = format!("eyJ{filler}.{filler}.{filler}");
    assert_eq!(validity(&noise), None);
    assert_eq!(validity(&"eyJ.".repeat(1 << 18)), None);
    assert_eq!(
        validity(&"-----BEGIN CERTIFICATE-----".repeat(1 << 15)),
        None
    );
}

/// A certificate's parameters: its name, and the year that it ends in.
fn named(name: &str, year: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 1, 1);
    params
}

fn authority(name: &str, year: i32) -> CertificateParams {
    let mut params = named(name, year);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn year(text: &str) -> Option<String> {
    Some(ends(text)?[..4].to_owned())
}

/// The root, the one between and the leaf of a chain, in PEM.
fn chain(root: i32, between: i32, leaf: i32) -> [String; 3] {
    let key = || KeyPair::generate().unwrap();
    let root = CertifiedIssuer::self_signed(authority("root", root), key()).unwrap();
    let between = CertifiedIssuer::signed_by(authority("between", between), key(), &root).unwrap();
    let leaf = named("leaf", leaf).signed_by(&key(), &between).unwrap();
    [root.pem(), between.pem(), leaf.pem()]
}

#[test]
fn a_certificate_says_when_it_ends() {
    let [root, between, leaf] = chain(2040, 2030, 2035);
    assert_eq!(validity(&leaf).unwrap().of, Dated::Certificate);
    assert_eq!(begins(&leaf).as_deref(), Some("2020-01-01T00:00:00Z"));
    assert_eq!(year(&leaf).as_deref(), Some("2035"));
    let key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
    for text in [
        format!("{key}{leaf}"),
        leaf.replace('\n', "\r\n"),
        leaf.replace('\n', "\\n"),
        STANDARD.encode(&leaf),
    ] {
        assert_eq!(year(&text).as_deref(), Some("2035"), "{text}");
    }
    // of a chain what ends first, but not the root
    assert_eq!(year(&format!("{leaf}{between}")).as_deref(), Some("2030"));
    let [root_early, between, leaf] = chain(2025, 2032, 2031);
    let whole = format!("{leaf}{between}{root_early}");
    assert_eq!(year(&whole).as_deref(), Some("2031"));
    // of a bundle what ends last: who trusts one of many has that one still
    assert_eq!(
        year(&format!("{root_early}{root}")).as_deref(),
        Some("2040")
    );
    assert_eq!(begins(&format!("{root_early}{root}")), None);
}

#[test]
fn a_hundred_in_a_chain_are_looked_at() {
    let key = || KeyPair::generate().unwrap();
    let mut issuer = CertifiedIssuer::self_signed(authority("0", 2090), key()).unwrap();
    let mut text = issuer.pem();
    for number in 1..100 {
        // the fortieth from the leaf ends first
        let end = if number == 60 { 2028 } else { 2080 };
        issuer = CertifiedIssuer::signed_by(authority(&number.to_string(), end), key(), &issuer)
            .unwrap();
        text = issuer.pem() + &text;
    }
    assert_eq!(year(&text).as_deref(), Some("2028"));
}

#[test]
fn what_is_no_certificate_says_nothing() {
    let [_, _, leaf] = chain(2040, 2030, 2035);
    let body: String = leaf.lines().filter(|line| !line.starts_with('-')).collect();
    let bytes = STANDARD.decode(&body).unwrap();
    let pem = |bytes: &[u8]| {
        let body = STANDARD.encode(bytes);
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    assert_eq!(year(&pem(&bytes)).as_deref(), Some("2035"));
    // cut at every byte, and with every byte turned: never a panic, and never a date when cut
    for length in 0..bytes.len() {
        assert_eq!(ends(&pem(&bytes[..length])), None, "{length}");
        let mut turned = bytes.clone();
        turned[length] ^= 0x55;
        let _whatever = ends(&pem(&turned));
    }
    let half = &leaf[..leaf.len() / 2];
    assert_eq!(ends(half), None, "no end line");
    assert_eq!(ends(&format!("{half}\n-----END CERTIFICATE-----")), None);
    assert_eq!(
        ends("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"),
        None
    );
    // the second is broken: what the first says holds
    let broken = format!("{leaf}{}", pem(&bytes[..40]));
    assert_eq!(year(&broken).as_deref(), Some("2035"));
    // times that DER does not allow: without Z, with an offset, no such month
    let place = bytes
        .windows(13)
        .position(|window| window == b"350101000000Z")
        .unwrap();
    for time in [
        b"3501010000000",
        b"350101000+000",
        b"351301000000Z",
        b"35010100000 Z",
    ] {
        let mut odd = bytes.clone();
        odd[place..place + 13].copy_from_slice(time);
        assert_eq!(ends(&pem(&odd)), None);
    }
}

#[test]
fn no_well_defined_end_is_no_end() {
    let key = KeyPair::generate().unwrap();
    let mut params = named("forever", 2035);
    params.not_after = date_time_ymd(9999, 12, 31);
    let mut bytes = params.self_signed(&key).unwrap().der().to_vec();
    let place = bytes
        .windows(15)
        .position(|window| window.starts_with(b"99991231"))
        .unwrap();
    // RFC 5280, section 4.1.2.5
    bytes[place..place + 15].copy_from_slice(b"99991231235959Z");
    let body = STANDARD.encode(&bytes);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    assert_eq!(ends(&pem), None);
    assert_eq!(begins(&pem).as_deref(), Some("2020-01-01T00:00:00Z"));
    // general time without its Z is none at all
    bytes[place + 14] = b'0';
    let body = STANDARD.encode(&bytes);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    assert_eq!(validity(&pem), None);
}

/// As PROTOCOL.certkeys lays it out.
fn ssh_certificate(after: u64, before: u64) -> Vec<u8> {
    let mut blob = vec![];
    let mut string = |bytes: &[u8]| {
        blob.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        blob.extend(bytes);
    };
    string(b"ssh-ed25519-cert-v01@openssh.com");
    string(&[7; 32]);
    string(&[9; 32]);
    blob.extend(1u64.to_be_bytes());
    blob.extend(1u32.to_be_bytes());
    blob.extend([0, 0, 0, 2, b'i', b'd', 0, 0, 0, 0]);
    blob.extend(after.to_be_bytes());
    blob.extend(before.to_be_bytes());
    blob
}

#[test]
fn an_ssh_certificate_says_when_it_ends() {
    let line = |blob: &[u8]| {
        let text = STANDARD.encode(blob);
        format!("ssh-ed25519-cert-v01@openssh.com {text} deploy@ci")
    };
    let seconds = u64::try_from(SECONDS).unwrap();
    let blob = ssh_certificate(seconds - 3600, seconds);
    assert_eq!(validity(&line(&blob)).unwrap().of, Dated::SshCertificate);
    assert_eq!(ends(&line(&blob)).as_deref(), Some(AT));
    assert_eq!(
        begins(&line(&blob)).as_deref(),
        Some("2026-03-20T11:00:00Z")
    );
    assert_eq!(
        validity(&line(&ssh_certificate(0, u64::MAX))),
        None,
        "for ever"
    );
    for length in 0..blob.len() {
        assert_eq!(validity(&line(&blob[..length])), None, "{length}");
    }
    let mut other = line(&blob);
    other.replace_range(..11, "ssh-rsa");
    assert_eq!(validity(&other), None, "another kind than it says inside");
    let mut long = blob;
    long[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(validity(&line(&long)), None);
}

#[test]
fn signed_urls_say_when_they_end() {
    for text in [
        "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260320T110000Z&X-Amz-Expires=3600&X-Amz-Signature=ab",
        "https://storage.googleapis.com/b/k?X-Goog-Date=20260320T110000Z&X-Goog-Expires=3600&X-Goog-Signature=ab#x",
        "https://d.cloudfront.net/k?Expires=1774008000&Signature=ab&Key-Pair-Id=K",
        "https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Expires=1774008000&Signature=a%2Bb",
        "https://a.blob.core.windows.net/c?sv=2022-11-02&st=2026-03-20T11:00:00Z&se=2026-03-20T12:00:00Z&sp=r&sig=ab%3D",
        "https://a.blob.core.windows.net/c?sv=2022-11-02&se=2026-03-20T12%3A00%3A00Z&sig=ab%3D",
        "sv=2022-11-02&se=2026-03-20T12%3A00Z&sp=r&sig=ab",
        "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=sv=2022-11-02&se=2026-03-20T12:00:00Z&sig=ab",
        "SharedAccessSignature sr=a&sig=ab%3d&se=1774008000&skn=root",
    ] {
        assert_eq!(ends(text).as_deref(), Some(AT), "{text}");
        assert_eq!(validity(text).unwrap().of, Dated::SignedUrl);
    }
    let day = "https://a.blob.core.windows.net/c?se=2026-03-20&sig=ab";
    assert_eq!(ends(day).as_deref(), Some("2026-03-20T00:00:00Z"));
    for text in [
        "https://example.com/?Expires=1774008000",
        "https://example.com/?se=2026-03-20&sp=r",
        "https://example.com/?Signature=ab&Expires=soon",
        "https://example.com/?Signature=ab&Expires=-5",
        "https://example.com/?Signature=ab&Expires=1774008000&Expires=1774008001",
        "https://example.com/?X-Amz-Date=20260320T110000Z&X-Amz-Signature=ab",
        "https://example.com/?X-Amz-Date=yesterday&X-Amz-Expires=3600&X-Amz-Signature=ab",
        "https://example.com/?X-Amz-Date=20260320T110000Z&X-Amz-Expires=99999999999&X-Amz-Signature=ab",
        "https://example.com/?X-Amz-Date=99991231T235959Z&X-Amz-Expires=604800&X-Amz-Signature=ab",
        "https://example.com/?se=%ff%fe&sig=ab",
        "Signature=&Expires=",
        "sig=&se=",
    ] {
        assert_eq!(validity(text), None, "{text}");
    }
}
