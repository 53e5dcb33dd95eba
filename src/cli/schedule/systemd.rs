//! systemd: a service that runs all the time, or one that a timer starts. As much of a sandbox as the
//! manifests leave room for.

use std::fmt::Write as _;

use super::MARK;
use super::interval::{calendar, fits_cron, seconds};
use super::job::Job;
use super::words;
use crate::cli::error::CommandError;
use crate::manifest::format_duration;

/// A unit's file name and text.
pub(super) type Unit = (String, String);

/// The service that loops.
pub(super) fn service(job: &Job) -> Result<Vec<Unit>, CommandError> {
    let mut text = head(job, "keeps environment variables as git has them")?;
    text.push_str(
        "# it tries again by itself for as long as it takes\nStartLimitIntervalSec=0\n\n[Service]\nType=notify\n",
    );
    text.push_str(&command(job, false)?);
    text.push_str(
        "WatchdogSec=5min\nRestart=on-failure\nRestartSec=15s\n\
         # differences are told as alerts, and are no failure of the service\nSuccessExitStatus=2\n\
         # a write in flight ends, and what was done is recorded\nKillMode=mixed\nTimeoutStopSec=30s\n",
    );
    text.push_str(&sandbox(job)?);
    let _ = write!(text, "\n[Install]\nWantedBy={}\n", wanted_by(job));
    Ok(vec![(format!("{}.service", job.unit()), text)])
}

/// The service that runs once, and its timer.
pub(super) fn timer(job: &Job) -> Result<Vec<Unit>, CommandError> {
    let mut text = head(job, "looks once at the environment variables that git has")?;
    text.push_str("\n[Service]\nType=oneshot\n");
    text.push_str(&command(job, true)?);
    text.push_str(
        "# differences are told as alerts, and are no failure of the service\nSuccessExitStatus=2\n\
         KillMode=mixed\nTimeoutStartSec=30min\nTimeoutStopSec=30s\n",
    );
    text.push_str(&sandbox(job)?);
    let every = format_duration(job.every);
    let name = words::unit_text(&job.unit());
    let mut timer = format!("{MARK}\n[Unit]\nDescription={name}: every {every}\n\n[Timer]\n");
    match fits_cron(job.every) {
        true => {
            let at = calendar(job.every);
            let _ = write!(timer, "OnCalendar={at}\nPersistent=yes\n");
        }
        false => {
            let every = seconds(job.every);
            let _ = write!(timer, "OnActiveSec=30s\nOnUnitActiveSec={every}\n");
        }
    }
    // every machine at its own time, and at the same one each time
    let delay = (job.every / 5).as_secs().clamp(1, 900);
    let _ = write!(
        timer,
        "RandomizedDelaySec={delay}s\nFixedRandomDelay=yes\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n"
    );
    Ok(vec![
        (format!("{}.service", job.unit()), text),
        (format!("{}.timer", job.unit()), timer),
    ])
}

const fn wanted_by(job: &Job) -> &'static str {
    match job.system {
        true => "multi-user.target",
        false => "default.target",
    }
}

fn head(job: &Job, what: &str) -> Result<String, CommandError> {
    let name = words::unit_text(&job.unit());
    let mut text = format!("{MARK}\n[Unit]\nDescription={name}: {what}\n");
    // a user's manager knows nothing of the network
    if job.system {
        text.push_str("Wants=network-online.target\nAfter=network-online.target\n");
    }
    Ok(text)
}

/// What is run, with what. Keys come as credentials: the service sees these files and no others.
fn command(job: &Job, once: bool) -> Result<String, CommandError> {
    let mut line = format!("ExecStart={}", words::unit_program(&job.program)?);
    for word in job.words(once) {
        line.push(' ');
        line.push_str(&words::unit_argument(&word)?);
    }
    let mut credentials = String::new();
    for (place, file) in job.identities.iter().enumerate() {
        let name = format!("identity-{}", place + 1);
        let file = words::unit_rest(file)?;
        let _ = writeln!(credentials, "LoadCredential={name}:{file}");
        let _ = write!(line, " --identity ${{CREDENTIALS_DIRECTORY}}/{name}");
    }
    for word in job.operands() {
        line.push(' ');
        line.push_str(&words::unit_argument(&word)?);
    }
    let mut text = format!("{line}\n{credentials}");
    for (name, value) in job.environment() {
        let word = words::unit_word(&format!("{name}={value}"))?;
        let _ = writeln!(text, "Environment={word}");
    }
    if let Some(file) = &job.environment_file {
        let file = words::unit_rest(file)?;
        let _ = writeln!(
            text,
            "# tokens, one NAME=value a line\nEnvironmentFile={file}"
        );
    }
    if job.system {
        let _ = writeln!(text, "User={}", words::unit_rest(&job.account.user)?);
    }
    Ok(text)
}

/// Good for whoever runs it.
const ALWAYS: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
UMask=0077
LimitCORE=0
";

/// Only the system's manager can do these: a user's may not take capabilities away, and the service
/// would not start.
const OF_SYSTEM: &str = "\
PrivateDevices=yes
ProtectClock=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
AmbientCapabilities=
KeyringMode=private
RemoveIPC=yes
";

