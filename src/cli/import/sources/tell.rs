//! What people are told of an import: names, and never a value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::SourcesArgs;
use super::read::Held;
use crate::cli::ui::Ui;
use crate::model::VarName;
use crate::reconcile::import::Gathered;
use crate::render::style::shell_quoted;

/// How the manifest came to be what it is.
pub(super) struct Written {
    pub(super) verb: &'static str,
    /// The identity file that was made.
    pub(super) made: Option<PathBuf>,
    pub(super) encrypted_for: Option<String>,
    /// Lines added to `.gitignore`.
    pub(super) ignored: Vec<String>,
}

/// Makes everything that was read known to the last net, but for what is public anyway.
pub(super) fn protect(gathered: &Gathered, held: &[Held], clear: &BTreeSet<VarName>, ui: &mut Ui) {
    let secrets = gathered
        .declared
        .iter()
        .filter(|(name, _)| !clear.contains(*name))
        .map(|(_, declared)| declared.value.clone());
    let names = held.iter().flat_map(|held| held.found.vars.keys());
    let public = names
        .chain(gathered.declared.keys())
        .map(ToString::to_string)
        .chain(
            gathered
                .targets
                .iter()
                .map(|target| target.name.to_string()),
        )
        .chain(held.iter().map(|held| held.found.called.clone()));
    ui.protect(secrets, public);
}

pub(super) fn notes(held: &[Held], ui: &mut Ui) {
    for note in held.iter().flat_map(|held| &held.notes) {
        ui.warn(note);
    }
}

/// Which place holds which of several values.
pub(super) fn apart(gathered: &Gathered, ui: &mut Ui) {
    for name in gathered.renamed.keys() {
        let holders: Vec<String> = gathered
            .apart
            .iter()
            .filter(|one| one.name == *name)
            .map(|one| format!("{} has {}", one.place, one.declared))
            .collect();
        ui.warn(&format!(
            "{name} is not the same everywhere, so each value has a name of its own: {}",
            holders.join(", ")
        ));
    }
}

pub(super) struct Done<'a> {
    pub(super) path: &'a Path,
    pub(super) gathered: &'a Gathered,
    pub(super) held: &'a [Held],
    pub(super) clear: &'a BTreeSet<VarName>,
    pub(super) arguments: &'a SourcesArgs,
}

impl Done<'_> {
    /// Names what could be in clear text.
    pub(super) fn suggest(&self, written: bool, ui: &mut Ui) {
        let names: Vec<&str> = self
            .gathered
            .suggested
            .difference(self.clear)
            .map(VarName::as_str)
            .collect();
        if names.is_empty() {
            return;
        }
        let listed = names.join(", ");
        if written {
            ui.say(&format!("encrypted, though anybody might read: {listed}"));
            ui.say("  to keep one in clear text: driftlock unset NAME --with-uses, and driftlock set NAME=VALUE --clear --target TARGET");
        } else {
            ui.say(&format!(
                "will be encrypted, though anybody might read: {listed}"
            ));
            ui.say("  to keep these in clear text: the same command with --clear-suggested");
        }
    }

    pub(super) fn say(&self, written: &Written, ui: &mut Ui) {
        if let Some(file) = &written.made {
            ui.say(&format!(
                "made your identity in {}: keep a copy where only you can read it; without it nobody opens this manifest",
                file.display()
            ));
        }
        for line in &written.ignored {
            ui.say(&format!("added {line} to .gitignore"));
        }
        let gathered = self.gathered;
        if !gathered.shared.is_empty() {
            let names: Vec<&str> = gathered.shared.iter().map(VarName::as_str).collect();
            ui.say(&format!(
                "declared already with the same value, and shared: {}",
                names.join(", ")
            ));
        }
        let places: Vec<&str> = self
            .held
            .iter()
            .map(|held| held.found.called.as_str())
            .collect();
        let key = match &written.encrypted_for {
            Some(key) => format!(", encrypted for {key}"),
            None => ", under its present key".to_owned(),
        };
        let targets = match gathered.targets.len() {
            0 => String::new(),
            some => format!(" and {}", count(some, "target")),
        };
        ui.say(&format!(
            "{} {} with {}{targets} of {}{key}",
            written.verb,
            self.path.display(),
            count(gathered.declared.len(), "declared variable"),
            places.join(", "),
        ));
        for target in &gathered.targets {
            let uses = count(target.uses.len(), "variable");
            ui.say(&format!("  target {} has {uses}", target.name));
        }
        let listed = &self.arguments.target;
        if !gathered.listed.is_empty() && !listed.is_empty() {
            let names: Vec<String> = listed.iter().map(ToString::to_string).collect();
            ui.say(&format!("  listed at {}", names.join(", ")));
        }
        if !gathered.listed.is_empty() && listed.is_empty() {
            let path = shell_quoted(&self.path.display().to_string());
            ui.say(&format!(
                "  no target lists what SOPS files and standard input hold: list it at a target in {path}; --target names one with --into"
            ));
        }
    }
}

fn count(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
