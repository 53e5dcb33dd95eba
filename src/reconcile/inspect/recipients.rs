//! Who may read: what can be seen without a key, and what a reader signed.

use std::collections::BTreeSet;

use super::super::load::Opening;
use super::super::readers;
use super::Notes;
use crate::crypto::{Header, Recipient};
use crate::manifest::Manifest;
use crate::model::{CheckKind, Diagnostic, Finding, Position, Severity};

/// The list, against the header and against its signature.
pub(super) fn inspect(manifest: &Manifest, opening: &Opening, notes: &mut Notes<'_>) {
    let mut parsed = BTreeSet::new();
    let mut all_parsed = true;
    for (text, position) in &manifest.recipients {
        match Recipient::parse(text) {
            Ok(recipient) => {
                parsed.insert(recipient);
            }
            Err(why) => {
                all_parsed = false;
                let help = "list the public keys of readers only".to_owned();
                notes.push(finding(*position, "bad-recipient", why.to_string(), help));
            }
        }
    }
    let first = manifest.recipients.first().map(|(_, position)| *position);
    let first = first.unwrap_or_default();
    if let Opening::Open(open) = opening
        && !open.recipients_authentic
    {
        let (message, help) = changed(manifest, opening);
        notes.push(finding(first, "recipients-changed", message, help));
    }
    // a header that cannot be read is said where it is opened
    let header = manifest.seal.as_ref();
    let header = header.and_then(|seal| Header::parse(&seal.header).ok());
    let (Some(header), true) = (header, all_parsed) else {
        return;
    };
    let parsed: Vec<Recipient> = parsed.into_iter().collect();
    if let Some(misfit) = header.misfit(&parsed) {
        notes.push(finding(
            first,
            "recipients-differ",
            misfit.to_string(),
            "take `recipients:`, `key:` and `age:` from one commit, or driftlock recipients rekey"
                .to_owned(),
        ));
    }
}

/// Who came, as far as that can be told, and what to do.
fn changed(manifest: &Manifest, opening: &Opening) -> (String, String) {
    const WHAT: &str = "the recipients list is not the one that a reader signed";
    match readers::unsigned(manifest, opening) {
        Some(added) if !added.is_empty() => {
            let shown: Vec<String> = added.iter().map(Recipient::short).collect();
            let words: Vec<String> = added.iter().map(Recipient::word).collect();
            (
                format!(
                    "{WHAT}: somebody without the key added {}",
                    shown.join(" and ")
                ),
                format!(
                    "driftlock recipients accept {}, if you know whose it is; else restore `recipients:` from git",
                    words.join(" ")
                ),
            )
        }
        _ => (
            format!(
                "{WHAT}: somebody without the key edited it, and took a reader out or changed more"
            ),
            "restore `recipients:` from git; driftlock recipients remove takes a reader out"
                .to_owned(),
        ),
    }
}

fn finding(position: Position, code: &'static str, message: String, help: String) -> Finding {
    Finding {
        kind: CheckKind::Recipients,
        subject: None,
        diagnostic: Diagnostic {
            position,
            severity: Severity::Error,
            code,
            message,
            help: Some(help),
        },
    }
}
