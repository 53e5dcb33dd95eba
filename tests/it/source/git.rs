//! The history around a manifest, in real repositories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftlock::source::{Git, SourceError};

struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        fs::create_dir(repository.0.path().join("manifests")).unwrap();
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        run_git(self.0.path(), arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("manifests").join(name)
    }

    fn commit(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "-m", "c"]);
        self.git(&["rev-parse", "HEAD"])
    }
}

fn run_git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn git() -> Git {
    // Variables of a hook, that point elsewhere, must not get through.
    let hook = [("GIT_DIR", "/nowhere"), ("GIT_INDEX_FILE", "/nowhere")];
    let hook = hook.map(|(name, value)| (name.into(), value.into()));
    Git::new(std::env::vars_os().chain(hook))
}

#[test]
fn a_former_text_is_found_by_any_name_of_its_commit() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    let first = repository.commit("m.yaml", "one");
    repository.commit("m.yaml", "two");
    repository.git(&["tag", "released", &first]);
    let path = repository.path("m.yaml");
    let load = |revision: &str| git().load_at_revision(&path, revision).unwrap();
    for revision in [first.as_str(), &first[..8], "HEAD~1", "released"] {
        assert_eq!(load(revision).as_deref(), Some("one"), "{revision}");
    }
    assert_eq!(load("main").as_deref(), Some("two"));
}

#[test]
fn a_file_that_did_not_exist_then_is_none_and_a_link_is_refused() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    let first = repository.commit("a.yaml", "one");
    std::os::unix::fs::symlink("a.yaml", repository.path("link.yaml")).unwrap();
    repository.commit("b [x]*.yaml", "two");
    let odd = repository.path("b [x]*.yaml");
    assert_eq!(git().load_at_revision(&odd, &first).unwrap(), None);
    assert_eq!(
        git().load_at_revision(&odd, "HEAD").unwrap().as_deref(),
        Some("two")
    );
    let star = repository.path("*");
    assert_eq!(git().load_at_revision(&star, "HEAD").unwrap(), None);
    let error = git()
        .load_at_revision(&repository.path("link.yaml"), "HEAD")
        .unwrap_err();
    assert!(matches!(error, SourceError::NotAFile { .. }), "{error}");
}

#[test]
fn what_names_no_commit_is_refused_and_never_an_option() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    repository.commit("m.yaml", "one");
    let path = repository.path("m.yaml");
    let error = |revision: &str| git().load_at_revision(&path, revision).unwrap_err();
    for bad in ["", "-", "--output=x", "-h", "a\nb", "a\0b"] {
        assert!(matches!(error(bad), SourceError::BadRevision), "{bad:?}");
    }
    for unknown in ["nobranch", "HEAD~7", "HEAD:manifests", "0123456789"] {
        let error = error(unknown);
        assert!(
            matches!(error, SourceError::UnknownRevision { .. }),
            "{unknown}: {error}"
        );
    }
    assert_eq!(fs::read_dir(repository.path("")).unwrap().count(), 1);
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    let first = repository.commit("m.yaml", "one");
    repository.commit("m.yaml", "two");
    let clone = tempfile::tempdir().unwrap();
    let from = format!("file://{}", repository.0.path().display());
    run_git(clone.path(), &["clone", "--quiet", "--depth=1", &from, "c"]);
    let path = clone.path().join("c/manifests/m.yaml");
    assert_eq!(
        git().load_at_revision(&path, "HEAD").unwrap().as_deref(),
        Some("two")
    );
    let error = git()
        .load_at_revision(&path, &first)
        .unwrap_err()
        .to_string();
    assert!(error.contains("fetch-depth: 0"), "{error}");
}

#[test]
fn former_texts_are_bounded_and_must_be_text() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    fs::write(repository.path("latin.yaml"), b"caf\xe9").unwrap();
    repository.commit("large.yaml", &"#".repeat(8 * 1024 * 1024 + 1));
    let error = |name| {
        git()
            .load_at_revision(&repository.path(name), "HEAD")
            .unwrap_err()
    };
    assert!(matches!(
        error("latin.yaml"),
        SourceError::NotUtf8 { position: 3, .. }
    ));
    assert!(matches!(error("large.yaml"), SourceError::TooLarge { .. }));
}

#[test]
fn a_revision_knows_whether_its_manifests_differ() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    let (path, other) = (repository.path("m.yaml"), repository.path("new.yaml"));
    let revision = |files: &[&PathBuf]| {
        let files: Vec<PathBuf> = files.iter().map(|file| (*file).clone()).collect();
        git().revision_of(&files)
    };
    fs::write(&path, "one").unwrap();
    assert_eq!(revision(&[&path]), None, "no commit yet");
    let commit = repository.commit("m.yaml", "one");
    let clean = revision(&[&path]).unwrap();
    assert_eq!((clean.commit, clean.dirty), (commit, false));
    fs::write(&other, "two").unwrap();
    assert!(
        !revision(&[&path]).unwrap().dirty,
        "only what was asked for counts"
    );
    assert!(
        revision(&[&path, &other]).unwrap().dirty,
        "not in the commit"
    );
    fs::write(repository.path(".gitignore"), "new.yaml").unwrap();
    assert!(
        revision(&[&other]).unwrap().dirty,
        "ignored, not in the commit"
    );
    fs::write(&path, "edited").unwrap();
    assert!(revision(&[&path]).unwrap().dirty);
}

#[test]
fn outside_of_a_repository_nothing_is_claimed() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.yaml");
    fs::write(&path, "one").unwrap();
    assert_eq!(git().revision_of(std::slice::from_ref(&path)), None);
    assert_eq!(git().is_ignored(&path), None);
    assert_eq!(git().repository_root(folder.path()), None);
    let error = git().load_at_revision(&path, "HEAD").unwrap_err();
    assert!(matches!(error, SourceError::NoRepository { .. }), "{error}");
    let nowhere = Git::new([("PATH".into(), folder.path().into())]);
    let error = nowhere.load_at_revision(&path, "HEAD").unwrap_err();
    assert!(matches!(error, SourceError::NoGit), "{error}");
}

#[test]
fn ignored_paths_and_the_root_are_found() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    repository.commit(".gitignore", "*.key\n");
    assert_eq!(git().is_ignored(&repository.path("a.key")), Some(true));
    assert_eq!(git().is_ignored(&repository.path("a.yaml")), Some(false));
    let root = git().repository_root(&repository.path("")).unwrap();
    assert_eq!(root, repository.0.path().canonicalize().unwrap());
}

#[test]
fn a_repository_cannot_make_us_run_its_programs() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let repository = Repository::new();
    repository.commit("m.yaml", "one");
    let mark = repository.0.path().join("ran");
    let program = format!("touch {}; false", mark.display());
    for key in [
        "core.fsmonitor",
        "core.pager",
        "diff.x.textconv",
        "filter.x.smudge",
    ] {
        repository.git(&["config", key, &program]);
    }
    repository.commit(".gitattributes", "*.yaml diff=x filter=x\n");
    drop(fs::remove_file(&mark));
    let path = repository.path("m.yaml");
    let text = git().load_at_revision(&path, "HEAD").unwrap();
    assert_eq!(text.as_deref(), Some("one"));
    assert!(git().revision_of(&[path]).is_some());
    assert!(!mark.exists());
}
