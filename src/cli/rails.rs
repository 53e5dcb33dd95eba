//! The `rails.yaml` of each folder of a run: read once, and put on top of its manifests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::session::Item;
use super::ui::Ui;
use crate::manifest::{FolderRails, RAILS_FILE, parse_rails};
use crate::model::{Diagnostic, Severity};
use crate::reconcile::load::{self, Loaded};
use crate::source::{ManifestFile, load_manifests, load_rails};

/// By folder.
#[derive(Default)]
pub(crate) struct Folders(BTreeMap<PathBuf, Folder>);

/// The limits of one folder.
pub(crate) struct Folder {
    /// The file, as people name it.
    pub(crate) path: PathBuf,
    is_there: bool,
    /// What it says; nothing where there is none.
    pub(crate) rails: Result<FolderRails, Vec<Diagnostic>>,
}

impl Folders {
    /// The limits beside a manifest. Where they cannot be read, nothing of the folder is known.
    pub(crate) fn beside(&mut self, file: &ManifestFile) -> Result<&Folder, CommandError> {
        if !self.0.contains_key(&file.folder) {
            let (path, text) = load_rails(file).map_err(|error| CommandError::of(&error))?;
            let is_there = text.is_some();
            let rails = text.map_or_else(|| Ok(FolderRails::default()), |text| parse_rails(&text));
            let folder = Folder {
                path,
                is_there,
                rails,
            };
            self.0.insert(file.folder.clone(), folder);
        }
        Ok(&self.0[&file.folder])
    }

    /// Puts the limits of its folder on top of a manifest. Says whether they could be read; if not,
    /// the manifest must not be used.
    pub(crate) fn tighten(
        &mut self,
        file: &ManifestFile,
        loaded: &mut Loaded,
    ) -> Result<bool, CommandError> {
        let folder = self.beside(file)?;
        if let Ok(rails) = &folder.rails {
            loaded.tighten(rails);
        }
        Ok(folder.rails.is_ok())
    }

    /// Each file with problems.
    pub(crate) fn broken(&self) -> impl Iterator<Item = (&Path, &[Diagnostic])> {
        self.0.values().filter_map(|folder| {
            let problems = folder.rails.as_ref().err()?;
            Some((folder.path.as_path(), problems.as_slice()))
        })
    }

    /// What `check` says of each file that is there, with its absolute path and as people name it: its
    /// problems, or the targets in it that no manifest of its folder has.
    pub(crate) fn check(&self, items: &[Item]) -> Vec<(PathBuf, &Path, Vec<Diagnostic>)> {
        let folders = self.0.iter().filter(|(_, folder)| folder.is_there);
        folders
            .map(|(place, folder)| {
                let found = match &folder.rails {
                    Err(diagnostics) => diagnostics.clone(),
                    Ok(rails) => strays(rails, place, items),
                };
                (place.join(RAILS_FILE), folder.path.as_path(), found)
            })
            .collect()
    }

    /// Shows what is wrong; the number of problems.
    pub(crate) fn report(&self, ui: &mut Ui) -> usize {
        let mut problems = 0;
        for (path, diagnostics) in self.broken() {
            ui.diagnostics(path, diagnostics);
            problems += diagnostics.len();
        }
        problems
    }
}

/// A limit for a target that is not there may be a slip of the pen, and then limits nothing.
fn strays(rails: &FolderRails, folder: &Path, items: &[Item]) -> Vec<Diagnostic> {
    let own = || items.iter().filter(|item| item.file.folder == folder);
    let mut others: Option<Vec<Loaded>> = None;
    let mut found = vec![];
    for ((manifest, target), limits) in &rails.targets {
        let has = |loaded: &Loaded| {
            let mut targets = loaded.manifest.targets.iter();
            loaded.manifest.name == *manifest && targets.any(|spec| spec.name == *target)
        };
        // what was not checked in this run is looked at only where it matters
        if own().any(|item| has(&item.loaded))
            || others.get_or_insert_with(|| all_of(folder)).iter().any(has)
        {
            continue;
        }
        found.push(Diagnostic {
            position: limits.position,
            severity: Severity::Warning,
            code: "unknown-target",
            message: format!("no manifest of this folder has a target {manifest}/{target}"),
            help: Some("correct the name, or remove the entry".to_owned()),
        });
    }
    found
}

fn all_of(folder: &Path) -> Vec<Loaded> {
    let files = load_manifests(folder, &[folder.to_path_buf()]).unwrap_or_default();
    let loaded = files.iter().filter_map(|file| load::load(&file.text).ok());
    loaded.collect()
}
