//! What runs, and what it was given.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::environ;
use super::super::far::{self, Part};
use crate::machine::{Call, Run};
use crate::model::{
    LaunchdDomain, OPENCLAW_GATEWAY_TOKEN, OpenclawService, Process, SecretValue, VarName,
};

/// All of it in one call. `$1` the state folder, `$2` `--user` or `--system`, `$3` the unit, `$4`
/// the domain of launchd, `$5` the label, `$6` a variable.
///
/// A lock that names a process which is not there any more, or is another one by now, is none: so
/// the environment of the process that it names and the one of the service's are two parts.
const SCRIPT: &str = r#"
s=$1 m=$2 n=$3 d=$4 l=$5 v=$6
case $s in "~/"*) s=$HOME/${s#"~/"} ;; esac
u=$(id -u)
text system "$(uname -s)" 0
environment() {
  printf 'part %s\n' "$1"
  hex 2>/dev/null <"/proc/$2/environ"
  printf 'end %s\n' $?
}
p=
lock=$s/tmp/openclaw-$u/gateway.state.lock
if [ -f "$lock" ]; then
  printf 'part lock\n'
  hex 2>/dev/null <"$lock"
  printf 'end %s\n' $?
  p=$(sed -n 's/.*"pid"[ ]*:[ ]*\([0-9][0-9]*\).*/\1/p' "$lock" 2>/dev/null | sed -n 1p)
  if [ -n "$p" ] && kill -0 "$p" 2>/dev/null; then
    if [ -r "/proc/$p/stat" ]; then
      text stat "$(sed -n 's/^.*) //p' "/proc/$p/stat" 2>/dev/null)" 0
      environment environ "$p"
    fi
    text alive "$p" 0
  fi
fi
if [ "$(uname -s)" = Darwin ]; then
  [ "$d" = system ] || d=$d/$u
  a=$(launchctl print "$d/$l" 2>&1)
  text job "$a" $?
  a=$(launchctl getenv "$v" 2>/dev/null)
  text session "$a" $?
  if [ -f "$s/service-env/$l.env" ]; then
    printf 'part given\n'
    hex 2>/dev/null <"$s/service-env/$l.env"
    printf 'end %s\n' $?
  fi
else
  a=$(systemctl "$m" --no-pager --no-ask-password show -p LoadState,ActiveState,SubState,MainPID,ExecStart -- "$n" 2>/dev/null)
  text unit "$a" $?
  q=$(printf '%s\n' "$a" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p')
  [ -z "$q" ] || environment service "$q"
fi
exit 0
"#;

const LIMIT: Duration = Duration::from_secs(15);

/// What can be seen of a gateway beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Whether it runs.
    pub runs: Runs,
    /// The token on the command line of its service, where there is one: it wins over everything.
    pub flag: Option<SecretValue>,
    /// What launchd gives to whatever it starts in this session.
    pub session: Option<SecretValue>,
}

/// Whether a gateway runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// It does.
    Yes(GatewayProcess),
    /// Its service does not.
    No {
        /// Lower case, no final period.
        why: String,
    },
    /// Nobody can say.
    Unknown {
        /// Lower case, no final period.
        why: String,
    },
}

/// A running gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayProcess {
    /// For example "the gateway (process 123)".
    pub what: String,
    /// When it began, by its machine's clock.
    pub since: Option<Timestamp>,
    /// What it was started with; `None` where that cannot be seen.
    pub environment: Option<BTreeMap<VarName, SecretValue>>,
    /// What it listens at, by its own word.
    pub port: Option<u16>,
    /// The config that it reads, by its own word.
    pub config: Option<String>,
}

impl Gateway {
    /// Nothing could be seen.
    pub fn unseen(why: impl Into<String>) -> Self {
        Self {
            runs: Runs::Unknown { why: why.into() },
            flag: None,
            session: None,
        }
    }

    /// The process, if one was seen.
    pub fn process(&self) -> Option<&GatewayProcess> {
        match &self.runs {
            Runs::Yes(process) => Some(process),
            Runs::No { .. } | Runs::Unknown { .. } => None,
        }
    }
}

/// Looks at the gateway of this state folder. `given` is what runs it, where the manifest says so.
pub async fn look(
    host: &dyn Run,
    state: &Path,
    own: &OpenclawService,
    given: Option<&Process>,
) -> Gateway {
    let named = Named::of(own, given);
    let script = format!("{}{SCRIPT}", far::FUNCTIONS);
    let Some(state) = state.to_str() else {
        return Gateway::unseen("the path of its state folder is no text");
    };
    let arguments = [
        "-c",
        &script,
        "sh",
        state,
        named.manager,
        &named.unit,
        named.domain,
        &named.label,
        OPENCLAW_GATEWAY_TOKEN,
    ];
    let ran = match host.run(&Call::new("sh", arguments).within(LIMIT)).await {
        Ok(ran) => ran,
        Err(error) => return Gateway::unseen(error.to_string()),
    };
    if let Some(trouble) = far::trouble(ran.status) {
        return Gateway::unseen(trouble.why);
    }
    read(&far::parts(&ran.output), &named)
}

/// What runs it, by its names in both systems.
struct Named {
    manager: &'static str,
    unit: String,
    domain: &'static str,
    label: String,
}

impl Named {
    fn of(own: &OpenclawService, given: Option<&Process>) -> Self {
        let mut named = Self {
            manager: "--user",
            unit: own.unit(),
            domain: "gui",
            label: own.label(),
        };
        match given {
            Some(Process::Systemd(unit)) => {
                named.manager = if unit.user { "--user" } else { "--system" };
                named.unit.clone_from(&unit.unit);
            }
            Some(Process::Launchd(job)) => {
                named.domain = match job.domain {
                    LaunchdDomain::Gui => "gui",
                    LaunchdDomain::User => "user",
                    LaunchdDomain::System => "system",
                };
                named.label.clone_from(&job.label);
            }
            _ => {}
        }
        named
    }
}

