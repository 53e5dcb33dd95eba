//! What must not be committed with a manifest, or with any file beside it.

mod secrets;

use super::load;
use crate::manifest::{Manifest, Source, UseSource};
use crate::model::{Position, Severity, VarName, clear_lint, clear_name_lint, is_private_key};
pub use secrets::{Secret, Secrets};

/// The comment that says that a text is meant to be public.
const MARK: &str = "driftlock: clear";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Worth a look.
    Warning,
    /// Must not be committed.
    Refused,
}

/// Something in one file. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its line from 1, or 0 for the file.
    pub line: usize,
    /// How bad it is.
    pub weight: Weight,
    /// What it is.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Finding {
    fn refused(line: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            line,
            weight: Weight::Refused,
            message: message.into(),
            help: help.into(),
        }
    }

    /// An age identity in a file.
    pub fn identity(line: usize) -> Self {
        Self::refused(
            line,
            "this is an age identity: who has it reads every secret that is encrypted for it",
            "git rm --cached this file, keep it out of the repository (.gitignore)",
        )
    }

    /// A secret of a manifest in a file.
    pub fn holds(secret: &Secret, line: usize) -> Self {
        let Secret { name, manifest, .. } = secret;
        Self::refused(
            line,
            format!("this line holds the value of {name} of {manifest} in clear"),
            "take it out, and let the file read the variable",
        )
    }
}

/// What must not be committed of a manifest, which HEAD had as `before`, or as nothing.
pub fn findings(text: &str, before: &str) -> Vec<Finding> {
    if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
        return vec![Finding::refused(
            line + 1,
            "marks of a merge are still in this manifest",
            "decide what is between them, then git add the file",
        )];
    }
    let manifest = match load::load(text) {
        Ok(loaded) => loaded.manifest,
        Err(problems) => {
            let errors = problems
                .iter()
                .filter(|one| one.severity == Severity::Error);
            return errors
                .map(|one| {
                    Finding::refused(
                        one.position.line as usize,
                        format!("{} [{}]", one.message, one.code),
                        one.help
                            .clone()
                            .unwrap_or_else(|| "driftlock check".to_owned()),
                    )
                })
                .collect();
        }
    };
    let was = load::load(before).ok().map(|loaded| loaded.manifest);
    let mut found = vec![];
    for (name, variable) in &manifest.variables {
        let text_of = match &variable.source {
            Source::Clear(text) => text.clone(),
            Source::Template(template) => template.to_source(),
            Source::Sealed(_) | Source::Armored(_) => continue,
        };
        let was_secret = was.as_ref().is_some_and(|was| {
            was.variables
                .get(name)
                .is_some_and(|was| was.source.is_encrypted())
        });
        let clear = matches!(variable.source, Source::Clear(_));
        let place = Place {
            text,
            position: variable.position,
        };
        found.extend(place.finding(name, &text_of, was_secret && clear, clear));
    }
    found.extend(uses(text, &manifest));
    found
}

/// Texts of one target only.
fn uses(text: &str, manifest: &Manifest) -> Vec<Finding> {
    let all = manifest.targets.iter().flat_map(|target| &target.uses);
    // what a rotation puts there is looked at where it is declared
    let own = all.filter(|one| one.of.is_none());
    let found = own.filter_map(|one| {
        let (value, clear) = match &one.source {
            UseSource::Clear(value) => (value.clone(), true),
            UseSource::Template(template) => (template.to_source(), false),
            UseSource::Declared(_) => return None,
        };
        let place = Place {
            text,
            position: one.position,
        };
        place.finding(&one.name, &value, false, clear)
    });
    found.collect()
}

struct Place<'t> {
    text: &'t str,
    position: Position,
}

impl Place<'_> {
    fn finding(
        &self,
        name: &VarName,
        value: &str,
        was_secret: bool,
        clear: bool,
    ) -> Option<Finding> {
        let line = self.position.line as usize;
        let set = format!("driftlock set {name}");
        let or_public = format!(
            "{set} encrypts it; if it is meant to be public, write `# {MARK}` behind its name"
        );
        // what opens other doors is never public
        if is_private_key(value) {
            let message = format!("{name} is a private key in clear");
            return Some(Finding::refused(line, message, set));
        }
        let finding = if was_secret {
            let message = format!("{name} was encrypted, and is now clear");
            Finding::refused(line, message, or_public)
        } else if let Some(what) = clear_lint(name.as_str(), value) {
            let message = format!("{name} looks like {what} in clear");
            Finding::refused(line, message, or_public)
        } else if clear && clear_name_lint(name.as_str(), value) {
            Finding {
                line,
                weight: Weight::Warning,
                message: format!("{name} is clear, and its name is that of a secret"),
                help: or_public,
            }
        } else {
            return None;
        };
        (!is_marked_public(self.text, self.position)).then_some(finding)
    }
}

/// Whether somebody wrote that the text there is meant to be public: behind the name, or on the line
/// above.
pub(super) fn is_marked_public(text: &str, position: Position) -> bool {
    let line = position.line as usize;
    let comment = |line: &str| {
        let mut comments = line.split('#').skip(1);
        comments.any(|rest| rest.trim().starts_with(MARK))
    };
    let mut lines = text.lines().skip(line.saturating_sub(2));
    let above = (line >= 2).then(|| lines.next()).flatten();
    above.is_some_and(|line| line.trim_start().starts_with('#') && comment(line))
        || lines.next().is_some_and(comment)
}
