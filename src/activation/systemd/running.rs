//! What the main process of a unit has.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use super::super::environ;
use super::super::far::{self, Part};
use super::super::look::{Look, RunningProcess};
use super::unit::{self, Unit};
use super::{manager, say};
use crate::machine::{Call, Run, RunError};
use crate::model::SystemdUnit;

/// All units and the environments of their main processes, in one call. With `TZ=UTC` every
/// version of systemd writes time stamps that can be read.
const SCRIPT: &str = r#"
m=$1 f=$2
shift 2
text home "$HOME" 0
a=$(TZ=UTC systemctl "$m" --no-pager --no-ask-password show -p "$f" -- "$@")
c=$?
text units "$a" "$c"
[ "$c" = 127 ] && exit 127
for p in $(printf '%s\n' "$a" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p'); do
  printf 'part %s\n' "$p"
  hex 2>/dev/null <"/proc/$p/environ"
  c=$?
  if [ "$c" != 0 ]; then
    c=2
    [ -d "/proc/$p" ] && c=1
  fi
  printf 'end %s\n' "$c"
done
exit 0
"#;

const LIMIT: Duration = Duration::from_secs(15);

/// The status of a part whose process is not to be seen.
const GONE: i32 = 2;

pub(super) async fn look(host: &dyn Run, user: bool, units: &[(&SystemdUnit, &Path)]) -> Vec<Look> {
    let all = |look: Look| vec![look; units.len()];
    let script = format!("{}{SCRIPT}", far::FUNCTIONS);
    let mut arguments = vec!["-c", &script, "sh", manager(user), unit::PROPERTIES];
    arguments.extend(units.iter().map(|(unit, _)| unit.unit.as_str()));
    let ran = match host.run(&Call::new("sh", arguments).within(LIMIT)).await {
        Ok(ran) => ran,
        Err(RunError::Slow { .. }) => {
            return all(Look::unknown("systemd did not answer in time", None));
        }
        Err(error) => return all(Look::unknown(error.to_string(), error.help())),
    };
    if let Some(trouble) = far::trouble(ran.status) {
        return all(Look::unknown(trouble.why, None));
    }
    if ran.status == 127 {
        return all(Look::unknown(say::no_systemd().why, None));
    }
    let mut parts: HashMap<String, Part> = far::parts(&ran.output)
        .into_iter()
        .map(|part| (part.name.clone(), part))
        .collect();
    let (Some(home), Some(shown)) = (parts.remove("home"), parts.remove("units")) else {
        return all(Look::unknown("the machine's answer cannot be read", None));
    };
    let states = Unit::read(&shown.text());
    if shown.status != 0 || states.len() != units.len() {
        let trouble = say::unreachable(&String::from_utf8_lossy(&ran.errors), user);
        let (why, help) = trouble.map_or_else(
            || {
                (
                    format!("systemctl show ended with status {}", shown.status),
                    None,
                )
            },
            |trouble| (trouble.why, trouble.help),
        );
        return all(Look::unknown(why, help));
    }
    let home = home.text();
    units
        .iter()
        .zip(&states)
        .map(|((unit, own), state)| one(unit, own, &home, state, &parts))
        .collect()
}

fn one(
    unit: &SystemdUnit,
    own: &Path,
    home: &str,
    state: &Unit,
    parts: &HashMap<String, Part>,
) -> Look {
    if let Some(trouble) = state.cannot_start(unit) {
        return Look::unknown(trouble.why, trouble.help);
    }
    let refresh = format!("{} {}", say::by_hand(unit, "restart"), unit.unit);
    let Some(pid) = state.main_pid() else {
        return without_process(unit, state, refresh);
    };
    let mut process = RunningProcess::new(format!("main process {pid} of {}", unit.unit));
    process.since = state.since();
    process.reads = reads(state, own, home);
    process.refresh = Some(refresh);
    let environment = match parts.get(&pid.to_string()) {
        None => Err("is too large to be read, or its machine has no `od`"),
        Some(part) if part.status == GONE => {
            Err("is not to be seen: it ended just now, or is hidden")
        }
        Some(part) if part.status != 0 => {
            Err("may not be read by who we are there (`sudo: true` may help)")
        }
        Some(part) => environ::parse(&part.bytes).ok_or("was written over by the program itself"),
    };
    match environment {
        Ok(environment) => {
            process.vars = Some(environment.vars);
            process.unclear = environment.unclear;
        }
        Err(why) => process.note = Some(format!("the environment of {} {why}", process.what)),
    }
    if state.needs_reload() {
        let more = format!(
            "the files of {unit} changed since systemd read them: daemon-reload, then restart"
        );
        process.note = Some(
            process
                .note
                .map_or(more.clone(), |note| format!("{note}; {more}")),
        );
    }
    Look::Runs(vec![process])
}

fn without_process(unit: &SystemdUnit, state: &Unit, refresh: String) -> Look {
    match state.of("ActiveState") {
        "active" if state.since().is_some() => {
            let mut process = RunningProcess::new(format!("the last run of {}", unit.unit));
            process.since = state.since();
            process.note = Some(format!(
                "{unit} has done its work: no process of it is left to look at"
            ));
            process.refresh = Some(refresh);
            Look::Runs(vec![process])
        }
        "active" => Look::unknown(format!("{unit} has no main process to look at"), None),
        "inactive" if state.is_oneshot() && state.of("Result") == "success" => Look::Stopped {
            why: format!("{unit} does not run now: it begins, does its work and ends"),
            idle: true,
            help: None,
        },
        "activating" => Look::Stopped {
            why: format!(
                "{unit} does not run: {}, and systemd tries again",
                state.end()
            ),
            idle: false,
            help: Some(say::journal(unit)),
        },
        _ => Look::Stopped {
            why: format!("{unit} does not run: {}", state.end()),
            idle: false,
            help: Some(say::journal(unit)),
        },
    }
}

/// Whether the unit names this file; a pattern may or may not mean it.
fn reads(state: &Unit, own: &Path, home: &str) -> Option<bool> {
    let own = match own.strip_prefix("~") {
        Ok(below) => Path::new(home).join(below),
        Err(_) => own.to_owned(),
    };
    if state
        .environment_files
        .iter()
        .any(|file| Path::new(file) == own)
    {
        return Some(true);
    }
    let patterns = state
        .environment_files
        .iter()
        .any(|file| file.contains(['*', '?', '[']));
    (!patterns).then_some(false)
}
