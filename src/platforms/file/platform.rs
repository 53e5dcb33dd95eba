//! Files as a platform: one connection is one machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::format::{Dialect, Format, OpenError, Reading};
use super::rewrite::{Rewritten, rewrite};
use crate::machine::{
    FileError, FileHost, FileRead, Host, LocalHost, ReplaceError, Run, version_of,
};
use crate::model::{
    Address, Completeness, FileAddress, KeyPath, Live, LiveVar, Running, SecretValue, Target,
    VarName, Version, Who,
};
use crate::platforms::{
    Ask, Batch, BatchOutcome, Capabilities, LiveRead, Outcome, Platform, ReadError, trace,
};

/// Linux passes no longer string to a process: name, `=`, value and a final NUL.
const LONGEST_VALUE: usize = 128 * 1024 - 3;
/// The docker client's line buffer, which holds name, `=` and value.
const LONGEST_DOCKER_VALUE: usize = 64 * 1024 - 3;

/// The files of one machine.
#[derive(Clone)]
pub struct FilePlatform {
    host: Arc<dyn FileHost>,
    /// The same machine's programs, where they can be run.
    programs: Option<Arc<dyn Run>>,
}

impl FilePlatform {
    /// Over any machine.
    pub fn new(host: Arc<dyn FileHost>) -> Self {
        Self {
            host,
            programs: None,
        }
    }

    /// Over any machine whose programs can be run too: they tell who may have changed a file.
    pub fn on(host: Arc<dyn Host>) -> Self {
        Self {
            host: host.clone(),
            programs: Some(host),
        }
    }

    /// Over this machine.
    pub fn local() -> Self {
        Self::on(Arc::new(LocalHost::new()))
    }
}

impl std::fmt::Debug for FilePlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePlatform").finish_non_exhaustive()
    }
}

#[async_trait]
impl LiveRead for FilePlatform {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        let mut reads = JoinSet::new();
        for (index, target) in targets.iter().enumerate() {
            let (host, target) = (Arc::clone(&self.host), target.clone());
            reads.spawn(async move { (index, read_one(&*host, &target).await) });
        }
        let mut outcomes: Vec<_> = targets
            .iter()
            .map(|target| Err(cut_short(target)))
            .collect();
        while let Some(finished) = reads.join_next().await {
            if let Ok((index, outcome)) = finished {
                outcomes[index] = outcome;
            }
        }
        outcomes
    }

    fn capabilities(&self, target: &Target) -> Capabilities {
        let longest = match place(target) {
            Ok((_, Format::Dotenv(Dialect::Docker))) => LONGEST_DOCKER_VALUE,
            _ => LONGEST_VALUE,
        };
        Capabilities {
            atomic: true,
            compare_and_swap: true,
            max_value_bytes: Some(longest),
            read_lag: Duration::ZERO,
            keeps_empty: true,
            activates: false,
        }
    }

    fn accepts(&self, target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        let (_, format) = place(target).map_err(|error| error.reason)?;
        format.accepts(name, value.expose())
    }

    async fn traces(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        let Some(programs) = self.programs.as_deref() else {
            let why = "no programs can be run on that machine";
            return asks.iter().map(|_| Err(why.to_owned())).collect();
        };
        let mut files = Vec::with_capacity(asks.len());
        for ask in asks {
            files.push(match place(ask.target) {
                // over SSH it is as the manifest spells it
                Ok((path, _)) => trace::resolved(programs, path).await,
                Err(error) => Err(error.reason),
            });
        }
        trace::of_files(programs, asks, files).await
    }
}

#[async_trait]
impl Platform for FilePlatform {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        let mut by_path: BTreeMap<_, Vec<(usize, Batch)>> = BTreeMap::new();
        for (index, batch) in batches.iter().enumerate() {
            let of_path = by_path.entry(batch.target.path.clone()).or_default();
            of_path.push((index, batch.clone()));
        }
        let mut writes = JoinSet::new();
        for of_path in by_path.into_values() {
            let host = Arc::clone(&self.host);
            writes.spawn(async move { write_in_order(&*host, of_path).await });
        }
        let cut_short = "the program is ending";
        let mut outcomes: Vec<_> = batches
            .iter()
            .map(|batch| in_doubt(batch, cut_short))
            .collect();
        while let Some(finished) = writes.join_next().await {
            for (index, outcome) in finished.unwrap_or_default() {
                outcomes[index] = outcome;
            }
        }
        outcomes
    }
}

