//! What `systemctl` complains about, in our words: its own may hold anything.

use super::super::failure::{Trouble, words_of_status};
use crate::machine::Ran;
use crate::model::SystemdUnit;

/// A complaint that is known.
pub(super) enum Said {
    /// It says all.
    Final(Trouble),
    /// The unit's state says more.
    SeeState,
}

/// `None` for what is not known.
pub(super) fn sort(errors: &[u8], unit: &SystemdUnit) -> Option<Said> {
    let text = String::from_utf8_lossy(errors);
    let says = |words: &[&str]| words.iter().any(|it| text.contains(it));
    if says(&[
        "Access denied",
        "Interactive authentication required",
        "Permission denied",
    ]) {
        let whose = if unit.user {
            "your own"
        } else {
            "the system's"
        };
        return Some(Said::Final(Trouble::helped(
            format!("systemd does not let us restart {unit}: not allowed on {whose} manager"),
            "reach the machine as root, say `sudo: true`, or allow it by a polkit rule",
        )));
    }
    if let Some(trouble) = unreachable(&text, unit.user) {
        return Some(Said::Final(trouble));
    }
    let why = if says(&[" not found.", "could not be found"]) {
        format!("there is no unit {unit} there")
    } else if says(&["is masked"]) {
        format!("{unit} is masked")
    } else if says(&["may be requested by dependency only"]) {
        format!("{unit} refuses to be restarted by hand")
    } else if says(&[
        "is neither a valid invocation ID nor unit name",
        "Invalid unit name",
        "missing the instance name",
    ]) {
        format!("{} is no name of a unit", unit.unit)
    } else if says(&["canceled", "cancelled"]) {
        format!("somebody else stopped or started {unit} at the same time")
    } else if says(&["has a bad unit file setting"]) {
        format!("{unit} has a setting that systemd does not take")
    } else if says(&[
        "Job for ",
        "dependency job",
        "start request repeated too quickly",
        "Failed to load environment files",
    ]) {
        return Some(Said::SeeState);
    } else {
        return None;
    };
    let help = format!("see: {} {}", by_hand(unit, "status"), unit.unit);
    Some(Said::Final(Trouble::helped(why, help)))
}

/// Nobody answers for systemd.
pub(super) fn unreachable(errors: &str, user: bool) -> Option<Trouble> {
    let says = |words: &[&str]| words.iter().any(|it| errors.contains(it));
    if says(&["has not been booted with systemd"]) {
        return Some(no_systemd());
    }
    if !says(&[
        "Failed to connect to bus",
        "Failed to connect to user scope bus",
        "Failed to connect to system scope bus",
        "Failed to get properties: Transport endpoint",
        "Failed to get D-Bus connection",
    ]) {
        return None;
    }
    Some(if user {
        Trouble::helped(
            "the user's manager of systemd does not run there, or cannot be found",
            "let it run without a login: loginctl enable-linger USER, as root",
        )
    } else {
        Trouble::new("systemd cannot be reached there")
    })
}

pub(super) fn no_systemd() -> Trouble {
    Trouble::new("there is no systemd there")
}

/// Of a call that failed: what is known, or only its status and what shows more.
pub(super) fn refusal(ran: &Ran, unit: &SystemdUnit) -> Trouble {
    match sort(&ran.errors, unit) {
        Some(Said::Final(trouble)) => trouble,
        Some(Said::SeeState) | None => Trouble::helped(
            format!(
                "systemctl could not do it for {unit}: {}",
                words_of_status(ran.status)
            ),
            journal(unit),
        ),
    }
}

/// The command that shows more.
pub(super) fn journal(unit: &SystemdUnit) -> String {
    let user = if unit.user { "--user " } else { "" };
    format!("see: journalctl {user}-u {} -n 20", unit.unit)
}

/// A command of systemctl for people.
pub(super) fn by_hand(unit: &SystemdUnit, words: &str) -> String {
    let user = if unit.user { "--user " } else { "" };
    format!("systemctl {user}{words}")
}
