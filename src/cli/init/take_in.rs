//! What the dotenv file holds, and whether it can be taken in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{InitArgs, target_name};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::{look, session};
use crate::manifest::FORMATS;
use crate::model::{Address, FileAddress, Live, LiveVar, Machine, Rails, Target, VarName};
use crate::reconcile::connect::Connections;
use crate::source;

/// What the dotenv file holds.
#[derive(Default)]
pub(super) struct Taken {
    /// As it was named; `None` if there is no file.
    pub(super) named: Option<PathBuf>,
    /// Absolute.
    pub(super) path: Option<PathBuf>,
    pub(super) variables: BTreeMap<VarName, crate::model::SecretValue>,
    /// Names left out, with the reason.
    pub(super) left_out: BTreeMap<VarName, String>,
    pub(super) notes: Vec<String>,
}

/// Reads the dotenv file, as careful as any target is read.
pub(super) fn take_in(arguments: &InitArgs, context: &Context) -> Result<Taken, CommandError> {
    let named = match &arguments.env_file {
        Some(named) => named.clone(),
        None if context.absolute(Path::new(".env")).exists() => PathBuf::from(".env"),
        None => return Ok(Taken::default()),
    };
    let path = context.absolute(&named);
    let live = read(&named, &path, arguments.format())?;
    if !live.exists {
        return Err(CommandError::error(format!(
            "{} does not exist",
            named.display()
        )));
    }
    let mut taken = Taken {
        named: Some(named),
        path: Some(path),
        notes: live.notes,
        ..Taken::default()
    };
    for (name, value) in live.vars {
        match value {
            LiveVar::Value(value) => {
                taken.variables.insert(name, value);
            }
            LiveVar::Unknown(why) => {
                taken.left_out.insert(name, why);
            }
            LiveVar::Sealed { .. } => {
                taken.left_out.insert(name, "it is sealed".to_owned());
            }
        }
    }
    Ok(taken)
}

/// Two manifests that write one file would undo each other, so every plan would refuse both.
pub(super) fn refuse_second_owner(taken: &Taken, context: &Context) -> Result<(), CommandError> {
    let Some(path) = taken
        .path
        .as_ref()
        .and_then(|path| path.canonicalize().ok())
    else {
        return Ok(());
    };
    // no manifests, or none that reads, is no reason to refuse a first one
    for file in source::load_manifests(&context.folder, &[]).unwrap_or_default() {
        let Ok(loaded) = crate::reconcile::load::load(&file.text) else {
            continue;
        };
        let item = session::item(file, loaded, context);
        let owner = item.located.iter().find(|located| {
            let there = located.target.path.as_ref();
            there.and_then(|there| there.canonicalize().ok()).as_ref() == Some(&path)
        });
        if let (Some(owner), Some(named)) = (owner, &taken.named) {
            return Err(CommandError::refused(format!(
                "{} belongs to {} already; nothing was written",
                named.display(),
                session::full_name(&item, &owner.target.name)
            ))
            .hint(
                "take in another file with --env-file, or change that manifest with driftlock set",
            ));
        }
    }
    Ok(())
}

/// Different programs take different values from this file: which of them reads it, only its owner
/// knows.
pub(super) fn ambiguous(taken: &Taken) -> CommandError {
    let named = taken.named.as_deref().unwrap_or(Path::new(".env"));
    let mut error = CommandError::refused(format!(
        "{} variables of {} are read differently by different programs; nothing was written",
        taken.left_out.len(),
        named.display()
    ));
    for (name, why) in &taken.left_out {
        error = error.detail(format!("{name}: {why}"));
    }
    let path = taken.path.as_deref().unwrap_or(named);
    let readable = FORMATS[1..].iter().filter_map(|format| {
        let live = read(named, path, format).ok()?;
        let values = live.vars.values();
        let known = values.filter(|value| matches!(value, LiveVar::Value(_)));
        Some(format!(
            "{format} ({} of {})",
            known.count(),
            live.vars.len()
        ))
    });
    let readable: Vec<String> = readable.collect();
    error
        .hint(format!(
            "name the program that reads it, as driftlock init --format DIALECT: {}",
            readable.join(", ")
        ))
        .hint("driftlock init --format portable takes the others in and leaves these out")
}

fn read(named: &Path, path: &Path, format: &str) -> Result<Live, CommandError> {
    let target = Target {
        name: target_name(),
        address: Address::File(FileAddress {
            machine: Machine::Any,
            path: named.display().to_string(),
            format: format.to_owned(),
            at: None,
        }),
        path: Some(path.to_owned()),
        place: path.display().to_string(),
        known: String::new(),
        prune: false,
        rails: Rails::default(),
        activation: None,
        process: None,
    };
    let connections = Connections::local();
    let mut outcomes = look::runtime()?.block_on(connections.read(&[target], &mut |_| {}));
    match outcomes.pop() {
        Some(Ok(live)) => Ok(live),
        Some(Err(error)) => {
            let failed = CommandError::error(format!("cannot read {}: {error}", named.display()));
            Err(match error.help {
                Some(help) => failed.hint(help),
                None => failed,
            })
        }
        None => Err(CommandError::error(format!(
            "cannot read {}",
            named.display()
        ))),
    }
}
