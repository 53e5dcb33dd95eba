//! From what was typed, and from what surrounds this run, to what a schedule runs.

use std::path::{Path, PathBuf};

use super::github::Call;
use super::interval;
use super::job::{Account, Job};
use super::ready::{self, Finding};
use super::{Kind, Wanted, Which};
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::records::{self, Named};
use crate::cli::ui::Ui;
use crate::render::escape;

/// Settings of the environment that a run without it would miss. None of them is secret.
const SETTINGS: [&str; 7] = [
    "DRIFTLOCK_MACHINE",
    "DRIFTLOCK_SSH_CONFIG",
    "DRIFTLOCK_SSH_TIMEOUT",
    "DRIFTLOCK_LEASE",
    "DRIFTLOCK_UNDO",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// Where programs are on every system.
const USUAL: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Programs that a run may need, and that may lie elsewhere.
const PROGRAMS: [&str; 5] = ["git", "ssh", "docker", "openclaw", "node"];

/// A schedule, and what was found on the way to it.
pub(super) struct Gathered {
    pub(super) kind: Kind,
    pub(super) job: Job,
    pub(super) call: Call,
    pub(super) findings: Vec<Finding>,
}

impl Gathered {
    /// Shows what was found, without holding anything up.
    pub(super) fn warn(&self, ui: &mut Ui) {
        for finding in &self.findings {
            ui.warn(&finding.error.to_string());
        }
    }

    /// Nothing is installed that cannot work.
    pub(super) fn require_ready(&self, ui: &mut Ui) -> Result<(), CommandError> {
        let mut serious = 0;
        for finding in &self.findings {
            match finding.serious {
                true => {
                    serious += 1;
                    ui.fail(&finding.error);
                }
                false => ui.warn(&finding.error.to_string()),
            }
        }
        match serious {
            0 => Ok(()),
            _ => Err(CommandError::refused(
                "nothing was installed: a scheduled run could not work, for the reasons above",
            )),
        }
    }
}

/// What belongs to whom.
pub(super) fn account(which: &Which, context: &Context) -> (Account, bool) {
    let (uid, user) = context.account();
    let home = context.home.as_deref().and_then(Path::to_str);
    let account = Account {
        user,
        uid,
        home: home.map(str::to_owned),
    };
    let system = which.system || (uid == 0 && !which.user);
    (account, system)
}

pub(super) fn gather(
    wanted: &Wanted,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Gathered, CommandError> {
    let kind = wanted.which.kind;
    refuse_what_makes_no_sense(wanted, global)?;
    let ready = ready::look(wanted, global, context, ui)?;
    let every = match wanted.round {
        true if kind == Kind::Cron || kind == Kind::Github => interval::nearest(wanted.every),
        _ => wanted.every,
    };
    if every != wanted.every {
        let every = crate::manifest::format_duration(every);
        ui.warn(&format!("rounded to every {every}, which cron can say"));
    }
    let (account, system) = account(&wanted.which, context);
    let mut job = Job {
        name: wanted.which.name.clone(),
        program: text_of(&program(context)?)?,
        manifests: manifests(wanted, context)?,
        every,
        flags: flags(wanted, global, context)?,
        identities: texts(&ready.identities)?,
        settings: settings(context)?,
        path: path(context),
        account,
        system,
        needs: ready.needs,
        ..Job::default()
    };
    if let Some(address) = &wanted.listen {
        job.serving = vec!["--listen".to_owned(), address.clone()];
    }
    if let Some(file) = &wanted.environment_file {
        job.environment_file = Some(text_of(&absolute(file, context))?);
    }
    let mut writes = ready.writes;
    writes.extend(state(context));
    if let Named::File(journal) = records::named(global, context) {
        writes.extend(journal.parent().map(Path::to_owned));
    }
    if let Some(file) = &wanted.metrics_file {
        writes.extend(absolute(file, context).parent().map(Path::to_owned));
    }
    job.writes = texts(&writes)?.into_iter().collect();
    let mut at_github = Call::default();
    if kind == Kind::Github {
        at_github = call(wanted, global, context)?;
        // the same text on whichever machine it is made
        job.manifests.clone_from(&at_github.manifests);
        job.account = Account::default();
    }
    Ok(Gathered {
        kind,
        job,
        call: at_github,
        findings: ready.findings,
    })
}

fn refuse_what_makes_no_sense(wanted: &Wanted, global: &Global) -> Result<(), CommandError> {
    let kind = wanted.which.kind;
    if wanted.listen.is_some() && kind.is_once() {
        return Err(CommandError::usage(
            "--listen needs somebody who is there to be asked, and this kind runs once and ends",
        )
        .hint("--metrics-file FILE, or one of the kinds systemd and launchd"));
    }
    if kind == Kind::Github {
        let other = [
            ("--checkout", wanted.checkout.is_some()),
            ("--metrics-file", wanted.metrics_file.is_some()),
            ("--environment-file", wanted.environment_file.is_some()),
            ("--identity", !global.identity.is_empty()),
            ("--authority", global.authority.is_some()),
        ];
        if let Some((flag, _)) = other.iter().find(|(_, given)| *given) {
            return Err(CommandError::usage(format!(
                "{flag} is about this machine, and GitHub's runs are on others"
            ))
            .hint("keys and tokens are secrets of an environment there: DRIFTLOCK_AGE_KEY, RAILWAY_TOKEN"));
        }
        if wanted.alerts.is_some() {
            return Err(CommandError::usage(
                "--alerts names a file of this machine, and one in the repository could be changed with a manifest",
            )
            .hint("its text goes into the variable DRIFTLOCK_ALERTS_YAML of the environment there"));
        }
    }
    for (what, text) in [
        ("--checkout", wanted.checkout.as_deref()),
        (
            "--journal",
            global.journal.as_deref().and_then(Path::to_str),
        ),
    ] {
        if text.is_some_and(has_password) {
            return Err(CommandError::usage(format!(
                "{what} names an address with a user or password in it, which everybody on the machine could read"
            ))
            .hint("leave it out of the address, and let git's credential helper or an SSH key know it"));
        }
    }
    Ok(())
}

/// `https://user:token@host/…`. An SSH user is no secret.
fn has_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        match authority.rsplit_once('@') {
            None => false,
            Some((user, _)) => !scheme.ends_with("ssh") || user.contains(':'),
        }
    })
}

