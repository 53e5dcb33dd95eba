//! The manifests of both sides, and which belongs to which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::context::Context;
use super::super::error::CommandError;
use super::{DiffArgs, shown};
use crate::manifest::{FolderRails, RAILS_FILE, parse_rails};
use crate::model::{Diagnostic, Position, Severity};
use crate::reconcile::load::{self, Loaded};
use crate::review::{Comparison, Unreadable};
use crate::source::{self, FilesAt, LoadError, Repository, SourceError};

/// Texts by their path in the repository, limits of folders among them; or why one cannot be read.
type Files = FilesAt;

/// The files of both sides.
pub(super) struct States {
    asked: Vec<PathBuf>,
    base: Files,
    head: Files,
}

/// A manifest of one side.
pub(super) struct Found {
    /// In the repository.
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) loaded: Loaded,
    rails: Option<String>,
    shown: String,
}

/// A manifest on both sides, or on one.
pub(super) struct Paired {
    pub(super) base: Option<Found>,
    pub(super) head: Option<Found>,
    /// It stands alone, and may be on the other side in a file that cannot be read there.
    pub(super) is_doubtful: bool,
}

impl Paired {
    /// The same bytes, and the same limits on top.
    pub(super) fn is_equal(&self) -> bool {
        match (&self.base, &self.head) {
            (Some(base), Some(head)) => {
                base.path == head.path && base.text == head.text && base.rails == head.rails
            }
            _ => false,
        }
    }

    /// Its path on one side, as people name it.
    pub(super) fn shown(&self, base: bool) -> Option<String> {
        let one = if base { &self.base } else { &self.head };
        one.as_ref().map(|one| one.shown.clone())
    }
}

impl States {
    pub(super) fn load(
        arguments: &DiffArgs,
        repository: &Repository,
        base: &str,
        head: Option<&str>,
        context: &Context,
    ) -> Result<Self, CommandError> {
        let default = [PathBuf::from("manifests")];
        let named = match &arguments.manifests[..] {
            [] => &default[..],
            named => named,
        };
        let mut inside = vec![];
        for path in named {
            inside.push(place(path, repository)?);
        }
        // the limits beside a single manifest count too
        let with_rails: Vec<PathBuf> = inside
            .iter()
            .cloned()
            .chain(inside.iter().map(|path| path.with_file_name(RAILS_FILE)))
            .collect();
        let git = context.git();
        let at = |commit: &str| {
            let files = git.files_at(repository, commit, &with_rails);
            files.map_err(|error| CommandError::of(&error))
        };
        let states = Self {
            asked: inside.clone(),
            base: at(base)?,
            head: match head {
                Some(commit) => at(commit)?,
                None => here(named, repository, context)?,
            },
        };
        for (path, inside) in named.iter().zip(&inside) {
            if !states.has(inside) {
                return Err(nothing(path, arguments.manifests.is_empty()));
            }
        }
        Ok(states)
    }

    /// What was asked for, as paths in the repository.
    pub(super) fn asked(&self) -> Vec<String> {
        let spell = |path: &PathBuf| match path.as_os_str().is_empty() {
            true => ".".to_owned(),
            false => path.display().to_string(),
        };
        self.asked.iter().map(spell).collect()
    }

    fn has(&self, path: &Path) -> bool {
        let files = self.base.keys().chain(self.head.keys());
        let mut manifests = files.filter(|file| !is_rails(file));
        manifests.any(|file| file == path || file.parent() == Some(path))
    }

    /// By path; what cannot be read is noted in the comparison.
    pub(super) fn pairs(self, comparison: &mut Comparison, repository: &Repository) -> Vec<Paired> {
        let mut notes = |files: Files, side| found(files, side, comparison, repository);
        let (base, broken) = notes(self.base, "base");
        let (head, more) = notes(self.head, "head");
        let stray = |broken: &Names, others: &[Found]| {
            let is_there = |path: &PathBuf| others.iter().any(|one| one.path == *path);
            broken.iter().any(|path| !is_there(path))
        };
        // a file that moved and broke at once may be the other side of one that seems alone
        let (in_head, in_base) = (stray(&more, &base), stray(&broken, &head));
        let mut pairs = pair(base, head, |path| {
            broken.contains(path) || more.contains(path)
        });
        for one in &mut pairs {
            one.is_doubtful = match (&one.base, &one.head) {
                (Some(_), None) => in_head,
                (None, Some(_)) => in_base,
                _ => false,
            };
        }
        pairs
    }
}

fn place(path: &Path, repository: &Repository) -> Result<PathBuf, CommandError> {
    if is_rails(path) {
        let path = path.to_path_buf();
        return Err(CommandError::of(&LoadError::Rails { path }));
    }
    repository.inside(path).ok_or_else(|| {
        CommandError::error(format!(
            "{} does not lie in the repository {}",
            path.display(),
            repository.root.display()
        ))
    })
}

