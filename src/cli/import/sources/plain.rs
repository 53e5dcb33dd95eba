//! What a plain file holds, if every reading of it is certain: an import is exact, or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::SourcesArgs;
use super::address::Place;
use super::guess::{guess, is_yaml};
use super::read::Held;
use super::spelled::What;
use crate::cli::error::CommandError;
use crate::manifest::FORMATS;
use crate::model::{Address, KeyPath, SecretValue, VarName};
use crate::platforms::file::format::{Format, Reading};
use crate::reconcile::import::Found;
use crate::render::escape;

pub(super) fn take(
    place: &Place,
    bytes: &[u8],
    arguments: &SourcesArgs,
) -> Result<Held, CommandError> {
    let called = &place.spelled.called;
    let path = named(place);
    if arguments.format.is_none() && is_yaml(path) {
        return Err(CommandError::refused(format!(
            "{called} is YAML, and not encrypted by SOPS: no program reads its environment from that; nothing was written"
        ))
        .hint("name what reads it with --format, or set its values with driftlock set"));
    }
    let name = match &arguments.format {
        Some(name) => name.as_str(),
        None => guess(path, bytes),
    };
    let (readings, mut notes) = open(name, arguments.at.as_ref(), bytes)
        .map_err(|why| refusal(called, &why, path, bytes))?;
    let mut vars = BTreeMap::new();
    let mut uncertain = vec![];
    let mut left_out = BTreeSet::new();
    let format = Format::new(name, arguments.at.as_ref())
        .map_err(|why| refusal(called, &why.to_string(), path, bytes))?;
    for (name, reading) in readings {
        if arguments.leaves_out(&name) {
            left_out.insert(name.to_string());
            continue;
        }
        match certain(&format, &name, reading) {
            Ok(value) => {
                vars.insert(name, value);
            }
            Err(why) => uncertain.push((name, why)),
        }
    }
    if !uncertain.is_empty() {
        return Err(ambiguous(called, &uncertain, bytes));
    }
    for note in &mut notes {
        *note = format!("{called}: {}", escape::terminal(note));
    }
    Ok(Held {
        found: Found {
            label: place.label.clone(),
            called: called.clone(),
            address: addressed(place, name),
            vars,
            public: BTreeSet::new(),
        },
        notes,
        clear_file: place.local().map(Path::to_owned),
        left_out,
    })
}

/// The path as it was named, wherever it is.
pub(super) fn named(place: &Place) -> Option<&Path> {
    match &place.spelled.what {
        What::File(path) => Some(path),
        What::Far(_, path) => Some(Path::new(path)),
        What::Stdin | What::Openclaw(..) => None,
    }
}

fn addressed(place: &Place, format: &str) -> Option<Address> {
    let mut address = place.target.as_ref()?.address.clone();
    if let Address::File(file) = &mut address {
        file.format = format.to_owned();
    }
    Some(address)
}

type Readings = (BTreeMap<VarName, Reading>, Vec<String>);

fn open(format: &str, at: Option<&KeyPath>, bytes: &[u8]) -> Result<Readings, String> {
    let format = Format::new(format, at).map_err(|error| error.to_string())?;
    let opened = format
        .open(Some(bytes))
        .map_err(|error| format!("cannot be read as {format}: {error}"))?;
    let notes = opened.notes();
    Ok((opened.into_values(), notes))
}

/// The value, where it is one that a plan finds in this file and no other.
fn certain(format: &Format, name: &VarName, reading: Reading) -> Result<SecretValue, String> {
    match reading {
        Reading::Ambiguous { line: 0, why } => Err(why),
        Reading::Ambiguous { line, why } => Err(format!("line {line}: {why}")),
        Reading::Value(text) => {
            let value = SecretValue::new(text);
            if value.expose().contains('\0') {
                return Err(
                    "it holds a NUL character, which no environment variable can".to_owned(),
                );
            }
            format.accepts(name, value.expose())?;
            Ok(value)
        }
    }
}

fn refusal(called: &str, why: &str, path: Option<&Path>, bytes: &[u8]) -> CommandError {
    let error = CommandError::refused(format!("{called} {why}; nothing was written"));
    let guessed = guess(path, bytes);
    error.hint(format!(
        "mend that, or name the format of the program that reads it with --format (by itself it is taken for {guessed})"
    ))
}

/// Different programs take different values from this file: which of them reads it, only its owner
/// knows.
fn ambiguous(called: &str, uncertain: &[(VarName, String)], bytes: &[u8]) -> CommandError {
    let plural = if uncertain.len() == 1 { "" } else { "s" };
    let mut error = CommandError::refused(format!(
        "{} variable{plural} of {called} cannot be taken in exactly; nothing was written",
        uncertain.len()
    ));
    for (name, why) in uncertain.iter().take(20) {
        error = error.detail(format!("{name}: {}", escape::terminal(why)));
    }
    let readable = FORMATS.iter().filter_map(|format| {
        let (readings, _) = open(format, None, bytes).ok()?;
        let known = readings
            .values()
            .filter(|reading| matches!(reading, Reading::Value(_)));
        let known = known.count();
        (known > 0).then(|| format!("{format} ({known} of {})", readings.len()))
    });
    let readable: Vec<String> = readable.collect();
    let flags: Vec<String> = uncertain
        .iter()
        .take(5)
        .map(|(name, _)| format!("--except {name}"))
        .collect();
    let error = match readable.is_empty() {
        true => error,
        false => error.hint(format!(
            "name the program that reads it with --format: {}",
            readable.join(", ")
        )),
    };
    error.hint(format!("or leave them out: {}", flags.join(" ")))
}
