//! `schedule install`: files of ours where they belong, or our lines of the crontab; and what to run
//! next.

use std::path::PathBuf;

use similar::TextDiff;

use super::files::{self, Outcome};
use super::gather::{self, Gathered};
use super::job::Job;
use super::{InstallArgs, Kind, cron, launchd};
use crate::cli::context::{Context, shell_word};
use crate::cli::error::{CommandError, Exit};
use crate::cli::look::runtime;
use crate::cli::prompt;
use crate::cli::ui::Ui;
use crate::machine::{Call, Ran, Run};
use crate::render::escape;

pub(super) fn run(
    arguments: &InstallArgs,
    gathered: &Gathered,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let (kind, job) = (gathered.kind, &gathered.job);
    let texts = gathered.texts()?;
    if kind == Kind::Cron {
        let block = &texts[0].1;
        return change_crontab(
            &|crontab| cron::with(crontab, &job.name, block),
            arguments.yes,
            context,
            ui,
        );
    }
    let folder = folder(kind, job.system, context)?;
    let placed: Vec<_> = texts
        .into_iter()
        .map(|(name, text)| (folder.join(name), text))
        .collect();
    let mut changed = false;
    let mut was_there = false;
    for (path, outcome) in files::put(&placed)? {
        changed |= outcome != Outcome::Present;
        was_there |= outcome == Outcome::Replaced;
        ui.say(&outcome.says(&path));
    }
    // a sandbox opens what is there, and nothing can be made beside it
    if kind != Kind::Github
        && let Some(state) = gather::state(context)
    {
        files::make_folder(&state)?;
    }
    let steps = steps(kind, job, &placed, was_there);
    let steps: Vec<Vec<String>> = match changed || arguments.start {
        true => steps,
        false => vec![],
    };
    if kind == Kind::Github {
        let path = shell_word(&placed[0].0);
        ui.say(&format!("  next: git add {path} && git commit && git push"));
        return Ok(Exit::DONE);
    }
    match arguments.start {
        true => start(&steps, context, ui)?,
        false => {
            for step in &steps {
                ui.say(&format!("  next: {}", step.join(" ")));
            }
        }
    }
    if kind.is_systemd() && !job.system && changed {
        let user = escape::terminal(&job.account.user);
        ui.say(&format!(
            "  so that it runs while nobody is logged in: loginctl enable-linger {user}"
        ));
    }
    if let (Kind::Launchd | Kind::LaunchdInterval, Some(log)) = (kind, launchd::log(job)) {
        ui.say(&format!(
            "  what it says goes into {}",
            escape::terminal(&log)
        ));
    }
    Ok(Exit::DONE)
}

/// Where files of a kind belong.
pub(super) fn folder(kind: Kind, system: bool, context: &Context) -> Result<PathBuf, CommandError> {
    let no_home = || CommandError::error("this user has no home folder").hint("--system");
    let home = || context.home.clone().ok_or_else(no_home);
    let config = || context.config.clone().ok_or_else(no_home);
    Ok(match (kind, system) {
        (Kind::Cron, _) => return Err(CommandError::error("a crontab is no file of ours")),
        (Kind::Systemd | Kind::SystemdTimer, true) => PathBuf::from("/etc/systemd/system"),
        (Kind::Systemd | Kind::SystemdTimer, false) => config()?.join("systemd/user"),
        (Kind::Launchd | Kind::LaunchdInterval, true) => PathBuf::from("/Library/LaunchDaemons"),
        (Kind::Launchd | Kind::LaunchdInterval, false) => home()?.join("Library/LaunchAgents"),
        (Kind::Github, _) => gather::top(context)?.join(".github/workflows"),
    })
}

