//! The manifests that a reconciler watches: the last good one of each, whatever became of its file since.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::cli::context::{Context, shell_word};
use crate::cli::rails::Folders;
use crate::cli::session::{self, Item};
use crate::crypto::Keyring;
use crate::model::{Diagnostic, Fingerprinter, ManifestName, VarName};
use crate::reconcile::load::{self, Opening};
use crate::reconcile::targets::shared_place;
use crate::source::{CheckoutError, LoadError, ManifestFile, load_each};

/// One manifest, opened.
pub(super) struct Watched {
    pub(super) item: Item,
    pub(super) opening: Opening,
    pub(super) fingerprinter: Option<Fingerprinter>,
    /// Whom to ask about a variable.
    pub(super) owners: BTreeMap<VarName, String>,
    /// The commit that it is of, where it is in one.
    pub(super) revision: Option<String>,
    /// Tells its revisions apart: hex of its digest, with the limits of its folder.
    pub(super) mark: String,
    /// Digest of the texts that it was made from.
    texts: [u8; 32],
}

impl Watched {
    pub(super) fn name(&self) -> &ManifestName {
        &self.item.loaded.manifest.name
    }
}

/// A file that cannot be used as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// Its name where that was ever known, else what its file is called.
    pub(super) name: ManifestName,
    pub(super) path: PathBuf,
    /// Lower case, no final period, no values.
    pub(super) why: String,
    pub(super) next: Vec<String>,
    pub(super) since: Timestamp,
}

impl Broken {
    /// A checkout that cannot be followed.
    pub(super) fn of_checkout(
        origin: &str,
        why: String,
        error: &CheckoutError,
        since: Timestamp,
    ) -> Self {
        let next = match error {
            CheckoutError::Rewound { to, .. } => {
                format!("driftlock reconcile --once --checkout {origin} --accept-rewind {to}")
            }
            _ => "driftlock doctor".to_owned(),
        };
        Self {
            name: name_after(Path::new(origin)),
            path: PathBuf::from(origin),
            why,
            next: vec![next],
            since,
        }
    }
}

/// What there is to watch.
#[derive(Default)]
pub(super) struct Shelf {
    good: BTreeMap<PathBuf, Rc<Watched>>,
    broken: BTreeMap<PathBuf, Broken>,
    /// Why nothing could be found at all.
    lost: Option<Broken>,
    /// Digest of every text that was last looked at.
    seen: Option<[u8; 32]>,
    /// Whether everything is to be opened again, though no text changed.
    anew: bool,
}

/// What looking again at the files came to.
#[derive(Default)]
pub(super) struct Turned {
    /// Whether anything is another than before.
    pub(super) changed: bool,
    /// Manifests that are not there any more.
    pub(super) gone: Vec<Rc<Watched>>,
}

/// What opens them.
pub(super) struct Opens<'a> {
    pub(super) context: &'a Context,
    pub(super) keyring: &'a mut Keyring,
    /// The fingerprint key of a manifest without one of its own.
    pub(super) own_key: &'a mut dyn FnMut(&Item) -> Result<Fingerprinter, String>,
}

impl Shelf {
    /// What is watched.
    pub(super) fn watched(&self) -> impl Iterator<Item = &Rc<Watched>> {
        self.good.values()
    }

    /// The manifest of this name.
    pub(super) fn find(&self, name: &ManifestName) -> Option<Rc<Watched>> {
        let mut all = self.good.values();
        all.find(|one| one.name() == name).map(Rc::clone)
    }

    /// What cannot be used as it is now; the last good one is watched, where there was one.
    pub(super) fn broken(&self) -> impl Iterator<Item = &Broken> {
        self.broken.values().chain(&self.lost)
    }

    /// At the next turn everything is opened again, though no text changed.
    pub(super) fn forget(&mut self) {
        self.seen = None;
        self.anew = true;
    }

    /// Whether everything that is there is watched, be it as it was last.
    pub(super) fn is_whole(&self) -> bool {
        let watched = |place: &PathBuf| self.good.keys().any(|at| at.starts_with(place));
        self.broken.keys().all(watched) && (self.lost.is_none() || !self.good.is_empty())
    }