/// The lock file, as far as it matters. It is padded with blanks.
#[derive(Deserialize)]
struct Lock {
    pid: u32,
    #[serde(rename = "createdAt")]
    created_at: Option<String>,
    #[serde(rename = "startTime")]
    start_time: Option<u64>,
    port: Option<u16>,
    #[serde(rename = "configPath")]
    config: Option<String>,
}

fn read(parts: &[Part], named: &Named) -> Gateway {
    let part = |name: &str| parts.iter().find(|part| part.name == name);
    let Some(system) = part("system") else {
        return Gateway::unseen("the machine's answer cannot be read");
    };
    let mac = system.text().trim() == "Darwin";
    let commands = part(if mac { "job" } else { "unit" });
    let command = commands.filter(|part| part.status == 0).map(Part::text);
    let flag = command.as_ref().and_then(|text| {
        if mac {
            token_of(job_words(text).into_iter())
        } else {
            token_of(unit_words(text).into_iter())
        }
    });
    let session = part("session").filter(|part| part.status == 0);
    let session = session
        .map(|part| part.text())
        .filter(|text| !text.trim().is_empty());
    Gateway {
        runs: runs(
            &part,
            command.as_ref().map(|text| text.as_str()),
            mac,
            named,
        ),
        flag,
        session: session.map(|text| SecretValue::new(text.trim())),
    }
}

fn runs<'p>(
    part: &dyn Fn(&str) -> Option<&'p Part>,
    service: Option<&str>,
    mac: bool,
    named: &Named,
) -> Runs {
    let environment = |of| {
        let whole = |name| part(name).filter(|part: &&Part| part.status == 0);
        match whole(of) {
            Some(part) => Some(environ::parse(&part.bytes)?.vars),
            None => whole("given").map(|part| exports(&part.text())),
        }
    };
    let lock =
        part("lock").and_then(|part| serde_json::from_slice::<Lock>(part.bytes.trim_ascii()).ok());
    if let Some(lock) = lock
        && part("alive").is_some_and(|alive| alive.text().trim() == lock.pid.to_string())
        && is_the_same(&lock, part("stat"))
    {
        return Runs::Yes(GatewayProcess {
            what: format!("the gateway (process {})", lock.pid),
            since: lock.created_at.and_then(|at| at.parse().ok()),
            environment: environment("environ"),
            port: lock.port,
            config: lock.config,
        });
    }
    let name = if mac { &named.label } else { &named.unit };
    let of = |key: &str| {
        let mut lines = service.unwrap_or_default().lines();
        lines.find_map(|line| line.trim().strip_prefix(key).map(str::to_owned))
    };
    let (loaded, pid) = if mac {
        (service.is_some(), of("pid = ").and_then(number))
    } else {
        let loaded = of("LoadState=").is_some_and(|state| state == "loaded");
        (loaded, of("MainPID=").and_then(number))
    };
    match (loaded, pid) {
        (true, Some(pid)) => Runs::Yes(GatewayProcess {
            what: format!("the gateway (process {pid} of {name})"),
            since: None,
            environment: environment("service"),
            port: None,
            config: None,
        }),
        (true, None) => Runs::No {
            why: format!("the gateway does not run: {name} is not active"),
        },
        (false, _) => Runs::Unknown {
            why: format!(
                "no gateway is seen on this state folder: nothing has its lock, and there is no {name}"
            ),
        },
    }
}

/// Of a process. What is none is not shown.
fn number(text: String) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

/// A number of a process is given out again; when it began tells the two apart, where there is a
/// `/proc`: the 22nd field, the 20th after the name.
fn is_the_same(lock: &Lock, stat: Option<&Part>) -> bool {
    let (Some(wanted), Some(stat)) = (lock.start_time, stat) else {
        return true;
    };
    let text = stat.text();
    let began = text
        .split_whitespace()
        .nth(19)
        .and_then(|it| it.parse().ok());
    began.is_none_or(|began: u64| began == wanted)
}

/// What the wrapper of a service on macOS gives to the gateway: `export NAME='value'`, a line each.
fn exports(text: &str) -> BTreeMap<VarName, SecretValue> {
    let lines = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
        let value = value.replace("'\\''", "'");
        Some((VarName::new(name).ok()?, SecretValue::new(value)))
    });
    lines.collect()
}

/// `ExecStart={ path=… ; argv[]=node openclaw.mjs gateway run --token x ; ignore_errors=no ; …`
fn unit_words(text: &str) -> Vec<&str> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("ExecStart="));
    let argv = line.and_then(|line| Some(line.split_once("argv[]=")?.1));
    let argv = argv.map(|argv| argv.split_once(" ; ").map_or(argv, |(argv, _)| argv));
    argv.map_or_else(Vec::new, |argv| argv.split(' ').collect())
}

/// A line each, two tabs deep, between `arguments = {` and `}`.
fn job_words(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .skip_while(|line| line.trim() != "arguments = {");
    let inside = lines.skip(1).take_while(|line| line.trim() != "}");
    inside.map(str::trim).collect()
}

fn token_of<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<SecretValue> {
    while let Some(word) = words.next() {
        if word == "--token" {
            return words.next().map(SecretValue::new);
        }
        if let Some(token) = word.strip_prefix("--token=") {
            return Some(SecretValue::new(token));
        }
    }
    None
}

#[cfg(test)]
mod tests;
