//! What jobs of launchd have.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::far::{self, Part};
use super::super::look::{Look, RunningProcess};
use super::print::Job;
use super::{codes, kind, plist_of};
use crate::machine::{Call, Run};
use crate::model::{LaunchdDomain, LaunchdJob};

/// All jobs in one call; of each its state, and how long its process has been running: that needs
/// no time zone. `$@` kinds of domain and labels.
const SCRIPT: &str = r#"
u=$(id -u)
text uid "$u" 0
text home "$HOME" 0
while [ $# -gt 1 ]; do
  d=$1
  [ "$d" = system ] || d=$d/$u
  a=$(launchctl print "$d/$2" 2>&1)
  c=$?
  [ $c = 127 ] && exit 127
  text "print" "$a" $c
  p=$(printf '%s\n' "$a" | sed -n 's/^.pid = \([0-9][0-9]*\)$/\1/p' | sed -n 1p)
  e=
  [ -n "$p" ] && e=$(ps -o etime= -p "$p" 2>/dev/null)
  text "age" "$(date +%s) $e" 0
  shift 2
done
exit 0
"#;

const LIMIT: Duration = Duration::from_secs(15);

pub(super) async fn look(host: &dyn Run, jobs: &[(&LaunchdJob, &Path)]) -> Vec<Look> {
    let all = |look: Look| vec![look; jobs.len()];
    let script = format!("{}{SCRIPT}", far::FUNCTIONS);
    let mut arguments = vec!["-c", &script, "sh"];
    for (job, _) in jobs {
        arguments.extend([kind(job.domain), job.label.as_str()]);
    }
    let ran = match host.run(&Call::new("sh", arguments).within(LIMIT)).await {
        Ok(ran) => ran,
        Err(error) => return all(Look::unknown(error.to_string(), error.help())),
    };
    if let Some(trouble) = far::trouble(ran.status) {
        return all(Look::unknown(trouble.why, None));
    }
    if ran.status == 127 {
        return all(Look::unknown(codes::no_launchd().why, None));
    }
    let parts = far::parts(&ran.output);
    let named = |name: &str| {
        parts
            .iter()
            .filter(|part| part.name == name)
            .collect::<Vec<_>>()
    };
    let (uid, home, prints, ages) = (named("uid"), named("home"), named("print"), named("age"));
    let ([uid], [home]) = (uid.as_slice(), home.as_slice()) else {
        return all(Look::unknown("the machine's answer cannot be read", None));
    };
    if prints.len() != jobs.len() || ages.len() != jobs.len() {
        return all(Look::unknown("the machine's answer cannot be read", None));
    }
    let (uid, home) = (uid.text(), home.text());
    jobs.iter()
        .zip(prints.iter().zip(&ages))
        .map(|((job, own), (print, age))| one(job, own, (&uid, &home), print, &age.text()))
        .collect()
}

fn one(job: &LaunchdJob, own: &Path, (uid, home): (&str, &str), print: &Part, age: &str) -> Look {
    let domain = match job.domain {
        LaunchdDomain::System => "system".to_owned(),
        LaunchdDomain::Gui | LaunchdDomain::User => format!("{}/{uid}", kind(job.domain)),
    };
    let target = format!("{domain}/{}", job.label);
    let text = print.text();
    let absolute = |path: String| match path.strip_prefix("~/") {
        Some(below) => format!("{home}/{below}"),
        None => path,
    };
    let plist = plist_of(job, own).map(absolute);
    let load = plist
        .as_ref()
        .map(|plist| format!("launchctl bootstrap {domain} {plist}"));
    match codes::of_print(print.status, &text) {
        Ok(true) => {}
        Ok(false) => {
            return Look::Stopped {
                why: format!("{target} is not loaded"),
                idle: false,
                help: load,
            };
        }
        Err(refusal) => {
            let trouble = refusal.trouble(&domain);
            return Look::unknown(trouble.why, trouble.help);
        }
    }
    let shown = Job::read(&text);
    let Some(pid) = shown.pid else {
        return idle_or_down(&target, &shown);
    };
    let mut process = RunningProcess::new(format!("process {pid} of {target}"));
    process.takes_at_start = false;
    process.since = began(age);
    process.reads = match (&shown.path, &plist) {
        (Some(path), Some(plist)) => Some(path == plist),
        _ => None,
    };
    process.refresh = load.map(|load| format!("launchctl bootout {target}; {load}"));
    match shown.environment {
        Some(environment) => {
            process.vars = Some(environment.vars);
            process.unclear = environment.unclear;
        }
        None => {
            process.note = Some(format!(
                "launchd does not show the environment of {target} in a form that can be read; \
                 values with line breaks do that"
            ));
        }
    }
    Look::Runs(vec![process])
}

fn idle_or_down(target: &str, job: &Job) -> Look {
    let help = Some(format!("see: launchctl print {target}"));
    match job.fell_over() {
        Some(why) => Look::Stopped {
            why: format!("{target} does not run: it {why}"),
            idle: false,
            help,
        },
        None => Look::Stopped {
            why: format!("{target} is loaded and does not run now"),
            idle: true,
            help: None,
        },
    }
}

/// `1795389221 1-02:03:04`: the machine's own clock, less how long the process has been there.
fn began(age: &str) -> Option<Timestamp> {
    let (now, elapsed) = age.split_once(' ')?;
    let (days, time) = match elapsed.trim().split_once('-') {
        Some((days, time)) => (days.parse::<i64>().ok()?, time),
        None => (0, elapsed.trim()),
    };
    let mut seconds = 0;
    for part in time.split(':') {
        seconds = seconds * 60 + part.parse::<i64>().ok()?;
    }
    let now = Timestamp::from_second(now.parse().ok()?).ok()?;
    now.checked_sub(SignedDuration::from_secs(
        days.checked_mul(86_400)?.checked_add(seconds)?,
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        let at = |age: &str| began(age).map(|at| 1_000_000 - at.as_second());
        assert_eq!(at("1000000    00:07"), Some(7));
        assert_eq!(at("1000000 01:02:03"), Some(3723));
        assert_eq!(at("1000000 2-01:00:00"), Some(2 * 86_400 + 3600));
        assert_eq!(at("1000000 "), None);
        assert_eq!(at("now 00:01"), None);
    }
}
