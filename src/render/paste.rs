//! Next steps as lines for a shell: quoted, and over SSH where the machine is another one.

use super::style::{Invocation, shell_quoted};
use crate::model::{
    Activation, ComposeProject, HostAddress, LaunchdDomain, LaunchdJob, OpenclawService, Process,
    Sudo, SystemdUnit,
};
use crate::reconcile::event::Step;

/// A step as people get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paste {
    /// Ready to paste.
    Line(String),
    /// In words.
    Words(String),
}

/// One step.
pub(crate) fn paste(step: &Step, call: &Invocation) -> Paste {
    match step {
        Step::Driftlock {
            verb,
            flags,
            of_one,
        } => {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            Paste::Line(if *of_one {
                call.command_of_one(verb, &flags)
            } else {
                call.command(verb, &flags)
            })
        }
        Step::Program(words) => Paste::Line(line(words)),
        Step::Activate {
            host,
            activation,
            own,
        } => Paste::Line(over(host.as_ref(), &activate(activation, own.as_deref()))),
        Step::Restart { host, process, own } => {
            let own = own.as_deref();
            match restart(process, own) {
                Some(line) => Paste::Line(over(host.as_ref(), &line)),
                None => Paste::Words(format!(
                    "make {process} anew: its variables were given to it when it was made"
                )),
            }
        }
        Step::Advice(words) => Paste::Words(words.clone()),
    }
}

fn line(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words.iter().map(|word| path(word.as_ref())).collect();
    words.join(" ")
}

/// A word; `~/` at its begin is left for the shell to put in.
fn path(text: &str) -> String {
    match text.strip_prefix("~/") {
        Some(below) => format!("~/{}", shell_quoted(below)),
        None => shell_quoted(text),
    }
}

