//! What makes a finding the same one in another revision: what it is about, not the line it is on.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Checked, CheckedFile};
use crate::model::Finding;

/// One name for each finding of a run, in the order given: hex, unique within the run, and unmoved by
/// lines that come and go above it.
pub(super) fn identities(all: &[(&CheckedFile, &Finding)]) -> Vec<Identity> {
    let mut seen: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    let mut identity = |(file, finding): &(&CheckedFile, &Finding)| {
        let digest = digest(file, finding);
        let times = seen.entry(digest).or_default();
        *times += 1;
        Identity {
            digest,
            nth: *times,
        }
    };
    all.iter().map(&mut identity).collect()
}

/// Names a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    digest: [u8; 32],
    /// Of those that are alike, by position.
    nth: u32,
}

impl Identity {
    /// 64 hex digits.
    pub(super) fn whole(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(self.nth.to_be_bytes());
        crate::model::to_hex(&hash.finalize())
    }

    /// 16 hex digits and the number among those that are alike, as code scanning has it.
    pub(super) fn short(&self) -> String {
        format!("{}:{}", crate::model::to_hex(&self.digest[..8]), self.nth)
    }
}

fn digest(file: &CheckedFile, finding: &Finding) -> [u8; 32] {
    let path = file.place.text();
    let about = match &finding.subject {
        Some(subject) => subject,
        None => &finding.diagnostic.message,
    };
    let mut hash = Sha256::new();
    for part in [
        "driftlock/finding/v1",
        &path,
        finding.kind.word(),
        finding.diagnostic.code,
        about,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Checked {
    /// All findings, the worst first, each with its name.
    pub(super) fn named(&self) -> Vec<(&CheckedFile, &Finding, Identity)> {
        let all = self.worst_first();
        let names = identities(&all);
        let both = all.into_iter().zip(names);
        both.map(|((file, finding), name)| (file, finding, name))
            .collect()
    }
}
