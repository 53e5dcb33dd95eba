//! What the targets hold, as findings of the manifests that name them.

use super::super::Global;
use super::super::context::Context;
use super::super::error::{CommandError, Exit};
use super::super::look::{self, Aim};
use super::super::plan::invocation;
use super::super::selection::Selection;
use super::super::session::Item;
use super::super::ui::Ui;
use super::files::Gathered;
use crate::crypto::Keyring;
use crate::model::{CheckKind, Diagnostic, Finding, Position, Severity};
use crate::reconcile::event::Source;
use crate::reconcile::pass::Scope;
use crate::render::report::{CheckedFile, Looked, Positions, drift_findings};

/// Plans what can be planned with, and adds what it says. What hinders all of it is said of each file.
pub(super) fn look(
    gathered: &mut Gathered,
    selection: &Selection,
    keyring: &mut Keyring,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    // a target may be in a file that does not parse
    if gathered.complete {
        look::check_targets(&gathered.items, &selection.target)?;
    }
    if gathered.items.is_empty() {
        return Ok(());
    }
    let scope = Scope {
        targets: selection.targets(),
        variables: None,
        overrides: crate::model::Overrides::default(),
        unattended: !context.terminal.input,
        no_activate: false,
        undo: None,
        scheduled: None,
        rests: std::collections::BTreeSet::new(),
    };
    let aim = Aim {
        source: Source::Platforms,
        stop: None,
        items: &gathered.items,
        since: selection.since.as_deref(),
        scope: &scope,
        keeps: false,
        who: false,
    };
    let looked = match look::look_at(&aim, keyring, global, context, ui) {
        Ok(looked) => looked,
        Err(error) if error.exit == Exit::Usage => return Err(error),
        Err(error) => {
            for item in &gathered.items {
                if let Some(file) = file_of(&mut gathered.files, item) {
                    file.findings.push(hindered(&error));
                }
            }
            return Ok(());
        }
    };
    let call = invocation(selection);
    for (item, one) in gathered.items.iter().zip(&looked) {
        let looked = Looked {
            plan: &one.plan,
            seen: &one.seen,
            targets: scope.targets.as_ref(),
            require_all: selection.require_all,
            call: &call,
        };
        let (findings, unchecked) = drift_findings(&looked, &positions(item));
        if let Some(file) = file_of(&mut gathered.files, item) {
            file.findings.extend(findings);
            file.unchecked.extend(unchecked);
        }
    }
    Ok(())
}

fn file_of<'a>(files: &'a mut [CheckedFile], item: &Item) -> Option<&'a mut CheckedFile> {
    let path = item.file.path.display().to_string();
    files.iter_mut().find(|file| file.path == path)
}

fn positions(item: &Item) -> Positions {
    let manifest = &item.loaded.manifest;
    let variables = manifest.variables.iter();
    Positions {
        variables: variables
            .map(|(name, variable)| (name.clone(), variable.position))
            .collect(),
        targets: (manifest.targets.iter())
            .map(|spec| (spec.name.clone(), spec.position))
            .collect(),
    }
}

/// No target could be looked at.
fn hindered(error: &CommandError) -> Finding {
    Finding {
        kind: CheckKind::Drift,
        subject: None,
        diagnostic: Diagnostic {
            position: Position::default(),
            severity: Severity::Error,
            code: "unknown",
            message: format!("no target was looked at: {}", error.message),
            help: error.hints.first().cloned(),
        },
    }
}
