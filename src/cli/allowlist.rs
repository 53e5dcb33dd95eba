//! The allowlist of this machine, `authority.yaml`: found, checked for who may write it, and read.

use std::path::Path;

use super::Global;
use super::context::Context;
use super::error::CommandError;
use super::session::Item;
use super::ui::Ui;
use crate::manifest::{Allowlist, Here, parse_allowlist};
use crate::model::Diagnostic;
use crate::reconcile::covered::Machine;
use crate::source::{GuardedError, load_allowlist};

/// What this machine allows where nobody is asked.
#[derive(Default)]
pub(crate) struct Allows {
    list: Option<Allowlist>,
    machine: String,
    home: Option<String>,
}

impl Allows {
    /// Reads the file, for these manifests. One that is there and cannot be believed is an error: it
    /// stands for what somebody wanted to limit.
    pub(crate) fn load(
        global: &Global,
        items: &[Item],
        context: &Context,
        ui: &mut Ui,
    ) -> Result<Self, CommandError> {
        let folders: Vec<&Path> = items
            .iter()
            .map(|item| item.file.folder.as_path())
            .collect();
        Self::load_for(global, &folders, context, &mut |path, problems| {
            ui.diagnostics(path, problems);
        })
    }

    /// The same for manifests in these folders, with the problems of the file told to `tell`.
    pub(crate) fn load_for(
        global: &Global,
        folders: &[&Path],
        context: &Context,
        tell: &mut dyn FnMut(&Path, &[Diagnostic]),
    ) -> Result<Self, CommandError> {
        let named = global
            .authority
            .as_ref()
            .map(|path| context.absolute(path))
            .or_else(|| Some(context.absolute(&context.path("DRIFTLOCK_AUTHORITY")?)));
        let text = match named.as_ref().or(context.authority().as_ref()) {
            None => None,
            Some(path) => load_allowlist(path, named.is_some(), folders)
                .map_err(|error| refused(&error, "--authority", "authority.yaml"))?
                .map(|text| (path.clone(), text)),
        };
        let list = text
            .map(|(path, text)| {
                tracing::debug!(path = %path.display(), "authority");
                parse_allowlist(&text).map_err(|diagnostics| {
                    tell(&path, &diagnostics);
                    CommandError::error(format!(
                        "{} has problems, so nobody knows what this machine allows; nothing was read or written",
                        path.display()
                    ))
                })
            })
            .transpose()?;
        Ok(Self {
            list,
            machine: context.machine(),
            home: (context.home.as_deref().and_then(Path::to_str)).map(str::to_owned),
        })
    }

    /// Whether there is such a file.
    pub(crate) fn is_there(&self) -> bool {
        self.list.is_some()
    }

    /// What it allows one manifest.
    pub(crate) fn of<'a>(&'a self, item: &'a Item) -> Option<Machine<'a>> {
        let here = Here {
            machine: &self.machine,
            home: self.home.as_deref(),
            // a folder that is no text is below no path of the list
            folder: item.file.folder.to_str().unwrap_or_default(),
        };
        self.list.as_ref().map(|list| Machine { list, here })
    }
}

/// Why a file is not used that says what may be done, with the option that names another one and its usual
/// place.
pub(in crate::cli) fn refused(error: &GuardedError, option: &str, usual: &str) -> CommandError {
    let failed = CommandError::of(error);
    match error {
        GuardedError::Writable { path, .. } => {
            failed.hint(format!("chmod go-w {}", path.display()))
        }
        GuardedError::Owner { .. } => failed.hint(format!(
            "let it belong to you or to root, or name another with {option}"
        )),
        GuardedError::AmongManifests { .. } => failed.hint(format!(
            "keep it where no pull request reaches, for example in ~/.config/driftlock/{usual}"
        )),
        _ => failed,
    }
}
