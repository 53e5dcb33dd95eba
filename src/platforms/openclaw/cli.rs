//! OpenClaw's own commands, where they are installed. What they print is read by us and never shown;
//! secrets go over their standard input.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::machine::{Call, Run, RunError};
use crate::model::OpenclawAddress;

/// They take their time: up to 13 s each were measured.
const LIMIT: Duration = Duration::from_secs(60);

/// `$1` state folder, `$2` config, `$3` profile, each perhaps empty; the rest are words of OpenClaw.
const SCRIPT: &str = r#"
s=$1 c=$2 p=$3
shift 3
command -v openclaw >/dev/null 2>&1 || exit 127
case $s in "~/"*) s=$HOME/${s#"~/"} ;; esac
case $c in "~/"*) c=$HOME/${c#"~/"} ;; esac
[ -z "$s" ] || { OPENCLAW_STATE_DIR=$s; export OPENCLAW_STATE_DIR; }
[ -z "$c" ] || { OPENCLAW_CONFIG_PATH=$c; export OPENCLAW_CONFIG_PATH; }
[ -z "$p" ] || set -- --profile "$p" "$@"
exec openclaw "$@"
"#;

/// How a command ended. `Debug` does not show what it printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Done(Zeroizing<Vec<u8>>),
    /// It is not there.
    Missing,
    /// It says that it did nothing, or did not say anything.
    Failed(i32),
    /// Nobody knows whether it did its work.
    InDoubt(String),
    /// It was not begun.
    NotRun(String),
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(output) => write!(f, "Done({} bytes)", output.len()),
            Self::Missing => f.write_str("Missing"),
            Self::Failed(status) => write!(f, "Failed({status})"),
            Self::InDoubt(why) => write!(f, "InDoubt({why:?})"),
            Self::NotRun(why) => write!(f, "NotRun({why:?})"),
        }
    }
}

async fn run(
    host: &dyn Run,
    of: &OpenclawAddress,
    words: &[&str],
    input: Zeroizing<Vec<u8>>,
) -> Ended {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut arguments = vec!["-c".to_owned(), SCRIPT.to_owned(), "sh".to_owned()];
    arguments.extend([text(&of.state), text(&of.config), text(&of.profile)]);
    arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let mut call = Call::new("sh", arguments).within(LIMIT);
    call.input = input;
    match host.run(&call).await {
        Ok(ran) if ran.succeeded() => Ended::Done(ran.output),
        Ok(ran) if ran.status == 127 => Ended::Missing,
        // ended by somebody else, perhaps after its work
        Ok(ran) if !(0..128).contains(&ran.status) => Ended::InDoubt(format!(
            "`openclaw` was ended by a signal (status {})",
            ran.status
        )),
        Ok(ran) => Ended::Failed(ran.status),
        Err(error @ (RunError::Slow { .. } | RunError::Lost { .. })) => {
            Ended::InDoubt(error.to_string())
        }
        Err(error) => Ended::NotRun(error.to_string()),
    }
}

/// Changes the config: `patch` is JSON, merged into it.
pub(super) async fn patch(
    host: &dyn Run,
    of: &OpenclawAddress,
    patch: Zeroizing<Vec<u8>>,
) -> Ended {
    run(host, of, &["config", "patch", "--stdin"], patch).await
}

/// Puts a value into the secret store.
pub(super) async fn store(host: &dyn Run, of: &OpenclawAddress, name: &str, value: &str) -> Ended {
    let input = Zeroizing::new(value.as_bytes().to_vec());
    run(
        host,
        of,
        &["secrets", "store", "set", name, "--kind", "secret"],
        input,
    )
    .await
}

/// One entry of the store. What agents may read comes with its value, which is not looked at.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "updatedAtMs")]
    updated: Option<i64>,
}

/// What is in the secret store, and since when.
pub(super) async fn stored(
    host: &dyn Run,
    of: &OpenclawAddress,
) -> Result<BTreeMap<String, Option<Timestamp>>, String> {
    let words = ["secrets", "store", "list", "--json"];
    let why = match run(host, of, &words, Zeroizing::default()).await {
        Ended::Done(output) => match serde_json::from_slice::<Vec<Entry>>(&output) {
            Ok(entries) => {
                let time = |at: i64| Timestamp::from_millisecond(at).ok();
                let entries = entries.into_iter();
                return Ok(entries
                    .map(|one| (one.name, one.updated.and_then(time)))
                    .collect());
            }
            Err(_) => "OpenClaw's list of it has another form than is known".to_owned(),
        },
        Ended::Missing => "there is no program `openclaw` there to ask".to_owned(),
        Ended::Failed(status) => {
            format!("`openclaw secrets store list` ended with status {status}")
        }
        Ended::InDoubt(why) | Ended::NotRun(why) => why,
    };
    Err(format!("the token is in OpenClaw's secret store: {why}"))
}