    /// Looks at the files again. Nothing is parsed where no text changed.
    pub(super) fn turn(
        &mut self,
        folder: &Path,
        paths: &[PathBuf],
        opens: &mut Opens<'_>,
    ) -> Turned {
        let files = match load_each(folder, paths) {
            Ok(files) => files,
            Err(error) => return self.lose(&error, folder, opens.context.now()),
        };
        let lost = self.lost.take().is_some();
        let mark = digest_of(&files);
        // what is broken may be so for a reason that is in no text: a key that is not there, a journal
        if self.seen == Some(mark) && !lost && self.broken.is_empty() {
            return Turned::default();
        }
        self.seen = Some(mark);
        let mut turned = self.take(files, opens);
        turned.changed |= lost;
        turned
    }

    /// Nothing is found: everything stays as it was, and somebody is told.
    fn lose(&mut self, error: &LoadError, folder: &Path, now: Timestamp) -> Turned {
        let why = format!("cannot {error}");
        let changed = self.lost.as_ref().is_none_or(|lost| lost.why != why);
        if changed {
            self.lost = Some(Broken {
                name: name_after(folder),
                path: folder.to_path_buf(),
                why,
                next: vec!["driftlock check".to_owned()],
                since: now,
            });
            self.seen = None;
        }
        Turned {
            changed,
            gone: vec![],
        }
    }

    fn take(
        &mut self,
        files: Vec<Result<ManifestFile, LoadError>>,
        opens: &mut Opens<'_>,
    ) -> Turned {
        let former = std::mem::take(&mut self.good);
        let troubles = std::mem::take(&mut self.broken);
        let mut folders = Folders::default();
        let nothing = BTreeMap::new();
        let known = match std::mem::take(&mut self.anew) {
            true => &nothing,
            false => &former,
        };
        let mut all: Vec<Candidate> = files
            .into_iter()
            .map(|file| Candidate::new(file, known, &mut folders, opens))
            .collect();
        all.sort_by_key(|one| one.rank(&former));
        let mut present = BTreeSet::new();
        for one in all {
            let Candidate { place, path, made } = one;
            self.good.remove(&place);
            let fits = |watched: Rc<Watched>| self.fits(&watched.item).map(|()| watched);
            match made.and_then(fits) {
                Ok(watched) => {
                    self.good.insert(place.clone(), watched);
                }
                Err(why) => {
                    let last = former.get(&place);
                    let known = troubles.get(&place).filter(|known| known.why == why);
                    let broken = Broken {
                        name: last.map_or_else(|| name_after(&path), |last| last.name().clone()),
                        next: vec![format!("driftlock check {}", shell_word(&path))],
                        since: known.map_or_else(|| opens.context.now(), |known| known.since),
                        path,
                        why,
                    };
                    self.broken.insert(place.clone(), broken);
                    // where it is a folder that cannot be read, all that was in it is watched on
                    let lasts = former.iter().filter(|(at, _)| at.starts_with(&place));
                    for (at, last) in lasts {
                        present.insert(at.clone());
                        if self.fits(&last.item).is_ok() {
                            self.good.insert(at.clone(), Rc::clone(last));
                        }
                    }
                }
            }
            present.insert(place);
        }
        let is_same = |(place, one): (&PathBuf, &Rc<Watched>)| {
            former.get(place).is_some_and(|last| Rc::ptr_eq(last, one))
        };
        let same = self.good.len() == former.len() && self.good.iter().all(is_same);
        let changed = !same || self.broken != troubles;
        let gone = former
            .into_iter()
            .filter(|(place, one)| !present.contains(place) && self.find(one.name()).is_none());
        Turned {
            changed,
            gone: gone.map(|(_, one)| one).collect(),
        }
    }

    /// Whether it can be watched beside those that are.
    fn fits(&self, item: &Item) -> Result<(), String> {
        let name = &item.loaded.manifest.name;
        if let Some(other) = self.find(name) {
            let other = other.item.file.path.display();
            return Err(format!("another manifest has its name, {name}: {other}"));
        }
        let located = |item: &Item| -> Vec<_> {
            let of = item.located.iter();
            of.map(|one| (session::full_name(item, &one.target.name), one.clone()))
                .collect()
        };
        let mut all: Vec<_> = self.watched().flat_map(|one| located(&one.item)).collect();
        all.extend(located(item));
        match shared_place(all.iter().map(|(name, one)| (name.clone(), one))) {
            None => Ok(()),
            Some((first, second)) => Err(format!("{first} and {second} are the same place")),
        }
    }
}

/// A file as it is now.
struct Candidate {
    /// Where it lies, the same however it is named.
    place: PathBuf,
    path: PathBuf,
    made: Result<Rc<Watched>, String>,
}