/// A command line of the shell of this machine or of another one.
fn over(host: Option<&HostAddress>, line: &str) -> String {
    let Some(host) = host else {
        return line.to_owned();
    };
    let sudo = match &host.sudo {
        Sudo::No => String::new(),
        Sudo::Root => "sudo ".to_owned(),
        Sudo::User(user) => format!("sudo -u {} ", shell_quoted(&user.to_string())),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=@%+, ".contains(c);
    let is_plain = line.chars().all(plain);
    // `sudo` takes one program, not a line of the shell
    let line = match (sudo.is_empty(), is_plain) {
        (true, _) => line.to_owned(),
        (false, true) => format!("{sudo}{line}"),
        (false, false) => format!("{sudo}sh -c {}", shell_quoted(line)),
    };
    let to = &host.destination;
    let port = to
        .port()
        .map_or_else(String::new, |port| format!("-p {port} "));
    let user = to
        .user()
        .map_or_else(String::new, |user| format!("{user}@"));
    let line = if line.chars().all(plain) {
        line
    } else {
        shell_quoted(&line)
    };
    format!("ssh {port}{user}{} {line}", to.host())
}

fn activate(activation: &Activation, own: Option<&str>) -> String {
    match activation {
        Activation::Command(line) => line.clone(),
        Activation::Systemd(unit) => systemd(unit),
        Activation::Launchd(job) => launchd(job, own),
        Activation::Compose(project) => compose(project),
        Activation::Openclaw(service) => openclaw(service),
    }
}

fn openclaw(service: &OpenclawService) -> String {
    let of = |name: &str, said: Option<&str>| {
        said.map_or_else(String::new, |said| format!("{name}={} ", path(said)))
    };
    let profile = service.profile.as_ref();
    format!(
        "{}{}openclaw {}gateway restart",
        of("OPENCLAW_STATE_DIR", service.state.as_deref()),
        of("OPENCLAW_CONFIG_PATH", service.config.as_deref()),
        profile.map_or_else(String::new, |profile| format!("--profile {profile} ")),
    )
}

fn restart(process: &Process, own: Option<&str>) -> Option<String> {
    match process {
        Process::Systemd(unit) => Some(systemd(unit)),
        Process::Launchd(job) => Some(launchd(job, own)),
        Process::Compose(project) => Some(compose(project)),
        Process::Container(_) => None,
    }
}

fn systemd(unit: &SystemdUnit) -> String {
    let user = if unit.user { " --user" } else { "" };
    format!("systemctl{user} restart {}", shell_quoted(&unit.unit))
}

/// A changed property list is read by nothing less than both.
fn launchd(job: &LaunchdJob, own: Option<&str>) -> String {
    let domain = match job.domain {
        LaunchdDomain::Gui => "gui/$(id -u)",
        LaunchdDomain::User => "user/$(id -u)",
        LaunchdDomain::System => "system",
    };
    let label = shell_quoted(&job.label);
    let plist = job.plist.as_deref().or(own).map(path);
    let plist = plist.unwrap_or_else(|| "PLIST".to_owned());
    format!("launchctl bootout {domain}/{label}; launchctl bootstrap {domain} {plist}")
}

fn compose(project: &ComposeProject) -> String {
    let mut text = format!("docker compose -f {} up -d", path(&project.file));
    for service in &project.services {
        text.push(' ');
        text.push_str(&shell_quoted(service));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str, sudo: Sudo) -> Option<HostAddress> {
        Some(HostAddress {
            destination: text.parse().unwrap(),
            sudo,
        })
    }

    fn pasted(host: Option<HostAddress>, activation: Activation) -> String {
        let own = Some("/srv/my app/x.plist".to_owned());
        let step = Step::Activate {
            host,
            activation,
            own,
        };
        match paste(&step, &Invocation::default()) {
            Paste::Line(line) | Paste::Words(line) => line,
        }
    }

    fn unit(user: bool) -> Activation {
        let unit = "app.service".to_owned();
        Activation::Systemd(SystemdUnit { unit, user })
    }

    #[test]
    fn what_restarts_something_is_ready_to_paste() {
        assert_eq!(
            pasted(None, unit(true)),
            "systemctl --user restart app.service"
        );
        assert_eq!(
            pasted(host("deploy@vps:2222", Sudo::No), unit(false)),
            "ssh -p 2222 deploy@vps systemctl restart app.service"
        );
        assert_eq!(
            pasted(host("deploy@vps", Sudo::Root), unit(false)),
            "ssh deploy@vps sudo systemctl restart app.service"
        );
        let it = || Activation::Command("cd /srv && echo 'it'".to_owned());
        assert_eq!(pasted(None, it()), "cd /srv && echo 'it'");
        assert_eq!(
            pasted(host("vps", Sudo::No), it()),
            r"ssh vps 'cd /srv && echo '\''it'\'''"
        );
        let project = ComposeProject {
            file: "~/my app/compose.yaml".to_owned(),
            services: vec!["web".to_owned()],
        };
        assert_eq!(
            pasted(None, Activation::Compose(project)),
            "docker compose -f ~/'my app/compose.yaml' up -d web"
        );
        let job = LaunchdJob {
            label: "org.example.app".to_owned(),
            domain: LaunchdDomain::Gui,
            plist: None,
        };
        assert_eq!(
            pasted(host("mini", Sudo::No), Activation::Launchd(job)),
            r"ssh mini 'launchctl bootout gui/$(id -u)/org.example.app; launchctl bootstrap gui/$(id -u) '\''/srv/my app/x.plist'\'''"
        );
    }

    #[test]
    fn a_gateway_is_restarted_by_openclaw_itself() {
        let gateway = |profile: Option<&str>| {
            Activation::Openclaw(OpenclawService {
                profile: profile.map(str::to_owned),
                ..OpenclawService::default()
            })
        };
        assert_eq!(pasted(None, gateway(None)), "openclaw gateway restart");
        assert_eq!(
            pasted(
                host("claw@vps", Sudo::User("claw".parse().unwrap())),
                gateway(Some("work"))
            ),
            "ssh claw@vps sudo -u claw openclaw --profile work gateway restart"
        );
    }

    /// A real shell reads the quoting back.
    #[test]
    fn a_shell_gives_the_far_side_the_very_line() {
        let wanted = "printf '%s' \"$HOME\" `x` 'it'\\''s' ~ *";
        let line = pasted(
            host("vps", Sudo::No),
            Activation::Command(wanted.to_owned()),
        );
        let words = line.strip_prefix("ssh vps ").unwrap();
        let ran = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {words}")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), wanted);
    }
}
