//! `git pre-commit`: no secret leaves in clear with a commit.
//!
//! It looks at the index that the commit is made of, and never at the work tree. What it finds is
//! named by file, line and variable; a value is never part of it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::merge::shown;
use super::staged::{Index, Staged};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::manifest::{MAX_BYTES, begins_as_manifest, says_driftlock};
use crate::model::holds_identity;
use crate::reconcile::staged::{Finding, Secrets, Weight, findings};

/// Other files are looked at up to this size.
const MAX_FILE: u64 = 1024 * 1024;
/// Manifests of the repository that are opened to know its secrets.
const MAX_MANIFESTS: usize = 100;

/// Refuse what must not be committed: secrets in clear, identities, manifests that are broken
///
/// Looks at what is staged: a variable that was encrypted and is now clear, a clear text that looks
/// like a secret, a manifest that does not parse or holds marks of a merge, an age identity in any
/// file. With an identity at hand also any file that holds a secret of a manifest. A comment
/// `# driftlock: clear` on the line of a variable, or right above it, says that it is public;
/// `git commit --no-verify` leaves all of this out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock git pre-commit                          everything that is staged
  driftlock git pre-commit manifests/dev.yaml       this file, as it is staged")]
pub(crate) struct PreCommitArgs {
    /// Files, as they are staged [default: all that the commit changes]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(
    arguments: &PreCommitArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let index = Index::open(context)?;
    let staged = match &arguments.files[..] {
        [] => index.changed()?,
        files => match index.named(files)? {
            staged if staged.is_empty() => {
                return Err(
                    CommandError::error("none of these files is staged").hint("git add them")
                );
            }
            staged => staged,
        },
    };
    let mut look = Look::of(&index, &staged)?;
    look.own_findings();
    let mut keyring = session::quiet_keyring(global, context);
    let secrets = Secrets::of(&look.manifests(&index)?, &mut keyring);
    ui.protect(secrets.values(), []);
    for file in &mut look.files {
        let found = secrets.new_in(&file.content, &file.before);
        let found = found
            .into_iter()
            .map(|(secret, line)| Finding::holds(secret, line));
        file.findings.extend(found);
    }
    Ok(look.tell(ui))
}

/// YAML that says so anywhere; of other files, those that begin so.
fn is_manifest(path: &Path, text: &str) -> bool {
    match is_yaml(path) {
        true => says_driftlock(text),
        false => begins_as_manifest(text),
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// One file, staged and before.
struct File {
    path: PathBuf,
    content: Zeroizing<Vec<u8>>,
    before: Zeroizing<Vec<u8>>,
    findings: Vec<Finding>,
}

struct Look {
    files: Vec<File>,
}

impl Look {
    fn of(index: &Index<'_>, staged: &[Staged]) -> Result<Self, CommandError> {
        let mut blobs: Vec<&str> = staged.iter().map(|one| one.blob.as_str()).collect();
        blobs.extend(staged.iter().filter_map(|one| one.before.as_deref()));
        blobs.sort_unstable();
        blobs.dedup();
        let sizes = index.sizes(&blobs)?;
        let large: HashSet<&str> = staged
            .iter()
            .filter(|one| is_yaml(&one.path))
            .flat_map(|one| [Some(one.blob.as_str()), one.before.as_deref()])
            .flatten()
            .collect();
        let wanted: Vec<(&str, u64)> = blobs
            .iter()
            .zip(sizes)
            .filter(|(id, size)| {
                *size <= MAX_FILE || (*size <= MAX_BYTES as u64 && large.contains(*id))
            })
            .map(|(id, size)| (*id, size))
            .collect();
        let mut contents: BTreeMap<&str, Zeroizing<Vec<u8>>> = BTreeMap::new();
        index.read(&wanted, &mut |place, bytes| {
            contents.insert(wanted[place].0, Zeroizing::new(bytes.to_vec()));
        })?;
        let content = |id: Option<&str>| {
            let found = id.and_then(|id| contents.get(id));
            found.cloned().unwrap_or_default()
        };
        let files = staged.iter().map(|one| File {
            path: one.path.clone(),
            content: content(Some(&one.blob)),
            before: content(one.before.as_deref()),
            findings: vec![],
        });
        Ok(Self {
            files: files.collect(),
        })
    }

    /// What can be seen in each file by itself.
    fn own_findings(&mut self) {
        for file in &mut self.files {
            let Ok(text) = std::str::from_utf8(&file.content) else {
                continue;
            };
            let before = std::str::from_utf8(&file.before).unwrap_or_default();
            let known: HashSet<&str> = before.lines().filter(|line| holds_identity(line)).collect();
            let is_new = |line: &str| holds_identity(line) && !known.contains(line);
            if let Some(line) = text.lines().position(is_new) {
                file.findings.push(Finding::identity(line + 1));
            }
            if is_manifest(&file.path, text) || is_manifest(&file.path, before) {
                file.findings.extend(findings(text, before));
            }
        }
    }

    /// The texts of manifests: those that are staged, and those of the repository.
    fn manifests(&self, index: &Index<'_>) -> Result<Vec<String>, CommandError> {
        let staged = self
            .files
            .iter()
            .flat_map(|file| [&file.content, &file.before]);
        let staged = staged.filter_map(|bytes| std::str::from_utf8(bytes).ok());
        let mut texts: Vec<String> = staged
            .filter(|text| says_driftlock(text))
            .map(str::to_owned)
            .collect();
        let likely = index.likely_manifests(MAX_MANIFESTS)?;
        let likely: Vec<&str> = likely.iter().map(String::as_str).collect();
        let sizes = index.sizes(&likely)?;
        let wanted: Vec<(&str, u64)> = likely
            .into_iter()
            .zip(sizes)
            .filter(|(_, size)| *size <= MAX_BYTES as u64)
            .collect();
        index.read(&wanted, &mut |_, bytes| {
            let text = std::str::from_utf8(bytes)
                .ok()
                .filter(|text| says_driftlock(text));
            texts.extend(text.map(str::to_owned));
        })?;
        texts.sort();
        texts.dedup();
        Ok(texts)
    }

    fn tell(&self, ui: &mut Ui) -> Exit {
        let mut refused = 0;
        for file in &self.files {
            for finding in &file.findings {
                let place = match finding.line {
                    0 => shown(&file.path),
                    line => format!("{}:{line}", shown(&file.path)),
                };
                let text = format!("{place}: {}\n  help: {}", finding.message, finding.help);
                match finding.weight {
                    Weight::Refused => {
                        refused += 1;
                        ui.say(&format!("refused: {text}"));
                    }
                    Weight::Warning => ui.warn(&text),
                }
            }
        }
        if refused == 0 {
            return Exit::DONE;
        }
        let plural = if refused == 1 { "finding" } else { "findings" };
        ui.say(&format!(
            "{refused} {plural}: this must not be committed (git commit --no-verify does it all the same)"
        ));
        Exit::REFUSED
    }
}