fn nothing(path: &Path, is_default: bool) -> CommandError {
    let error = CommandError::error(format!(
        "there is no manifest at {} on either side",
        path.display()
    ));
    if is_default {
        error.hint("name the manifest or its folder behind the range: driftlock diff HEAD FOLDER")
    } else {
        error.hint("the range comes first, then manifests or folders of them")
    }
}

fn is_rails(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == RAILS_FILE)
}

/// The files as they are. What is not there any more is simply not among them.
fn here(
    named: &[PathBuf],
    repository: &Repository,
    context: &Context,
) -> Result<Files, CommandError> {
    let mut files = Files::new();
    for path in named {
        // only what is not there is left out: what cannot be looked at is an error of the reader
        let found = std::fs::symlink_metadata(context.absolute(path));
        if found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            continue;
        }
        let loaded = match source::load_manifests(&context.folder, std::slice::from_ref(path)) {
            Ok(loaded) => loaded,
            Err(LoadError::EmptyFolder { .. }) => continue,
            Err(error) => return Err(CommandError::of(&error)),
        };
        for file in loaded {
            let inside = place(&file.path, repository)?;
            let (_, rails) = source::load_rails(&file).map_err(|error| CommandError::of(&error))?;
            if let Some(rails) = rails {
                files.insert(inside.with_file_name(RAILS_FILE), Ok(rails));
            }
            files.insert(inside, Ok(file.text));
        }
    }
    Ok(files)
}

type Names = std::collections::BTreeSet<PathBuf>;

/// The manifests of one side that can be read, and the paths of those that cannot.
fn found(
    files: Files,
    side: &'static str,
    comparison: &mut Comparison,
    repository: &Repository,
) -> (Vec<Found>, Names) {
    let mut note = |path: &Path, diagnostics: Vec<Diagnostic>| {
        comparison.unreadable.push(Unreadable {
            path: shown(repository, path),
            side,
            diagnostics,
        });
    };
    let (rails, files): (Files, Files) = files.into_iter().partition(|(path, _)| is_rails(path));
    let mut limits: BTreeMap<PathBuf, Option<(String, FolderRails)>> = BTreeMap::new();
    for (path, text) in rails {
        let parsed = text.map_err(unreadable).and_then(|text| {
            let parsed = parse_rails(&text)?;
            Ok((text, parsed))
        });
        let parsed = parsed.map_err(|diagnostics| note(&path, diagnostics));
        limits.insert(path, parsed.ok());
    }
    let (mut all, mut broken) = (vec![], Names::new());
    for (path, text) in files {
        let loaded = text
            .map_err(unreadable)
            .and_then(|text| Ok((load::load(&text)?, text)));
        let beside = path.with_file_name(RAILS_FILE);
        let limit = limits.get(&beside);
        match loaded {
            Err(diagnostics) => {
                note(&path, diagnostics);
                broken.insert(path);
            }
            // what limits it cannot be read: then nobody knows what it may do
            Ok(_) if matches!(limit, Some(None)) => {
                broken.insert(path);
            }
            Ok((mut loaded, text)) => {
                let limit = limit.and_then(Option::as_ref);
                if let Some((_, limit)) = limit {
                    loaded.tighten(limit);
                }
                all.push(Found {
                    shown: shown(repository, &path),
                    rails: limit.map(|(text, _)| text.clone()),
                    path,
                    text,
                    loaded,
                });
            }
        }
    }
    (all, broken)
}

/// What a file without a text comes to.
fn unreadable(error: SourceError) -> Vec<Diagnostic> {
    vec![Diagnostic {
        position: Position::default(),
        severity: Severity::Error,
        code: "unreadable",
        message: format!("cannot {error}"),
        help: None,
    }]
}

/// By path; then, of those that are left, by the manifest's name: the file moved.
fn pair(base: Vec<Found>, head: Vec<Found>, is_broken: impl Fn(&Path) -> bool) -> Vec<Paired> {
    let mut base: BTreeMap<PathBuf, Found> = base
        .into_iter()
        .map(|one| (one.path.clone(), one))
        .collect();
    let mut pairs = vec![];
    let mut new = vec![];
    for one in head {
        match base.remove(&one.path) {
            Some(was) => pairs.push(Paired {
                base: Some(was),
                head: Some(one),
                is_doubtful: false,
            }),
            // the other side of it is there, and says nothing
            None if is_broken(&one.path) => {}
            None => new.push(one),
        }
    }
    base.retain(|path, _| !is_broken(path));
    for one in new {
        let name = &one.loaded.manifest.name;
        let mut same = base
            .values()
            .filter(|was| was.loaded.manifest.name == *name)
            .map(|was| was.path.clone());
        let was = same.next().filter(|_| same.next().is_none());
        drop(same);
        pairs.push(Paired {
            base: was.and_then(|path| base.remove(&path)),
            head: Some(one),
            is_doubtful: false,
        });
    }
    pairs.extend(base.into_values().map(|one| Paired {
        base: Some(one),
        head: None,
        is_doubtful: false,
    }));
    pairs.sort_by_cached_key(|pair| pair.shown(false).or_else(|| pair.shown(true)));
    pairs
}
