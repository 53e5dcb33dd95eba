//! What most commands begin with: the manifests, the identities, the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Global;
use super::context::Context;
use super::error::CommandError;
use super::prompt::TerminalPrompt;
use super::rails::Folders;
use super::records;
use super::ui::Ui;
use crate::crypto::{IdentityEnv, IdentityRequest, Keyring, NoPrompt, SharedPrompt};
use crate::journal::{Authenticator, Journal, Scope};
use crate::model::{Diagnostic, Fingerprinter, PlatformKind, Severity, TargetName};
use crate::platforms::railway::RailwayPlatform;
use crate::reconcile::connect::Connections;
use crate::reconcile::load::{self, Loaded, Opening, SealedBecause};
use crate::reconcile::machines::Machines;
use crate::reconcile::pass::journal_scope;
use crate::reconcile::targets::{Located, Surroundings, locate, shared_place};
use crate::render::escape;
use crate::source::{self, ManifestFile};

/// One manifest of this run.
pub(crate) struct Item {
    pub(crate) file: ManifestFile,
    pub(crate) loaded: Loaded,
    pub(crate) located: Vec<Located>,
    pub(crate) scope: Scope,
}

/// Loads and checks manifests; every problem of every one of them is reported at once.
pub(crate) fn load_manifests(
    paths: &[PathBuf],
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Item>, CommandError> {
    let files =
        source::load_manifests(&context.folder, paths).map_err(|error| CommandError::of(&error))?;
    let mut items = vec![];
    let mut problems = 0;
    let mut folders = Folders::default();
    for file in files {
        match load::load(&file.text) {
            Ok(mut loaded) => {
                folders.tighten(&file, &mut loaded)?;
                let (variables, targets) = (
                    loaded.manifest.variables.len(),
                    loaded.manifest.targets.len(),
                );
                tracing::debug!(path = %file.path.display(), variables, targets, "manifest");
                items.push(item(file, loaded, context));
            }
            Err(diagnostics) => {
                problems += errors(&diagnostics);
                ui.diagnostics(&file.path, &diagnostics);
            }
        }
    }
    problems += folders.report(ui);
    if problems > 0 {
        let plural = if problems == 1 { "" } else { "s" };
        return Err(CommandError::error(format!(
            "{problems} problem{plural} in the manifests; nothing was read or written"
        )));
    }
    refuse_shared_places(&items)?;
    super::neighbours::warn_of_manifests(&items, context, ui);
    Ok(items)
}

/// Locates the targets of a manifest.
pub(crate) fn item(file: ManifestFile, loaded: Loaded, context: &Context) -> Item {
    let surroundings = Surroundings {
        machine: context.machine(),
        home: context.home.clone(),
    };
    let located = loaded
        .manifest
        .targets
        .iter()
        .map(|spec| locate(spec, &file.folder, &surroundings))
        .collect();
    let name = file.path.file_name().map(PathBuf::from).unwrap_or_default();
    let scope = Scope(journal_scope(
        loaded.manifest.name.as_str(),
        &file.folder.join(name),
    ));
    Item {
        file,
        loaded,
        located,
        scope,
    }
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count()
}

fn refuse_shared_places(items: &[Item]) -> Result<(), CommandError> {
    match shared_place_of(items) {
        None => Ok(()),
        Some((first, second)) => Err(CommandError::error(format!(
            "{first} and {second} are the same place; nothing was read or written"
        ))
        .hint("let one target hold the variables of both")),
    }
}

/// Two targets of these manifests that are one place, as `manifest/target`.
pub(crate) fn shared_place_of(items: &[Item]) -> Option<(String, String)> {
    shared_place(items.iter().flat_map(|item| {
        item.located
            .iter()
            .map(|located| (full_name(item, &located.target.name), located))
    }))
}

/// How people tell the targets of several manifests apart.
pub(crate) fn full_name(item: &Item, target: &TargetName) -> String {
    format!("{}/{target}", item.loaded.manifest.name)
}

/// Loads the one manifest that a command is about: the one named, else the only one there is.
pub(crate) fn load_one(
    path: Option<&PathBuf>,
    context: &Context,
    ui: &mut Ui,
) -> Result<Item, CommandError> {
    let mut items = load_manifests(path.map_or(&[], std::slice::from_ref), context, ui)?;
    match items.pop() {
        Some(item) if items.is_empty() => Ok(item),
        None => Err(CommandError::error("there is no manifest here").hint("driftlock init")),
        Some(last) => {
            let mut names: Vec<String> = items
                .iter()
                .chain([&last])
                .map(|item| item.file.path.display().to_string())
                .collect();
            names.sort();
            Err(CommandError::usage("there are several manifests")
                .hint(format!("name one with --manifest: {}", names.join(", "))))
        }
    }
}

/// Everything that targets can be on. Tokens are kept from every output.
pub(crate) fn connections(context: &Context, ui: &mut Ui) -> Connections {
    let railway = context.railway();
    if !railway.tokens.is_empty() {
        ui.protect(railway.tokens.values().cloned(), []);
    }
    if context.ssh_timeout().is_err() {
        ui.warn(
            "DRIFTLOCK_SSH_TIMEOUT is not a number of seconds from 1 to 600, and is left aside",
        );
    }
    let machines = Machines::new(Arc::new(context.local_host()), context.ssh());
    Connections::new(machines).with(
        PlatformKind::Railway,
        Box::new(RailwayPlatform::new(railway)),
    )
}

/// Where identities are looked for.
pub(crate) fn keyring(global: &Global, context: &Context) -> Keyring {
    let text = |name: &str| {
        context
            .text(name)
            .map(|text| Zeroizing::new(text.to_owned()))
    };
    let request = IdentityRequest {
        explicit: global
            .identity
            .iter()
            .map(|path| context.absolute(path))
            .collect(),
        env: IdentityEnv {
            age_key: text("DRIFTLOCK_AGE_KEY"),
            age_key_file: context.path("DRIFTLOCK_AGE_KEY_FILE"),
            sops_age_key: text("SOPS_AGE_KEY"),
            sops_age_key_file: context.path("SOPS_AGE_KEY_FILE"),
            sops_age_ssh_private_key_file: context.path("SOPS_AGE_SSH_PRIVATE_KEY_FILE"),
        },
        config_dir: context.config.clone(),
        home: context.home.clone(),
    };
    Keyring::new(&request, person(context))
}

/// Whoever can be asked.
pub(crate) fn person(context: &Context) -> SharedPrompt {
    if context.terminal.input && context.terminal.errors {
        Arc::new(TerminalPrompt)
    } else {
        Arc::new(NoPrompt)
    }
}

/// Opens a manifest and shows what was noticed on the way. A sealed one is said so once.
pub(crate) fn open(item: &Item, keyring: &mut Keyring, ui: &mut Ui) -> Opening {
    let opening = load::open(&item.loaded.manifest, keyring);
    match &opening {
        Opening::Open(open) => {
            let manifest = &item.loaded.manifest.name;
            tracing::debug!(%manifest, identity = %open.identity, key = %open.envelope.key_id(), "opened");
            for note in &open.notes {
                ui.warn(note);
            }
        }
        Opening::Sealed(why) => {
            let path = escape::terminal(&item.file.path.display().to_string());
            ui.warn(&format!(
                "{path} stays sealed: {why}\n  help: {}",
                why.help()
            ));
        }
        Opening::Clear => {}
    }
    opening
}

/// The same where the command cannot go on without.
pub(crate) fn open_or_fail(item: &Item, keyring: &mut Keyring) -> Result<Opening, CommandError> {
    match load::open(&item.loaded.manifest, keyring) {
        Opening::Sealed(why) => Err(sealed(&item.file.path, &why)),
        opening => Ok(opening),
    }
}

pub(crate) fn sealed(path: &Path, why: &SealedBecause) -> CommandError {
    CommandError::error(format!("{} stays sealed: {why}", path.display())).hint(why.help())
}

/// Makes fingerprints: with the manifest's own key, or with the journal's where nothing is
/// encrypted. `None` where the manifest stays sealed.
pub(crate) fn fingerprinter(
    opening: &Opening,
    journal: &mut dyn Journal,
    scope: &Scope,
    writes: bool,
) -> Result<Option<Fingerprinter>, CommandError> {
    match opening {
        Opening::Open(open) => Ok(Some(open.fingerprinter.clone())),
        Opening::Sealed(_) => Ok(None),
        Opening::Clear => {
            let known = journal
                .existing_local_key(scope)
                .map_err(|error| records::explain(&error))?;
            let key = match known {
                Some(key) => key,
                None if writes => journal
                    .local_key(scope)
                    .map_err(|error| records::explain(&error))?,
                // a key of this run alone: there are no records that it would have to verify
                None => crate::model::FingerprintKey::new(*crate::crypto::random_bytes()),
            };
            Ok(Some(Fingerprinter::new(key, vec![])))
        }
    }
}

/// Believes records as far as the fingerprint key goes.
pub(crate) fn authenticator(fingerprinter: Option<&Fingerprinter>) -> Authenticator {
    fingerprinter.map_or_else(Authenticator::without_key, Authenticator::new)
}
