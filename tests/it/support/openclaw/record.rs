//! What the stand-in notes of itself, and how it is told to misbehave.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct Record(PathBuf);

impl Record {
    /// In this folder, which is made.
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        Self(folder.to_owned())
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Each request, as `METHOD path status credential`; the credential is `none`, `right` or `wrong`.
    pub fn requests(&self) -> Vec<String> {
        self.lines("requests")
    }

    /// Each start and end, as `started pid=… port=… token=…`, `restarted …`, `stopped pid=…` or
    /// `refused status=…`. `token` is where it came from: `flag`, `config`, `ref-file` and the other
    /// sources, `env`, `dotenv`, `env.vars`, `generated`, `none`.
    pub fn starts(&self) -> Vec<String> {
        self.lines("starts")
    }

    /// Each command line, as everybody on the machine could have seen it.
    pub fn calls(&self) -> Vec<String> {
        self.lines("calls")
    }

    /// From now on it answers like this: `html`, `502`, `503`, `close`, `hang`; or, if it starts
    /// later, not at all: `deaf`.
    pub fn behave(&self, how: &str) {
        let beside = self.0.join("behave.new");
        fs::write(&beside, how).unwrap();
        fs::rename(beside, self.0.join("behave")).unwrap();
    }

    pub fn behave_well(&self) {
        let _well_already = fs::remove_file(self.0.join("behave"));
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
