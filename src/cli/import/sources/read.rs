//! Reads every source whole, before anything is written.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::address::Place;
use super::spelled::What;
use super::{SourcesArgs, plain, secret};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::cli::{look, session};
use crate::crypto::Keyring;
use crate::machine::{FileHost, MAX_FILE_BYTES};
use crate::manifest::{begins_as_manifest, says_driftlock};
use crate::model::{Completeness, LiveVar, SecretValue, Target, VarName};
use crate::reconcile::connect::Connections;
use crate::reconcile::import::Found;
use crate::sops;

/// One source that was read whole.
pub(super) struct Held {
    pub(super) found: Found,
    /// What people should know of it, without values.
    pub(super) notes: Vec<String>,
    /// A file of this machine whose values are in clear.
    pub(super) clear_file: Option<PathBuf>,
    /// What `--except` took out of it.
    pub(super) left_out: BTreeSet<String>,
}

/// The bytes of one file, or what a gateway says.
enum Raw {
    Bytes(Zeroizing<Vec<u8>>),
    Gateway(Vec<(VarName, SecretValue)>, Vec<String>),
}

pub(super) fn read(
    places: Vec<Place>,
    arguments: &SourcesArgs,
    keyring: &mut Keyring,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Held>, CommandError> {
    let connections = session::connections(context, ui);
    let runtime = look::runtime()?;
    let mut held = vec![];
    for place in places {
        let raw = match (&place.spelled.what, &place.target) {
            (What::Openclaw(..), Some(target)) => {
                runtime.block_on(gateway(&place, target, &connections))?
            }
            (What::Stdin, _) => Raw::Bytes(standard_input(context)?),
            (_, Some(target)) => {
                Raw::Bytes(runtime.block_on(file(&place, target, &connections))?)
            }
            (_, None) => continue,
        };
        held.push(match raw {
            Raw::Gateway(vars, notes) => of_gateway(&place, vars, notes, arguments),
            Raw::Bytes(bytes) => of_bytes(&place, &bytes, arguments, keyring, ui)?,
        });
    }
    for held in &held {
        if held.found.vars.is_empty() {
            let called = &held.found.called;
            return Err(CommandError::refused(format!(
                "there is no variable to take in from {called}; nothing was written"
            ))
            .hint("import the others without it"));
        }
    }
    // not repeated: nobody knows what it is
    let unmatched = arguments
        .except
        .iter()
        .position(|name| !held.iter().any(|held| held.left_out.contains(name)));
    match unmatched {
        None => Ok(held),
        Some(index) => Err(CommandError::usage(format!(
            "--except number {} names nothing that was read",
            index + 1
        ))
        .hint("name a variable, or the path of a value in a SOPS file, as in db.password")),
    }
}

async fn file(
    place: &Place,
    target: &Target,
    connections: &Connections,
) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let called = &place.spelled.called;
    let machine = connections.machine(target);
    let (Some(machine), Some(path)) = (machine, &target.path) else {
        return Err(CommandError::error(format!(
            "{called} cannot be reached from here; nothing was written"
        )));
    };
    let read = FileHost::read(&*machine, path).await.map_err(|error| {
        let failed = CommandError::error(format!(
            "cannot read {called}: {error}; nothing was written"
        ));
        match error.help() {
            Some(help) => failed.hint(help),
            None => failed,
        }
    })?;
    read.content
        .ok_or_else(|| CommandError::error(format!("{called} does not exist; nothing was written")))
}

fn standard_input(context: &Context) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    if context.terminal.input {
        return Err(CommandError::usage(
            "standard input is a terminal, where everybody could read what is typed",
        )
        .hint("COMMAND | driftlock import -"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES + 1));
    std::io::stdin()
        .lock()
        .take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            CommandError::error(format!("cannot read standard input: {}", error.kind()))
        })?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(CommandError::error(
            "standard input is longer than 1 MiB; nothing was written",
        ));
    }
    Ok(bytes)
}

async fn gateway(
    place: &Place,
    target: &Target,
    connections: &Connections,
) -> Result<Raw, CommandError> {
    let called = &place.spelled.called;
    let unread = |why: &str| {
        CommandError::error(format!("cannot read {called}: {why}; nothing was written"))
    };
    let mut outcomes = connections
        .read(std::slice::from_ref(target), &mut |_| {})
        .await;
    let live = match outcomes.pop() {
        Some(Ok(live)) => live,
        Some(Err(error)) => {
            let failed = unread(&error.reason);
            return Err(match error.help {
                Some(help) => failed.hint(help),
                None => failed,
            });
        }
        None => return Err(unread("it was not looked at")),
    };
    if let Completeness::Partial(why) = &live.completeness {
        return Err(unread(why));
    }
    let mut vars = vec![];
    for (name, value) in live.vars {
        match value {
            LiveVar::Value(value) => vars.push((name, value)),
            LiveVar::Sealed { .. } => return Err(unread(&format!("{name} is sealed"))),
            LiveVar::Unknown(why) => return Err(unread(&format!("{name}: {why}"))),
        }
    }
    Ok(Raw::Gateway(vars, live.notes))
}

fn of_gateway(
    place: &Place,
    vars: Vec<(VarName, SecretValue)>,
    notes: Vec<String>,
    arguments: &SourcesArgs,
) -> Held {
    let (out, vars): (Vec<_>, Vec<_>) = vars
        .into_iter()
        .partition(|(name, _)| arguments.leaves_out(name));
    Held {
        found: Found {
            label: place.label.clone(),
            called: place.spelled.called.clone(),
            address: place.target.as_ref().map(|target| target.address.clone()),
            vars: vars.into_iter().collect(),
            public: BTreeSet::new(),
        },
        notes,
        clear_file: None,
        left_out: out.into_iter().map(|(name, _)| name.to_string()).collect(),
    }
}

fn of_bytes(
    place: &Place,
    bytes: &[u8],
    arguments: &SourcesArgs,
    keyring: &mut Keyring,
    ui: &mut Ui,
) -> Result<Held, CommandError> {
    let called = &place.spelled.called;
    if bytes.trim_ascii().is_empty() {
        return Err(CommandError::refused(format!(
            "{called} is empty: it says nothing, which is not the same as that there is nothing; nothing was written"
        ))
        .hint("look whether it was lost, and import it once it is there again"));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return plain::take(place, bytes, arguments);
    };
    let store = sops::recognise(text).map_err(|error| secret::refusal(place, &error))?;
    let is_manifest = match store {
        Some(_) => says_driftlock(text),
        None => begins_as_manifest(text),
    };
    if is_manifest {
        let mixed = if store.is_some() {
            ", and a SOPS file too"
        } else {
            ""
        };
        return Err(CommandError::refused(format!(
            "{called} is a driftlock manifest{mixed}; nothing was written"
        ))
        .hint("a manifest is not imported: keep it in manifests/, or copy single values with driftlock reveal and driftlock set"));
    }
    match store {
        Some(store) => secret::take(place, text, store, arguments, keyring, ui),
        None => plain::take(place, bytes, arguments),
    }
}
