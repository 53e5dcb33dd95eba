//! Where files are for others than this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::context::Context;
use crate::render::report::Place;
use crate::source;

/// Without links, as far as the path is there.
pub(super) fn real(path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path);
    whole.unwrap_or_else(|_| {
        let folder = path
            .parent()
            .and_then(|folder| fs::canonicalize(folder).ok());
        match (folder, path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}

/// Where files are for others: below the top folder of their repository, else below this run's.
pub(super) struct Places<'a> {
    context: &'a Context,
    asks_git: bool,
    /// By folder.
    roots: BTreeMap<PathBuf, Option<PathBuf>>,
    here: PathBuf,
}

impl<'a> Places<'a> {
    pub(super) fn new(context: &'a Context, asks_git: bool) -> Self {
        Self {
            context,
            asks_git,
            roots: BTreeMap::new(),
            here: real(&context.folder),
        }
    }

    /// Of an absolute path without links.
    pub(super) fn of(&mut self, path: &Path) -> Place {
        let folder = path.parent().unwrap_or(path);
        if !self.roots.contains_key(folder) {
            let root = self.root(folder);
            self.roots.insert(folder.to_owned(), root);
        }
        let root = self.roots.get(folder).and_then(Option::as_ref);
        let bases = root.into_iter().chain([&self.here]);
        let mut below = bases.filter_map(|base| path.strip_prefix(base).ok());
        match below.next() {
            Some(below) => Place::Below(below.to_owned()),
            None => Place::Absolute(path.to_owned()),
        }
    }

    /// Git does not answer in a repository of another user, as in a job's container.
    fn root(&self, folder: &Path) -> Option<PathBuf> {
        if !self.asks_git {
            return None;
        }
        let by_git = self.context.git().repository_root(folder);
        by_git.or_else(|| {
            let tree = source::work_tree_around(folder);
            tree.join(".git").exists().then_some(tree)
        })
    }
}
