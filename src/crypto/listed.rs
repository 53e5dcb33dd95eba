//! Whether a header is for the recipients of a list, as far as can be seen without a key: how many
//! stanzas of each kind there are, and for SSH keys whose they are.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::header::Header;
use super::recipients::{PublicKey, Recipient};

/// How a header and a list differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A reader who cannot read.
    #[error("the header is not for {listed}, which the list names")]
    Missing {
        /// The public key, or how many of which kind.
        listed: String,
    },
    /// A reader whom nobody sees.
    #[error("the header is for {found}, which the list does not name")]
    Unlisted {
        /// How many of which kind.
        found: String,
    },
}

/// What can be told apart: a kind of key, and for SSH the key itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Trace {
    kind: String,
    key: Option<String>,
}

impl Header {
    /// The first difference between what this header shows of its readers and the list. A plugin makes
    /// stanzas of any kind, so where the list has one, only missing readers are found.
    pub fn misfit(&self, recipients: &[Recipient]) -> Option<Misfit> {
        let mut listed: BTreeMap<Trace, Vec<&Recipient>> = BTreeMap::new();
        let mut plugins = 0;
        for recipient in recipients {
            match trace(recipient) {
                Some(trace) => listed.entry(trace).or_default().push(recipient),
                None => plugins += 1,
            }
        }
        let mut found: BTreeMap<Trace, usize> = BTreeMap::new();
        for stanza in &self.stanzas {
            // what age puts in so that readers learn to skip what they do not know
            if !stanza.tag.ends_with("-grease") {
                *found.entry(seen(&stanza.tag, &stanza.args)).or_default() += 1;
            }
        }
        let missing = listed.iter().find_map(|(trace, who)| {
            let there = found.get(trace).copied().unwrap_or_default();
            (there < who.len()).then(|| missing(trace, who, there))
        });
        missing.or_else(|| {
            let spare = found.iter().find_map(|(trace, there)| {
                let wanted = listed.get(trace).map_or(0, Vec::len);
                (*there > wanted).then(|| (trace, there - wanted))
            });
            let total = found.values().sum::<usize>();
            match spare {
                Some((trace, more)) if plugins == 0 => Some(Misfit::Unlisted {
                    found: counted(more, &trace.kind, "more "),
                }),
                _ if total < recipients.len() => Some(Misfit::Missing {
                    listed: counted(recipients.len() - total, "plugin", ""),
                }),
                _ => None,
            }
        })
    }
}

fn missing(trace: &Trace, who: &[&Recipient], there: usize) -> Misfit {
    let listed = match (who, there) {
        ([one], 0) => one.canonical().to_owned(),
        _ => counted(who.len() - there, &trace.kind, ""),
    };
    Misfit::Missing { listed }
}

fn counted(count: usize, kind: &str, more: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let kind = super::prompt::plain(kind);
    format!("{count} {more}{kind} key{plural}")
}

/// What a recipient leaves in a header; `None` for a plugin's, who leaves anything.
fn trace(recipient: &Recipient) -> Option<Trace> {
    let kind = match &recipient.key {
        PublicKey::X25519(_) => "X25519",
        PublicKey::Tag(_) => "p256tag",
        PublicKey::TagPq(_) => "mlkem768p256tag",
        PublicKey::Ssh(_) => return ssh(recipient.canonical()),
        PublicKey::Plugin(_) => return None,
    };
    Some(Trace {
        kind: kind.to_owned(),
        key: None,
    })
}

/// age names an SSH key by the begin of the SHA-256 of its encoding.
fn ssh(canonical: &str) -> Option<Trace> {
    let (kind, body) = canonical.split_once(' ')?;
    let digest = Sha256::digest(BASE64_STANDARD.decode(body).ok()?);
    Some(Trace {
        kind: kind.to_owned(),
        key: Some(BASE64_STANDARD_NO_PAD.encode(&digest[..4])),
    })
}

fn seen(tag: &str, args: &[String]) -> Trace {
    let is_ssh = matches!(tag, "ssh-ed25519" | "ssh-rsa");
    Trace {
        kind: tag.to_owned(),
        key: args.first().filter(|_| is_ssh).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::prompt::NoPrompt;
    use super::super::wrap::wrap;
    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn recipients(more: &[&str]) -> Vec<Recipient> {
        let new = |_| age::x25519::Identity::generate().to_public().to_string();
        let mut texts: Vec<String> = (0..2).map(new).collect();
        texts.extend(more.iter().map(|text| (*text).to_owned()));
        texts
            .iter()
            .map(|text| Recipient::parse(text).unwrap())
            .collect()
    }

    fn header(recipients: &[Recipient]) -> Header {
        let key = age_core::format::FileKey::new(Box::new([7; 16]));
        wrap(&key, recipients, &(Arc::new(NoPrompt) as _)).unwrap()
    }

    #[test]
    fn a_header_fits_its_own_list_only() {
        let all = recipients(&[ED25519]);
        let header = header(&all);
        assert_eq!(header.misfit(&all), None);
        assert_eq!(
            header.misfit(&all[1..]),
            Some(Misfit::Unlisted {
                found: "1 more X25519 key".to_owned()
            })
        );
        assert_eq!(
            header.misfit(&all[..2]),
            Some(Misfit::Unlisted {
                found: "1 more ssh-ed25519 key".to_owned()
            })
        );
        let mut more = all.clone();
        more.extend(recipients(&[]));
        assert_eq!(
            header.misfit(&more),
            Some(Misfit::Missing {
                listed: "2 X25519 keys".to_owned()
            })
        );
        let other = self::header(&all[..2]);
        assert_eq!(
            other.misfit(&all),
            Some(Misfit::Missing {
                listed: ED25519.to_owned()
            })
        );
    }
}
