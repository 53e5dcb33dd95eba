//! What is to be run, by whomever: plain data, gathered once from command line, environment and
//! manifests.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::manifest::format_duration;

/// One schedule.
#[derive(Debug, Clone, Default)]
pub(super) struct Job {
    /// Tells it from other schedules of this machine: `driftlock-NAME`.
    pub(super) name: String,
    /// This program, absolute.
    pub(super) program: String,
    /// Absolute; with a checkout as they are named in it.
    pub(super) manifests: Vec<String>,
    pub(super) every: Duration,
    /// Words of `driftlock reconcile` that are the same however it is run.
    pub(super) flags: Vec<String>,
    /// Words that only the long-running form takes.
    pub(super) serving: Vec<String>,
    /// Key files, absolute.
    pub(super) identities: Vec<String>,
    /// Not secret: where things are, and who this machine is.
    pub(super) settings: Vec<(String, String)>,
    /// Where programs are found.
    pub(super) path: String,
    /// A file of `NAME=value` lines with tokens, absolute.
    pub(super) environment_file: Option<String>,
    /// As whom it runs.
    pub(super) account: Account,
    /// Whether it belongs to the system or to the user.
    pub(super) system: bool,
    /// Folders that it writes to, absolute.
    pub(super) writes: BTreeSet<String>,
    /// What the manifests need of this machine.
    pub(super) needs: Needs,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// By name; its number where it has none.
    pub(super) user: String,
    pub(super) uid: u32,
    pub(super) home: Option<String>,
}

/// What a sandbox must leave open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Needs {
    /// There are targets that are files of this machine: their owners are kept.
    pub(super) files: bool,
    /// Programs of this machine are run for them: any program.
    pub(super) programs: bool,
    /// Processes of this machine are looked at.
    pub(super) processes: bool,
}

impl Job {
    /// The name of its unit, without an ending.
    pub(super) fn unit(&self) -> String {
        format!("driftlock-{}", self.name)
    }

    /// All words behind the program but the identities: as a loop, or once.
    pub(super) fn words(&self, once: bool) -> Vec<String> {
        let mut words = vec!["reconcile".to_owned()];
        match once {
            true => words.push("--once".to_owned()),
            false => {
                words.extend(["--every".to_owned(), format_duration(self.every)]);
                words.extend(self.serving.iter().cloned());
            }
        }
        words.extend(self.flags.iter().cloned());
        words
    }

    /// The manifests, kept from being taken for flags.
    pub(super) fn operands(&self) -> Vec<String> {
        let mut words = vec![];
        if !self.manifests.is_empty() {
            words.push("--".to_owned());
            words.extend(self.manifests.iter().cloned());
        }
        words
    }

    /// All of it with the identities by their paths.
    pub(super) fn words_with_identities(&self, once: bool) -> Vec<String> {
        let mut words = self.words(once);
        for file in &self.identities {
            words.extend(["--identity".to_owned(), file.clone()]);
        }
        words.extend(self.operands());
        words
    }

    /// `PATH` and the settings.
    pub(super) fn environment(&self) -> Vec<(&str, &str)> {
        let path = [("PATH", self.path.as_str())];
        let settings = self.settings.iter();
        path.into_iter()
            .chain(settings.map(|(name, value)| (name.as_str(), value.as_str())))
            .collect()
    }

    /// Whether any of its files is in a folder for temporary files, of which a sandbox would have its
    /// own.
    pub(super) fn is_in_tmp(&self) -> bool {
        let files = [&self.program].into_iter().chain(&self.manifests);
        let mut files = (files.chain(&self.flags).chain(&self.writes))
            .chain(&self.environment_file)
            .chain(self.settings.iter().map(|(_, value)| value));
        let starts = |text: &String| ["/tmp/", "/var/tmp/"].iter().any(|at| text.starts_with(at));
        files.any(starts)
    }

    /// What moves it within its interval.
    pub(super) fn spread(&self) -> u64 {
        let mut all = vec![self.name.clone(), self.account.user.clone()];
        all.extend(self.manifests.iter().cloned());
        super::interval::spread(&all.join("\0"))
    }
}
