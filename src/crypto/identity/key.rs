//! One private key of any kind, held against a header.

use age_core::format::FileKey;

use super::ssh::SshKey;
use crate::crypto::header::{Header, UnwrapError};
use crate::crypto::prompt::{Callbacks, SharedPrompt};

pub(super) enum Key {
    X25519(age::x25519::Identity),
    Plugin(age::plugin::Identity),
    Ssh(SshKey),
}

impl Key {
    /// How people recognise it: its public key, or the plugin that holds it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::X25519(identity) => identity.to_public().to_string(),
            Self::Plugin(identity) => format!("age-plugin-{}", identity.plugin()),
            Self::Ssh(key) => key.name().to_owned(),
        }
    }

    /// Its recipient, where that can be told from the identity alone.
    pub(super) fn public(&self) -> Option<String> {
        match self {
            Self::X25519(identity) => Some(identity.to_public().to_string()),
            Self::Plugin(_) => None,
            Self::Ssh(key) => key.public(),
        }
    }

    pub(super) fn unwrap(
        &mut self,
        place: &str,
        header: &Header,
        prompt: &SharedPrompt,
    ) -> Result<FileKey, UnwrapError> {
        match self {
            Self::X25519(identity) => header.unwrap(identity),
            Self::Plugin(identity) => {
                let name = identity.plugin();
                let plugin = age::plugin::IdentityPluginV1::new(
                    name,
                    std::slice::from_ref(identity),
                    Callbacks(prompt.clone()),
                )
                .map_err(|_| {
                    UnwrapError::Unusable(format!(
                        "needs the program age-plugin-{name}, which is not in PATH"
                    ))
                })?;
                // A plugin's failure says nothing about the header.
                header.unwrap(&plugin).map_err(|error| match error {
                    UnwrapError::Damaged => UnwrapError::Unusable("gave no usable key".to_owned()),
                    other => other,
                })
            }
            Self::Ssh(key) => key.unwrap(place, header, prompt),
        }
    }
}
