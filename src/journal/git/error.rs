//! Why a journal in a git remote could not be used.

use std::path::PathBuf;

use crate::git::RunError;

/// What went wrong between us and the remote. Holds no address: those may have passwords in them.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The manifests are in no repository.
    #[error(
        "keep the journal in git: {path} is not in a git repository, or in one that belongs to another user"
    )]
    NoRepository {
        /// The folder of the manifest.
        path: PathBuf,
    },
    /// A manifest of the run lies elsewhere.
    #[error(
        "keep the journal in git: the manifest {manifest} does not lie in the repository of the others; run it by itself"
    )]
    OtherRepository {
        /// The manifest's scope.
        manifest: String,
    },
    /// There is no remote to choose.
    #[error(
        "keep the journal in git: this repository has no remote, or several and none is called origin; name one with --journal git:REMOTE"
    )]
    NoRemote,
    /// No remote of that name.
    #[error("keep the journal in git: this repository has no remote `{remote}`")]
    NoSuchRemote {
        /// As it was given.
        remote: String,
    },
    /// Not a name that a ref can have.
    #[error(
        "keep the journal in git: `{reference}` is no name for a ref; it begins with refs/, for example refs/driftlock/journal or refs/heads/driftlock-journal"
    )]
    BadReference {
        /// As it was given.
        reference: String,
    },
    /// The program, not the remote.
    #[error(transparent)]
    Program(#[from] RunError),
    /// It cannot be asked.
    #[error("reach the journal at {place}: {why}")]
    Unreachable {
        /// Where.
        place: String,
        /// In our own words.
        why: &'static str,
    },
    /// It can be read and not written.
    #[error("write to the journal at {place}: {why}")]
    Denied {
        /// Where.
        place: String,
        /// In our own words.
        why: &'static str,
    },
    /// Others wrote all the time.
    #[error("write to the journal at {place}: others kept writing to it; try again")]
    Busy {
        /// Where.
        place: String,
    },
    /// Git's own work in this clone failed.
    #[error("use the journal at {place}: git could not {what} in this clone")]
    Clone {
        /// Where.
        place: String,
        /// Which work.
        what: &'static str,
    },
    /// Something else is there.
    #[error(
        "use the journal at {place}: what is there is not a driftlock journal; nothing was changed"
    )]
    Foreign {
        /// Where.
        place: String,
    },
    /// A later version made it.
    #[error(
        "use the journal at {place}: it was written by a newer driftlock (format {found}, this one knows {known}); nothing was changed, upgrade driftlock"
    )]
    Newer {
        /// Where.
        place: String,
        /// What it says.
        found: String,
        /// What we write.
        known: u32,
    },
    /// It is not what this machine saw before.
    #[error("use the journal at {place}: {what}")]
    Rewound {
        /// Where.
        place: String,
        /// What is missing of what was seen.
        what: String,
    },
    /// Another run took the lease; what it writes must not be mixed with ours.
    #[error("write to the journal at {place}: the lease was taken by {by}")]
    Fenced {
        /// Where.
        place: String,
        /// Who has it now.
        by: String,
    },
}

impl GitError {
    /// Whether it may be had another time: nothing is wrong with the journal itself.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Program(RunError::TimedOut(_))
        )
    }
}
