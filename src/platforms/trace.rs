//! What the times of a file say about who changed a variable in it: when, and never for sure by whom.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::Ask;
use crate::machine::trace::{FileTimes, FileTrace, Traces, trace};
use crate::machine::{Run, expand};
use crate::model::Who;

/// Times are told in whole seconds, and a receipt is written a little after the file.
const BLUR: SignedDuration = SignedDuration::from_secs(2);

/// Asks a machine about the files of these variables, with one call; one answer for each.
pub(super) async fn of_files(
    host: &dyn Run,
    asks: &[Ask<'_>],
    files: Vec<Result<PathBuf, String>>,
) -> Vec<Result<Who, String>> {
    let mut paths: Vec<PathBuf> = files.iter().flatten().cloned().collect();
    paths.sort();
    paths.dedup();
    let traces = match paths.is_empty() {
        true => Err(String::new()),
        false => trace(host, &paths).await.map_err(|error| error.to_string()),
    };
    let files = files.into_iter().zip(asks);
    files
        .map(|(path, ask)| {
            let (path, traces) = (path?, traces.as_ref().map_err(String::clone)?);
            let at = paths.binary_search(&path).ok();
            let file = at.and_then(|at| traces.files.get(at));
            of_file(traces, file.unwrap_or(&FileTrace::Unknown), ask.since)
        })
        .collect()
}

/// A path as a manifest spells it, with the home of that machine in the place of `~`.
pub(super) async fn resolved(host: &dyn Run, path: &Path) -> Result<PathBuf, String> {
    let Some(text) = path.to_str() else {
        return Ok(path.to_owned());
    };
    expand(host, text).await.map_err(|error| error.to_string())
}

fn of_file(
    Traces { now, logins, .. }: &Traces,
    file: &FileTrace,
    since: Option<Timestamp>,
) -> Result<Who, String> {
    let times = match file {
        FileTrace::Is(times) => times,
        FileTrace::Gone => {
            return Err("the file is gone, and nothing tells who removed it".to_owned());
        }
        FileTrace::Unknown => {
            return Err("the machine does not say when the file was changed".to_owned());
        }
    };
    let owner = format!("it belongs to {}", times.owner);
    let Some((at, how)) = moment(times, since, *now) else {
        let newest = times.modified.max(times.changed);
        let apart = since.is_some_and(|since| since.duration_since(newest) > BLUR);
        let why = match apart {
            true => "the file was not written since our last apply, as its times say",
            false => "the file's times cannot be told apart from our last apply",
        };
        return Err(format!("{why}; {owner}"));
    };
    let Some(at) = at else {
        return Err(format!("the file's time is in the future; {owner}"));
    };
    Ok(Who {
        by: None,
        at: Some(at),
        ours: false,
        source: format!(
            "{how}, and files keep no author; {owner}; {}",
            logins.at(at)
        ),
    })
}

/// When the file was changed, and what tells it. `None` where it was not changed since ours; no moment
/// where its clock says nonsense.
fn moment(
    times: &FileTimes,
    since: Option<Timestamp>,
    now: Option<Timestamp>,
) -> Option<(Option<Timestamp>, &'static str)> {
    let later = |at: Timestamp| since.is_none_or(|since| at.duration_since(since) > BLUR);
    let ahead = |at: Timestamp| now.is_some_and(|now| at.duration_since(now) > BLUR);
    let sound = |at: Timestamp| (!ahead(at)).then_some(at);
    if later(times.modified) {
        let how = "that is when the file was written last";
        return Some((sound(times.modified), how));
    }
    if later(times.changed) {
        // an old file was moved there, its times were set, or its mode or owner
        let how = "the file was put in place or touched then, with an older content";
        return Some((sound(times.changed), how));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::trace::Logins;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_764_470_000 + seconds).unwrap()
    }

    fn says(modified: i64, changed: i64, since: Option<i64>) -> String {
        let times = FileTimes {
            modified: after(modified),
            changed: after(changed),
            owner: "deploy".to_owned(),
        };
        let traces = Traces {
            now: Some(after(1_000)),
            files: vec![],
            logins: Logins::Unknown,
        };
        match of_file(&traces, &FileTrace::Is(times), since.map(after)) {
            Ok(who) => {
                assert!(who.by.is_none() && !who.ours, "a file names nobody");
                who.words(Some(after(1_000)))
            }
            Err(why) => why,
        }
    }

    #[test]
    fn a_file_says_when_and_not_who() {
        assert_eq!(
            says(400, 400, Some(0)),
            "changed 10 min ago, by whom is not known: that is when the file was written last, and \
             files keep no author; it belongs to deploy; who was logged in then is not known: no list \
             of logins can be read there"
        );
        assert!(says(400, 400, None).starts_with("changed 10 min ago"));
    }

    #[test]
    fn a_time_that_was_set_back_is_not_believed() {
        let moved = says(-90_000, 400, Some(0));
        assert!(moved.starts_with("changed 10 min ago"), "{moved}");
        assert!(moved.contains("put in place or touched then"), "{moved}");
        for (modified, changed, wanted) in [
            (
                1,
                2,
                "the file's times cannot be told apart from our last apply",
            ),
            (
                -90,
                -1,
                "the file's times cannot be told apart from our last apply",
            ),
            (-90, -3, "the file was not written since our last apply"),
        ] {
            let ours = says(modified, changed, Some(0));
            assert!(ours.starts_with(wanted), "{ours}");
        }
        let future = says(9_000, 9_000, Some(0));
        assert!(
            future.starts_with("the file's time is in the future"),
            "{future}"
        );
    }

    #[test]
    fn what_is_gone_has_no_times() {
        let traces = Traces {
            now: None,
            files: vec![],
            logins: Logins::Unknown,
        };
        let gone = of_file(&traces, &FileTrace::Gone, None).unwrap_err();
        assert_eq!(gone, "the file is gone, and nothing tells who removed it");
        assert!(of_file(&traces, &FileTrace::Unknown, None).is_err());
    }
}
