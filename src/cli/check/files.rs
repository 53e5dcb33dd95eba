//! The files of a run, loaded and inspected one by one: what is wrong with one of them does not hide the
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::error::CommandError;
use super::super::rails::Folders;
use super::super::session::{self, Item};
use super::places::{Places, real};
use crate::crypto::{Keyring, random_bytes};
use crate::model::{CheckKind, Diagnostic, Finding, Position, Severity, Unchecked};
use crate::reconcile::inspect::{Inspected, Repeats, Subject, Wanted, inspect};
use crate::reconcile::load;
use crate::render::report::{CheckedFile, Place};
use crate::source::{self, LoadError, ManifestFile};

/// What there is to report, and what can be planned with.
pub(super) struct Gathered {
    /// Whose limits are known, and that share no place.
    pub(super) items: Vec<Item>,
    /// All, in the order of the command line; `rails.yaml` files last.
    pub(super) files: Vec<CheckedFile>,
    /// Whether every file parsed.
    pub(super) complete: bool,
}

/// Loads and inspects. An error only where there is nothing to load. Whether there are reports says
/// whether it matters where a repository begins: without one, git is not asked.
pub(super) fn gather(
    paths: &[PathBuf],
    wanted: &Wanted<'_>,
    has_reports: bool,
    keyring: &mut Keyring,
    context: &Context,
) -> Result<Gathered, CommandError> {
    let loaded =
        source::load_each(&context.folder, paths).map_err(|error| CommandError::of(&error))?;
    let mut gathering = Gathering {
        wanted,
        keyring,
        context,
        places: Places::new(context, has_reports),
        folders: Folders::default(),
        items: vec![],
        files: vec![],
        held: BTreeMap::new(),
        repeats: Repeats::new(random_bytes()),
        complete: true,
    };
    for file in loaded {
        match file {
            Ok(file) => gathering.add(file),
            Err(error) => gathering.unreadable(&error),
        }
    }
    gathering.rails();
    gathering.same_place();
    Ok(gathering.finish())
}

struct Gathering<'a> {
    wanted: &'a Wanted<'a>,
    keyring: &'a mut Keyring,
    context: &'a Context,
    places: Places<'a>,
    folders: Folders,
    items: Vec<Item>,
    files: Vec<CheckedFile>,
    /// Manifests that cannot be planned with, and why.
    held: BTreeMap<PathBuf, &'static str>,
    repeats: Repeats,
    complete: bool,
}

