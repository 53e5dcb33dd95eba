//! Between a pass and the journal: what was last applied, and the receipts of an apply.

mod accepted;
mod record;

pub use accepted::accepted_facts;
pub use record::{Author, JournalRecord};

use super::pass::Memory;
use super::targets::Located;
use crate::journal::{Authenticator, Journal, JournalError, Remembered, Scope};
use crate::model::TargetName;

/// Reads what the journal knows of these targets.
pub fn recall(
    journal: &dyn Journal,
    scope: &Scope,
    located: &[Located],
    auth: &Authenticator,
) -> Result<Memory, JournalError> {
    let places: Vec<(TargetName, String)> = located
        .iter()
        .map(|located| (located.target.name.clone(), located.target.place.clone()))
        .collect();
    let recollection = journal.last_applied(scope, &places, auth)?;
    let mut notes = journal.notes();
    if recollection.unverified > 0 {
        notes.push(format!(
            "{} of the journal's records do not verify and count as none",
            recollection.unverified
        ));
    }
    let (authority, key_unknown) = match journal.authority(scope, auth)? {
        Remembered::Nothing => (None, false),
        Remembered::Known(applied) => (Some(applied.facts), false),
        // records were made under a key that this manifest's header no longer leads to
        Remembered::OtherKey | Remembered::Unreachable => (None, true),
        Remembered::Unverified => {
            notes.push(
                "the journal's record of the last applied revision does not verify".to_owned(),
            );
            (None, true)
        }
    };
    Ok(Memory {
        last: recollection.targets,
        // a record that verifies was made under a key that this manifest leads to
        vouched: authority.is_some(),
        authority,
        key_unknown,
        notes,
    })
}
