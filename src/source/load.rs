//! Reading manifests from the disk.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::ManifestFile;

/// The largest manifest that is read.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The limits of a folder; it is not a manifest.
pub(super) const RAILS_FILE: &str = "rails.yaml";

/// The folder that is looked at when nothing is named.
const DEFAULT_FOLDER: &str = "manifests";

/// Why there are no manifests to work with. Holds no file content.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing was named, and the default is not there.
    #[error(
        "find a manifest: there is no folder `manifests` here; run `driftlock init` to begin, or \
         name a manifest"
    )]
    NoDefault,
    /// A folder without manifests.
    #[error("find a manifest in {path}: the folder has no *.yaml or *.yml file")]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The limits of a folder, named as a manifest.
    #[error(
        "use {path} as a manifest: it holds the limits of the manifests beside it; name one of \
         those, or the folder"
    )]
    Rails {
        /// The path.
        path: PathBuf,
    },
    /// Limits that lie somewhere else, or are no text.
    #[error(
        "read {path}: the limits of a folder must be a regular file in it, and no link, folder or \
         device; nothing in this folder is read without them"
    )]
    RailsNotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A device, a pipe or the like.
    #[error("read the manifest {path}: it is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Larger than any manifest may be.
    #[error("read the manifest {path}: it is larger than 8 MiB")]
    TooLarge {
        /// The path.
        path: PathBuf,
    },
    /// Not text.
    #[error("read the manifest {path}: it is not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The path.
        path: PathBuf,
        /// The first byte that does not fit, counted from 0.
        position: usize,
    },
    /// The system refused.
    #[error("read {path}")]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl LoadError {
    /// The file or folder that it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NoDefault => None,
            Self::EmptyFolder { path }
            | Self::Rails { path }
            | Self::RailsNotAFile { path }
            | Self::NotAFile { path }
            | Self::TooLarge { path }
            | Self::NotUtf8 { path, .. }
            | Self::Io { path, .. } => Some(path),
        }
    }
}

/// Loads what was named: files as they are, of folders each `*.yaml` and `*.yml` in them, sorted,
/// hidden ones left out. Nothing named means the folder `manifests` in `cwd`. A file that is named
/// twice is loaded once.
pub fn load_manifests(cwd: &Path, arguments: &[PathBuf]) -> Result<Vec<ManifestFile>, LoadError> {
    load_each(cwd, arguments)?.into_iter().collect()
}

/// The same, where one file that cannot be read does not hide the others. An error as a whole only
/// where nothing was named and there is no default.
pub fn load_each(
    cwd: &Path,
    arguments: &[PathBuf],
) -> Result<Vec<Result<ManifestFile, LoadError>>, LoadError> {
    let default = [PathBuf::from(DEFAULT_FOLDER)];
    let arguments = match arguments {
        [] if cwd.join(DEFAULT_FOLDER).is_dir() => &default,
        [] => return Err(LoadError::NoDefault),
        named => named,
    };
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for argument in arguments {
        let paths = match expand(cwd, argument) {
            Ok(paths) => paths,
            Err(error) => {
                files.push(Err(error));
                continue;
            }
        };
        for path in paths {
            // what is not there is said by whoever reads it
            let real = fs::canonicalize(cwd.join(&path)).unwrap_or_else(|_| cwd.join(&path));
            if seen.insert(real) {
                files.push(load_manifest(cwd, &path));
            }
        }
    }
    Ok(files)
}

fn expand(cwd: &Path, argument: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let absolute = cwd.join(argument);
    let metadata = fs::metadata(&absolute).map_err(|error| io_error(argument, error))?;
    if !metadata.is_dir() {
        let path = argument.to_path_buf();
        return if argument.file_name().is_some_and(|name| name == RAILS_FILE) {
            Err(LoadError::Rails { path })
        } else {
            Ok(vec![path])
        };
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(&absolute).map_err(|error| io_error(argument, error))? {
        let entry = entry.map_err(|error| io_error(argument, error))?;
        let name = PathBuf::from(entry.file_name());
        if is_manifest_name(&name) {
            paths.push(argument.join(name));
        }
    }
    paths.sort();
    if paths.is_empty() {
        let path = argument.to_path_buf();
        return Err(LoadError::EmptyFolder { path });
    }
    Ok(paths)
}

/// Hidden files are editors' leftovers.
fn is_manifest_name(name: &Path) -> bool {
    is_yaml_name(name) && name.as_os_str() != RAILS_FILE
}

/// As the name of a manifest, or of what limits them.
pub(super) fn is_yaml_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let hidden = name.as_encoded_bytes().starts_with(b".");
    !hidden
        && path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The `rails.yaml` beside a manifest: where people look for it, and its text. `None` where there is
/// none. A link is refused: it could lead to a file that others own, and git knows it by its link.
pub fn load_rails(manifest: &ManifestFile) -> Result<(PathBuf, Option<String>), LoadError> {
    let path = manifest.path.with_file_name(RAILS_FILE);
    let absolute = manifest.folder.join(RAILS_FILE);
    match fs::symlink_metadata(&absolute) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((path, None)),
        Err(error) => return Err(io_error(&path, error)),
        Ok(metadata) if !metadata.is_file() => return Err(LoadError::RailsNotAFile { path }),
        Ok(_) => {}
    }
    let text = read_text(&absolute, &path)?;
    Ok((path, Some(text)))
}

/// The text of a regular file of bounded size, which may be a link to one.
pub(super) fn read_text(absolute: &Path, path: &Path) -> Result<String, LoadError> {
    let bytes = read_bounded(absolute, path)?;
    String::from_utf8(bytes).map_err(|error| LoadError::NotUtf8 {
        path: path.to_path_buf(),
        position: error.utf8_error().valid_up_to(),
    })
}

fn load_manifest(cwd: &Path, path: &Path) -> Result<ManifestFile, LoadError> {
    let absolute = cwd.join(path);
    let text = read_text(&absolute, path)?;
    Ok(ManifestFile {
        path: path.to_path_buf(),
        folder: real_folder(&absolute, cwd).map_err(|error| io_error(path, error))?,
        text,
        revision: None,
    })
}

/// The folder without links and `..`: however a manifest is named, its targets are the same places,
/// and its records the same records.
fn real_folder(file: &Path, cwd: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(file.parent().unwrap_or(cwd))
}

/// The bytes of a regular file of bounded size.
fn read_bounded(absolute: &Path, path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |error| io_error(path, error);
    // Before it is opened: opening a device can do something.
    check(&fs::metadata(absolute).map_err(failed)?, path)?;
    let file = open_without_waiting(absolute).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check(&metadata, path)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let path = path.to_path_buf();
        return Err(LoadError::TooLarge { path });
    }
    Ok(bytes)
}

fn check(metadata: &fs::Metadata, path: &Path) -> Result<(), LoadError> {
    let path = path.to_path_buf();
    if !metadata.is_file() {
        Err(LoadError::NotAFile { path })
    } else if metadata.len() > MAX_BYTES {
        Err(LoadError::TooLarge { path })
    } else {
        Ok(())
    }
}

/// A pipe that took the place of the file a moment ago must not hang us.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn io_error(path: &Path, source: io::Error) -> LoadError {
    let path = path.to_path_buf();
    LoadError::Io { path, source }
}