fn program(context: &Context) -> Result<PathBuf, CommandError> {
    context.program().map_err(|error| {
        CommandError::error(format!(
            "this program's own file cannot be found: {}",
            error.kind()
        ))
    })
}

/// Without `.` in it. `..` stays: what it leads to is the file system's to say.
fn absolute(path: &Path, context: &Context) -> PathBuf {
    context.absolute(path).components().collect()
}

fn manifests(wanted: &Wanted, context: &Context) -> Result<Vec<String>, CommandError> {
    if wanted.checkout.is_some() {
        return texts(&wanted.manifests);
    }
    let default = [PathBuf::from("manifests")];
    let named = match &wanted.manifests[..] {
        [] => &default[..],
        named => named,
    };
    let named: Vec<PathBuf> = named.iter().map(|path| absolute(path, context)).collect();
    texts(&named)
}

fn flags(wanted: &Wanted, global: &Global, context: &Context) -> Result<Vec<String>, CommandError> {
    let mut flags = vec![];
    let mut add = |flag: &str, value: String| flags.extend([flag.to_owned(), value]);
    let alerts = wanted.alerts.clone();
    if let Some(file) = alerts.or_else(|| context.path("DRIFTLOCK_ALERTS")) {
        add("--alerts", text_of(&absolute(&file, context))?);
    }
    if let Some(file) = &wanted.metrics_file {
        add("--metrics-file", text_of(&absolute(file, context))?);
    }
    if let Some(url) = &wanted.checkout {
        add("--checkout", url.clone());
    }
    for target in &wanted.target {
        add("--target", target.to_string());
    }
    let authority = global.authority.clone();
    if let Some(file) = authority.or_else(|| context.path("DRIFTLOCK_AUTHORITY")) {
        add("--authority", text_of(&absolute(&file, context))?);
    }
    match records::named(global, context) {
        Named::File(file) => add("--journal", text_of(&file)?),
        Named::Git(_) => {
            let given = global.journal.clone();
            let given = given.or_else(|| context.path("DRIFTLOCK_JOURNAL"));
            add("--journal", text_of(&given.unwrap_or_default())?);
        }
        Named::Nothing => {}
    }
    Ok(flags)
}

