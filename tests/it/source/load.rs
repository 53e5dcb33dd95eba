//! Files and folders as people name them.

use std::fs;
use std::path::{Path, PathBuf};

use driftlock::source::{LoadError, MAX_BYTES, load_manifests};

fn load(cwd: &Path, arguments: &[&str]) -> Result<Vec<(String, String)>, LoadError> {
    let arguments: Vec<PathBuf> = arguments.iter().map(PathBuf::from).collect();
    let files = load_manifests(cwd, &arguments)?;
    let pair = |file: driftlock::source::ManifestFile| {
        assert!(file.folder.is_absolute() && file.revision.is_none());
        (file.path.display().to_string(), file.text)
    };
    Ok(files.into_iter().map(pair).collect())
}

fn paths(cwd: &Path, arguments: &[&str]) -> Vec<String> {
    let files = load(cwd, arguments).unwrap();
    files.into_iter().map(|(path, _)| path).collect()
}

fn world() -> tempfile::TempDir {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().join("manifests");
    fs::create_dir_all(folder.join("deeper")).unwrap();
    for name in [
        "b.yaml",
        "a.yml",
        ".hidden.yaml",
        "notes.txt",
        "deeper/c.yaml",
    ] {
        fs::write(folder.join(name), name).unwrap();
    }
    world
}

#[test]
fn a_folder_gives_its_manifests_sorted_and_not_those_of_folders_in_it() {
    let world = world();
    assert_eq!(
        paths(world.path(), &["manifests"]),
        ["manifests/a.yml", "manifests/b.yaml"]
    );
    assert_eq!(
        paths(world.path(), &[]),
        ["manifests/a.yml", "manifests/b.yaml"]
    );
}

#[test]
fn named_files_are_taken_as_named_and_once() {
    let world = world();
    let named = ["manifests/notes.txt", "./manifests/b.yaml", "manifests"];
    assert_eq!(
        paths(world.path(), &named),
        [
            "manifests/notes.txt",
            "./manifests/b.yaml",
            "manifests/a.yml"
        ]
    );
    let files = load_manifests(world.path(), &["./manifests/b.yaml".into()]).unwrap();
    assert_eq!(files[0].folder, world.path().join("manifests"));
}

#[test]
fn what_cannot_be_a_manifest_is_refused_with_the_reason() {
    let world = world();
    let refused = |name: &str| load(world.path(), &[name]).unwrap_err().to_string();
    fs::write(world.path().join("latin"), b"name: caf\xe9").unwrap();
    assert_eq!(
        refused("latin"),
        "read the manifest latin: it is not UTF-8 at byte 9"
    );
    assert_eq!(
        refused("/dev/zero"),
        "read the manifest /dev/zero: it is not a regular file"
    );
    assert_eq!(refused("absent.yaml"), "read absent.yaml");
    fs::create_dir(world.path().join("empty")).unwrap();
    let error = "find a manifest in empty: the folder has no *.yaml or *.yml file";
    assert_eq!(refused("empty"), error);
    let pipe = world.path().join("manifests/pipe.yaml");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(refused("manifests").ends_with("pipe.yaml: it is not a regular file"));
}

#[test]
fn eight_mebibytes_are_read_and_one_byte_more_is_not() {
    let world = world();
    let path = world.path().join("large.yaml");
    fs::write(&path, vec![b'#'; usize::try_from(MAX_BYTES).unwrap()]).unwrap();
    assert!(load(world.path(), &["large.yaml"]).is_ok());
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(MAX_BYTES + 1).unwrap();
    let error = load(world.path(), &["large.yaml"]).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { .. }));
}

#[test]
fn nothing_named_and_no_default_says_how_to_begin() {
    let world = tempfile::tempdir().unwrap();
    let error = load(world.path(), &[]).unwrap_err().to_string();
    assert!(error.contains("driftlock init"), "{error}");
}
