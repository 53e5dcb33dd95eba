//! What people are told of an import: names, and never a value.

use std::collections::BTreeSet;
use std::path::Path;

use super::RailwayArgs;
use super::asked::Asked;
use super::found::shown;
use crate::cli::identity::Own;
use crate::cli::ui::Ui;
use crate::model::{LiveVar, ManifestName, VarName};
use crate::platforms::railway::Survey;
use crate::reconcile::import::{Environment, Imported, LeftOut};
use crate::render::escape;
use crate::render::style::shell_quoted;

/// Makes everything that was read known to the last net, but for what is public anyway.
pub(super) fn protect(
    found: &Environment,
    imported: &Imported,
    clear: &BTreeSet<VarName>,
    ui: &mut Ui,
) {
    let is_clear = |name: &VarName| clear.contains(name);
    let secrets = imported
        .declared
        .iter()
        .filter(|(name, _)| !is_clear(name))
        .map(|(_, declared)| declared.value.clone());
    let targets = imported
        .targets
        .iter()
        .map(|target| target.name.to_string());
    let variables = found.places.iter().flat_map(|place| {
        let values = place.vars.iter();
        values.filter(|(_, value)| !matches!(value, LiveVar::Unknown(_)))
    });
    let services = found
        .places
        .iter()
        .filter_map(|place| place.service.as_ref());
    let names = services
        .chain([&found.project, &found.environment])
        .flat_map(|named| [named.name.clone(), named.id.clone()]);
    let public = targets
        .chain(variables.map(|(name, _)| name.to_string()))
        .chain(imported.declared.keys().map(ToString::to_string))
        .chain(names);
    ui.protect(secrets, public);
}

/// What stays on the platform without driftlock, and what else was seen.
pub(super) fn left_behind(survey: &Survey, imported: &Imported, ui: &mut Ui) {
    for note in &survey.notes {
        ui.warn(&escape::terminal(note));
    }
    let mut said = BTreeSet::new();
    for scope in &survey.scopes {
        let Ok(live) = &scope.live else { continue };
        for note in &live.notes {
            ui.warn(&format!("{}: {}", shown(scope), escape::terminal(note)));
        }
        for draft in &live.drafts {
            if said.insert(draft) {
                ui.warn(&format!(
                    "prepared in Railway, not deployed, and so not taken in: {}",
                    escape::terminal(draft)
                ));
            }
        }
    }
    for place in &imported.left_out {
        if !place.sealed.is_empty() {
            ui.warn(&format!(
                "{}: {} {} sealed: Railway shows the value to nobody, so it was left out and stays as it is",
                called(place),
                listed(&place.sealed),
                if place.sealed.len() == 1 { "is" } else { "are" },
            ));
        }
        if !place.provided.is_empty() {
            let names = listed(&place.provided);
            ui.warn(&format!(
                "{}: {names} left out: Railway itself provides that",
                called(place)
            ));
        }
    }
    let empty: Vec<String> = imported
        .left_out
        .iter()
        .filter(|place| place.is_empty)
        .map(called)
        .collect();
    if !empty.is_empty() {
        ui.say(&format!(
            "no target, because there is nothing to take in: {}",
            empty.join(", ")
        ));
    }
}

fn called(place: &LeftOut) -> String {
    match &place.service {
        Some(service) => escape::terminal(service),
        None => "the shared variables".to_owned(),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a VarName>) -> String {
    let names: Vec<&str> = names.into_iter().map(VarName::as_str).collect();
    names.join(", ")
}

/// The same import once more, with more in clear text.
pub(super) struct Again<'a> {
    pub(super) arguments: &'a RailwayArgs,
    pub(super) asked: &'a Asked,
    pub(super) name: &'a ManifestName,
    pub(super) imported: &'a Imported,
    pub(super) clear: &'a BTreeSet<VarName>,
}

impl Again<'_> {
    /// Names what could be in clear text, with the command for it. `written` is in its way.
    pub(super) fn suggest(&self, written: Option<&Path>, ui: &mut Ui) {
        let names: Vec<&VarName> = self.imported.suggested.difference(self.clear).collect();
        if names.is_empty() {
            return;
        }
        let (first, away) = match written {
            Some(path) => (
                "encrypted, though anybody might read",
                format!("rm {} && ", shell_quoted(&path.display().to_string())),
            ),
            None => (
                "will be encrypted, though anybody might read",
                String::new(),
            ),
        };
        ui.say(&format!("{first}: {}", listed(names.iter().copied())));
        ui.say(&format!(
            "  to keep these in clear text: {away}{}",
            self.command(&names)
        ));
    }

    fn command(&self, names: &[&VarName]) -> String {
        let arguments = self.arguments;
        let mut words = vec!["driftlock import railway".to_owned()];
        let mut flag = |flag: &str, value: &str| {
            words.push(format!(
                "--{flag} {}",
                shell_quoted(&escape::terminal(value))
            ));
        };
        if !self.asked.linked {
            let given = [
                ("project", &arguments.project),
                ("environment", &arguments.environment),
            ];
            for (name, value) in given {
                if let Some(value) = value {
                    flag(name, value);
                }
            }
        } else if let Some(environment) = &arguments.environment {
            flag("environment", environment);
        }
        for service in &arguments.service {
            flag("service", service);
        }
        if arguments.name.is_some() {
            flag("name", self.name.as_str());
        }
        for key in &arguments.recipient {
            flag("recipient", key);
        }
        if let Some(token) = &arguments.token {
            flag("token", token);
        }
        let named = self.clear.iter().chain(names.iter().copied());
        for name in named {
            flag("clear", name.as_str());
        }
        words.join(" ")
    }
}

pub(super) fn done(
    manifest: &Path,
    found: &Environment,
    imported: &Imported,
    own: &Own,
    ignored: &[String],
    ui: &mut Ui,
) {
    if let Some(file) = &own.file {
        ui.say(&format!(
            "made your identity in {}: keep a copy where only you can read it; without it nobody opens this manifest",
            file.display()
        ));
    }
    for line in ignored {
        ui.say(&format!("added {line} to .gitignore"));
    }
    let count = |count: usize, noun: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {noun}{plural}")
    };
    let uses: usize = imported
        .targets
        .iter()
        .map(|target| target.uses.len())
        .sum();
    ui.say(&format!(
        "wrote {} with {} for {} of {}/{} ({} there), encrypted for {}",
        manifest.display(),
        count(imported.declared.len(), "declared variable"),
        count(imported.targets.len(), "target"),
        escape::terminal(&found.project.name),
        escape::terminal(&found.environment.name),
        count(uses, "variable"),
        own.public
    ));
}