/// Whether a file of the target's format can hold it; needs no machine.
pub(in crate::platforms) fn accepts(
    address: &FileAddress,
    name: &VarName,
    value: &SecretValue,
) -> Result<(), String> {
    let format = Format::new(&address.format, address.at.as_ref());
    format
        .map_err(|unknown| unknown.to_string())?
        .accepts(name, value.expose())
}

/// Path and format of a target, or why it is none of ours.
fn place(target: &Target) -> Result<(&Path, Format), ReadError> {
    let not_ours = |reason: String| ReadError {
        reason,
        help: None,
        retry_after: None,
    };
    let Address::File(address) = &target.address else {
        return Err(not_ours(format!("target {} is not a file", target.name)));
    };
    let Some(path) = &target.path else {
        return Err(not_ours(format!(
            "the path of target {} is not known on this machine",
            target.name
        )));
    };
    let format = Format::new(&address.format, address.at.as_ref())
        .map_err(|unknown| not_ours(format!("target {}: {unknown}", target.name)))?;
    Ok((path, format))
}

async fn read_one(host: &dyn FileHost, target: &Target) -> Result<Live, ReadError> {
    let (path, format) = place(target)?;
    let file = host.read(path).await?;
    let document = format
        .open(bytes_of(&file))
        .map_err(|error| unreadable(&format, path, error))?;
    let notes = document.notes();
    let vars = document.into_values().into_iter().map(|(name, reading)| {
        let var = match reading {
            Reading::Value(value) => LiveVar::Value(SecretValue::new(value)),
            Reading::Ambiguous { line: 0, why } => LiveVar::Unknown(why),
            Reading::Ambiguous { line, why } => LiveVar::Unknown(format!("line {line}: {why}")),
        };
        (name, var)
    });
    Ok(Live {
        vars: vars.collect(),
        changed_at: BTreeMap::new(),
        completeness: Completeness::Complete,
        version: file.version(),
        exists: file.content.is_some(),
        stored_at: file.changed_at,
        identity: identity(target, path, &file),
        taken_over: std::collections::BTreeSet::new(),
        unsettled: None,
        drafts: Vec::new(),
        running: Running::Unknown,
        notes,
    })
}

/// Where it really lies, if a link leads there: from its last part, or from a folder beside the
/// manifest, where a commit can put one.
fn identity(target: &Target, path: &Path, file: &FileRead) -> String {
    if let Some(real) = &file.link_to {
        return real.display().to_string();
    }
    let beside = match &target.address {
        Address::File(address) => !address.path.starts_with(['/', '~']),
        _ => false,
    };
    let (Some(folder), Some(name)) = (path.parent().filter(|_| beside), path.file_name()) else {
        return String::new();
    };
    match std::fs::canonicalize(folder) {
        Ok(real) if real != folder => real.join(name).display().to_string(),
        _ => String::new(),
    }
}

/// The bytes of a file, if it is there.
fn bytes_of(file: &FileRead) -> Option<&[u8]> {
    file.content.as_deref().map(Vec::as_slice)
}

fn unreadable(format: &Format, path: &Path, error: OpenError) -> ReadError {
    let help = match &error {
        OpenError::NotText { at } => {
            return FileError::NotText {
                path: path.to_owned(),
                at: *at,
            }
            .into();
        }
        OpenError::Absent => "create the file, or name the right path in the manifest",
        OpenError::Line(_) => "mend that line, or name the format that the file's reader uses",
        OpenError::Whole(_) => "mend the file, or name the format that its reader uses",
        OpenError::Path(_) => "mend the file, or name the right object with `at` in the manifest",
    };
    ReadError {
        reason: format!("{} cannot be read as {format}: {error}", path.display()),
        help: Some(help.to_owned()),
        retry_after: None,
    }
}

