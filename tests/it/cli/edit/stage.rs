//! A shop whose manifest is edited, with a place in memory of its own and editors that are scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::leaks::forms::Canary;
use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::world::{Run, World};

/// What an editor writes in the place of [`TOKEN`].
pub(super) const NEW: &str = "canary-edited-\"q\"-90c2";

pub(super) struct Stage {
    pub(super) world: World,
    /// In memory where there is such a place, as a user's own runtime folder.
    pub(super) memory: tempfile::TempDir,
}

/// A folder for one user, in memory if possible.
fn memory() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    builder
        .prefix("dl-runtime-")
        .permissions(fs::Permissions::from_mode(0o700));
    let shared = Path::new("/dev/shm");
    match shared.is_dir() {
        true => builder.tempdir_in(shared),
        false => builder.tempdir(),
    }
    .unwrap()
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(shop())
    }

    pub(super) fn with(mut world: World) -> Self {
        let memory = memory();
        world.variable("XDG_RUNTIME_DIR", &memory.path().display().to_string());
        // on a system without such a place the text lies here
        fs::create_dir(world.root().join("tmp")).unwrap();
        world.variable("TMPDIR", &world.root().join("tmp").display().to_string());
        let _not_there = fs::remove_file(world.path(".env"));
        Self { world, memory }
    }

    /// Makes this the editor: lines of a shell, with the file in `$1`.
    pub(super) fn editor(&self, lines: &str) -> String {
        let path = self.world.root().join("editor.sh");
        fs::write(&path, format!("set -e\n{lines}\n")).unwrap();
        format!("sh {}", path.display())
    }

    pub(super) fn command(&self, line: &str, editor: &str) -> Command {
        let mut command = self.world.command(line.split_whitespace());
        command.env("EDITOR", editor);
        command
    }

    /// `edit` with such an editor.
    pub(super) fn edit(&self, lines: &str) -> Run {
        self.runs("edit", lines)
    }

    pub(super) fn runs(&self, line: &str, lines: &str) -> Run {
        let run = Run::of(self.command(line, &self.editor(lines)));
        self.is_clean(&format!("{line}: {lines}"));
        run.hides(TOKEN).hides(PASSWORD).hides(NEW)
    }

    /// A line that makes the editor put [`NEW`] in the place of the token.
    pub(super) fn renew() -> String {
        let new = NEW.replace('"', "\\\\\"");
        format!("sed -i 's|secret: {TOKEN}|secret: \"{new}\"|' \"$1\"")
    }

    /// No value is in clear anywhere, and no room is left. The scripts themselves know values.
    #[track_caller]
    pub(super) fn is_clean(&self, when: &str) {
        let canaries = [TOKEN, PASSWORD, NEW].map(|text| Canary::new("a value", text));
        let mut files: Vec<(PathBuf, Vec<u8>)> = self.world.files().into_iter().collect();
        files.retain(|(path, _)| !path.ends_with("editor.sh"));
        for path in below(self.memory.path()) {
            let name = path.display().to_string();
            // killed before it was a room: nothing but its lock, and removed by an edit of later
            let is_stillborn = name.ends_with(".new/.lock")
                || (name.ends_with(".new")
                    && below(&path).iter().all(|one| one.ends_with(".lock")));
            let is_room = name.contains("driftlock-edit-") && !is_stillborn;
            assert!(!is_room, "{when}: {name} is left");
            files.push((path.clone(), fs::read(&path).unwrap_or_default()));
        }
        for (path, bytes) in files {
            let text = String::from_utf8_lossy(&bytes);
            for canary in &canaries {
                let found = canary.found_in(&text);
                assert_eq!(found, None, "{when}: a value in {}", path.display());
            }
        }
    }

    /// The sealed text that is kept.
    pub(super) fn drafts(&self) -> Vec<PathBuf> {
        let mut found = below(&self.world.root().join("state/driftlock/drafts"));
        let beside = below(self.memory.path()).into_iter();
        let is_draft = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.is_file() && name.starts_with("driftlock-draft-")
        };
        found.extend(beside.filter(is_draft));
        found
    }

    pub(super) fn manifest(&self) -> String {
        self.world.read(MANIFEST)
    }

    pub(super) fn token(&self) -> String {
        self.world.revealed("API_TOKEN")
    }
}

/// Files and folders.
pub(super) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}
