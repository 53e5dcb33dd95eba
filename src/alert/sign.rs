//! Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256 of `id.timestamp.body`.
//! Source: standardwebhooks.com, "Webhook signatures".

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::SecretValue;

const PREFIX: &str = "whsec_";

/// Receivers' libraries take keys with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What messages are signed with.
pub(super) struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// `whsec_` and base64, or the bytes of any other text. `None` where what stands behind the prefix
    /// is not base64, or nothing.
    pub(super) fn new(secret: &SecretValue) -> Option<Self> {
        let text = secret.expose();
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => Zeroizing::new(LENIENT.decode(encoded).ok()?),
            None => Zeroizing::new(text.as_bytes().to_vec()),
        };
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The value of `webhook-signature`. `second` is the epoch's, as in `webhook-timestamp`.
    pub(super) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        mac.update(format!("{id}.{second}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_reference_libraries() {
        // the first test of the reference libraries
        let secret = SecretValue::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = SigningKey::new(&secret).unwrap();
        let signature = key.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_key() {
        assert!(SigningKey::new(&SecretValue::new("whsec_*")).is_none());
        assert!(SigningKey::new(&SecretValue::new("whsec_")).is_none());
        assert!(SigningKey::new(&SecretValue::new("any text")).is_some());
    }
}
