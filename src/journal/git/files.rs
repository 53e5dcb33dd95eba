//! Which file of the ref's tree is which row of the journal.

use std::fmt;

use sha2::{Digest, Sha256};

/// The file that tells a journal from anything else.
pub(super) const FORMAT: &str = "driftlock-journal";
/// What it holds: the version of the layout.
pub(super) const VERSION: u32 = 1;

/// So many receipts share a folder.
const SHELF: i64 = 1000;

/// A file of the tree, and the row that it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct File {
    /// The folder of its scope.
    pub(super) scope: String,
    pub(super) kind: Kind,
}

/// Scopes sort first: the others belong to one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Scope,
    Receipt(i64),
    State(String),
    Intent(i64),
    Observation(String),
    Authority,
    Alerts,
    Lease,
}

impl File {
    /// `None` for what is none of ours.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let (scope, rest) = path.split_once('/')?;
        let rest = rest.strip_suffix(".json")?;
        let number = |text: &str| {
            let number: i64 = text.parse().ok()?;
            (number > 0 && number.to_string() == text).then_some(number)
        };
        let key = |text: &str| {
            let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            hex.then(|| text.to_owned())
        };
        let kind = match (rest, rest.split_once('/')) {
            ("scope", _) => Kind::Scope,
            ("authority", _) => Kind::Authority,
            ("alerts", _) => Kind::Alerts,
            ("lease", _) => Kind::Lease,
            (_, Some(("receipts", rest))) => Kind::Receipt(number(rest.split_once('/')?.1)?),
            (_, Some(("states", rest))) => Kind::State(key(rest)?),
            (_, Some(("intents", rest))) => Kind::Intent(number(rest)?),
            (_, Some(("observations", rest))) => Kind::Observation(key(rest)?),
            _ => return None,
        };
        // whatever somebody pushed becomes no command of a script of ours
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if scope.is_empty() || !scope.bytes().all(plain) {
            return None;
        }
        let scope = scope.to_owned();
        Some(Self { scope, kind }).filter(|file| file.to_string() == path)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = &self.scope;
        match &self.kind {
            Kind::Scope => write!(f, "{scope}/scope.json"),
            Kind::Authority => write!(f, "{scope}/authority.json"),
            Kind::Alerts => write!(f, "{scope}/alerts.json"),
            Kind::Lease => write!(f, "{scope}/lease.json"),
            Kind::Receipt(number) => {
                write!(f, "{scope}/receipts/{}/{number}.json", number / SHELF)
            }
            Kind::State(key) => write!(f, "{scope}/states/{key}.json"),
            Kind::Intent(id) => write!(f, "{scope}/intents/{id}.json"),
            Kind::Observation(key) => write!(f, "{scope}/observations/{key}.json"),
        }
    }
}

/// The folder of a scope: its manifest's name for people, and a digest for the rest.
pub(super) fn folder_of(scope: &str) -> String {
    let name = scope.split('@').next().unwrap_or_default();
    format!("{name}-{}", &key_of(&[scope])[..16])
}

/// Names a row by what it is of. 32 hex digits.
pub(super) fn key_of(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    to_hex(&digest.finalize()[..16])
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_file_and_back() {
        let key = "0123456789abcdef0123456789abcdef";
        for path in [
            "dev-0123/scope.json".to_owned(),
            "dev-0123/authority.json".to_owned(),
            "dev-0123/alerts.json".to_owned(),
            "dev-0123/lease.json".to_owned(),
            "dev-0123/receipts/0/999.json".to_owned(),
            "dev-0123/receipts/12/12345.json".to_owned(),
            "dev-0123/intents/7.json".to_owned(),
            format!("dev-0123/states/{key}.json"),
            format!("dev-0123/observations/{key}.json"),
        ] {
            assert_eq!(File::parse(&path).unwrap().to_string(), path);
        }
        for path in [
            "scope.json",
            "a/b/scope.json",
            "a/receipts/1/999.json",
            "a/receipts/0/01.json",
            "a/receipts/0/-1.json",
            "a/states/xyz.json",
            "a/states/../x.json",
            "a/other.json",
            "a/alerts/1.json",
            "a/lease.txt",
            "a\nreset refs/heads/main/lease.json",
            "a b/lease.json",
            "\"a/lease.json",
            "/lease.json",
            "",
        ] {
            assert_eq!(File::parse(path), None, "{path}");
        }
    }

    #[test]
    fn two_scopes_never_share_a_folder() {
        assert_ne!(folder_of("dev@a.yaml"), folder_of("dev@b.yaml"));
        assert!(folder_of("dev@a.yaml").starts_with("dev-"));
        assert_ne!(key_of(&["ab", "c"]), key_of(&["a", "bc"]));
    }
}