fn settings(context: &Context) -> Result<Vec<(String, String)>, CommandError> {
    let mut all = vec![];
    for name in SETTINGS {
        let Some(value) = context.path(name) else {
            continue;
        };
        let is_path = name.starts_with("XDG_") || name == "DRIFTLOCK_SSH_CONFIG";
        let value = match is_path {
            true => absolute(&value, context),
            false => value,
        };
        all.push((name.to_owned(), text_of(&value)?));
    }
    Ok(all)
}

/// The usual folders, and those in which this user finds what a run may need.
fn path(context: &Context) -> String {
    let mut folders: Vec<String> = vec![];
    for program in PROGRAMS {
        let folder = context.on_path(program).and_then(|file| {
            let folder = file.parent()?.to_str()?.to_owned();
            (folder.starts_with('/') && !folder.contains(':')).then_some(folder)
        });
        folders.extend(folder.filter(|one| !USUAL.contains(&one.as_str())));
    }
    folders.extend(USUAL.map(str::to_owned));
    let mut seen = std::collections::BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders.join(":")
}

/// Where journals and former values are kept.
pub(super) fn state(context: &Context) -> Option<PathBuf> {
    Some(context.state.as_ref()?.join("driftlock"))
}

fn texts<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<String>, CommandError> {
    paths.into_iter().map(|path| text_of(path)).collect()
}

fn text_of(path: &Path) -> Result<String, CommandError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = escape::terminal(&path.display().to_string());
        CommandError::error(format!("{shown} is not UTF-8, and a schedule is"))
            .hint("give the file or folder another name")
    })
}

/// The same from the top of the repository, where GitHub's runs are.
fn call(wanted: &Wanted, global: &Global, context: &Context) -> Result<Call, CommandError> {
    let top = top(context)?;
    let below = |path: &Path| {
        let real = std::fs::canonicalize(absolute(path, context));
        let real = real.unwrap_or_else(|_| absolute(path, context));
        let inside = real.strip_prefix(&top).map_err(|_| {
            let path = escape::terminal(&path.display().to_string());
            CommandError::error(format!(
                "{path} is not in this repository, and GitHub has nothing else"
            ))
        })?;
        text_of(inside)
    };
    let mut arguments = vec![];
    for target in &wanted.target {
        arguments.extend(["--target".to_owned(), target.to_string()]);
    }
    if let Some(journal) = &global.journal {
        arguments.extend(["--journal".to_owned(), text_of(journal)?]);
    }
    Ok(Call {
        manifests: wanted
            .manifests
            .iter()
            .map(|path| below(path))
            .collect::<Result<_, _>>()?,
        arguments,
    })
}

/// The work tree around this folder.
pub(super) fn top(context: &Context) -> Result<PathBuf, CommandError> {
    let folder = std::fs::canonicalize(&context.folder).unwrap_or_else(|_| context.folder.clone());
    let mut above = folder.ancestors();
    above
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
        .ok_or_else(|| {
            CommandError::error("this folder is in no git repository, and a workflow lies in one")
                .hint("run it in a clone of the repository that has the manifests")
        })
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn passwords_in_addresses_are_known() {
        for secret in [
            "https://me:token@git.example/x",
            "https://token@git.example/x",
            "git:https://x:y@git.example/x",
            "ssh://git:pw@git.example/x",
        ] {
            assert!(has_password(secret), "{secret}");
        }
        for open in [
            "https://git.example/x@y",
            "ssh://git@git.example/x",
            "git@git.example:x",
            "git#refs/heads/journal",
            "/srv/a@b",
        ] {
            assert!(!has_password(open), "{open}");
        }
    }
}