fn sandbox(job: &Job) -> Result<String, CommandError> {
    let mut text = format!("\n# the sandbox\n{ALWAYS}");
    for folder in &job.writes {
        let word = words::unit_word(&format!("-{folder}"))?;
        let _ = writeln!(text, "ReadWritePaths={word}");
    }
    match job.is_in_tmp() {
        true => text.push_str("# what it is for lies in a folder for temporary files\n"),
        false => text.push_str("PrivateTmp=yes\n"),
    }
    if job.needs.programs {
        text.push_str(
            "# programs of the manifest are run here: what they make of memory and calls is theirs\n\
             RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\nMemoryMax=1G\nTasksMax=256\n",
        );
    } else {
        text.push_str(
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\nMemoryDenyWriteExecute=yes\nMemoryMax=512M\n\
             TasksMax=64\n",
        );
    }
    if !job.needs.processes && !job.needs.programs {
        text.push_str("ProtectProc=invisible\n");
    }
    text.push_str("SystemCallFilter=@system-service\n");
    if !job.needs.programs {
        text.push_str("SystemCallFilter=~@resources\n");
    }
    if job.system {
        text.push_str(OF_SYSTEM);
        let _ = writeln!(text, "CapabilityBoundingSet={}", capabilities(job));
    }
    Ok(text)
}

/// What root keeps. Owner and mode of a file stay as they are, whosever it is.
fn capabilities(job: &Job) -> String {
    let mut all = vec![];
    if job.account.uid == 0 && job.needs.files {
        all.extend(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]);
    }
    if job.account.uid == 0 && job.needs.processes {
        all.push("CAP_SYS_PTRACE");
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::schedule::job::{Account, Needs};

    fn job(system: bool) -> Job {
        Job {
            name: "reconcile".to_owned(),
            program: "/usr/bin/driftlock".to_owned(),
            manifests: vec!["/srv/a b/manifests".to_owned()],
            every: Duration::from_secs(7 * 60),
            serving: vec!["--listen".to_owned(), "127.0.0.1:9187".to_owned()],
            identities: vec!["/root/keys 100%.txt".to_owned()],
            path: "/usr/bin:/bin".to_owned(),
            environment_file: Some("/etc/driftlock.env".to_owned()),
            account: Account {
                user: "root".to_owned(),
                ..Account::default()
            },
            system,
            writes: [
                "/root/.local/state/driftlock".to_owned(),
                "/srv/my app".to_owned(),
            ]
            .into(),
            ..Job::default()
        }
    }

    #[test]
    fn the_service_takes_its_keys_as_credentials() {
        let (name, text) = service(&job(true)).unwrap().remove(0);
        assert_eq!(name, "driftlock-reconcile.service");
        for line in [
            "ExecStart=/usr/bin/driftlock reconcile --every 7m --listen 127.0.0.1:9187 --identity \
             ${CREDENTIALS_DIRECTORY}/identity-1 -- \"/srv/a b/manifests\"",
            "LoadCredential=identity-1:/root/keys 100%%.txt",
            "Environment=PATH=/usr/bin:/bin",
            "EnvironmentFile=/etc/driftlock.env",
            "User=root",
            "ReadWritePaths=\"-/srv/my app\"",
            "CapabilityBoundingSet=",
            "WantedBy=multi-user.target",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        assert!(text.starts_with(MARK));
    }

    #[test]
    fn a_users_service_asks_for_nothing_that_its_manager_cannot_do() {
        let (_, text) = service(&job(false)).unwrap().remove(0);
        assert!(text.contains("PrivateTmp=yes"));
        for word in [
            "CapabilityBoundingSet",
            "PrivateDevices",
            "ProtectClock",
            "ProtectKernelModules",
            "ProtectKernelLogs",
            "network-online",
            "User=",
        ] {
            assert!(!text.contains(word), "{word}");
        }
        assert!(text.contains("WantedBy=default.target"));
    }

    #[test]
    fn what_manifests_need_is_left_open() {
        let mut job = job(true);
        let text = |job: &Job| service(job).unwrap().remove(0).1;
        assert!(text(&job).contains("MemoryDenyWriteExecute=yes"));
        job.needs = Needs {
            files: true,
            programs: true,
            processes: true,
        };
        let open = text(&job);
        assert!(!open.contains("MemoryDenyWriteExecute") && !open.contains("ProtectProc"));
        assert!(open.contains(
            "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_SYS_PTRACE\n"
        ));
        // who is not root has none to keep
        job.account.uid = 1000;
        assert!(text(&job).contains("CapabilityBoundingSet=\n"));
    }

    #[test]
    fn a_timer_says_any_interval() {
        let units = timer(&job(false)).unwrap();
        assert!(units[0].1.contains("Type=oneshot") && units[0].1.contains("reconcile --once"));
        assert!(!units[0].1.contains("--listen"), "nobody is there to ask");
        assert!(units[1].1.contains("OnUnitActiveSec=420s"));
        let mut job = job(false);
        job.every = Duration::from_secs(300);
        let timer = &timer(&job).unwrap()[1].1;
        assert!(timer.contains("OnCalendar=*:00/5:00\nPersistent=yes\nRandomizedDelaySec=60s"));
    }
}
