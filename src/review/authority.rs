//! Who may read, where things go and what is run; and the file key, which decides who can.

use super::report::KeyFinding;
use super::side::{Side, Sight};
use crate::model::AuthorityFacts;
use crate::plan::{Authority, AuthorityKind, compare_authority};

/// What the head may do that the base could not. A manifest that is new widens all of it.
pub(super) fn authority(base: Option<&Side<'_>>, head: Option<&Side<'_>>) -> Vec<Authority> {
    let facts = |side: Option<&Side<'_>>| {
        side.map_or_else(AuthorityFacts::default, |side| {
            side.manifest.authority_facts()
        })
    };
    let mut found = compare_authority(Some(&facts(base)), &facts(head), &Default::default());
    for one in &mut found {
        let side = match one.kind {
            AuthorityKind::RecipientAdded => head,
            AuthorityKind::RecipientRemoved => base,
            _ => continue,
        };
        name_reader(one, side);
    }
    found
}

/// Puts what people call a recipient behind its key.
fn name_reader(one: &mut Authority, side: Option<&Side<'_>>) {
    let Some(side) = side else { return };
    for (key, name) in &side.readers {
        if one.what.contains(key.as_str()) {
            one.what = one.what.replacen(key, &format!("{key} ({name})"), 1);
            return;
        }
    }
}

/// What happened to the file key.
pub(super) fn keys(
    base: Option<&Side<'_>>,
    head: Option<&Side<'_>>,
    vouched: bool,
) -> Vec<KeyFinding> {
    let seal = |side: Option<&Side<'_>>| side.and_then(|side| side.manifest.seal.clone());
    let mut found = vec![];
    if head.is_some_and(|head| head.recipients_signed == Some(false)) {
        found.push(KeyFinding::Unsigned);
    }
    match (seal(base), seal(head)) {
        (Some(before), Some(after)) if before.key_id != after.key_id => {
            let opened =
                |side: Option<&Side<'_>>| side.is_some_and(|side| side.sight == Sight::Open);
            found.push(KeyFinding::Rekeyed {
                from: before.key_id,
                to: after.key_id,
                vouched: (opened(base) && opened(head)).then_some(vouched),
            });
        }
        (Some(before), Some(after)) if before.header != after.header => {
            found.push(KeyFinding::Rewrapped);
        }
        (None, Some(after)) => found.push(KeyFinding::FirstKey(after.key_id)),
        (Some(before), None) if head.is_some() => {
            found.push(KeyFinding::KeyDropped(before.key_id));
        }
        _ => {}
    }
    found.sort();
    found
}
