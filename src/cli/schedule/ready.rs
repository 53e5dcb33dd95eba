//! Whether a scheduled run would work: nobody is there to be asked for a passphrase, and it has neither
//! this shell's environment nor its agents.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::shown;
use super::job::Needs;
use super::{Kind, Wanted};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look::check_targets;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::{IdentityRequest, Keyring, NoPrompt};
use crate::manifest::{Ask, TargetSpec};
use crate::model::{Activation, Address, Machine, PlatformKind};
use crate::reconcile::load::{self, Opening};
use crate::reconcile::targets::{Located, Visibility};

/// Something that a scheduled run would stumble over.
pub(super) struct Finding {
    pub(super) error: CommandError,
    /// Whether it could not work at all.
    pub(super) serious: bool,
}

/// What was found, and what of it goes into the schedule.
#[derive(Default)]
pub(super) struct Ready {
    pub(super) findings: Vec<Finding>,
    /// Key files that open the manifests, all of them together.
    pub(super) identities: Vec<PathBuf>,
    /// Folders that are written to.
    pub(super) writes: BTreeSet<PathBuf>,
    pub(super) needs: Needs,
}

impl Ready {
    fn stop(&mut self, error: CommandError) {
        let serious = true;
        self.findings.push(Finding { error, serious });
    }

    fn warn(&mut self, error: CommandError) {
        let serious = false;
        self.findings.push(Finding { error, serious });
    }
}

pub(super) fn look(
    wanted: &Wanted,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Ready, CommandError> {
    let mut ready = Ready::default();
    let is_github = wanted.which.kind == Kind::Github;
    if wanted.checkout.is_some() {
        // what it holds is known once it is there
        ready.identities = candidates(global, context);
        let missing = ready.identities.iter().find(|file| !file.is_file());
        if let Some(file) = missing.map(|file| shown(file)) {
            ready.stop(CommandError::error(format!("there is no key file {file}")));
        }
        ready.needs = Needs {
            files: true,
            programs: true,
            processes: true,
        };
    } else {
        let items = session::load_manifests(&wanted.manifests, context, ui)?;
        check_targets(&items, &wanted.target)?;
        if !is_github {
            identities(&items, global, context, &mut ready);
            for item in &items {
                targets(item, &mut ready);
            }
            tokens(&items, wanted, context, &mut ready);
        }
    }
    if !is_github {
        alerts(wanted, context, &mut ready);
        if let Some(file) = &wanted.environment_file {
            environment_file(&context.absolute(file), &mut ready);
        }
    }
    Ok(ready)
}

/// Key files that a run finds without this environment's texts, in the usual order.
fn candidates(global: &Global, context: &Context) -> Vec<PathBuf> {
    let explicit = global.identity.iter().map(|path| context.absolute(path));
    let named = [
        "DRIFTLOCK_AGE_KEY_FILE",
        "SOPS_AGE_KEY_FILE",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    ];
    let named = named.iter().filter_map(|name| context.path(name));
    let config = context.config.as_ref();
    let config = config.into_iter().flat_map(|config| {
        ["driftlock/keys.txt", "sops/age/keys.txt"].map(|file| config.join(file))
    });
    let home = context.home.as_ref();
    let home = home
        .into_iter()
        .flat_map(|home| [".ssh/id_ed25519", ".ssh/id_rsa"].map(|file| home.join(file)));
    let all = named.map(|path| context.absolute(&path));
    let all = all.chain(config).chain(home);
    explicit
        .chain(all.filter(|path| path.is_file()))
        .map(|path| path.components().collect())
        .collect()
}

/// The fewest files, in order, that open every manifest.
fn identities(items: &[Item], global: &Global, context: &Context, ready: &mut Ready) {
    let sealed = |item: &&Item| item.loaded.manifest.seal.is_some();
    let mut waiting: Vec<&Item> = items.iter().filter(sealed).collect();
    let candidates = candidates(global, context);
    for file in &candidates {
        let mut keyring = keyring(std::slice::from_ref(file));
        let before = waiting.len();
        waiting.retain(|item| {
            let opening = load::open(&item.loaded.manifest, &mut keyring);
            !matches!(opening, Opening::Open(_))
        });
        if waiting.len() < before {
            ready.identities.push(file.clone());
        }
    }
    let in_environment = ["DRIFTLOCK_AGE_KEY", "SOPS_AGE_KEY"];
    let in_environment = in_environment
        .iter()
        .find(|name| context.variable(name).is_some());
    for item in waiting {
        let opening = load::open(&item.loaded.manifest, &mut keyring(&candidates));
        let Opening::Sealed(why) = opening else {
            continue;
        };
        let path = shown(&item.file.path);
        let mut error = CommandError::error(format!(
            "a scheduled run, which nobody types a passphrase for, cannot open {path}: {why}"
        ));
        if let Some(name) = in_environment {
            error = error.hint(format!(
                "{name} is set here, and a scheduled run does not have it: put the key into a file that only you can read"
            ));
        }
        ready.stop(error.hint("name a key file without a passphrase with --identity"));
    }
}

fn keyring(files: &[PathBuf]) -> Keyring {
    let request = IdentityRequest {
        explicit: files.to_vec(),
        ..IdentityRequest::default()
    };
    Keyring::new(&request, Arc::new(NoPrompt))
}

fn targets(item: &Item, ready: &mut Ready) {
    let targets = &item.loaded.manifest.targets;
    for (located, spec) in item.located.iter().zip(targets) {
        if located.visibility != Visibility::Here {
            continue;
        }
        match located.target.address.machine() {
            Some(Machine::Any | Machine::Named(_)) => local(located, spec, ready),
            Some(Machine::Host(_)) | None => {}
        }
        let here = |ask: &Ask| matches!(ask, Ask::Command(_));
        ready.needs.programs |= spec.probes.iter().any(|probe| here(&probe.ask));
    }
}

/// A target of this machine.
fn local(located: &Located, spec: &TargetSpec, ready: &mut Ready) {
    ready.needs.files = true;
    ready.needs.processes |= spec.process.is_some() || spec.activation.is_some();
    let folder = match &spec.address {
        Address::Openclaw(_) => {
            ready.needs.programs = true;
            located.target.path.clone()
        }
        _ => located
            .target
            .path
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_owned),
    };
    ready.writes.extend(folder);
    let Some(activation) = &spec.activation else {
        return;
    };
    ready.needs.programs |= !matches!(activation, Activation::Systemd(_));
    if let Activation::Command(line) = activation
        && line
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == "sudo")
    {
        ready.warn(
            CommandError::error(format!(
                "what puts the values of {} in force runs sudo, which asks nobody there, and which a \
                 hardened service is not allowed",
                spec.name
            ))
            .hint("let the schedule run as the user who may do it (--system as root)"),
        );
    }
}

