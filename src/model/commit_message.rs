//! The text by which an apply of ours names itself on platforms that keep one for each change. Anybody
//! who may write there can write such a text too: it says who it was, and proves nothing.

use std::fmt;

use super::ManifestName;

/// Longest author that is taken over from such a text, in characters.
const LONGEST_WHO: usize = 200;

/// What the text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMessage {
    /// Of which manifest.
    pub manifest: ManifestName,
    /// The plan, by its short id.
    pub plan: String,
    /// The commit of the manifest, shortened; `None` if it came from none.
    pub revision: Option<String>,
    /// User and machine.
    pub who: String,
}

impl fmt::Display for CommitMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "driftlock: {}, plan {}", self.manifest, self.plan)?;
        if let Some(revision) = &self.revision {
            write!(f, ", revision {revision}")?;
        }
        write!(f, ", by {}", self.who)
    }
}

impl CommitMessage {
    /// Reads it back; `None` where it is another text.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("driftlock: ")?;
        let (manifest, rest) = rest.split_once(", plan ")?;
        let (named, who) = rest.split_once(", by ")?;
        let (plan, revision) = match named.split_once(", revision ") {
            Some((plan, revision)) => (plan, Some(revision)),
            None => (named, None),
        };
        let is_hex = |text: &str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let known = is_hex(plan) && revision.is_none_or(is_hex);
        let fits = !who.is_empty() && who.chars().count() <= LONGEST_WHO;
        (known && fits).then_some(())?;
        Some(Self {
            manifest: ManifestName::new(manifest).ok()?,
            plan: plan.to_owned(),
            revision: revision.map(str::to_owned),
            who: who.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_texts_are_not_ours() {
        let good = "driftlock: production, plan 3fa9c1d2ab12, revision 0123456789ab, by ops@mini";
        assert_eq!(CommitMessage::parse(good).unwrap().to_string(), good);
        for bad in [
            "",
            "fix the token",
            "driftlock",
            "driftlock: production, plan 3fa9c1d2ab12",
            "driftlock: production, plan 3fa9c1d2ab12, by ",
            "driftlock: production, plan xyz, by ops",
            "driftlock: production, plan 3fa9, revision main, by ops",
            "driftlock: a b, plan 3fa9, by ops",
            " driftlock: production, plan 3fa9c1d2ab12, by ops",
        ] {
            assert_eq!(CommitMessage::parse(bad), None, "{bad}");
        }
        let long = format!("driftlock: p, plan 3f, by {}", "x".repeat(201));
        assert_eq!(CommitMessage::parse(&long), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            manifest in "[A-Za-z][A-Za-z0-9._-]{0,20}",
            plan in "[0-9a-f]{12}",
            revision in prop::option::of("[0-9a-f]{7,12}"),
            who in "[^\\x00]{1,80}",
        ) {
            let message = CommitMessage {
                manifest: ManifestName::new(&manifest).unwrap(), plan, revision, who,
            };
            prop_assert_eq!(CommitMessage::parse(&message.to_string()), Some(message));
        }
    }
}
