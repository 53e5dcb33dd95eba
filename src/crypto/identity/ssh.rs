//! SSH private keys. A passphrase is asked for only if the header has a stanza for the key, and
//! only once.

use age::ssh::UnsupportedKey;
use age_core::format::FileKey;
use age_core::secrecy::SecretString;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use crate::crypto::header::{Header, UnwrapError};
use crate::crypto::prompt::SharedPrompt;

pub(super) struct SshKey {
    identity: age::ssh::Identity,
    /// `ssh-ed25519 AAAA…`
    public: String,
    /// The first argument of its stanzas.
    tag: String,
}

impl SshKey {
    /// From a PEM text; on failure says why, to follow the file's name.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let identity =
            age::ssh::Identity::from_buffer(text, None).map_err(|_| unknown_format(text))?;
        if let age::ssh::Identity::Unsupported(kind) = &identity {
            return Err(unsupported(kind).to_owned());
        }
        let public = age::ssh::Recipient::try_from(identity.clone())
            .map_err(|_| "is of a type that cannot decrypt".to_owned())?
            .to_string();
        let tag = stanza_tag(&public).ok_or("is a damaged SSH key")?;
        Ok(Self {
            identity,
            public,
            tag,
        })
    }

    pub(super) fn public(&self) -> Option<String> {
        Some(self.public.clone())
    }

    pub(super) fn name(&self) -> &str {
        &self.public
    }

    pub(super) fn unwrap(
        &mut self,
        place: &str,
        header: &Header,
        prompt: &SharedPrompt,
    ) -> Result<FileKey, UnwrapError> {
        let meant = header
            .stanzas
            .iter()
            .any(|stanza| stanza.tag.starts_with("ssh-") && stanza.args.first() == Some(&self.tag));
        if !meant {
            return Err(UnwrapError::NoMatch);
        }
        if let age::ssh::Identity::Encrypted(key) = &self.identity {
            let unusable = |why: &str| UnwrapError::Unusable(why.to_owned());
            let passphrase = prompt
                .passphrase(&format!("passphrase of {place}"))
                .ok_or_else(|| unusable("needs a passphrase, and nobody can be asked"))?;
            let opened = key
                .decrypt(SecretString::from(passphrase.as_str()))
                .map_err(|_| unusable("does not open with this passphrase"))?;
            self.identity = opened.into();
        }
        header.unwrap(&self.identity)
    }
}

/// Four bytes of the SHA-256 of the public key.
fn stanza_tag(public: &str) -> Option<String> {
    let body = BASE64_STANDARD.decode(public.split(' ').nth(1)?).ok()?;
    Some(BASE64_STANDARD_NO_PAD.encode(&Sha256::digest(body)[..4]))
}

fn unknown_format(text: &[u8]) -> String {
    let begins = |start: &str| text.starts_with(start.as_bytes());
    if begins("-----BEGIN OPENSSH PRIVATE KEY") || begins("-----BEGIN RSA PRIVATE KEY") {
        "is a damaged SSH key"
    } else {
        "is not an SSH key in a format that age reads; convert it with `ssh-keygen -p -f`"
    }
    .to_owned()
}

fn unsupported(kind: &UnsupportedKey) -> &'static str {
    match kind {
        UnsupportedKey::EncryptedPem => {
            "is encrypted in an old format; convert it with `ssh-keygen -o -p -f`"
        }
        UnsupportedKey::EncryptedSsh(_) => {
            "is encrypted with a cipher that is not supported; give it a new passphrase with \
             `ssh-keygen -p -f`"
        }
        UnsupportedKey::Hardware(_) => "is held by a security key, which cannot decrypt",
        UnsupportedKey::Type(_) => "is of a type that cannot decrypt; use ssh-ed25519 or ssh-rsa",
    }
}
