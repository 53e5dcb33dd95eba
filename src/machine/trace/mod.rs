//! Who may have changed files of a machine: their times and owners, and who was logged in. One small
//! program for all of them, which only looks, with whatever the machine has: `stat` of GNU, busybox or
//! BSD, `last` where it tells whole dates, else `who`.

mod logins;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::run::{Call, Run, RunError};
pub use logins::{Login, Logins};

/// Nobody waits longer for this.
const LIMIT: Duration = Duration::from_secs(3);

/// So many logins are listed: a constant of [`SCRIPT`] too.
const MOST_LOGINS: usize = 200;

/// Each argument is a path. A line for the time, a line for each path, and then the list of logins with
/// a first line that says of which kind it is.
const SCRIPT: &str = r#"
date +%s 2>/dev/null || echo unknown
if stat -c %Y / >/dev/null 2>&1; then
  look() { stat -L -c '%Y %Z %u %U' "$1"; }
elif stat -f %m / >/dev/null 2>&1; then
  look() { stat -L -f '%m %c %u %Su' "$1"; }
else
  look() { false; }
fi
for p do
  if s=$(look "$p" 2>/dev/null); then
    printf 'is %s\n' "$s"
  elif [ -e "$p" ]; then
    echo unknown
  else
    echo gone
  fi
done
TZ=UTC0
export TZ
if l=$(last -F -w -n 200 2>/dev/null); then
  printf 'last\n%s\n' "$l"
elif { [ -r /run/utmp ] || [ -r /var/run/utmp ] || [ -r /var/run/utmpx ]; } && l=$(who 2>/dev/null); then
  printf 'who\n%s\n' "$l"
else
  echo none
fi
"#;

/// What a machine says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// What time it was there, if it can say so.
    pub now: Option<Timestamp>,
    /// Of each path, in their order.
    pub files: Vec<FileTrace>,
    /// Who was logged in.
    pub logins: Logins,
}

/// What is known of one file. Links are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileTrace {
    /// It is not there.
    Gone,
    /// It is there, and the machine cannot say more.
    Unknown,
    /// It is there.
    Is(FileTimes),
}

/// Times and owner of a file, by the machine's clock, to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTimes {
    /// When its content was written. Its writer can set this to any time.
    pub modified: Timestamp,
    /// When anything of it changed last, its name and mode included.
    pub changed: Timestamp,
    /// Whose it is, which need not be who wrote it.
    pub owner: String,
}

/// Looks at files and logins of a machine, with one call.
///
/// # Errors
/// When the machine could not be asked, or answers in a way that is not understood.
pub async fn trace(host: &dyn Run, paths: &[PathBuf]) -> Result<Traces, TraceError> {
    let mut arguments = vec!["-c".to_owned(), SCRIPT.to_owned(), "sh".to_owned()];
    for path in paths {
        let text = path.to_str().ok_or(TraceError::Odd)?;
        arguments.push(text.to_owned());
    }
    let ran = host.run(&Call::new("sh", arguments).within(LIMIT)).await?;
    let text = String::from_utf8_lossy(&ran.output);
    parse(&text, paths.len()).ok_or(TraceError::Odd)
}

/// Why nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// It could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It said something else.
    #[error("the machine's answer is not understood")]
    Odd,
}

fn parse(text: &str, files: usize) -> Option<Traces> {
    let mut lines = text.lines();
    let now = match lines.next()? {
        "unknown" => None,
        line => Some(second(line)?),
    };
    let files = lines
        .by_ref()
        .take(files)
        .map(file)
        .collect::<Option<Vec<_>>>()?;
    let logins = match lines.next()? {
        "last" => Logins::of_last(lines, MOST_LOGINS),
        "who" => now.map_or(Logins::Unknown, |now| Logins::of_who(lines, now)),
        "none" => Logins::Unknown,
        _ => return None,
    };
    Some(Traces { now, files, logins })
}

fn second(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.trim().parse().ok()?).ok()
}

fn file(line: &str) -> Option<FileTrace> {
    let words = match line {
        "gone" => return Some(FileTrace::Gone),
        "unknown" => return Some(FileTrace::Unknown),
        line => line.strip_prefix("is ")?,
    };
    let mut words = words.splitn(4, ' ');
    let modified = second(words.next()?)?;
    let changed = second(words.next()?)?;
    let id = words.next()?;
    // who is in no list has no name
    let owner = match words.next()?.trim() {
        "" | "UNKNOWN" => format!("user {id}"),
        name => name.to_owned(),
    };
    Some(FileTrace::Is(FileTimes {
        modified,
        changed,
        owner,
    }))
}
