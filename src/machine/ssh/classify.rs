//! What ssh and sudo said, as one of the errors that we know. Their words end here.

use super::error::SshError;

/// What was heard until a connection stood or failed.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// ssh's own log.
    pub(super) log: String,
    /// The rest: jump hosts and the user's proxy commands, the login's profile, sudo.
    pub(super) noise: String,
}

impl Heard {
    /// Whether the host key is not the one that is known. ssh goes on in spite of that where the
    /// user's configuration says so; we do not.
    pub(super) fn changed_key(&self, host: &str) -> Option<SshError> {
        let texts = [&self.log, &self.noise];
        let text = texts
            .into_iter()
            .find(|text| text.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"))?;
        // the second is what some systems' ssh says where it would go on
        let named =
            named(text, "Host key for ", " has changed").or_else(|| named(text, " -R \"", "\""));
        Some(SshError::HostKeyChanged {
            host: named.unwrap_or_else(|| host.to_owned()),
        })
    }

    fn logged_in(&self) -> bool {
        self.log.contains("Authenticated to ") || self.log.contains("mux_client_")
    }

    /// Why there is no connection.
    pub(super) fn reason(&self, host: &str) -> SshError {
        if let Some(changed) = self.changed_key(host) {
            return changed;
        }
        let host_name = || host.to_owned();
        if self.logged_in() {
            let no_shell = || SshError::NoShell { host: host_name() };
            return sudo(&self.noise, host).unwrap_or_else(no_shell);
        }
        known(&self.log, host)
            .or_else(|| known(&self.noise, host))
            .unwrap_or_else(|| SshError::Closed { host: host_name() })
    }

    /// Why there is no connection after all that time.
    pub(super) fn reason_of_silence(&self, host: &str, limit: std::time::Duration) -> SshError {
        if let Some(changed) = self.changed_key(host) {
            changed
        } else if self.logged_in() {
            SshError::NoShell {
                host: host.to_owned(),
            }
        } else {
            known(&self.noise, host).unwrap_or_else(|| SshError::TimedOut {
                host: host.to_owned(),
                limit,
            })
        }
    }
}

fn known(text: &str, host: &str) -> Option<SshError> {
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let peer = || named(text, "connect to host ", " port").unwrap_or_else(|| host.to_owned());
    let host = || host.to_owned();
    Some(if says(&["Could not resolve hostname"]) {
        SshError::UnknownHost {
            host: named(text, "Could not resolve hostname ", ":").unwrap_or_else(host),
        }
    } else if says(&["host key is known for", "Host key verification failed"]) {
        SshError::HostKeyUnknown {
            host: named(text, "host key is known for ", " and").unwrap_or_else(host),
        }
    } else if says(&["Permission denied (", "Too many authentication failures"]) {
        SshError::Denied {
            user: login(text),
            methods: named(text, "Permission denied (", ")"),
            host: host(),
        }
    } else if says(&["Unable to negotiate"]) {
        SshError::NoCommonAlgorithm { host: host() }
    } else if says(&[
        "Bad configuration option",
        "terminating, ",
        "Bad owner or permissions",
        "Can't open user config file",
        "no argument after keyword",
        "missing argument",
    ]) {
        SshError::Settings { host: host() }
    } else if says(&["Connection refused"]) {
        SshError::Refused { host: peer() }
    } else if says(&["No route to host", "Network is unreachable", "Host is down"]) {
        SshError::Unreachable { host: peer() }
    } else if says(&["timed out", "Operation timed out"]) {
        SshError::Unanswered { host: peer() }
    } else {
        return None;
    })
}

fn sudo(noise: &str, host: &str) -> Option<SshError> {
    let host = || host.to_owned();
    let mut lines = noise.lines().filter(|line| line.contains("sudo"));
    lines.find_map(|line| {
        let says = |words: &[&str]| words.iter().any(|words| line.contains(words));
        if says(&[
            "password is required",
            "terminal is required",
            "no tty present",
            "askpass",
        ]) {
            Some(SshError::SudoPassword { host: host() })
        } else if says(&[
            "not in the sudoers",
            "not allowed",
            "may not run",
            "unknown user",
        ]) {
            Some(SshError::SudoDenied { host: host() })
        } else if says(&[
            "not found",
            "No such file",
            "unknown command",
            "Unknown command",
        ]) {
            Some(SshError::NoSudo { host: host() })
        } else {
            None
        }
    })
}

/// The name between two texts, if it is one that may be shown.
fn named(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (name, _) = rest.split_once(after)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:[],".contains(c);
    (!name.is_empty() && name.len() < 256 && name.chars().all(fits)).then(|| name.to_owned())
}

/// The user before `@host: Permission denied`.
fn login(text: &str) -> Option<String> {
    let (before, _) = text.split_once(": Permission denied (")?;
    let (user, _) = before.lines().last()?.rsplit_once('@')?;
    crate::model::is_name(user, "._+-").then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(log: &str, noise: &str) -> String {
        let heard = Heard {
            log: log.to_owned(),
            noise: noise.to_owned(),
        };
        heard.reason("vps").to_string()
    }

    #[test]
    fn the_words_of_ssh_are_told_apart() {
        for (log, expected) in [
            (
                "ssh: Could not resolve hostname vps.example: Name or service not known\r",
                "the host name vps.example is not known",
            ),
            (
                "ssh: connect to host vps port 22: Connection refused\r",
                "vps refused the connection",
            ),
            (
                "ssh: connect to host vps port 22: No route to host\r",
                "vps cannot be reached: the network knows no way there",
            ),
            (
                "ssh: connect to host vps port 22: Connection timed out\r",
                "vps did not answer",
            ),
            (
                "Host key verification failed.\r",
                "the host key of vps is not in your known hosts",
            ),
            (
                "No ED25519 host key is known for [vps]:2222 and you have requested strict checking.\nHost key verification failed.",
                "the host key of [vps]:2222 is not in your known hosts",
            ),
            (
                "deploy@10.0.0.7: Permission denied (publickey,password).\r",
                "vps denied the login of deploy (publickey,password)",
            ),
            (
                "Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures",
                "vps denied the login",
            ),
            (
                "kex_exchange_identification: Connection closed by remote host",
                "vps closed the connection before the login",
            ),
            (
                "Unable to negotiate with 10.0.0.7 port 22: no matching host key type found. Their offer: ssh-rsa",
                "ssh and vps have no algorithm in common",
            ),
            (
                "config: line 1: Bad configuration option: x\r\nconfig: terminating, 1 bad configuration options",
                "ssh does not accept its own configuration, and did not try to reach vps",
            ),
            ("", "vps closed the connection before the login"),
        ] {
            assert_eq!(reason(log, ""), expected);
        }
        let banner = "@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@\nHost key for [vps]:2222 has changed and you have requested strict checking.\nHost key verification failed.";
        assert!(reason(banner, "").starts_with("the host key of [vps]:2222 has changed"));
        let would_go_on = "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n  remove with:\n  ssh-keygen -f \"/home/me/known_hosts\" -R \"[vps]:2222\"\n";
        assert!(reason(would_go_on, "").starts_with("the host key of [vps]:2222 has changed"));
        let jump = "ssh: connect to host bastion port 22: Connection refused";
        assert_eq!(
            reason("Connection closed by UNKNOWN port 65535", jump),
            "bastion refused the connection"
        );
    }

    #[test]
    fn after_the_login_it_is_sudo_or_the_shell() {
        let login = "Authenticated to vps ([10.0.0.7]:22) using \"publickey\".";
        for (noise, expected) in [
            (
                "sudo: a password is required",
                "sudo on vps wants a password, and nobody is there to type it",
            ),
            (
                "deploy is not in the sudoers file.",
                "sudo on vps does not allow it",
            ),
            (
                "Sorry, user deploy is not allowed to execute '/bin/sh' as root on vps. sudo",
                "sudo on vps does not allow it",
            ),
            (
                "bash: line 1: exec: sudo: not found",
                "there is no sudo on vps",
            ),
            (
                "Connection refused by the motd",
                "the login on vps worked, but no POSIX shell answered",
            ),
        ] {
            assert_eq!(reason(login, noise), expected);
        }
    }

    #[test]
    fn nothing_but_a_name_is_taken_over() {
        let log = "evil$(id)@vps: Permission denied (public key\x1b[31m).";
        assert_eq!(reason(log, ""), "vps denied the login");
        let log = "ssh: Could not resolve hostname a b;c: x";
        assert_eq!(reason(log, ""), "the host name vps is not known");
    }
}
