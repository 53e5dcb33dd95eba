//! What `systemctl show` says of a unit.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::failure::Trouble;
use super::say;
use crate::model::SystemdUnit;

/// What is asked for.
pub(super) const PROPERTIES: &str = "LoadState,ActiveState,SubState,Type,Result,MainPID,\
    ExecMainStartTimestamp,ExecMainCode,ExecMainStatus,InvocationID,NeedDaemonReload,\
    EnvironmentFiles";

/// One unit, property by property.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    properties: HashMap<String, String>,
    /// As systemd has them: no specifiers any more, patterns as they are.
    pub(super) environment_files: Vec<String>,
}

/// How a unit does after a start.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It runs, or has done its work.
    Up,
    /// Nobody can say yet.
    OnItsWay,
    Down(Trouble),
}

/// An `ExecMainCode` of a process that exited by itself.
const EXITED: &str = "1";

impl Unit {
    /// The units of one answer, in the order in which they were asked for.
    pub(super) fn read(text: &str) -> Vec<Self> {
        let blocks = text.split("\n\n");
        blocks
            .map(|block| {
                let mut unit = Self::default();
                for (name, value) in block.lines().filter_map(|line| line.split_once('=')) {
                    unit.add(name, value);
                }
                unit
            })
            .filter(|unit| !unit.properties.is_empty())
            .collect()
    }

    fn add(&mut self, name: &str, value: &str) {
        if name == "EnvironmentFiles" {
            let path = value
                .rsplit_once(" (ignore_errors=")
                .map_or(value, |(path, _)| path);
            self.environment_files.push(path.to_owned());
        } else {
            self.properties.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(super) fn of(&self, name: &str) -> &str {
        self.properties.get(name).map_or("", String::as_str)
    }

    /// In systemd's words.
    pub(super) fn state(&self) -> String {
        format!("{} ({})", self.of("ActiveState"), self.of("SubState"))
    }

    pub(super) fn main_pid(&self) -> Option<u32> {
        self.of("MainPID").parse().ok().filter(|pid| *pid != 0)
    }

    pub(super) fn since(&self) -> Option<Timestamp> {
        instant(self.of("ExecMainStartTimestamp"))
    }

    pub(super) fn needs_reload(&self) -> bool {
        self.of("NeedDaemonReload") == "yes"
    }

    pub(super) fn is_oneshot(&self) -> bool {
        self.of("Type") == "oneshot"
    }

    /// Whether this is the same run of the unit; systemd draws a number for each.
    pub(super) fn is_the_run_of(&self, other: &Self) -> bool {
        let run = self.of("InvocationID");
        !run.is_empty() && run == other.of("InvocationID")
    }

    /// Whether its program itself told systemd, or the end of the program is its success.
    pub(super) fn said_that_it_is_ready(&self) -> bool {
        matches!(
            self.of("Type"),
            "notify" | "notify-reload" | "dbus" | "oneshot"
        )
    }

    /// Why no restart can do anything.
    pub(super) fn cannot_start(&self, unit: &SystemdUnit) -> Option<Trouble> {
        let (scope, other) = if unit.user {
            ("the user's manager", "a system unit?")
        } else {
            ("the system's manager", "a user's unit?")
        };
        let why = match self.of("LoadState") {
            "not-found" => {
                return Some(Trouble::helped(
                    format!("there is no unit {} in {scope} there", unit.unit),
                    format!(
                        "misspelt, or {other} See: {}",
                        say::by_hand(unit, "list-units --all")
                    ),
                ));
            }
            "masked" => "is masked",
            "bad-setting" => "has a setting that systemd does not take",
            "error" => "could not be loaded by systemd",
            _ => return None,
        };
        Some(Trouble::helped(
            format!("{unit} {why}"),
            format!("see: {} {}", say::by_hand(unit, "status"), unit.unit),
        ))
    }

    pub(super) fn health(&self, unit: &SystemdUnit) -> Health {
        match (self.of("ActiveState"), self.of("SubState")) {
            ("active" | "reloading" | "refreshing", _) => Health::Up,
            ("activating", "auto-restart" | "auto-restart-queued") => {
                let why = format!(
                    "{unit} fell over ({}), and systemd will start it again",
                    self.end()
                );
                self.down(unit, why)
            }
            ("inactive", _) if self.is_oneshot() && self.of("Result") == "success" => Health::Up,
            ("inactive", _) if self.of("Result") == "exec-condition" => self.down(
                unit,
                format!("{unit} was not started: a condition of its own did not hold"),
            ),
            ("inactive" | "failed", _) => {
                self.down(unit, format!("{unit} does not run: {}", self.end()))
            }
            _ => Health::OnItsWay,
        }
    }

    fn down(&self, unit: &SystemdUnit, why: String) -> Health {
        let stale = if self.needs_reload() {
            "its files changed since systemd read them (daemon-reload); "
        } else {
            ""
        };
        Health::Down(Trouble::helped(
            why,
            format!("{stale}{}", say::journal(unit)),
        ))
    }

    /// How its last run ended.
    pub(super) fn end(&self) -> String {
        let status = self.of("ExecMainStatus");
        match self.of("Result") {
            "exit-code" if self.of("ExecMainCode") == EXITED && status != "0" => {
                let step = match status {
                    "200" => ": its working directory cannot be used",
                    "203" => ": its program cannot be run",
                    "216" | "217" => ": its user or group cannot be had",
                    _ => "",
                };
                format!("its program ended with status {status}{step}")
            }
            "exit-code" => "a command of it failed".to_owned(),
            "signal" => format!("its program was ended by signal {status}"),
            "core-dump" => format!("its program crashed with signal {status}"),
            "timeout" => "it did not start or stop in its own time".to_owned(),
            "watchdog" => "its watchdog was not answered".to_owned(),
            "oom-kill" => "it was ended for want of memory".to_owned(),
            "start-limit-hit" => "it fell over too often, and systemd gave up".to_owned(),
            "protocol" => "it did not tell systemd that it started".to_owned(),
            "resources" => {
                "systemd could not prepare its start, for example for an EnvironmentFile that is \
                 missing or that it may not read"
                    .to_owned()
            }
            // systemd forgets more of a unit that ended well
            "success" | "" => "it came to its end, or was stopped".to_owned(),
            _ => "it failed".to_owned(),
        }
    }
}

/// `Sun 2026-11-22 23:13:41 UTC`, as systemd writes it with `TZ=UTC`.
fn instant(text: &str) -> Option<Timestamp> {
    let (_, text) = text.split_once(' ')?;
    let text = text.strip_suffix(" UTC")?;
    let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    let instant = local.to_zoned(TimeZone::UTC).ok()?;
    Some(instant.timestamp())
}

#[cfg(test)]
mod tests;
