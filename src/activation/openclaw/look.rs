//! What runs, and what it was given.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::environ;
use super::super::far::{self, Part};
use crate::machine::{Call, Run};
use crate::model::{
    LaunchdDomain, OPENCLAW_GATEWAY_TOKEN, OpenclawService, Process, SecretValue, VarName,
};

/// All of it in one call. `$1` the state folder, `$2` `--user` or `--system`, `$3` the unit, `$4`
/// the domain of launchd, `$5` the label, `$6` a variable. Unit and label may be empty: then no
/// service is looked at.
///
/// A lock that names a process which is not there any more, or is another one by now, is none: so
/// the environment of the process that it names and the one of the service's are two parts.
const SCRIPT: &str = r#"
s=$1 m=$2 n=$3 d=$4 l=$5 v=$6
case $s in "~/"*) s=$HOME/${s#"~/"} ;; esac
u=$(id -u)
text system "$(uname -s)" 0
process() {
  text "$1 stat" "$(sed -n 's/^.*) //p' "/proc/$2/stat" 2>/dev/null)" 0
  printf 'part %s environ\n' "$1"
  hex 2>/dev/null <"/proc/$2/environ"
  printf 'end %s\n' $?
}
text boot "$(sed -n 's/^btime //p' /proc/stat 2>/dev/null)" 0
text ticks "$(getconf CLK_TCK 2>/dev/null)" 0
p=
lock=$s/tmp/openclaw-$u/gateway.state.lock
if [ -f "$lock" ]; then
  printf 'part lock\n'
  hex 2>/dev/null <"$lock"
  printf 'end %s\n' $?
  p=$(sed -n 's/.*"pid"[ ]*:[ ]*\([0-9][0-9]*\).*/\1/p' "$lock" 2>/dev/null | sed -n 1p)
  if [ -n "$p" ] && kill -0 "$p" 2>/dev/null; then
    [ -r "/proc/$p/stat" ] && process lock "$p"
    text alive "$p" 0
  fi
fi
if [ "$(uname -s)" = Darwin ]; then
  [ "$d" = system ] || d=$d/$u
  if [ -n "$l" ]; then
    a=$(launchctl print "$d/$l" 2>&1)
    text job "$a" $?
  fi
  a=$(launchctl getenv "$v" 2>/dev/null)
  text session "$a" $?
  if [ -n "$l" ] && [ -f "$s/service-env/$l.env" ]; then
    printf 'part given\n'
    hex 2>/dev/null <"$s/service-env/$l.env"
    printf 'end %s\n' $?
  fi
elif [ -n "$n" ]; then
  a=$(systemctl "$m" --no-pager --no-ask-password show -p LoadState,ActiveState,SubState,MainPID,ExecStart -- "$n" 2>/dev/null)
  text unit "$a" $?
  q=$(printf '%s\n' "$a" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p')
  [ -n "$q" ] && process unit "$q"
fi
exit 0
"#;

const LIMIT: Duration = Duration::from_secs(15);

/// What can be seen of a gateway beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Whether it runs.
    pub runs: Runs,
    /// The token on the command line of its service, where there is one, or why it is not known: it
    /// wins over everything.
    pub flag: Option<Result<SecretValue, String>>,
    /// The port on the command line of its service, where there is one.
    pub port: Option<u16>,
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
    /// When its process did: a gateway may begin anew in its process, and keeps the environment and
    /// the files of variables of the first time.
    pub process_since: Option<Timestamp>,
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
            port: None,
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
            unit: own.unit().unwrap_or_default(),
            domain: "gui",
            label: own.label().unwrap_or_default(),
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
    let answer = Answer { parts };
    let Some(system) = answer.text("system") else {
        return Gateway::unseen("the machine's answer cannot be read");
    };
    let mac = system.trim() == "Darwin";
    let service = answer.text(if mac { "job" } else { "unit" });
    let service = service.as_ref().map(|text| text.as_str());
    let locked = answer.locked();
    let serves = Serves::of(service, mac);
    // one that somebody started beside a service that does not run has no words of it
    let words = service.filter(|_| locked.is_none() || serves.pid.is_some());
    let words = words.map(|text| {
        if mac {
            job_words(text)
        } else {
            unit_words(text)
        }
    });
    let option = |name| option(words.as_deref()?, name);
    let flag = option("--token").map(|word| {
        let environment = answer.environment("unit");
        as_given(word, environment.as_ref(), mac)
    });
    let session = answer.text("session");
    let session = session.filter(|text| !text.trim().is_empty());
    Gateway {
        runs: match locked {
            Some(process) => Runs::Yes(process),
            None => answer.serviced(serves, if mac { &named.label } else { &named.unit }),
        },
        flag,
        port: option("--port").and_then(|word| word.parse().ok()),
        session: session.map(|text| SecretValue::new(text.trim())),
    }
}

/// What a service manager says of the gateway's service.
struct Serves {
    loaded: bool,
    pid: Option<u32>,
}

impl Serves {
    fn of(service: Option<&str>, mac: bool) -> Self {
        let of = |key: &str| {
            let mut lines = service.unwrap_or_default().lines();
            lines.find_map(|line| line.trim().strip_prefix(key).map(str::to_owned))
        };
        if mac {
            return Self {
                loaded: service.is_some(),
                pid: of("pid = ").and_then(number),
            };
        }
        Self {
            loaded: of("LoadState=").is_some_and(|state| state == "loaded"),
            pid: of("MainPID=").and_then(number),
        }
    }
}

/// What the script brought.
struct Answer<'p> {
    parts: &'p [Part],
}