/// What makes it run, word by word.
fn steps(kind: Kind, job: &Job, placed: &[(PathBuf, String)], was_there: bool) -> Vec<Vec<String>> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let unit = job.unit();
    if kind.is_systemd() {
        let systemctl = systemctl(job.system);
        let ending = match kind {
            Kind::SystemdTimer => "timer",
            _ => "service",
        };
        let mut steps = vec![
            words(&format!("{systemctl} daemon-reload")),
            words(&format!("{systemctl} enable --now {unit}.{ending}")),
        ];
        if was_there {
            steps.push(words(&format!("{systemctl} restart {unit}.{ending}")));
        }
        return steps;
    }
    if let Kind::Launchd | Kind::LaunchdInterval = kind {
        let (domain, label) = (launchd::domain(job), launchd::label(job));
        let mut steps = vec![];
        if was_there {
            steps.push(words(&format!("launchctl bootout {domain}/{label}")));
        }
        let mut load = words(&format!("launchctl bootstrap {domain}"));
        load.extend(placed.iter().map(|(path, _)| shell_word(path)));
        steps.push(load);
        return steps;
    }
    vec![]
}

pub(super) const fn systemctl(system: bool) -> &'static str {
    match system {
        true => "systemctl",
        false => "systemctl --user",
    }
}

/// Runs the commands that otherwise are only named.
pub(super) fn start(
    steps: &[Vec<String>],
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    for step in steps {
        let line = step.join(" ");
        let ran = run_program(&Call::shell(&line), context)?;
        if !ran.succeeded() {
            return Err(CommandError::error(format!(
                "`{line}` ended with {}; the files are in place",
                ran.status
            ))
            .hint(line));
        }
        ui.say(&format!("  done: {line}"));
    }
    Ok(())
}

pub(super) fn run_program(call: &Call, context: &Context) -> Result<Ran, CommandError> {
    let host = context.local_host();
    runtime()?
        .block_on(host.run(call))
        .map_err(|error| CommandError::of(&error))
}

/// Reads the user's crontab, changes it, shows how, and puts it back if somebody says so.
pub(super) fn change_crontab(
    change: &dyn Fn(&str) -> Result<String, CommandError>,
    yes: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let before = crontab(context)?;
    let after = change(&before)?;
    if after == before {
        ui.say("the crontab is as it should be already");
        return Ok(Exit::DONE);
    }
    let diff = TextDiff::from_lines(&before, &after);
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Equal => continue,
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
        };
        let line = escape::terminal(change.value().trim_end_matches('\n'));
        ui.say(&format!("{sign} {line}"));
    }
    if !yes {
        if !context.terminal.input {
            return Err(CommandError::refused(
                "the crontab was left alone: nobody can be asked here",
            )
            .hint("the same with --yes"));
        }
        if !prompt::confirm(ui, "Change the crontab so?")? {
            return Err(CommandError::refused("the crontab was left alone"));
        }
    }
    if crontab(context)? != before {
        return Err(CommandError::refused(
            "the crontab was left alone: somebody changed it meanwhile",
        )
        .hint("run it again"));
    }
    let ran = run_program(
        &Call::new("crontab", ["-"]).reading(after.as_bytes()),
        context,
    )?;
    if !ran.succeeded() {
        return Err(CommandError::error(format!(
            "crontab did not take it, and ended with {}; it keeps what it had",
            ran.status
        ))
        .hint("see whether this user may have a crontab: /etc/cron.allow, /etc/cron.deny"));
    }
    if crontab(context)? != after {
        return Err(CommandError::error(
            "the crontab is not what was written into it: look at it with crontab -l",
        ));
    }
    ui.say("the crontab is changed");
    Ok(Exit::DONE)
}

/// The user's crontab. That there is none is a thing it must say: anything else is not "empty".
fn crontab(context: &Context) -> Result<String, CommandError> {
    if context.on_path("crontab").is_none() {
        return Err(
            CommandError::error("there is no program `crontab` on this machine").hint(
                "install cron, or use another kind: driftlock schedule install systemd-timer",
            ),
        );
    }
    let ran = run_program(&Call::new("crontab", ["-l"]), context)?;
    if ran.succeeded() {
        return String::from_utf8(ran.output.to_vec())
            .map_err(|_| CommandError::refused("the crontab was left alone: it is not UTF-8"));
    }
    let said = String::from_utf8_lossy(&ran.errors);
    // Vixie's and its heirs; busybox
    let none = ["no crontab for", "No such file or directory"];
    match none.iter().any(|words| said.contains(words)) {
        true => Ok(String::new()),
        false => Err(CommandError::error(format!(
            "the crontab cannot be read: `crontab -l` ended with {}",
            ran.status
        ))
        .hint("crontab -l")),
    }
}
