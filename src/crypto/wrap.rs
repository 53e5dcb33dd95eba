//! Writing a new header: every stanza is made anew from the list of recipients.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use age_core::format::{FileKey, Stanza};

use super::header::{Header, plugin_words};
use super::prompt::{Callbacks, SharedPrompt};
use super::recipients::{MAX_RECIPIENTS, PublicKey, Recipient};

/// Why no header could be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// An empty list.
    #[error("no recipients are listed, so nobody could decrypt; add a public key")]
    NoRecipients,
    /// Too long a list.
    #[error("{0} recipients are listed, and at most {MAX_RECIPIENTS} are supported; remove some")]
    TooMany(usize),
    /// Recipients that do not go together.
    #[error(
        "{first} and {second} cannot share a file: one asks for company of its own kind only (for \
         example post-quantum); list recipients of one kind"
    )]
    Labels {
        /// A recipient.
        first: String,
        /// One whose labels differ.
        second: String,
    },
    /// Its program is not in `PATH`.
    #[error("the program age-plugin-{0}, which a recipient needs, is not in PATH; install it")]
    PluginMissing(String),
    /// It said no.
    #[error("age-plugin-{plugin} did not wrap the key: {why}")]
    Plugin {
        /// Its name.
        plugin: String,
        /// In its words, freed of control characters.
        why: String,
    },
    /// A recipient whose public key cannot be used.
    #[error("the recipient {0} cannot be encrypted to; list another key")]
    Unusable(String),
    /// A plugin that does not keep to the format.
    #[error("age-plugin-{0} gave a stanza that no header may hold; update the plugin")]
    BadStanza(String),
}

type Wrapped = (Vec<Stanza>, HashSet<String>);

/// Wraps a file key for each recipient, once however often it is listed, in sorted order.
pub fn wrap(
    file_key: &FileKey,
    recipients: &[Recipient],
    prompt: &SharedPrompt,
) -> Result<Header, WrapError> {
    let recipients: BTreeSet<&Recipient> = recipients.iter().collect();
    if recipients.is_empty() {
        return Err(WrapError::NoRecipients);
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(WrapError::TooMany(recipients.len()));
    }
    let mut plugins: BTreeMap<&str, Vec<&Recipient>> = BTreeMap::new();
    let mut stanzas = Vec::with_capacity(recipients.len());
    let mut labels: Option<(&Recipient, HashSet<String>)> = None;
    let mut take = |recipient, (mut new, its): Wrapped| {
        match &labels {
            Some((first, labels)) if *labels != its => {
                return Err(WrapError::Labels {
                    first: Recipient::canonical(first).to_owned(),
                    second: Recipient::canonical(recipient).to_owned(),
                });
            }
            Some(_) => {}
            None => labels = Some((recipient, its)),
        }
        stanzas.append(&mut new);
        Ok(())
    };
    for recipient in recipients {
        match native(recipient) {
            Some(key) => take(recipient, wrap_native(recipient, key, file_key)?)?,
            None => plugins
                .entry(recipient.plugin().unwrap_or_default())
                .or_default()
                .push(recipient),
        }
    }
    // One conversation for each plugin, so that it asks once.
    for (plugin, members) in plugins {
        take(members[0], wrap_plugin(plugin, &members, file_key, prompt)?)?;
    }
    Ok(Header::seal(stanzas, file_key))
}

fn native(recipient: &Recipient) -> Option<&dyn age::Recipient> {
    match &recipient.key {
        PublicKey::X25519(key) => Some(key),
        PublicKey::Tag(key) => Some(key),
        PublicKey::TagPq(key) => Some(&**key),
        PublicKey::Ssh(key) => Some(key),
        PublicKey::Plugin(_) => None,
    }
}

fn wrap_native(
    recipient: &Recipient,
    key: &dyn age::Recipient,
    file_key: &FileKey,
) -> Result<Wrapped, WrapError> {
    key.wrap_file_key(file_key)
        .map_err(|_| WrapError::Unusable(recipient.canonical().to_owned()))
}

fn wrap_plugin(
    plugin: &str,
    members: &[&Recipient],
    file_key: &FileKey,
    prompt: &SharedPrompt,
) -> Result<Wrapped, WrapError> {
    use age::Recipient as _;
    let keys: Vec<age::plugin::Recipient> = members
        .iter()
        .filter_map(|recipient| match &recipient.key {
            PublicKey::Plugin(key) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let conversation =
        age::plugin::RecipientPluginV1::new(plugin, &keys, &[], Callbacks(prompt.clone()))
            .map_err(|_| WrapError::PluginMissing(plugin.to_owned()))?;
    let wrapped = conversation
        .wrap_file_key(file_key)
        .map_err(|error| WrapError::Plugin {
            plugin: plugin.to_owned(),
            why: match error {
                age::EncryptError::Plugin(errors) => plugin_words(&errors),
                age::EncryptError::Io(error) => error.kind().to_string(),
                _ => "it broke off".to_owned(),
            },
        })?;
    // A plugin that leaves a recipient out would lock that reader out without a word.
    if wrapped.0.len() < keys.len() || !wrapped.0.iter().all(is_well_formed) {
        return Err(WrapError::BadStanza(plugin.to_owned()));
    }
    Ok(wrapped)
}

fn is_well_formed(stanza: &Stanza) -> bool {
    stanza.tag != "scrypt"
        && std::iter::once(&stanza.tag)
            .chain(&stanza.args)
            .all(age_core::format::is_arbitrary_string)
}