impl Answer<'_> {
    fn part(&self, name: &str) -> Option<&Part> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.name == name && part.status == 0)
    }

    fn text(&self, name: &str) -> Option<Zeroizing<String>> {
        self.part(name).map(Part::text)
    }

    /// The process that has the lock of the state folder, if it is there and is that one.
    fn locked(&self) -> Option<GatewayProcess> {
        let lock = self.part("lock")?;
        let lock: Lock = serde_json::from_slice(lock.bytes.trim_ascii()).ok()?;
        // the number that was looked at is the lock's
        let alive = self.text("alive")?;
        if alive.trim() != lock.pid.to_string() {
            return None;
        }
        let stat = self.text("lock stat");
        if stat.is_some_and(|stat| !is_of(&lock, &stat)) {
            return None;
        }
        let since: Option<Timestamp> = lock.created_at.and_then(|at| at.parse().ok());
        let process = self.began("lock");
        Some(GatewayProcess {
            what: format!("the gateway (process {})", lock.pid),
            since,
            // a lock is younger than its process, whose age is known to a second
            process_since: process.map(|at| since.map_or(at, |since| since.min(at))),
            environment: self.environment("lock"),
            port: lock.port,
            config: lock.config,
        })
    }

    /// What its service runs.
    fn serviced(&self, serves: Serves, name: &str) -> Runs {
        match serves {
            Serves {
                loaded: true,
                pid: Some(pid),
            } => Runs::Yes(GatewayProcess {
                what: format!("the gateway (process {pid} of {name})"),
                since: self.began("unit"),
                process_since: self.began("unit"),
                environment: self.environment("unit"),
                port: None,
                config: None,
            }),
            Serves { loaded: true, .. } => Runs::No {
                why: format!("the gateway does not run: {name} is not active"),
            },
            Serves { loaded: false, .. } if name.is_empty() => Runs::Unknown {
                why: "no gateway is seen on this state folder: nothing has its lock".to_owned(),
            },
            Serves { loaded: false, .. } => Runs::Unknown {
                why: format!(
                    "no gateway is seen on this state folder: nothing has its lock, and there is no {name}"
                ),
            },
        }
    }

    /// What a process was started with, `whose` it is.
    fn environment(&self, whose: &str) -> Option<BTreeMap<VarName, SecretValue>> {
        match self.part(&format!("{whose} environ")) {
            Some(part) => Some(environ::parse(&part.bytes)?.vars),
            None => self.text("given").map(|text| exports(&text)),
        }
    }

    /// When a process began; no earlier than that.
    fn began(&self, whose: &str) -> Option<Timestamp> {
        let number = |name| self.text(name)?.trim().parse::<u64>().ok();
        let ticks = stat_began(&self.text(&format!("{whose} stat"))?)?;
        let hertz = number("ticks").filter(|hertz| *hertz > 0)?;
        // the second of the boot was rounded down
        let boot = number("boot")?.checked_add(1)?.checked_mul(1000)?;
        let after = boot.checked_add(ticks.checked_mul(1000)? / hertz)?;
        Timestamp::from_millisecond(i64::try_from(after).ok()?).ok()
    }
}

/// Of a process. What is none is not shown.
fn number(text: String) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

/// A number of a process is given out again; when it began tells the two apart, where there is a
/// `/proc`. One that has ended and that nobody waited for is there no more.
fn is_of(lock: &Lock, stat: &str) -> bool {
    let ended = stat.starts_with(['Z', 'X']);
    let same = match (lock.start_time, stat_began(stat)) {
        (Some(wanted), Some(began)) => wanted == began,
        _ => true,
    };
    same && !ended
}

/// The 22nd field of a process's `stat`, the 20th after the name.
fn stat_began(stat: &str) -> Option<u64> {
    stat.split_whitespace().nth(19)?.parse().ok()
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

/// The value of an option, `--name value` or `--name=value`.
fn option<'w>(words: &[&'w str], name: &str) -> Option<&'w str> {
    let at = words.iter().position(|word| {
        let rest = word.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    match words[at].split_once('=') {
        Some((_, value)) => Some(value),
        None => words.get(at + 1).copied(),
    }
}

/// A word of a command line as the program gets it. systemd puts variables in, and shows quotes
/// where a word is no plain one.
fn as_given(
    word: &str,
    environment: Option<&BTreeMap<VarName, SecretValue>>,
    mac: bool,
) -> Result<SecretValue, String> {
    if mac || !word.contains(['$', '"', '\'', '\\']) {
        return Ok(SecretValue::new(word));
    }
    let whole = word
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let name = whole.or_else(|| word.strip_prefix('$'));
    let name = name.and_then(|name| VarName::new(name).ok());
    let value = name.and_then(|name| environment?.get(&name).cloned());
    value.ok_or_else(|| {
        "what the unit puts there for `--token` is not followed: it holds a variable or quotes"
            .to_owned()
    })
}

#[cfg(test)]
mod tests;