impl Candidate {
    fn new(
        file: Result<ManifestFile, LoadError>,
        known: &BTreeMap<PathBuf, Rc<Watched>>,
        folders: &mut Folders,
        opens: &mut Opens<'_>,
    ) -> Self {
        match file {
            Ok(file) => {
                let place = file.folder.join(file.path.file_name().unwrap_or_default());
                let path = file.path.clone();
                let texts = digest_of(&[Ok(file.clone())]);
                let same = known.get(&place).filter(|last| last.texts == texts);
                let made = match same {
                    Some(last) => Ok(Rc::clone(last)),
                    None => make(file, texts, folders, opens).map(Rc::new),
                };
                Self { place, path, made }
            }
            Err(error) => {
                let path = error.path().unwrap_or(Path::new("")).to_path_buf();
                let place = opens.context.absolute(&path);
                Self {
                    place: place.canonicalize().unwrap_or(place),
                    path,
                    made: Err(format!("cannot {error}")),
                }
            }
        }
    }

    /// Who is asked first whether it fits beside the others. What was watched before does not give way
    /// to what came later, wherever its name stands in the order of files.
    fn rank(&self, former: &BTreeMap<PathBuf, Rc<Watched>>) -> u8 {
        match (&self.made, former.get(&self.place)) {
            (Ok(made), Some(last)) if made.mark == last.mark => 0,
            (Err(_), _) => 1,
            (Ok(made), Some(last)) if made.name() == last.name() => 2,
            (Ok(_), Some(_)) => 3,
            (Ok(_), None) => 4,
        }
    }
}

/// Parses and opens one; why not, without quoting it.
fn make(
    file: ManifestFile,
    texts: [u8; 32],
    folders: &mut Folders,
    opens: &mut Opens<'_>,
) -> Result<Watched, String> {
    let text = Sha256::digest(&file.text);
    let mut loaded = load::load(&file.text).map_err(|problems| first(&problems))?;
    let tightened = folders.tighten(&file, &mut loaded);
    if !tightened.map_err(|error| error.message)? {
        return Err("the rails.yaml of its folder has problems".to_owned());
    }
    let path = opens.context.absolute(&file.path);
    let item = session::item(file, loaded, opens.context);
    let opening = load::open(&item.loaded.manifest, opens.keyring);
    let fingerprinter = match &opening {
        Opening::Open(open) => open.fingerprinter.clone(),
        Opening::Sealed(why) => return Err(format!("it stays sealed: {why}")),
        Opening::Clear => (opens.own_key)(&item)?,
    };
    let manifest = &item.loaded.manifest;
    let owners = manifest
        .variables
        .iter()
        .filter_map(|(name, variable)| Some((name.clone(), variable.metadata.owner.clone()?)));
    let limits = format!("{:?}", manifest.authority_facts());
    let mark = Sha256::new().chain_update(text).chain_update(limits);
    Ok(Watched {
        owners: owners.collect(),
        revision: opens.context.git().revision_of(&[path]).map(|revision| {
            let dirty = if revision.dirty { "+" } else { "" };
            format!("{}{dirty}", revision.commit)
        }),
        mark: crate::model::to_hex(&mark.finalize()[..16]),
        texts,
        fingerprinter: Some(fingerprinter),
        opening,
        item,
    })
}

/// The first of its problems, and how many more there are. Messages of ours quote nothing.
fn first(problems: &[Diagnostic]) -> String {
    let Some(one) = problems.first() else {
        return "it is not valid".to_owned();
    };
    let (line, column) = (one.position.line, one.position.column);
    let more = match problems.len() {
        0 | 1 => String::new(),
        many => format!(" (and {} more)", many - 1),
    };
    format!("line {line}, column {column}: {}{more}", one.message)
}

/// A manifest's name from what its file is called.
fn name_after(path: &Path) -> ManifestName {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain: String = (stem.chars())
        .filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter))
        .collect();
    let named = plain.trim_start_matches(['.', '_', '-']).parse();
    named.unwrap_or_else(|_| "manifests".parse().expect("the name keeps the rule"))
}

/// Of every text that decides anything, read or not.
fn digest_of(files: &[Result<ManifestFile, LoadError>]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    for file in files {
        match file {
            Ok(file) => {
                add(file.path.to_string_lossy().as_bytes());
                add(file.text.as_bytes());
                match crate::source::load_rails(file) {
                    Ok((_, text)) => add(text.unwrap_or_default().as_bytes()),
                    Err(error) => add(error.to_string().as_bytes()),
                }
            }
            Err(error) => add(error.to_string().as_bytes()),
        }
    }
    digest.finalize().into()
}
