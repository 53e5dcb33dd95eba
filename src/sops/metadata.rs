//! What SOPS says of a file beside its values.

use super::SopsError;
use super::rules::Rule;
use super::tree::Node;

/// Kinds of keys, as the metadata and as people call them.
const KINDS: [(&str, &str); 7] = [
    ("age", "age"),
    ("pgp", "PGP"),
    ("kms", "AWS KMS"),
    ("gcp_kms", "GCP KMS"),
    ("hckms", "Huawei Cloud KMS"),
    ("azure_kv", "Azure Key Vault"),
    ("hc_vault", "HashiCorp Vault"),
];

#[derive(Debug)]
pub(super) struct Metadata {
    /// Not empty.
    pub(super) age: Vec<AgeKey>,
    pub(super) rule: Rule,
    pub(super) mac: String,
    /// The MAC is bound to it.
    pub(super) last_modified: String,
    pub(super) mac_only_encrypted: bool,
}

/// The data key for one recipient.
#[derive(Debug)]
pub(super) struct AgeKey {
    pub(super) recipient: String,
    /// An armored age file.
    pub(super) file: String,
}

impl Metadata {
    pub(super) fn of(node: &Node) -> Result<Self, SopsError> {
        let text = |name: &str| {
            let text = node.get(name).and_then(Node::as_text);
            text.ok_or_else(|| SopsError::Metadata(format!("`{name}` is missing")))
        };
        if !matches!(node, Node::Map(_)) {
            return Err(SopsError::Metadata("`sops` is no map".to_owned()));
        }
        let only = match node.get("mac_only_encrypted").map(Node::as_text) {
            None => false,
            Some(Some(text)) if text == "true" => true,
            Some(Some(text)) if text == "false" => false,
            Some(_) => {
                let what = "`mac_only_encrypted` is neither true nor false";
                return Err(SopsError::Metadata(what.to_owned()));
            }
        };
        Ok(Self {
            age: age_keys(group(node)?)?,
            rule: Rule::of(node)?,
            mac: text("mac")?,
            last_modified: text("lastmodified")?,
            mac_only_encrypted: only,
        })
    }
}

/// The one group of keys.
fn group(node: &Node) -> Result<&Node, SopsError> {
    let groups = node.get("key_groups").map_or(&[][..], Node::items);
    let has_own = KINDS
        .iter()
        .any(|(key, _)| node.get(key).is_some_and(|keys| !keys.items().is_empty()));
    match groups {
        [] => Ok(node),
        [one] if !has_own => Ok(one),
        many => Err(SopsError::Groups {
            groups: many.len() + usize::from(has_own),
        }),
    }
}

fn age_keys(group: &Node) -> Result<Vec<AgeKey>, SopsError> {
    let keys = group.get("age").map_or(&[][..], Node::items);
    if keys.is_empty() {
        let has: Vec<&str> = KINDS
            .iter()
            .filter(|(key, _)| group.get(key).is_some_and(|keys| !keys.items().is_empty()))
            .map(|(_, shown)| *shown)
            .collect();
        return Err(match has.is_empty() {
            true => SopsError::Metadata("it names no keys".to_owned()),
            false => SopsError::NoAge { has },
        });
    }
    let text = |key: &Node, name: &str| key.get(name).and_then(Node::as_text);
    keys.iter()
        .map(|key| {
            let both = text(key, "recipient").zip(text(key, "enc"));
            let (recipient, file) = both.ok_or_else(|| {
                SopsError::Metadata("an age key is without `recipient` or `enc`".to_owned())
            })?;
            Ok(AgeKey { recipient, file })
        })
        .collect()
}