/// Tokens are never copied from here.
fn tokens(items: &[Item], wanted: &Wanted, context: &Context, ready: &mut Ready) {
    let mut targets = items.iter().flat_map(|item| &item.located);
    let railway = targets.find(|one| one.target.address.platform() == PlatformKind::Railway);
    if let (Some(located), None) = (railway, &wanted.environment_file) {
        let name = &located.target.name;
        ready.warn(
            CommandError::error(format!(
                "{name} is on Railway, and a scheduled run has no token of it"
            ))
            .hint(
                "write RAILWAY_TOKEN=… into a file that only you can read, and name it with --environment-file",
            ),
        );
    }
    let mut hosts = items.iter().flat_map(|item| &item.located);
    let host = hosts.find(|one| matches!(one.target.address.machine(), Some(Machine::Host(_))));
    if let (Some(located), Some(_)) = (host, context.variable("SSH_AUTH_SOCK")) {
        let name = &located.target.name;
        ready.warn(
            CommandError::error(format!(
                "{name} is reached over SSH, and a scheduled run has not the ssh-agent of this session"
            ))
            .hint("a key without a passphrase for that host alone; to try it: env -u SSH_AUTH_SOCK driftlock plan"),
        );
    }
}

fn alerts(wanted: &Wanted, context: &Context, ready: &mut Ready) {
    let named = wanted
        .alerts
        .clone()
        .or_else(|| context.path("DRIFTLOCK_ALERTS"));
    let usual = || Some(context.config.as_ref()?.join("driftlock/alerts.yaml"));
    match (named, usual()) {
        (Some(file), _) => {
            let file = context.absolute(&file);
            if let Err(error) = std::fs::File::open(&file) {
                let file = shown(&file);
                ready.stop(
                    CommandError::error(format!("cannot read {file}: {}", error.kind()))
                        .hint("write it, or name another with --alerts"),
                );
            }
        }
        (None, Some(file)) if !file.exists() => {
            let file = shown(&file);
            ready.warn(
                CommandError::error(format!(
                    "there is no {file}: what is found is kept and shown, and nobody is told"
                ))
                .hint("write it, and try it with: driftlock alert test"),
            );
        }
        _ => {}
    }
}

fn environment_file(file: &Path, ready: &mut Ready) {
    let path = shown(file);
    match std::fs::metadata(file) {
        Err(error) => ready.stop(
            CommandError::error(format!("cannot read {path}: {}", error.kind()))
                .hint("write it: NAME=value, one a line, readable by you alone"),
        ),
        Ok(found) if !found.is_file() => {
            ready.stop(CommandError::error(format!("{path} is not a regular file")));
        }
        Ok(found) if found.mode() & 0o077 != 0 => ready.stop(
            CommandError::error(format!("others may read {path}, which is for tokens"))
                .hint(format!("chmod 600 {path}")),
        ),
        Ok(_) => {}
    }
}
