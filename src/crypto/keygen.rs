//! New secrets: identities and random bytes.

use age_core::secrecy::ExposeSecret;
use jiff::Timestamp;
use rand::RngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::binding::format_date;

/// A new X25519 identity: its secret text (`AGE-SECRET-KEY-1…`) and its recipient (`age1…`).
pub fn generate_identity() -> (Zeroizing<String>, String) {
    let identity = age::x25519::Identity::generate();
    let secret = Zeroizing::new(identity.to_string().expose_secret().to_owned());
    (secret, identity.to_public().to_string())
}

/// An identity file in the layout of `age-keygen`.
pub fn identity_file_text(secret: &str, public: &str, created: Timestamp) -> Zeroizing<String> {
    let date = format_date(created);
    // Sized beforehand: growing would leave a copy of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(
        secret.len() + public.len() + date.len() + 64,
    ));
    for part in [
        "# created: ",
        &date,
        "\n# public key: ",
        public,
        "\n",
        secret,
        "\n",
    ] {
        text.push_str(part);
    }
    text
}

/// Random bytes from the operating system, for fingerprint keys and generated values.
pub fn random_bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.fill_bytes(&mut *bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_file_reads_back() {
        let (secret, public) = generate_identity();
        let text = identity_file_text(&secret, &public, Timestamp::UNIX_EPOCH);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# created: 1970-01-01T00:00:00Z");
        assert_eq!(lines[1], format!("# public key: {public}"));
        let identity: age::x25519::Identity = lines[2].parse().unwrap();
        assert_eq!(identity.to_public().to_string(), public);
        assert_eq!(lines.len(), 3);
    }
}
