//! The file that node_exporter's textfile collector reads, for runs that do not stay.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why the metrics were not written; what was there before still is. Texts fit after "cannot".
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The collector reads only these.
    #[error(
        "write metrics to {path}: its name has to end in .prom, or node_exporter does not read it"
    )]
    NotProm {
        /// The path.
        path: PathBuf,
    },
    /// A folder, a device, a link.
    #[error(
        "write metrics to {path}: there is something that is no regular file, and it is left alone"
    )]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The folder is missing.
    #[error("write metrics to {path}: its folder does not exist")]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("write metrics to {path}: {}", source.kind())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Puts the metrics there, whole or not at all, readable by everybody (0644): the collector runs as
/// another user, and there is no secret in them.
///
/// # Errors
/// The name does not end in `.prom`, or it cannot be written; then the former file is as it was.
pub fn write_metrics_file(path: &Path, text: &str) -> Result<(), FileError> {
    let at = || path.to_path_buf();
    // `.prom` alone is a name without an ending, and hidden
    let ends = path.extension().is_some_and(|ending| ending == "prom");
    if !ends {
        return Err(FileError::NotProm { path: at() });
    }
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => return Err(FileError::NotAFile { path: at() }),
        _ => {}
    }
    replace(path, text).map_err(|source| match source.kind() {
        ErrorKind::NotFound => FileError::NoFolder { path: at() },
        _ => FileError::Io { path: at(), source },
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // the collector takes no file whose name does not end in `.prom`
    let mut file = tempfile::Builder::new()
        .prefix(".driftlock-")
        .suffix(".tmp")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
