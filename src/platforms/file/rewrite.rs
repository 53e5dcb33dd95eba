//! From a batch to the new text of a file, whole or not at all, and checked before it is written.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::format::{Edit, Format, Reading};
use crate::model::VarName;
use crate::platforms::{Operation, Outcome};

/// What the operations make of a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::platforms) enum Rewritten {
    /// Not one byte differs.
    Same,
    /// Its new bytes.
    New(Zeroizing<Vec<u8>>),
}

/// Applies the operations to a file; `None` if there is none. A batch is all or nothing: on failure
/// there is one refusal for each operation.
pub(in crate::platforms) fn rewrite(
    format: &Format,
    content: Option<&[u8]>,
    operations: &[Operation],
) -> Result<Rewritten, Vec<Outcome>> {
    require_encodable(format, operations)?;
    let refuse = |why: String| vec![Outcome::Refused(why); operations.len()];
    let before = format
        .open(content)
        .map_err(|error| refuse(format!("the file cannot be read as {format}: {error}")))?;
    let edits: Vec<Edit<'_>> = operations.iter().map(edit).collect();
    let new = before
        .rewrite(&edits)
        .map_err(|error| refuse(error.to_string()))?;
    let same = match content {
        Some(old) => old == new.as_slice(),
        // there is nothing to delete from, and no reason to make a file
        None => edits.iter().all(|edit| edit.value.is_none()),
    };
    if same {
        return Ok(Rewritten::Same);
    }
    let before = before.values();
    let after = format
        .open(Some(&new))
        .map_err(|_| refuse(format!("the new text would not be {format} any more")))?;
    require_only(&before, &after.values(), operations).map_err(refuse)?;
    Ok(Rewritten::New(new))
}

/// Refuses all operations if one value has no text in the format, and says which.
fn require_encodable(format: &Format, operations: &[Operation]) -> Result<(), Vec<Outcome>> {
    let obstacles: Vec<Option<String>> = operations
        .iter()
        .map(|operation| match operation {
            Operation::Set(name, value) => format.accepts(name, value.expose()).err(),
            Operation::Delete(_) => None,
        })
        .collect();
    let Some(first) = obstacles.iter().position(Option::is_some) else {
        return Ok(());
    };
    let name = operations[first].name();
    Err(obstacles
        .into_iter()
        .map(|obstacle| {
            Outcome::Refused(obstacle.unwrap_or_else(|| {
                format!("nothing was written to this file, because {name} cannot be")
            }))
        })
        .collect())
}

fn edit(operation: &Operation) -> Edit<'_> {
    Edit {
        name: operation.name().clone(),
        value: match operation {
            Operation::Set(_, value) => Some(value.expose()),
            Operation::Delete(_) => None,
        },
    }
}

/// The last net under the rewriting: what was set reads back, what was deleted is gone, and all else
/// reads as before.
fn require_only(
    before: &BTreeMap<VarName, Reading>,
    after: &BTreeMap<VarName, Reading>,
    operations: &[Operation],
) -> Result<(), String> {
    let mut wanted: BTreeMap<&VarName, Option<&str>> = BTreeMap::new();
    for operation in operations {
        let value = match operation {
            Operation::Set(_, value) => Some(value.expose()),
            Operation::Delete(_) => None,
        };
        wanted.insert(operation.name(), value);
    }
    for (name, value) in &wanted {
        let reads_back = match (after.get(*name), value) {
            (Some(Reading::Value(read)), Some(value)) => read == value,
            (None, None) => true,
            _ => false,
        };
        if !reads_back {
            return Err(format!("the new text would not read back {name} as wanted"));
        }
    }
    let others = |side: &BTreeMap<VarName, Reading>| -> BTreeMap<VarName, Option<String>> {
        side.iter()
            .filter(|(name, _)| !wanted.contains_key(name))
            .map(|(name, reading)| match reading {
                // lines may move, so where an unclear one stands does not count
                Reading::Ambiguous { .. } => (name.clone(), None),
                Reading::Value(value) => (name.clone(), Some(value.clone())),
            })
            .collect()
    };
    if others(before) == others(after) {
        Ok(())
    } else {
        Err("the new text would change variables that are not ours".to_owned())
    }
}