impl Gathering<'_> {
    fn push(&mut self, path: &Path, place: Place, inspected: Inspected) {
        self.files.push(CheckedFile {
            path: path.display().to_string(),
            place,
            kinds: self.wanted.kinds.clone(),
            findings: inspected.findings,
            unchecked: inspected.unchecked,
        });
    }

    fn add(&mut self, file: ManifestFile) {
        let name = file.path.file_name().unwrap_or_default();
        let place = self.places.of(&file.folder.join(name));
        let path = file.path.clone();
        let mut loaded = match load::load(&file.text) {
            Ok(loaded) => loaded,
            Err(diagnostics) => {
                self.complete = false;
                let findings = diagnostics.into_iter().map(Finding::of_file).collect();
                let unchecked = self.all_but_manifest("the manifest does not parse");
                let inspected = Inspected {
                    findings,
                    unchecked,
                };
                return self.push(&path, place, inspected);
            }
        };
        let limits = self.folders.tighten(&file, &mut loaded);
        let subject = Subject {
            loaded: &loaded,
            text: &file.text,
            path: &path.display().to_string(),
        };
        let mut inspected = inspect(&subject, self.wanted, self.keyring, &mut self.repeats);
        match limits {
            Ok(true) => {}
            Ok(false) => {
                let why = "the limits of its folder do not parse";
                self.held.insert(path.clone(), why);
            }
            Err(error) => {
                let why = "the limits of its folder cannot be read";
                self.held.insert(path.clone(), why);
                inspected.findings.push(unreadable(error));
            }
        }
        self.items.push(session::item(file, loaded, self.context));
        self.push(&path, place, inspected);
    }

    fn all_but_manifest(&self, why: &str) -> Vec<Unchecked> {
        let kinds = self.wanted.kinds.iter().copied();
        kinds
            .filter(|kind| *kind != CheckKind::Manifest)
            .map(|kind| Unchecked {
                kind,
                why: why.to_owned(),
            })
            .collect()
    }

    /// Named, and not there; or no text.
    fn unreadable(&mut self, error: &LoadError) {
        self.complete = false;
        let path = error.path().unwrap_or(&self.context.folder).to_owned();
        let place = self.places.of(&real(&self.context.absolute(&path)));
        let inspected = Inspected {
            findings: vec![unreadable(CommandError::of(error))],
            unchecked: self.all_but_manifest("the manifest cannot be read"),
        };
        self.push(&path, place, inspected);
    }

    /// The `rails.yaml` of each folder.
    fn rails(&mut self) {
        let is_wanted = self.wanted.kinds.contains(&CheckKind::Manifest);
        let kinds: BTreeSet<CheckKind> = [CheckKind::Manifest].into();
        for (absolute, path, diagnostics) in self.folders.check(&self.items) {
            let wanted = |one: &Diagnostic| is_wanted || one.severity == Severity::Error;
            let findings: Vec<Finding> = diagnostics
                .into_iter()
                .filter(wanted)
                .map(Finding::of_file)
                .collect();
            if is_wanted || !findings.is_empty() {
                self.files.push(CheckedFile {
                    path: path.display().to_string(),
                    place: self.places.of(&absolute),
                    kinds: kinds.clone(),
                    findings,
                    unchecked: vec![],
                });
            }
        }
    }

    /// Two targets of different manifests that are one place; within one manifest the parser finds it.
    fn same_place(&mut self) {
        let Some((first, second)) = session::shared_place_of(&self.items) else {
            return;
        };
        let kinds = self.wanted.kinds;
        let is_wanted = kinds.contains(&CheckKind::Manifest) || kinds.contains(&CheckKind::Drift);
        for item in &self.items {
            let path = &item.file.path;
            self.held
                .insert(path.clone(), "two targets of this run are the same place");
            let mut specs = item.loaded.manifest.targets.iter();
            let spec = specs.find(|spec| session::full_name(item, &spec.name) == second);
            let shown = path.display().to_string();
            let file = self.files.iter_mut().find(|file| file.path == shown);
            if let (Some(spec), Some(file), true) = (spec, file, is_wanted) {
                file.findings.push(Finding {
                    kind: CheckKind::Manifest,
                    subject: Some(spec.name.to_string()),
                    diagnostic: Diagnostic {
                        position: spec.position,
                        severity: Severity::Error,
                        code: "same-place",
                        message: format!("{first} and {second} are the same place"),
                        help: Some("let one target hold the variables of both".to_owned()),
                    },
                });
            }
        }
    }

    fn finish(mut self) -> Gathered {
        if self.wanted.kinds.contains(&CheckKind::Drift) {
            for (path, why) in &self.held {
                let shown = path.display().to_string();
                if let Some(file) = self.files.iter_mut().find(|file| file.path == shown) {
                    file.unchecked.push(Unchecked {
                        kind: CheckKind::Drift,
                        why: (*why).to_owned(),
                    });
                }
            }
        }
        self.items
            .retain(|item| !self.held.contains_key(&item.file.path));
        Gathered {
            items: self.items,
            files: self.files,
            complete: self.complete,
        }
    }
}

fn unreadable(error: CommandError) -> Finding {
    let help = error.hints.into_iter().next();
    Finding::of_file(Diagnostic {
        position: Position::default(),
        severity: Severity::Error,
        code: "unreadable",
        message: error.message,
        help,
    })
}