/// Writes the batches of one file one after the other. Each later one was planned against what the
/// first one saw, so it goes on from what we wrote ourselves.
async fn write_in_order(
    host: &dyn FileHost,
    batches: Vec<(usize, Batch)>,
) -> Vec<(usize, BatchOutcome)> {
    let mut ours: Option<(Version, Version)> = None;
    let mut written: Vec<(Option<KeyPath>, VarName)> = Vec::new();
    let mut outcomes = Vec::with_capacity(batches.len());
    for (index, mut batch) in batches {
        let at = match &batch.target.address {
            Address::File(file) => file.at.clone(),
            Address::Railway(_) | Address::Openclaw(_) | Address::Memory(_) => None,
        };
        if let Some(twice) = batch
            .operations
            .iter()
            .map(crate::platforms::Operation::name)
            .find(|name| written.iter().any(|(to, one)| *to == at && one == *name))
        {
            let why = format!("another target of this file writes {twice} too");
            outcomes.push((index, BatchOutcome::refused(&batch, &why, false)));
            continue;
        }
        if let Some((seen, now)) = &ours
            && batch.expected == *seen
        {
            batch.expected = now.clone();
        }
        let before = ours
            .as_ref()
            .map_or(&batch.expected, |(seen, _)| seen)
            .clone();
        let outcome = match write_one(host, &batch).await {
            Ok(now) => {
                ours = Some((before, now));
                let names = batch
                    .operations
                    .iter()
                    .map(|operation| (at.clone(), operation.name().clone()));
                written.extend(names);
                done(&batch)
            }
            Err(outcome) => outcome,
        };
        outcomes.push((index, outcome));
    }
    outcomes
}

/// Writes one batch; says what the file's version is then.
async fn write_one(host: &dyn FileHost, batch: &Batch) -> Result<Version, BatchOutcome> {
    let refused = |why: String| BatchOutcome::refused(batch, &why, false);
    let stale = || {
        let why = "the file changed since it was read";
        BatchOutcome::refused(batch, why, true)
    };
    let (path, format) = place(&batch.target).map_err(|error| refused(error.reason))?;
    let file = host
        .read(path)
        .await
        .map_err(|error| refused(told(&error)))?;
    let version = file.version();
    if version != batch.expected {
        return Err(stale());
    }
    let bytes = match rewrite(&format, bytes_of(&file), &batch.operations) {
        Ok(Rewritten::Same) => return Ok(version),
        Ok(Rewritten::New(bytes)) => bytes,
        Err(outcomes) => {
            return Err(BatchOutcome::of(outcomes));
        }
    };
    let new = version_of(&bytes);
    match host.replace(path, &version, bytes).await {
        Ok(()) => Ok(new),
        Err(ReplaceError::Stale) => Err(stale()),
        Err(ReplaceError::Refused(error)) => Err(refused(told(&error))),
        Err(ReplaceError::InDoubt(error)) => Err(in_doubt(batch, &error.to_string())),
    }
}

/// An error with what to do, in one line: outcomes have no place of their own for help.
fn told(error: &FileError) -> String {
    match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}

fn done(batch: &Batch) -> BatchOutcome {
    BatchOutcome::of(vec![Outcome::Done; batch.operations.len()])
}

fn in_doubt(batch: &Batch, why: &str) -> BatchOutcome {
    BatchOutcome::of(vec![
        Outcome::InDoubt(why.to_owned());
        batch.operations.len()
    ])
}

fn cut_short(target: &Target) -> ReadError {
    ReadError {
        reason: format!(
            "target {} was not read, because the program is ending",
            target.name
        ),
        help: None,
        retry_after: None,
    }
}

impl From<FileError> for ReadError {
    fn from(error: FileError) -> Self {
        Self {
            reason: error.to_string(),
            help: error.help(),
            retry_after: error.retry_after(),
        }
    }
}
